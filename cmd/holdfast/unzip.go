package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// pathWord is an id as a path of the API has it.
func pathWord(id string) string { return url.PathEscape(id) }

func dirOf(path string) string { return filepath.Dir(filepath.Clean(path)) }

// writeNew writes a file that must not be there. What fails leaves none.
func writeNew(path string, give func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(give(f), f.Sync(), f.Close()); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

// unzip unpacks a zip file that has one directory into a new one of another name.
func unzip(f *os.File, dir string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("read package: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, x := range z.File {
		_, name, _ := strings.Cut(x.Name, "/")
		if strings.HasSuffix(x.Name, "/") {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("the package has a file that it should not: %q", x.Name)
		}
		if err := unzipFile(x, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

func unzipFile(x *zip.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	r, err := x.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return writeFrom(path, r)
}

package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sealed remembers the content of files that will not be written to any more.
type sealed map[string][sha256.Size]byte

// add remembers the closed segments of a volume: all but the newest of each directory of a stream's day.
func (s sealed) add(volume string) error {
	newest, all := make(map[string]string), []string{}
	err := filepath.WalkDir(volume, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".mp4") {
			return err
		}
		all = append(all, path)
		newest[filepath.Dir(path)] = path // names are in the order of time
		return nil
	})
	if err != nil {
		return err
	}
	for _, path := range all {
		if _, known := s[path]; known || newest[filepath.Dir(path)] == path {
			continue
		}
		if s[path], err = digest(path); err != nil {
			return err
		}
	}
	return nil
}

// changed tells which of the files are not what they were.
func (s sealed) changed() (list []string, err error) {
	for path, was := range s {
		now, err := digest(path)
		switch {
		case os.IsNotExist(err):
			list = append(list, path+" is gone")
		case err != nil:
			return nil, err
		case now != was:
			list = append(list, path+" has changed since it was closed")
		}
	}
	return list, nil
}

func digest(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, fmt.Errorf("read %s: %w", path, err)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

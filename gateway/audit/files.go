package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// files is what the log asks of a file system: the operating system's or, in tests, one that fails, crashes and forgets what
// was not synced.
type files interface {
	Create(path string) (file, error) // exclusive, read and write, mode 0600
	Open(path string) (file, error)   // read and write an existing file
	OpenRead(path string) (file, error)
	Mkdir(path string) error // mode 0700; an existing directory is an error
	Rename(from, to string) error
	Remove(path string) error
	SyncDir(path string) error
	ReadDir(path string) ([]fs.DirEntry, error)
}

// file is an open file.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error
	SyncData() error
}

// disk is the operating system's file system.
type disk struct{}

func (disk) Create(path string) (file, error)           { return openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL) }
func (disk) Open(path string) (file, error)             { return openFile(path, os.O_RDWR) }
func (disk) OpenRead(path string) (file, error)         { return openFile(path, os.O_RDONLY) }
func (disk) Mkdir(path string) error                    { return os.Mkdir(path, 0o700) }
func (disk) Rename(from, to string) error               { return os.Rename(from, to) }
func (disk) Remove(path string) error                   { return os.Remove(path) }
func (disk) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

func (disk) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func openFile(path string, flag int) (file, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

type diskFile struct{ *os.File }

func (f diskFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f diskFile) SyncData() error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		switch {
		case err == nil:
			return nil
		case err != unix.EINTR:
			return &fs.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
	}
}

// mkdir makes a directory and its name durable; its parent is there. One that exists is synced too: whoever made it may have
// crashed before its name was.
func mkdir(f files, dir string) error {
	if err := f.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(f, filepath.Dir(dir))
}

// replace puts a file in place in one step: it is there whole, or as it was before.
func replace(f files, path string, data []byte) error {
	tmp := path + ".new"
	if err := remove(f, tmp); err != nil { // of a crash
		return err
	}
	w, err := f.Create(tmp)
	if err != nil {
		return err
	}
	_, err = w.WriteAt(data, 0)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := f.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(f, filepath.Dir(path))
}

// remove removes a file, and is content when there is none.
func remove(f files, path string) error {
	if err := f.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// read reads at most limit bytes of a file.
func read(f files, path string, limit int64) ([]byte, error) {
	r, err := f.OpenRead(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	size, err := r.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, min(size, limit))
	n, err := r.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}

func syncDir(f files, dir string) error {
	if err := f.SyncDir(dir); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

// Package durable changes files so that the change is still there after a power cut.
//
// Everything the storage engine does to a volume goes through an FS, which is the operating system or, in tests, one
// that fails, crashes and forgets what was not synced. The functions of this package are the only ones that create,
// replace and remove files, and each makes these system calls, in this order:
//
//	Create     mkdirat for each missing directory below the root · openat(O_CREAT|O_EXCL|O_RDWR)
//	           (the caller writes, then calls Commit: fsync(file) · fsync of each directory up to the root)
//	WriteFile  openat(O_CREAT|O_EXCL) · write · fsync(file) · renameat · fsync(directory)
//	Remove     unlinkat · fsync(directory)
//	RemoveAll  unlinkat of each · fsync of each directory, once
//
// A sync that failed is never repeated on the same file: after a failed fsync Linux may have dropped the dirty pages and
// marked them clean, so that the second call succeeds over lost data. The caller gives the file up.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
)

// FS is what the storage engine asks of a file system. Paths are the host's.
type FS interface {
	Create(path string) (File, error) // exclusive, read and write, mode 0600
	Open(path string) (File, error)   // read and write an existing file
	OpenRead(path string) (File, error)
	Mkdir(path string) error // mode 0700; an existing directory is an error
	Rename(from, to string) error
	Remove(path string) error
	SyncDir(path string) error
	ReadDir(path string) ([]fs.DirEntry, error)
	Stat(path string) (fs.FileInfo, error)
	Space(path string) (Space, error)
}

// File is an open file of an FS.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error     // data and all metadata: fsync
	SyncData() error // data and what is needed to read it: fdatasync
	// Forget says that synced bytes will not be read soon; it is a wish.
	Forget(off, size int64)
	// Allocate reserves the space of [from, to), from being what is reserved already, without changing the size; it is a wish,
	// and an error means nothing.
	Allocate(from, to int64) error
	// Named tells whether path still names this file: not after it was removed or replaced from outside.
	Named(path string) (bool, error)
}

// Space is the room of a file system.
type Space struct {
	Free, Total int64 // bytes; Free is what an unprivileged process may use
	ReadOnly    bool
}

// Create makes a file, and the directories between root and it that are missing. A root that is not there is an error: it
// is a mount point whose disk has gone. What is written to the file is durable after Commit.
func Create(f FS, root, path string) (File, error) {
	if err := mkdirBelow(f, root, filepath.Dir(path)); err != nil {
		return nil, err
	}
	return f.Create(path)
}

func mkdirBelow(f FS, root, dir string) error {
	if dir == root {
		return nil
	}
	err := f.Mkdir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := mkdirBelow(f, root, filepath.Dir(dir)); err != nil {
			return err
		}
		err = f.Mkdir(dir)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Commit makes a new file and its name durable: the file, then every directory up to root. All of them, because one that
// exists may be there only in memory: whoever made it may have failed, or crashed, before its parent was synced.
func Commit(f FS, file File, root, path string) error {
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if err := syncDir(f, dir); err != nil {
			return err
		}
		if dir == root || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// MkdirAll makes a directory and its parents, each durable before the next. The names of those that exist are synced too:
// whoever made them may have crashed before. A parent that may not be opened was made by somebody else.
func MkdirAll(f FS, dir string) error {
	parent := filepath.Dir(dir)
	if parent == dir {
		return nil
	}
	if err := MkdirAll(f, parent); err != nil {
		return err
	}
	if _, err := f.Stat(dir); err != nil {
		if err := f.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := syncDir(f, parent); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// WriteFile puts a file in place in one step: it is there whole, or as it was before.
func WriteFile(f FS, path string, data []byte) error {
	tmp := path + ".new"
	if err := f.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a crash
		return err
	}
	file, err := f.Create(tmp)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(data, 0)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := f.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(f, filepath.Dir(path))
}

// Remove removes a file. A file that is gone already is no error: the removal was begun before a crash.
func Remove(f FS, path string) error {
	if err := f.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := syncDir(f, filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the directory went with it
	}
	return err
}

// RemoveAll removes files, and syncs each directory that they were in once. After an error some may be gone.
func RemoveAll(f FS, paths []string) error {
	var dirs []string
	for _, path := range paths {
		if err := f.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if dir := filepath.Dir(path); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		if err := syncDir(f, dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ReadFile reads a whole file of at most limit bytes.
func ReadFile(f FS, path string, limit int64) ([]byte, error) {
	file, err := f.OpenRead(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("read %s: %d bytes, at most %d are expected", path, size, limit)
	}
	data := make([]byte, size)
	if _, err := file.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data, nil
}

func syncDir(f FS, dir string) error {
	if err := f.SyncDir(dir); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

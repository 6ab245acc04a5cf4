package durable

import (
	"errors"
	"io/fs"
	"math/bits"
	"os"

	"golang.org/x/sys/unix"
)

// OS is the operating system's file system.
var OS FS = system{}

type system struct{}

func (system) Create(path string) (File, error) {
	return open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}
func (system) Open(path string) (File, error)             { return open(path, os.O_RDWR) }
func (system) OpenRead(path string) (File, error)         { return open(path, os.O_RDONLY) }
func (system) Mkdir(path string) error                    { return os.Mkdir(path, 0o700) }
func (system) Rename(from, to string) error               { return os.Rename(from, to) }
func (system) Remove(path string) error                   { return os.Remove(path) }
func (system) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
func (system) Stat(path string) (fs.FileInfo, error)      { return os.Stat(path) }

func (system) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (system) Space(path string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return Space{}, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	unit := int64(st.Bsize)
	return Space{Free: int64(st.Bavail) * unit, Total: int64(st.Blocks) * unit, ReadOnly: st.Flags&unix.ST_RDONLY != 0}, nil
}

func open(path string, flag int) (File, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f}, nil
}

type osFile struct{ *os.File }

func (f *osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f *osFile) SyncData() error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err != unix.EINTR {
			return wrap("fdatasync", f.Name(), err)
		}
	}
}

func (f *osFile) Forget(off, size int64) {
	unix.Fadvise(int(f.Fd()), off, size, unix.FADV_DONTNEED)
}

// Allocate reserves beyond the end of the file, so that its size stays what was written.
func (f *osFile) Allocate(from, to int64) error {
	if !f.buddies() {
		return f.allocate(from, to)
	}
	for from < to {
		n := to - from
		if n > leastBuddy {
			n = min(maxBuddy, int64(1)<<(bits.Len64(uint64(n))-1))
		}
		if err := f.allocate(from, from+n); err != nil {
			return err
		}
		from += n
	}
	return nil
}

func (f *osFile) allocate(from, to int64) error {
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, from, to-from)
	return wrap("fallocate", f.Name(), err)
}

// maxBuddy is the largest piece that ext4's allocator keeps in a list by its size, at blocks of 4 KiB, bytes. A request of a
// power of two up to it is answered with a piece of just that size and alignment, as long as there is one, and what is
// freed is a piece of that size again: a full volume does not crumble. Any other request is laid into the largest hole.
const (
	maxBuddy   = 32 << 20
	leastBuddy = 1 << 20 // less is asked for as it is
)

// buddies tells whether the file system parts its space by powers of two.
func (f *osFile) buddies() bool {
	var st unix.Statfs_t
	return unix.Fstatfs(int(f.Fd()), &st) == nil && st.Type == unix.EXT4_SUPER_MAGIC
}

func (f *osFile) Named(path string) (bool, error) {
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	here, err := f.Stat()
	return err == nil && os.SameFile(there, here), err
}

func wrap(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

package storagetest

import (
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"holdfast/storage/internal/durable"
)

// Create is part of durable.FS.
func (d *Disk) Create(path string) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.begin("create", path)
	if !effect {
		return nil, err
	}
	dir, name := d.parent(path)
	if dir == nil {
		return nil, missing("create", path)
	}
	if dir.children[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: syscall.EEXIST}
	}
	n := &inode{}
	rename(nameChange{dir, name, n})
	if err != nil {
		return nil, err
	}
	return &file{disk: d, node: n, path: path, epoch: d.epoch}, nil
}

// Open is part of durable.FS.
func (d *Disk) Open(path string) (durable.File, error) { return d.open("open", path) }

// OpenRead is part of durable.FS.
func (d *Disk) OpenRead(path string) (durable.File, error) { return d.open("openread", path) }

func (d *Disk) open(op, path string) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.begin(op, path); err != nil {
		return nil, err
	}
	n := d.find(path)
	if n == nil || n.dir {
		return nil, missing(op, path)
	}
	return &file{disk: d, node: n, path: path, epoch: d.epoch}, nil
}

// Mkdir is part of durable.FS.
func (d *Disk) Mkdir(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.begin("mkdir", path)
	if !effect {
		return err
	}
	dir, name := d.parent(path)
	if dir == nil {
		return missing("mkdir", path)
	}
	if dir.children[name] != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.EEXIST}
	}
	rename(nameChange{dir, name, newDir()})
	return err
}

// Rename is part of durable.FS.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.begin("rename", to)
	if !effect {
		return err
	}
	src, a := d.parent(from)
	dst, b := d.parent(to)
	if src == nil || dst == nil || src.children[a] == nil {
		return missing("rename", from)
	}
	rename(nameChange{src, a, nil}, nameChange{dst, b, src.children[a]})
	return err
}

// Remove is part of durable.FS.
func (d *Disk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.begin("remove", path)
	if !effect {
		return err
	}
	dir, name := d.parent(path)
	if dir == nil || dir.children[name] == nil {
		return missing("remove", path)
	}
	if n := dir.children[name]; n.dir && len(n.children) > 0 {
		return &fs.PathError{Op: "remove", Path: path, Err: syscall.ENOTEMPTY}
	}
	rename(nameChange{dir, name, nil})
	return err
}

// SyncDir is part of durable.FS.
func (d *Disk) SyncDir(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	effect, err := d.begin("syncdir", path)
	if !effect {
		return err
	}
	n := d.find(path)
	if n == nil || !n.dir {
		return missing("syncdir", path)
	}
	n.syncNames()
	return err
}

// ReadDir is part of durable.FS.
func (d *Disk) ReadDir(path string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.begin("readdir", path); err != nil {
		return nil, err
	}
	n := d.find(path)
	if n == nil || !n.dir {
		return nil, missing("readdir", path)
	}
	var list []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		list = append(list, entry{name, n.children[name]})
	}
	return list, nil
}

// Stat is part of durable.FS.
func (d *Disk) Stat(path string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.begin("stat", path); err != nil {
		return nil, err
	}
	n := d.find(path)
	if n == nil {
		return nil, missing("stat", path)
	}
	return entry{filepath.Base(path), n}, nil
}

// Space is part of durable.FS.
func (d *Disk) Space(path string) (durable.Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.begin("statfs", path); err != nil {
		return durable.Space{}, err
	}
	return durable.Space{Free: max(0, d.total-d.used()), Total: d.size, ReadOnly: d.condition == Protects}, nil
}

// Files are the paths of all files, in order.
func (d *Disk) Files() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	d.top.files("", &list)
	slices.Sort(list)
	return list
}

func (n *inode) files(path string, list *[]string) {
	for name, c := range n.children {
		if c.dir {
			c.files(path+"/"+name, list)
		} else {
			*list = append(*list, path+"/"+name)
		}
	}
}

// Content is what a program reads of a file, nil when it is not there.
func (d *Disk) Content(path string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.find(path)
	if n == nil {
		return nil
	}
	return slices.Clone(n.data)
}

// Rot changes one bit of a file in place, without a word.
func (d *Disk) Rot(path string, off int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.find(path)
	n.data[off] ^= 1
	n.synced = slices.Clone(n.data)
}

// file is an open file. Its disk's lock guards it.
type file struct {
	disk *Disk
	node *inode
	path string
	shut bool

	epoch int // of the disk when it was opened
}

func (f *file) begin(op string) (bool, error) {
	if f.shut {
		return false, fs.ErrClosed
	}
	effect, err := f.disk.begin(op, f.path)
	if err == nil && f.epoch != f.disk.epoch {
		return false, &fs.PathError{Op: op, Path: f.path, Err: syscall.ESTALE}
	}
	return effect, err
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if _, err := f.begin("read"); err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes as much as there is room for; the rest is ENOSPC, as on a real disk.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.await()
	before := f.disk.crashed
	f.disk.inFlight = func(seen map[*inode]*inode) {
		if n := seen[f.node]; n != nil {
			n.pending = append(n.pending, change{off, slices.Clone(p)})
		}
	}
	effect, err := f.begin("write")
	f.disk.inFlight = nil
	if f.disk.crashed && !before && !f.shut { // the power went in the middle of it
		f.node.pending = append(f.node.pending, change{off, slices.Clone(p)})
	}
	if f.disk.onWrite != nil {
		f.disk.onWrite(f.path, p)
	}
	if !effect {
		return 0, err
	}
	if more := off + int64(len(p)) - max(int64(len(f.node.data)), f.node.room); more > 0 {
		if room := max(0, f.disk.total-f.disk.used()); more > room {
			p = p[:max(0, int64(len(p))-(more-room))]
			err = &fs.PathError{Op: "write", Path: f.path, Err: syscall.ENOSPC}
		}
	}
	if len(p) > 0 {
		f.node.data = put(f.node.data, p, off)
		f.node.pending = append(f.node.pending, change{off, slices.Clone(p)})
	}
	return len(p), err
}

func (f *file) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	effect, err := f.begin("truncate")
	if effect {
		f.node.data, f.node.room = slices.Clone(resize(f.node.data, size)), 0
		f.node.pending = append(f.node.pending, change{off: size})
	}
	return err
}

func (f *file) Sync() error     { return f.sync("fsync") }
func (f *file) SyncData() error { return f.sync("fdatasync") }

// sync makes what is pending durable. When it fails it is dropped: the pages are clean and their data is not on the disk.
func (f *file) sync(op string) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	effect, err := f.begin(op)
	if f.disk.crashed || f.shut {
		return err
	}
	if effect {
		for _, c := range f.node.pending {
			f.node.synced = slices.Clone(c.put(f.node.synced))
		}
	}
	f.node.pending = nil
	return err
}

func (f *file) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if _, err := f.begin("fstat"); err != nil {
		return 0, err
	}
	return int64(len(f.node.data)), nil
}

func (f *file) Forget(int64, int64) {}

// Allocate takes room as a file system does: it counts as used. It does not survive a crash, which makes no difference to
// what is found.
func (f *file) Allocate(_, end int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	effect, err := f.begin("fallocate")
	if !effect {
		return err
	}
	if f.disk.unreserved {
		return &fs.PathError{Op: "fallocate", Path: f.path, Err: syscall.EOPNOTSUPP}
	}
	if more := end - max(int64(len(f.node.data)), f.node.room); more > max(0, f.disk.total-f.disk.used()) {
		return &fs.PathError{Op: "fallocate", Path: f.path, Err: syscall.ENOSPC}
	}
	f.node.room = max(f.node.room, end)
	return err
}

func (f *file) Named(path string) (bool, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if _, err := f.begin("samefile"); err != nil {
		return false, err
	}
	return f.disk.find(path) == f.node, nil
}

func (f *file) Close() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.shut {
		return fs.ErrClosed
	}
	_, err := f.begin("close")
	f.shut = true
	return err
}

// entry describes a node.
type entry struct {
	name string
	node *inode
}

func (e entry) Name() string { return e.name }
func (e entry) Size() int64  { return int64(len(e.node.data)) }
func (e entry) Mode() fs.FileMode {
	if e.node.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) IsDir() bool                { return e.node.dir }
func (e entry) Sys() any                   { return nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }

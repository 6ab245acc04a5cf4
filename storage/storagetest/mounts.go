package storagetest

import (
	"crypto/sha256"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"holdfast/storage/internal/durable"
)

// Mounts is a file system of several disks, as a machine has: one of the system, at /, and one at each mount point. What
// befalls a disk leaves the others alone, and after a power cut each has of its own what was synced on it, or more.
type Mounts struct {
	system *Disk            // constant, as is the next
	disks  map[string]*Disk // by mount point
}

// NewMounts makes empty disks of a size in bytes, one of the system and one at each path.
func NewMounts(total int64, paths ...string) *Mounts {
	m := Alone(New(total))
	for _, path := range paths {
		d := New(total)
		d.makeDirs(path)
		m.system.makeDirs(path) // the mount point
		m.add(path, d)
	}
	return m
}

// Alone is the file system of one disk.
func Alone(d *Disk) *Mounts { return &Mounts{system: d, disks: map[string]*Disk{}} }

// makeDirs makes a directory and those that it is in, all of them synced. It is no operation.
func (d *Disk) makeDirs(path string) {
	if path == string(filepath.Separator) {
		return
	}
	d.makeDirs(filepath.Dir(path))
	parent, name := d.parent(path)
	if parent.children[name] == nil {
		parent.children[name] = newDir()
		parent.kept[name] = parent.children[name]
	}
}

// At is the disk that a path is on, whether it is mounted or not.
func (m *Mounts) At(path string) *Disk {
	best, disk := "", m.system
	for at, d := range m.disks {
		if len(at) > len(best) && (path == at || strings.HasPrefix(path, at+string(filepath.Separator))) {
			best, disk = at, d
		}
	}
	return disk
}

// on is the disk that a call goes to: while a disk is not mounted what is below its mount point is the system's.
func (m *Mounts) on(path string) *Disk {
	d := m.At(path)
	if d != m.system && d.unmounted() {
		return m.system
	}
	return d
}

// Hang stops every call to the disk of a path until release.
func (m *Mounts) Hang(path string) (release func()) {
	d := m.At(path)
	d.Befall(Hangs)
	return d.Mend
}

// all are the disks, the system's first, in the order of their paths.
func (m *Mounts) all() []*Disk {
	list := []*Disk{m.system}
	for _, path := range slices.Sorted(maps.Keys(m.disks)) {
		list = append(list, m.disks[path])
	}
	return list
}

// Before sets what sees, before each operation on any of the disks takes effect, all of them as a crash of the machine at it
// would leave them: copies, of which After tells what survives. So one run gives what every crash of it leaves. It must not
// call a disk itself. Nil ends it.
func (m *Mounts) Before(f func(op string, found *Mounts)) {
	m.system.mu.Lock()
	defer m.system.mu.Unlock()
	for _, d := range m.all() {
		d.before = nil
		if f != nil {
			d.before = func(op string) { f(op, m.copy()) }
		}
	}
}

// copy copies all disks. Caller holds their lock.
func (m *Mounts) copy() *Mounts {
	c := Alone(m.system.copy())
	for path, d := range m.disks {
		c.add(path, d.copy())
	}
	return c
}

// add mounts a disk, which is called under the lock of the others from now on.
func (m *Mounts) add(path string, d *Disk) {
	d.mu = m.system.mu
	m.disks[path] = d
}

// After is the disks as they are found after a crash of the machine. Each draws for itself.
func (m *Mounts) After(s Survival, random *rand.Rand) *Mounts {
	after := Alone(m.system.After(s, random))
	for _, path := range slices.Sorted(maps.Keys(m.disks)) {
		after.add(path, m.disks[path].After(s, random))
	}
	return after
}

// Ops is how many operations there were on all disks.
func (m *Mounts) Ops() (n int) {
	for _, d := range m.all() {
		n += d.Ops()
	}
	return n
}

// Sum is a digest of what is on all disks.
func (m *Mounts) Sum() [sha256.Size]byte {
	var sums []byte
	for _, d := range m.all() {
		sum := d.Sum()
		sums = append(sums, sum[:]...)
	}
	return sha256.Sum256(sums)
}

// String is what is on the disks, for the message of a failing test.
func (m *Mounts) String() (text string) {
	for _, d := range m.all() {
		text += d.String()
	}
	return text
}

// Files are the paths of all files on all disks, in order.
func (m *Mounts) Files() (list []string) {
	for _, d := range m.all() {
		list = append(list, d.Files()...)
	}
	slices.Sort(list)
	return list
}

// Content is what a program reads of a file, nil when it is not there.
func (m *Mounts) Content(path string) []byte { return m.on(path).Content(path) }

// Create is part of durable.FS.
func (m *Mounts) Create(path string) (durable.File, error) { return m.on(path).Create(path) }

// Open is part of durable.FS.
func (m *Mounts) Open(path string) (durable.File, error) { return m.on(path).Open(path) }

// OpenRead is part of durable.FS.
func (m *Mounts) OpenRead(path string) (durable.File, error) { return m.on(path).OpenRead(path) }

// Mkdir is part of durable.FS.
func (m *Mounts) Mkdir(path string) error { return m.on(path).Mkdir(path) }

// Remove is part of durable.FS.
func (m *Mounts) Remove(path string) error { return m.on(path).Remove(path) }

// SyncDir is part of durable.FS.
func (m *Mounts) SyncDir(path string) error { return m.on(path).SyncDir(path) }

// ReadDir is part of durable.FS.
func (m *Mounts) ReadDir(path string) ([]fs.DirEntry, error) { return m.on(path).ReadDir(path) }

// Stat is part of durable.FS.
func (m *Mounts) Stat(path string) (fs.FileInfo, error) { return m.on(path).Stat(path) }

// Space is part of durable.FS.
func (m *Mounts) Space(path string) (durable.Space, error) { return m.on(path).Space(path) }

// Rename is part of durable.FS.
func (m *Mounts) Rename(from, to string) error {
	d := m.on(from)
	if d != m.on(to) {
		return &fs.PathError{Op: "rename", Path: to, Err: syscall.EXDEV}
	}
	return d.Rename(from, to)
}

var _ durable.FS = (*Mounts)(nil)

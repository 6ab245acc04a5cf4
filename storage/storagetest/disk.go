package storagetest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"holdfast/storage/internal/durable"
)

// ErrPower is what every call returns after the power went.
var ErrPower = errors.New("the power is gone")

// Mode says what an injected fault does.
type Mode int

// The modes.
const (
	Fails      Mode = iota // the call returns an error and has no effect
	FailsAfter             // the call takes effect and returns an error all the same
	Crashes                // the call has no effect, and nothing after it has
	Dies                   // this call and all that follow return EIO, until Mend or Return
	Protects               // this call and all that follow return EROFS where they would change something, until Mend or Return
	Fills                  // there is no room left from this call on, until Mend or Return
	Vanishes               // the disk is unmounted before this call, and what is open on it returns EIO, until Mend or Return
	Hangs                  // this call and all that follow do not return until Mend
)

func (m Mode) String() string {
	return [...]string{"fails", "fails after taking effect", "crash", "dies", "turns read-only", "is full", "vanishes", "hangs"}[m]
}

// Fault is what happens to one operation.
type Fault struct {
	At   int // number of the operation, from 1
	Mode Mode
	Err  error // of Fails and FailsAfter; nil: EIO
}

// Survival says what a crash left of what was not synced.
type Survival int

// The survivals.
const (
	Synced Survival = iota // a power cut before anything was written back
	All                    // the program alone was killed
	Mixed                  // a power cut in the middle of writing back: what made it and what did not is chosen at random
)

func (s Survival) String() string { return [...]string{"synced", "all", "mixed"}[s] }

// sector is what a disk writes in one piece, bytes.
const sector = 512

// Disk is a file system in memory. It implements the file system of package durable.
type Disk struct {
	mu         *sync.Mutex // guards everything; the disks of a machine share it
	top        *inode
	total      int64
	fault      Fault
	ops        int
	trace      []string
	crashed    bool
	size       int64     // total, but while the disk is full
	condition  Mode      // Dies to Hangs, or Fails when the disk is well
	well       sync.Cond // told when the disk hangs no more
	epoch      int       // how often the disk came back anew; files of before are stale
	broken     error     // every call fails with it
	away       map[string]*inode
	unreserved bool
	onCrash    func()
	onWrite    func(path string, data []byte)
	before     func(op string)              // sees every operation before it takes effect
	inFlight   func(seen map[*inode]*inode) // what a write that is under way adds to the nodes of a copy; nil without one
}

// inode is a file or a directory.
type inode struct {
	dir      bool
	children map[string]*inode // as seen
	kept     map[string]*inode // as of the last sync of the directory
	unsynced []*naming         // since, in order
	data     []byte            // as seen
	synced   []byte            // as of the last sync
	pending  []change          // since
	room     int64             // reserved up to
}

// change is a write that is not synced, or a truncation (data is nil).
type change struct {
	off  int64
	data []byte
}

func newDir() *inode {
	return &inode{dir: true, children: map[string]*inode{}, kept: map[string]*inode{}}
}

// New makes an empty disk of a size in bytes.
func New(total int64) *Disk {
	return &Disk{mu: &sync.Mutex{}, top: newDir(), total: total, size: total, away: map[string]*inode{}}
}

// Inject sets the fault, instead of any before.
func (d *Disk) Inject(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// OnCrash sets what is called at the very moment of a crash, before any call returns.
func (d *Disk) OnCrash(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onCrash = f
}

// OnWrite sets what sees every write to a file, in the order of writing, whatever becomes of it. It must not call the disk.
func (d *Disk) OnWrite(f func(path string, data []byte)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onWrite = f
}

// Ops is how many operations there were.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// Op is the n-th operation in words.
func (d *Disk) Op(n int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n < 1 || n > len(d.trace) {
		return "none"
	}
	return d.trace[n-1]
}

// Crashed tells whether the power went.
func (d *Disk) Crashed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.crashed
}

// Break makes every call fail until Mend.
func (d *Disk) Break(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

// Unreserved has the disk reserve no space from now on, as NFS does: a file that grows may find it full at any time.
func (d *Disk) Unreserved() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unreserved = true
}

// Resize changes the size; what is there stays.
func (d *Disk) Resize(total int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total, d.size = total, total
}

// Unmount takes a directory away and leaves an empty one, as an unmounted disk does. Files in it that are open stay so.
func (d *Disk) Unmount(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, name := d.parent(path)
	d.away[path] = parent.children[name]
	parent.children[name] = newDir()
}

// Mount brings it back.
func (d *Disk) Mount(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, name := d.parent(path)
	parent.children[name] = d.away[path]
	delete(d.away, path)
}

// After is the disk as it is found after the crash, or as it would be found were the power to go now.
func (d *Disk) After(s Survival, random *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := New(d.total)
	after.top = d.top.after(s, random, map[*inode]*inode{}, fates{})
	return after
}

// after gives what survives of a node. seen keeps a node that has two names, in the middle of a rename, one.
func (n *inode) after(s Survival, random *rand.Rand, seen map[*inode]*inode, fates fates) *inode {
	if have := seen[n]; have != nil {
		return have
	}
	if !n.dir {
		data := n.survives(s, random)
		file := &inode{data: data, synced: append([]byte(nil), data...)}
		seen[n] = file
		return file
	}
	dir := newDir()
	seen[n] = dir
	entries := n.names(s, random, fates)
	for _, name := range slices.Sorted(maps.Keys(entries)) { // the same choices for the same seed
		dir.children[name] = entries[name].after(s, random, seen, fates)
	}
	dir.kept = maps.Clone(dir.children)
	return dir
}

// survives is the content of a file after a crash.
func (n *inode) survives(s Survival, random *rand.Rand) []byte {
	switch s {
	case All:
		return append([]byte(nil), n.data...)
	case Synced:
		return append([]byte(nil), n.synced...)
	}
	data, draw := append([]byte(nil), n.synced...), random.IntN(4)
	for _, c := range n.pending {
		switch draw { // whole files are written back early or late, whatever becomes of others
		case 0:
		case 1:
			data = c.put(data)
		default:
			data = c.tear(data, random)
		}
	}
	return data
}

// put applies a change.
func (c change) put(data []byte) []byte {
	if c.data == nil {
		return resize(data, c.off)
	}
	return put(data, c.data, c.off)
}

// tear applies a change in part: each sector made it or not. The size may have been written before the data.
func (c change) tear(data []byte, random *rand.Rand) []byte {
	if c.data == nil {
		if random.IntN(2) == 0 {
			return resize(data, c.off)
		}
		return data
	}
	for at := 0; at < len(c.data); at += sector {
		end := min(at+sector, len(c.data))
		switch random.IntN(3) {
		case 0:
			data = put(data, c.data[at:end], c.off+int64(at))
		case 1:
			data = resize(data, max(int64(len(data)), c.off+int64(end))) // zeros
		}
	}
	return data
}

func put(data, b []byte, off int64) []byte {
	data = resize(data, max(int64(len(data)), off+int64(len(b))))
	copy(data[off:], b)
	return data
}

func resize(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return data[:size:size]
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}

// begin counts an operation and tells whether it may take effect, and what it returns then. Caller holds mu.
func (d *Disk) begin(op, path string) (effect bool, err error) {
	d.await()
	if d.crashed {
		return false, ErrPower
	}
	d.ops++
	d.trace = append(d.trace, op+" "+path)
	if d.before != nil {
		d.before(op + " " + path)
	}
	if d.ops == d.fault.At {
		switch d.fault.Mode {
		case Fails, FailsAfter:
			err = d.fault.Err
			if err == nil {
				err = syscall.EIO
			}
			return d.fault.Mode == FailsAfter, &fs.PathError{Op: op, Path: path, Err: err}
		case Crashes:
			d.crashed = true
			if d.onCrash != nil {
				d.onCrash()
			}
			return false, ErrPower
		}
		d.befall(d.fault.Mode)
		d.await()
	}
	if err := d.refuses(op); err != nil {
		return false, &fs.PathError{Op: op, Path: path, Err: err}
	}
	return true, nil
}

// find gives the node of a path, nil when there is none. Caller holds mu.
func (d *Disk) find(path string) *inode {
	if path == string(filepath.Separator) {
		return d.top
	}
	parent, name := d.parent(path)
	if parent == nil {
		return nil
	}
	return parent.children[name]
}

// parent gives the directory that a path is in, nil when it is not there. Caller holds mu.
func (d *Disk) parent(path string) (*inode, string) {
	dir := d.find(filepath.Dir(path))
	if dir == nil || !dir.dir {
		return nil, ""
	}
	return dir, filepath.Base(path)
}

func (d *Disk) used() int64 { return d.top.size() }

func (n *inode) size() (sum int64) {
	sum = max(int64(len(n.data)), n.room)
	for _, c := range n.children {
		sum += c.size()
	}
	return sum
}

func missing(op, path string) error { return &fs.PathError{Op: op, Path: path, Err: syscall.ENOENT} }

// String is what is on the disk, for the message of a failing test.
func (d *Disk) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var text string
	d.top.describe("", &text)
	return text
}

func (n *inode) describe(path string, text *string) {
	for name, c := range n.children {
		if c.dir {
			c.describe(path+"/"+name, text)
			continue
		}
		*text += fmt.Sprintf("%s/%s %d bytes, %d synced\n", path, name, len(c.data), len(c.synced))
	}
}

var _ durable.FS = (*Disk)(nil)

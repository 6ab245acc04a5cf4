package audit

import (
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Reader reads a log, also one that is being written: what it gives is durable. Its methods may be called from any goroutine.
type Reader struct {
	fs      files  // constant
	keys    Keys   // constant; nil: what is personal cannot be read
	dir     string // constant
	entries string // constant: the directory of entries

	state   sync.RWMutex // guards what follows: what is in the log
	extents []*extent
	tree    *tree
	last    Checkpoint // that was written
}

// OpenReader reads a log that no process has open. Nothing is changed.
func OpenReader(dir string, keys Keys) (*Reader, error) {
	f := files(disk{})
	if _, err := f.ReadDir(dir); err != nil {
		return nil, err
	}
	s, err := look(f, dir, bounds{}.filled(), nil)
	if err != nil {
		return nil, err
	}
	r := &Reader{}
	r.init(s, keys)
	return r, nil
}

// init makes it a reader of what was surveyed.
func (r *Reader) init(s *survey, keys Keys) {
	r.fs, r.keys, r.dir, r.entries = s.fs, keys, s.dir, entriesDir(s.dir)
	r.extents, r.tree, r.last = s.extents, s.tree, s.last
}

// Size is how many entries there are, those pruned included.
func (r *Reader) Size() int64 { return r.size() }

func (r *Reader) size() int64 {
	r.state.RLock()
	defer r.state.RUnlock()
	return r.tree.size
}

// Pruned is how many of the first entries have lost their contents to their age.
func (r *Reader) Pruned() int64 {
	r.state.RLock()
	defer r.state.RUnlock()
	return r.pruned()
}

// pruned is Pruned. Caller holds state.
func (r *Reader) pruned() int64 {
	if len(r.extents) == 0 {
		return 0
	}
	return r.extents[0].First
}

// unsigned is how many entries were added since the last checkpoint.
func (r *Reader) unsigned() int64 {
	r.state.RLock()
	defer r.state.RUnlock()
	return r.tree.size - r.last.Size
}

// Checkpoint is the last that was written; its Note is nil when there is none yet.
func (r *Reader) Checkpoint() Checkpoint {
	r.state.RLock()
	defer r.state.RUnlock()
	return r.last
}

// snapshot is the tree as it is now.
func (r *Reader) snapshot() *tree {
	r.state.RLock()
	defer r.state.RUnlock()
	return r.tree.clone()
}

// lastExtent is that of the file that is written. Only the goroutine that writes may call it: it changes what it gets.
func (r *Reader) lastExtent() *extent {
	r.state.RLock()
	defer r.state.RUnlock()
	return r.extents[len(r.extents)-1]
}

func (r *Reader) sealLast() *extent {
	r.state.Lock()
	defer r.state.Unlock()
	x := r.extents[len(r.extents)-1]
	x.sealed = true
	return x
}

// stretch is a file of entries, as far as it is durable.
type stretch struct{ first, bytes, end int64 }

// stretches are the files in which f finds something, in order.
func (r *Reader) stretches(f func(*extent) bool) (list []stretch) {
	r.state.RLock()
	defer r.state.RUnlock()
	for _, x := range r.extents {
		if f(x) {
			list = append(list, stretch{x.First, x.Bytes, x.end()})
		}
	}
	return list
}

// lines calls f with the lines of a file. A file that is gone was pruned meanwhile.
func (r *Reader) lines(s stretch, backward bool, f func(seq int64, text []byte) bool) error {
	data, err := readEntries(r.fs, r.entries, s.first)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	eachLine(data[:min(s.bytes, int64(len(data)))], s.first, backward, f)
	return nil
}

// Record is an entry as it is read.
type Record struct {
	Entry
	// Forgotten tells that what is personal cannot be read any more, or not here.
	Forgotten bool
	// Unsealed tells that what is personal was never kept, for want of a key.
	Unsealed bool
}

// record opens a line.
func (r *Reader) record(l *line) Record {
	rec := Record{Entry: l.entry(), Unsealed: l.Unsealed}
	rec.Personal, rec.Forgotten = openPersonal(r.keys, l)
	return rec
}

// Proof proves that an entry is in the log of a checkpoint, for whoever has that checkpoint (RFC 6962, section 2.1.1).
type Proof struct {
	Seq   int64       `json:"seq"`
	Entry string      `json:"entry,omitempty"` // the line, without its newline; "" when its content was pruned
	Leaf  tlog.Hash   `json:"leaf"`
	Size  int64       `json:"size"`
	Root  tlog.Hash   `json:"root"`
	Path  []tlog.Hash `json:"path"`
	Note  string      `json:"checkpoint,omitempty"` // of that size, when it is the last one
}

// ErrNoEntry is an entry, or a size, that the log does not have.
var ErrNoEntry = errors.New("the log has no such entry")

// Prove proves that an entry is among the first size entries; size 0: those of the last checkpoint. It costs one file of hashes.
func (r *Reader) Prove(seq, size int64) (Proof, error) {
	t, last := r.snapshot(), r.Checkpoint()
	if size == 0 {
		size = last.Size
	}
	if seq < 0 || seq >= size || size > t.size {
		return Proof{}, ErrNoEntry
	}
	p, reader := Proof{Seq: seq, Size: size}, t.reader()
	var err error
	if p.Root, err = tlog.TreeHash(size, reader); err != nil {
		return Proof{}, err
	}
	if p.Path, err = tlog.ProveRecord(size, seq, reader); err != nil {
		return Proof{}, err
	}
	if p.Leaf, err = t.leaf(seq); err != nil {
		return Proof{}, err
	}
	if last.Size == size {
		p.Note = string(last.Note)
	}
	p.Entry, err = r.text(seq)
	return p, err
}

// text is the line of an entry; "" when it was pruned.
func (r *Reader) text(seq int64) (found string, err error) {
	for _, s := range r.stretches(func(x *extent) bool { return x.First <= seq && seq < x.end() }) {
		err = r.lines(s, false, func(n int64, text []byte) bool {
			if n == seq {
				found = string(text)
			}
			return n < seq
		})
	}
	return found, err
}

// Check tells whether a proof holds: the entry has the leaf's hash, and the leaf is in the tree of the root.
func (p *Proof) Check() error {
	if p.Entry != "" && tlog.RecordHash([]byte(p.Entry)) != p.Leaf {
		return errors.New("the entry is not the one that is proved")
	}
	return tlog.CheckRecord(p.Path, p.Size, p.Root, p.Seq, p.Leaf)
}

// ProveConsistency proves that the first old entries of the log of size entries are the log that once had old entries (RFC 6962,
// section 2.1.2). CheckTree of golang.org/x/mod/sumdb/tlog checks it.
func (r *Reader) ProveConsistency(old, size int64) ([]tlog.Hash, error) {
	t := r.snapshot()
	if old < 1 || old > size || size > t.size {
		return nil, ErrNoEntry
	}
	return tlog.ProveTree(size, old, t.reader())
}

// Root is the root over the first size entries.
func (r *Reader) Root(size int64) (tlog.Hash, error) { return r.snapshot().root(size) }

// LastSeen tells when each person last did something that is still in the log, by id.
func (r *Reader) LastSeen() map[string]time.Time {
	r.state.RLock()
	defer r.state.RUnlock()
	seen := map[string]time.Time{}
	for _, x := range slices.Backward(r.extents) {
		for id, at := range x.Persons {
			if have, ok := seen[id]; !ok || at > stampOf(have) {
				seen[id] = at.time()
			}
		}
	}
	return seen
}

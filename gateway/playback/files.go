package playback

import (
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// files are the segment files open for reading: at most MaxOpen, but for those that are being read
// at this moment. The least recently used is closed first. A call of the store that blocks (a dead
// mount) holds up the readers of that segment alone.
type files struct {
	store *storage.Store // constant

	mu     sync.Mutex // guards what follows; makes finding or adding a file and holding it one act
	known  map[string]*file
	recent *list.List // of *file, the most recently used first
	closed bool
}

// file is a segment that is open, or about to be.
type file struct {
	name  string
	once  sync.Once // opens
	media *storage.Media
	err   error // of opening

	held  int           // readers at this moment; guarded by files.mu
	place *list.Element // in files.recent; nil once it is forgotten; guarded by files.mu
}

func newFiles(store *storage.Store) *files {
	return &files{store: store, known: make(map[string]*file), recent: list.New()}
}

// source is a segment as a clip reads it: opened when it is needed, and again when it was closed
// meanwhile. Constant once it is made.
type source struct {
	files *files
	seg   storage.Segment
	seed  string // names the content of the segment's media for ever: a path is never used twice, and what was synced is never written again
	name  string // tells states of one segment apart, because an open file knows what was synced when it was opened
	end   int64  // of the media that the clip knows
}

func newSource(f *files, seg storage.Segment) *source {
	seed := fmt.Sprintf("%s\x00%s\x00%d\x00%d", seg.Volume, seg.Path, seg.Run, seg.Start.UnixNano())
	return &source{files: f, seg: seg, seed: seed, name: fmt.Sprintf("%s\x00%t\x00%d", seed, seg.Open, seg.End.UnixNano())}
}

// open opens a segment and returns its table as it stands, and tells in the segment when what the table has ends.
func (f *files) open(seg *storage.Segment) (*source, *fmp4.Table, error) {
	s := newSource(f, *seg)
	x, err := f.hold(s)
	if err != nil {
		return nil, nil, err
	}
	defer f.release(x)
	table := x.media.Table()
	s.end, seg.End = table.Next(), x.media.End()
	return s, table, nil
}

// ReadAt reads the segment's file (io.ReaderAt).
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	x, err := s.files.hold(s)
	if err != nil {
		return 0, err
	}
	defer s.files.release(x)
	return x.media.ReadAt(p, off)
}

// hold returns the segment's open file, which stays open until release.
func (f *files) hold(s *source) (*file, error) {
	x, err := f.find(s)
	if err != nil {
		return nil, err
	}
	x.once.Do(func() { x.media, x.err = f.store.Media(s.seg) })
	if err := x.check(s); err != nil {
		f.forget(x)
		f.release(x)
		return nil, err
	}
	return x, nil
}

// check tells whether an opened file holds what the clip knows of it.
func (x *file) check(s *source) error {
	switch {
	case errors.Is(x.err, fs.ErrNotExist):
		return fmt.Errorf("read %s: %w", s.seg.Path, ErrGone)
	case x.err != nil:
		return fmt.Errorf("read %s: %w", s.seg.Path, x.err)
	case x.media.Table().Next() < s.end:
		return fmt.Errorf("read %s: %w: it holds less than it did", s.seg.Path, ErrGone)
	}
	return nil
}

// find finds or adds the file and counts a reader.
func (f *files) find(s *source) (*file, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fmt.Errorf("read %s: %w", s.seg.Path, fs.ErrClosed)
	}
	x := f.known[s.name]
	if x == nil {
		x = &file{name: s.name}
		x.place = f.recent.PushFront(x)
		f.known[s.name] = x
	}
	f.recent.MoveToFront(x.place)
	x.held++
	f.trim()
	return x, nil
}

// release ends a hold.
func (f *files) release(x *file) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x.held--
	x.drop()
}

// drop closes a file that is forgotten and that nobody holds. To be called with files.mu held.
func (x *file) drop() {
	if x.held == 0 && x.place == nil && x.media != nil {
		x.media.Close()
		x.media = nil
	}
}

// forget takes a file out, so that the next reader opens it anew.
func (f *files) forget(x *file) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove(x)
}

// remove is forget with files.mu held.
func (f *files) remove(x *file) {
	if x.place == nil {
		return
	}
	delete(f.known, x.name)
	f.recent.Remove(x.place)
	x.place = nil
	x.drop()
}

// trim forgets what is beyond MaxOpen.
func (f *files) trim() {
	for e := f.recent.Back(); e != nil && f.recent.Len() > MaxOpen; {
		x := e.Value.(*file)
		e = e.Prev()
		if x.held == 0 {
			f.remove(x)
		}
	}
}

// close forgets all; what is being read is closed by its last reader.
func (f *files) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, x := range f.known {
		f.remove(x)
	}
}

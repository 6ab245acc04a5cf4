package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

const (
	// SegmentTime is how long a segment is meant to be: it ends at the first key frame after it.
	SegmentTime = 5 * time.Minute
	// MaxRange bounds what one call of Spans or Segments covers.
	MaxRange = 400 * 24 * time.Hour
	// maxSpans bounds the answer of Spans: a year of a camera that fails every five minutes.
	maxSpans = 250_000
)

// Options of a store.
type Options struct {
	Index   string                   // path of index.db
	Volumes []VolumeOptions          // at least one
	MaxAge  time.Duration            // of footage, where MaxAges says nothing else; 0: until space is needed
	MaxAges map[string]time.Duration // by camera id

	FS           durable.FS           // nil: the operating system's
	Now          func() time.Time     // wall clock; nil: time.Now
	Mono         func() time.Duration // monotonic clock since the process started; nil: the runtime's
	Synchronised func() bool          // whether the kernel's clock is; nil: asks the kernel
	Log          *slog.Logger         // nil: silent
}

// Store is the recording engine of one site.
type Store struct {
	o     Options    // constant
	fs    durable.FS // constant
	now   func() time.Time
	log   *slog.Logger
	index *index    // constant
	vols  []*volume // constant
	guard *ageGuard // has its own lock

	mu      sync.Mutex         // guards what follows
	numbers map[uint16]*volume // by number in the index
	writers map[string]*Writer // by camera 0 stream
	live    map[string]*Writer // by path of the segment that it writes
	torn    map[string]Segment // given up by failing volumes, to be finished when they are back
	changed chan struct{}      // closed and replaced when a volume or an alarm changes
	unsaid  []record           // gaps that no journal took yet
	report  Recovery

	saying sync.Mutex // makes copying, appending and dropping unsaid one act
}

// Recovery is what opening the store found and did.
type Recovery struct {
	Finished int   // segments that a crash left open and that were closed
	Removed  int   // segments without a whole fragment
	Torn     int64 // bytes cut off the ends of segments
	Garbage  int   // deletions that a crash interrupted and that were finished
	Rebuilt  bool  // the index was made anew from volumes and journals
}

// Open opens the index, finds the volumes and finishes what a crash left open. A volume that is not there is no error: its
// state says so, and Run goes on looking.
func Open(o Options) (*Store, error) {
	if len(o.Volumes) == 0 {
		return nil, errors.New("open store: no volume is named")
	}
	s := &Store{o: o, fs: o.FS, now: o.Now, log: o.Log, numbers: map[uint16]*volume{}, writers: map[string]*Writer{},
		live: map[string]*Writer{}, torn: map[string]Segment{}, changed: make(chan struct{})}
	s.defaults()
	x, err := openIndex(o.Index)
	if err != nil {
		return nil, err
	}
	s.index = x
	if err := s.openVolumes(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("recover: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) defaults() {
	if s.fs == nil {
		s.fs = durable.OS
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.guard = newAgeGuard(s.o, s.now)
}

// openVolumes finds each volume. The site of the first volume that has one becomes that of a new index.
func (s *Store) openVolumes() error {
	if s.index.made {
		s.takeSite()
	}
	for _, o := range s.o.Volumes {
		path, err := filepath.Abs(o.Path)
		if err != nil {
			return fmt.Errorf("open volume: %w", err)
		}
		o.Path = path
		v := newVolume(o, s.fs, s.now)
		v.site, v.id = s.index.site, s.index.knownVolume(path)
		s.vols = append(s.vols, v)
		if err := s.look(v); err != nil {
			s.log.Error("volume is not usable", "path", path, "error", err)
		}
	}
	return nil
}

// takeSite makes a new index belong to the site whose footage is there.
func (s *Store) takeSite() {
	for _, o := range s.o.Volumes {
		data, err := durable.ReadFile(s.fs, filepath.Join(o.Path, identityName), identityLimit)
		if err != nil {
			continue
		}
		if id, err := parseIdentity(data); err == nil {
			s.index.setSite(id.Site)
			return
		}
	}
}

// look looks at a volume, and opens its journal and enters it into the index the first time it is there.
func (s *Store) look(v *volume) error {
	before := v.status()
	err := v.look()
	if err == nil {
		err = s.enter(v)
	}
	if after := v.status(); after.State != before.State || after.Cause != before.Cause {
		s.log.Info("volume state", "path", v.o.Path, "state", string(after.State), "cause", after.Cause)
		s.note()
	}
	return err
}

func (s *Store) enter(v *volume) error {
	v.mu.Lock()
	known := v.journal != nil
	id := v.id
	v.mu.Unlock()
	if known {
		return nil
	}
	number, err := s.index.enter(id, v.o.Path)
	if err != nil {
		return err
	}
	j, err := openJournal(s.fs, v.o.Path)
	if err != nil {
		return v.fail(err)
	}
	v.mu.Lock()
	v.journal = j
	v.mu.Unlock()
	s.mu.Lock()
	s.numbers[number] = v
	s.mu.Unlock()
	return nil
}

// note tells whoever watches Changed that something is different.
func (s *Store) note() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Changed is closed when the state of a volume or an alarm changes.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Recovery tells what opening the store found.
func (s *Store) Recovery() Recovery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.report
}

// Alive tells whether the index answers.
func (s *Store) Alive() error {
	return s.index.db.View(func(tx *bbolt.Tx) error { return nil })
}

// Volumes gives the present state of each volume.
func (s *Store) Volumes() []VolumeStatus {
	list := make([]VolumeStatus, len(s.vols))
	for i, v := range s.vols {
		list[i] = v.status()
	}
	return list
}

// Run looks after the volumes until ctx ends: their state, free space, retention.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(probePeriod)
	defer tick.Stop()
	for {
		s.tend()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// tend is one round of Run.
func (s *Store) tend() {
	for _, v := range s.vols {
		was := v.ok()
		if err := s.look(v); err == nil && !was {
			s.finishTorn(v)
		}
	}
	s.say()
	if err := s.retain(); err != nil {
		s.log.Error("retention", "error", err)
	}
}

// Close closes the index and the journals. Writers must be closed before.
func (s *Store) Close() error {
	var errs []error
	for _, v := range s.vols {
		v.mu.Lock()
		j := v.journal
		v.mu.Unlock()
		if j != nil {
			errs = append(errs, j.close())
		}
	}
	return errors.Join(append(errs, s.index.db.Close())...)
}

// pick chooses the volume for a new segment: of those that take footage, the one with the most room.
func (s *Store) pick() (*volume, error) {
	var best *volume
	var most int64 = -1
	var why error
	for _, v := range s.vols {
		st := v.status()
		if st.State != VolumeOK {
			why = &VolumeError{Cause: causeOfState[st.State], Err: errors.New(st.Cause)}
			continue
		}
		if st.Free > most {
			best, most = v, st.Free
		}
	}
	if best == nil {
		return nil, why
	}
	return best, nil
}

// journalTo appends records to a volume's journal.
func (s *Store) journalTo(v *volume, list ...record) error {
	v.mu.Lock()
	j := v.journal
	v.mu.Unlock()
	if j == nil {
		return &VolumeError{Cause: CauseMissing, Err: errors.New("its journal is not open")}
	}
	if err := j.append(list...); err != nil {
		return v.fail(err)
	}
	return nil
}

// maxUnsaid bounds the gaps that wait for a volume to take them, some minutes of trouble for every stream.
const maxUnsaid = 10_000

// journalGap notes a gap on the first volume that takes it. Until one does it is in the index, and waits.
func (s *Store) journalGap(camera, stream string, at time.Time, cause Cause) {
	s.mu.Lock()
	if len(s.unsaid) < maxUnsaid {
		s.unsaid = append(s.unsaid, record{Type: "gap", At: at, Camera: camera, Stream: stream, Cause: cause})
	}
	s.mu.Unlock()
	s.say()
}

// say appends waiting gaps to a journal.
func (s *Store) say() {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.mu.Lock()
	list := append([]record(nil), s.unsaid...)
	s.mu.Unlock()
	if len(list) == 0 {
		return
	}
	for _, v := range s.vols {
		if v.ok() && s.journalTo(v, list...) == nil {
			s.mu.Lock()
			s.unsaid = append(s.unsaid[:0], s.unsaid[len(list):]...)
			s.mu.Unlock()
			return
		}
	}
}

// gap begins a gap, in the index and the journal.
func (s *Store) gap(camera, stream string, at time.Time, cause Cause) error {
	changed := false
	err := s.index.db.Update(func(tx *bbolt.Tx) (err error) {
		changed, err = openGap(tx, camera, stream, at, cause)
		return err
	})
	if err != nil {
		return fmt.Errorf("note gap: %w", err)
	}
	if changed {
		s.journalGap(camera, stream, at, cause)
	}
	return nil
}

// liveTable gives the table of a segment that is being written, as far as it is synced; nil for any other.
func (s *Store) liveTable(path string) *fmp4.Table {
	s.mu.Lock()
	w := s.live[path]
	s.mu.Unlock()
	if w == nil {
		return nil
	}
	return w.snapshot(path)
}

// fill completes a segment that came from the index.
func (s *Store) fill(seg *Segment) {
	s.mu.Lock()
	v := s.numbers[seg.volume]
	s.mu.Unlock()
	if v == nil {
		return
	}
	st := v.status()
	seg.Volume = st.ID
	seg.Path = filepath.Join(v.o.Path, seg.relative())
	if !seg.Open {
		return
	}
	s.mu.Lock()
	w := s.live[seg.Path]
	s.mu.Unlock()
	if w != nil {
		w.describe(seg)
	}
}

// Segments gives the segments of a stream that overlap [from, to), in the order of their starts. An open one ends where it
// is synced.
func (s *Store) Segments(camera, stream string, from, to time.Time) (list []Segment, err error) {
	if err := checkRange(from, to); err != nil {
		return nil, err
	}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return between(tx, camera, stream, from, to, func(seg Segment) error {
			list = append(list, seg)
			return nil
		})
	})
	kept := list[:0]
	for i := range list {
		s.fill(&list[i])
		if list[i].Path != "" && list[i].End.After(from) {
			kept = append(kept, list[i])
		}
	}
	return kept, err
}

func checkRange(from, to time.Time) error {
	if !from.Before(to) {
		return errors.New("the range is empty: from must be before to")
	}
	if to.Sub(from) > MaxRange {
		return fmt.Errorf("the range is longer than %d days", MaxRange/(24*time.Hour))
	}
	return nil
}

// validName tells whether a camera or stream id may be a directory name.
func validName(s string) bool {
	return s != "" && len(s) <= 64 && s != "." && s != ".." && !strings.ContainsAny(s, "/\\\x00")
}

// Writer gives the writer of a stream. A stream has one writer at a time.
func (s *Store) Writer(camera, stream string) (*Writer, error) {
	if !validName(camera) || !validName(stream) {
		return nil, fmt.Errorf("open writer: %q/%q cannot name a directory", camera, stream)
	}
	k := string(streamKey(camera, stream))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.writers[k]; taken {
		return nil, fmt.Errorf("open writer: %s/%s is being recorded already", camera, stream)
	}
	w := newWriter(s, camera, stream)
	s.writers[k] = w
	return w, nil
}

package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/internal/durable"
	"holdfast/storage/keyring"
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
	Index      string              // path of index.db
	Pins       map[string][]string // by camera id: ids or paths of the volumes that it is recorded on while one takes footage
	Volumes    []VolumeOptions     // at least one
	Mirrored   []string            // ids of cameras that are recorded to two volumes at once; SetMirror changes them
	Ages       Ages                // of footage, where CameraAges says nothing else
	CameraAges map[string]Ages     // by camera id; SetAges changes them
	LockMax    time.Duration       // how long a lock may last; 0: DefaultLockMax
	Keys       *keyring.Ring       // of encryption at rest; nil: footage is written in clear, and encrypted footage stays locked

	Verify Verify // reading footage again in the background
	Disks  string // report on the disks that a helper of root's makes (package disk); "": none is asked for

	FS           durable.FS           // nil: the operating system's
	Now          func() time.Time     // wall clock; nil: time.Now
	Mono         func() time.Duration // monotonic clock since the process started; nil: the runtime's
	Synchronised func() bool          // whether the kernel's clock is; nil: asks the kernel
	Log          *slog.Logger         // nil: silent

	found      func(size int64) // told of each segment that is found on a volume; nil: nobody is
	finishTime time.Duration    // 0: finishTime; less than 0: none
	copyRate   int64            // less than 0: copies are not slowed
}

// Store is the recording engine of one site.
type Store struct {
	o      Options    // constant
	fs     durable.FS // constant
	now    func() time.Time
	log    *slog.Logger
	index  *index     // constant
	opened time.Time  // constant
	alive  time.Time  // constant: LastAlive
	guard  *ageGuard  // has its own lock
	copies sharedPace // of copying between volumes

	locking    sync.Mutex // makes looking at a camera's locks and changing them one act
	erasingOne sync.Mutex // makes carrying out erasures one after the other
	examining  sync.Mutex // held by whichever volume's round moves frontiers and settles locks

	mu          sync.Mutex              // guards what follows
	vols        []*volume               // replaced as a whole
	numbers     map[uint16]*volume      // by number in the index
	writers     map[string]*Writer      // by camera 0 stream
	making      map[string]int          // camera-days for which a key is being made, or its footage is not yet in the index: how many
	live        map[string]*Writer      // by path of the segment that it writes
	torn        map[string]*tornSegment // given up by failing volumes, to be finished when they are back, by path
	changing    sync.Mutex              // makes looking at the volumes in use and changing them one act
	joined      chan struct{}           // told when a volume was added or removed; constant
	changed     chan struct{}           // closed and replaced when a volume or an alarm changes
	stamped     time.Time               // when noteAlive noted last
	erasing     []*Erasure              // under way; replaced as a whole
	unswept     map[string]bool         // erasures that are done, and whose keys wait for a sweep
	reading     map[*Media]struct{}     // that is open
	unsaid      []record                // gaps, events and locks that no journal took yet
	load        *lockLoad               // what locks held when it was last summed
	lockChanges uint64                  // how often a lock was made, changed or ended
	alarmed     map[string]time.Time    // since when alarms of retention have lasted
	dueOn       map[uint16]bool         // volumes with footage that retention has not looked at and that may be too old
	report      Recovery
	shown       []VolumeStatus  // as last seen by watch
	doubt       string          // as last seen by watch
	mirrored    map[string]bool // whether it is to be, by camera; those that were told of
	recopies    recopies
}

// Recovery is what opening the store found and did.
type Recovery struct {
	Finished  int    // segments that a crash left open and that were closed
	Removed   int    // segments without a whole fragment
	Torn      int64  // bytes cut off the ends of segments
	Garbage   int    // deletions that a crash interrupted and that were finished
	Rebuilt   bool   // the index was made anew from volumes and journals
	TornIndex string // where an index that could not be read was moved to; "" when it could
}

// Open opens the index, finds the volumes and finishes what a crash left open. A volume that is not there is no error: its
// state says so, and Run goes on looking.
func Open(o Options) (*Store, error) {
	if len(o.Volumes) == 0 {
		return nil, errors.New("open store: no volume is named")
	}
	s := &Store{o: o, fs: o.FS, now: o.Now, log: o.Log, numbers: map[uint16]*volume{}, writers: map[string]*Writer{},
		live: map[string]*Writer{}, torn: map[string]*tornSegment{}, reading: map[*Media]struct{}{}, unswept: map[string]bool{}, making: map[string]int{}, changed: make(chan struct{}), joined: make(chan struct{}, 1)}
	s.defaults()
	x, err := openIndex(o.Index)
	if err != nil {
		return nil, err
	}
	s.index, s.opened = x, s.now()
	if s.alive, err = x.lastAlive(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if x.aside != "" {
		s.report.TornIndex = x.aside
		s.log.Error("the index could not be read; it was moved aside and is made again from the volumes", "moved_to", x.aside)
	}
	if err := s.openVolumes(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.collectErasures(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("recover: %w", err), s.Close())
	}
	s.guard.newest = s.newestFootage()
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
	if s.o.finishTime == 0 {
		s.o.finishTime = finishTime
	}
	if s.o.copyRate == 0 {
		s.o.copyRate = copyRate
	}
	s.copies.pace.rate = s.o.copyRate
	s.mirrored = map[string]bool{}
	for _, camera := range s.o.Mirrored {
		s.mirrored[camera] = true
	}
	s.guard = newAgeGuard(s.o, s.now)
}

// patience is how long Open waits for a volume to show itself. One that does not answer, a dead mount, must not keep the
// others from recording; Run goes on looking.
const patience = 10 * time.Second

// openVolumes finds each volume. The site of the first volume that has one becomes that of a new index.
func (s *Store) openVolumes() error {
	for _, o := range s.o.Volumes {
		path, err := filepath.Abs(o.Path)
		if err != nil {
			return fmt.Errorf("open volume: %w", err)
		}
		o.Path = path
		s.vols = append(s.vols, newVolume(o, s.fs, s.now, s.index)) // nobody else is there yet
	}
	if err := s.knowVolumes(); err != nil {
		return err
	}
	for _, v := range s.inOrder() {
		if err := within(patience, v.look); err != nil {
			s.log.Error("volume is not usable", "path", v.o.Path, "error", err)
			continue
		}
		if err := s.enter(v); err != nil {
			return fmt.Errorf("enter volume %s: %w", v.o.Path, err)
		}
	}
	s.watch()
	return nil
}

// knowVolumes gives each volume the number that the index has for its path: the footage of one that is not there is known
// all the same.
func (s *Store) knowVolumes() error {
	for _, v := range s.list() {
		if v.id == "" {
			continue
		}
		number, known, err := s.index.volumeNumber(v.id)
		if err != nil {
			return err
		}
		if known {
			s.numbers[number] = v
		}
	}
	return nil
}

// inOrder gives the volumes, those that are to be made volumes behind those that are: a new index takes the site of
// footage that is there before it makes one up.
func (s *Store) inOrder() []*volume {
	var made, empty []*volume
	for _, v := range s.list() {
		if s.index.ownSite() == "" && within(patience, v.present) != nil {
			empty = append(empty, v)
		} else {
			made = append(made, v)
		}
	}
	return append(made, empty...)
}

var errPatience = errors.New("it does not answer")

// within runs f and waits for it for a time; f goes on when it takes longer.
func within(d time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case err := <-done:
		return err
	case <-t.C:
		return errPatience
	}
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

// Alive tells whether the index answers: that it can be read, and that nobody holds up its writers.
func (s *Store) Alive() error {
	return s.index.db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(bMeta).Get(kSchema) == nil {
			return errors.New("read index: its schema is gone")
		}
		return nil
	})
}

// Volumes gives the present state of each volume.
func (s *Store) Volumes() []VolumeStatus {
	vols := s.list()
	list := make([]VolumeStatus, len(vols))
	for i, v := range vols {
		list[i] = s.statusOf(v)
	}
	return list
}

// list gives the volumes.
func (s *Store) list() []*volume {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vols
}

// stopTime is how long Run waits for the volumes' work to end. Work that hangs on a dead mount is left behind.
const stopTime = 5 * time.Second

// Run looks after the volumes until ctx ends: their state, free space, retention. Each has a goroutine of its own, so that
// one that does not answer holds up nothing else.
func (s *Store) Run(ctx context.Context) error {
	var work sync.WaitGroup
	kept := map[*volume]context.CancelFunc{}
	work.Go(func() { s.verify(ctx) })
	work.Go(func() { s.tendKeys(ctx) })
	work.Go(func() { s.recopy(ctx) })
	tick := time.NewTicker(probePeriod / 2)
	defer tick.Stop()
	for {
		s.keepAll(ctx, &work, kept)
		s.watch()
		s.noteAlive()
		select {
		case <-ctx.Done():
			within(stopTime, func() error { work.Wait(); return nil })
			return ctx.Err()
		case <-s.joined:
		case <-tick.C:
		}
	}
}

// keepAll sees to it that every volume has its goroutines, and those that were removed have none. kept is whose there are.
func (s *Store) keepAll(ctx context.Context, work *sync.WaitGroup, kept map[*volume]context.CancelFunc) {
	vols := s.list()
	for _, v := range vols {
		if kept[v] != nil {
			continue
		}
		own, stop := context.WithCancel(ctx)
		kept[v] = stop
		work.Go(func() { s.keep(own, v) })
		work.Go(func() { s.empty(own, v) })
	}
	for v, stop := range kept {
		if !slices.Contains(vols, v) {
			stop()
			delete(kept, v)
		}
	}
}

// Tend does one round of every volume's work, as Run does every two seconds: for whoever drives a store by a clock of his
// own, faster than time passes.
func (s *Store) Tend(ctx context.Context) {
	for _, v := range s.list() {
		s.tend(ctx, v)
	}
	s.watch()
}

// keep tends one volume until ctx ends.
func (s *Store) keep(ctx context.Context, v *volume) {
	tick := time.NewTicker(probePeriod)
	defer tick.Stop()
	for {
		s.tend(ctx, v)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tend is one round of a volume's work. A full one is not usable, but is where deleting helps, and where finishing what was
// given up does: it gives back what had been reserved.
func (s *Store) tend(ctx context.Context, v *volume) {
	err := v.look()
	if err == nil {
		err = s.enter(v)
	}
	if err == nil || v.isFull() {
		s.clear(ctx, v)
	}
	if err == nil {
		if !v.draining() || !s.elsewhere(v) {
			s.say(v)
		}
		s.lookAtDisks(v)
	}
	if !v.ok() && !v.isFull() {
		v.release()
		s.detachKeys(v)
		return
	}
	if err := s.retain(v); err != nil {
		s.log.Error("retention", "volume", v.o.Path, "error", err)
	}
	if err := s.compact(v); err != nil {
		s.log.Error("compact journal", "volume", v.o.Path, "error", err)
	}
}

// clear removes garbage and finishes what was given up. On a full volume both make room, which is measured before retention
// deletes for it.
func (s *Store) clear(ctx context.Context, v *volume) {
	s.removeGarbage(v)
	s.finishTorn(v, func() bool { return ctx.Err() == nil })
	if v.isFull() {
		defer v.answered(v.asks())
		v.measure() // the next look says what is wrong
	}
}

// watch tells of volumes and doubts about the clock that changed. It does no I/O.
func (s *Store) watch() {
	now, doubt := s.Volumes(), s.guard.holds()
	s.mu.Lock()
	before, changed := s.shown, s.doubt != doubt
	s.shown, s.doubt = now, doubt
	s.mu.Unlock()
	for i, v := range now {
		if i < len(before) && before[i].State == v.State && before[i].Cause == v.Cause {
			continue
		}
		changed = true
		s.log.Info("volume state", "path", v.Path, "state", string(v.State), "cause", v.Cause)
	}
	if changed {
		s.note()
	}
}

// Close closes the index and the journals. Writers must be closed before.
func (s *Store) Close() error {
	var errs []error
	for _, v := range s.list() {
		if v.ok() {
			s.say(v)
		}
	}
	for _, v := range s.list() {
		v.mu.Lock()
		j := v.journal
		v.mu.Unlock()
		if j != nil && v.ok() {
			errs = append(errs, j.close())
		}
	}
	return errors.Join(append(errs, s.index.db.Close())...)
}

// journalTo appends records to a volume's journal.
func (s *Store) journalTo(v *volume, list ...record) error {
	v.mu.Lock()
	j := v.journal
	v.mu.Unlock()
	if j == nil {
		return &VolumeError{Cause: CauseMissing, Err: errors.New("its journal is not open")}
	}
	if err := s.ask(v, func() error { return j.append(list...) }, func(error) {}); err != nil {
		return v.fail(err)
	}
	return nil
}

// maxUnsaid bounds the gaps that wait for a volume to take them, some minutes of trouble for every stream.
const maxUnsaid = 10_000

// toJournal queues a gap for the first volume that takes it. It is in the index already; the journal is for the day when
// the index is lost, and whoever notes a gap must not wait for a disk.
func (s *Store) toJournal(r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unsaid) < maxUnsaid {
		s.unsaid = append(s.unsaid, r)
	}
}

// say appends waiting gaps to a volume's journal.
func (s *Store) say(v *volume) {
	s.mu.Lock()
	list := s.unsaid
	s.unsaid = nil
	s.mu.Unlock()
	if len(list) == 0 {
		return
	}
	if err := s.journalTo(v, list...); err != nil {
		s.mu.Lock()
		s.unsaid = append(list, s.unsaid...)
		s.mu.Unlock()
	}
}

// Gap says of a stream that nobody records why nothing follows: from a time on it is missing for a cause. A gap that is
// open for the same cause goes on.
func (s *Store) Gap(camera, stream string, at time.Time, cause Cause) error {
	s.mu.Lock()
	_, recorded := s.writers[string(streamKey(camera, stream))]
	s.mu.Unlock()
	if recorded {
		return fmt.Errorf("note gap: %s/%s is being recorded", camera, stream)
	}
	return s.gap(camera, stream, at, cause)
}

// GapOfAll says of every stream of a camera that was ever recorded, and that nobody records, why nothing follows.
func (s *Store) GapOfAll(camera string, at time.Time, cause Cause) error {
	var streams []string
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		prefix := string(streamKey(camera, ""))
		c := tx.Bucket(bStreams).Cursor()
		for k, _ := c.Seek([]byte(prefix)); strings.HasPrefix(string(k), prefix); k, _ = c.Next() {
			_, stream := splitKey(k)
			streams = append(streams, stream)
		}
		return nil
	})
	for _, stream := range streams {
		err = errors.Join(err, s.Gap(camera, stream, at, cause))
	}
	return err
}

// gap begins a gap, in the index and the journal.
func (s *Store) gap(camera, stream string, at time.Time, cause Cause) error {
	at = at.UTC().Round(0)
	changed := false
	err := s.index.db.Update(func(tx *bbolt.Tx) (err error) {
		changed, err = openGap(tx, camera, stream, at, cause)
		return err
	})
	if err != nil {
		return fmt.Errorf("note gap: %w", err)
	}
	if changed {
		s.toJournal(record{Type: "gap", At: at, Camera: camera, Stream: stream, Cause: cause})
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

package stream

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"holdfast/rtsp"
)

const (
	// DefaultMaxBytes holds 30 s of an 8 Mbit/s stream.
	DefaultMaxBytes = 32 << 20
	// DefaultMaxTime covers a disk that stands still for a while.
	DefaultMaxTime = 30 * time.Second
	// DefaultKeep is the pre-roll. What is held longer costs more than its memory: a heap that is as large as the caches
	// of the machine is reused while it is warm, and a profile of 32 recorded streams that each held 30 s showed a third
	// of the time in page faults.
	DefaultKeep = 5 * time.Second

	// lossyLag is how far a lossy reader may be behind the newest item, as long as a newer key frame exists to jump to.
	lossyLag = 2 * time.Second
)

// Options of a stream; the zero value is usable.
type Options struct {
	MaxBytes int              // bound of what is held, bytes; 0: DefaultMaxBytes
	MaxTime  time.Duration    // bound of what is held beyond the current group of pictures; 0: DefaultMaxTime
	Keep     time.Duration    // bound of that once every lossless reader has confirmed it; 0: DefaultKeep, at most MaxTime
	Mono     func() rtsp.Mono // monotonic clock; nil: rtsp.MonoNow
	Log      *slog.Logger     // told once a run when a group of pictures does not fit; nil: silent
}

// Stream is one writer's ring of frames. The writer's methods (Begin, Frame, End) and the readers' may be called
// from any goroutine; writers are serialised, a reader is used by one goroutine at a time.
type Stream struct {
	maxBytes int              // constant
	maxTime  rtsp.Mono        // constant
	keep     rtsp.Mono        // constant
	mono     func() rtsp.Mono // constant
	log      *slog.Logger     // constant

	writing sync.Mutex // makes "append, then wake" one operation
	woken   []*Reader  // owned by the holder of writing: readers to wake, reused

	mu       sync.Mutex // held briefly: never across I/O, packetising or a wake-up
	ring     ring
	run      *rtsp.Run     // newest run, nil before the first
	tracks   []*rtsp.Track // newest description of each track of run, by position
	online   bool          // a run has begun and its session has not ended
	cause    string        // why the last session ended, "" while online
	since    time.Time     // when online or cause last changed
	newest   rtsp.Mono     // latest arrival written, of frames and marks
	lost     uint64        // packets lost in all frames written
	key      *Item         // newest video key frame of the running session, nil if there is none
	heard    rtsp.Mono     // when the newest frame of the newest session arrived; 0 before the first
	keyEvery time.Duration // between its two newest key frames; 0 before the second
	keyWall  time.Time     // of the newest of them
	sessions int           // that brought media
	packed   uint64        // items before this number keep no RTP payloads
	readers  int           // open readers
	lossless []*Reader     // open lossless readers
	waiting  []*Reader     // readers in Wait
	closed   bool
	told     *rtsp.Run // run in which a group of pictures that does not fit was told
}

// New makes an empty stream that is offline.
func New(o Options) *Stream {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxTime <= 0 {
		o.MaxTime = DefaultMaxTime
	}
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	if o.Mono == nil {
		o.Mono = rtsp.MonoNow
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Stream{
		maxBytes: o.MaxBytes, maxTime: rtsp.Mono(o.MaxTime), keep: rtsp.Mono(min(o.Keep, o.MaxTime)), mono: o.Mono, log: o.Log,
		ring: newRing(), packed: 1, since: time.Now().UTC(),
	}
}

// Begin marks the start of a run: its frames follow. It makes the stream online.
func (s *Stream) Begin(run *rtsp.Run) {
	s.write(func() {
		if run.After == "" {
			s.key = nil // another session: its pictures do not depend on the last one's
			s.heard, s.keyEvery, s.keyWall = 0, 0, time.Time{}
			s.sessions++
		}
		if !s.online {
			s.online, s.cause, s.since = true, "", time.Now().UTC()
		}
		s.run = run
		s.tracks = slices.Clone(run.Tracks)
		it := s.ring.make()
		it.Run, it.Wall, it.arrival = run, run.Start, s.markArrival()
		s.ring.push(it)
	})
}

// Frame appends a frame. It never blocks on a reader.
func (s *Stream) Frame(f *rtsp.Frame) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.append(f)
	s.evict()
	s.dropPayloads()
	tell := s.told != s.run && s.key != nil && s.key.Seq < s.ring.head
	if tell {
		s.told = s.run
	}
	s.unlockAndWake()
	if tell {
		s.log.Warn("group of pictures does not fit, new viewers wait for the next key frame", "max_bytes", s.maxBytes)
	}
}

// End marks the end of the session for a cause, which should be a storage gap cause. The stream is offline until
// the next Begin. Ending an ended stream with the same cause changes nothing; with another it marks the new cause.
func (s *Stream) End(cause string) {
	s.write(func() {
		if !s.online && s.cause == cause {
			return
		}
		s.online, s.cause, s.since, s.key = false, cause, time.Now().UTC(), nil
		it := s.ring.make()
		it.Run, it.End, it.Wall, it.arrival = s.run, cause, s.since, s.markArrival()
		s.ring.push(it)
	})
}

// Close ends the stream for good. Readers get what is still held and then ErrClosed; later writes are ignored.
func (s *Stream) Close() {
	s.write(func() { s.closed, s.online, s.key = true, false, nil })
}

// markArrival is the arrival time of a mark written now. Caller holds mu.
func (s *Stream) markArrival() rtsp.Mono {
	s.newest = max(s.newest, s.mono())
	return s.newest
}

// write runs change as one step of the writer, which a closed stream ignores.
func (s *Stream) write(change func()) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	change()
	s.evict()
	s.unlockAndWake()
}

// append adds f. Caller holds mu.
func (s *Stream) append(f *rtsp.Frame) {
	it := s.ring.make()
	it.Run, it.Frame, it.Wall, it.arrival = f.Run, f, f.Wall, f.Arrival
	s.ring.push(it)
	s.newest = max(s.newest, f.Arrival)
	s.lost += uint64(f.Lost)
	s.describe(f.Track)
	s.heard = max(s.heard, f.Arrival)
	if it.KeyFrame() && s.online {
		s.key = it
		if !s.keyWall.IsZero() {
			s.keyEvery = max(0, it.Wall.Sub(s.keyWall))
		}
		s.keyWall = it.Wall
	}
}

// describe keeps the newest description of a track. Caller holds mu.
func (s *Stream) describe(t *rtsp.Track) {
	for i, have := range s.tracks {
		if have == t {
			return
		}
		if have.ID == t.ID {
			s.tracks[i] = t
			return
		}
	}
}

// evict drops what the bounds do not allow. Caller holds mu.
func (s *Stream) evict() {
	for s.ring.len() > 1 && (s.ring.bytes > s.maxBytes || s.stale(s.ring.at(s.ring.head))) {
		gone := s.ring.pop()
		for _, r := range s.lossless {
			r.miss(gone)
		}
	}
}

// stale tells whether an item is older than its time bound and not of the current group of pictures.
func (s *Stream) stale(it *Item) bool {
	age := s.newest - it.arrival
	if age <= s.keep || s.key != nil && it.Seq >= s.key.Seq {
		return false
	}
	return age > s.maxTime || s.safe(it.Seq)
}

// safe tells whether no lossless reader may come back to an item. Caller holds mu.
func (s *Stream) safe(seq uint64) bool {
	for _, r := range s.lossless {
		if r.confirmed < seq {
			return false
		}
	}
	return true
}

// dropPayloads frees RTP payloads that no lossy reader will be given again. Caller holds mu.
func (s *Stream) dropPayloads() {
	s.packed = max(s.packed, s.ring.head)
	for s.packed < s.ring.tail && s.passed(s.ring.at(s.packed)) {
		s.ring.at(s.packed).dropPayloads()
		s.packed++
	}
}

// passed tells whether a lossy reader at it would jump.
func (s *Stream) passed(it *Item) bool {
	return s.key != nil && it.Seq < s.key.Seq && s.newest-it.arrival > rtsp.Mono(lossyLag)
}

// unlockAndWake releases mu, then wakes the readers that were waiting. Waking happens outside mu, or every reader
// would wake only to wait for it. Caller holds writing and mu.
func (s *Stream) unlockAndWake() {
	s.woken, s.waiting = s.waiting, s.woken[:0]
	for _, r := range s.woken {
		r.waits = false
	}
	s.mu.Unlock()
	for i, r := range s.woken {
		select {
		case r.wake <- struct{}{}:
		default: // already has a wake-up that it did not take yet
		}
		s.woken[i] = nil
	}
}

// KeyFrame gives the newest video key frame of the running session. An offline stream has none: what it shows
// would be a picture of the past.
func (s *Stream) KeyFrame() (*Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key, s.key != nil
}

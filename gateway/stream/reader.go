package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/rtsp"
)

var (
	// ErrClosed says that the reader was closed, or that the stream was and everything held has been read.
	ErrClosed = errors.New("stream closed")
	// ErrOverrun is what errors.Is finds in an *Overrun.
	ErrOverrun = errors.New("reader overrun")
)

// Overrun says what a lossless reader lost: items left the ring before it came for them, or, after Rewind, before
// they were confirmed.
type Overrun struct {
	Seq  uint64    // first item lost
	Wall time.Time // its wall time; zero if it had been taken and others before it were confirmed after it left
	Lost uint64    // how many items were lost when this was noticed
	Next time.Time // wall time of the oldest item still held, where reading could go on
}

// Error states the loss.
func (e *Overrun) Error() string {
	return fmt.Sprintf("reader overrun: %d items lost from %s to %s",
		e.Lost, e.Wall.Format(time.RFC3339Nano), e.Next.Format(time.RFC3339Nano))
}

// Is makes errors.Is(err, ErrOverrun) true.
func (e *Overrun) Is(target error) bool { return target == ErrOverrun }

// Reader is a cursor into a stream. One goroutine at a time may use it; Close may be called from another.
type Reader struct {
	s     *Stream       // constant
	lossy bool          // constant
	wake  chan struct{} // constant; capacity 1

	// Guarded by s.mu.
	next      uint64    // seq of the item to take next
	confirmed uint64    // lossless: every item up to here is safe
	needKey   bool      // lossy: frames are skipped up to the next key frame
	skipped   uint64    // lossy: frames jumped over
	lostNext  lossPoint // lossless: the item at next, when it left the ring
	lostFirst lossPoint // lossless: the first unconfirmed item, when it left the ring
	failed    *Overrun  // lossless: sticky until Resume
	waits     bool      // in s.waiting
	closed    bool
}

// lossPoint remembers the first item that left the ring too early.
type lossPoint struct {
	seq  uint64 // 0: none
	wall time.Time
}

// Lossy gives a reader for a viewer. It starts at the newest key frame, or at the next one if none is held, and
// jumps to the newest key frame when it has been overwritten or is more than two seconds behind one.
func (s *Stream) Lossy() *Reader {
	r := &Reader{s: s, lossy: true, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.seekKey()
	s.readers++
	return r
}

// Lossless gives a reader for a recorder. It starts at the key frame at or before preroll ago; failing that at the
// oldest key frame after that moment; failing that where the current run began, or at what comes next. What came
// before an end of the session that lies that far back is not pre-roll.
func (s *Stream) Lossless(preroll time.Duration) *Reader {
	r := &Reader{s: s, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.place(s.prerollStart(s.mono() - rtsp.Mono(preroll)))
	s.readers++
	s.lossless = append(s.lossless, r)
	return r
}

// prerollStart finds where a reader starts that wants the moment from. Caller holds mu.
func (s *Stream) prerollStart(from rtsp.Mono) uint64 {
	var key, begin uint64
	ended := false
	for seq := s.ring.tail; seq > s.ring.head; {
		seq--
		it := s.ring.at(seq)
		past := it.arrival <= from
		switch {
		case it.KeyFrame():
			key = seq
		case it.End != "":
			ended = true
		case it.Begins() && begin == 0 && !ended:
			begin = seq
		}
		if past && (key == seq || it.End != "") {
			break
		}
	}
	if key != 0 {
		return key
	}
	if begin != 0 {
		return begin
	}
	return s.ring.tail
}

// place moves a lossless reader. Caller holds s.mu.
func (r *Reader) place(seq uint64) {
	r.next, r.confirmed = seq, seq-1
	r.lostNext, r.lostFirst, r.failed = lossPoint{}, lossPoint{}, nil
}

// seekKey moves a lossy reader to the newest key frame, or makes it wait for one. Caller holds s.mu.
func (r *Reader) seekKey() {
	if k := r.s.key; k != nil && r.s.ring.holds(k.Seq) {
		r.next, r.needKey = k.Seq, false
		return
	}
	r.next, r.needKey = r.s.ring.tail, r.s.hasVideo()
}

// hasVideo tells whether key frames are to be expected; before the first run they are. Caller holds mu.
func (s *Stream) hasVideo() bool {
	return s.run == nil || slices.ContainsFunc(s.tracks, func(t *rtsp.Track) bool { return t.Codec.Video() })
}

// Take appends to dst what can be read now, at most max items (0: no limit), and returns it. It does not block:
// nothing to read gives dst unchanged. Errors: an *Overrun (lossless), again on each call until Resume; ErrClosed.
func (r *Reader) Take(dst []*Item, max int) ([]*Item, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if err := r.check(); err != nil {
		return dst, err
	}
	for n := 0; r.settle() && (max <= 0 || n < max); n++ {
		dst = append(dst, r.s.ring.at(r.next))
		r.next++
	}
	return dst, nil
}

// check gives the error of a reader that can read no more. Caller holds s.mu.
func (r *Reader) check() error {
	switch {
	case r.closed:
		return ErrClosed
	case r.failed != nil:
		return r.failed
	case !r.lossy && r.next < r.s.ring.head:
		r.fail()
		return r.failed
	case r.s.closed && !r.settle():
		return ErrClosed
	}
	return nil
}

func (r *Reader) fail() {
	p, ring := r.lostNext, &r.s.ring
	if p.seq != r.next {
		p = r.lostFirst
	}
	if p.seq != r.next {
		p = lossPoint{}
	}
	r.failed = &Overrun{Seq: r.next, Wall: p.wall, Lost: ring.head - r.next, Next: ring.at(ring.head).Wall}
}

// miss is told each item that leaves the ring. Caller holds s.mu.
func (r *Reader) miss(gone *Item) {
	if gone.Seq == r.next {
		r.lostNext = lossPoint{gone.Seq, gone.Wall}
	}
	if gone.Seq == r.confirmed+1 {
		r.lostFirst = lossPoint{gone.Seq, gone.Wall}
	}
}

// settle makes the cursor of a lossy reader point at an item that may be given, and tells whether there is one.
// Caller holds s.mu.
func (r *Reader) settle() bool {
	ring := &r.s.ring
	if !r.lossy {
		return r.next < ring.tail
	}
	if r.next < ring.head || (r.next < ring.tail && r.s.passed(ring.at(r.next))) {
		r.jump()
	}
	for ; r.needKey && r.next < ring.tail; r.next++ {
		it := ring.at(r.next)
		if it.Frame == nil {
			break // marks are always given
		}
		if it.KeyFrame() || !r.s.hasVideo() {
			r.needKey = false
			break
		}
		r.skipped++
	}
	return r.next < ring.tail
}

// jump goes on at the newest key frame, or at the next one if none is held. Marks on the way are jumped over too: the
// run of the next item tells. Caller holds s.mu.
func (r *Reader) jump() {
	ring, from := &r.s.ring, r.next
	r.next = max(r.next, ring.head)
	if k := r.s.key; k != nil && k.Seq >= r.next {
		r.next = k.Seq
		r.needKey = false
	} else {
		r.needKey = r.s.hasVideo()
	}
	r.skipped += r.next - from
}

// Wait blocks until Take has something to give or an error to report. It returns ctx's error when ctx ends first.
func (r *Reader) Wait(ctx context.Context) error {
	for !r.readyOrWaits() {
		select {
		case <-r.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Wake gives a channel that gets a value when Take may have something to give, once for each call. It is for a
// reader that waits for other things too; a value may come without need.
func (r *Reader) Wake() <-chan struct{} {
	if r.readyOrWaits() {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	return r.wake
}

// readyOrWaits tells whether Take has something to give; if not, the next write will wake the reader.
func (r *Reader) readyOrWaits() bool {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.check() != nil || r.settle() {
		return true
	}
	if !r.waits {
		r.waits = true
		s.waiting = append(s.waiting, r)
	}
	return false
}

// Next waits for one item and takes it. Errors are those of Wait and Take.
func (r *Reader) Next(ctx context.Context) (*Item, error) {
	var one [1]*Item
	for {
		got, err := r.Take(one[:0], 1)
		if err != nil {
			return nil, err
		}
		if len(got) == 1 {
			return got[0], nil
		}
		if err := r.Wait(ctx); err != nil {
			return nil, err
		}
	}
}

// Skipped gives how many items a lossy reader has jumped over.
func (r *Reader) Skipped() uint64 {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.skipped
}

// Restart moves a lossy reader to the newest key frame, backwards or forwards, and reports whether one is held;
// if not, frames are skipped up to the next one. It answers a viewer that has lost its picture. A lossless reader
// stays where it is.
func (r *Reader) Restart() bool {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if !r.lossy || r.closed {
		return false
	}
	if k := r.s.key; k != nil && r.s.ring.holds(k.Seq) {
		r.next, r.needKey = k.Seq, false
		return true
	}
	r.needKey = r.s.hasVideo()
	return false
}

// Confirm says that every item up to seq is safe: Rewind does not go back before it. Numbers that were not taken
// yet count as the last one taken; going back is ignored.
func (r *Reader) Confirm(seq uint64) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	seq = min(seq, r.next-1)
	if seq <= r.confirmed {
		return
	}
	r.confirmed = seq
	r.lostFirst = lossPoint{}
	if r.lostNext.seq == seq+1 {
		r.lostFirst = r.lostNext
	}
}

// Rewind goes back to the first item that is not confirmed. If that has left the ring, the next Take reports it as
// an *Overrun.
func (r *Reader) Rewind() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if !r.lossy && r.failed == nil {
		r.next = r.confirmed + 1
	}
}

// Resume lets an overrun reader go on at the oldest key frame still held, or at what comes next if there is none.
// What it skips is what the *Overrun stated, up to the item it gives next. Everything before counts as confirmed.
// A reader that has not failed stays where it is.
func (r *Reader) Resume() {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.failed == nil {
		return
	}
	seq := max(s.ring.head, r.failed.Seq)
	for seq < s.ring.tail && !s.ring.at(seq).KeyFrame() {
		seq++
	}
	r.place(seq)
}

// Close gives the cursor up; Wait and Take then report ErrClosed. Closing twice is allowed.
func (r *Reader) Close() {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	s.readers--
	same := func(x *Reader) bool { return x == r }
	s.lossless = slices.DeleteFunc(s.lossless, same)
	s.waiting = slices.DeleteFunc(s.waiting, same)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

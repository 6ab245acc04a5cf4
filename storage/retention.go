package storage

import (
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

const (
	// maxDeletions bounds one round of retention on a volume, so that a round never holds up the look at it. Rounds are two
	// seconds apart: 128 streams of five-minute segments need one deletion in two seconds.
	maxDeletions = 64
	// leapLimit is how far the clock may be ahead of what the newest footage and the time since allow.
	leapLimit = 24 * time.Hour
	// settledTime is how long a clock that nothing synchronises must have run evenly to be believed. A site without NTP
	// would otherwise never delete by age, against its promise.
	settledTime = 24 * time.Hour
)

// retain deletes what is too old on a volume, and what is oldest there when space is short.
func (s *Store) retain(v *volume) error {
	now := s.now().UTC()
	budget := maxDeletions
	old, err := s.tooOld(s.numberOf(v), now, budget)
	if err != nil {
		return err
	}
	if s.guard.paused(v, now, len(old) > 0) == "" {
		if err := s.removeAll(old, CauseRetention, &budget); err != nil {
			return err
		}
	}
	return s.retainBySpace(v, &budget)
}

func (s *Store) maxAge(camera string) time.Duration {
	if d := s.agesOf(camera).Max; d > 0 {
		return d
	}
	return 0
}

// tooOld finds segments of a volume that end before the maximum age of their camera, at most limit.
func (s *Store) tooOld(number uint16, now time.Time, limit int) (old []Segment, err error) {
	err = s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
		age := s.maxAge(camera)
		if age <= 0 {
			return nil
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil && len(old) < limit; k, v = c.Next() {
			seg, err := unmarshalSegment(k, v)
			if err != nil {
				return err
			}
			if seg.End.After(now.Add(-age)) {
				return nil
			}
			if seg.Open || seg.volume != number {
				continue
			}
			seg.Camera, seg.Stream = camera, stream
			old = append(old, seg)
		}
		return nil
	})
	return old, err
}

func (s *Store) removeAll(list []Segment, cause Cause, budget *int) error {
	for i := range list {
		*budget--
		if err := s.remove(&list[i], cause); err != nil {
			return err
		}
	}
	return nil
}

// retainBySpace deletes the oldest segments of a volume until the space that is to stay free is free.
func (s *Store) retainBySpace(v *volume, budget *int) error {
	number := s.numberOf(v)
	for need := v.headroom(); need > 0 && *budget > 0; *budget-- {
		seg, ok, err := s.oldest(number)
		if err != nil {
			return err
		}
		if !ok {
			return nil // nothing that may go: the volume's state says that it is full
		}
		if err := s.remove(&seg, CauseFull); err != nil {
			return err
		}
		need -= seg.Size
	}
	return nil
}

// oldest finds the closed segment of a volume that began first.
func (s *Store) oldest(number uint16) (oldest Segment, ok bool, err error) {
	err = s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			seg, err := unmarshalSegment(k, v)
			if err != nil {
				return err
			}
			if seg.volume != number || seg.Open {
				continue
			}
			if !ok || seg.Start.Before(oldest.Start) {
				seg.Camera, seg.Stream = camera, stream
				oldest, ok = seg, true
			}
			return nil
		}
		return nil
	})
	return oldest, ok, err
}

// remove deletes a segment, and the gaps that lie before what is left of its stream. History then begins later; where
// older footage is left on another volume, a gap says that this was deleted.
func (s *Store) remove(seg *Segment, cause Cause) error {
	s.fill(seg)
	s.mu.Lock()
	v := s.numbers[seg.volume]
	s.mu.Unlock()
	if v == nil {
		return nil
	}
	r := closing(seg)
	r.Type, r.At, r.Cause = "deleted", s.now().UTC(), cause
	if err := s.journalTo(v, r); err != nil && cause != CauseFull { // a full volume has no room for the note, and needs the deletion
		return err
	}
	err := s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := deleteSegment(tx, seg); err != nil {
			return err
		}
		if err := noteDeleted(tx, seg.Camera, seg.Stream, seg.Start, seg.End); err != nil {
			return err
		}
		return dropGaps(tx, seg.Camera, seg.Stream)
	})
	if err != nil {
		return err
	}
	if err := s.removeFile(v, seg); err != nil {
		return err
	}
	v.mu.Lock()
	v.free += seg.Size
	v.mu.Unlock()
	return nil
}

// noteDeleted leaves a gap where a segment was deleted and older footage is left. A gap of the same cause that ends where
// it begins is made longer.
func noteDeleted(tx *bbolt.Tx, camera, stream string, start, end time.Time) error {
	k := streamKey(camera, stream)
	segments := tx.Bucket(bSegments).Bucket(k)
	if segments == nil || !end.After(start) {
		return nil
	}
	first, _ := segments.Cursor().First()
	if first == nil || !nano(first).Before(start) {
		return nil
	}
	if gaps := tx.Bucket(bGaps).Bucket(k); gaps != nil {
		c := gaps.Cursor()
		c.Seek(nanoKey(start))
		if key, v := c.Prev(); key != nil {
			g, err := readGap(key, v)
			if err != nil {
				return err
			}
			if g.cause == CauseRetention && g.end.Equal(start) {
				start = g.start
			}
		}
	}
	return putGap(tx, camera, stream, gapEntry{start: start, end: end, cause: CauseRetention})
}

// dropGaps forgets the gaps before a stream's oldest footage.
func dropGaps(tx *bbolt.Tx, camera, stream string) error {
	k := streamKey(camera, stream)
	segments, gaps := tx.Bucket(bSegments).Bucket(k), tx.Bucket(bGaps).Bucket(k)
	if segments == nil || gaps == nil {
		return nil
	}
	first, _ := segments.Cursor().First()
	if first == nil {
		return nil
	}
	c := gaps.Cursor()
	for key, v := c.First(); key != nil; key, v = c.First() {
		g, err := readGap(key, v)
		if err != nil || g.end.IsZero() || g.end.After(nano(first)) {
			return err
		}
		if err := gaps.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// newestFootage is the start of the newest segment of all streams, zero without any.
func (s *Store) newestFootage() (newest time.Time) {
	s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
		if k, _ := b.Cursor().Last(); k != nil && nano(k).After(newest) {
			newest = nano(k)
		}
		return nil
	})
	return newest
}

// ageGuard keeps a wrong clock from deleting an archive.
type ageGuard struct {
	synchronised func() bool
	mono         func() time.Duration
	now          func() time.Time

	began  time.Duration // constant
	wall   time.Time     // at began
	newest time.Time     // footage that was there at the start; constant

	mu        sync.Mutex // guards what follows
	confirmed bool
	reasons   map[*volume]string // by volume on which a deletion is held up
}

func newAgeGuard(o Options, now func() time.Time) *ageGuard {
	g := &ageGuard{synchronised: o.Synchronised, mono: o.Mono, now: now, reasons: map[*volume]string{}}
	if g.synchronised == nil {
		g.synchronised = kernelSynchronised
	}
	if g.mono == nil {
		start := time.Now()
		g.mono = func() time.Duration { return time.Since(start) }
	}
	g.began, g.wall = g.mono(), now()
	return g
}

// paused gives the reason why nothing is deleted by age, "" when it is. A doubt is an alarm only when it holds up a
// deletion that is due.
func (g *ageGuard) paused(v *volume, now time.Time, due bool) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	doubt := g.doubt(now)
	delete(g.reasons, v)
	if due && doubt != "" {
		g.reasons[v] = doubt
	}
	return doubt
}

// holds gives the reason why a deletion that is due is held up, "" when none is.
func (g *ageGuard) holds() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, reason := range g.reasons {
		return reason
	}
	return ""
}

// doubt says what is doubtful about the clock. Caller holds mu.
func (g *ageGuard) doubt(now time.Time) string {
	if g.confirmed || g.synchronised() {
		return ""
	}
	ran := g.mono() - g.began
	if step := now.Sub(g.wall) - ran; step > leapLimit || step < -leapLimit {
		return fmt.Sprintf("the clock stepped by %v since the gateway started", step.Round(time.Minute))
	}
	if !g.newest.IsZero() {
		if ahead := now.Sub(g.newest) - ran; ahead > leapLimit {
			return fmt.Sprintf("the clock is %v ahead of the newest footage", ahead.Round(time.Minute))
		}
	}
	if ran < settledTime {
		return "the clock is not synchronised since the start"
	}
	return ""
}

// ConfirmClock says that a person has looked at the clock: deletion by age goes on.
func (s *Store) ConfirmClock() {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	s.guard.confirmed = true
}

// kernelSynchronised asks the kernel whether NTP holds its clock.
func kernelSynchronised() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}

// Alarm is a condition of storage that needs a person.
type Alarm struct {
	ID    string
	Loses bool // footage is not being recorded
	Since time.Time
	What  string
	Means string
	Do    string
}

// Alarms gives the present conditions.
func (s *Store) Alarms() []Alarm {
	var list []Alarm
	usable := 0
	for _, v := range s.list() {
		if v.ok() {
			usable++
		}
	}
	for _, v := range s.list() {
		st := v.status()
		list = append(list, s.drainAlarms(v)...)
		if st.Usable() {
			list = append(list, s.slowness(v, st)...)
			continue
		}
		means := "Nothing can be recorded until it is back. Live view goes on."
		if usable > 0 {
			means = "Recording goes on on the other volumes."
		}
		list = append(list, Alarm{ID: "volume:" + st.Path, Loses: usable == 0, Since: st.Since,
			What: fmt.Sprintf("Volume %s is %s: %s.", st.Path, st.State, st.Cause), Means: means, Do: st.Do})
	}
	for _, v := range s.list() {
		list = append(list, v.disks.alarms(v.o.Path)...)
	}
	list = append(list, s.unpinned()...)
	if moved := s.index.aside; moved != "" {
		list = append(list, Alarm{ID: "index", Since: s.opened.UTC(), What: "The index could not be read when the gateway started. It was made again from the footage; the old one is " + moved + ".",
			Means: "All footage that could be read is on the timelines. Causes of gaps that were noted in the last seconds before may be missing.",
			Do:    "Check the disk that holds the data directory, and whether the power failed. The alarm goes with the next start."})
	}
	if reason := s.guard.holds(); reason != "" {
		list = append(list, Alarm{ID: "clock", Since: s.guard.wall.UTC(), What: "Deletion by age is paused: " + reason + ".",
			Means: "Footage is kept longer than was set, and deleted only when space is needed.",
			Do:    "Have the machine's clock set by NTP. Deletion goes on by itself once the clock is synchronised, or has run evenly for a day."})
	}
	return append(list, s.rotAlarms()...)
}

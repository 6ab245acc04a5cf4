package storage

import (
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

const (
	// maxDeletions bounds one round of retention on a volume, by age and for space each. Rounds are two seconds apart: 128
	// streams of five-minute segments need one deletion in two seconds.
	maxDeletions = 1024
	// maxLooks bounds how many segments a round looks at.
	maxLooks = 4096
	// roundTime is when a round begins no further deletion, so that it never holds up the look at its volume.
	roundTime = time.Second
	// leapLimit is how far the clock may be ahead of what the newest footage and the time since allow.
	leapLimit = 24 * time.Hour
	// settledTime is how long a clock that nothing synchronises must have run evenly to be believed. A site without NTP
	// would otherwise never delete by age, against its promise.
	settledTime = 24 * time.Hour
)

// turn is what retention may still do on a volume before its next look.
type turn struct {
	v       *volume
	number  uint16
	now     time.Time
	until   time.Time // monotonic
	deletes int
}

func (r *turn) more() bool { return r.deletes > 0 && time.Now().Before(r.until) }

// retain deletes what is too old on a volume, and what is to go first there when space is short.
func (s *Store) retain(v *volume) error {
	r := &turn{v: v, number: s.numberOf(v), now: s.now().UTC()}
	if err := s.examine(r.now); err != nil {
		return err
	}
	for _, retain := range []func(*turn) error{s.retainByAge, s.retainBySpace} {
		r.until, r.deletes = time.Now().Add(roundTime), maxDeletions // each anew: neither may starve the other
		if err := retain(r); err != nil {
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

// believed tells whether the clock may end what was to be kept.
func (g *ageGuard) believed(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.doubt(now) == ""
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

// ClockTrusted tells whether the clock is believed so far that what is too old by it may be deleted.
func (s *Store) ClockTrusted() bool { return s.guard.believed(s.now()) }

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
	list = append(list, s.unmirrored()...)
	list = append(list, s.retentionAlarms()...)
	if moved := s.index.aside; moved != "" {
		list = append(list, Alarm{ID: "index", Since: s.opened.UTC(), What: "The index could not be read when the gateway started. It was made again from the footage; the old one is " + moved + ".",
			Means: "All footage that could be read is on the timelines. Causes of gaps that were noted in the last seconds before may be missing.",
			Do:    "Check the disk that holds the data directory, and whether the power failed. The alarm goes with the next start."})
	}
	if reason := s.guard.holds(); reason != "" {
		list = append(list, Alarm{ID: "clock", Since: s.guard.wall.UTC(), What: "Deletion by age is paused: " + reason + ".",
			Means: "Footage is kept longer than was set, and deleted only when space is needed. Locks do not end by themselves.",
			Do:    "Have the machine's clock set by NTP. Deletion goes on by itself once the clock is synchronised, or has run evenly for a day. Where the clock is right, say so: holdfast clock confirm."})
	}
	return append(list, s.rotAlarms()...)
}

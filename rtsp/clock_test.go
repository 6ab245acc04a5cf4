package rtsp

import (
	"math/rand/v2"
	"testing"
	"time"
)

var day0 = time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // the night when Europe's clocks go back

// world drives a track's clocks with a camera whose crystal is off and a network that delays.
type world struct {
	line  timeline
	clock wallClock
	host  hostClock

	mono  Mono
	wall  time.Time
	stamp uint32
	ppm   float64
	delay func() time.Duration
	ticks float64
	pos   time.Duration
	begun bool
	steps int
}

func newWorld(ppm float64, delay func() time.Duration) *world {
	return &world{line: timeline{rate: 90000}, wall: day0, ppm: ppm, delay: delay, stamp: 0xffff0000}
}

// frame lets true time pass and one frame arrive; it returns how far the frame's wall time is from the true one.
func (w *world) frame(gap time.Duration) time.Duration {
	w.mono += Mono(gap)
	w.wall = w.wall.Add(gap)
	w.ticks += float64(gap) / 1e9 * 90000 * (1 + w.ppm/1e6)
	late := w.delay()
	arrival, host := w.mono+Mono(late), w.wall.Add(late)
	if w.host.read(host, arrival) {
		w.steps++
		w.begun = false
	}
	at := w.line.next(w.stamp+uint32(uint64(w.ticks)), arrival)
	w.pos = w.line.duration(at)
	if !w.begun {
		w.clock.start(w.pos, host, arrival)
		w.begun = true
	} else {
		w.clock.observe(w.pos, host, arrival)
	}
	return w.clock.at(w.pos).Sub(w.wall)
}

func none() time.Duration { return 0 }

func TestClockFollowsHostThroughDaysOfDrift(t *testing.T) {
	t.Parallel()
	for _, ppm := range []float64{-100, 100} {
		rnd := rand.New(rand.NewPCG(1, 2))
		w := newWorld(ppm, func() time.Duration { return time.Duration(rnd.Int64N(int64(40 * time.Millisecond))) })
		worst := time.Duration(0)
		for range 3 * 24 * 3600 * 2 { // three days at two frames a second: RTP time wraps five times
			worst = max(worst, w.frame(500*time.Millisecond).Abs())
		}
		if worst > 100*time.Millisecond {
			t.Errorf("%v ppm: wall time was off by %v", ppm, worst)
		}
		if w.steps != 0 || w.line.jumps != 0 {
			t.Errorf("%v ppm: %d steps, %d jumps", ppm, w.steps, w.line.jumps)
		}
		want := float64(3*24*time.Hour) * (1 + ppm/1e6)
		if got := float64(w.pos); got < want-float64(time.Second) || got > want+float64(time.Second) {
			t.Errorf("%v ppm: position %v after three days of camera time %v", ppm, w.pos, time.Duration(want))
		}
	}
}

func TestClockSlewsNoFasterThanItMay(t *testing.T) {
	w := newWorld(0, none)
	w.frame(40 * time.Millisecond)
	for range 25 * 10 {
		w.frame(40 * time.Millisecond)
	}
	w.wall = w.wall.Add(800 * time.Millisecond) // below the limit of a step: followed slowly
	before := w.clock.offset
	for range 25 * 60 {
		w.frame(40 * time.Millisecond)
	}
	moved := w.clock.offset - before
	if most := time.Minute * maxSlew / 1e6; moved <= 0 || moved > most+time.Millisecond {
		t.Errorf("moved %v in a minute, at most %v allowed", moved, most)
	}
	if w.steps != 0 {
		t.Error("a small step began a new run")
	}
}

func TestHostClockStepsAreNoticed(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour, 2 * time.Second, -2 * time.Second} {
		w := newWorld(0, none)
		for range 100 {
			w.frame(40 * time.Millisecond)
		}
		w.wall = w.wall.Add(step)
		off := w.frame(40 * time.Millisecond)
		if w.steps != 1 {
			t.Errorf("step of %v: noticed %d", step, w.steps)
		}
		if off.Abs() > time.Millisecond {
			t.Errorf("step of %v: the new run is off by %v", step, off)
		}
	}
}

func TestLateFirstFrameDoesNotMisanchorTheRun(t *testing.T) {
	first := true
	w := newWorld(0, func() time.Duration {
		if first {
			first = false
			return 900 * time.Millisecond
		}
		return 5 * time.Millisecond
	})
	w.frame(40 * time.Millisecond)
	w.mono += Mono(900 * time.Millisecond) // the following frames arrive in time
	w.wall = w.wall.Add(900 * time.Millisecond)
	w.ticks += 0.9 * 90000
	if off := w.frame(40 * time.Millisecond); off.Abs() > 10*time.Millisecond {
		t.Errorf("off by %v", off)
	}
}

func TestTimelineUnwrapsInBothDirections(t *testing.T) {
	l := timeline{rate: 90000}
	l.next(0xfffffff0, 0)
	if at := l.next(0x10, Mono(time.Millisecond)); at != 0x20 {
		t.Errorf("after the wrap at %d", at)
	}
	if at := l.next(0xfffffff8, Mono(2*time.Millisecond)); at != 8 { // a B-frame
		t.Errorf("back over the wrap at %d", at)
	}
}

func TestTimelineSmoothsTheCamerasJumps(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 10 * time.Second, -10 * time.Second} {
		l := timeline{rate: 90000}
		stamp := uint32(1000)
		var at Ticks
		for i := range 100 {
			if i == 50 {
				stamp += uint32(int64(jump/time.Second) * 90000)
			}
			next := l.next(stamp, Mono(i)*Mono(40*time.Millisecond))
			if i > 0 && next-at != 3600 {
				t.Fatalf("jump of %v: frame %d is %d ticks after the one before", jump, i, next-at)
			}
			at = next
			stamp += 3600
		}
		if l.jumps != 1 {
			t.Errorf("jump of %v counted %d times", jump, l.jumps)
		}
	}
}

func TestTimelineKeepsBurstsAfterANetworkPause(t *testing.T) {
	l := timeline{rate: 90000}
	arrival := Mono(0)
	for i := range 200 {
		if i >= 100 && i < 200 {
			arrival = Mono(8 * time.Second) // four seconds of frames come at once after a pause
		} else {
			arrival = Mono(i) * Mono(40*time.Millisecond)
		}
		if at := l.next(uint32(i)*3600, arrival); at != Ticks(i)*3600 {
			t.Fatalf("frame %d at %d", i, at)
		}
	}
}

func TestTimelineUsesArrivalWhenTheCameraStampsNothing(t *testing.T) {
	l := timeline{rate: 90000}
	var at Ticks
	for i := range 100 {
		at = l.next(77, Mono(i)*Mono(40*time.Millisecond))
	}
	if got := l.duration(at); got < 3800*time.Millisecond || got > 4*time.Second {
		t.Errorf("after four seconds of one constant time stamp the position is %v", got)
	}
}

func TestDaylightSavingDoesNotTouchTheClock(t *testing.T) {
	w := newWorld(0, none)
	for range 3 * 3600 { // over the hour that local clocks repeat
		if off := w.frame(time.Second); off.Abs() > time.Millisecond {
			t.Fatalf("off by %v at %v", off, w.wall)
		}
	}
	if w.steps != 0 || w.clock.at(w.pos).Location() != time.UTC {
		t.Error("local time leaked into the clock")
	}
}

package rtsp

import "time"

// The numbers of TIME.md.
const (
	maxJump    = 2 * time.Second // beyond what arrival explains, a step of RTP time is the camera's mistake
	maxSlew    = 500             // parts per million: how fast a run's clock follows the host's
	clockStep  = time.Second     // a step of the host clock above this begins a new run
	settleTime = 2 * time.Second // at the start of a run a late anchor may be corrected at once
	delaySpan  = 5 * time.Second // over which the least delay is taken
	frozenRun  = 2               // equal time stamps in a row before arrival is used instead
)

// timeline turns the 32-bit RTP time of one track into Ticks: unwrapped, and continuous where the camera's is not.
// It never looks at a wall clock.
type timeline struct {
	rate    int64 // Hz
	started bool
	stamp   uint32 // newest RTP time
	at      Ticks  // its place
	arrived Mono
	frozen  int    // how often the time stamp was repeated
	jumps   uint64 // steps that were smoothed
}

// next places an RTP time stamp that arrived at the given moment.
func (t *timeline) next(stamp uint32, arrival Mono) Ticks {
	if !t.started {
		t.started, t.stamp, t.arrived = true, stamp, arrival
		return t.at
	}
	moved := Ticks(int32(stamp - t.stamp)) // wraps by itself
	waited := t.ticks(time.Duration(arrival - t.arrived))
	switch limit := t.ticks(maxJump); {
	case moved > waited+limit || moved < -limit:
		t.jumps++
		moved = waited
	case moved == 0 && t.frozen >= frozenRun:
		moved = waited
	case moved == 0:
		t.frozen++
		return t.at // the first repetitions keep their place, and the arrival that the next is measured from
	default:
		t.frozen = 0
	}
	t.stamp, t.at, t.arrived = stamp, t.at+moved, arrival
	return t.at
}

func (t *timeline) ticks(d time.Duration) Ticks {
	return Ticks(int64(d/time.Second)*t.rate + int64(d%time.Second)*t.rate/int64(time.Second))
}

func (t *timeline) duration(n Ticks) time.Duration { return ticksDuration(n, t.rate) }

func ticksDuration(n Ticks, rate int64) time.Duration {
	s, r := int64(n)/rate, int64(n)%rate
	return time.Duration(s)*time.Second + time.Duration(r)*time.Second/time.Duration(rate)
}

// wallClock gives the wall time of one track of a run. It is anchored at the run's first frame and follows the host clock
// at no more than maxSlew.
type wallClock struct {
	anchor  time.Time // wall time of tick zero, as first believed
	offset  time.Duration
	started Mono
	updated Mono
	least   leastDelay
	reports *time.Duration // where sender reports say the offset belongs; nil: arrival decides
}

// start anchors the clock: the frame at pos was there when the host clock said wall.
func (c *wallClock) start(pos time.Duration, wall time.Time, arrival Mono) {
	*c = wallClock{anchor: wall.Add(-pos), started: arrival, updated: arrival}
}

// observe takes note that the frame at pos arrived when the host clock said wall. Network and camera delay frames but
// never hurry them, so the least delay seen lately is the truest.
func (c *wallClock) observe(pos time.Duration, wall time.Time, arrival Mono) {
	late := wall.Sub(c.anchor.Add(pos))
	c.least.add(late, arrival)
	if c.reports != nil {
		c.follow(*c.reports, arrival)
		return
	}
	c.follow(c.least.value(), arrival)
}

// follow moves the offset towards target as fast as the rules allow.
func (c *wallClock) follow(target time.Duration, arrival Mono) {
	if time.Duration(arrival-c.started) < settleTime && target < c.offset {
		c.offset, c.updated = target, arrival // the first frame was late: a frame cannot be of the future
		return
	}
	most := time.Duration(arrival-c.updated) * maxSlew / 1e6
	c.updated = arrival
	c.offset += min(max(target-c.offset, -most), most)
}

// step moves the offset at once. Only sound is stepped, once, when sender reports tell where it belongs.
func (c *wallClock) step(target time.Duration) { c.offset = target }

// reported makes sender reports decide where the offset belongs.
func (c *wallClock) reported(target time.Duration) { c.reports = &target }

// at gives the wall time of a position.
func (c *wallClock) at(pos time.Duration) time.Time { return c.anchor.Add(pos + c.offset) }

// leastDelay is the minimum over the last one to two spans.
type leastDelay struct {
	began    Mono
	now, old time.Duration
	some     bool
}

func (l *leastDelay) add(d time.Duration, at Mono) {
	switch {
	case !l.some:
		l.began, l.now, l.old, l.some = at, d, d, true
	case time.Duration(at-l.began) >= delaySpan:
		l.began, l.old, l.now = at, l.now, d
	default:
		l.now = min(l.now, d)
	}
}

func (l *leastDelay) value() time.Duration { return min(l.now, l.old) }

// hostClock notices steps of the host's wall clock by comparing it with the monotonic one.
type hostClock struct {
	some bool
	wall time.Time
	mono Mono
}

// read notes a reading and tells whether the clock stepped since the one before.
func (h *hostClock) read(wall time.Time, mono Mono) (stepped bool) {
	if h.some {
		step := wall.Sub(h.wall) - time.Duration(mono-h.mono)
		stepped = step > clockStep || step < -clockStep
	}
	h.some, h.wall, h.mono = true, wall, mono
	return stepped
}

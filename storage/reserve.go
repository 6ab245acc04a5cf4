package storage

import (
	"time"
)

// Space is reserved ahead of what is written, so that files are of few extents although many grow side by side: all that
// a segment is expected to need when it is created, more when it needs more, and what is left over is given back at
// close. Reserved space is used space to the file system and to everybody who asks how much is free.
const (
	// allocateStep is reserved at a time while a stream's rate is not known, and when there is no room for more, bytes.
	allocateStep = 16 << 20
	// maxAllocate bounds what is reserved at once, bytes: an hour of 4 Mbit/s.
	maxAllocate = 2 << 30
	// allocateLeast is reserved for the end of a segment that needs more than was expected, and what is reserved is a multiple
	// of, bytes.
	allocateLeast = 1 << 20
	// allocateSpare is the part that is reserved beyond what is expected: half a group of pictures and a little. With an
	// eighth, a full ext4 volume fell from 60 to 16 MB an extent within ten turnovers, with this to 20, both when a reservation
	// was asked for as a whole; asked for in powers of two, as package durable does, it stays at 29.
	allocateSpare = 32
	// enoughTime is how much footage tells a stream's rate.
	enoughTime = 5 * time.Second
	// aheadTime is how long before a segment is due retention makes room for the next: several of its rounds.
	aheadTime = 10 * time.Second
	// aheadPart bounds the room that is made for them, as a part of the volume: one is not emptied for a stream whose
	// segments it can hardly hold.
	aheadPart = 16
)

// appetite is the space that a stream will ask of a volume, and when.
type appetite struct {
	bytes int64
	at    time.Time
}

// reserve takes space for a reservation. Whole ones stay out of what is to stay free. A step may take half of that: its
// bytes will be written within the minute in any case, and better together than between those of others.
func (v *volume) reserve(n int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	least := v.keepFree()
	if n <= allocateStep {
		least /= 2
	}
	if v.free-n < least {
		return false
	}
	v.free -= n // until the next look sees it
	return true
}

// giveBack returns space that was reserved and is not used.
func (v *volume) giveBack(n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.free += n
}

// expect notes what a stream will ask for, in place of what it did before; forgetAppetite, that it asks for nothing more.
func (v *volume) expect(stream string, a appetite) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.appetites[stream] = a
}

func (v *volume) forgetAppetite(stream string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.appetites, stream)
}

// ahead is the space that will be asked for soon, bytes. Without it a volume that retention keeps full would never have
// room for a whole reservation. Caller holds mu.
func (v *volume) ahead() (sum int64) {
	soon := v.now().Add(aheadTime)
	for _, a := range v.appetites {
		if a.at.Before(soon) {
			sum += a.bytes
		}
	}
	return min(sum, v.total/aheadPart)
}

// plan is what is expected of a segment when it begins.
type plan struct {
	stream string    // key
	due    time.Time // when the segment should end
	rate   float64   // bytes a second of the segment before, 0 when nothing is known
}

func (w *Writer) planFrom(start time.Time) plan {
	return plan{stream: string(streamKey(w.camera, w.stream)), due: w.dueOf(start), rate: w.rate}
}

// grow reserves space for what is about to be written up to end. It is a wish: file systems without it are as good as they
// are.
func (o *open) grow(end int64) {
	if end <= o.room {
		return
	}
	n := o.expected()
	if o.vol.reserve(n) {
		o.vol.expect(o.plan.stream, appetite{bytes: max(spared(o.rate(), SegmentTime), allocateStep), at: o.plan.due})
	} else {
		o.vol.expect(o.plan.stream, appetite{bytes: n}) // at once: it is tried again when the step is used up
		if n = allocateStep; !o.vol.reserve(n) {
			return
		}
	}
	to := (end + n) / allocateLeast * allocateLeast // whole pieces: beyond end, since n is at least one
	if err := o.file.Allocate(o.room, to); err != nil {
		o.vol.giveBack(n)
		return
	}
	o.room = to
}

// rate is what the segment itself tells, or else the one before.
func (o *open) rate() float64 {
	if r := rateOf(o.off, o.ends.Sub(o.Start)); r > 0 {
		return r
	}
	return o.plan.rate
}

// expected is how many bytes to reserve: what the segment will have beyond those it has, with a spare, or a step while
// the stream's rate is not known. Not more: what is given back at close is a hole that the next files are laid into.
func (o *open) expected() int64 {
	left := o.plan.due.Sub(later(o.Start, o.ends))
	if n := spared(o.rate(), max(left, enoughTime)); n > 0 {
		return max(n, allocateLeast)
	}
	return allocateStep
}

func spared(rate float64, d time.Duration) int64 {
	n := rate * d.Seconds()
	return min(int64(n+n/allocateSpare), maxAllocate)
}

// rateOf is bytes a second, 0 when there is too little footage to tell.
func rateOf(bytes int64, d time.Duration) float64 {
	if d < enoughTime {
		return 0
	}
	return float64(bytes) / d.Seconds()
}

package playback

import (
	"errors"
	"fmt"
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// joinTolerance is how far apart the end of one segment and the start of the next may be to be one
// unbroken recording, when they are of one run: two clocks' roundings, less than a picture.
const joinTolerance = 10 * time.Millisecond

// part is a segment of a clip, and how its time maps to wall time.
type part struct {
	source   *source
	table    *fmp4.Table // nil once laid out
	joined   bool
	wall     time.Time     // of the segment's time zero
	lasts    time.Duration // wall time of the segment
	begin    time.Duration // presentation, since time zero
	media    time.Duration // presentation of the segment
	from, to time.Duration // shown, as fmp4.Part has it
}

// part opens segment i of a range and finds what of it is shown.
func (p *Playback) part(k key, segments []storage.Segment, i int) (*part, error) {
	seg := segments[i]
	src, table, err := p.files.open(&seg)
	if err != nil {
		return nil, err
	}
	x := newTimes(seg, table)
	x.source, x.table, x.joined = src, table, i > 0 && follows(&segments[i-1], &seg)
	if _, _, ok := table.Presentation(); !ok {
		return x, nil
	}
	if k.from.After(seg.Start) {
		x.from = x.mediaAt(k.from)
	}
	if k.to.Before(seg.Start.Add(x.lasts)) {
		x.to = x.mediaAt(k.to)
	}
	return x, nil
}

func (x *part) part() fmp4.Part {
	return fmp4.Part{Table: x.table, Source: x.source, Seed: []byte(x.source.seed), Joined: x.joined, From: x.from, To: x.to}
}

// follows tells whether b goes on where a ends.
func follows(a, b *storage.Segment) bool {
	return a.Run == b.Run && b.Start.Sub(a.End).Abs() <= joinTolerance
}

// mediaAt is the segment's time at a wall time. The slew is at most 500 ppm, so the correction is
// small and a float64 holds it to the nanosecond.
func (x *part) mediaAt(wall time.Time) time.Duration {
	d := wall.Sub(x.wall)
	return x.begin + d + time.Duration(float64(d)*float64(x.media-x.lasts)/float64(x.lasts))
}

// wallAt is the wall time at a time of the segment.
func (x *part) wallAt(at time.Duration) time.Time {
	d := at - x.begin
	if x.media <= 0 {
		return x.wall.Add(d)
	}
	return x.wall.Add(d + time.Duration(float64(d)*float64(x.lasts-x.media)/float64(x.media)))
}

// noFootage turns an empty layout into what a caller branches on.
func noFootage(err error) error {
	if errors.Is(err, fmp4.ErrEmpty) {
		return ErrNoFootage
	}
	return fmt.Errorf("lay out clip: %w", err)
}

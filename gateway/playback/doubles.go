package playback

import (
	"time"

	"holdfast/storage"
)

// withoutDoubles leaves out what would show a time of [from, to) a second time: of two runs that overlap, after a clock was set back, the
// segments of the one with the lower id stay. Ids are random, so it is either, but the same one whatever range is asked for. A segment that is
// double in part alone stays, so that no footage is a gap. The segments are those of the range, in the order of their starts.
func withoutDoubles(segments []storage.Segment, from, to time.Time) []storage.Segment {
	list := segments[:0:0]
	for i := range segments {
		if !doubled(segments, i, from, to) {
			list = append(list, segments[i])
		}
	}
	return list
}

// doubled tells whether segments of runs with lower ids have all that segment i has of [from, to).
func doubled(segments []storage.Segment, i int, from, to time.Time) bool {
	s := &segments[i]
	begin, end := within(s, from, to)
	whole := end.Sub(begin)
	left := whole
	other := func(o *storage.Segment) {
		if o.Run < s.Run {
			if a, b := within(o, begin, end); b.After(a) {
				left -= b.Sub(a)
			}
		}
	}
	for k := i - 1; k >= 0 && s.Start.Sub(segments[k].Start) <= storage.MaxSegmentTime; k-- {
		other(&segments[k])
	}
	for k := i + 1; k < len(segments) && segments[k].Start.Before(end); k++ {
		other(&segments[k])
	}
	return left < whole && left <= joinTolerance
}

// within is what a segment has of [from, to).
func within(s *storage.Segment, from, to time.Time) (begin, end time.Time) {
	if begin = s.Start; begin.Before(from) {
		begin = from
	}
	if end = s.End; end.After(to) {
		end = to
	}
	return begin, end
}

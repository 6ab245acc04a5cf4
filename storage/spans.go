package storage

import (
	"maps"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// joinTolerance is what two segments of one run may be apart and still be one recording: less than a picture, more than
// the rounding of two clocks.
const joinTolerance = 10 * time.Millisecond

// joinReach is that of a segment which says that it goes on where the one before ends. Where that one ends is a guess of how long its
// last picture lasts when it was finished by its file alone, because its volume or the index had failed.
const joinReach = 100 * time.Millisecond

// Spans tells for [from, to) what of a stream is recorded and why the rest is not, in order and without holes: from the
// first thing known of the stream, to now. Footage of two runs that overlap, after the clock went back, gives
// recorded spans that overlap. Footage of later than now, of a clock that was ahead until it was set right, is told too; what
// lies between now and it has not been yet, and is no gap.
func (s *Store) Spans(camera, stream string, from, to time.Time) ([]Span, error) {
	if err := checkRange(from, to); err != nil {
		return nil, err
	}
	until := earlier(to, s.now().UTC()) // of gaps
	footage, err := s.stretches(camera, stream, from, to)
	if err != nil {
		return nil, err
	}
	var gaps []gapEntry
	err = s.index.db.View(func(tx *bbolt.Tx) (err error) {
		if gaps, err = gapsBetween(tx, camera, stream, from, until); err != nil {
			return err
		}
		return s.away(tx, camera, stream, from, until, &gaps)
	})
	if err != nil {
		return nil, err
	}
	first, err := s.firstKnown(camera, stream)
	if err != nil || first.IsZero() {
		return []Span{}, err
	}
	footage, gaps = s.hideErased(camera, stream, from, to, footage, gaps)
	recorded := merge(footage)
	wereGaps(recorded, gaps)
	spans := clip(interleave(recorded, holes(recorded, gaps, later(from, first), s.horizon(camera, stream, until))), from, to)
	return spans[:min(len(spans), maxSpans)], nil
}

// horizon is where knowledge ends: a stream that is being recorded is known up to what is synced, any other up to to.
func (s *Store) horizon(camera, stream string, to time.Time) time.Time {
	s.mu.Lock()
	w := s.writers[string(streamKey(camera, stream))]
	s.mu.Unlock()
	if w == nil {
		return to
	}
	if end, ok := w.known(); ok {
		return earlier(to, end)
	}
	return to
}

// stretch is what a timeline needs of a segment. A month of them is 0.5 MB where segments were 3 MB, which cost more to
// collect than everything else.
type stretch struct {
	start, end time.Time
	run        uint32
	filled     Filled
	joined     bool // it goes on where the segment before ends
}

// follows tells whether footage of one run goes on at an end.
func (f *stretch) follows(end time.Time) bool {
	apart := f.start.Sub(end).Abs()
	return apart <= joinTolerance || f.joined && apart <= joinReach
}

// stretches gives the footage of a stream that overlaps [from, to), in the order of its starts. Where a closed segment
// lies a timeline need not know; how far an open one has come it must.
func (s *Store) stretches(camera, stream string, from, to time.Time) (list []stretch, err error) {
	open := map[int]Segment{}
	err = s.eachSegment(camera, stream, from, to, func(seg Segment) {
		if seg.Open {
			open[len(list)] = seg
		}
		list = append(list, stretch{seg.Start, seg.End, seg.Run, seg.Filled, seg.Joined})
	})
	for i, seg := range open {
		s.fill(&seg)
		list[i].end = seg.End
	}
	return list, err
}

// merge makes recorded spans of footage: segments of one run that follow each other are one.
func merge(footage []stretch) []Span {
	spans := make([]Span, 0, len(footage))
	var run uint32
	for _, f := range footage {
		if n := len(spans); n > 0 && run == f.run && spans[n-1].Filled == f.filled && f.follows(spans[n-1].End) {
			spans[n-1].End = later(spans[n-1].End, f.end)
			continue
		}
		run = f.run
		spans = append(spans, Span{Start: f.start, End: f.end, Run: f.run, Filled: f.filled})
	}
	return spans
}

// wereGaps names the cause of the gap that filled footage was put into. gaps are in order.
func wereGaps(recorded []Span, gaps []gapEntry) {
	for i := range recorded {
		r := &recorded[i]
		if r.Filled == (Filled{}) {
			continue
		}
		n, _ := slices.BinarySearchFunc(gaps, r.Start.Add(joinTolerance), func(g gapEntry, t time.Time) int { return g.start.Compare(t) })
		if n > 0 && (gaps[n-1].end.IsZero() || gaps[n-1].end.After(r.Start)) {
			r.Cause = gaps[n-1].cause
		}
	}
}

// holes gives the gaps between recorded spans within [from, to), each with its cause.
func holes(recorded []Span, gaps []gapEntry, from, to time.Time) (list []Span) {
	at := from
	for _, r := range recorded {
		if end := earlier(r.Start, to); end.After(at) {
			for len(gaps) > 0 && !gaps[0].end.IsZero() && !gaps[0].end.After(at) {
				gaps = gaps[1:] // over; without this a month of short gaps costs their square
			}
			list = causes(list, gaps, at, end)
		}
		at = later(at, r.End)
	}
	if at.Before(to) {
		list = causes(list, gaps, at, to)
	}
	return list
}

// causes fills a hole with the gaps that are known in it, and what they leave with an unknown cause. It appends to list.
func causes(list []Span, gaps []gapEntry, from, to time.Time) []Span {
	at, n := from, len(list)
	for _, g := range gaps {
		if !g.start.Before(to) {
			break
		}
		end := g.end
		if end.IsZero() || end.After(to) {
			end = to
		}
		if !end.After(at) || !g.start.Before(to) {
			continue
		}
		if g.start.Sub(at) > joinTolerance {
			list = append(list, Span{Start: at, End: g.start, Gap: true, Cause: CauseUnknown})
			at = g.start
		}
		list = append(list, Span{Start: at, End: end, Gap: true, Cause: g.cause, Early: g.early})
		at = end
	}
	if to.Sub(at) > joinTolerance {
		list = append(list, Span{Start: at, End: to, Gap: true, Cause: CauseUnknown})
	} else if len(list) > n {
		list[len(list)-1].End = to
	}
	return list
}

// interleave puts two lists in one order of their starts; each is in that order.
func interleave(recorded, gaps []Span) []Span {
	list := make([]Span, 0, len(recorded)+len(gaps))
	for _, r := range recorded {
		for len(gaps) > 0 && gaps[0].Start.Before(r.Start) {
			list, gaps = append(list, gaps[0]), gaps[1:]
		}
		list = append(list, r)
	}
	return append(list, gaps...)
}

func clip(spans []Span, from, to time.Time) []Span {
	kept := spans[:0]
	for _, s := range spans {
		s.Start, s.End = later(s.Start, from), earlier(s.End, to)
		if s.Start.Before(s.End) {
			kept = append(kept, s)
		}
	}
	return kept
}

// gapsBetween gives the gaps that overlap [from, to), in order.
func gapsBetween(tx *bbolt.Tx, camera, stream string, from, to time.Time) (list []gapEntry, err error) {
	b := tx.Bucket(bGaps).Bucket(streamKey(camera, stream))
	if b == nil {
		return nil, nil
	}
	c := b.Cursor()
	c.Seek(nanoKey(from))
	k, v := c.Prev() // the one that began before may reach into the range
	if k == nil {
		k, v = c.Seek(nanoKey(from))
	}
	for ; k != nil; k, v = c.Next() {
		g, err := readGap(k, v)
		if err != nil {
			return nil, err
		}
		if !g.start.Before(to) {
			break
		}
		if g.end.IsZero() || g.end.After(from) {
			list = append(list, g)
		}
	}
	return list, nil
}

// Known tells whether anything is known of a stream: footage, or why there is none.
func (s *Store) Known(camera, stream string) (bool, error) {
	first, err := s.firstKnown(camera, stream)
	return !first.IsZero(), err
}

// firstKnown is when the stream's history begins: with its oldest footage that is kept, or with a gap when it never had
// any. Zero when nothing is known.
func (s *Store) firstKnown(camera, stream string) (first time.Time, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		k := streamKey(camera, stream)
		for _, b := range []*bbolt.Bucket{tx.Bucket(bSegments).Bucket(k), tx.Bucket(bGaps).Bucket(k)} {
			if b == nil {
				continue
			}
			if key, _ := b.Cursor().First(); key != nil && (first.IsZero() || nano(key).Before(first)) {
				first = nano(key)
			}
		}
		return nil
	})
	return first, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// away adds gaps for footage on volumes that are not in use: it was recorded, and cannot be seen until they are added again.
// A site that never took a volume out of use is not asked for it.
func (s *Store) away(tx *bbolt.Tx, camera, stream string, from, to time.Time, gaps *[]gapEntry) error {
	s.mu.Lock()
	numbers := maps.Clone(s.numbers)
	s.mu.Unlock()
	if tx.Bucket(bVolumes).Stats().KeyN <= len(numbers) {
		return nil
	}
	known := len(*gaps)
	err := between(tx, camera, stream, from, to, func(seg Segment) error {
		if numbers[seg.volume] == nil && numbers[seg.mirror.volume] == nil && seg.End.After(seg.Start) {
			*gaps = append(*gaps, gapEntry{start: seg.Start, end: seg.End, cause: CauseMissing})
		}
		return nil
	})
	if len(*gaps) > known {
		slices.SortStableFunc(*gaps, func(a, b gapEntry) int { return a.start.Compare(b.start) })
	}
	return err
}

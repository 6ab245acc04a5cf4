package exports

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"holdfast/storage"
)

// Reach is from when to when bit-exact copies of [from, to) of a camera hold samples: they are of whole fragments, and begin with the one in
// which the key frame before lies, so they reach beyond the range at both ends. It is the widest of the streams; where nothing is recorded it is the
// range itself. At most two segments of a stream are read.
func (e *Exports) Reach(camera string, streams []string, from, to time.Time) (first, last time.Time, err error) {
	first, last = from, to
	for _, stream := range streams {
		segments, err := e.o.Store.Segments(camera, stream, from, to)
		if err != nil {
			return from, to, fmt.Errorf("find footage: %w", err)
		}
		m := &clipWork{req: &ClipOrder{From: from, To: to}}
		for _, list := range [][]storage.Segment{segments[:min(1, len(segments))], segments[max(0, len(segments)-1):]} {
			for i := range list {
				begins, ends, err := e.reach(m, &list[i])
				if err != nil {
					return from, to, err
				}
				first, last = slices.MinFunc([]time.Time{first, begins}, time.Time.Compare), slices.MaxFunc([]time.Time{last, ends}, time.Time.Compare)
			}
		}
	}
	return first, last, nil
}

// reach is when the samples were taken that a clip has of a segment; of none, the clip's own range.
func (e *Exports) reach(m *clipWork, seg *storage.Segment) (begins, ends time.Time, err error) {
	begins, ends = m.req.From, m.req.To
	media, err := e.o.Store.Media(*seg)
	if errors.Is(err, fs.ErrNotExist) {
		return begins, ends, nil
	}
	if err != nil {
		return begins, ends, fmt.Errorf("open footage: %w", err)
	}
	defer media.Close()
	t := media.Table()
	seg.End = media.End() // as in clipWork.segment
	for first, end := m.choose(seg, t); first < end; first = end - 1 {
		from, to, ok := t.Taken(first, seg.Start)
		if ok && from.Before(begins) {
			begins = from
		}
		if ok && to.After(ends) {
			ends = to
		}
		if first == end-1 {
			break
		}
	}
	return begins, ends, nil
}

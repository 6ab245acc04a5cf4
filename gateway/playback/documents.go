package playback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// maxDocument bounds one document that is read, bytes: what a session takes of a camera at most.
const maxDocument = 1 << 20

// Documents reads what a camera's stream said beside its pictures in [from, to): the documents of its ONVIF metadata track, in the order
// in which they were recorded, each with the wall time that it is of. It reads one at a time, decodes no pictures, and goes on until
// each returns false. A document longer than maxDocument is left out. The errors are ErrRange, the context's, or one of the store; a
// range without footage or without metadata has no documents.
func (p *Playback) Documents(ctx context.Context, camera, stream string, from, to time.Time, each func(at time.Time, document []byte) bool) error {
	from, to = from.Round(0).UTC(), to.Round(0).UTC()
	if d := to.Sub(from); d <= 0 || d > MaxRange {
		return fmt.Errorf("%w: %v; documents are read of more than nothing and no more than %v", ErrRange, d, MaxRange)
	}
	segments, err := p.store.Segments(camera, stream, from, to)
	if err != nil {
		return fmt.Errorf("find footage of %s/%s: %w", camera, stream, err)
	}
	r := reading{ctx: ctx, from: from, to: to, each: each}
	for i := range segments {
		if err := r.segment(p, segments[i]); err != nil || r.enough {
			return err
		}
	}
	return nil
}

// reading is one pass over documents.
type reading struct {
	ctx      context.Context
	from, to time.Time
	each     func(time.Time, []byte) bool
	enough   bool
}

func (r *reading) segment(p *Playback, seg storage.Segment) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	src, table, err := p.files.open(&seg)
	if errors.Is(err, ErrGone) { // deleted by age meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	track := slices.IndexFunc(table.Tracks(), func(t fmp4.Track) bool { return t.Codec == fmp4.Metadata })
	if track < 0 {
		return nil
	}
	x := newTimes(seg, table)
	tr := table.Tracks()[track]
	frags := table.Fragments()
	first := sort.Search(len(frags), func(i int) bool { return !frags[i].Wall.Before(r.from) })
	for _, m := range table.Samples(track, max(0, first-1)) {
		at := x.wallAt(x.since(m.PTS(), tr))
		switch {
		case at.Before(r.from) || m.Size > maxDocument:
			continue
		case !at.Before(r.to):
			return nil
		}
		document := make([]byte, m.Size)
		if n, err := src.ReadAt(document, m.Offset); err != nil && !(errors.Is(err, io.EOF) && n == len(document)) {
			return err
		}
		if !r.each(at.UTC(), document) {
			r.enough = true
			return nil
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// newTimes is what of a part maps a segment's time to wall time.
func newTimes(seg storage.Segment, table *fmp4.Table) *part {
	x := &part{wall: seg.Start, lasts: seg.End.Sub(seg.Start)}
	if begin, end, ok := table.Presentation(); ok {
		x.begin, x.media = begin, end-begin
	}
	if x.lasts <= 0 {
		x.lasts = x.media
	}
	return x
}

// since is the segment's time of a sample of a track, from its ticks.
func (x *part) since(pts int64, tr fmp4.Track) time.Duration {
	ticks, scale := pts-tr.Origin, int64(tr.Timescale)
	return time.Duration(ticks/scale)*time.Second + time.Duration(ticks%scale)*time.Second/time.Duration(scale)
}

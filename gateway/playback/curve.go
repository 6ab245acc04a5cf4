package playback

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"holdfast/storage"
)

// The bounds of Curve. A segment that is closed never changes, so its curve is kept: one byte for each few seconds.
const (
	MaxCurve   = 26 * time.Hour // of one call: the longest day, and an hour
	keptCurves = 16384          // segments, about two camera-months and a few MB
)

// Size is what a picture takes.
type Size struct {
	At    time.Time
	Bytes int
	Key   bool
}

// Measure makes a curve of a segment's pictures, which were taken in [from, to).
type Measure func(from, to time.Time, pictures iter.Seq[Size]) []byte

// curves keeps what was measured of closed segments, the latest last.
type curves struct {
	mu    sync.Mutex
	known map[string][]byte
	order []string
}

func (c *curves) get(seed string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.known[seed]
	return b, ok
}

func (c *curves) put(seed string, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[string][]byte)
	}
	if _, ok := c.known[seed]; ok {
		return
	}
	c.known[seed], c.order = b, append(c.order, seed)
	if len(c.order) > keptCurves {
		delete(c.known, c.order[0])
		c.order = c.order[1:]
	}
}

// Curve measures the pictures of every segment that overlaps [from, to) by their sizes, which are in the segments' tables: no picture
// is read. What it costs is opening each segment once. add is called with the begin and end of each segment and its curve.
// There is one measure for the life of a Playback.
func (p *Playback) Curve(ctx context.Context, camera, stream string, from, to time.Time, m Measure, add func(from, to time.Time, curve []byte)) error {
	if d := to.Sub(from); d <= 0 || d > MaxCurve {
		return fmt.Errorf("%w: %v; a curve is of at most %v", ErrRange, d, MaxCurve)
	}
	segments, err := p.store.Segments(camera, stream, from, to)
	if err != nil {
		return fmt.Errorf("find footage of %s/%s: %w", camera, stream, err)
	}
	for i := range segments {
		if err := ctx.Err(); err != nil {
			return err
		}
		seg := &segments[i]
		curve, err := p.measured(seg, m)
		if err != nil {
			p.log.Debug("no curve of a segment", "segment", seg.Path, "error", err) // it was deleted, or its key is gone: the rest has one
			continue
		}
		add(seg.Start, seg.End, curve)
	}
	return nil
}

func (p *Playback) measured(seg *storage.Segment, m Measure) ([]byte, error) {
	seed := newSource(p.files, *seg).seed
	if curve, ok := p.curves.get(seed); ok && !seg.Open {
		return curve, nil
	}
	v, err := p.view(seg, seg.Start, seg.End)
	if err != nil || v == nil {
		return nil, err
	}
	curve := m(seg.Start, seg.End, func(yield func(Size) bool) {
		for _, s := range v.table.Samples(v.index, 0) {
			if !yield(Size{v.wall(&s), int(s.Size), s.Sync}) {
				return
			}
		}
	})
	if !seg.Open {
		p.curves.put(seed, curve)
	}
	return curve, nil
}

package fmp4

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"math"
	"slices"
	"time"
)

// NewLayout begins a movie. It reads nothing but the tables of the parts that are added, and keeps
// none of them but the last.
func NewLayout(o MovieOptions) *Layout {
	return &Layout{movie: &Movie{}, options: o, sum: sha256.New()}
}

// Add adds the next part. One of which nothing is shown is left out.
func (b *Layout) Add(p Part) error {
	if b.parts == MaxParts {
		return fmt.Errorf("lay out movie: more than %d parts", MaxParts)
	}
	if err := b.settle(p.Joined); err != nil {
		return err
	}
	b.next = &p
	return nil
}

// settle lays out the part added last, now that it is known whether another is joined to it.
func (b *Layout) settle(joined bool) error {
	p := b.next
	if p == nil {
		return nil
	}
	b.next = nil
	if err := b.part(p, joined && p.To == 0); err != nil {
		return fmt.Errorf("lay out movie: %w", err)
	}
	b.parts++
	return nil
}

// Movie finishes the layout, which is not used again. ErrEmpty means that nothing is shown.
func (b *Layout) Movie() (*Movie, error) {
	if err := b.settle(false); err != nil {
		return nil, err
	}
	if len(b.movie.placed) == 0 {
		return nil, ErrEmpty
	}
	b.finish()
	return b.movie, nil
}

// Layout lays out one movie, part by part. Times on the media axis are in ticks of the main track.
type Layout struct {
	movie    *Movie
	options  MovieOptions
	next     *Part     // added and not yet laid out
	parts    int       // laid out
	sum      hash.Hash // over the seeds
	lanes    []*lane
	scale    uint32 // ticks per second of the media axis
	data     int64  // bytes laid out
	placed   int    // samples
	editFrom int64  // media axis: where the presentation begins
	shown    int64  // media axis: where it ends so far
}

// part lays a part out; joined says that the next one continues it.
func (b *Layout) part(p *Part, joined bool) error {
	b.movie.sources = append(b.movie.sources, p.Source)
	w, ok := choose(p)
	if !ok {
		return nil
	}
	track := &p.Table.tracks[w.main]
	first := len(b.movie.placed) == 0
	if first {
		b.scale = track.Timescale
		w.zero = track.Origin - w.firstDTS
		b.editFrom = w.zero + w.from - track.Origin
	} else {
		w.from = w.firstPTS // a later part is shown from its sync sample
		w.zero = b.follow(p, &w)
	}
	b.shown = w.zero + scaleTicks(w.to-track.Origin, track.Timescale, b.scale)
	start := b.shown - scaleTicks(w.to-w.from, track.Timescale, b.scale)
	b.movie.placed = append(b.movie.placed, Placed{Part: b.parts, Start: b.since(start), End: b.since(b.shown),
		From: duration(w.from-track.Origin, track.Timescale)})
	fmt.Fprintf(b.sum, "%d:%s", len(p.Seed), p.Seed)
	return b.takePart(p, &w, joined)
}

// since is a time of the media axis as presentation time.
func (b *Layout) since(axis int64) time.Duration { return duration(axis-b.editFrom, b.scale) }

// follow finds the time zero of a part that is shown right after what is there. Where the part's
// first sample would be decoded before the last one there (the reordering delay grew less), the part
// is moved on a little: the picture before it then stays for that long.
func (b *Layout) follow(p *Part, w *window) int64 {
	track := &p.Table.tracks[w.main]
	zero := b.shown - scaleTicks(w.firstPTS-track.Origin, track.Timescale, b.scale)
	for _, l := range b.lanes {
		if l.kind != kindOf(track.Codec) {
			continue
		}
		dts := zero + scaleTicks(w.firstDTS-track.Origin, track.Timescale, b.scale)
		if last := scaleTicks(l.last, l.timescale, b.scale); dts <= last {
			moved := last + 1 - dts
			zero += moved
			b.shown += moved
		}
	}
	return zero
}

// takePart adds the samples of every track of a part.
func (b *Layout) takePart(p *Part, w *window, joined bool) error {
	t := p.Table
	lanes := make([]*lane, len(t.tracks))
	for i := range t.tracks {
		if !b.keeps(i, w.main, t) {
			continue
		}
		// A second track of one kind (no camera sends one) would be mixed into the first.
		if l := b.lane(&t.tracks[i]); !slices.Contains(lanes, l) {
			l.describe(&t.tracks[i])
			lanes[i] = l
		}
	}
	lo, hi := b.soundWindow(p, w, joined)
	for f := range t.frags {
		for i, l := range lanes {
			if l == nil {
				continue
			}
			c := &chunker{layout: b, lane: l, track: i}
			c.fragment(t, f, w, lo, hi)
		}
		if b.placed > maxPlaced {
			return fmt.Errorf("more than %d samples", maxPlaced)
		}
	}
	return nil
}

// keeps tells whether track i is a track of the movie.
func (b *Layout) keeps(i, main int, t *Table) bool {
	switch c := t.tracks[i].Codec; {
	case i == main:
		return true
	case t.Len(i) == 0:
		return false
	case c.Audio():
		return !b.options.NoAudio
	default:
		return c == Metadata && b.options.Metadata
	}
}

// soundWindow is what other tracks are taken of: presentation time on the media axis. Between
// joined parts there is no boundary, because sound captured with the last pictures of one may lie in
// the next.
func (b *Layout) soundWindow(p *Part, w *window, joined bool) (lo, hi int64) {
	track := &p.Table.tracks[w.main]
	lo, hi = math.MinInt64, math.MaxInt64
	if first := len(b.movie.placed) == 1; first || !p.Joined {
		lo = w.zero + scaleTicks(w.from-track.Origin, track.Timescale, b.scale)
		if first {
			lo -= ticks(soundBefore, b.scale)
		}
	}
	if !joined {
		hi = b.shown
	}
	return lo, hi
}

// lane finds or makes the movie's track for a segment's. Tracks of different codecs are kept apart.
func (b *Layout) lane(t *Track) *lane {
	for _, l := range b.lanes {
		if l.kind == kindOf(t.Codec) {
			return l
		}
	}
	l := &lane{kind: kindOf(t.Codec), timescale: t.Timescale, track: *t}
	b.lanes = append(b.lanes, l)
	return l
}

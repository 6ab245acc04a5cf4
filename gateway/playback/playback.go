package playback

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// Playback makes clips. It is safe for concurrent use.
type Playback struct {
	store    *storage.Store // constant
	log      *slog.Logger   // constant
	files    *files         // constant
	cache    *cache         // constant
	curves   curves
	building chan struct{} // holds a token for each clip that is being laid out
}

// New makes a Playback over a store.
func New(store *storage.Store, log *slog.Logger) *Playback {
	return &Playback{store: store, log: log, files: newFiles(store), cache: &cache{},
		building: make(chan struct{}, maxBuilding)}
}

// Close closes the files that are open for reading. Clips give errors afterwards.
func (p *Playback) Close() error {
	p.files.close()
	return nil
}

// Options choose what a clip holds.
type Options struct {
	Metadata bool // keep ONVIF metadata tracks
	NoAudio  bool
	// Run is the one that is shown alone, where two are of the same times because a clock was set back; 0: all of them, one after the other.
	Run uint32
	// Continue says that the caller has the beginning of the clip and asks for more of it (a Range
	// that does not start at 0): a clip whose end was clamped to the last synced picture is then not
	// laid out anew for what was recorded since, while it is cached.
	Continue bool
}

// Clip makes the clip of [from, to) of a camera's stream. The errors are ErrRange, ErrNoFootage, the
// context's, or one of the store. The clip is to be closed.
func (p *Playback) Clip(ctx context.Context, camera, stream string, from, to time.Time, o Options) (*Clip, error) {
	from, to = from.Round(0).UTC(), to.Round(0).UTC()
	if d := to.Sub(from); d <= 0 || d > MaxRange {
		return nil, fmt.Errorf("%w: %v; a clip is longer than nothing and no longer than %v", ErrRange, d, MaxRange)
	}
	segments, err := p.store.Segments(camera, stream, from, to)
	if err != nil {
		return nil, fmt.Errorf("find footage of %s/%s: %w", camera, stream, err)
	}
	if segments = storage.OfRun(segments, o.Run); len(segments) == 0 {
		return nil, ErrNoFootage
	}
	k := newKey(camera, stream, from, to, o, segments)
	if e := p.cache.get(k, o.Continue); e != nil {
		return newClip(e, p.log), nil
	}
	e, err := p.build(ctx, k, segments, o)
	if err != nil {
		return nil, err
	}
	p.cache.put(k, e)
	return newClip(e, p.log), nil
}

// Map is the clip's time map alone.
func (p *Playback) Map(ctx context.Context, camera, stream string, from, to time.Time, o Options) (*Map, error) {
	c, err := p.Clip(ctx, camera, stream, from, to, o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Map(), nil
}

// build lays a clip out.
func (p *Playback) build(ctx context.Context, k key, segments []storage.Segment, o Options) (*laidOut, error) {
	select {
	case p.building <- struct{}{}:
		defer func() { <-p.building }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	layout := fmp4.NewLayout(fmp4.MovieOptions{Metadata: o.Metadata, NoAudio: o.NoAudio})
	var parts []part
	for i := range segments {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x, err := p.part(k, segments, i)
		if err != nil {
			return nil, err
		}
		if err := layout.Add(x.part()); err != nil {
			return nil, err
		}
		x.table = nil
		parts = append(parts, *x)
	}
	movie, err := layout.Movie()
	if err != nil {
		return nil, noFootage(err)
	}
	from, to := k.known(segments)
	spans, err := p.store.Spans(k.camera, k.stream, from, to)
	if err != nil {
		return nil, fmt.Errorf("find gaps of %s/%s: %w", k.camera, k.stream, err)
	}
	return &laidOut{movie: movie, times: newMap(movie, parts, spans)}, nil
}

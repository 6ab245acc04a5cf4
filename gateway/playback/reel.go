package playback

import (
	"context"
	"fmt"
	"io"
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// The bounds of a Reel.
const (
	MaxReel  = 10 * time.Minute    // of one with every picture
	MaxKeys  = 600                 // key frames of one of key frames alone
	MaxSpeed = 32 * 24 * time.Hour // of one of key frames alone
)

// reelScale is the timescale of a Reel, ticks a second.
const reelScale = 90000

// ReelOptions choose what a reel holds.
type ReelOptions struct {
	// Keys is how many key frames to give at most, spread evenly over the range, instead of every picture; 0: every picture.
	Keys int
	// Sound gives the sound instead of the pictures: as it was recorded, G.711 as FLAC, which loses nothing and browsers play.
	Sound bool
	// Run is the one that is shown alone, where two are of the same times; 0: one of them, always the same one.
	Run uint32
}

// Reel is a range of a camera's pictures as fragmented MP4 for a player that keeps its own clock: decode times are wall times, in
// ticks of 1/90000 s since 1970 UTC, so that several cameras are in step without a map, and gaps take the time that they took. Pictures
// are given as they were stored, from the key frame at or before its start to the last before the first key frame at or behind its end.
// Sound is a reel of its own; metadata is left out. Where a clock was set back and runs overlap, one of them is left out of the overlap, always
// the same one unless ReelOptions.Run says which; Clip shows both.
type Reel struct {
	playback *Playback         // constant, as all of it but the last four
	segments []storage.Segment // the first has pictures
	from, to time.Time
	keys     int
	sound    bool
	kind     fmp4.Codec
	codec    string // of the first segment (RFC 6381)

	init []byte // the last written
	last int64  // DTS of the last picture written
	seq  uint32
	torn bool // pictures were left out: none is shown before the next key frame

	coder *fmp4.Coder // of G.711, of the init segment last written
}

// Reel makes the reel of [from, to). The errors are ErrRange, ErrNoFootage, the context's, or one of the store.
func (p *Playback) Reel(ctx context.Context, camera, stream string, from, to time.Time, o ReelOptions) (*Reel, error) {
	from, to = from.Round(0).UTC(), to.Round(0).UTC()
	most := MaxReel
	if o.Keys > 0 {
		most = MaxSpeed
	}
	if d := to.Sub(from); d <= 0 || d > most || o.Keys < 0 || o.Keys > MaxKeys || o.Sound && o.Keys > 0 {
		return nil, fmt.Errorf("%w: %v and %d key frames; at most %v of every picture, or %d key frames of %v", ErrRange, d, o.Keys, MaxReel, MaxKeys, MaxSpeed)
	}
	segments, err := p.store.Segments(camera, stream, from, to)
	if err != nil {
		return nil, fmt.Errorf("find footage of %s/%s: %w", camera, stream, err)
	}
	r := &Reel{playback: p, segments: withoutDoubles(storage.OfRun(segments, o.Run), from, to), from: from, to: to, keys: o.Keys, sound: o.Sound, last: -1}
	for len(r.segments) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := r.view(0)
		if err != nil {
			return nil, err
		}
		if v != nil {
			r.kind, r.codec = v.track.Codec, fmp4.CodecString(v.shown)
			return r, nil
		}
		r.segments = r.segments[1:]
	}
	return nil, ErrNoFootage
}

// ContentType is the media type with its codec (RFC 6381).
func (r *Reel) ContentType() string {
	if r.sound {
		return `audio/mp4; codecs="` + r.codec + `"`
	}
	return `video/mp4; codecs="` + r.codec + `"`
}

// Write writes the reel, each fragment as it is read, once. It ends early, without an error, where the camera's codec changes: a
// player that asks for what follows is told the new one.
func (r *Reel) Write(ctx context.Context, w io.Writer) error {
	step, next := time.Duration(0), r.from
	if r.keys > 0 {
		step = r.to.Sub(r.from) / time.Duration(r.keys)
	}
	for i := range r.segments {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.keys > 0 && !next.Before(r.segments[i].End) {
			continue
		}
		v, err := r.view(i)
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		if v.track.Codec != r.kind {
			return nil
		}
		if r.keys > 0 {
			next, err = r.writeKeys(ctx, w, v, next, step)
		} else {
			err = r.writeAll(ctx, w, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// view opens a segment; nil when it has no pictures, or no sound, of the range.
func (r *Reel) view(i int) (*view, error) {
	if r.sound {
		return r.playback.viewOf(&r.segments[i], r.from, r.to, soundTrack)
	}
	return r.playback.view(&r.segments[i], r.from, r.to)
}

// writeAll writes every picture that the range needs of a segment, a fragment for each of the file's.
func (r *Reel) writeAll(ctx context.Context, w io.Writer, v *view) error {
	pics := v.whole(r.from, r.to)
	for len(pics) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := 1
		for n < len(pics) && pics[n].Fragment == pics[0].Fragment {
			n++
		}
		samples, err := v.read(pics[:n])
		if err != nil {
			return err
		}
		if err := r.fragment(w, v, samples); err != nil {
			return err
		}
		pics = pics[n:]
	}
	return nil
}

// writeKeys writes key frames of a segment that are at least a step apart, from next on, and gives when the next is due.
func (r *Reel) writeKeys(ctx context.Context, w io.Writer, v *view, next time.Time, step time.Duration) (time.Time, error) {
	for _, k := range v.keys(r.from, r.to) {
		if err := ctx.Err(); err != nil {
			return next, err
		}
		at := v.wall(&k.Meta)
		if !next.Before(at.Add(k.span())) {
			continue // a later one stands then
		}
		if next = next.Add(step); next.Before(at) {
			next = at.Add(step)
		}
		samples, err := v.read([]fmp4.Meta{k.Meta})
		if err != nil {
			return next, err
		}
		s := &samples[0]
		s.DTS, s.CTO, s.Dur = s.DTS+int64(s.CTO), 0, k.lasts
		if err := r.fragment(w, v, samples); err != nil {
			return next, err
		}
		if !next.Before(r.to) {
			break
		}
	}
	return next, nil
}

// fragment writes samples, behind an init segment where the track is another than before.
func (r *Reel) fragment(w io.Writer, v *view, samples []fmp4.Sample) error {
	for len(samples) > 0 && samples[0].DTS <= r.last { // the clock was set back
		samples, r.torn = samples[1:], true
	}
	for r.torn && len(samples) > 0 && !samples[0].Sync {
		samples = samples[1:]
	}
	if len(samples) == 0 {
		return nil
	}
	if samples[0].Sync && string(v.init) != string(r.init) {
		r.init, r.coder = v.init, nil
		if v.track.Codec.G711() {
			r.coder, _ = fmp4.NewCoder(*v.track)
		}
		if _, err := w.Write(v.init); err != nil {
			return err
		}
	}
	r.torn = false
	if r.coder != nil {
		for i := range samples {
			samples[i].Data = [][]byte{r.coder.Append(nil, samples[i].Data[0])}
		}
	}
	r.seq++
	r.last = samples[len(samples)-1].DTS
	b, err := fmp4.AppendFragment(nil, r.seq, []fmp4.Track{v.shown}, samples)
	if err != nil {
		return fmt.Errorf("write pictures of %s: %w", v.part.source.seg.Path, err)
	}
	_, err = w.Write(b)
	return err
}

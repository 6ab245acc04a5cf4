package playback

import (
	"context"
	"fmt"
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// Still is one key frame as it was stored.
type Still struct {
	At    time.Time // when it was taken, UTC
	Until time.Time // of the next key frame, or the end of its segment
	Track fmp4.Track
	Units [][]byte // NAL units, without the parameter sets of Track

	mp4 []byte
}

// Still gives the key frame that was shown at a moment, of one run alone unless run is 0. The errors are ErrNoFootage, the context's, or one of the store.
func (p *Playback) Still(ctx context.Context, camera, stream string, at time.Time, run uint32) (*Still, error) {
	at = at.Round(0).UTC()
	segments, err := p.store.Segments(camera, stream, at, at.Add(time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("find footage of %s/%s: %w", camera, stream, err)
	}
	segments = withoutDoubles(storage.OfRun(segments, run), at, at.Add(time.Millisecond))
	for i := len(segments) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := p.view(&segments[i], at, at.Add(time.Millisecond))
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		if keys := v.keys(at, at.Add(time.Millisecond)); len(keys) > 0 {
			return v.still(keys[0])
		}
	}
	return nil, ErrNoFootage
}

func (v *view) still(k keyFrame) (*Still, error) {
	samples, err := v.read([]fmp4.Meta{k.Meta})
	if err != nil {
		return nil, err
	}
	s := &samples[0]
	s.DTS, s.CTO, s.Dur = s.DTS+int64(s.CTO), 0, k.lasts
	mp4, err := fmp4.AppendFragment(v.init[:len(v.init):len(v.init)], 1, []fmp4.Track{v.shown}, samples)
	if err != nil {
		return nil, fmt.Errorf("write picture of %s: %w", v.part.source.seg.Path, err)
	}
	return &Still{At: fromTicks(s.DTS), Until: fromTicks(s.DTS + int64(s.Dur)), Track: *v.track, Units: s.Data, mp4: mp4}, nil
}

// ContentType is the media type of MP4, with its codec (RFC 6381).
func (s *Still) ContentType() string { return `video/mp4; codecs="` + fmp4.CodecString(s.Track) + `"` }

// MP4 is the picture as a Reel of one.
func (s *Still) MP4() []byte { return s.mp4 }

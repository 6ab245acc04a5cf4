package web

import (
	"context"
	"time"

	"holdfast/gateway/playback"
)

// Recorded makes Footage of a Playback.
func Recorded(p *playback.Playback) Footage { return recorded{p} }

type recorded struct{ playback *playback.Playback }

func (r recorded) Clip(ctx context.Context, camera, stream string, from, to time.Time, more bool) (Clip, error) {
	c, err := r.playback.Clip(ctx, camera, stream, from, to, playback.Options{Continue: more})
	if err != nil {
		return nil, err
	}
	return recordedClip{c}, nil
}

// recordedClip shows a clip's map as the API tells it.
type recordedClip struct{ *playback.Clip }

func (c recordedClip) Map() VideoMap {
	m := c.Clip.Map()
	v := VideoMap{From: m.From, To: m.To, Duration: m.Duration, Map: make([]MapPoint, 0, len(m.Points)), Gaps: make([]MapGap, 0, len(m.Gaps))}
	for _, p := range m.Points {
		v.Map = append(v.Map, MapPoint{Media: p.Media, Wall: p.Wall})
	}
	for _, g := range m.Gaps {
		v.Gaps = append(v.Gaps, MapGap{Start: g.Start, End: g.End, Cause: string(g.Cause), Media: g.Media})
	}
	return v
}

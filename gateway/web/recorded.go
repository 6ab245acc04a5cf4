package web

import (
	"bytes"
	"context"
	"iter"
	"time"

	"holdfast/gateway/motion"
	"holdfast/gateway/playback"
)

// Recorded makes Footage of a Playback.
func Recorded(p *playback.Playback) Footage { return recorded{p} }

type recorded struct{ playback *playback.Playback }

func (r recorded) Clip(ctx context.Context, camera, stream string, from, to time.Time, o playback.Options) (Clip, error) {
	c, err := r.playback.Clip(ctx, camera, stream, from, to, o)
	if err != nil {
		return nil, err
	}
	return recordedClip{c}, nil
}

func (r recorded) Reel(ctx context.Context, camera, stream string, from, to time.Time, o playback.ReelOptions) (Reel, error) {
	return r.playback.Reel(ctx, camera, stream, from, to, o)
}

func (r recorded) Still(ctx context.Context, camera, stream string, at time.Time, run uint32) (*playback.Still, error) {
	return r.playback.Still(ctx, camera, stream, at, run)
}

func (r recorded) Activity(ctx context.Context, camera, stream string, from, to time.Time) ([]byte, error) {
	first := from.Truncate(motion.Step)
	all := bytes.Repeat([]byte{motion.None}, int((to.Sub(first)+motion.Step-1)/motion.Step))
	err := r.playback.Curve(ctx, camera, stream, from, to, activity, func(begin, _ time.Time, curve []byte) {
		at := int(begin.Truncate(motion.Step).Sub(first) / motion.Step)
		for i, v := range curve {
			if k := at + i; k >= 0 && k < len(all) && v != motion.None && (all[k] == motion.None || v > all[k]) {
				all[k] = v
			}
		}
	})
	return all, err
}

// activity is how playback measures footage.
func activity(from, to time.Time, pictures iter.Seq[playback.Size]) []byte {
	return motion.Curve(from, to, func(yield func(motion.Picture) bool) {
		for p := range pictures {
			if !yield(motion.Picture{At: p.At, Size: p.Bytes, Key: p.Key}) {
				return
			}
		}
	})
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

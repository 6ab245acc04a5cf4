package playback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/storage/fmp4"
)

// KeyFrames reads the key frames of [from, to), at least a step apart, oldest first, until each returns false. The errors are ErrRange,
// the context's, or one of the store; a range without footage has none.
func (p *Playback) KeyFrames(ctx context.Context, camera, stream string, from, to time.Time, step time.Duration, each func(*Still) bool) error {
	from, to = from.Round(0).UTC(), to.Round(0).UTC()
	if d := to.Sub(from); d <= 0 || d > MaxCurve {
		return fmt.Errorf("%w: %v; key frames are read of at most %v", ErrRange, d, MaxCurve)
	}
	segments, err := p.store.Segments(camera, stream, from, to)
	if err != nil {
		return fmt.Errorf("find footage of %s/%s: %w", camera, stream, err)
	}
	next := from
	for i := range segments {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := p.view(&segments[i], from, to)
		if errors.Is(err, ErrGone) { // deleted by age meanwhile
			continue
		}
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		for _, k := range v.keys(from, to) {
			if v.wall(&k.Meta).Before(next) {
				continue
			}
			next = v.wall(&k.Meta).Add(step)
			s, err := v.still(k)
			if err != nil {
				return err
			}
			if !each(s) {
				return nil
			}
		}
	}
	return nil
}

// AnnexB writes the picture and its parameter sets as a byte stream (ITU-T H.264, annex B).
func (s *Still) AnnexB(dst []byte) []byte {
	for _, set := range [][]byte{s.Track.VPS, s.Track.SPS, s.Track.PPS} {
		dst = appendUnit(dst, set)
	}
	for _, unit := range s.Units {
		dst = appendUnit(dst, unit)
	}
	return dst
}

func appendUnit(dst, unit []byte) []byte {
	if len(unit) == 0 {
		return dst
	}
	return append(append(dst, 0, 0, 0, 1), unit...)
}

// Raw is what ffmpeg calls the format of AnnexB; "" for a codec that has none.
func (s *Still) Raw() string {
	return map[fmp4.Codec]string{fmp4.H264: "h264", fmp4.H265: "hevc"}[s.Track.Codec]
}

package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"holdfast/gateway/motion"
	"holdfast/gateway/playback"
	"holdfast/gateway/web"
)

const (
	motionStretch = 10 * time.Minute // what is looked at in one go, and told of
	maxHits       = 1000             // of one search
	motionBatch   = 8 << 20          // bytes of key frames that one decoder is given
	motionTime    = time.Minute      // for one decoder
	motionJoin    = 3                // moments that lie this many sampling intervals apart are one hit
	boxJoin       = 3 * time.Second
)

// motionSearch is one search for motion.
type motionSearch struct {
	g      *Gateway
	ask    web.MotionSearch
	ffmpeg string
	tell   func(web.MotionLine)

	finder   *motion.Finder
	hits     motion.Hits
	by       string    // how the open hit was found
	class    string    // of the open hit
	last     time.Time // of the last picture
	pictures int
	spaced   time.Duration // between pictures, in all
	gaps     int
	told     int
	began    time.Time
}

// errEnough ends a search that has found as much as is told at once.
var errEnough = errors.New("enough was found")

// SearchMotion looks for motion in a part of the picture: by the boxes that the camera's analytics drew where there are any, else by
// comparing its key frames, which one ffmpeg at a time decodes, without a network, at the lowest priority.
func (g *Gateway) SearchMotion(ctx context.Context, ask web.MotionSearch, tell func(web.MotionLine)) error {
	s := &motionSearch{g: g, ask: ask, ffmpeg: ffmpeg(), tell: tell, finder: motion.NewFinder(ask.Region, ask.Least), began: g.now()}
	s.hits.Join = boxJoin
	if now := g.now(); ask.To.After(now) {
		ask.To = now
		s.ask.To = now
	}
	for from := ask.From; from.Before(ask.To); from = from.Add(motionStretch) {
		to := from.Add(motionStretch)
		if to.After(ask.To) {
			to = ask.To
		}
		by, err := s.stretch(ctx, from, to)
		if errors.Is(err, errEnough) {
			tell(web.MotionLine{Done: true, More: true})
			return nil
		}
		if err != nil {
			return err
		}
		tell(web.MotionLine{Progress: s.progress(to, by)})
	}
	if err := s.found(s.hits.End()); err != nil && !errors.Is(err, errEnough) {
		return err
	}
	tell(web.MotionLine{Done: true})
	return nil
}

// stretch looks at a part, and tells how.
func (s *motionSearch) stretch(ctx context.Context, from, to time.Time) (by string, err error) {
	if !s.ask.Pictures {
		boxes, err := s.boxes(ctx, from, to)
		if err != nil || boxes {
			return "boxes", err
		}
	}
	n := s.pictures
	if err := s.compare(ctx, from, to); err != nil {
		return "", err
	}
	if s.pictures == n {
		return "nothing", nil
	}
	return "pictures", nil
}

// boxes looks at what the camera's analytics saw; false when they saw nothing at all, anywhere in the picture, which says nothing.
func (s *motionSearch) boxes(ctx context.Context, from, to time.Time) (there bool, err error) {
	main := s.ask.Stream
	if c, ok := s.g.Camera(s.ask.Camera); ok && len(c.Record.Streams) > 0 {
		main = c.Record.Streams[0] // the metadata lie beside it
	}
	var broke error
	err = s.g.RecordedScenes(ctx, s.ask.Camera, main, from, to, func(scene web.Scene) bool {
		there = there || len(scene.Objects) > 0
		for _, o := range scene.Objects {
			if o.Idle || !touches(o.Box, s.ask.Region) {
				continue
			}
			broke = s.moved("boxes", o.Class, scene.At, 0, 0)
			break
		}
		return broke == nil
	})
	return there, errors.Join(broke, err)
}

func touches(box, region [4]float64) bool {
	return box[0] < region[2] && box[2] > region[0] && box[1] < region[3] && box[3] > region[1]
}

// moved adds a moment.
func (s *motionSearch) moved(by, class string, at time.Time, lasts time.Duration, changed float64) error {
	if s.by != by {
		if err := s.found(s.hits.End()); err != nil {
			return err
		}
	}
	err := s.found(s.hits.Add(at, lasts, changed))
	s.by, s.class = by, class
	return err
}

// found tells of a hit that is over.
func (s *motionSearch) found(h *motion.Hit) error {
	if h == nil {
		return nil
	}
	if s.told == maxHits {
		return errEnough
	}
	s.told++
	s.tell(web.MotionLine{Hit: &web.MotionHit{From: h.From.UTC(), To: h.To.UTC(), Peak: h.Peak.UTC(), Changed: h.Most, By: s.by, Class: s.class}})
	return nil
}

// sampled are key frames that wait for the decoder.
type sampled struct {
	at    []time.Time
	each  [][]byte // byte stream of each
	bytes int
	raw   string
}

// compare decodes key frames and compares them.
func (s *motionSearch) compare(ctx context.Context, from, to time.Time) error {
	var batch sampled
	var broke error
	look := func() bool {
		if len(batch.at) > 0 {
			broke = s.look(ctx, batch)
		}
		batch = sampled{}
		return broke == nil
	}
	err := s.g.playback.KeyFrames(ctx, s.ask.Camera, s.ask.Stream, from, to, s.ask.Every, func(k *playback.Still) bool {
		raw := k.Raw()
		if raw == "" {
			return true
		}
		if s.ffmpeg == "" {
			broke = web.NoDecoder("No decoder is installed on the gateway, and the camera drew no boxes: motion cannot be looked for.", "Install ffmpeg on the gateway.")
			return false
		}
		if raw != batch.raw && !look() {
			return false
		}
		b := k.AnnexB(nil)
		batch.at, batch.each, batch.bytes, batch.raw = append(batch.at, k.At), append(batch.each, b), batch.bytes+len(b), raw
		return batch.bytes < motionBatch || look()
	})
	if broke == nil && err == nil {
		look()
	}
	return errors.Join(broke, err)
}

// look decodes a batch and compares each of its pictures. A picture that cannot be decoded must not shift the times of the others: the
// batch is then halved until it is alone, and left out.
func (s *motionSearch) look(ctx context.Context, b sampled) error {
	pictures, err := s.decode(ctx, b)
	if err != nil {
		return err
	}
	if len(pictures) != len(b.at)*motion.Width*motion.Height {
		if len(b.at) == 1 {
			return nil
		}
		half := len(b.at) / 2
		return errors.Join(s.look(ctx, sampled{at: b.at[:half], each: b.each[:half], raw: b.raw}), s.look(ctx, sampled{at: b.at[half:], each: b.each[half:], raw: b.raw}))
	}
	for i, at := range b.at {
		if err := s.picture(at, pictures[i*motion.Width*motion.Height:][:motion.Width*motion.Height]); err != nil {
			return err
		}
	}
	return nil
}

// longBreak is how long there may be no picture, so that the next is still compared with the one before.
const longBreak = 2 * time.Minute

func (s *motionSearch) picture(at time.Time, p []byte) error {
	apart := at.Sub(s.last)
	if s.last.IsZero() || apart > longBreak || apart <= 0 {
		s.finder.Forget()
	} else {
		s.spaced += apart
		s.gaps++
	}
	s.last = at
	s.pictures++
	changed, moved := s.finder.Look(p)
	usual := s.every()
	s.hits.Join = max(boxJoin, motionJoin*usual)
	if moved {
		return s.moved("pictures", "", at, usual, changed)
	}
	return s.found(s.hits.Passed(at))
}

// every is the time between two pictures, on the average.
func (s *motionSearch) every() time.Duration {
	if s.gaps == 0 {
		return 0
	}
	return s.spaced / time.Duration(s.gaps)
}

// decode runs ffmpeg on key frames, over pipes; they come from a camera and may be hostile. It gives small pictures of brightness.
func (s *motionSearch) decode(ctx context.Context, b sampled) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, motionTime)
	defer cancel()
	args := []string{"-nostdin", "-v", "quiet", "-protocol_whitelist", "pipe", "-threads", "1", "-f", b.raw, "-i", "pipe:0", "-an", "-vsync", "0",
		"-vf", fmt.Sprintf("scale=%d:%d:flags=area,format=gray", motion.Width, motion.Height), "-f", "rawvideo", "pipe:1"}
	name := s.ffmpeg
	if nice, err := exec.LookPath("nice"); err == nil {
		name, args = nice, append([]string{"-n", "15", s.ffmpeg}, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second
	readers := make([]io.Reader, 0, len(b.each))
	for _, p := range b.each {
		readers = append(readers, bytes.NewReader(p))
	}
	cmd.Stdin = io.MultiReader(readers...)
	out := &atMost{left: (len(b.at) + 1) * motion.Width * motion.Height}
	cmd.Stdout = out
	err := s.g.decoding.Run(cmd)
	var exited *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && !errors.As(err, &exited): // it could not be run; where it ended with an error, what it decoded counts
		return nil, fmt.Errorf("run decoder: %w", err)
	}
	return out.b.Bytes(), nil
}

// atMost keeps what is written, up to a bound.
type atMost struct {
	b    bytes.Buffer
	left int
}

func (w *atMost) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.left -= n
	w.b.Write(p[:n])
	return len(p), nil
}

// progress is how far it is.
func (s *motionSearch) progress(at time.Time, by string) *web.MotionProgress {
	done, all, took := at.Sub(s.ask.From).Seconds(), s.ask.To.Sub(s.ask.From).Seconds(), max(s.g.now().Sub(s.began).Seconds(), 0.001)
	return &web.MotionProgress{At: at.UTC(), Part: done / all, By: by, Pictures: s.pictures, Every: s.every().Seconds(), Pace: done / took, Left: (all - done) / done * took}
}

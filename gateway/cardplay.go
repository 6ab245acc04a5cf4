package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/rtsp"
)

const (
	// cardSpeed is how much faster than life a card is played at most, and cardRate how many bytes a second: the camera has to record and
	// to send what it sees now, over the same network.
	cardSpeed = 4
	cardRate  = 4 << 20
)

// cardPace holds what is played to its bounds.
type cardPace struct {
	began, last time.Time
	played      time.Duration // what was played; a gap on the card is none
	bytes       int64
	speed       float64
}

// wait holds a frame up until its time has come.
func (p *cardPace) wait(ctx context.Context, f *rtsp.Frame) error {
	if p.began.IsZero() {
		p.began, p.last = time.Now(), f.Wall
	}
	if step := f.Wall.Sub(p.last); step > 0 {
		p.played, p.last = p.played+min(step, time.Second), f.Wall
	}
	p.bytes += int64(f.Size)
	due := max(time.Duration(float64(p.played)/p.speed), time.Duration(float64(p.bytes)/cardRate*float64(time.Second)))
	left := due - time.Since(p.began)
	if left <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var (
	errPlayed  = errors.New("enough was played")
	errNotSent = errors.New("pictures of the camera's recording were lost on the way")
)

// cardSink takes what a card plays.
type cardSink struct {
	ctx  context.Context
	end  context.CancelCauseFunc
	pace cardPace
	take func(*rtsp.Frame) error // errPlayed ends the playing
	pass *pass
}

func (s *cardSink) Begin(*rtsp.Run) { s.pass.accepted() }

func (s *cardSink) Frame(f *rtsp.Frame) {
	if s.ctx.Err() != nil || !f.Track.Codec.Video() {
		return
	}
	err := s.pace.wait(s.ctx, f)
	if err == nil && f.Lost > 0 {
		err = errNotSent
	}
	if err == nil {
		err = s.take(f)
	}
	if err != nil {
		s.end(err)
	}
}

// playCard has the camera play a stretch of its own recording, by its clock. It gives way to nobody else's question: a session of its
// own, within the tries that the credentials have.
func (c *Camera) playCard(ctx context.Context, uri string, from, to time.Time, speed float64, take func(*rtsp.Frame) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	leave, err := c.gate.enter(ctx, func() { end(errRefused) })
	if err != nil {
		return context.Cause(ctx)
	}
	defer leave.release()
	o := c.sessionOptions(source{url: uri, transport: rtsp.TCP}, c.log)
	o.Replay, o.Audio, o.Metadata = &rtsp.Replay{From: from, To: to}, false, false
	s, err := rtsp.NewSession(o, &cardSink{ctx: ctx, end: end, pace: cardPace{speed: speed}, take: take, pass: leave})
	if err != nil {
		return err
	}
	err = s.Run(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if classOf(err) == rtsp.Unauthorized && err != nil {
		leave.refused()
	}
	if errors.Is(err, errPlayed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("play the camera's recording: %w", err)
	}
	return nil
}

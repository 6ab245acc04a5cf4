package gateway

import (
	"context"
	"crypto/rand"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
	"holdfast/onvif"
)

// drive begins a continuous movement, changes its velocity, or renews it.
func (s *steering) drive(ctx context.Context, who auth.Identity, m web.Move) (moved web.Moved, err error) {
	motion := [3]float64{zero(m.Pan), zero(m.Tilt), zero(m.Zoom)}
	h, renewed, err := s.held(who, m, motion)
	if err != nil {
		return moved, err
	}
	moved.Hold, moved.RenewWithin, moved.Renewed = h.id, renewTime.Seconds(), renewed
	if renewed && !s.stale(h, m.Unit, motion) {
		return moved, nil
	}
	s.mu.Lock()
	before := h.before
	s.mu.Unlock()
	if before != nil {
		<-before.done // its Stop must not come after this movement has begun; haltTime bounds it
	}
	var got onvif.Moved
	err = s.command(ctx, func(ctx context.Context, p *onvif.PTZ) error {
		s.mu.Lock()
		why := h.why
		s.mu.Unlock()
		if why != "" {
			return web.MoveOver(why)
		}
		got, err = p.Continuous(ctx, motionOf(m), cameraTime)
		return err
	})
	moved.Clamped = got.Clamped
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil: // it may move: what was asked for may have arrived
		s.finish(h, "the camera did not take it")
		return moved, err
	case ctx.Err() != nil:
		s.finish(h, "whoever began it has gone")
		return moved, ctx.Err()
	}
	h.motion, h.unit, h.sent, h.deadline = motion, m.Unit, time.Now(), time.Now().Add(renewTime)
	return moved, nil
}

func zero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// held gives the movement that a request is about: the one that it renews, or a new one.
func (s *steering) held(who auth.Identity, m web.Move, motion [3]float64) (h *hold, renewed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h = s.hold
	if h != nil && h.owner == who.Owner() && h.why == "" && (m.Hold == "" || m.Hold == h.id) {
		if !h.sent.IsZero() { // before that its time has not begun
			h.deadline = time.Now().Add(renewTime)
		}
		return h, true, nil
	}
	switch {
	case m.Hold != "" && h != nil && h.id == m.Hold && h.why != "":
		return nil, false, web.MoveOver("It ended: " + h.why + ".")
	case m.Hold != "":
		return nil, false, web.MoveOver("It is over.")
	case s.over:
		return nil, false, errSteeringOver
	}
	h = &hold{id: rand.Text()[:12], owner: who.Owner(), motion: motion, unit: m.Unit, deadline: time.Now().Add(haltTime + steerTime + renewTime), before: s.hold, end: make(chan struct{}), done: make(chan struct{})}
	release, ok := s.auth.Hold(who, auth.Need{Permission: auth.PTZ, Camera: s.c.spec().ID}, func() { s.lost(h) })
	if !ok {
		return nil, false, web.ErrNotFound
	}
	if h.before != nil {
		s.finish(h.before, "another movement was begun")
		h.before.before = nil // one link is enough, and a chain would grow
	}
	s.hold = h
	go s.watch(h, release)
	return h, false, nil
}

// stale tells whether the camera has to be told again: the velocity is another, or its own time would end.
func (s *steering) stale(h *hold, unit string, motion [3]float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.sent.IsZero() {
		return h.motion != motion || h.unit != unit
	}
	return h.motion != motion || h.unit != unit || time.Since(h.sent) > cameraTime/2
}

// lost ends a movement whose driver may not steer any more.
func (s *steering) lost(h *hold) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(h, "the right to it was taken away")
}

// finish ends a movement. The caller holds mu.
func (s *steering) finish(h *hold, why string) {
	if h.why == "" {
		h.why = why
		close(h.end)
	}
}

// watch is the dead man's switch: it stops the camera once the movement has ended, or was not renewed in time.
func (s *steering) watch(h *hold, release func()) {
	defer close(h.done)
	defer release()
	for {
		s.mu.Lock()
		left := time.Until(h.deadline)
		if left <= 0 {
			s.finish(h, "it was not renewed")
		}
		if h.sent.IsZero() {
			left = min(left, renewTime/4) // its time begins once the camera was told, which nothing wakes us for
		}
		s.mu.Unlock()
		t := time.NewTimer(max(left, 0))
		select {
		case <-h.end:
			t.Stop()
			h.confirmed = s.halt(context.Background())
			s.c.log.Info("a movement ended", "why", h.why)
			s.tell()
			return
		case <-t.C:
		}
	}
}

// isDone tells whether a movement has ended and the camera was stopped after it, or could not be.
func (h *hold) isDone() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

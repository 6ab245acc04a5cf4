package onvif

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"holdfast/onvif/internal/tt"
)

// ErrNoSpace says that a camera cannot move in the way that was asked for.
var ErrNoSpace = errors.New("this camera does not move that way")

// Motion is where to, how far or how fast. What is nil is left as it is.
type Motion struct {
	Unit            Unit // of pan and tilt: Generic, Degrees, FieldOfView. Zoom is Generic, or FieldOfView with that
	Pan, Tilt, Zoom *float64
	Speed           *float64 // 0 to 1, of absolute and relative moves; nil: the device's own
}

// Moved is what a camera was asked for in the end.
type Moved struct {
	Vector  PTZVector
	Clamped []string // in words: what was more than the camera takes, and what it became
}

// Absolute goes to a position. Errors: *Error, ErrNoSpace, *InvalidError.
func (p *PTZ) Absolute(ctx context.Context, m Motion) (Moved, error) {
	if err := p.complete(ctx, &m); err != nil {
		return Moved{}, err
	}
	v, err := vector(m, p.absolute())
	if err != nil {
		return v, err
	}
	return v, p.tell(ctx, "AbsoluteMove", "move to a position", v.Vector.XML("tptz:Position")+p.speed(m.Speed, v.Vector.PanTilt != nil, v.Vector.Zoom != nil))
}

// complete adds pan to tilt, or tilt to pan, from where the camera looks: the wire has only both.
func (p *PTZ) complete(ctx context.Context, m *Motion) error {
	if (m.Pan == nil) == (m.Tilt == nil) {
		return nil
	}
	s, err := p.Status(ctx)
	if err != nil {
		return err
	}
	at := p.In(m.Unit, s.Position)
	if at.PanTilt == nil {
		return &InvalidError{Field: "pan", Why: "This camera does not tell where it looks, so pan and tilt go together."}
	}
	if m.Pan == nil {
		m.Pan = &at.PanTilt.X
	} else {
		m.Tilt = &at.PanTilt.Y
	}
	return nil
}

// Relative moves by a distance. With FieldOfView, pan and tilt name the point of the picture that is to be in its centre: -1 to
// 1, from the centre. Errors: *Error, ErrNoSpace, *InvalidError.
func (p *PTZ) Relative(ctx context.Context, m Motion) (Moved, error) {
	v, err := vector(m, p.relative())
	if err != nil {
		return v, err
	}
	return v, p.tell(ctx, "RelativeMove", "move by a distance", v.Vector.XML("tptz:Translation")+p.speed(m.Speed, v.Vector.PanTilt != nil, v.Vector.Zoom != nil))
}

// Continuous moves with a velocity until it is stopped, or timeout has passed by the camera's own clock: whole seconds, within
// what the camera takes. Whether it wants the timeout is learned: some insist on it, some refuse it. Errors: *Error,
// ErrNoSpace, *InvalidError.
func (p *PTZ) Continuous(ctx context.Context, m Motion, timeout time.Duration) (Moved, error) {
	v, err := vector(m, p.continuous())
	if err != nil {
		return v, err
	}
	send := func(with custom) error {
		more := v.Vector.XML("tptz:Velocity")
		if with == wanted {
			more += "<tptz:Timeout>" + tt.FormatDuration(p.cameraTime(timeout)) + "</tptz:Timeout>"
		}
		return p.tell(ctx, "ContinuousMove", "move", more)
	}
	p.mu.Lock()
	known := p.timeout
	p.mu.Unlock()
	with, other := wanted, unwanted
	if known == unwanted {
		with, other = unwanted, wanted
	}
	err = send(with)
	if declined(err) && known == untried {
		if send(other) != nil {
			return v, err
		}
		with, err = other, nil
	}
	if err == nil {
		p.mu.Lock()
		p.timeout = with
		p.mu.Unlock()
	}
	return v, err
}

// cameraTime is a timeout as the camera takes it. Fractions of a second are not read everywhere.
func (p *PTZ) cameraTime(d time.Duration) time.Duration {
	d = max(d, time.Second)
	if p.MaxTimeout > 0 {
		d = min(max(d, p.MinTimeout), p.MaxTimeout)
	}
	if whole := d.Truncate(time.Second); whole != d && (p.MaxTimeout == 0 || whole+time.Second <= p.MaxTimeout) {
		return whole + time.Second
	}
	return d
}

// Stop asks the camera once to stop all movement. It does not wait for other questions to the device.
func (p *PTZ) Stop(ctx context.Context) error {
	_, err := p.ask(ctx, "Stop", "stop the camera", "<tptz:PanTilt>true</tptz:PanTilt><tptz:Zoom>true</tptz:Zoom>", true)
	return err
}

const (
	haltPause   = 120 * time.Millisecond // between two looks at whether the camera stands
	haltStill   = 1e-4                   // what of a range a position may change by while the camera stands
	haltOtherly = 2                      // times that Stop had no effect before a velocity of zero is tried, too
)

// Halt stops the camera and makes sure that it stands: it asks again until the camera's position rests, or the camera says that
// it is idle, or ctx ends. Of cameras that tell neither, the answer to Stop is what there is. The error says that the
// camera may still be moving.
func (p *PTZ) Halt(ctx context.Context) error {
	for try := 0; ; try++ {
		err := p.Stop(ctx)
		if try >= haltOtherly {
			_, zero := p.Continuous(ctx, Motion{Unit: Generic, Pan: new(float64), Tilt: new(float64), Zoom: new(float64)}, time.Second)
			if zero == nil {
				err = nil
			}
		}
		stands := false
		if err == nil {
			if stands, err = p.stands(ctx); stands {
				return nil
			}
		}
		if ctx.Err() == nil {
			pause(ctx, haltPause)
		}
		if ctx.Err() != nil {
			if err == nil {
				err = errors.New("it says that it still moves")
			}
			return fmt.Errorf("the camera was told to stop and does not confirm it: %w", err)
		}
	}
}

// stands tells whether the camera has stopped, as far as it tells.
func (p *PTZ) stands(ctx context.Context) (bool, error) {
	s, err := p.Status(ctx)
	switch {
	case declined(err):
		return true, nil // it has no status: it answered Stop
	case err != nil:
		return false, err
	case s.Position == PTZVector{}:
		return s.PanTiltMove != "MOVING" && s.ZoomMove != "MOVING", nil
	}
	pause(ctx, haltPause) // devices say IDLE that move, and MOVING that stand: what the position does is true
	again, err := p.Status(ctx)
	if err != nil {
		return false, err
	}
	return p.near(s.Position, again.Position), nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (p *PTZ) near(a, b PTZVector) bool {
	scale := 1.0
	if b.PanTilt != nil && tt.UnitOf(b.PanTilt.Space) == Degrees {
		scale = 180
	}
	if a.PanTilt != nil && b.PanTilt != nil && math.Hypot(a.PanTilt.X-b.PanTilt.X, a.PanTilt.Y-b.PanTilt.Y) > haltStill*scale {
		return false
	}
	return a.Zoom == nil || b.Zoom == nil || math.Abs(a.Zoom.X-b.Zoom.X) <= haltStill
}

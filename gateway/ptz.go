package gateway

import (
	"context"
	"math"
	"slices"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
	"holdfast/onvif"
)

// steeringOf finds how a camera is steered.
func (g *Gateway) steeringOf(camera string) (*steering, error) {
	c, ok := g.camera(camera)
	if !ok {
		return nil, web.ErrNotFound
	}
	return c.steering, nil
}

// PTZ tells what a camera can, where it looks and who steers it. Presets, tours and position are asked of the camera each time.
func (g *Gateway) PTZ(ctx context.Context, camera string, who auth.Identity) (w web.PTZ, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return w, err
	}
	if err := s.change(); err != nil {
		return w, err
	}
	err = s.command(ctx, func(ctx context.Context, p *onvif.PTZ) error {
		w = describe(p)
		list, err := p.Presets(ctx)
		if err != nil {
			return err
		}
		for _, r := range list {
			w.Presets = append(w.Presets, web.Preset{Token: r.Token, Name: r.Name})
		}
		if p.Node.MaxTours > 0 {
			tours, err := p.Tours(ctx)
			if err != nil {
				return err
			}
			for _, t := range tours {
				w.Tours = append(w.Tours, tourFrom(t))
			}
		}
		st, err := p.Status(ctx)
		if err != nil {
			return nil // some have none
		}
		w.Position, w.Moving = positionFrom(p, st), movingFrom(st)
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.driver.until) {
		d := s.driver.shown(who)
		w.Driver = &d
	}
	w.RenewWithin, w.Trouble = renewTime.Seconds(), s.trouble
	return w, err
}

// change counts what is asked of a camera beside movements.
func (s *steering) change() error {
	if !s.changes.take(s.c.now(), cameraChanges) {
		return web.TooMany("Taken are 120 questions and changes a minute of one camera.", "Ask less often.")
	}
	return nil
}

func describe(p *onvif.PTZ) web.PTZ {
	n := &p.Node
	return web.PTZ{Absolute: wayFrom(n.Spaces.AbsolutePanTilt, n.Spaces.AbsoluteZoom, 0), Relative: wayFrom(n.Spaces.RelativePanTilt, n.Spaces.RelativeZoom, -1),
		Continuous: wayFrom(n.Spaces.ContinuousPanTilt, n.Spaces.ContinuousZoom, -1), Speed: len(n.Spaces.PanTiltSpeed) > 0,
		GeoMove: n.GeoMove, Home: n.Home, HomeFixed: n.FixedHome, MaxPresets: n.MaxPresets, MaxTours: n.MaxTours, Auxiliary: n.Auxiliary}
}

// wayFrom tells of one way to move. What a camera has in degrees only can be said in the generic unit too: the client reckons.
func wayFrom(panTilt, zoom []onvif.Space, leastZoom float64) *web.PTZWay {
	if len(panTilt) == 0 && len(zoom) == 0 {
		return nil
	}
	w := &web.PTZWay{Units: []string{}}
	for _, s := range panTilt {
		switch u := s.Unit(); u {
		case onvif.Generic, onvif.FieldOfView:
			w.Units = append(w.Units, u.String())
		case onvif.Degrees:
			w.Units = append(w.Units, u.String())
			w.Degrees = &web.PTZDegrees{Pan: ends(s.X), Tilt: ends(s.Y)}
		}
		if s.Unit() == onvif.Generic {
			w.Pan, w.Tilt = ends(s.X), ends(s.Y)
		}
	}
	if w.Degrees != nil && !slices.Contains(w.Units, "generic") {
		w.Units = slices.Insert(w.Units, 0, "generic")
		w.Pan, w.Tilt = &web.Ends{Min: -1, Max: 1}, &web.Ends{Min: -1, Max: 1}
	}
	for _, s := range zoom {
		switch s.Unit() {
		case onvif.Generic:
			w.Zoom = ends(s.X)
		default:
			if w.Zoom == nil {
				w.Zoom = &web.Ends{Min: leastZoom, Max: 1}
			}
		}
	}
	return w
}

func ends(r onvif.Range) *web.Ends {
	if math.IsInf(r.Min, 0) || math.IsInf(r.Max, 0) {
		return nil
	}
	return &web.Ends{Min: r.Min, Max: r.Max}
}

func positionFrom(p *onvif.PTZ, st onvif.PTZStatus) *web.PTZPosition {
	w := &web.PTZPosition{}
	if v := p.In(onvif.Generic, st.Position); v.PanTilt != nil {
		w.Pan, w.Tilt = &v.PanTilt.X, &v.PanTilt.Y
	}
	if v := p.In(onvif.Degrees, st.Position); v.PanTilt != nil {
		w.PanDegrees, w.TiltDegrees = &v.PanTilt.X, &v.PanTilt.Y
	}
	if z := st.Position.Zoom; z != nil {
		w.Zoom = &z.X
	}
	if *w == (web.PTZPosition{}) {
		return nil
	}
	return w
}

func movingFrom(st onvif.PTZStatus) *bool {
	if st.PanTiltMove == "" && st.ZoomMove == "" {
		return nil
	}
	moving := st.PanTiltMove == "MOVING" || st.ZoomMove == "MOVING"
	return &moving
}

var spoken = map[string]onvif.Unit{"": onvif.Generic, "generic": onvif.Generic, "degrees": onvif.Degrees, "fov": onvif.FieldOfView}

func motionOf(m web.Move) onvif.Motion {
	return onvif.Motion{Unit: spoken[m.Unit], Pan: m.Pan, Tilt: m.Tilt, Zoom: m.Zoom, Speed: m.Speed}
}

// still has what a continuous movement leaves out stand still: it is one movement, of whoever holds the stick.
func still(m web.Move) web.Move {
	for _, v := range []**float64{&m.Pan, &m.Tilt, &m.Zoom} {
		if *v == nil {
			*v = new(float64)
		}
	}
	return m
}

// Move moves a camera.
func (g *Gateway) Move(ctx context.Context, camera string, who auth.Identity, m web.Move) (moved web.Moved, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return moved, err
	}
	d, err := s.admit(who, 0, m.TakeOver)
	if err != nil {
		return moved, err
	}
	switch {
	case m.Kind == "continuous" && zero(m.Pan) == 0 && zero(m.Tilt) == 0 && zero(m.Zoom) == 0:
		err = s.stop(ctx)
	case m.Kind == "continuous":
		moved, err = s.drive(ctx, who, still(m))
	default:
		err = s.move(ctx, func(ctx context.Context, p *onvif.PTZ) error {
			got, err := once(ctx, p, m)
			moved.Clamped = got.Clamped
			return err
		})
	}
	moved.Driver = d.shown(who)
	return moved, err
}

// once makes a movement that ends by itself.
func once(ctx context.Context, p *onvif.PTZ, m web.Move) (onvif.Moved, error) {
	switch m.Kind {
	case "absolute":
		return p.Absolute(ctx, motionOf(m))
	case "relative":
		return p.Relative(ctx, motionOf(m))
	}
	return onvif.Moved{}, p.GeoMove(ctx, onvif.GeoLocation{Lat: *m.Lat, Lon: *m.Lon, Elevation: m.Height}, m.Width, 0, m.Speed)
}

// Stop stops a camera, whoever steers it: anybody who may steer may end what looks dangerous.
func (g *Gateway) Stop(ctx context.Context, camera string, _ auth.Identity) (web.Stopped, error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return web.Stopped{}, err
	}
	if err := s.stop(ctx); err != nil {
		return web.Stopped{}, err
	}
	return web.Stopped{Confirmed: true}, nil
}

// Drive takes a camera for somebody.
func (g *Gateway) Drive(camera string, who auth.Identity, d web.DriveRequest) (web.Driver, error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return web.Driver{}, err
	}
	keep := time.Duration(d.Seconds * float64(time.Second))
	is, err := s.admit(who, keep, d.TakeOver)
	return is.shown(who), err
}

// LetGo lets others steer. What still moves is stopped.
func (g *Gateway) LetGo(camera string, who auth.Identity) error {
	s, err := g.steeringOf(camera)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.driver.owner != who.Owner() {
		return nil
	}
	if s.hold != nil {
		s.finish(s.hold, "whoever began it let the camera go")
	}
	s.driver = driver{}
	s.tell()
	return nil
}

// Steer does what a camera has a name for.
func (g *Gateway) Steer(ctx context.Context, camera string, who auth.Identity, a web.PTZAct) (web.PTZAct, error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return a, err
	}
	if _, err := s.admit(who, 0, a.TakeOver); err != nil {
		return a, err
	}
	run := s.command
	if a.Do == "preset.goto" || a.Do == "home.goto" || a.Do == "tour.start" {
		run = s.move // what moves ends what moves
	}
	err = run(ctx, func(ctx context.Context, p *onvif.PTZ) error { return act(ctx, p, &a) })
	return a, err
}

func act(ctx context.Context, p *onvif.PTZ, a *web.PTZAct) (err error) {
	switch a.Do {
	case "preset.goto":
		return p.GotoPreset(ctx, a.Token, a.Speed)
	case "preset.set":
		a.Token, err = p.SetPreset(ctx, a.Token, a.Name)
		return err
	case "preset.remove":
		return p.RemovePreset(ctx, a.Token)
	case "home.goto":
		return p.GotoHome(ctx, a.Speed)
	case "home.set":
		return p.SetHome(ctx)
	case "tour.set":
		return setTour(ctx, p, a)
	case "tour.start":
		return p.OperateTour(ctx, a.Token, "Start")
	case "tour.stop":
		return p.OperateTour(ctx, a.Token, "Stop")
	case "tour.pause":
		return p.OperateTour(ctx, a.Token, "Pause")
	case "tour.remove":
		return p.RemoveTour(ctx, a.Token)
	}
	return web.Rejected("do", "It is not known.")
}

// setTour makes or changes a tour. One that was made and cannot be filled is removed again.
func setTour(ctx context.Context, p *onvif.PTZ, a *web.PTZAct) (err error) {
	made := a.Token == ""
	if made {
		if a.Token, err = p.CreateTour(ctx); err != nil {
			return err
		}
	}
	t := *a.Tour
	t.Token = a.Token
	a.Tour = &t
	if err = p.ModifyTour(ctx, tourOf(t, p)); err != nil && made {
		p.RemoveTour(ctx, a.Token)
	}
	return err
}

func tourOf(t web.Tour, p *onvif.PTZ) onvif.PresetTour {
	o := onvif.PresetTour{Token: t.Token, Name: t.Name, AutoStart: t.AutoStart, Times: t.Times, Direction: t.Direction, Random: t.Random}
	for _, s := range t.Spots {
		spot := onvif.TourSpot{Preset: s.Preset, Home: s.Preset == "", Stay: time.Duration(s.Stay * float64(time.Second))}
		if s.Speed > 0 {
			spot.Speed = p.SpeedOf(s.Speed)
		}
		o.Spots = append(o.Spots, spot)
	}
	return o
}

func tourFrom(t onvif.PresetTour) web.Tour {
	w := web.Tour{Token: t.Token, Name: t.Name, State: t.State, AutoStart: t.AutoStart, Times: t.Times, Direction: t.Direction, Random: t.Random}
	for _, s := range t.Spots {
		spot := web.TourSpot{Preset: s.Preset, Stay: s.Stay.Seconds()}
		if s.Speed != nil && s.Speed.PanTilt != nil {
			spot.Speed = s.Speed.PanTilt.X
		}
		w.Spots = append(w.Spots, spot)
	}
	return w
}

package gateway

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast/gateway/web"
	"holdfast/onvif"
)

// focusTime ends a movement of the focus that nobody stopped.
const focusTime = 3 * time.Second

// control asks a camera's device about a video source, which most questions of the picture are about.
func (g *Gateway) control(ctx context.Context, camera string, do func(ctx context.Context, c *onvif.Client, source string) error) error {
	s, err := g.steeringOf(camera)
	if err != nil {
		return err
	}
	if err := s.change(); err != nil {
		return err
	}
	return controlProblem(s.c.ask(ctx, func(ctx context.Context, c *onvif.Client) error {
		source, err := s.c.lookingSource(ctx)
		if err != nil {
			return err
		}
		return do(ctx, c, source)
	}))
}

// lookingSource is the token of the video source that the camera's main picture shows; "" when the device names none.
func (c *Camera) lookingSource(ctx context.Context) (string, error) {
	dev, err := c.probe(ctx)
	if err != nil {
		return "", err
	}
	if p := c.pictured(dev); p != nil {
		return p.Source, nil
	}
	return "", nil
}

// device asks a camera's device about itself.
func (g *Gateway) deviceOf(ctx context.Context, camera string, do func(context.Context, *onvif.Client) error) error {
	s, err := g.steeringOf(camera)
	if err != nil {
		return err
	}
	if err := s.change(); err != nil {
		return err
	}
	return controlProblem(s.c.ask(ctx, do))
}

// Imaging tells how a camera makes its picture.
func (g *Gateway) Imaging(ctx context.Context, camera string) (w web.Imaging, err error) {
	err = g.control(ctx, camera, func(ctx context.Context, c *onvif.Client, source string) (err error) {
		w, err = imagingOf(ctx, c, source)
		return err
	})
	return w, err
}

func imagingOf(ctx context.Context, c *onvif.Client, source string) (w web.Imaging, err error) {
	now, err := c.ImagingSettings(ctx, source)
	if err != nil {
		return w, err
	}
	may, err := c.ImagingOptions(ctx, source)
	if err != nil {
		return w, err
	}
	w = web.Imaging{Settings: settingsFrom(now), Options: optionsFrom(may), Presets: []web.Named{}}
	if f, err := focusOf(ctx, c, source); err == nil && len(f.Options) > 0 {
		w.Focus = &f
	}
	if list, current, err := c.ImagingPresets(ctx, source); err == nil { // many have none
		for _, p := range list {
			w.Presets = append(w.Presets, web.Named{Token: p.Token, Name: p.Name, Type: p.Type})
		}
		w.Preset = current
	}
	return w, nil
}

func settingsFrom(s onvif.ImagingSettings) web.ImagingSettings {
	return web.ImagingSettings{Brightness: s.Brightness, ColorSaturation: s.ColorSaturation, Contrast: s.Contrast, Sharpness: s.Sharpness, IrCutFilter: s.IrCutFilter,
		Exposure: (*web.Exposure)(s.Exposure), Focus: (*web.FocusMode)(s.Focus), WhiteBalance: (*web.WhiteBalance)(s.WhiteBalance), WideDynamicRange: (*web.Level)(s.WideDynamicRange),
		BacklightCompensation: (*web.Level)(s.BacklightCompensation), ImageStabilization: (*web.Level)(s.ImageStabilization), ToneCompensation: (*web.Level)(s.ToneCompensation),
		Defogging: (*web.Level)(s.Defogging), NoiseReduction: s.NoiseReduction}
}

func settingsOf(w web.ImagingSettings) onvif.ImagingSettings {
	return onvif.ImagingSettings{Brightness: w.Brightness, ColorSaturation: w.ColorSaturation, Contrast: w.Contrast, Sharpness: w.Sharpness, IrCutFilter: w.IrCutFilter,
		Exposure: (*onvif.Exposure)(w.Exposure), Focus: (*onvif.Focus)(w.Focus), WhiteBalance: (*onvif.WhiteBalance)(w.WhiteBalance), WideDynamicRange: (*onvif.Level)(w.WideDynamicRange),
		BacklightCompensation: (*onvif.Level)(w.BacklightCompensation), ImageStabilization: (*onvif.Level)(w.ImageStabilization), ToneCompensation: (*onvif.Level)(w.ToneCompensation),
		Defogging: (*onvif.Level)(w.Defogging), NoiseReduction: w.NoiseReduction}
}

// options gathers what can be set.
type options []web.Option

func (o *options) number(name string, r *onvif.Range) {
	if r != nil {
		*o = append(*o, option(name, r))
	}
}

func option(name string, r *onvif.Range) web.Option {
	w := web.Option{Name: name}
	if e := ends(*r); e != nil {
		w.Min, w.Max = &e.Min, &e.Max
	}
	return w
}

func (o *options) modes(name string, list []string, r *onvif.Range) {
	w := web.Option{Name: name}
	if r != nil {
		w = option(name, r)
	}
	if w.Modes = list; len(list) > 0 || r != nil {
		*o = append(*o, w)
	}
}

func optionsFrom(m onvif.ImagingOptions) []web.Option {
	o := options{}
	o.number("brightness", m.Brightness)
	o.number("color_saturation", m.ColorSaturation)
	o.number("contrast", m.Contrast)
	o.number("sharpness", m.Sharpness)
	o.modes("ir_cut_filter", m.IrCutFilterModes, nil)
	if e := m.Exposure; e != nil {
		o.modes("exposure.mode", e.Modes, nil)
		o.modes("exposure.priority", e.Priorities, nil)
		o.number("exposure.min_exposure_time", e.MinExposureTime)
		o.number("exposure.max_exposure_time", e.MaxExposureTime)
		o.number("exposure.min_gain", e.MinGain)
		o.number("exposure.max_gain", e.MaxGain)
		o.number("exposure.min_iris", e.MinIris)
		o.number("exposure.max_iris", e.MaxIris)
		o.number("exposure.exposure_time", e.ExposureTime)
		o.number("exposure.gain", e.Gain)
		o.number("exposure.iris", e.Iris)
	}
	if f := m.Focus; f != nil {
		o.modes("focus.mode", f.AutoFocusModes, nil)
		o.number("focus.default_speed", f.DefaultSpeed)
		o.number("focus.near_limit", f.NearLimit)
		o.number("focus.far_limit", f.FarLimit)
	}
	if b := m.WhiteBalance; b != nil {
		o.modes("white_balance.mode", b.Modes, nil)
		o.number("white_balance.cr_gain", b.CrGain)
		o.number("white_balance.cb_gain", b.CbGain)
	}
	if l := m.WideDynamicRange; l != nil {
		o.modes("wide_dynamic_range", l.Modes, l.Level)
	}
	if l := m.BacklightCompensation; l != nil {
		o.modes("backlight_compensation", l.Modes, l.Level)
	}
	if l := m.ImageStabilization; l != nil {
		o.modes("image_stabilization", l.Modes, l.Level)
	}
	if l := m.ToneCompensation; l != nil {
		o.modes("tone_compensation", l.Modes, l.Level)
	}
	if l := m.Defogging; l != nil {
		o.modes("defogging", l.Modes, l.Level)
	}
	if m.NoiseReduction {
		o.number("noise_reduction", &onvif.Range{Max: 1})
	}
	return o
}

// SetImaging changes the picture, and gives what the camera made of it.
func (g *Gateway) SetImaging(ctx context.Context, camera string, change web.ImagingChange) (w web.Imaging, err error) {
	err = g.control(ctx, camera, func(ctx context.Context, c *onvif.Client, source string) (err error) {
		if change.Preset != "" {
			err = c.SetImagingPreset(ctx, source, change.Preset)
		} else {
			_, err = c.SetImagingSettings(ctx, source, settingsOf(change.ImagingSettings))
		}
		if err != nil {
			return err
		}
		w, err = imagingOf(ctx, c, source)
		return err
	})
	return w, err
}

func focusOf(ctx context.Context, c *onvif.Client, source string) (w web.Focus, err error) {
	may, err := c.FocusMoveOptions(ctx, source)
	if err != nil {
		return w, err
	}
	o := options{}
	o.number("position", may.Position)
	o.number("distance", may.Distance)
	o.number("velocity", may.Velocity)
	w.Options = o
	if at, err := c.FocusStatus(ctx, source); err == nil {
		w.Position, w.State = at.Position, at.Move
	}
	return w, nil
}

// MoveFocus moves the focus, or stops it. What goes on is stopped after focusTime, and with the gateway.
func (g *Gateway) MoveFocus(ctx context.Context, camera string, f web.FocusRequest) (w web.Focus, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return w, err
	}
	if f.Stop && f != (web.FocusRequest{Stop: true}) {
		return w, web.Rejected("stop", "It goes alone.")
	}
	err = g.control(ctx, camera, func(ctx context.Context, c *onvif.Client, source string) (err error) {
		s.focusing(f.Velocity != nil)
		if f.Stop {
			err = c.StopFocus(ctx, source)
		} else {
			err = c.MoveFocus(ctx, source, onvif.FocusMove{Position: f.Position, Distance: f.Distance, Velocity: f.Velocity, Speed: f.Speed})
		}
		if err != nil {
			return err
		}
		w, err = focusOf(ctx, c, source)
		return err
	})
	return w, err
}

// focusing notes that the focus begins to move until it is stopped, or that it does not.
func (s *steering) focusing(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.focused != nil {
		s.focused.Stop()
		s.focused = nil
	}
	if on && !s.over {
		s.focused = time.AfterFunc(focusTime, s.stopFocus)
	}
}

func (s *steering) stopFocus() {
	ctx, cancel := context.WithTimeout(context.Background(), steerTime)
	defer cancel()
	err := s.c.ask(ctx, func(ctx context.Context, c *onvif.Client) error {
		source, err := s.c.lookingSource(ctx)
		if err != nil {
			return err
		}
		return c.StopFocus(ctx, source)
	})
	if err != nil {
		s.c.log.Error("the focus could not be stopped", "error", err)
	}
}

// Relays lists the relays of a camera.
func (g *Gateway) Relays(ctx context.Context, camera string) (list []web.Relay, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return nil, err
	}
	err = g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) (err error) {
		list, err = s.relaysOf(ctx, c)
		return err
	})
	return list, err
}

func (s *steering) relaysOf(ctx context.Context, c *onvif.Client) ([]web.Relay, error) {
	relays, err := c.Relays(ctx)
	if err != nil {
		return nil, err
	}
	may, _ := c.RelayOptions(ctx) // older devices do not tell
	list := []web.Relay{}
	for _, r := range relays {
		w := web.Relay{Token: r.Token, Modes: []string{}, RelaySettings: web.RelaySettings{Mode: r.Mode, Delay: r.Delay.Seconds(), Idle: r.Idle}}
		if p, known := s.relayNow(r.Token, r.Mode == "Monostable"); known {
			w.Active = &p.active
		}
		for _, o := range may {
			if o.Token == r.Token {
				w.Modes = o.Modes
			}
		}
		list = append(list, w)
	}
	return list, nil
}

// relay picks one relay.
func relay(list []web.Relay, token string) (web.Relay, error) {
	if i := slices.IndexFunc(list, func(r web.Relay) bool { return r.Token == token }); i >= 0 {
		return list[i], nil
	}
	return web.Relay{}, web.ErrNotFound
}

// relayNow is how a relay is: as it was switched from here or as the camera told it, whichever is newer. What falls back by itself is
// known from the camera alone.
func (s *steering) relayNow(token string, falls bool) (p pin, known bool) {
	p, known = s.c.pin(relayTopic, token)
	s.mu.Lock()
	defer s.mu.Unlock()
	if own, switched := s.relays[token]; switched && !falls && (!known || own.at.After(p.at)) {
		return own, true
	}
	return p, known
}

// SwitchRelay switches a relay.
func (g *Gateway) SwitchRelay(ctx context.Context, camera, token string, active bool) (w web.Relay, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return w, err
	}
	err = g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		list, err := s.relaysOf(ctx, c)
		if err != nil {
			return err
		}
		if _, err := relay(list, token); err != nil {
			return err
		}
		if err := c.SetRelayState(ctx, token, active); err != nil {
			return err
		}
		s.mu.Lock()
		s.relays[token] = pin{active, s.c.now().UTC()}
		s.mu.Unlock()
		if list, err = s.relaysOf(ctx, c); err != nil {
			return err
		}
		w, err = relay(list, token)
		return err
	})
	return w, err
}

// SetRelay changes how a relay works.
func (g *Gateway) SetRelay(ctx context.Context, camera, token string, q web.RelaySettings) (w web.Relay, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return w, err
	}
	err = g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		if _, err := c.SetRelay(ctx, onvif.Relay{Token: token, Mode: q.Mode, Delay: time.Duration(q.Delay * float64(time.Second)), Idle: q.Idle}); err != nil {
			return err
		}
		list, err := s.relaysOf(ctx, c)
		if err != nil {
			return err
		}
		w, err = relay(list, token)
		return err
	})
	return w, err
}

// Inputs lists the digital inputs of a camera.
func (g *Gateway) Inputs(ctx context.Context, camera string) (list []web.Input, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return nil, err
	}
	list = []web.Input{}
	err = g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		inputs, err := c.Inputs(ctx)
		for _, i := range inputs {
			in := web.Input{Token: i.Token, Idle: i.Idle}
			if p, known := s.c.pin(inputTopic, i.Token); known {
				in.Active, in.Since = &p.active, &p.at
			}
			list = append(list, in)
		}
		return err
	})
	return list, err
}

// Auxiliary lists what else a camera switches: commands of its own, then those of what turns it.
func (g *Gateway) Auxiliary(ctx context.Context, camera string) (list []string, err error) {
	s, err := g.steeringOf(camera)
	if err != nil {
		return nil, err
	}
	err = g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		own, node, err := s.auxiliary(ctx, c)
		list = slices.Concat([]string{}, own, node)
		return err
	})
	return list, err
}

func (s *steering) auxiliary(ctx context.Context, c *onvif.Client) (own, node []string, err error) {
	if own, err = c.AuxiliaryCommands(ctx); err != nil {
		return nil, nil, err
	}
	if p, err := s.learned(ctx, c); err == nil { // many do not turn
		node = p.Node.Auxiliary
	}
	return own, node, nil
}

// SendAuxiliary sends a command that the camera names.
func (g *Gateway) SendAuxiliary(ctx context.Context, camera, command string) error {
	s, err := g.steeringOf(camera)
	if err != nil {
		return err
	}
	return g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		own, node, err := s.auxiliary(ctx, c)
		if err != nil {
			return err
		}
		if slices.Contains(own, command) {
			return c.Auxiliary(ctx, command)
		}
		if slices.Contains(node, command) {
			p, err := s.learned(ctx, c)
			if err != nil {
				return err
			}
			return p.Auxiliary(ctx, command)
		}
		if len(own)+len(node) == 0 {
			return web.Rejected("command", "This camera names no commands.")
		}
		return web.Rejected("command", fmt.Sprintf("It is one of %s.", strings.Join(slices.Concat(own, node), ", ")))
	})
}

// Position tells where a camera says that it is.
func (g *Gateway) Position(ctx context.Context, camera string) (list []web.Position, err error) {
	list = []web.Position{}
	err = g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		places, err := c.Locations(ctx)
		list = append(list, positionsFrom(places)...)
		return err
	})
	return list, err
}

func positionsFrom(places []onvif.Location) []web.Position {
	list := []web.Position{}
	for _, l := range places {
		w := web.Position{Entity: l.Entity, Token: l.Token, Fixed: l.Fixed, Yaw: l.Yaw, Pitch: l.Pitch, Roll: l.Roll}
		if p := l.Location; p != nil {
			w.Lat, w.Lon, w.Elevation = &p.Lat, &p.Lon, p.Elevation
		}
		list = append(list, w)
	}
	return list
}

// SetPosition tells a camera where it is. Of an entity that is not named, its video source is meant.
func (g *Gateway) SetPosition(ctx context.Context, camera string, p web.Position) (list []web.Position, err error) {
	for name, v := range map[string]*float64{"yaw": p.Yaw, "pitch": p.Pitch, "roll": p.Roll} {
		if v != nil && !(math.Abs(*v) <= 360) {
			return nil, web.Rejected(name, "It is from -360 to 360 degrees.")
		}
	}
	err = g.control(ctx, camera, func(ctx context.Context, c *onvif.Client, source string) error {
		l := onvif.Location{Entity: p.Entity, Token: p.Token, Yaw: p.Yaw, Pitch: p.Pitch, Roll: p.Roll}
		if l.Entity == "" && l.Token == "" {
			l.Entity, l.Token = "VideoSource", source
		}
		if p.Lat != nil {
			l.Location = &onvif.GeoLocation{Lat: *p.Lat, Lon: *p.Lon, Elevation: p.Elevation}
		}
		places, err := c.SetLocation(ctx, l)
		list = positionsFrom(places)
		return err
	})
	return list, err
}

// DeletePosition has a camera forget where it is, and all of its parts that can be set.
func (g *Gateway) DeletePosition(ctx context.Context, camera string) error {
	return g.deviceOf(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		places, err := c.Locations(ctx)
		if err != nil {
			return err
		}
		for _, l := range places {
			if l.Fixed {
				continue
			}
			if err := c.DeleteLocation(ctx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

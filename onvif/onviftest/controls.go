package onviftest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/onvif/internal/tt"
	"holdfast/onvif/server"
)

// controls are the parts of a simulated camera beside its movement.
type controls struct {
	picture *picture // of fixed and moving ones
	pins    *pins    // of fixed ones
	heat    *heat    // of thermal ones
	where   *where
}

// addControls gives a device the parts of its kind.
func (d *Device) addControls() {
	d.where = &where{}
	switch d.o.Kind {
	case Fixed, ProfileT:
		d.picture, d.pins = newPicture(d.o.Unfocused), newPins(d.o.OlderIO)
	case PTZ:
		d.picture = newPicture(d.o.Unfocused)
	case Thermal:
		d.heat = newHeat("source")
	case BiSpectrum:
		d.heat = newHeat("thermal")
	}
	if kinds[d.o.Kind].ptz {
		d.mechanics = newMechanics(d.o.PTZ, d.where.geo)
	}
}

// Imaging, IO, Thermal, Auxiliary and Places are what can be controlled; nil is what it does not have.
func (d *Device) Imaging() server.Imaging {
	if d.picture == nil {
		return nil
	}
	return d.picture
}

// IO are its relays and inputs.
func (d *Device) IO() server.IO {
	if d.pins == nil {
		return nil
	}
	return d.pins
}

// Thermal is its picture of temperatures.
func (d *Device) Thermal() server.Thermal {
	if d.heat == nil {
		return nil
	}
	return d.heat
}

// Auxiliary is what hangs on its relays' side.
func (d *Device) Auxiliary() server.Auxiliary {
	if d.pins == nil {
		return nil
	}
	return d.pins
}

// Places is where it is.
func (d *Device) Places() server.Places { return d.where }

// picture is how a simulated camera makes its picture.
type picture struct {
	mu     sync.Mutex // guards what follows
	now    tt.ImagingSettings
	focus  tt.FocusMoveOptions
	preset string
	at     float64   // of the focus
	speed  float64   // of it, per second
	moved  time.Time // when that began
}

func of(v float64) *float64 { return &v }

func newPicture(unfocused bool) *picture {
	p := &picture{moved: time.Now(), at: 0.5, preset: "outdoor", now: tt.ImagingSettings{Brightness: of(50), ColorSaturation: of(50), Contrast: of(50), Sharpness: of(50), IrCutFilter: "AUTO",
		Exposure:     &tt.Exposure{Mode: "AUTO", Priority: "LowNoise", MinExposureTime: of(10), MaxExposureTime: of(40_000), MinGain: of(0), MaxGain: of(30)},
		Focus:        &tt.Focus{AutoFocusMode: "AUTO"},
		WhiteBalance: &tt.WhiteBalance{Mode: "AUTO"}, WideDynamicRange: &tt.Level{Mode: "OFF", Level: of(50)}, BacklightCompensation: &tt.Level{Mode: "OFF"}, Defogging: &tt.Level{Mode: "OFF", Level: of(0)}}}
	if !unfocused {
		p.focus = tt.FocusMoveOptions{Position: &part, Distance: &unity, Velocity: &unity, PositionSpeed: &part}
	}
	return p
}

// Imaging tells the settings and what they can be.
func (p *picture) Imaging() (tt.ImagingSettings, tt.ImagingOptions) {
	p.mu.Lock()
	defer p.mu.Unlock()
	hundred, long, loud := &tt.Range{Min: 0, Max: 100}, &tt.Range{Min: 10, Max: 320_000}, &tt.Range{Min: 0, Max: 60}
	twice, gain := []string{"ON", "OFF"}, &tt.Range{Min: 0, Max: 255}
	own := []string{"AUTO", "MANUAL"}
	return p.now, tt.ImagingOptions{Brightness: hundred, ColorSaturation: hundred, Contrast: hundred, Sharpness: hundred, IrCutFilterModes: []string{"ON", "OFF", "AUTO"},
		Exposure: &tt.ExposureOptions{Modes: own, Priorities: []string{"LowNoise", "FrameRate"}, MinExposureTime: long, MaxExposureTime: long, MinGain: loud, MaxGain: loud, ExposureTime: long, Gain: loud},
		Focus:    &tt.FocusOptions{AutoFocusModes: own}, WhiteBalance: &tt.WhiteBalanceOptions{Modes: own, CrGain: gain, CbGain: gain},
		WideDynamicRange: &tt.LevelOptions{Modes: twice, Level: hundred}, BacklightCompensation: &tt.LevelOptions{Modes: twice},
		Defogging: &tt.LevelOptions{Modes: []string{"ON", "OFF", "AUTO"}, Level: &tt.Range{Min: 0, Max: 1}}}
}

// SetImaging changes settings. Brightness is kept to even numbers, as a camera rounds to what its sensor has.
func (p *picture) SetImaging(s tt.ImagingSettings) {
	p.mu.Lock()
	defer p.mu.Unlock()
	want := s.Over(p.now)
	if s.Brightness != nil {
		p.now.Brightness = of(float64(int(*s.Brightness) / 2 * 2))
	}
	for _, x := range []struct{ to, v **float64 }{{&p.now.ColorSaturation, &s.ColorSaturation}, {&p.now.Contrast, &s.Contrast}, {&p.now.Sharpness, &s.Sharpness}} {
		if *x.v != nil {
			*x.to = *x.v
		}
	}
	if s.IrCutFilter != "" {
		p.now.IrCutFilter = s.IrCutFilter
	}
	if s.Exposure != nil {
		p.now.Exposure = want.Exposure
	}
	if s.Focus != nil {
		p.now.Focus = want.Focus
	}
	if s.WhiteBalance != nil {
		p.now.WhiteBalance = want.WhiteBalance
	}
	for _, x := range []struct{ to, v **tt.Level }{{&p.now.WideDynamicRange, &want.WideDynamicRange}, {&p.now.BacklightCompensation, &want.BacklightCompensation}, {&p.now.Defogging, &want.Defogging}} {
		if *x.v != nil {
			*x.to = *x.v
		}
	}
}

// Focus tells how the focus moves and where it is.
func (p *picture) Focus() (tt.FocusMoveOptions, tt.FocusStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := "IDLE"
	if p.speed != 0 {
		state = "MOVING"
	}
	return p.focus, tt.FocusStatus{Position: of(p.where()), Move: state}
}

// where is the focus at this moment. Caller holds mu.
func (p *picture) where() float64 { return limit(p.at+p.speed*time.Since(p.moved).Seconds(), 0) }

// MoveFocus moves the focus.
func (p *picture) MoveFocus(m tt.FocusMove) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.moved, p.speed = p.where(), time.Now(), 0
	switch {
	case m.Position != nil:
		p.at = *m.Position
	case m.Distance != nil:
		p.at = limit(p.at+*m.Distance, 0)
	case m.Velocity != nil:
		p.speed = *m.Velocity
	}
}

// StopFocus stops it.
func (p *picture) StopFocus() { p.MoveFocus(tt.FocusMove{}) }

// ImagingPresets are the sets of settings that it keeps.
func (p *picture) ImagingPresets() ([]tt.ImagingPreset, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []tt.ImagingPreset{{Token: "outdoor", Type: "ClearWeather", Name: "Outdoors"}, {Token: "fog", Type: "Fog", Name: "Fog"}}, p.preset
}

// SetImagingPreset puts one in force.
func (p *picture) SetImagingPreset(token string) bool {
	if list, _ := p.ImagingPresets(); !slices.ContainsFunc(list, func(x tt.ImagingPreset) bool { return x.Token == token }) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.preset = token
	return true
}

// pins are the relays and inputs of a simulated camera: two of each.
type pins struct {
	older bool // constant

	mu     sync.Mutex // guards what follows
	relays []tt.Relay
	active map[string]bool
	last   string // the auxiliary command that came last
}

func newPins(older bool) *pins {
	return &pins{older: older, active: make(map[string]bool), relays: []tt.Relay{{Token: "relay1", Mode: "Bistable", Idle: "open"}, {Token: "relay2", Mode: "Monostable", Delay: time.Second, Idle: "open"}}}
}

// Old tells whether it has no DeviceIO service.
func (p *pins) Old() bool { return p.older }

// Relays are the outputs.
func (p *pins) Relays() []tt.Relay {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.relays)
}

// RelayOptions are what they can be.
func (p *pins) RelayOptions() []tt.RelayOptions {
	both := []string{"Bistable", "Monostable"}
	return []tt.RelayOptions{{Token: "relay1", Modes: both, Delays: []time.Duration{time.Second, 10 * time.Second}}, {Token: "relay2", Modes: both, Delays: []time.Duration{time.Second, 5 * time.Second}, Discrete: true}}
}

// SetRelay changes how one works.
func (p *pins) SetRelay(r tt.Relay) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.relays, func(x tt.Relay) bool { return x.Token == r.Token })
	if i < 0 {
		return false
	}
	p.relays[i] = r
	return true
}

// SetRelayState switches one.
func (p *pins) SetRelayState(token string, active bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.ContainsFunc(p.relays, func(x tt.Relay) bool { return x.Token == token }) {
		return false
	}
	p.active[token] = active
	return true
}

// Active tells which relays are switched, for tests that look at it.
func (d *Device) Active() map[string]bool {
	d.pins.mu.Lock()
	defer d.pins.mu.Unlock()
	return maps.Clone(d.pins.active)
}

// Inputs are the contacts that it watches.
func (p *pins) Inputs() []tt.Input {
	return []tt.Input{{Token: "input1", Idle: "open"}, {Token: "input2", Idle: "closed"}}
}

// AuxiliaryCommands are what it switches beside its relays.
func (p *pins) AuxiliaryCommands() []string {
	return []string{"tt:IRLamp|On", "tt:IRLamp|Off", "tt:IRLamp|Auto"}
}

// SendAuxiliary takes one of them.
func (p *pins) SendAuxiliary(command string) bool {
	if !slices.Contains(p.AuxiliaryCommands(), command) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = command
	return true
}

// LastAuxiliary is the device's command that came last.
func (d *Device) LastAuxiliary() string {
	d.pins.mu.Lock()
	defer d.pins.mu.Unlock()
	return d.pins.last
}

// heat is the thermal part of a simulated camera.
type heat struct {
	source string // constant

	mu         sync.Mutex // guards what follows
	now        tt.Thermal
	radiometry tt.Radiometry
	measuring  []server.MeasuringModule
}

// machine and bearing are where the thermal clip (scripts/clips) is hot, of its 640 by 480 pixels: 420,150 to 520,270, and 470,206.
var machine, bearing = server.MeasuringModule{Item: "Machine", Box: [4]float64{0.3125, -0.125, 0.625, 0.375}},
	server.MeasuringModule{Item: "Bearing", Spot: true, Box: [4]float64{0.46875, 0.141667, 0.46875, 0.141667}}

var (
	palettes = []tt.Palette{{Token: "white", Type: "WhiteHot", Name: "White is hot"}, {Token: "iron", Type: "Iron", Name: "Iron"}, {Token: "rainbow", Type: "Rainbow", Name: "Rainbow"}}
	tables   = []tt.NUCTable{{Token: "low", Name: "Cold", LowTemperature: of(233), HighTemperature: of(423)}, {Token: "high", Name: "Hot", LowTemperature: of(373), HighTemperature: of(923)}}
)

func newHeat(source string) *heat {
	return &heat{source: source, measuring: []server.MeasuringModule{machine, bearing}, now: tt.Thermal{Palette: palettes[0], Polarity: "WhiteHot", NUC: &tables[0], Cooler: new(bool)},
		radiometry: tt.Radiometry{ReflectedAmbientTemperature: of(293.15), Emissivity: of(0.95), DistanceToObject: of(10), RelativeHumidity: of(50)}}
}

// Source is the token of the video source that is thermal.
func (h *heat) Source() string { return h.source }

// Thermal tells the configuration and what it can be.
func (h *heat) Thermal() (tt.Thermal, tt.ThermalOptions) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now, tt.ThermalOptions{Palettes: palettes, NUCTables: tables, Cooler: true}
}

// SetThermal changes the configuration.
func (h *heat) SetThermal(t tt.Thermal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = t
}

// Radiometry tells what temperatures are reckoned with.
func (h *heat) Radiometry() (tt.Radiometry, tt.RadiometryOptions, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.radiometry, tt.RadiometryOptions{ReflectedAmbientTemperature: &tt.Range{Min: 223.15, Max: 373.15}, Emissivity: &tt.Range{Min: 0.01, Max: 1},
		DistanceToObject: &tt.Range{Min: 0, Max: 1000}, RelativeHumidity: &tt.Range{Min: 0, Max: 100}}, true
}

// SetRadiometry changes that.
func (h *heat) SetRadiometry(r tt.Radiometry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.radiometry = r.Over(h.radiometry)
}

// Measuring are the modules that measure.
func (h *heat) Measuring() []server.MeasuringModule {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.measuring)
}

// SetMeasuring has a thermal camera measure elsewhere, as somebody would have it on the camera's own page, and say that it was changed.
func (d *Device) SetMeasuring(list ...server.MeasuringModule) {
	d.heat.mu.Lock()
	d.heat.measuring = list
	d.heat.mu.Unlock()
	d.events.Raise(server.Event{Topic: "Media/ConfigurationChanged", Source: []server.Item{{Name: "Token", Value: server.AnalyticsToken}}, Data: []server.Item{{Name: "Type", Value: "Analytics"}}})
}

// where is where a simulated camera is; nowhere at first.
type where struct {
	mu   sync.Mutex // guards what follows
	list []tt.Location
}

// Places are what is known.
func (w *where) Places() []tt.Location {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

// SetPlaces adds entities, or changes those that there are.
func (w *where) SetPlaces(list []tt.Location) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range list {
		if i := w.find(l.Entity, l.Token); i >= 0 {
			w.list[i] = l
		} else {
			w.list = append(w.list, l)
		}
	}
}

func (w *where) find(entity, token string) int {
	return slices.IndexFunc(w.list, func(l tt.Location) bool { return l.Entity == entity && l.Token == token })
}

// DeletePlace forgets one.
func (w *where) DeletePlace(entity, token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.find(entity, token)
	if i >= 0 {
		w.list = slices.Delete(w.list, i, i+1)
	}
	return i >= 0
}

// geo is the first place that is known.
func (w *where) geo() *tt.GeoLocation {
	for _, l := range w.Places() {
		if l.Location != nil {
			return l.Location
		}
	}
	return nil
}

// Package onviftest simulates the control plane of cameras: devices of the kinds fixed, ptz and thermal on package server,
// with the quirks that cameras in the field have. They are real servers on real sockets; the demo uses them too.
//
// Their streams are somebody else's: the profiles carry the addresses that they are given.
package onviftest

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"

	"holdfast/onvif/server"
)

// Kind is what a simulated camera is.
type Kind string

// The kinds.
const (
	Fixed   Kind = "fixed"
	PTZ     Kind = "ptz"
	Thermal Kind = "thermal"
)

// Options of a device.
type Options struct {
	Kind     Kind
	Name     string // also who it is: the endpoint is made of it
	Profiles []server.Profile
	Skew     time.Duration // of its clock
}

// Device is a simulated camera's state.
type Device struct {
	o  Options
	id string

	mu      sync.Mutex // guards what follows
	from    position   // where the present movement began
	moved   time.Time  // when
	speed   position   // of a continuous movement, per second
	presets []server.Preset
	made    int
}

type position struct{ pan, tilt, zoom float64 }

// space makes endpoints that are the same at every start.
var space = uuid.MustParse("6f2a1f3a-52f0-4d0e-9a55-7c1d0b6a9e21")

// New makes a device.
func New(o Options) *Device {
	return &Device{o: o, id: "urn:uuid:" + uuid.NewSHA1(space, []byte(o.Name)).String(), moved: time.Now(),
		presets: []server.Preset{{Token: "1", Name: "Entrance", Pan: -0.4, Tilt: 0.1}, {Token: "2", Name: "Road", Pan: 0.5, Tilt: -0.1, Zoom: 0.3}}, made: 2}
}

var models = map[Kind][2]string{Fixed: {"HF-Fixed 2MP", "hf-fixed"}, PTZ: {"HF-PTZ 1MP", "hf-ptz"}, Thermal: {"HF-Thermal VGA", "hf-thermal"}}

// Info says what the device is.
func (d *Device) Info() server.Info {
	m := models[d.o.Kind]
	return server.Info{Manufacturer: "Holdfast simulator", Model: m[0], Hardware: m[1], Firmware: "1.0", Serial: d.id[len(d.id)-12:],
		Name: d.o.Name, Location: "this machine", Endpoint: d.id, Thermal: d.o.Kind == Thermal}
}

// Profiles are those that it was given.
func (d *Device) Profiles() []server.Profile { return d.o.Profiles }

// Now is the device's clock.
func (d *Device) Now() time.Time { return time.Now().Add(d.o.Skew) }

// PTZ gives the mechanics of a camera that moves.
func (d *Device) PTZ() server.PTZ {
	if d.o.Kind != PTZ {
		return nil
	}
	return d
}

// Position is where the camera looks now, and whether it moves.
func (d *Device) Position() (pan, tilt, zoom float64, moving bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.now()
	return p.pan, p.tilt, p.zoom, d.speed != position{}
}

// now is the position at this moment. Caller holds mu.
func (d *Device) now() position {
	t := time.Since(d.moved).Seconds()
	return position{pan: limit(d.from.pan+t*d.speed.pan, -1), tilt: limit(d.from.tilt+t*d.speed.tilt, -1), zoom: limit(d.from.zoom+t*d.speed.zoom, 0)}
}

func limit(v, low float64) float64 { return math.Min(math.Max(v, low), 1) }

// fullSpeed is how much of its range a camera covers in a second at velocity 1.
const fullSpeed = 0.5

// Drive starts a continuous movement, or stops it.
func (d *Device) Drive(pan, tilt, zoom float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.from, d.moved = d.now(), time.Now()
	d.speed = position{pan * fullSpeed, tilt * fullSpeed, zoom * fullSpeed}
}

// Move goes to a position, at once.
func (d *Device) Move(pan, tilt, zoom float64, relative bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := position{}
	if relative {
		p = d.now()
	}
	d.from = position{limit(p.pan+pan, -1), limit(p.tilt+tilt, -1), limit(p.zoom+zoom, 0)}
	d.moved, d.speed = time.Now(), position{}
}

// Presets are the kept positions.
func (d *Device) Presets() []server.Preset {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]server.Preset(nil), d.presets...)
}

// maxPresets is what the node says.
const maxPresets = 32

// SavePreset keeps the present position.
func (d *Device) SavePreset(token, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.now()
	if i := d.find(token); i >= 0 {
		d.presets[i].Pan, d.presets[i].Tilt, d.presets[i].Zoom = p.pan, p.tilt, p.zoom
		return token
	}
	if token != "" || len(d.presets) >= maxPresets {
		return ""
	}
	d.made++
	token = fmt.Sprint(d.made)
	d.presets = append(d.presets, server.Preset{Token: token, Name: name, Pan: p.pan, Tilt: p.tilt, Zoom: p.zoom})
	return token
}

func (d *Device) find(token string) int {
	for i := range d.presets {
		if d.presets[i].Token == token {
			return i
		}
	}
	return -1
}

// RemovePreset forgets a position.
func (d *Device) RemovePreset(token string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.find(token)
	if i < 0 {
		return false
	}
	d.presets = append(d.presets[:i], d.presets[i+1:]...)
	return true
}

// GotoPreset goes to a kept position.
func (d *Device) GotoPreset(token string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.find(token)
	if i < 0 {
		return false
	}
	p := d.presets[i]
	d.from, d.moved, d.speed = position{p.Pan, p.Tilt, p.Zoom}, time.Now(), position{}
	return true
}

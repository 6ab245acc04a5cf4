// Package onviftest simulates the control plane of cameras: devices of the kinds below on package server, with the quirks that
// cameras in the field have. A fixed one has a lens that focuses, two relays, two inputs and a lamp; one that moves has presets,
// tours, a home position and a wiper; a thermal one measures. Each can be set up, and be given recordings of its own (Keep). They are
// real servers on real sockets; the demo uses them too. Replay answers for a device whose answers were recorded.
//
// Their streams are somebody else's: the profiles carry the addresses that they are given.
package onviftest

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"holdfast/onvif/server"
)

// Kind is what a simulated camera is.
type Kind string

// The kinds.
const (
	Fixed      Kind = "fixed"
	PTZ        Kind = "ptz"
	Thermal    Kind = "thermal"
	Encoder    Kind = "encoder"    // four video sources
	BiSpectrum Kind = "bispectrum" // a visible and a thermal source
	ProfileS   Kind = "s"          // of Profile S alone: Media and GetCapabilities, neither Media2 nor GetServices
	ProfileT   Kind = "t"          // H.265, OSD, privacy masks, video source modes
	ProfileG   Kind = "g"          // it keeps what it streams on a card of its own; whoever makes it says what there is (Keep)
)

// Options of a device.
type Options struct {
	Kind     Kind
	Name     string // also who it is: the endpoint is made of it, and of Site
	Site     string // where it is; of the same name elsewhere is another device
	Serial   string // "" is made of the name
	Profiles []server.Profile
	Skew     time.Duration // of its clock

	PTZ       server.PTZQuirks // how its movement departs from the specification
	OlderIO   bool             // it has no DeviceIO service, and names its auxiliary commands in GetCapabilities only
	Unfocused bool             // its focus cannot be moved

	Events server.EventQuirks // how its event service differs
	// MaxPullPoints bounds its event subscriptions; 0: ten.
	MaxPullPoints int
}

// Device is a simulated camera's state.
type Device struct {
	o      Options
	id     string
	events *server.Events
	skew   atomic.Int64 // of its clock, nanoseconds
	manage management
	clips  clips

	mechanics *Mechanics // nil of a camera that does not move
	controls

	mu    sync.Mutex // guards what follows
	media media
	card  []server.Kept
}

// space makes endpoints that are the same at every start.
var space = uuid.MustParse("6f2a1f3a-52f0-4d0e-9a55-7c1d0b6a9e21")

// New makes a device.
func New(o Options) *Device {
	d := &Device{o: o, id: "urn:uuid:" + uuid.NewSHA1(space, []byte(o.Site+o.Name)).String(), media: newMedia(o)}
	d.addControls()
	d.skew.Store(int64(o.Skew))
	d.events = newEvents(d)
	return d
}

// Info says what the device is.
func (d *Device) Info() server.Info {
	k := kinds[d.o.Kind]
	return server.Info{Manufacturer: "Holdfast simulator", Model: k.model, Hardware: k.hardware, Firmware: "1.0", Serial: cmp.Or(d.o.Serial, d.id[len(d.id)-12:]),
		Name: d.o.Name, Location: "this machine", Endpoint: d.id, Thermal: k.thermal, Legacy: k.legacy}
}

// Now is the device's clock.
func (d *Device) Now() time.Time {
	d.manage.mu.Lock()
	defer d.manage.mu.Unlock()
	return time.Now().Add(time.Duration(d.skew.Load()) + d.manage.now.Set)
}

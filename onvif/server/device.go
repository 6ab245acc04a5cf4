package server

import "time"

// Device is what the server speaks for.
type Device interface {
	Info() Info
	Profiles() []Profile
	Now() time.Time // the device's clock
	PTZ() PTZ       // nil for a camera that does not move
}

// Info says what a device is.
type Info struct {
	Manufacturer, Model, Firmware, Serial, Hardware string
	Name, Location                                  string
	Endpoint                                        string // urn:uuid:…
	Thermal                                         bool
}

// Profile is one encoding of the device's picture.
type Profile struct {
	Token, Name   string
	Codec         string // H264 or H265
	Width, Height int
	FPS           int
	Kbps          int
	GOP           int    // pictures
	Audio         string // "PCMU", "AAC", "" without sound
	StreamURI     string
}

// PTZ moves a device. Positions are in the generic spaces: pan and tilt -1 to 1, zoom 0 to 1.
type PTZ interface {
	Position() (pan, tilt, zoom float64, moving bool)
	Move(pan, tilt, zoom float64, relative bool)
	Drive(pan, tilt, zoom float64) // velocities, -1 to 1; all 0 stops
	Presets() []Preset
	SavePreset(token, name string) string // "" makes a new one; gives its token
	RemovePreset(token string) bool
	GotoPreset(token string) bool
}

// Preset is a kept position.
type Preset struct {
	Token, Name     string
	Pan, Tilt, Zoom float64
}

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
	Legacy                                          bool // Media and GetCapabilities only, as devices of Profile S alone
}

// Profile is one encoding of the device's picture.
type Profile struct {
	Token, Name   string
	Codec         string // H264, H265 or JPEG
	Width, Height int
	FPS           int
	Kbps          int
	GOP           int    // pictures
	Audio         string // "PCMU", "AAC", "" without sound
	StreamURI     string

	Source         string // token of its video source; "": the first
	EncoderProfile string // of the codec; "": High
	Quality        int    // 1 to 10; 0: 5
	Constant       bool   // constant bit rate
	MulticastURI   string // "" where it is not sent to a group
}

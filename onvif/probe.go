package onvif

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"holdfast/onvif/internal/soap"
)

// Device is what a probe found.
type Device struct {
	Manufacturer, Model, Firmware, Serial, HardwareID string

	Skew     time.Duration // how far the device's clock is ahead of ours
	Services []string      // names of its services: device, media, ptz, …; Media2 is media2
	PTZ      bool
	Thermal  bool
	Events   bool
	Inputs   int       // digital inputs, as the DeviceIO service counts them
	Relays   int       // relay outputs, likewise
	Sources  []Source  // in the device's order
	Profiles []Profile // of all sources
	Warnings []string  // what is amiss with it, in plain words
}

// Source gives the video source of a token, the first for "". ok is false when there is none.
func (d *Device) Source(token string) (s *Source, ok bool) {
	for i := range d.Sources {
		if token == "" || d.Sources[i].Token == token {
			return &d.Sources[i], true
		}
	}
	return nil, false
}

// Stream gives the profile that has a role of a source, of the first for ""; nil when none has.
func (d *Device) Stream(source string, r Role) *Profile {
	s, ok := d.Source(source)
	if !ok {
		return nil
	}
	return s.Stream(r)
}

// Profile gives the profile of a token, of whatever source.
func (d *Device) Profile(token string) (*Profile, bool) {
	i := slices.IndexFunc(d.Profiles, func(p Profile) bool { return p.Token == token })
	if i < 0 {
		return nil, false
	}
	return &d.Profiles[i], true
}

// Probe asks the device who it is and what it has.
func (c *Client) Probe(ctx context.Context) (*Device, error) {
	d := &Device{}
	info, err := c.do(ctx, c.whoQuestion())
	if errors.Is(err, errSlow) {
		info, err = c.do(ctx, c.whoQuestion()) // with more time: some are always so slow
	}
	if err != nil {
		return nil, err
	}
	d.Manufacturer, d.Model, d.Firmware = info.Get("Manufacturer"), info.Get("Model"), info.Get("FirmwareVersion")
	d.Serial, d.HardwareID = info.Get("SerialNumber"), info.Get("HardwareId")
	all, err := c.servicesOf(ctx)
	if err != nil {
		return nil, err
	}
	d.Services = serviceNames(all)
	_, d.PTZ = all[soap.NSPTZ]
	_, d.Thermal = all[soap.NSThermal]
	_, d.Events = all[soap.NSEvents]
	if _, io := all[soap.NSDeviceIO]; io {
		c.count(ctx, d)
	}
	profiles, err := c.profiles(ctx)
	if err != nil {
		return nil, err
	}
	d.PTZ = d.PTZ && slices.ContainsFunc(profiles, func(p Profile) bool { return p.PTZ })
	d.Skew = c.skewed()
	lost := c.streamURIs(ctx, profiles)
	d.Sources = c.sources(ctx, profiles, d.Thermal)
	assign(d.Sources)
	for _, s := range d.Sources {
		d.Profiles = append(d.Profiles, s.Profiles...)
	}
	d.Warnings = warnings(d)
	return d, lost
}

// serviceNames names services as people do, in order.
func serviceNames(all map[string]*url.URL) (list []string) {
	for namespace := range all {
		name := serviceName(namespace)
		if namespace == soap.NSMedia2 {
			name = "media2"
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// count asks how many inputs and relays there are (DeviceIO Service Specification, section 5.9). No answer is no fault.
func (c *Client) count(ctx context.Context, d *Device) {
	n, err := c.ask(ctx, soap.NSDeviceIO, "ask for inputs and outputs", `<tmd:GetServiceCapabilities/>`)
	if err != nil {
		return
	}
	caps := n.Find("Capabilities")
	d.Inputs, d.Relays = number(caps.Attribute("DigitalInputs")), number(caps.Attribute("RelayOutputs"))
}

// skewWarned is how far a device's clock may be off before people are told: signed requests of others, and times burned into
// pictures, go wrong by it.
const skewWarned = 5 * time.Second

// warnings says in plain words what is amiss with a device.
func warnings(d *Device) (list []string) {
	if d.Skew.Abs() > skewWarned {
		way := "ahead"
		if d.Skew < 0 {
			way = "behind"
		}
		list = append(list, fmt.Sprintf("The device's clock is %s %s. Set it, or let it follow a time server.", d.Skew.Abs().Round(time.Second), way))
	}
	if len(d.Sources) == 0 {
		list = append(list, "The device lists no video source and no profile. Add a profile with a video encoder in its web page.")
	}
	for i := range d.Sources {
		s := &d.Sources[i]
		main := s.Stream(Main)
		switch {
		case main == nil && slices.ContainsFunc(s.Profiles, func(p Profile) bool { return p.Codec == "JPEG" }):
			list = append(list, fmt.Sprintf("Video source %s sends only MJPEG, which Holdfast does not record. Choose H.264 or H.265 for it: holdfast camera encoder, or the encoder settings of the device.", s.Name))
		case main == nil:
			list = append(list, fmt.Sprintf("Video source %s has no profile that can be recorded. Add one with an H.264 or H.265 encoder at the device.", s.Name))
		case s.Stream(Sub) == nil:
			list = append(list, fmt.Sprintf("Video source %s has no small stream: grids show its main stream, which costs more.", s.Name))
		}
		if main != nil && main.pixels() == 0 {
			list = append(list, fmt.Sprintf("The device does not say how large the picture of profile %s is.", main.Token))
		}
	}
	return list
}

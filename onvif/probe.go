package onvif

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/use-go/onvif/device"
	"github.com/use-go/onvif/media"
	uo "github.com/use-go/onvif/xsd/onvif"

	"holdfast/onvif/internal/soap"
)

// Device is what a probe found.
type Device struct {
	Manufacturer, Model, Firmware, Serial, HardwareID string

	Skew     time.Duration // how far the device's clock is ahead of ours
	PTZ      bool
	Thermal  bool
	Events   bool
	Profiles []Profile // with a stream, the largest picture first
}

// Profile is a media profile: one encoding of one video source.
type Profile struct {
	Token, Name   string
	Source        string // token of the video source
	Codec         string // "H264", "H265", "JPEG", …
	Width, Height int
	FPS           float64 // limit
	Bitrate       float64 // limit, bits per second
	Audio         string  // codec of its sound, "" without
	PTZ           bool
	StreamURI     string // RTSP, at the address where we reached the device, without credentials

	version2 bool // of the Media2 service
}

// Streams gives the main stream and the sub stream: of the first video source the profile with the largest picture, and the
// smallest that is still at least subWidth wide and smaller than the main one. Either is nil when there is none.
func (d *Device) Streams() (main, sub *Profile) {
	for i := range d.Profiles {
		p := &d.Profiles[i]
		if !recordable(p.Codec) || p.StreamURI == "" || main != nil && p.Source != main.Source {
			continue
		}
		if main == nil {
			main = p
			continue
		}
		if p.Width < main.Width && (sub == nil || p.Width >= subWidth) {
			sub = p
		}
	}
	return main, sub
}

// subWidth is the least width of a sub stream, pixels: below it a tile of a four by four grid is blurred.
const subWidth = 320

func recordable(codec string) bool { return codec == "H264" || codec == "H265" }

// services are the addresses of the services that a probe needs; nil when the device has none.
type services struct {
	media, media2        *url.URL
	ptz, thermal, events bool
}

// Probe asks the device who it is and what it has.
func (c *Client) Probe(ctx context.Context) (*Device, error) {
	c.learnClock(ctx, device.GetSystemDateAndTime{})
	d := &Device{}
	info, err := c.call(ctx, c.device, "ask who the device is", device.GetDeviceInformation{})
	if err != nil {
		return nil, err
	}
	d.Manufacturer, d.Model, d.Firmware = info.Get("Manufacturer"), info.Get("Model"), info.Get("FirmwareVersion")
	d.Serial, d.HardwareID = info.Get("SerialNumber"), info.Get("HardwareId")
	s, err := c.services(ctx)
	if err != nil {
		return nil, err
	}
	d.PTZ, d.Thermal, d.Events = s.ptz, s.thermal, s.events
	if d.Profiles, err = c.profiles(ctx, s); err != nil {
		return nil, err
	}
	d.PTZ = d.PTZ && slices.ContainsFunc(d.Profiles, func(p Profile) bool { return p.PTZ })
	c.mu.Lock()
	d.Skew = c.skew
	c.mu.Unlock()
	return d, c.streamURIs(ctx, s, d.Profiles)
}

// services asks which services there are: GetServices, and GetCapabilities of devices older than it.
func (c *Client) services(ctx context.Context) (services, error) {
	var s services
	n, err := c.call(ctx, c.device, "ask for services", device.GetServices{IncludeCapability: false})
	if err == nil && len(n.All("Service")) > 0 {
		for _, e := range n.All("Service") {
			s.add(e.Get("Namespace"), c.own(e.Get("XAddr")))
		}
		return s, nil
	}
	n, err = c.call(ctx, c.device, "ask for capabilities", device.GetCapabilities{Category: "All"})
	if err != nil {
		return s, err
	}
	caps := n.Find("Capabilities")
	s.add(soap.NSMedia, c.own(caps.Get("Media", "XAddr")))
	s.ptz, s.events = caps.Find("PTZ") != nil, caps.Find("Events") != nil
	return s, nil
}

func (s *services) add(namespace string, at *url.URL) {
	switch strings.TrimSuffix(namespace, "/") {
	case soap.NSMedia:
		s.media = at
	case soap.NSMedia2:
		s.media2 = at
	case soap.NSPTZ:
		s.ptz = true
	case soap.NSEvents:
		s.events = true
	case soap.NSThermal:
		s.thermal = true
	}
}

// own turns an address of the device's answer into one at the host and port where we reached the device. Devices behind
// address translation, and those with several networks, name hosts that lead nowhere, or elsewhere.
func (c *Client) own(address string) *url.URL {
	u, err := url.Parse(strings.Fields(address + " .")[0])
	if err != nil || u.Path == "" {
		return nil
	}
	return &url.URL{Scheme: c.device.Scheme, Host: c.device.Host, Path: u.Path, RawQuery: u.RawQuery}
}

// profiles lists the profiles, of Media2 where the device has it: only there H.265 is named.
func (c *Client) profiles(ctx context.Context, s services) (list []Profile, err error) {
	if s.media2 != nil {
		n, err := c.send(ctx, s.media2, "ask for profiles", `<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>`)
		if err == nil {
			list = readProfiles(n, readProfile2)
		}
	}
	if len(list) == 0 && s.media != nil {
		n, err := c.call(ctx, s.media, "ask for profiles", media.GetProfiles{})
		if err != nil {
			return nil, err
		}
		list = readProfiles(n, readProfile1)
	}
	slices.SortStableFunc(list, func(a, b Profile) int { return b.Width*b.Height - a.Width*a.Height })
	return list, nil
}

func readProfiles(n *soap.Node, read func(*soap.Node) Profile) (list []Profile) {
	for _, p := range n.All("Profiles") {
		if len(list) == maxProfiles {
			break
		}
		if p.Attribute("token") != "" {
			list = append(list, read(p))
		}
	}
	return list
}

func readProfile1(n *soap.Node) Profile {
	e := n.Find("VideoEncoderConfiguration")
	p := Profile{Token: n.Attribute("token"), Name: n.Get("Name"), PTZ: n.Find("PTZConfiguration") != nil}
	p.Source = n.Get("VideoSourceConfiguration", "SourceToken")
	p.Codec = e.Get("Encoding")
	p.Width, p.Height = number(e.Get("Resolution", "Width")), number(e.Get("Resolution", "Height"))
	p.FPS = decimal(e.Get("RateControl", "FrameRateLimit"))
	p.Bitrate = 1000 * decimal(e.Get("RateControl", "BitrateLimit"))
	p.Audio = n.Get("AudioEncoderConfiguration", "Encoding")
	return p
}

func readProfile2(n *soap.Node) Profile {
	conf := n.Find("Configurations")
	e := conf.Find("VideoEncoder")
	p := Profile{Token: n.Attribute("token"), Name: n.Get("Name"), PTZ: conf.Find("PTZ") != nil, version2: true}
	p.Source = conf.Get("VideoSource", "SourceToken")
	p.Codec = e.Get("Encoding")
	p.Width, p.Height = number(e.Get("Resolution", "Width")), number(e.Get("Resolution", "Height"))
	p.FPS = decimal(e.Get("RateControl", "FrameRateLimit"))
	p.Bitrate = 1000 * decimal(e.Get("RateControl", "BitrateLimit"))
	p.Audio = conf.Get("AudioEncoder", "Encoding")
	return p
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1<<16 {
		return 0
	}
	return n
}

func decimal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1e9 {
		return 0
	}
	return f
}

// streamURIs asks where each profile that can be recorded is streamed. A profile that the device does not stream stays
// without an address.
func (c *Client) streamURIs(ctx context.Context, s services, list []Profile) error {
	var last error
	found := false
	for i := range list {
		p := &list[i]
		if !recordable(p.Codec) {
			continue
		}
		uri, err := c.streamURI(ctx, s, p)
		if err != nil {
			last = err
			continue
		}
		p.StreamURI = uri
		found = found || uri != ""
	}
	if found {
		return nil
	}
	return last
}

func (c *Client) streamURI(ctx context.Context, s services, p *Profile) (string, error) {
	const doing = "ask for a stream's address"
	if p.version2 {
		n, err := c.send(ctx, s.media2, doing, `<tr2:GetStreamUri><tr2:Protocol>RTSP</tr2:Protocol><tr2:ProfileToken>`+
			soap.Escape(p.Token)+`</tr2:ProfileToken></tr2:GetStreamUri>`)
		if err != nil {
			return "", err
		}
		return c.ownStream(n.Get("Uri")), nil
	}
	n, err := c.call(ctx, s.media, doing, media.GetStreamUri{ProfileToken: uo.ReferenceToken(p.Token),
		StreamSetup: uo.StreamSetup{Stream: "RTP-Unicast", Transport: uo.Transport{Protocol: "RTSP"}}})
	if err != nil {
		return "", err
	}
	return c.ownStream(n.Get("MediaUri", "Uri")), nil
}

// ownStream makes a stream's address one at the host where we reached the device, without credentials. The port is the
// device's word: RTSP has its own.
func (c *Client) ownStream(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		return ""
	}
	u.User = nil
	host := c.device.Hostname()
	if port := u.Port(); port != "" {
		u.Host = net.JoinHostPort(host, port)
	} else if strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	} else {
		u.Host = host
	}
	return u.String()
}

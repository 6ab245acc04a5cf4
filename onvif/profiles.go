package onvif

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/use-go/onvif/media"

	"holdfast/onvif/internal/soap"
)

// Profile is a media profile: one encoding of one video source (Media2 Service Specification, section 5.1.1).
type Profile struct {
	Token, Name         string
	Source              string // token of the video source
	SourceConfiguration string // token of the video source configuration
	View                View   // of the source
	Encoder             string // token of the video encoder configuration, "" without
	Codec               string // "H264", "H265", "JPEG", "MPEG4", or what the device says; "" without a video encoder
	EncoderProfile      string // "Main", "High", …; "" where the device does not say
	Width, Height       int    // pixels; 0 where the device does not say
	FPS                 float64
	Bitrate             float64 // limit, bits per second
	GOP                 int     // pictures
	Audio               string  // codec of its sound, "" without
	BackChannel         bool    // an audio output is part of it: sound can be sent to the device
	Metadata            string  // token of the metadata configuration, "" without
	Analytics           string  // token of the analytics configuration, "" without
	PTZ                 bool
	StreamURI           string // RTSP, at the address where we reached the device, without credentials; "" where it is none

	Role Role   // what it is used for; "" for nothing
	Why  string // why it is used for nothing, in plain words

	Media1, Media2 bool // the services that know it
}

// View is the part of a video source that a profile shows.
type View struct {
	X, Y, Width, Height int    // pixels of the source; all 0 where the device does not say
	Mode                string // such as "tt:Fisheye"; "" for the plain picture
	Rotation            int    // degrees, clockwise
}

// pixels is the size of the picture. 0 means that it is not known.
func (p *Profile) pixels() int { return p.Width * p.Height }

// profiles lists the profiles of Media2 and Media. One that both know is one, as Media2 tells it: only there H.265 is named.
func (c *Client) profiles(ctx context.Context) ([]Profile, error) {
	var list []Profile
	two, err := c.has(ctx, soap.NSMedia2)
	if err != nil {
		return nil, err
	}
	var refused error
	if two {
		n, err := c.ask(ctx, soap.NSMedia2, "ask for profiles", `<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>`)
		if err != nil && !fallsBack(err) {
			return nil, err
		}
		refused, list = err, readProfiles(n, readProfile2)
	}
	if one, _ := c.has(ctx, soap.NSMedia); one {
		n, err := c.ask(ctx, soap.NSMedia, "ask for profiles", media.GetProfiles{})
		if err != nil && len(list) == 0 {
			return nil, err
		}
		list = merge(list, readProfiles(n, readProfile1))
	}
	if len(list) == 0 {
		return nil, refused
	}
	return list, nil
}

// merge adds to the profiles of Media2 those that only Media knows, and what Media2 left out of the others.
func merge(two, one []Profile) []Profile {
	for _, p := range one {
		i := slices.IndexFunc(two, func(q Profile) bool { return q.Token == p.Token })
		if i < 0 {
			if len(two) < maxProfiles {
				two = append(two, p)
			}
			continue
		}
		q := &two[i]
		q.Media1 = true
		if q.Source == "" {
			q.Source, q.SourceConfiguration, q.View = p.Source, p.SourceConfiguration, p.View
		}
		if q.Codec == "" { // some list the profile in Media2 without its configurations
			q.Encoder, q.Codec, q.Width, q.Height, q.FPS, q.Bitrate, q.GOP = p.Encoder, p.Codec, p.Width, p.Height, p.FPS, p.Bitrate, p.GOP
		}
		if q.Audio == "" {
			q.Audio = p.Audio
		}
		q.Analytics = cmp.Or(q.Analytics, p.Analytics)
		q.PTZ = q.PTZ || p.PTZ
		q.BackChannel = q.BackChannel || p.BackChannel
	}
	return two
}

// fallsBack tells whether the older service is worth asking after an error of the newer one.
func fallsBack(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Class == Refused || e.Class == Protocol)
}

// either asks Media2, and Media where the device lacks Media2 or refuses there. A question that one of them does not have is
// "". second tells that Media2 answered.
func (c *Client) either(ctx context.Context, doing, two, one string) (n *soap.Node, second bool, err error) {
	if two != "" {
		n, err = c.ask(ctx, soap.NSMedia2, doing, two)
		if err == nil || !fallsBack(err) || one == "" {
			return n, true, err
		}
	}
	if has, herr := c.has(ctx, soap.NSMedia); herr == nil && !has && err != nil {
		return nil, true, err // what Media2 said is the better reason
	}
	n, err = c.ask(ctx, soap.NSMedia, doing, one)
	return n, false, err
}

func readProfiles(n *soap.Node, read func(*soap.Node) Profile) (list []Profile) {
	for _, p := range n.All("Profiles") {
		if len(list) == maxProfiles {
			break
		}
		token := p.Attribute("token")
		if token != "" && !slices.ContainsFunc(list, func(q Profile) bool { return q.Token == token }) {
			list = append(list, read(p))
		}
	}
	return list
}

func readProfile1(n *soap.Node) Profile {
	p := Profile{Token: n.Attribute("token"), Name: n.Get("Name"), PTZ: n.Find("PTZConfiguration") != nil, Media1: true}
	p.readSource(n.Find("VideoSourceConfiguration"))
	e := n.Find("VideoEncoderConfiguration")
	p.readEncoder(e)
	p.GOP = number(e.Get("H264", "GovLength"))
	p.EncoderProfile = e.Get("H264", "H264Profile")
	if p.Codec == "MPEG4" {
		p.GOP, p.EncoderProfile = number(e.Get("MPEG4", "GovLength")), e.Get("MPEG4", "Mpeg4Profile")
	}
	p.Audio = codecName(n.Get("AudioEncoderConfiguration", "Encoding"))
	p.Metadata = n.Find("MetadataConfiguration").Attribute("token")
	p.Analytics = n.Find("VideoAnalyticsConfiguration").Attribute("token")
	p.BackChannel = n.Find("Extension", "AudioOutputConfiguration") != nil
	return p
}

func readProfile2(n *soap.Node) Profile {
	conf := n.Find("Configurations")
	p := Profile{Token: n.Attribute("token"), Name: n.Get("Name"), PTZ: conf.Find("PTZ") != nil, Media2: true}
	p.readSource(conf.Find("VideoSource"))
	e := conf.Find("VideoEncoder")
	p.readEncoder(e)
	p.GOP, p.EncoderProfile = number(e.Attribute("GovLength")), e.Attribute("Profile")
	p.Audio = codecName(conf.Get("AudioEncoder", "Encoding"))
	p.Metadata = conf.Find("Metadata").Attribute("token")
	p.Analytics = conf.Find("Analytics").Attribute("token")
	p.BackChannel = conf.Find("AudioOutput") != nil
	return p
}

func (p *Profile) readSource(n *soap.Node) {
	p.Source, p.SourceConfiguration = n.Get("SourceToken"), n.Attribute("token")
	b := n.Find("Bounds")
	p.View = View{X: number(b.Attribute("x")), Y: number(b.Attribute("y")), Width: number(b.Attribute("width")), Height: number(b.Attribute("height")),
		Mode: n.Attribute("ViewMode")}
	if r := n.Find("Extension", "Rotate"); r != nil && r.Get("Mode") != "OFF" {
		p.View.Rotation = number(r.Get("Degree"))
	}
	if p.View.Mode == "tt:Original" {
		p.View.Mode = ""
	}
}

func (p *Profile) readEncoder(e *soap.Node) {
	p.Encoder, p.Codec = e.Attribute("token"), codecName(e.Get("Encoding"))
	p.Width, p.Height = number(e.Get("Resolution", "Width")), number(e.Get("Resolution", "Height"))
	p.FPS = decimal(e.Get("RateControl", "FrameRateLimit"))
	p.Bitrate = 1000 * decimal(e.Get("RateControl", "BitrateLimit"))
}

// codecName spells a codec as ONVIF does: devices write "H.265", "HEVC" and "video/H264" too.
func codecName(s string) string {
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.ToUpper(strings.NewReplacer(".", "", " ", "", "_", "").Replace(s))
	switch s {
	case "HEVC":
		return "H265"
	case "G711":
		return "PCMU"
	case "AVC":
		return "H264"
	case "MJPEG":
		return "JPEG"
	case "MPV4-ES", "MPEG-4":
		return "MPEG4"
	case "MP4A-LATM", "MPEG4-GENERIC":
		return "AAC"
	}
	return s[:min(len(s), maxCodec)]
}

// maxCodec bounds the name of a codec, bytes.
const maxCodec = 32

func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(s, ".0")) // some write pixels as 1920.0
	if err != nil || n < 0 || n > maxNumber {
		return 0
	}
	return n
}

// maxNumber bounds what is read as a count or a measure: kbit/s are the largest.
const maxNumber = 10_000_000

func decimal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1e9 || f != f {
		return 0
	}
	return f
}

// Recordable tells whether the profile's video can be recorded.
func (p *Profile) Recordable() bool { return p.Codec == "H264" || p.Codec == "H265" }

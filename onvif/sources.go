package onvif

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/use-go/onvif/media"

	"holdfast/onvif/internal/soap"
)

// Role is what a profile is used for.
type Role string

// The roles. A source has at most one profile of each.
const (
	Main  Role = "main"  // the largest picture: recorded
	Sub   Role = "sub"   // a small one: for many pictures at once
	Third Role = "third" // a further one, of another size
)

// SourceKind is what a video source sees.
type SourceKind string

// The kinds.
const (
	VisibleSource SourceKind = "visible"
	ThermalSource SourceKind = "thermal"
)

// Source is a video source of a device: a lens, or an input of an encoder. Each is a camera of its own.
type Source struct {
	Token, Name   string
	Kind          SourceKind
	Width, Height int       // pixels of the sensor or input; 0 where the device does not say
	FPS           float64   // highest rate; 0 where the device does not say
	Profiles      []Profile // that show it, the largest picture first
}

// maxSources bounds the video sources of a device. Large recorders have 64.
const maxSources = 256

// Stream gives the profile that has a role; nil when none has.
func (s *Source) Stream(r Role) *Profile {
	for i := range s.Profiles {
		if s.Profiles[i].Role == r {
			return &s.Profiles[i]
		}
	}
	return nil
}

// sources lists the video sources, by Media's or DeviceIO's list and by what the profiles name.
func (c *Client) sources(ctx context.Context, profiles []Profile, thermal bool) []Source {
	list := c.listedSources(ctx)
	for _, p := range profiles {
		if p.Source != "" && !slices.ContainsFunc(list, func(s Source) bool { return s.Token == p.Source }) && len(list) < maxSources {
			list = append(list, Source{Token: p.Source})
		}
	}
	if len(list) == 0 && len(profiles) > 0 {
		list = []Source{{}} // a device that names no source has one
	}
	for _, p := range profiles {
		i := slices.IndexFunc(list, func(s Source) bool { return s.Token == p.Source })
		list[max(i, 0)].Profiles = append(list[max(i, 0)].Profiles, p)
	}
	var hot map[string]bool
	if thermal {
		hot = c.thermalSources(ctx)
	}
	for i := range list {
		s := &list[i]
		s.Kind = sourceKind(s, hot, thermal && len(list) == 1)
		s.Name = cmp.Or(s.Name, s.Token)
	}
	return list
}

// listedSources are those that the device lists. No list is no fault: profiles name their sources.
func (c *Client) listedSources(ctx context.Context) (list []Source) {
	const doing = "ask for video sources"
	if one, _ := c.has(ctx, soap.NSMedia); one {
		if n, err := c.ask(ctx, soap.NSMedia, doing, media.GetVideoSources{}); err == nil {
			for _, v := range n.All("VideoSources") {
				list = addSource(list, Source{Token: v.Attribute("token"), FPS: decimal(v.Get("Framerate")),
					Width: number(v.Get("Resolution", "Width")), Height: number(v.Get("Resolution", "Height"))})
			}
		}
	}
	if has, _ := c.has(ctx, soap.NSDeviceIO); len(list) == 0 && has {
		if n, err := c.ask(ctx, soap.NSDeviceIO, doing, `<tmd:GetVideoSources/>`); err == nil {
			for _, v := range n.All("Token") {
				list = addSource(list, Source{Token: v.Text})
			}
		}
	}
	return list
}

func addSource(list []Source, s Source) []Source {
	if s.Token == "" || len(list) >= maxSources || slices.ContainsFunc(list, func(t Source) bool { return t.Token == s.Token }) {
		return list
	}
	return append(list, s)
}

// thermalSources are the tokens of the sources that the Thermal service configures (Thermal Service Specification, section 5.2).
func (c *Client) thermalSources(ctx context.Context) map[string]bool {
	n, err := c.ask(ctx, soap.NSThermal, "ask for thermal sources", `<tth:GetConfigurations/>`)
	if err != nil {
		return nil
	}
	hot := make(map[string]bool)
	for _, v := range n.All("Configurations") {
		hot[v.Attribute("token")] = true
	}
	return hot
}

// sourceKind tells what a source sees: by the Thermal service's list, else, where that names none of the device's, by its names.
func sourceKind(s *Source, hot map[string]bool, only bool) SourceKind {
	if hot[s.Token] || only {
		return ThermalSource
	}
	if len(hot) > 0 {
		return VisibleSource
	}
	names := s.Token + " " + s.Name
	for _, p := range s.Profiles {
		names += " " + p.Name
	}
	if strings.Contains(strings.ToLower(names), "thermal") {
		return ThermalSource
	}
	return VisibleSource
}

// assign gives each source's profiles their roles.
func assign(list []Source) {
	for i := range list {
		list[i].assign()
	}
}

// assign sorts the profiles by the size of their pictures and gives them roles by what they carry. Names decide only between
// equals: makers number and translate them as they like.
func (s *Source) assign() {
	slices.SortStableFunc(s.Profiles, func(a, b Profile) int {
		return cmp.Or(cmp.Compare(b.pixels(), a.pixels()), cmp.Compare(nameRank(a), nameRank(b)), cmp.Compare(b.Bitrate, a.Bitrate), cmp.Compare(b.FPS, a.FPS))
	})
	var main *Profile
	var others []*Profile
	for i := range s.Profiles {
		p := &s.Profiles[i]
		if p.Role, p.Why = "", unfit(p); p.Why != "" {
			continue
		}
		if main == nil {
			main = p
			main.Role = Main
			continue
		}
		if p.Why = sameAs(p, main, others); p.Why == "" {
			others = append(others, p)
		}
	}
	if main == nil {
		return
	}
	sub := smallest(main, others)
	if sub == nil {
		for _, p := range others {
			p.Why = "its picture is no smaller than that of the main stream"
		}
		return
	}
	sub.Role = Sub
	third := false
	for _, p := range others {
		if p == sub {
			continue
		}
		if !third && p.pixels() != sub.pixels() && p.pixels() < main.pixels() {
			p.Role, third = Third, true
			continue
		}
		p.Why = "main, sub and third stream are others"
	}
}

// unfit tells why a profile cannot be a stream at all.
func unfit(p *Profile) string {
	switch {
	case p.Codec == "":
		return "it has no video encoder"
	case !p.Recordable():
		return p.Codec + " is not recorded"
	case p.StreamURI == "":
		return "the device gives no address for it"
	}
	return ""
}

// sameAs tells why a profile adds nothing to those before it.
func sameAs(p, main *Profile, others []*Profile) string {
	if p.View.Mode != main.View.Mode || p.View.X != main.View.X || p.View.Y != main.View.Y {
		return "it shows another part of the picture than the main stream"
	}
	for _, q := range append([]*Profile{main}, others...) {
		if p.Encoder != "" && p.Encoder == q.Encoder {
			return fmt.Sprintf("it has the same video encoder as %s", q.Token)
		}
		if p.StreamURI == q.StreamURI {
			return fmt.Sprintf("it has the same stream as %s", q.Token)
		}
	}
	return ""
}

// subSide is the least longer side of a sub stream, pixels: below it a tile of a four by four grid is blurred.
const subSide = 320

// smallest is the sub stream: the smallest picture that is still large enough; among equals H.264, which every browser plays.
// Without a smaller picture it is one of the same size and at most half the bits.
func smallest(main *Profile, others []*Profile) (sub *Profile) {
	for _, p := range others {
		if p.pixels() == 0 || p.pixels() >= main.pixels() {
			continue
		}
		fits := max(p.Width, p.Height) >= subSide
		if sub == nil || fits && (p.pixels() < sub.pixels() || p.Codec == "H264" && sub.Codec != "H264" && p.pixels() == sub.pixels()) {
			sub = p
		}
	}
	if sub != nil {
		return sub
	}
	for _, p := range others {
		unknown := p.pixels() == 0 && nameRank(*p) == subName
		if unknown || p.Bitrate > 0 && 2*p.Bitrate <= main.Bitrate {
			return p
		}
	}
	return nil
}

// Ranks of names.
const (
	mainName = iota
	plainName
	subName
	thirdName
)

func nameRank(p Profile) int {
	s := strings.ToLower(p.Token + " " + p.Name)
	for _, n := range []struct {
		part string
		rank int
	}{{"main", mainName}, {"third", thirdName}, {"sub", subName}, {"minor", subName}} {
		if strings.Contains(s, n.part) {
			return n.rank
		}
	}
	return plainName
}

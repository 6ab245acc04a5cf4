package onvif

import (
	"context"
	"math"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

const (
	// maxAnalytics bounds the analytics configurations of a video source that are asked for their modules.
	maxAnalytics = 4
	// maxMeasuring bounds the measuring modules of a video source.
	maxMeasuring = 64
)

// The frames that devices count places of the picture in.
const (
	InNormalised = "normalised" // -1 is left and bottom, 1 right and top, as the specification has it
	InPixels     = "pixels"     // of the video source, from its upper left corner, as some devices write nevertheless
)

// MeasuringPlace is where in the picture a radiometry module measures temperatures (Analytics specification, annex on radiometry:
// ttr:RadiometrySpotModuleConfig, ttr:RadiometryBoxModuleConfig).
type MeasuringPlace struct {
	Item   string     // as its readings name it: ItemID, else the module's name
	Module string     // the module's name
	Box    SceneBox   // of a spot, without extent
	Frame  string     // that the device counted in: InNormalised or InPixels
	Looks  *PTZVector // where the camera has to look for it to be there; nil: it is at this place of the picture wherever it looks
}

// Of tells whether a reading of an item comes from here.
func (p *MeasuringPlace) Of(item string) bool {
	return item != "" && (item == p.Item || item == p.Module)
}

// MeasuringPlaces asks the analytics modules of a video source where they measure; a source of "" means that of every profile. None is
// no error: a device need not tell. Modules that are switched off, and places out of the picture, are left out. Errors: *Error, of class
// Refused where the device has no analytics service.
func (c *Client) MeasuringPlaces(ctx context.Context, source string) (list []MeasuringPlace, err error) {
	if _, err := c.service(ctx, soap.NSAnalytics); err != nil {
		return nil, err
	}
	profiles, err := c.profiles(ctx)
	if err != nil {
		return nil, err
	}
	var asked []string
	for _, p := range profiles {
		if p.Analytics == "" || source != "" && p.Source != source || slices.Contains(asked, p.Analytics) || len(asked) == maxAnalytics {
			continue
		}
		asked = append(asked, p.Analytics)
		n, err := c.ask(ctx, soap.NSAnalytics, "ask for analytics modules",
			"<tan:GetAnalyticsModules><tan:ConfigurationToken>"+soap.Escape(p.Analytics)+"</tan:ConfigurationToken></tan:GetAnalyticsModules>")
		if err != nil {
			return nil, err
		}
		list = append(list, readMeasuring(n, p.View)...)
	}
	return list[:min(len(list), maxMeasuring)], nil
}

// readMeasuring finds the modules that measure, by what they hold: devices spell types and namespaces of radiometry in several ways.
func readMeasuring(n *soap.Node, v View) (list []MeasuringPlace) {
	for _, m := range n.All("AnalyticsModule") {
		if len(list) == maxMeasuring {
			break
		}
		if !strings.Contains(attribute(m, "Type"), "Radiometry") {
			continue
		}
		for _, e := range m.Find("Parameters").All("ElementItem") {
			for _, k := range e.Kids {
				if p, ok := readPlace(k, v); ok {
					p.Module = sceneWord(attribute(m, "Name"))
					if p.Item == "" {
						p.Item = p.Module
					}
					list = append(list, p)
				}
			}
		}
	}
	return list
}

func readPlace(n *soap.Node, v View) (p MeasuringPlace, ok bool) {
	at := n.Find("ScreenCoords")
	if at == nil || attribute(n, "Active") != "" && !isTrue(attribute(n, "Active")) {
		return p, false
	}
	p.Item = sceneWord(attribute(n, "ItemID"))
	p.Box, p.Frame, ok = readScreen(at, v)
	if looks := n.Find("AbsoluteCoords"); looks != nil {
		to := tt.ReadPTZVector(looks)
		p.Looks = &to
	}
	return p, ok
}

// readScreen reads a tt:Vector or a tt:Rectangle. What goes beyond 1 cannot be normalised, and is taken as pixels, of a source whose size is known.
func readScreen(n *soap.Node, v View) (b SceneBox, frame string, ok bool) {
	sides := []string{"left", "bottom", "right", "top"}
	if attribute(n, "left") == "" {
		sides = []string{"x", "y", "x", "y"}
	}
	var by [4]float64
	far := 0.0
	for i, side := range sides {
		if by[i], ok = real(attribute(n, side)); !ok {
			return b, "", false
		}
		far = max(far, math.Abs(by[i]))
	}
	frame, m := InNormalised, identity
	if far > 1 {
		if v.Width == 0 || v.Height == 0 {
			return b, "", false
		}
		frame, m = InPixels, mapping{scale: [2]float64{2 / float64(v.Width), -2 / float64(v.Height)}, shift: [2]float64{-1, 1}}
	}
	for i := range by {
		if by[i] = by[i]*m.scale[i%2] + m.shift[i%2]; by[i] < -1 || by[i] > 1 {
			return b, "", false
		}
	}
	return SceneBox{Left: min(by[0], by[2]), Right: max(by[0], by[2]), Bottom: min(by[1], by[3]), Top: max(by[1], by[3])}, frame, true
}

// ChangesConfiguration tells whether a notification says that the device's configuration was changed (tns1:Media/ConfigurationChanged,
// tns1:Media/ProfileChanged), so that what was asked of it is asked anew.
func (v *Notification) ChangesConfiguration() bool {
	return strings.HasSuffix(v.Topic, "Media/ConfigurationChanged") || strings.HasSuffix(v.Topic, "Media/ProfileChanged")
}

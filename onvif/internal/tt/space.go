package tt

import (
	"strings"

	"holdfast/onvif/internal/soap"
)

// Unit is what the numbers of a space count.
type Unit uint8

// The units of the standard spaces (PTZ specification, annex A).
const (
	OtherUnit   Unit = iota // millimetres, digital, or a space of the vendor
	Generic                 // parts of the range: -1 to 1, zoom 0 to 1
	Degrees                 // pan and tilt in degrees
	FieldOfView             // parts of what is seen: 1 is from the centre to the edge
)

func (u Unit) String() string { return [...]string{"other", "generic", "degrees", "fov"}[u] }

// The standard spaces that are written. What devices name is compared by Unit.
const (
	panTiltSpaces = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/"
	zoomSpaces    = "http://www.onvif.org/ver10/tptz/ZoomSpaces/"

	PositionGeneric    = panTiltSpaces + "PositionGenericSpace"
	PositionDegrees    = panTiltSpaces + "SphericalPositionSpaceDegrees"
	TranslationGeneric = panTiltSpaces + "TranslationGenericSpace"
	TranslationDegrees = panTiltSpaces + "SphericalTranslationSpaceDegrees"
	TranslationFOV     = panTiltSpaces + "TranslationSpaceFov"
	VelocityGeneric    = panTiltSpaces + "VelocityGenericSpace"
	VelocityDegrees    = panTiltSpaces + "VelocitySpaceDegrees"
	SpeedGeneric       = panTiltSpaces + "GenericSpeedSpace"

	ZoomPositionGeneric    = zoomSpaces + "PositionGenericSpace"
	ZoomTranslationGeneric = zoomSpaces + "TranslationGenericSpace"
	ZoomVelocityGeneric    = zoomSpaces + "VelocityGenericSpace"
	ZoomSpeedGeneric       = zoomSpaces + "ZoomGenericSpeedSpace"
)

// UnitOf tells what the numbers of a space count, by the last part of its URI.
func UnitOf(uri string) Unit {
	name := strings.ToLower(uri[strings.LastIndexByte(uri, '/')+1:])
	switch {
	case strings.Contains(name, "degrees"):
		return Degrees
	case strings.Contains(name, "fov"):
		return FieldOfView
	case strings.Contains(name, "digital"), strings.Contains(name, "millimeter"):
		return OtherUnit
	case strings.Contains(name, "generic"):
		return Generic
	}
	return OtherUnit
}

// Space is a coordinate system that a node offers, with its own ranges (tt:Space2DDescription, tt:Space1DDescription).
type Space struct {
	URI  string
	X, Y Range // Y is of pan and tilt only
}

// Unit is what its numbers count.
func (s Space) Unit() Unit { return UnitOf(s.URI) }

// Spaces are those of a node or of configuration options (tt:PTZSpaces).
type Spaces struct {
	AbsolutePanTilt, AbsoluteZoom     []Space
	RelativePanTilt, RelativeZoom     []Space
	ContinuousPanTilt, ContinuousZoom []Space
	PanTiltSpeed, ZoomSpeed           []Space
}

// Empty tells whether there is none at all.
func (s *Spaces) Empty() bool {
	for _, f := range s.fields() {
		if len(*f.list) > 0 {
			return false
		}
	}
	return true
}

type spaceField struct {
	name string
	list *[]Space
	two  bool // it has two dimensions
}

// fields are in the order of the schema.
func (s *Spaces) fields() []spaceField {
	return []spaceField{
		{"AbsolutePanTiltPositionSpace", &s.AbsolutePanTilt, true}, {"AbsoluteZoomPositionSpace", &s.AbsoluteZoom, false},
		{"RelativePanTiltTranslationSpace", &s.RelativePanTilt, true}, {"RelativeZoomTranslationSpace", &s.RelativeZoom, false},
		{"ContinuousPanTiltVelocitySpace", &s.ContinuousPanTilt, true}, {"ContinuousZoomVelocitySpace", &s.ContinuousZoom, false},
		{"PanTiltSpeedSpace", &s.PanTiltSpeed, false}, {"ZoomSpeedSpace", &s.ZoomSpeed, false},
	}
}

// ReadSpaces reads tt:PTZSpaces. A space without a sensible range is left out.
func ReadSpaces(n *soap.Node) (s Spaces) {
	for _, f := range s.fields() {
		for _, k := range all(n, f.name) {
			if v, ok := readSpace(k, f.two); ok {
				*f.list = append(*f.list, v)
			}
		}
	}
	return s
}

func readSpace(n *soap.Node, two bool) (s Space, ok bool) {
	s.URI = text(n.Get("URI"))
	if s.X, ok = readRange(n.Find("XRange")); !ok || s.URI == "" {
		return s, false
	}
	if two {
		s.Y, ok = readRange(n.Find("YRange"))
	}
	return s, ok
}

// XML is the content of tt:PTZSpaces.
func (s *Spaces) XML() string {
	var b strings.Builder
	for _, f := range s.fields() {
		for _, v := range *f.list {
			b.WriteString(v.write("tt:"+f.name, f.two))
		}
	}
	return b.String()
}

func (s Space) write(element string, two bool) string {
	y := ""
	if two {
		y = s.Y.write("tt:YRange")
	}
	return "<" + element + "><tt:URI>" + soap.Escape(s.URI) + "</tt:URI>" + s.X.write("tt:XRange") + y + "</" + element + ">"
}

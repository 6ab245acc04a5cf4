package tt

import (
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// PTZNode is what a mechanism can do (tt:PTZNode).
type PTZNode struct {
	Token, Name    string
	Spaces         Spaces
	MaxPresets     int
	Home           bool // it has a home position
	FixedHome      bool // which cannot be set
	GeoMove        bool
	Auxiliary      []string // commands that it takes
	MaxTours       int      // 0: it has no preset tours
	TourOperations []string // Start, Stop, Pause
}

// ReadPTZNode reads tt:PTZNode.
func ReadPTZNode(n *soap.Node) PTZNode {
	tour := n.Find("Extension", "SupportedPresetTour")
	return PTZNode{Token: text(n.Attribute("token")), Name: text(n.Get("Name")), Spaces: ReadSpaces(n.Find("SupportedPTZSpaces")),
		MaxPresets: count(n.Get("MaximumNumberOfPresets")), Home: Bool(n.Get("HomeSupported")), FixedHome: Bool(n.Attribute("FixedHomePosition")),
		GeoMove: Bool(n.Attribute("GeoMove")), Auxiliary: texts(n, "AuxiliaryCommands"),
		MaxTours: count(tour.Get("MaximumNumberOfPresetTours")), TourOperations: texts(tour, "PTZPresetTourOperation")}
}

// XML is the node as an element.
func (p *PTZNode) XML(element string) string {
	flags := ""
	if p.Home {
		flags = ` FixedHomePosition="` + strconv.FormatBool(p.FixedHome) + `"`
	}
	if p.GeoMove {
		flags += ` GeoMove="true"`
	}
	tours := ""
	if p.MaxTours > 0 {
		tours = "<tt:Extension><tt:SupportedPresetTour><tt:MaximumNumberOfPresetTours>" + strconv.Itoa(p.MaxTours) + "</tt:MaximumNumberOfPresetTours>" +
			writeTexts("tt:PTZPresetTourOperation", p.TourOperations) + "</tt:SupportedPresetTour></tt:Extension>"
	}
	return "<" + element + ` token="` + soap.Escape(p.Token) + `"` + flags + ">" + writeText("tt:Name", p.Name) + "<tt:SupportedPTZSpaces>" + p.Spaces.XML() +
		"</tt:SupportedPTZSpaces><tt:MaximumNumberOfPresets>" + strconv.Itoa(p.MaxPresets) + "</tt:MaximumNumberOfPresets>" +
		writeBool("tt:HomeSupported", p.Home) + writeTexts("tt:AuxiliaryCommands", p.Auxiliary) + tours + "</" + element + ">"
}

// PTZConfiguration is how a node is used by a profile (tt:PTZConfiguration), as far as steering needs it.
type PTZConfiguration struct {
	Token, Name, Node string
	// The spaces of vectors that name none; "" where the device does not say.
	AbsolutePanTilt, AbsoluteZoom, RelativePanTilt, RelativeZoom, ContinuousPanTilt, ContinuousZoom string
	Timeout                                                                                         time.Duration // of a continuous movement without one; 0: not said
	PanTiltLimits, ZoomLimits                                                                       *Space        // nil: none
}

// ReadPTZConfiguration reads tt:PTZConfiguration.
func ReadPTZConfiguration(n *soap.Node) PTZConfiguration {
	c := PTZConfiguration{Token: text(n.Attribute("token")), Name: text(n.Get("Name")), Node: text(n.Get("NodeToken")),
		AbsolutePanTilt: text(n.Get("DefaultAbsolutePantTiltPositionSpace")), AbsoluteZoom: text(n.Get("DefaultAbsoluteZoomPositionSpace")),
		RelativePanTilt: text(n.Get("DefaultRelativePanTiltTranslationSpace")), RelativeZoom: text(n.Get("DefaultRelativeZoomTranslationSpace")),
		ContinuousPanTilt: text(n.Get("DefaultContinuousPanTiltVelocitySpace")), ContinuousZoom: text(n.Get("DefaultContinuousZoomVelocitySpace"))}
	if c.AbsolutePanTilt == "" { // the schema's spelling is odd, and some devices write what it means
		c.AbsolutePanTilt = text(n.Get("DefaultAbsolutePanTiltPositionSpace"))
	}
	c.Timeout, _ = ParseDuration(n.Get("DefaultPTZTimeout"))
	if s, ok := readSpace(n.Find("PanTiltLimits", "Range"), true); ok {
		c.PanTiltLimits = &s
	}
	if s, ok := readSpace(n.Find("ZoomLimits", "Range"), false); ok {
		c.ZoomLimits = &s
	}
	return c
}

// PTZConfigurationOptions are what a configuration can be (tt:PTZConfigurationOptions).
type PTZConfigurationOptions struct {
	Spaces                 Spaces
	MinTimeout, MaxTimeout time.Duration // of a continuous movement; both 0: not said
}

// ReadPTZConfigurationOptions reads tt:PTZConfigurationOptions.
func ReadPTZConfigurationOptions(n *soap.Node) PTZConfigurationOptions {
	o := PTZConfigurationOptions{Spaces: ReadSpaces(n.Find("Spaces"))}
	low, ok := ParseDuration(n.Get("PTZTimeout", "Min"))
	high, too := ParseDuration(n.Get("PTZTimeout", "Max"))
	if ok && too && high >= low && high > 0 {
		o.MinTimeout, o.MaxTimeout = low, high
	}
	return o
}

// Vector2D is a position, a distance or a velocity of pan and tilt, in a space; "" is the configuration's.
type Vector2D struct {
	X, Y  float64
	Space string
}

// Vector1D is one of zoom.
type Vector1D struct {
	X     float64
	Space string
}

// PTZVector is one of pan, tilt and zoom (tt:PTZVector, tt:PTZSpeed). What is nil is left as it is.
type PTZVector struct {
	PanTilt *Vector2D
	Zoom    *Vector1D
}

// ReadPTZVector reads tt:PTZVector.
func ReadPTZVector(n *soap.Node) (v PTZVector) {
	if pt := n.Find("PanTilt"); pt != nil {
		x, ok := parseFloat(pt.Attribute("x"))
		y, too := parseFloat(pt.Attribute("y"))
		if ok && too {
			v.PanTilt = &Vector2D{x, y, text(pt.Attribute("space"))}
		}
	}
	if z := n.Find("Zoom"); z != nil {
		if x, ok := parseFloat(z.Attribute("x")); ok {
			v.Zoom = &Vector1D{x, text(z.Attribute("space"))}
		}
	}
	return v
}

// XML is the vector as an element.
func (v PTZVector) XML(element string) string {
	var b strings.Builder
	b.WriteString("<" + element + ">")
	if p := v.PanTilt; p != nil {
		b.WriteString(`<tt:PanTilt x="` + formatFloat(p.X) + `" y="` + formatFloat(p.Y) + `"` + textAttribute("space", p.Space) + "/>")
	}
	if z := v.Zoom; z != nil {
		b.WriteString(`<tt:Zoom x="` + formatFloat(z.X) + `"` + textAttribute("space", z.Space) + "/>")
	}
	return b.String() + "</" + element + ">"
}

// PTZStatus is where a mechanism stands (tt:PTZStatus).
type PTZStatus struct {
	Position              PTZVector // empty where the device does not tell
	PanTiltMove, ZoomMove string    // IDLE, MOVING, UNKNOWN; "" where the device does not tell
	Error                 string
	UTC                   time.Time // by the device's clock; zero where it does not tell
}

// ReadPTZStatus reads tt:PTZStatus.
func ReadPTZStatus(n *soap.Node) PTZStatus {
	s := PTZStatus{Position: ReadPTZVector(n.Find("Position")), PanTiltMove: moveStatus(n.Get("MoveStatus", "PanTilt")),
		ZoomMove: moveStatus(n.Get("MoveStatus", "Zoom")), Error: text(n.Get("Error"))}
	s.UTC, _ = time.Parse(time.RFC3339Nano, n.Get("UtcTime"))
	return s
}

func moveStatus(s string) string {
	switch s = strings.ToUpper(s); s {
	case "IDLE", "MOVING", "UNKNOWN":
		return s
	}
	return ""
}

// XML is the status as an element.
func (s *PTZStatus) XML(element string) string {
	b := "<" + element + ">"
	if s.Position != (PTZVector{}) {
		b += s.Position.XML("tt:Position")
	}
	if s.PanTiltMove != "" || s.ZoomMove != "" {
		b += "<tt:MoveStatus>" + writeText("tt:PanTilt", s.PanTiltMove) + writeText("tt:Zoom", s.ZoomMove) + "</tt:MoveStatus>"
	}
	return b + writeText("tt:Error", s.Error) + "<tt:UtcTime>" + s.UTC.UTC().Format(time.RFC3339) + "</tt:UtcTime></" + element + ">"
}

// PTZPreset is a kept position (tt:PTZPreset).
type PTZPreset struct {
	Token, Name string // Name is "" where the device has none: on some that is a place that nobody has set
	Position    PTZVector
}

// ReadPTZPreset reads tt:PTZPreset.
func ReadPTZPreset(n *soap.Node) PTZPreset {
	return PTZPreset{Token: text(n.Attribute("token")), Name: text(n.Get("Name")), Position: ReadPTZVector(n.Find("PTZPosition"))}
}

// XML is the preset as an element.
func (p *PTZPreset) XML(element string) string {
	b := "<" + element + ` token="` + soap.Escape(p.Token) + `">` + writeText("tt:Name", p.Name)
	if p.Position != (PTZVector{}) {
		b += p.Position.XML("tt:PTZPosition")
	}
	return b + "</" + element + ">"
}

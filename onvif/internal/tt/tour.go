package tt

import (
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// PresetTour is a round of presets (tt:PresetTour).
type PresetTour struct {
	Token, Name string
	State       string // Idle, Touring, Paused
	AutoStart   bool   // it starts when the device does
	Times       int    // how often it goes round; 0: until stopped
	Duration    time.Duration
	Direction   string // Forward, Backward; "": the device's choice
	Random      bool   // in no order
	Spots       []TourSpot
}

// TourSpot is one stay of a tour: at a preset, at home, or at a position (tt:PTZPresetTourSpot).
type TourSpot struct {
	Preset   string // token; "" when it is another
	Home     bool
	Position *PTZVector
	Speed    *PTZVector    // nil: the device's
	Stay     time.Duration // 0: the device's
}

// ReadPresetTour reads tt:PresetTour.
func ReadPresetTour(n *soap.Node) PresetTour {
	t := PresetTour{Token: text(n.Attribute("token")), Name: text(n.Get("Name")), State: text(n.Get("Status", "State")), AutoStart: Bool(n.Get("AutoStart"))}
	if start := n.Find("StartingCondition"); start != nil {
		t.Times = count(start.Get("RecurringTime"))
		t.Duration, _ = ParseDuration(start.Get("RecurringDuration"))
		t.Direction, t.Random = text(start.Get("Direction")), Bool(start.Attribute("RandomPresetOrder"))
	}
	for _, s := range all(n, "TourSpot") {
		t.Spots = append(t.Spots, readTourSpot(s))
	}
	return t
}

func readTourSpot(n *soap.Node) TourSpot {
	s := TourSpot{Preset: text(n.Get("PresetDetail", "PresetToken")), Home: Bool(n.Get("PresetDetail", "Home"))}
	if p := n.Find("PresetDetail", "PTZPosition"); p != nil {
		v := ReadPTZVector(p)
		s.Position = &v
	}
	if p := n.Find("Speed"); p != nil {
		v := ReadPTZVector(p)
		s.Speed = &v
	}
	s.Stay, _ = ParseDuration(n.Get("StayTime"))
	return s
}

// XML is the tour as an element.
func (t *PresetTour) XML(element string) string {
	state := t.State
	if state == "" {
		state = "Idle"
	}
	var b strings.Builder
	b.WriteString("<" + element + textAttribute("token", t.Token) + ">" + writeText("tt:Name", t.Name) + "<tt:Status><tt:State>" + soap.Escape(state) +
		"</tt:State></tt:Status>" + writeBool("tt:AutoStart", t.AutoStart) + "<tt:StartingCondition")
	if t.Random {
		b.WriteString(` RandomPresetOrder="true"`)
	}
	b.WriteString(">")
	if t.Times > 0 {
		b.WriteString("<tt:RecurringTime>" + strconv.Itoa(t.Times) + "</tt:RecurringTime>")
	}
	if t.Duration > 0 {
		b.WriteString("<tt:RecurringDuration>" + FormatDuration(t.Duration) + "</tt:RecurringDuration>")
	}
	b.WriteString(writeText("tt:Direction", t.Direction) + "</tt:StartingCondition>")
	for _, s := range t.Spots {
		b.WriteString(s.xml())
	}
	return b.String() + "</" + element + ">"
}

func (s *TourSpot) xml() string {
	b := "<tt:TourSpot><tt:PresetDetail>"
	switch {
	case s.Preset != "":
		b += writeText("tt:PresetToken", s.Preset)
	case s.Position != nil:
		b += s.Position.XML("tt:PTZPosition")
	default:
		b += writeBool("tt:Home", true)
	}
	b += "</tt:PresetDetail>"
	if s.Speed != nil {
		b += s.Speed.XML("tt:Speed")
	}
	if s.Stay > 0 {
		b += "<tt:StayTime>" + FormatDuration(s.Stay) + "</tt:StayTime>"
	}
	return b + "</tt:TourSpot>"
}

// TourOptions are what a tour can be (tt:PTZPresetTourOptions).
type TourOptions struct {
	AutoStart        bool
	Directions       []string
	Presets          []string // tokens that a spot may be
	Home             bool
	MinStay, MaxStay time.Duration // both 0: not said
}

// ReadTourOptions reads tt:PTZPresetTourOptions.
func ReadTourOptions(n *soap.Node) TourOptions {
	o := TourOptions{AutoStart: Bool(n.Get("AutoStart")), Directions: texts(n.Find("StartingCondition"), "Direction"),
		Presets: texts(n.Find("TourSpot", "PresetDetail"), "PresetToken"), Home: Bool(n.Get("TourSpot", "PresetDetail", "Home"))}
	low, ok := ParseDuration(n.Get("TourSpot", "StayTime", "Min"))
	high, too := ParseDuration(n.Get("TourSpot", "StayTime", "Max"))
	if ok && too && high >= low {
		o.MinStay, o.MaxStay = low, high
	}
	return o
}

// XML is the options as an element.
func (o *TourOptions) XML(element string) string {
	return "<" + element + ">" + writeBool("tt:AutoStart", o.AutoStart) + "<tt:StartingCondition>" + writeTexts("tt:Direction", o.Directions) +
		"</tt:StartingCondition><tt:TourSpot><tt:PresetDetail>" + writeTexts("tt:PresetToken", o.Presets) + writeBool("tt:Home", o.Home) +
		"</tt:PresetDetail><tt:StayTime><tt:Min>" + FormatDuration(o.MinStay) + "</tt:Min><tt:Max>" + FormatDuration(o.MaxStay) +
		"</tt:Max></tt:StayTime></tt:TourSpot></" + element + ">"
}

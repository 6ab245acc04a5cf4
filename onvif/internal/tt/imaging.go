package tt

import (
	"strings"

	"holdfast/onvif/internal/soap"
)

// ImagingSettings are how a video source makes its picture (tt:ImagingSettings20). What is nil or empty the device does not
// tell, or is left as it is.
type ImagingSettings struct {
	Brightness, ColorSaturation, Contrast, Sharpness *float64 // in the device's own numbers
	IrCutFilter                                      string   // ON is day, OFF is night, AUTO
	Exposure                                         *Exposure
	Focus                                            *Focus
	WhiteBalance                                     *WhiteBalance
	WideDynamicRange, BacklightCompensation          *Level
	ImageStabilization, ToneCompensation, Defogging  *Level
	NoiseReduction                                   *float64
}

// Level is something that is switched and has a strength.
type Level struct {
	Mode  string // ON, OFF; some have AUTO
	Level *float64
}

// Exposure is tt:Exposure20. Times are microseconds, gains and irises decibels.
type Exposure struct {
	Mode                             string // AUTO, MANUAL
	Priority                         string // LowNoise, FrameRate
	MinExposureTime, MaxExposureTime *float64
	MinGain, MaxGain                 *float64
	MinIris, MaxIris                 *float64
	ExposureTime, Gain, Iris         *float64
	WindowLeft, WindowTop            *float64 // what is measured, -1 to 1
	WindowRight, WindowBottom        *float64
}

// Focus is tt:FocusConfiguration20. Limits are metres.
type Focus struct {
	AutoFocusMode                     string // AUTO, MANUAL
	DefaultSpeed, NearLimit, FarLimit *float64
}

// WhiteBalance is tt:WhiteBalance20.
type WhiteBalance struct {
	Mode           string // AUTO, MANUAL
	CrGain, CbGain *float64
}

// ReadImagingSettings reads tt:ImagingSettings20, and what older devices send of tt:ImagingSettings.
func ReadImagingSettings(n *soap.Node) (s ImagingSettings) {
	s.Brightness, s.ColorSaturation = optional(n, "Brightness"), optional(n, "ColorSaturation")
	s.Contrast, s.Sharpness = optional(n, "Contrast"), optional(n, "Sharpness")
	s.IrCutFilter = mode(n.Get("IrCutFilter"))
	s.WideDynamicRange, s.BacklightCompensation = readLevel(n.Find("WideDynamicRange")), readLevel(n.Find("BacklightCompensation"))
	if e := n.Find("Exposure"); e != nil {
		s.Exposure = readExposure(e)
	}
	if f := n.Find("Focus"); f != nil {
		s.Focus = &Focus{AutoFocusMode: mode(f.Get("AutoFocusMode")), DefaultSpeed: optional(f, "DefaultSpeed"), NearLimit: optional(f, "NearLimit"), FarLimit: optional(f, "FarLimit")}
	}
	if w := n.Find("WhiteBalance"); w != nil {
		s.WhiteBalance = &WhiteBalance{Mode: mode(w.Get("Mode")), CrGain: optional(w, "CrGain"), CbGain: optional(w, "CbGain")}
	}
	s.ImageStabilization = readLevel(n.Find("Extension", "ImageStabilization"))
	more := n.Find("Extension", "Extension", "Extension")
	s.ToneCompensation, s.Defogging = readLevel(more.Find("ToneCompensation")), readLevel(more.Find("Defogging"))
	s.NoiseReduction = optional(more, "NoiseReduction", "Level")
	return s
}

// mode reads an enumeration in capitals, as the schema has it.
func mode(s string) string { return strings.ToUpper(text(s)) }

func readLevel(n *soap.Node) *Level {
	if n == nil {
		return nil
	}
	return &Level{Mode: mode(n.Get("Mode")), Level: optional(n, "Level")}
}

func readExposure(n *soap.Node) *Exposure {
	e := &Exposure{Mode: mode(n.Get("Mode")), Priority: text(n.Get("Priority"))}
	for _, f := range e.numbers() {
		*f.value = optional(n, f.name)
	}
	w := n.Find("Window")
	e.WindowLeft, e.WindowTop, e.WindowRight, e.WindowBottom = optionalAttribute(w, "left"), optionalAttribute(w, "top"), optionalAttribute(w, "right"), optionalAttribute(w, "bottom")
	return e
}

type named struct {
	name  string
	value **float64
}

// numbers are the exposure's, in the order of the schema.
func (e *Exposure) numbers() []named {
	return []named{{"MinExposureTime", &e.MinExposureTime}, {"MaxExposureTime", &e.MaxExposureTime}, {"MinGain", &e.MinGain}, {"MaxGain", &e.MaxGain},
		{"MinIris", &e.MinIris}, {"MaxIris", &e.MaxIris}, {"ExposureTime", &e.ExposureTime}, {"Gain", &e.Gain}, {"Iris", &e.Iris}}
}

// XML is the settings as an element.
func (s *ImagingSettings) XML(element string) string {
	var b strings.Builder
	b.WriteString("<" + element + ">" + s.BacklightCompensation.write("tt:BacklightCompensation"))
	b.WriteString(writeFloat("tt:Brightness", s.Brightness) + writeFloat("tt:ColorSaturation", s.ColorSaturation) + writeFloat("tt:Contrast", s.Contrast))
	if s.Exposure != nil {
		b.WriteString(s.Exposure.write())
	}
	if f := s.Focus; f != nil {
		b.WriteString("<tt:Focus>" + writeText("tt:AutoFocusMode", f.AutoFocusMode) + writeFloat("tt:DefaultSpeed", f.DefaultSpeed) +
			writeFloat("tt:NearLimit", f.NearLimit) + writeFloat("tt:FarLimit", f.FarLimit) + "</tt:Focus>")
	}
	b.WriteString(writeText("tt:IrCutFilter", s.IrCutFilter) + writeFloat("tt:Sharpness", s.Sharpness) + s.WideDynamicRange.write("tt:WideDynamicRange"))
	if w := s.WhiteBalance; w != nil {
		b.WriteString("<tt:WhiteBalance>" + writeText("tt:Mode", w.Mode) + writeFloat("tt:CrGain", w.CrGain) + writeFloat("tt:CbGain", w.CbGain) + "</tt:WhiteBalance>")
	}
	return b.String() + s.extension() + "</" + element + ">"
}

// extension is what came to the schema later, four levels deep.
func (s *ImagingSettings) extension() string {
	more := s.ToneCompensation.write("tt:ToneCompensation") + s.Defogging.write("tt:Defogging")
	if s.NoiseReduction != nil {
		more += "<tt:NoiseReduction>" + writeFloat("tt:Level", s.NoiseReduction) + "</tt:NoiseReduction>"
	}
	if more != "" {
		more = "<tt:Extension><tt:Extension>" + more + "</tt:Extension></tt:Extension>"
	}
	if more = s.ImageStabilization.write("tt:ImageStabilization") + more; more == "" {
		return ""
	}
	return "<tt:Extension>" + more + "</tt:Extension>"
}

func (l *Level) write(element string) string {
	if l == nil {
		return ""
	}
	return "<" + element + ">" + writeText("tt:Mode", l.Mode) + writeFloat("tt:Level", l.Level) + "</" + element + ">"
}

func (e *Exposure) write() string {
	b := "<tt:Exposure>" + writeText("tt:Mode", e.Mode) + writeText("tt:Priority", e.Priority)
	if e.WindowLeft != nil && e.WindowTop != nil && e.WindowRight != nil && e.WindowBottom != nil {
		b += "<tt:Window" + attribute("bottom", e.WindowBottom) + attribute("top", e.WindowTop) + attribute("right", e.WindowRight) + attribute("left", e.WindowLeft) + "/>"
	}
	for _, f := range e.numbers() {
		b += writeFloat("tt:"+f.name, *f.value)
	}
	return b + "</tt:Exposure>"
}

// Over gives these settings over those of before: what a change leaves out of a group stays as it was, since devices take a
// group whole.
func (s ImagingSettings) Over(was ImagingSettings) ImagingSettings {
	if s.Exposure != nil && was.Exposure != nil {
		e := *s.Exposure
		if e.Mode == "" {
			e.Mode = was.Exposure.Mode
		}
		if e.Priority == "" {
			e.Priority = was.Exposure.Priority
		}
		for i, f := range e.numbers() {
			if *f.value == nil {
				*f.value = *was.Exposure.numbers()[i].value
			}
		}
		if e.WindowLeft == nil {
			e.WindowLeft, e.WindowTop, e.WindowRight, e.WindowBottom = was.Exposure.WindowLeft, was.Exposure.WindowTop, was.Exposure.WindowRight, was.Exposure.WindowBottom
		}
		s.Exposure = &e
	}
	if s.Focus != nil && was.Focus != nil {
		s.Focus = &Focus{or(s.Focus.AutoFocusMode, was.Focus.AutoFocusMode), either(s.Focus.DefaultSpeed, was.Focus.DefaultSpeed),
			either(s.Focus.NearLimit, was.Focus.NearLimit), either(s.Focus.FarLimit, was.Focus.FarLimit)}
	}
	if s.WhiteBalance != nil && was.WhiteBalance != nil {
		s.WhiteBalance = &WhiteBalance{or(s.WhiteBalance.Mode, was.WhiteBalance.Mode), either(s.WhiteBalance.CrGain, was.WhiteBalance.CrGain), either(s.WhiteBalance.CbGain, was.WhiteBalance.CbGain)}
	}
	s.WideDynamicRange, s.BacklightCompensation = s.WideDynamicRange.over(was.WideDynamicRange), s.BacklightCompensation.over(was.BacklightCompensation)
	s.ImageStabilization, s.ToneCompensation, s.Defogging = s.ImageStabilization.over(was.ImageStabilization), s.ToneCompensation.over(was.ToneCompensation), s.Defogging.over(was.Defogging)
	return s
}

func (l *Level) over(was *Level) *Level {
	if l == nil || was == nil {
		return l
	}
	return &Level{or(l.Mode, was.Mode), either(l.Level, was.Level)}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func either(a, b *float64) *float64 {
	if a != nil {
		return a
	}
	return b
}

// ImagingPreset is a set of imaging settings that a device keeps (timg:ImagingPreset).
type ImagingPreset struct{ Token, Type, Name string }

// ReadImagingPreset reads timg:ImagingPreset.
func ReadImagingPreset(n *soap.Node) ImagingPreset {
	return ImagingPreset{text(n.Attribute("token")), text(n.Attribute("type")), text(n.Get("Name"))}
}

// XML is the preset as an element of the imaging service.
func (p ImagingPreset) XML() string {
	return `<timg:Preset token="` + soap.Escape(p.Token) + `" type="` + soap.Escape(p.Type) + `"><timg:Name>` + soap.Escape(p.Name) + "</timg:Name></timg:Preset>"
}

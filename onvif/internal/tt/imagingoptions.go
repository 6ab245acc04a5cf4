package tt

import (
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
)

// ImagingOptions are what the settings of a video source can be (tt:ImagingOptions20). What is nil or empty cannot be set.
type ImagingOptions struct {
	Brightness, ColorSaturation, Contrast, Sharpness *Range
	IrCutFilterModes                                 []string
	Exposure                                         *ExposureOptions
	Focus                                            *FocusOptions
	WhiteBalance                                     *WhiteBalanceOptions
	WideDynamicRange, BacklightCompensation          *LevelOptions
	ImageStabilization, ToneCompensation, Defogging  *LevelOptions
	NoiseReduction                                   bool // its level is 0 to 1
}

// LevelOptions are what something that is switched can be.
type LevelOptions struct {
	Modes []string
	Level *Range // nil: no strength can be set
}

// ExposureOptions are tt:ExposureOptions20: times microseconds, gains and irises decibels.
type ExposureOptions struct {
	Modes, Priorities                []string
	MinExposureTime, MaxExposureTime *Range
	MinGain, MaxGain                 *Range
	MinIris, MaxIris                 *Range
	ExposureTime, Gain, Iris         *Range
}

// FocusOptions are tt:FocusOptions20.
type FocusOptions struct {
	AutoFocusModes                    []string
	DefaultSpeed, NearLimit, FarLimit *Range
}

// WhiteBalanceOptions are tt:WhiteBalanceOptions20.
type WhiteBalanceOptions struct {
	Modes          []string
	CrGain, CbGain *Range
}

// ReadImagingOptions reads tt:ImagingOptions20.
func ReadImagingOptions(n *soap.Node) (o ImagingOptions) {
	o.Brightness, o.ColorSaturation = optionalRange(n.Find("Brightness")), optionalRange(n.Find("ColorSaturation"))
	o.Contrast, o.Sharpness = optionalRange(n.Find("Contrast")), optionalRange(n.Find("Sharpness"))
	o.IrCutFilterModes = modes(n, "IrCutFilterModes")
	o.WideDynamicRange, o.BacklightCompensation = readLevelOptions(n.Find("WideDynamicRange")), readLevelOptions(n.Find("BacklightCompensation"))
	if e := n.Find("Exposure"); e != nil {
		o.Exposure = &ExposureOptions{Modes: modes(e, "Mode"), Priorities: texts(e, "Priority")}
		for _, f := range o.Exposure.ranges() {
			*f.value = optionalRange(e.Find(f.name))
		}
	}
	if f := n.Find("Focus"); f != nil {
		o.Focus = &FocusOptions{modes(f, "AutoFocusModes"), optionalRange(f.Find("DefaultSpeed")), optionalRange(f.Find("NearLimit")), optionalRange(f.Find("FarLimit"))}
	}
	if w := n.Find("WhiteBalance"); w != nil { // YrGain and YbGain are the schema's names for what the settings call CrGain and CbGain
		o.WhiteBalance = &WhiteBalanceOptions{modes(w, "Mode"), optionalRange(w.Find("YrGain")), optionalRange(w.Find("YbGain"))}
	}
	o.ImageStabilization = readLevelOptions(n.Find("Extension", "ImageStabilization"))
	more := n.Find("Extension", "Extension", "Extension")
	o.ToneCompensation, o.Defogging = readLevelOptions(more.Find("ToneCompensationOptions")), readLevelOptions(more.Find("DefoggingOptions"))
	for _, l := range []*LevelOptions{o.ToneCompensation, o.Defogging} { // here the schema only says whether there is a level, which is 0 to 1
		if l != nil && l.Level == nil {
			l.Level = &Range{0, 1}
		}
	}
	if o.ToneCompensation != nil && !Bool(more.Get("ToneCompensationOptions", "Level")) {
		o.ToneCompensation.Level = nil
	}
	if o.Defogging != nil && !Bool(more.Get("DefoggingOptions", "Level")) {
		o.Defogging.Level = nil
	}
	o.NoiseReduction = Bool(more.Get("NoiseReductionOptions", "Level"))
	return o
}

func modes(n *soap.Node, name string) []string {
	list := texts(n, name)
	for i := range list {
		list[i] = strings.ToUpper(list[i])
	}
	return list
}

func readLevelOptions(n *soap.Node) *LevelOptions {
	if n == nil {
		return nil
	}
	return &LevelOptions{modes(n, "Mode"), optionalRange(n.Find("Level"))}
}

type namedRange struct {
	name  string
	value **Range
}

// ranges are the exposure's, in the order of the schema, which is that of Exposure.numbers.
func (e *ExposureOptions) ranges() []namedRange {
	return []namedRange{{"MinExposureTime", &e.MinExposureTime}, {"MaxExposureTime", &e.MaxExposureTime}, {"MinGain", &e.MinGain}, {"MaxGain", &e.MaxGain},
		{"MinIris", &e.MinIris}, {"MaxIris", &e.MaxIris}, {"ExposureTime", &e.ExposureTime}, {"Gain", &e.Gain}, {"Iris", &e.Iris}}
}

// XML is the options as an element.
func (o *ImagingOptions) XML(element string) string {
	var b strings.Builder
	b.WriteString("<" + element + ">" + o.BacklightCompensation.write("tt:BacklightCompensation"))
	b.WriteString(writeRange("tt:Brightness", o.Brightness) + writeRange("tt:ColorSaturation", o.ColorSaturation) + writeRange("tt:Contrast", o.Contrast))
	if e := o.Exposure; e != nil {
		b.WriteString("<tt:Exposure>" + writeTexts("tt:Mode", e.Modes) + writeTexts("tt:Priority", e.Priorities))
		for _, f := range e.ranges() {
			b.WriteString(writeRange("tt:"+f.name, *f.value))
		}
		b.WriteString("</tt:Exposure>")
	}
	if f := o.Focus; f != nil {
		b.WriteString("<tt:Focus>" + writeTexts("tt:AutoFocusModes", f.AutoFocusModes) + writeRange("tt:DefaultSpeed", f.DefaultSpeed) +
			writeRange("tt:NearLimit", f.NearLimit) + writeRange("tt:FarLimit", f.FarLimit) + "</tt:Focus>")
	}
	b.WriteString(writeTexts("tt:IrCutFilterModes", o.IrCutFilterModes) + writeRange("tt:Sharpness", o.Sharpness) + o.WideDynamicRange.write("tt:WideDynamicRange"))
	if w := o.WhiteBalance; w != nil {
		b.WriteString("<tt:WhiteBalance>" + writeTexts("tt:Mode", w.Modes) + writeRange("tt:YrGain", w.CrGain) + writeRange("tt:YbGain", w.CbGain) + "</tt:WhiteBalance>")
	}
	if l := o.Defogging; l != nil {
		b.WriteString("<tt:Extension><tt:Extension><tt:Extension><tt:DefoggingOptions>" + writeTexts("tt:Mode", l.Modes) + writeBool("tt:Level", l.Level != nil) +
			"</tt:DefoggingOptions></tt:Extension></tt:Extension></tt:Extension>")
	}
	return b.String() + "</" + element + ">"
}

func (l *LevelOptions) write(element string) string {
	if l == nil {
		return ""
	}
	return "<" + element + ">" + writeTexts("tt:Mode", l.Modes) + writeRange("tt:Level", l.Level) + "</" + element + ">"
}

// Check tells whether settings can be, before a device is asked. The error is an *InvalidError.
func (o *ImagingOptions) Check(s ImagingSettings) error {
	for _, x := range []struct {
		field string
		value *float64
		may   *Range
	}{{"brightness", s.Brightness, o.Brightness}, {"color_saturation", s.ColorSaturation, o.ColorSaturation}, {"contrast", s.Contrast, o.Contrast}, {"sharpness", s.Sharpness, o.Sharpness}} {
		if err := inRange(x.field, x.value, x.may); err != nil {
			return err
		}
	}
	if err := inModes("ir_cut_filter", s.IrCutFilter, o.IrCutFilterModes); err != nil {
		return err
	}
	for _, x := range []struct {
		field string
		value *Level
		may   *LevelOptions
	}{{"wide_dynamic_range", s.WideDynamicRange, o.WideDynamicRange}, {"backlight_compensation", s.BacklightCompensation, o.BacklightCompensation},
		{"image_stabilization", s.ImageStabilization, o.ImageStabilization}, {"tone_compensation", s.ToneCompensation, o.ToneCompensation}, {"defogging", s.Defogging, o.Defogging}} {
		if err := x.may.check(x.field, x.value); err != nil {
			return err
		}
	}
	if n := s.NoiseReduction; n != nil && (!o.NoiseReduction || *n < 0 || *n > 1) {
		return invalid("noise_reduction", "This camera does not take it, or it is not from 0 to 1.")
	}
	return o.checkGroups(s)
}

func (o *ImagingOptions) checkGroups(s ImagingSettings) error {
	if e := s.Exposure; e != nil {
		if o.Exposure == nil {
			return invalid("exposure", "This camera does not let it be set.")
		}
		if err := inModes("exposure", e.Mode, o.Exposure.Modes); err != nil {
			return err
		}
		if err := inModes("exposure", e.Priority, o.Exposure.Priorities); err != nil {
			return err
		}
		may := o.Exposure.ranges()
		for i, f := range e.numbers() {
			if err := inRange("exposure", *f.value, *may[i].value); err != nil {
				return err
			}
		}
	}
	if f := s.Focus; f != nil {
		if o.Focus == nil {
			return invalid("focus", "This camera does not let it be set.")
		}
		if err := first(inModes("focus", f.AutoFocusMode, o.Focus.AutoFocusModes), inRange("focus", f.DefaultSpeed, o.Focus.DefaultSpeed),
			inRange("focus", f.NearLimit, o.Focus.NearLimit), inRange("focus", f.FarLimit, o.Focus.FarLimit)); err != nil {
			return err
		}
	}
	if w := s.WhiteBalance; w != nil {
		if o.WhiteBalance == nil {
			return invalid("white_balance", "This camera does not let it be set.")
		}
		return first(inModes("white_balance", w.Mode, o.WhiteBalance.Modes), inRange("white_balance", w.CrGain, o.WhiteBalance.CrGain), inRange("white_balance", w.CbGain, o.WhiteBalance.CbGain))
	}
	return nil
}

func first(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *LevelOptions) check(field string, v *Level) error {
	switch {
	case v == nil:
		return nil
	case l == nil:
		return invalid(field, "This camera does not have it.")
	}
	return first(inModes(field, v.Mode, l.Modes), inRange(field, v.Level, l.Level))
}

func inRange(field string, v *float64, may *Range) error {
	switch {
	case v == nil:
		return nil
	case may == nil:
		return invalid(field, "This camera does not let this number be set.")
	case !may.Has(*v):
		return invalid(field, "%s is not from %s.", formatFloat(*v), may)
	}
	return nil
}

func inModes(field, v string, may []string) error {
	if v == "" || slices.Contains(may, v) {
		return nil
	}
	if len(may) == 0 {
		return invalid(field, "This camera does not let it be set.")
	}
	return invalid(field, "It is one of %s.", strings.Join(may, ", "))
}

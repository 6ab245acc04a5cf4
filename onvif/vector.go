package onvif

import (
	"fmt"
	"math"
	"strconv"

	"holdfast/onvif/internal/tt"
)

// ways are the spaces of one kind of movement, and those of vectors that name none.
type ways struct {
	panTilt, zoom    []Space
	usual, usualZoom string
	signed           bool // zoom is -1 to 1 in the generic space, not 0 to 1
	told             bool // the device has told of its spaces
}

func (p *PTZ) absolute() ways {
	s, c := &p.Node.Spaces, &p.Configuration
	return ways{panTilt: s.AbsolutePanTilt, zoom: s.AbsoluteZoom, usual: c.AbsolutePanTilt, usualZoom: c.AbsoluteZoom, told: !s.Empty()}
}

func (p *PTZ) relative() ways {
	s, c := &p.Node.Spaces, &p.Configuration
	return ways{panTilt: s.RelativePanTilt, zoom: s.RelativeZoom, usual: c.RelativePanTilt, usualZoom: c.RelativeZoom, signed: true, told: !s.Empty()}
}

func (p *PTZ) continuous() ways {
	s, c := &p.Node.Spaces, &p.Configuration
	return ways{panTilt: s.ContinuousPanTilt, zoom: s.ContinuousZoom, usual: c.ContinuousPanTilt, usualZoom: c.ContinuousZoom, signed: true, told: !s.Empty()}
}

// vector makes what goes out of what is asked for: in the space that is asked for where the camera has it, else reckoned into
// one that it has, and within its ranges.
func vector(m Motion, w ways) (out Moved, err error) {
	for _, x := range []struct {
		field string
		value *float64
	}{{"pan", m.Pan}, {"tilt", m.Tilt}, {"zoom", m.Zoom}, {"speed", m.Speed}} {
		if x.value != nil && (math.IsNaN(*x.value) || math.IsInf(*x.value, 0)) {
			return out, &InvalidError{Field: x.field, Why: "It is no number."}
		}
	}
	if m.Pan == nil && m.Tilt == nil && m.Zoom == nil {
		return out, &InvalidError{Field: "pan", Why: "Give pan, tilt or zoom."}
	}
	if m.Pan != nil || m.Tilt != nil {
		if err := out.panTilt(m, w); err != nil {
			return out, err
		}
	}
	if m.Zoom != nil {
		if err := out.zoom(m, w); err != nil {
			return out, err
		}
	}
	if out.Vector == (PTZVector{}) {
		return out, ErrNoSpace
	}
	return out, nil
}

func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func (o *Moved) panTilt(m Motion, w ways) error {
	x, y := value(m.Pan), value(m.Tilt)
	s, scaled, err := choose(m.Unit, w.panTilt, w.told)
	if err != nil {
		if x == 0 && y == 0 && m.Zoom != nil { // zoom alone, of who always says all three
			return nil
		}
		return err
	}
	if s.URI == "" { // the device has told nothing: the generic range of the specification
		s.X, s.Y = Range{Min: -1, Max: 1}, Range{Min: -1, Max: 1}
	}
	if scaled {
		full := Range{Min: -1, Max: 1}
		into := w.into()
		x, y = into(o.cut("pan", x, full), full, bounded(s.X, 180)), into(o.cut("tilt", y, full), full, bounded(s.Y, 90))
	} else {
		x, y = o.cut("pan", x, s.X), o.cut("tilt", y, s.Y)
	}
	o.Vector.PanTilt = &tt.Vector2D{X: x, Y: y, Space: named(s.URI, w.usual)}
	return nil
}

func (o *Moved) zoom(m Motion, w ways) error {
	unit := Generic
	if m.Unit == FieldOfView && offers(w.zoom, FieldOfView) {
		unit = FieldOfView
	}
	s, scaled, err := choose(unit, w.zoom, w.told)
	if err != nil {
		if *m.Zoom == 0 && (m.Pan != nil || m.Tilt != nil) {
			return nil
		}
		return err
	}
	full := Range{Max: 1}
	if w.signed {
		full.Min = -1
	}
	if s.URI == "" {
		s.X = full
	}
	z := *m.Zoom
	if scaled && !s.X.Finite() {
		return ErrNoSpace
	}
	if scaled {
		z = w.into()(o.cut("zoom", z, full), full, s.X)
	} else {
		z = o.cut("zoom", z, s.X)
	}
	o.Vector.Zoom = &tt.Vector1D{X: z, Space: named(s.URI, w.usualZoom)}
	return nil
}

// choose finds the space of a unit. Where there is none, a generic number is spread over a space that there is, in whatever
// unit: scaled is true then.
func choose(unit Unit, list []Space, told bool) (s Space, scaled bool, err error) {
	for _, s := range list {
		if s.Unit() == unit {
			return s, false, nil
		}
	}
	switch {
	case !told && unit == Generic:
		return Space{}, false, nil
	case unit == Generic && len(list) > 0 && list[0].Unit() != FieldOfView:
		return list[0], true, nil
	}
	return s, false, ErrNoSpace
}

func offers(list []Space, unit Unit) bool {
	for _, s := range list {
		if s.Unit() == unit {
			return true
		}
	}
	return false
}

// bounded gives a range ends where it has none: a camera that pans without end has been round after 180 degrees either way.
func bounded(r Range, end float64) Range {
	if math.IsInf(r.Min, 0) {
		r.Min = -end
	}
	if math.IsInf(r.Max, 0) {
		r.Max = end
	}
	return r
}

// spread reckons a number of one range into another, end to end.
func spread(v float64, from, to Range) float64 {
	return to.Min + (v-from.Min)/(from.Max-from.Min)*(to.Max-to.Min)
}

// scale reckons a distance or a velocity of a range around zero into another: zero stays zero, and ends become ends.
func scale(v float64, from, to Range) float64 {
	if v < 0 {
		return v / from.Min * to.Min
	}
	return v / from.Max * to.Max
}

// into is the reckoning of a kind of movement.
func (w ways) into() func(v float64, from, to Range) float64 {
	if w.signed {
		return scale
	}
	return spread
}

// cut keeps a number in its range, and notes when it was not.
func (o *Moved) cut(what string, v float64, r Range) float64 {
	c := r.Clamp(v)
	if c != v {
		o.Clamped = append(o.Clamped, fmt.Sprintf("%s %s was cut to %s", what, short(v), short(c)))
	}
	return c
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// named gives the space to be named: none where it is the configuration's own, since some devices know no other way.
func named(uri, usual string) string {
	if uri == usual || usual == "" && tt.UnitOf(uri) == Generic {
		return ""
	}
	return uri
}

// speed is how fast a move is to be, 0 to 1, as an element; "" where the device has no speed to say, or none is asked for.
func (p *PTZ) speed(v *float64, panTilt, zoom bool) string {
	if v == nil || math.IsNaN(*v) {
		return ""
	}
	out := p.SpeedOf(*v)
	if out == nil {
		return ""
	}
	if !panTilt {
		out.PanTilt = nil
	}
	if !zoom {
		out.Zoom = nil
	}
	if *out == (PTZVector{}) {
		return ""
	}
	return out.XML("tptz:Speed")
}

// SpeedOf gives a speed of 0 to 1 in the spaces that the node has for speeds; nil where it has none.
func (p *PTZ) SpeedOf(v float64) *PTZVector {
	full := Range{Min: 0, Max: 1}
	reckon := func(list []Space) (x float64, uri string, ok bool) {
		s, scaled, err := choose(Generic, list, true)
		if err != nil || !s.X.Finite() {
			return 0, "", false
		}
		if scaled {
			return spread(full.Clamp(v), full, s.X), s.URI, true
		}
		return s.X.Clamp(full.Clamp(v)), s.URI, true
	}
	var out PTZVector
	if x, uri, ok := reckon(p.Node.Spaces.PanTiltSpeed); ok {
		out.PanTilt = &tt.Vector2D{X: x, Y: x, Space: named(uri, "")}
	}
	if x, uri, ok := reckon(p.Node.Spaces.ZoomSpeed); ok {
		out.Zoom = &tt.Vector1D{X: x, Space: named(uri, "")}
	}
	if out == (PTZVector{}) {
		return nil
	}
	return &out
}

// In gives a position in another unit, where the node has both and the ranges tell how they belong together; what cannot be
// reckoned is nil. A position that names no space is in the configuration's.
func (p *PTZ) In(unit Unit, v PTZVector) (out PTZVector) {
	out.Zoom = v.Zoom
	if v.PanTilt == nil {
		return out
	}
	at := Generic
	if uri := v.PanTilt.Space; uri != "" {
		at = tt.UnitOf(uri)
	} else if uri := p.Configuration.AbsolutePanTilt; uri != "" {
		at = tt.UnitOf(uri)
	}
	if at == unit {
		out.PanTilt = v.PanTilt
		return out
	}
	from, ok := spaceOf(p.Node.Spaces.AbsolutePanTilt, at)
	to, too := spaceOf(p.Node.Spaces.AbsolutePanTilt, unit)
	if unit == Generic && ok && !too {
		to, too = Space{URI: tt.PositionGeneric, X: Range{Min: -1, Max: 1}, Y: Range{Min: -1, Max: 1}}, true
	}
	if !ok || !too {
		return out
	}
	out.PanTilt = &tt.Vector2D{X: spread(v.PanTilt.X, bounded(from.X, 180), bounded(to.X, 180)), Y: spread(v.PanTilt.Y, bounded(from.Y, 90), bounded(to.Y, 90)), Space: to.URI}
	return out
}

func spaceOf(list []Space, unit Unit) (Space, bool) {
	for _, s := range list {
		if s.Unit() == unit {
			return s, true
		}
	}
	return Space{}, false
}

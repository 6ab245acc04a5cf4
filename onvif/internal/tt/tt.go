// Package tt is the types of ONVIF that a client and a device exchange about control: PTZ, imaging, relays and inputs,
// thermal, position. Each is read from an element by local name, tolerant of what devices leave out, and written in the
// order of the schema. What a number counts in is said at the field; the wire's units are kept.
//
// The package knows no operation and does not dial. Bounds: a list has at most maxList entries, a text maxText bytes; numbers
// that are none are left out.
package tt

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

const (
	maxList = 512 // entries of a list of a device's answer
	maxText = 256 // bytes of a name or token
)

// InvalidError says which field of a request a device cannot take, and why.
type InvalidError struct{ Field, Why string }

func (e *InvalidError) Error() string { return e.Field + ": " + e.Why }

func invalid(field, format string, args ...any) error {
	return &InvalidError{Field: field, Why: fmt.Sprintf(format, args...)}
}

// Range is what a number may be, ends included. An end may be infinite.
type Range struct{ Min, Max float64 }

// Clamp gives the number of the range that is nearest to v.
func (r Range) Clamp(v float64) float64 { return math.Min(math.Max(v, r.Min), r.Max) }

// Has tells whether v lies in the range.
func (r Range) Has(v float64) bool { return v >= r.Min && v <= r.Max }

// Finite tells whether the range has two ends and a width.
func (r Range) Finite() bool {
	return !math.IsInf(r.Min, 0) && !math.IsInf(r.Max, 0) && r.Max > r.Min
}

func (r Range) String() string { return formatFloat(r.Min) + " to " + formatFloat(r.Max) }

func readRange(n *soap.Node) (Range, bool) {
	low, ok := parseFloat(n.Get("Min"))
	high, too := parseFloat(n.Get("Max"))
	return Range{low, high}, ok && too && low <= high
}

// optionalRange reads a range that may be absent, or make no sense.
func optionalRange(n *soap.Node) *Range {
	if r, ok := readRange(n); ok {
		return &r
	}
	return nil
}

func (r Range) write(element string) string {
	return "<" + element + "><tt:Min>" + formatFloat(r.Min) + "</tt:Min><tt:Max>" + formatFloat(r.Max) + "</tt:Max></" + element + ">"
}

func writeRange(element string, r *Range) string {
	if r == nil {
		return ""
	}
	return r.write(element)
}

// parseFloat reads an xs:float. INF is infinite; NaN is no number.
func parseFloat(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) {
		return 0, false
	}
	return v, true
}

// formatFloat writes an xs:float without an exponent, which some devices do not read.
func formatFloat(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "INF"
	case math.IsInf(v, -1):
		return "-INF"
	}
	return strconv.FormatFloat(v, 'f', -1, 32)
}

func optional(n *soap.Node, path ...string) *float64 {
	if v, ok := parseFloat(n.Get(path...)); ok {
		return &v
	}
	return nil
}

func optionalAttribute(n *soap.Node, name string) *float64 {
	if v, ok := parseFloat(n.Attribute(name)); ok {
		return &v
	}
	return nil
}

func writeFloat(element string, v *float64) string {
	if v == nil {
		return ""
	}
	return "<" + element + ">" + formatFloat(*v) + "</" + element + ">"
}

func writeText(element, v string) string {
	if v == "" {
		return ""
	}
	return "<" + element + ">" + soap.Escape(v) + "</" + element + ">"
}

func writeTexts(element string, list []string) string {
	var b strings.Builder
	for _, v := range list {
		b.WriteString(writeText(element, v))
	}
	return b.String()
}

func attribute(name string, v *float64) string {
	if v == nil {
		return ""
	}
	return " " + name + `="` + formatFloat(*v) + `"`
}

func textAttribute(name, v string) string {
	if v == "" {
		return ""
	}
	return " " + name + `="` + soap.Escape(v) + `"`
}

// Bool reads an xs:boolean.
func Bool(s string) bool { return strings.EqualFold(s, "true") || s == "1" }

func writeBool(element string, v bool) string {
	return "<" + element + ">" + strconv.FormatBool(v) + "</" + element + ">"
}

func count(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// text bounds what a device calls something.
func text(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxText)], "") }

// all gives the children of a name, at most maxList.
func all(n *soap.Node, name string) []*soap.Node {
	list := n.All(name)
	return list[:min(len(list), maxList)]
}

func texts(n *soap.Node, name string) (list []string) {
	for _, k := range all(n, name) {
		if k.Text != "" {
			list = append(list, text(k.Text))
		}
	}
	return list
}

var durationForm = regexp.MustCompile(`^(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?)?$`)

// ParseDuration reads an xs:duration. A month has 30 days and a year 365.
func ParseDuration(s string) (time.Duration, bool) {
	m := durationForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil || len(s) < 3 {
		return 0, false
	}
	seconds := 0.0
	for i, unit := range []float64{365 * 86400, 30 * 86400, 86400, 3600, 60, 1} {
		if v, ok := parseFloat(m[i+2]); ok {
			seconds += v * unit
		}
	}
	if seconds > math.MaxInt64/float64(2*time.Second) {
		return 0, false
	}
	d := time.Duration(seconds * float64(time.Second))
	if m[1] != "" {
		d = -d
	}
	return d, true
}

// FormatDuration writes an xs:duration in seconds, the form that every device reads.
func FormatDuration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return sign + "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
}

package exports

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"holdfast/gateway/evidence"
	"holdfast/storage"
)

// Order orders an export.
type Order struct {
	Title     string       `json:"title,omitempty" doc:"Of the case, at most 400 bytes."`
	Reason    string       `json:"reason" doc:"Why it is taken out; it stands in the package and in the audit log."`
	Recipient string       `json:"recipient" doc:"Who gets it; it stands in the package."`
	Form      string       `json:"form,omitempty" enum:"original,redacted" doc:"original when left out: the samples that were recorded. redacted: encoded anew, with masks, or the time, burned in. Faces are not looked for: what no mask covers is seen."`
	BurnTime  bool         `json:"burn_time,omitempty" doc:"Of redacted clips: the time (UTC) of each picture is written into it."`
	Mute      bool         `json:"mute,omitempty" doc:"All clips without sound. Originals then have the pictures as recorded, but the recorder's digests, which are over the sound too, do not prove them."`
	Clips     []ClipOrder  `json:"clips" doc:"At most 64."`
	Stills    []StillOrder `json:"stills,omitempty" doc:"Single pictures, at most 256; of a redacted export of moments that a clip of the same camera has, with its masks."`
	Notes     []string     `json:"notes,omitempty" doc:"What is to be said about it, at most 64 of 4000 bytes."`
}

// ClipOrder is a range of a camera's stream.
type ClipOrder struct {
	Camera string     `json:"camera"`
	Stream string     `json:"stream,omitempty" doc:"The one that is recorded first when left out."`
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to" doc:"At most 24 h after from. What lies in the future is left out."`
	Run    string     `json:"run,omitempty" doc:"One run alone, by its name in spans, where the recorder's clock was set back and two are of the same times: the range is cut to it. When left out, all: one after the other."`
	Cover  string     `json:"cover,omitempty" enum:"blur,fill" doc:"What masks do: blur when left out, or black."`
	Masks  []ClipMask `json:"masks,omitempty" doc:"Areas that are covered, at most 32."`
	Mute   bool       `json:"mute,omitempty" doc:"This clip without sound. It is set for cameras whose sound whoever orders may not hear."`
}

// ClipMask is an area that is covered, which may move.
type ClipMask struct {
	Keys []MaskKey `json:"keys" doc:"Where it is when, in order of time; between two it moves evenly, before the first and after the last it stands still. One is a mask that never moves."`
	From time.Time `json:"from,omitzero" doc:"Only from then on."`
	To   time.Time `json:"to,omitzero" doc:"Only until then."`
}

// MaskKey is where a mask is at a time.
type MaskKey struct {
	At     time.Time    `json:"at,omitzero" doc:"Of several keys each has one."`
	Points [][2]float64 `json:"points" doc:"Corners of a polygon, 3 to 32: shares of the picture's width and height from the upper left, 0 to 1. All keys of a mask have equally many."`
}

// StillOrder is one picture.
type StillOrder struct {
	Camera string    `json:"camera"`
	Stream string    `json:"stream,omitempty"`
	At     time.Time `json:"at"`
	Run    string    `json:"run,omitempty" doc:"Of this run, where two are of the same moment."`
}

// check holds a request to the rules, and fills what it leaves out.
func (r *Order) check(now time.Time, ffmpeg bool) error {
	for _, w := range []struct {
		field, text string
		must        bool
	}{{"title", r.Title, false}, {"reason", r.Reason, true}, {"recipient", r.Recipient, true}} {
		if err := checkWords(w.field, w.text, MaxWords, w.must, false); err != nil {
			return err
		}
	}
	if r.Form == "" {
		r.Form = evidence.Original
	}
	redacted := r.Form == evidence.Redacted
	switch {
	case !redacted && r.Form != evidence.Original:
		return &RuleError{"form", "It is original or redacted."}
	case len(r.Clips)+len(r.Stills) == 0:
		return &RuleError{"clips", "Name at least one clip or still."}
	case len(r.Clips) > MaxClips:
		return &RuleError{"clips", fmt.Sprintf("An export has at most %d clips.", MaxClips)}
	case len(r.Stills) > MaxStills:
		return &RuleError{"stills", fmt.Sprintf("An export has at most %d stills.", MaxStills)}
	case len(r.Notes) > MaxNotes:
		return &RuleError{"notes", fmt.Sprintf("An export has at most %d notes.", MaxNotes)}
	case (redacted || len(r.Stills) > 0) && !ffmpeg:
		return &RuleError{"form", "ffmpeg is not installed on the recorder: footage cannot be redacted, and stills cannot be made. Install it, or export originals."}
	case !redacted && r.BurnTime:
		return &RuleError{"form", "Only a redacted clip can have the time burned in: an original is what was recorded."}
	}
	for _, n := range r.Notes {
		if err := checkWords("notes", n, MaxNote, true, true); err != nil {
			return err
		}
	}
	for i := range r.Clips {
		r.Clips[i].Mute = r.Clips[i].Mute || r.Mute
		if err := r.Clips[i].check(fmt.Sprintf("clips[%d]", i), now, redacted); err != nil {
			return err
		}
		if redacted && len(r.Clips[i].Masks) == 0 && !r.BurnTime && !r.Clips[i].Mute {
			return &RuleError{fmt.Sprintf("clips[%d].masks", i), "A redacted clip has a mask, or the time burned in, or no sound; else export the original."}
		}
	}
	for i := range r.Stills {
		if err := r.checkStill(fmt.Sprintf("stills[%d]", i), &r.Stills[i], now); err != nil {
			return err
		}
	}
	return nil
}

func checkWords(field, text string, most int, must, lines bool) error {
	bad := strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && (!lines || c != '\n' && c != '\t') })
	switch {
	case must && strings.TrimSpace(text) == "":
		return &RuleError{field, "It must be said: it stands in the package, for whoever gets it."}
	case len(text) > most || bad:
		return &RuleError{field, fmt.Sprintf("It has at most %d bytes, and no control characters.", most)}
	}
	return nil
}

func (c *ClipOrder) check(field string, now time.Time, redacted bool) error {
	c.From, c.To = c.From.UTC().Round(0), c.To.UTC().Round(0)
	if c.To.After(now) {
		c.To = now.UTC().Round(0)
	}
	switch {
	case c.Camera == "":
		return &RuleError{field + ".camera", "Name the camera."}
	case c.From.Year() < 1971 || !c.From.Before(c.To):
		return &RuleError{field + ".to", "The range ends before it begins, or has not been recorded yet."}
	case c.To.Sub(c.From) > MaxRange:
		return &RuleError{field + ".to", fmt.Sprintf("A clip is at most %d h long; make several.", int(MaxRange/time.Hour))}
	case len(c.Masks) > MaxMasks:
		return &RuleError{field + ".masks", fmt.Sprintf("A clip has at most %d masks.", MaxMasks)}
	case len(c.Masks) > 0 && !redacted:
		return &RuleError{field + ".masks", "Only a redacted clip has masks."}
	case c.Cover != "" && c.Cover != "blur" && c.Cover != "fill":
		return &RuleError{field + ".cover", "It is blur or fill."}
	}
	if err := checkRun(field, c.Run); err != nil {
		return err
	}
	for i := range c.Masks {
		if err := c.Masks[i].check(fmt.Sprintf("%s.masks[%d]", field, i)); err != nil {
			return err
		}
	}
	return nil
}

func checkRun(field, run string) error {
	if run == "" {
		return nil
	}
	if _, err := storage.ParseRun(run); err != nil {
		return &RuleError{field + ".run", "It is not the name of a run: eight hexadecimal digits, as spans has them."}
	}
	return nil
}

// runOf is the run that an order names, 0 where it names none. The order was checked.
func runOf(name string) uint32 {
	run, _ := storage.ParseRun(name)
	return run
}

func (m *ClipMask) check(field string) error {
	if len(m.Keys) == 0 || len(m.Keys) > MaxKeys {
		return &RuleError{field + ".keys", fmt.Sprintf("A mask has 1 to %d keys.", MaxKeys)}
	}
	for i, k := range m.Keys {
		switch {
		case len(k.Points) < 3 || len(k.Points) > MaxPoints || len(k.Points) != len(m.Keys[0].Points):
			return &RuleError{field + ".keys", fmt.Sprintf("A shape has 3 to %d corners, and all keys of a mask have equally many.", MaxPoints)}
		case len(m.Keys) > 1 && (k.At.IsZero() || i > 0 && !k.At.After(m.Keys[i-1].At)):
			return &RuleError{field + ".keys", "Keys have times, in order."}
		}
		for _, p := range k.Points {
			if !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) || math.IsNaN(p[0]+p[1]) {
				return &RuleError{field + ".keys", "Corners are shares of the picture, from 0 to 1."}
			}
		}
	}
	if !m.From.IsZero() && !m.To.IsZero() && !m.From.Before(m.To) {
		return &RuleError{field + ".to", "It ends before it begins."}
	}
	return nil
}

func (r *Order) checkStill(field string, s *StillOrder, now time.Time) error {
	s.At = s.At.UTC().Round(0)
	switch {
	case s.Camera == "":
		return &RuleError{field + ".camera", "Name the camera."}
	case s.At.Year() < 1971 || !s.At.Before(now):
		return &RuleError{field + ".at", "It has not been recorded yet."}
	case r.Form == evidence.Redacted && r.clipOf(s) == nil:
		return &RuleError{field + ".at", "A still of a redacted export lies in a clip of the same camera, whose masks it gets."}
	}
	return checkRun(field, s.Run)
}

// clipOf is the clip whose masks a still gets.
func (r *Order) clipOf(s *StillOrder) *ClipOrder {
	for i := range r.Clips {
		if c := &r.Clips[i]; c.Camera == s.Camera && !s.At.Before(c.From) && s.At.Before(c.To) && (c.Run == s.Run || c.Run == "" || s.Run == "") {
			return c
		}
	}
	return nil
}

// Range is footage of a camera.
type Range struct {
	Camera   string
	From, To time.Time
}

// Ranges is the footage that a request takes, clip by clip, then still by still.
func (r *Order) Ranges() (list []Range) {
	for _, c := range r.Clips {
		list = append(list, Range{c.Camera, c.From, c.To})
	}
	for _, s := range r.Stills {
		list = append(list, Range{s.Camera, s.At, s.At.Add(time.Second)})
	}
	return list
}

// Cameras are the cameras of a request, each once.
func (r *Order) Cameras() (ids []string) {
	for _, x := range r.Ranges() {
		if !slices.Contains(ids, x.Camera) {
			ids = append(ids, x.Camera)
		}
	}
	return ids
}

// Span is from the first moment of an order to its last.
func (r *Order) Span() (from, to time.Time) {
	for i, x := range r.Ranges() {
		if i == 0 || x.From.Before(from) {
			from = x.From
		}
		if x.To.After(to) {
			to = x.To
		}
	}
	return from, to
}

// Says is who gets the export and why, as the audit log has it: sealed, for it may name people.
func (r *Order) Says() string { return r.Recipient + ": " + r.Reason }

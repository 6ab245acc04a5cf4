package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a report.
const (
	MaxReport = 4 << 20 // bytes
	maxDisks  = 256
	maxText   = 128 // bytes of a name or model
)

// State is what a disk says of itself.
type State string

// The states.
const (
	Passed  State = "passed"
	Failing State = "failing" // its own prediction, or the kernel has taken it out
	Unknown State = "unknown" // it was not asked, or does not say
)

// Health is how one disk is.
type Health struct {
	Device      string // major:minor
	Name        string // as the kernel names it: sda
	Model       string
	Rotational  bool
	State       State
	Why         string // what is wrong with a failing one
	Wear        int    // per cent of the endurance that is used up, above 100 beyond it; -1: it does not say
	Temperature int    // °C; 0: it does not say
	Hours       int    // switched on; 0: it does not say
	Pending     int    // sectors that could not be read and wait to be written again
	Reallocated int    // sectors that were replaced
}

// Worn tells whether the disk has used up so much of what its maker promises that it should be replaced.
func (h *Health) Worn() bool { return h.Wear >= wornAt }

// wornAt is per cent of endurance. A recorder writes at a steady rate, so that the last tenth takes as long as any other:
// months, time enough to order a disk.
const wornAt = 90

// Report is what the helper found.
type Report struct {
	At    time.Time
	Disks []Health
}

// ReadReport reads a report. A file that is not there gives fs.ErrNotExist.
func ReadReport(path string) (*Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read disk report: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxReport+1))
	if err != nil {
		return nil, fmt.Errorf("read disk report: %w", err)
	}
	return ParseReport(data)
}

// wire is the report as it is written.
type wire struct {
	Format int       `json:"format"`
	At     time.Time `json:"at"`
	Disks  []struct {
		Device     string `json:"device"`
		Name       string `json:"name"`
		Model      string `json:"model"`
		Rotational bool   `json:"rotational"`
		State      string `json:"state"`
		Smart      *smart `json:"smart"`
	} `json:"disks"`
}

var devicePattern = regexp.MustCompile(`^\d{1,6}:\d{1,9}$`)

// ParseReport reads a report's content.
func ParseReport(data []byte) (*Report, error) {
	if len(data) > MaxReport {
		return nil, fmt.Errorf("read disk report: it has more than %d bytes", MaxReport)
	}
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, fmt.Errorf("read disk report: %w", err)
	}
	switch {
	case w.Format != 1:
		return nil, fmt.Errorf("read disk report: format %d is not known", w.Format)
	case w.At.IsZero():
		return nil, errors.New("read disk report: it does not say when it was made")
	case len(w.Disks) > maxDisks:
		return nil, fmt.Errorf("read disk report: more than %d disks", maxDisks)
	}
	r := &Report{At: w.At.UTC()}
	for _, d := range w.Disks {
		if !devicePattern.MatchString(d.Device) {
			return nil, fmt.Errorf("read disk report: %q is no device number", short(d.Device))
		}
		h := Health{Device: d.Device, Name: short(d.Name), Model: short(d.Model), Rotational: d.Rotational, State: Unknown, Wear: -1}
		h.take(d.Smart)
		if d.State != "" && d.State != "running" && d.State != "live" {
			h.State, h.Why = Failing, "the kernel says that it is "+short(d.State)
		}
		r.Disks = append(r.Disks, h)
	}
	return r, nil
}

// short makes a text of somebody else's fit for a line on a screen.
func short(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return -1
		}
		return c
	}, s)
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return strings.TrimSpace(s)
}

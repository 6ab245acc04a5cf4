package soap

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxDuration bounds a duration that is read: longer ones are this long. Devices write P10675199DT2H48M5S for "for ever".
const maxDuration = 366 * 24 * time.Hour

var errDuration = errors.New("it is no duration of XML Schema, such as PT60S")

// Duration reads an xs:duration (XML Schema part 2, section 3.2.6). Years count 365 days and months 30; what is longer than a
// year is a year.
func Duration(s string) (time.Duration, error) {
	rest, minus := strings.CutPrefix(strings.TrimSpace(s), "-")
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || rest == "" || len(rest) > 64 {
		return 0, errDuration
	}
	date, clock, timed := strings.Cut(rest, "T")
	if timed && clock == "" {
		return 0, errDuration
	}
	seconds, err := sumUnits(date, map[byte]float64{'Y': 365 * 86400, 'M': 30 * 86400, 'W': 7 * 86400, 'D': 86400})
	if err != nil {
		return 0, err
	}
	more, err := sumUnits(clock, map[byte]float64{'H': 3600, 'M': 60, 'S': 1})
	if err != nil {
		return 0, err
	}
	d := time.Duration(math.Min(seconds+more, maxDuration.Seconds()) * float64(time.Second))
	if minus {
		d = -d
	}
	return d, nil
}

// sumUnits adds numbers that are followed by their unit.
func sumUnits(s string, units map[byte]float64) (sum float64, err error) {
	for s != "" {
		i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if i <= 0 {
			return 0, errDuration
		}
		n, err := strconv.ParseFloat(s[:i], 64)
		unit, ok := units[s[i]]
		if err != nil || !ok {
			return 0, errDuration
		}
		sum += n * unit
		s = s[i+1:]
	}
	return sum, nil
}

// FormatDuration writes an xs:duration in seconds, as every device reads it.
func FormatDuration(d time.Duration) string {
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
}

// dateTimes are the forms of a time that devices write, RFC 3339 first.
var dateTimes = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "20060102T150405Z"}

// Time reads an xs:dateTime. One without a zone is UTC, as ONVIF means it (Core specification, section 5.11); it must lie
// between 1970 and 2200.
func Time(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if len(s) > 64 {
		return time.Time{}, errors.New("it is no time")
	}
	for _, form := range dateTimes {
		t, err := time.Parse(form, s)
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Year() < 1970 || t.Year() > 2200 {
			return time.Time{}, fmt.Errorf("the year %d is none that a camera knows", t.Year())
		}
		return t, nil
	}
	return time.Time{}, errors.New("it is no time")
}

// FormatTime writes an xs:dateTime in whole seconds of UTC: some devices read no fractions.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

package auth

import (
	"fmt"
	"slices"
	"time"
)

// Hours is a stretch of the day on some days of the week, in the site's time zone. One whose end is not after its
// beginning goes on to the next day.
type Hours struct {
	Days []string `json:"days"` // mon tue wed thu fri sat sun: on which it begins
	From string   `json:"from"` // "08:00"
	To   string   `json:"to"`   // "18:00"; "24:00" is midnight
}

const maxHours = 28 // stretches of a grant

var dayNames = [...]string{time.Sunday: "sun", time.Monday: "mon", time.Tuesday: "tue", time.Wednesday: "wed", time.Thursday: "thu", time.Friday: "fri", time.Saturday: "sat"}

// stretch is Hours read: days as bits, minutes of the day.
type stretch struct {
	days     uint8
	from, to int // to may lie on the next day, and is then above 24 hours
}

const dayMinutes = 24 * 60

func readHours(list []Hours) ([]stretch, error) {
	if len(list) > maxHours {
		return nil, &RuleError{"hours", fmt.Sprintf("At most %d stretches.", maxHours)}
	}
	all := make([]stretch, 0, len(list))
	for _, h := range list {
		s, err := h.read()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (h Hours) read() (s stretch, err error) {
	for _, name := range h.Days {
		day := slices.Index(dayNames[:], name)
		if day < 0 {
			return s, &RuleError{"hours", "Days are mon, tue, wed, thu, fri, sat and sun."}
		}
		s.days |= 1 << day
	}
	if s.days == 0 {
		return s, &RuleError{"hours", "Each stretch names its days."}
	}
	if s.from, err = minuteOf(h.From); err != nil || s.from == dayMinutes {
		return s, &RuleError{"hours", "It begins at a time from 00:00 to 23:59."}
	}
	if s.to, err = minuteOf(h.To); err != nil {
		return s, &RuleError{"hours", "It ends at a time from 00:00 to 24:00."}
	}
	if s.to <= s.from {
		s.to += dayMinutes
	}
	return s, nil
}

func minuteOf(text string) (int, error) {
	if text == "24:00" {
		return dayMinutes, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != 5 {
		return 0, fmt.Errorf("read time of day: %w", err)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// holds tells whether the time lies in the stretch: of this day, or of the day before that goes on.
func (s stretch) holds(local time.Time) bool {
	minute, day := local.Hour()*60+local.Minute(), local.Weekday()
	before := (day + 6) % 7
	return s.days&(1<<day) != 0 && minute >= s.from && minute < s.to ||
		s.days&(1<<before) != 0 && minute+dayMinutes < s.to
}

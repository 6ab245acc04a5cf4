package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the zones of a machine without them, such as a container

	"github.com/goccy/go-yaml/ast"
)

// Bounds of a schedule.
const (
	maxRules      = 64 // of a week, and of an exception
	maxExceptions = 64
	maxDates      = 64 // of one exception
	firstYear     = 2000
	lastYear      = 2199
)

// optional is a group that may be left out: nil then.
func optional[V any](k kind[V]) kind[*V] {
	return kind[*V]{allowed: k.allowed, schema: k.schema, read: func(r *reader, at place, n ast.Node) (*V, bool) {
		v, ok := k.read(r, at, n)
		return &v, ok
	}}
}

// span is a length of time within bounds, both allowed.
func span(least, most time.Duration) kind[Duration] {
	allowed := fmt.Sprintf("a time such as 5s or 1m30s, from %s to %s", Duration(least), Duration(most))
	return scalar(allowed, pattern(`^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`), func(s string) (Duration, error) {
		d, err := ParseDuration(s)
		switch {
		case err != nil && strings.Trim(s, "0") != "":
			return 0, err
		case time.Duration(d) < least:
			return 0, fmt.Errorf("%s is too short", d)
		case time.Duration(d) > most:
			return 0, fmt.Errorf("%s is too long", d)
		}
		return d, nil
	})
}

// zone is the name of a time zone.
func zone() kind[string] {
	return scalar("a name of the IANA time zone database such as Europe/Berlin, or UTC", map[string]any{"type": "string", "minLength": 1, "maxLength": maxText}, func(s string) (string, error) {
		if len(s) > maxText || s == "" || s == "Local" {
			return "", fmt.Errorf("%q is no time zone", clip(s))
		}
		if _, err := time.LoadLocation(s); err != nil {
			return "", fmt.Errorf("%q is no time zone", clip(s))
		}
		return s, nil
	})
}

// clock is a time of day.
func clock() kind[Clock] {
	return scalar("a time of day in quotes, from 00:00 to 24:00", pattern(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`), parseClock)
}

func parseClock(s string) (Clock, error) {
	hours, minutes, ok := strings.Cut(s, ":")
	h, err := strconv.ParseUint(hours, 10, 8)
	m, merr := strconv.ParseUint(minutes, 10, 8)
	c := Clock(h*60 + m)
	if !ok || err != nil || merr != nil || len(hours) != 2 || len(minutes) != 2 || m > 59 || c > lastClock {
		return 0, fmt.Errorf("%q is no time of day", clip(s))
	}
	return c, nil
}

// weekdays is a set of days of the week.
func weekdays() kind[Weekdays] {
	one := scalar("mon, tue, wed, thu, fri, sat, sun, or a stretch of them such as mon-fri", pattern(`^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$`), parseWeekdays)
	many := list(one, 1, 7)
	return kind[Weekdays]{allowed: many.allowed, schema: many.schema, read: func(r *reader, at place, n ast.Node) (all Weekdays, ok bool) {
		sets, ok := many.read(r, at, n)
		for _, s := range sets {
			all |= s
		}
		return all, ok
	}}
}

func parseWeekdays(s string) (set Weekdays, err error) {
	from, to, stretch := strings.Cut(s, "-")
	first, last := slices.Index(dayNames, from), slices.Index(dayNames, to)
	if !stretch {
		last = first
	}
	if first < 0 || last < 0 {
		return 0, fmt.Errorf("%q is no day of the week", clip(s))
	}
	for i := first; ; i = (i + 1) % len(dayNames) {
		set |= bit(i)
		if i == last {
			return set, nil
		}
	}
}

// dates is a day of the calendar or a stretch of days.
func dates() kind[Dates] {
	return scalar("a date such as 2026-12-24, one of every year such as 12-24, or a stretch such as 2026-12-24..2027-01-02",
		pattern(`^([0-9]{4}-)?[0-9]{2}-[0-9]{2}(\.\.([0-9]{4}-)?[0-9]{2}-[0-9]{2})?$`), parseDates)
}

func parseDates(s string) (r Dates, err error) {
	first, last, stretch := strings.Cut(s, "..")
	if r.From, err = parseDate(first); err != nil {
		return Dates{}, err
	}
	if r.To = r.From; !stretch {
		return r, nil
	}
	if r.To, err = parseDate(last); err != nil {
		return Dates{}, err
	}
	switch {
	case (r.From.Year == 0) != (r.To.Year == 0):
		return Dates{}, fmt.Errorf("%q has a year at one end only", clip(s))
	case r.To.number() < r.From.number():
		return Dates{}, fmt.Errorf("%q ends before it begins (over the end of a year: two stretches)", clip(s))
	}
	return r, nil
}

func parseDate(s string) (Date, error) {
	layout, text := "2006-01-02", s
	if len(s) == len("01-02") {
		text = "2000-" + s // a leap year: 02-29 is a day of some years
	}
	t, err := time.Parse(layout, text)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return Date{}, fmt.Errorf("%q is no date of the years %d to %d", clip(s), firstYear, lastYear)
	}
	d := dateOf(t)
	if text != s {
		d.Year = 0
	}
	return d, nil
}

// checkRule refuses a rule that covers nothing.
func checkRule(r *reader, f found, v *Rule) {
	if v.From == v.To && !f.broken("from", "to") && f.has("from") && f.has("to") {
		r.problem(f.of("to"), "is the time that the rule begins at; allowed: another (a whole day is from \"00:00\" to \"24:00\")")
	}
	if v.From == lastClock {
		r.problem(f.of("from"), "is the end of the day; allowed: 00:00 to 23:59")
	}
	if v.Days == 0 {
		v.Days = 1<<7 - 1
	}
}

// keeps tells why nothing would ever be kept, nil when something may be.
func (r *Record) keeps() error {
	modes := []string{r.Mode}
	if r.Mode == Scheduled {
		if r.Schedule == nil {
			return errors.New("there is no schedule: recording would keep nothing; allowed: record.schedule, or another mode")
		}
		modes = r.Schedule.Modes()
	}
	switch {
	case slices.Contains(modes, Continuous):
		return nil
	case !slices.Contains(modes, Event):
		return errors.New("the schedule never records: recording would keep nothing; allowed: a rule that is continuous or event, or record: {mode: off}")
	case r.PreRoll == 0 && r.PostRoll == 0:
		return errors.New("events are recorded with neither pre-roll nor post-roll: recording would keep nothing of most; allowed: one of the two more than 0s, or record: {mode: off}")
	}
	return nil
}

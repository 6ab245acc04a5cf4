package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Schedule says for every moment of a week, and of the days that are exceptions, how a camera is recorded. Its times are
// what clocks on the wall show in the site's time zone.
type Schedule struct {
	Rules      []Rule // of the days of a week; the first that fits holds
	Otherwise  string // mode where no rule fits
	Exceptions []Exception
}

// Rule is a stretch of each of some days and how it is recorded. One that ends at or before the time it begins at ends on
// the next day.
type Rule struct {
	Days     Weekdays // on which it begins; of an exception's rules every day
	From, To Clock
	Mode     string
}

// Exception is one or more days that are recorded otherwise than their days of the week. What began the day before goes on
// to its end.
type Exception struct {
	Dates     []Dates
	Rules     []Rule
	Otherwise string
}

// At tells how a moment is recorded, by which words of the schedule, and until when that stays so. Until is zero when
// nothing changes within a week.
//
// Where clocks are set, a rule begins when its time is first shown and ends when its time is last shown; a time that is
// skipped counts as the moment of the change. So an hour that comes twice is covered whole by the rules that touch it, and
// an hour that is skipped leaves no hole and makes none.
func (s *Schedule) At(t time.Time, zone *time.Location) (mode, why string, until time.Time) {
	mode, why = s.at(t, zone)
	for _, e := range s.edges(t, zone) {
		if m, w := s.at(e, zone); m != mode || w != why {
			return mode, why, e
		}
	}
	return mode, why, time.Time{}
}

// Modes lists the modes that the schedule ever asks for.
func (s *Schedule) Modes() []string {
	list := []string{s.Otherwise}
	for _, r := range s.Rules {
		list = append(list, r.Mode)
	}
	for _, e := range s.Exceptions {
		list = append(list, e.Otherwise)
		for _, r := range e.Rules {
			list = append(list, r.Mode)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (s *Schedule) at(t time.Time, zone *time.Location) (mode, why string) {
	today := dateOf(t.In(zone))
	for _, x := range s.near(today) {
		if begin, end := x.bounds(zone); !t.Before(begin) && t.Before(end) {
			return x.rule.Mode, x.words()
		}
	}
	if e := s.exception(today); e != nil {
		return e.Otherwise, "exception " + today.String() + ": otherwise"
	}
	return s.Otherwise, "schedule: otherwise"
}

// turn is one turn of a rule, on one date.
type turn struct {
	rule      Rule
	date      Date
	exception bool
	index     int
}

// near lists the turns that may hold on a date, in the order in which they are asked.
func (s *Schedule) near(today Date) []turn {
	yesterday := today.next(-1)
	list := append(s.turns(yesterday), s.turns(today)...)
	if s.exception(yesterday) == nil && s.exception(today) == nil {
		slices.SortStableFunc(list, func(a, b turn) int { return a.index - b.index })
	}
	return list
}

// turns lists the rules that begin on a date.
func (s *Schedule) turns(d Date) (list []turn) {
	rules, e := s.Rules, s.exception(d)
	if e != nil {
		rules = e.Rules
	}
	for i, r := range rules {
		if e != nil || r.Days.has(d.weekday()) {
			list = append(list, turn{rule: r, date: d, exception: e != nil, index: i})
		}
	}
	return list
}

// exception finds the first exception that a date belongs to, nil when it is a day like others.
func (s *Schedule) exception(d Date) *Exception {
	for i := range s.Exceptions {
		if slices.ContainsFunc(s.Exceptions[i].Dates, func(r Dates) bool { return r.contains(d) }) {
			return &s.Exceptions[i]
		}
	}
	return nil
}

func (x turn) bounds(zone *time.Location) (begin, end time.Time) {
	last := x.date
	if x.rule.To <= x.rule.From {
		last = last.next(1)
	}
	return instant(x.date, x.rule.From, zone, false), instant(last, x.rule.To, zone, true)
}

func (x turn) words() string {
	if x.exception {
		return fmt.Sprintf("exception %s: %s–%s", x.date, x.rule.From, x.rule.To)
	}
	return fmt.Sprintf("schedule: %s %s–%s", x.rule.Days, x.rule.From, x.rule.To)
}

// lookAhead is how many days At looks for a change: a week, and the day that a rule may reach into.
const lookAhead = 8

// edges lists the moments after t at which something may change, in order.
func (s *Schedule) edges(t time.Time, zone *time.Location) (list []time.Time) {
	d := dateOf(t.In(zone)).next(-1)
	for range lookAhead + 2 {
		list = append(list, instant(d, 0, zone, false))
		for _, x := range s.turns(d) {
			begin, end := x.bounds(zone)
			list = append(list, begin, end)
		}
		d = d.next(1)
	}
	slices.SortFunc(list, time.Time.Compare)
	first, _ := slices.BinarySearchFunc(list, t, func(e, t time.Time) int {
		if e.After(t) {
			return 1
		}
		return -1
	})
	return slices.Compact(list[first:])
}

// instant is when clocks in a zone show a time of a day: for the first time, or for the last where they are set back over
// it. A time that they skip is the moment of the change.
func instant(d Date, c Clock, zone *time.Location, last bool) time.Time {
	shown := time.Date(d.Year, d.Month, d.Day, 0, int(c), 0, 0, time.UTC)
	before, after := offset(shown.Add(-24*time.Hour), zone), offset(shown.Add(24*time.Hour), zone)
	early, late := shown.Add(-max(before, after)), shown.Add(-min(before, after))
	fits := func(t time.Time) bool { return offset(t, zone) == shown.Sub(t) }
	switch {
	case fits(early) && (!last || !fits(late)):
		return early
	case fits(late):
		return late
	}
	_, change := early.In(zone).ZoneBounds()
	return change.UTC()
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// Clock is what a clock shows, in minutes since midnight: 0 to 1440, which is midnight at the end of the day.
type Clock int

const lastClock Clock = 24 * 60

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText writes the clock as the file would.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Weekdays is a set of days of the week, a bit each from Sunday.
type Weekdays uint8

var dayNames = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// bit is that of a day in the order of dayNames.
func bit(i int) Weekdays { return 1 << ((i + 1) % 7) }

func (w Weekdays) has(d time.Weekday) bool { return w&(1<<d) != 0 }

func (w Weekdays) String() string {
	var parts []string
	for i := 0; i < len(dayNames); i++ {
		first := i
		for i < len(dayNames) && w&bit(i) != 0 {
			i++
		}
		switch i - first {
		case 0:
		case 1:
			parts = append(parts, dayNames[first])
		default:
			parts = append(parts, dayNames[first]+"-"+dayNames[i-1])
		}
	}
	return strings.Join(parts, ", ")
}

// MarshalText writes the days as the file would.
func (w Weekdays) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Date is a day of the calendar. Year 0 is every year.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

func (d Date) noon() time.Time       { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }
func (d Date) next(n int) Date       { return dateOf(d.noon().AddDate(0, 0, n)) }
func (d Date) weekday() time.Weekday { return d.noon().Weekday() }
func (d Date) number() int           { return (d.Year*100+int(d.Month))*100 + d.Day }

func (d Date) String() string {
	if d.Year == 0 {
		return fmt.Sprintf("%02d-%02d", int(d.Month), d.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Dates is a day or a stretch of days, first and last included.
type Dates struct{ From, To Date }

func (r Dates) contains(d Date) bool {
	if r.From.Year == 0 {
		d.Year = 0
	}
	return d.number() >= r.From.number() && d.number() <= r.To.number()
}

func (r Dates) String() string {
	if r.From == r.To {
		return r.From.String()
	}
	return r.From.String() + ".." + r.To.String()
}

// MarshalText writes the dates as the file would.
func (r Dates) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

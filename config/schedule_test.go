package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// schedule reads the schedule of a camera as a file has it.
func schedule(t testing.TB, text string) *Schedule {
	t.Helper()
	c, err := Parse("schedule.yaml", []byte("volumes: [{path: /a}]\ncameras: [{id: a, rtsp: \"rtsp://10.0.0.1/\", record: {mode: schedule, schedule: "+text+"}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	return c.Cameras[0].Record.Schedule
}

// course tells what a schedule says from one local time to another, each change with its time as the clock on the wall
// shows it and the offset from UTC.
func course(t *testing.T, s *Schedule, zone, from, to string) string {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", from, z)
	if err != nil {
		t.Fatal(err)
	}
	end, err := time.ParseInLocation("2006-01-02 15:04", to, z)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for mode := ""; at.Before(end); {
		m, why, until := s.At(at, z)
		if m != mode {
			list = append(list, fmt.Sprintf("%s %s", at.In(z).Format("Mon 15:04-07"), m))
		}
		if why == "" || !until.IsZero() && !until.After(at) {
			t.Fatalf("%s: because of %q until %s", at, why, until)
		}
		if mode = m; until.IsZero() {
			break
		}
		at = until
	}
	return strings.Join(list, ", ")
}

const night = `{rules: [{days: [mon-fri], from: "18:00", to: "07:00", mode: continuous}, {days: [sat, sun], from: "08:00", to: "20:00", mode: event}], otherwise: off}`

func TestWeeksFollowTheirRules(t *testing.T) {
	for _, c := range []struct{ name, rules, zone, from, to, want string }{
		{"over midnight", night, "Europe/Berlin", "2026-11-26 12:00", "2026-11-28 12:00",
			"Thu 12:00+01 off, Thu 18:00+01 continuous, Fri 07:00+01 off, Fri 18:00+01 continuous, Sat 07:00+01 off, Sat 08:00+01 event"},
		{"a whole day", `{rules: [{days: [wed], from: "00:00", to: "24:00", mode: continuous}], otherwise: off}`, "Europe/Berlin", "2026-11-24 12:00", "2026-11-27 12:00",
			"Tue 12:00+01 off, Wed 00:00+01 continuous, Thu 00:00+01 off"},
		{"the first rule holds", `{rules: [{from: "10:00", to: "11:00", mode: off}, {from: "09:00", to: "12:00", mode: continuous}], otherwise: event}`, "UTC", "2026-11-24 08:00", "2026-11-24 13:00",
			"Tue 08:00+00 event, Tue 09:00+00 continuous, Tue 10:00+00 off, Tue 11:00+00 continuous, Tue 12:00+00 event"},
		{"a holiday", `{rules: [{from: "18:00", to: "07:00", mode: continuous}], otherwise: off, exceptions: [{dates: ["12-24"], otherwise: event, rules: [{from: "10:00", to: "12:00", mode: off}]}]}`,
			"Europe/Berlin", "2026-12-23 12:00", "2026-12-25 12:00",
			"Wed 12:00+01 off, Wed 18:00+01 continuous, Thu 07:00+01 event, Thu 10:00+01 off, Thu 12:00+01 event, Fri 00:00+01 off"},
		{"a stretch of holidays over the end of a year", `{otherwise: off, exceptions: [{dates: [2026-12-31..2027-01-01], otherwise: continuous}]}`, "Pacific/Auckland", "2026-12-30 23:00", "2027-01-02 12:00",
			"Wed 23:00+13 off, Thu 00:00+13 continuous, Sat 00:00+13 off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := course(t, schedule(t, c.rules), c.zone, c.from, c.to); got != c.want {
				t.Errorf("got\n%s\nnot\n%s", got, c.want)
			}
		})
	}
}

// Where clocks are set a rule neither loses a second nor holds twice with a hole between.
func TestDaylightSavingNeitherLosesNorDoubles(t *testing.T) {
	const small = `{rules: [{from: "02:30", to: "03:30", mode: continuous}], otherwise: off}`
	for _, c := range []struct{ name, rules, zone, from, to, want string }{
		{"skipped hour", small, "Europe/Berlin", "2026-03-29 00:00", "2026-03-29 12:00", "Sun 00:00+01 off, Sun 03:00+02 continuous, Sun 03:30+02 off"},
		{"hour that comes twice", small, "Europe/Berlin", "2026-10-25 00:00", "2026-10-25 12:00", "Sun 00:00+02 off, Sun 02:30+02 continuous, Sun 03:30+01 off"},
		{"within the hour that comes twice", `{rules: [{from: "02:10", to: "02:20", mode: continuous}], otherwise: off}`, "Europe/Berlin", "2026-10-25 00:00", "2026-10-25 12:00",
			"Sun 00:00+02 off, Sun 02:10+02 continuous, Sun 02:20+01 off"},
		{"within the skipped hour", `{rules: [{from: "02:10", to: "02:20", mode: continuous}], otherwise: off}`, "Europe/Berlin", "2026-03-29 00:00", "2026-03-29 12:00", "Sun 00:00+01 off"},
		{"neighbours, skipped hour", `{rules: [{from: "01:00", to: "02:30", mode: continuous}, {from: "02:30", to: "04:00", mode: event}], otherwise: off}`, "Europe/Berlin", "2026-03-29 00:00", "2026-03-29 12:00",
			"Sun 00:00+01 off, Sun 01:00+01 continuous, Sun 03:00+02 event, Sun 04:00+02 off"},
		{"neighbours, hour that comes twice", `{rules: [{from: "01:00", to: "02:30", mode: continuous}, {from: "02:30", to: "04:00", mode: event}], otherwise: off}`, "Europe/Berlin", "2026-10-25 00:00", "2026-10-25 12:00",
			"Sun 00:00+02 off, Sun 01:00+02 continuous, Sun 02:30+01 event, Sun 04:00+01 off"},
		{"over the change", night, "Europe/Berlin", "2026-10-23 12:00", "2026-10-26 12:00",
			"Fri 12:00+02 off, Fri 18:00+02 continuous, Sat 07:00+02 off, Sat 08:00+02 event, Sat 20:00+02 off, Sun 08:00+01 event, Sun 20:00+01 off"},
		{"clocks set at midnight", `{rules: [{from: "00:00", to: "01:30", mode: continuous}], otherwise: off}`, "Africa/Cairo", "2026-04-23 12:00", "2026-04-24 12:00",
			"Thu 12:00+02 off, Fri 01:00+03 continuous, Fri 01:30+03 off"},
		{"half an hour", small, "Australia/Lord_Howe", "2026-04-05 00:00", "2026-04-05 12:00", "Sun 00:00+11 off, Sun 02:30+10 continuous, Sun 03:30+10 off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := course(t, schedule(t, c.rules), c.zone, c.from, c.to); got != c.want {
				t.Errorf("got\n%s\nnot\n%s", got, c.want)
			}
		})
	}
}

// What At says until when must be what asking every minute says.
func TestChangesAreNeverMissed(t *testing.T) {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := schedule(t, `{rules: [{days: [sat-mon], from: "22:15", to: "02:30", mode: continuous}, {from: "02:00", to: "03:00", mode: event}], otherwise: off, exceptions: [{dates: ["10-24"], otherwise: event}]}`)
	at := time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	mode, why, until := s.At(at, z)
	for end := at.AddDate(0, 0, 6); at.Before(end); at = at.Add(time.Minute) {
		if !until.IsZero() && !at.Before(until) {
			mode, why, until = s.At(at, z)
		}
		if m, w := s.at(at, z); m != mode || w != why {
			t.Fatalf("%s: %s (%s), but At said %s (%s) until %s", at.In(z), m, w, mode, why, until)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add("mon-fri", "18:00", "07:00", "2026-12-24..2026-12-26", int64(1774746000))
	f.Add("sat", "00:00", "24:00", "02-29", int64(1792890000))
	f.Fuzz(func(t *testing.T, days, from, to, when string, unix int64) {
		w, err := parseWeekdays(days)
		a, aerr := parseClock(from)
		b, berr := parseClock(to)
		d, derr := parseDates(when)
		if err != nil || aerr != nil || berr != nil || derr != nil || a == b {
			return
		}
		if text, _ := d.MarshalText(); string(text) != when && !strings.HasSuffix(when, ".."+string(text)) {
			t.Errorf("%q is written as %q", when, text)
		}
		z, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		s := Schedule{Rules: []Rule{{Days: w, From: a, To: b, Mode: Continuous}}, Otherwise: Off, Exceptions: []Exception{{Dates: []Dates{d}, Otherwise: Event}}}
		at := time.Unix(unix%(1<<33), 0)
		if mode, why, until := s.At(at, z); mode == "" || why == "" || !until.IsZero() && !until.After(at) {
			t.Errorf("at %s: %q, %q, until %s", at, mode, why, until)
		}
	})
}

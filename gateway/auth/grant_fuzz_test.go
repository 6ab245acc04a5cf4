package auth

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzHours: what is accepted holds for as many minutes of a week as it says, and for none of a day that it does not touch.
func FuzzHours(f *testing.F) {
	for _, s := range [][3]string{{"mon tue", "08:00", "18:00"}, {"sun", "22:00", "06:00"}, {"sat", "00:00", "24:00"}, {"fri", "12:00", "12:00"}, {"", "", ""}, {"mon", "24:00", "24:00"}, {"mon", "8:00", "9:00"}, {"mon", "+1:00", "-1:00"}, {"mon mon", "23:59", "00:00"}} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, days, from, to string) {
		h := Hours{Days: strings.Fields(days), From: from, To: to}
		s, err := h.read()
		var rule *RuleError
		if err != nil {
			if !errors.As(err, &rule) {
				t.Fatalf("%+v: %v is nothing to tell people", h, err)
			}
			return
		}
		if len(from) != 5 || len(to) != 5 || s.days == 0 || s.from < 0 || s.from >= dayMinutes || s.to <= s.from || s.to > s.from+dayMinutes {
			t.Fatalf("%+v is read as %+v", h, s)
		}
		named := make(map[string]bool)
		for _, d := range h.Days {
			named[d] = true
		}
		monday, minutes, length := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), 0, s.to-s.from
		for m := range 7 * dayMinutes {
			at := monday.Add(time.Duration(m) * time.Minute)
			if !s.holds(at) {
				continue
			}
			minutes++
			if yesterday := at.AddDate(0, 0, -1); !named[dayNames[at.Weekday()]] && !named[dayNames[yesterday.Weekday()]] {
				t.Fatalf("%+v holds at %s", h, at)
			}
		}
		if most := len(named) * length; minutes > most || minutes < length {
			t.Fatalf("%+v holds for %d minutes of a week, and should for %d to %d", h, minutes, length, most)
		}
	})
}

// FuzzGrants: whatever is read as grants is refused with a reason, or gives no more than its roles do and on no other cameras.
func FuzzGrants(f *testing.F) {
	for _, s := range []string{
		`[{"role":"viewer","cameras":["door"]}]`, `[{"role":"administrator","cameras":["*"],"hours":[{"days":["mon"],"from":"08:00","to":"18:00"}]}]`,
		`[{"role":"operator","cameras":["group:out","till"],"until":"2027-01-01T00:00:00Z"}]`, `[{"role":"nobody","cameras":["group:none","","*"]}]`, `[{}]`, `null`,
	} {
		f.Add(s)
	}
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		var list []Grant
		if json.Unmarshal([]byte(text), &list) != nil {
			return
		}
		a := &Auth{now: func() time.Time { return now }, zone: time.UTC, groups: map[string]*Group{"out": {ID: "out", Cameras: []string{"gate"}}}}
		a.all = a.everything()
		who := Identity{Kind: BySession, rights: a.compile(list)} // of records too that no rule has seen
		err := a.checkGrants(a.Local(), nil, list)
		var rule *RuleError
		if err != nil && !errors.As(err, &rule) {
			t.Fatalf("%v is nothing to tell people", err)
		}
		if who.MayOn(Live, "unnamed") && !strings.Contains(text, "*") && !strings.Contains(text, "unnamed") && !strings.Contains(text, `\u`) {
			t.Fatalf("%s gives a camera that it does not name", text)
		}
		for _, p := range Permissions() {
			may := false
			for _, g := range list {
				role, ok := a.role(g.Role)
				may = may || ok && role.Permissions.Has(p)
			}
			if p != Self && who.May(p) && !may {
				t.Fatalf("%s gives %s", text, p)
			}
		}
	})
}

package web

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/exports"
)

const goodExport = `{"reason":"theft","recipient":"police","clips":[{"camera":"door","from":"2026-03-01T08:00:00Z","to":"2026-03-01T09:00:00Z"}]}`

// takenOut is exports of which the last is kept, as it was ordered.
type takenOut struct {
	mu   sync.Mutex // guards what follows
	last []exports.Export
}

func (x *takenOut) Create(who exports.By, o exports.Order) (exports.Export, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if o.Reason == "" {
		return exports.Export{}, &exports.RuleError{Field: "reason", Says: "It must be said."}
	}
	if o.Reason == "much" {
		return exports.Export{}, exports.ErrNoRoom
	}
	x.last = []exports.Export{{ID: "x-1", State: exports.Waiting, Order: o, Person: who.Person, By: who.Name, Created: time.Unix(1, 0).UTC()}}
	return x.last[0], nil
}

func (x *takenOut) List() []exports.Export {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]exports.Export{}, x.last...)
}

func (x *takenOut) Get(id string) (exports.Export, error) {
	for _, e := range x.List() {
		if e.ID == id {
			return e, nil
		}
	}
	return exports.Export{}, exports.ErrNone
}

func (x *takenOut) Cancel(id string) (exports.Export, error) { return x.Get(id) }
func (x *takenOut) Remove(id string) (exports.Export, error) { return x.Get(id) }

func (x *takenOut) Reach(_ string, streams []string, from, to time.Time) (time.Time, time.Time, error) {
	return from.Add(-time.Duration(len(streams)) * time.Second), to.Add(500 * time.Millisecond), nil
}

func (x *takenOut) Bundle(id string) (*exports.Bundle, error) {
	if _, err := x.Get(id); err != nil {
		return nil, err
	}
	return nil, exports.ErrNotDone
}

func TestAnExportIsLoggedWithWhoAndWhyAndForWhom(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	post := func(body string) (int, string) {
		a := s.do("POST", "/api/v1/exports", body, p.changes(), header("Content-Type", "application/json"))
		return a.StatusCode, a.text
	}
	if status, text := post(strings.Replace(goodExport, "theft", "", 1)); status != http.StatusUnprocessableEntity || !strings.Contains(text, `"field":"reason"`) {
		t.Errorf("without a reason: %d %s", status, text)
	}
	if status, text := post(strings.Replace(goodExport, "theft", "much", 1)); status != http.StatusInsufficientStorage || !strings.Contains(text, "no-room") {
		t.Errorf("without room: %d %s", status, text)
	}
	if status, text := post(goodExport); status != http.StatusCreated || !strings.Contains(text, `"id":"x-1"`) {
		t.Fatalf("%d %s", status, text)
	}
	found := false
	for _, e := range s.ledger.all(audit.ActionExport) {
		found = found || e.Action == audit.ActionExport && e.Outcome != audit.Refused && e.Camera == "door" && e.Target == "x-1" && e.Personal.Subject == "police: theft" && e.Reason == "" && !e.From.IsZero()
	}
	if !found {
		t.Errorf("not in the log: %+v", s.ledger.all(audit.ActionExport))
	}
	if a := s.do("GET", "/api/v1/exports/x-1/package", "", p.reads()); a.StatusCode != http.StatusConflict || !strings.Contains(a.text, "export-not-done") {
		t.Errorf("one that is not done: %d %s", a.StatusCode, a.text)
	}
	if a := s.do("GET", "/api/v1/exports/x-2", "", p.reads()); a.StatusCode != http.StatusNotFound {
		t.Errorf("one that there is not: %d", a.StatusCode)
	}
}

func TestWhoMayTakeAnExportAwayIsToldHowFarItIs(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	if a := s.do("POST", "/api/v1/exports", goodExport, p.changes(), header("Content-Type", "application/json")); a.StatusCode != http.StatusCreated {
		t.Fatal(a.text)
	}
	l := s.listen(p.reads())
	for name, _ := l.next(); name != "ready"; name, _ = l.next() {
	}
	s.cameras.change(t, Change{Kind: "export", ID: "x-1"})
	if name, data := l.next(); name != "export" || !strings.Contains(data, `"id":"x-1","state":"waiting"`) || strings.Contains(data, "theft") {
		t.Errorf("%s %s", name, data)
	}
	s.cameras.change(t, Change{Kind: "export", ID: "x-2"})
	if name, data := l.next(); name != "export-removed" || data != `{"id":"x-2"}` {
		t.Errorf("%s %s", name, data)
	}
}

func TestWithoutADirectoryNothingIsExportedAndItIsSaid(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Exports = nil })
	p := s.setUp()
	if a := s.do("GET", "/api/v1/exports", "", p.reads()); a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.text, "no-exports") {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

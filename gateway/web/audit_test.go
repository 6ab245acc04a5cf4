package web

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// wantsEntry waits for the only entry of an action.
func (s *site) wantsEntry(action string) (e audit.Entry) {
	s.t.Helper()
	until(s.t, "the entry "+action, func() bool {
		list := s.ledger.all(action)
		if len(list) > 0 {
			e = list[0]
		}
		return len(list) == 1
	})
	return e
}

func TestWhatEverybodyDoesIsInTheLog(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	if e := s.wantsEntry(audit.ActionPersonCreate); e.Person != p.info.Person || e.Personal.Name != adminName || e.Personal.Address != "127.0.0.1" {
		t.Errorf("set-up: %+v", e)
	}
	s.do("POST", "/api/v1/session", encode(Credentials{Username: adminName, Password: "wrong"}), header("User-Agent", "Lynx"))
	if e := s.wantsEntry(audit.ActionSignInRefused); e.Outcome != audit.Refused || e.Person != p.info.Person || e.Personal.Agent != "Lynx" || e.Reason != "credentials" || e.Kind != audit.ByNobody {
		t.Errorf("refused: %+v", e)
	}
	a := s.do("POST", "/api/v1/cameras/door/whep", "v=0\r\n", p.changes(), header("Content-Type", mimeSDP))
	began := s.wantsEntry(audit.ActionLiveStart)
	if began.Camera != "door" || began.Session == "" || began.Via == "" || began.Kind != audit.BySession {
		t.Errorf("start: %+v", began)
	}
	if len(s.ledger.all(audit.ActionLiveEnd)) != 0 {
		t.Error("the view ended before it did")
	}
	s.do("DELETE", a.Header.Get("Location"), "", p.changes())
	if e := s.wantsEntry(audit.ActionLiveEnd); e.Session != began.Session || e.Camera != "door" {
		t.Errorf("end: %+v", e)
	}
	for range 3 {
		s.do("GET", "/api/v1/cameras/door/video.mp4"+anHour, "", p.reads(), header("Range", "bytes=10-"))
	}
	if e := s.wantsEntry(audit.ActionPlayback); e.To.Sub(e.From) != time.Hour || e.Stream == "" {
		t.Errorf("playback: %+v", e)
	}
	s.do("GET", "/api/v1/cameras/door/snapshot.jpg", "", p.reads())
	s.wantsEntry(audit.ActionSnapshot)
	s.do("PUT", "/api/v1/cameras/door/record", `{"mode":"event"}`, p.changes(), header("Content-Type", "application/json"))
	if e := s.wantsEntry(audit.ActionCameraChange); len(e.Before) == 0 || len(e.After) == 0 {
		t.Errorf("change: %+v", e)
	}
	s.do("DELETE", "/api/v1/session", "", p.changes())
	s.wantsEntry(audit.ActionSignOut)
}

func TestAChangeIsInTheLogBeforeItIsAnswered(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	for range 20 {
		before := len(s.ledger.all(audit.ActionClockConfirm))
		if a := s.do("POST", "/api/v1/clock/confirm", "", p.changes()); a.StatusCode != http.StatusNoContent {
			t.Fatal(a.Status)
		}
		if n := len(s.ledger.all(audit.ActionClockConfirm)); n != before+1 {
			t.Fatalf("%d entries when the answer came, want %d", n, before+1)
		}
	}
}

func TestNothingIsChangedWithoutTheLogWhereTheSiteAsksForThat(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	s.ledger.mu.Lock()
	s.ledger.refuses = true
	s.ledger.mu.Unlock()
	if a := s.do("POST", "/api/v1/clock/confirm", "", p.changes()); a.problem(t).Type != "/problems/audit-failing" {
		t.Errorf("a change: %s %s", a.Status, a.text)
	}
	if a := s.do("POST", "/api/v1/cameras/door/whep", "v=0\r\n", p.changes(), header("Content-Type", mimeSDP)); a.StatusCode != http.StatusCreated {
		t.Errorf("live pictures: %s %s", a.Status, a.text)
	}
	s.signIn()
}

// signInAs makes a person with the grants, who signs in.
func (s *site) signInAs(name string, grants ...auth.Grant) person {
	s.t.Helper()
	_, inv, err := s.auth.CreatePerson(s.auth.Local(), auth.NewPerson{Name: name, Grants: grants})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.auth.Join(s.t.Context(), auth.Attempt{}, inv.Token, adminPassword); err != nil {
		s.t.Fatal(err)
	}
	return s.signedIn(s.do("POST", "/api/v1/session", encode(Credentials{Username: name, Password: adminPassword})))
}

func TestWhoMayNotIsAnsweredAsIfThereWereNothing(t *testing.T) {
	s := newSite(t)
	s.setUp()
	p := s.signInAs("till-guard", auth.Grant{Role: "viewer", Cameras: []string{"till"}})
	var nothing string
	for _, path := range []string{"/api/v1/cameras/none", "/api/v1/cameras/door", "/api/v1/cameras/door/record", "/api/v1/cameras/door/live.mp4", "/api/v1/cameras/door/snapshot.jpg",
		"/api/v1/cameras/door/spans" + anHour, "/api/v1/cameras/till/spans" + anHour, "/api/v1/cameras/till/video.mp4" + anHour, "/api/v1/volumes", "/api/v1/sessions", "/api/v1/nothing", "/metrics", "/api/v1/egress"} {
		a := s.do("GET", path, "", p.reads())
		if a.StatusCode != http.StatusNotFound || nothing != "" && a.text != nothing {
			t.Errorf("%s: %s %s", path, a.Status, a.text)
		}
		nothing = a.text
	}
	if a := s.do("GET", "/api/v1/cameras/till", "", p.reads()); a.StatusCode != http.StatusOK {
		t.Errorf("their own camera: %s", a.Status)
	}
	if e := s.ledger.all(audit.ActionAccessRefused); len(e) < 8 || e[0].Person == "" {
		t.Errorf("%d refusals in the log", len(e))
	}
	l := s.listen(p.reads())
	l.wants("camera", "health", "ready")
}

func TestAScannerDoesNotFillTheLog(t *testing.T) {
	s := newSite(t)
	s.setUp()
	for i := range 500 {
		s.do("GET", "/api/v1/cameras", "", header("Authorization", "Bearer hfp_guess"))
		s.do("GET", fmt.Sprint("/api/v1/cameras/", i), "")
	}
	if n := len(s.ledger.all(audit.ActionAccessRefused)); n == 0 || n > 4 {
		t.Errorf("%d entries of one scanner", n)
	}
	for i := range 3 * maxStrangers {
		e := audit.Entry{Action: audit.ActionAccessRefused, Kind: audit.ByNobody, Reason: "sign-in", Personal: audit.Personal{Address: fmt.Sprint("fd00::", i)}}
		if s.worthWriting(&e) {
			s.ledger.Add(e)
		}
	}
	if n := len(s.ledger.all(audit.ActionAccessRefused)); n > maxStrangers+5 {
		t.Errorf("%d entries of scanners from everywhere in a minute", n)
	}
}

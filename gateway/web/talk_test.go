package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/audit"
)

// speak begins to speak, and gives the session's address.
func (s *site) speak(with caller) string {
	s.t.Helper()
	a := s.do("POST", "/api/v1/cameras/door/talk", "v=0\r\n", with, header("Content-Type", mimeSDP))
	if a.StatusCode != http.StatusCreated {
		s.t.Fatal(a.Status, a.text)
	}
	return a.Header.Get("Location")
}

func TestOnePersonSpeaksAtATimeAndOthersSeeWho(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	ann, eve := s.hire(boss, "ann", on("operator", "*")), s.hire(boss, "eve", on("viewer", "*"))
	place := s.speak(ann.changes())
	began := s.wantsEntry(audit.ActionTalk)
	talker := func(p person) *Talker {
		return read[Camera](s, s.do("GET", "/api/v1/cameras/door", "", p.reads()), 200).Talker
	}
	if mine, theirs := talker(ann), talker(boss); mine == nil || !mine.You || theirs == nil || theirs.You || theirs.Name != mine.Name || time.Since(theirs.Since) > time.Hour {
		t.Errorf("told is %+v and %+v", mine, theirs)
	}
	if got := talker(eve); got != nil {
		t.Errorf("who may not speak is told %+v", got)
	}
	if a := s.do("POST", "/api/v1/cameras/door/talk", "v=0\r\n", boss.changes(), header("Content-Type", mimeSDP)); a.StatusCode != 409 || !strings.Contains(a.text, "ann speaks through it since") {
		t.Errorf("two at once: %s", a.text)
	}
	if a := s.do("DELETE", place, "", boss.changes()); a.StatusCode != 404 {
		t.Errorf("another ends it: %s", a.text)
	}
	if a := s.do("DELETE", place, "", ann.changes()); a.StatusCode != 204 {
		t.Errorf("it is ended: %s", a.text)
	}
	ended := s.wantsEntry(audit.ActionTalkEnd)
	if began.Session == "" || ended.Session != began.Session || ended.Camera != "door" {
		t.Errorf("the log has %+v and %+v", began, ended)
	}
	for end := time.Now().Add(deadline); talker(boss) != nil; {
		if time.Now().After(end) {
			t.Fatal("somebody is said to speak after they have ended")
		}
	}
}

func TestSpeakingEndsWithTheRight(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	ann := s.hire(boss, "ann", on("operator", "*"))
	s.speak(ann.changes())
	began := time.Now()
	if a := s.do("PATCH", "/api/v1/people/"+ann.info.Person, `{"grants":[{"role":"viewer","cameras":["*"]}]}`, boss.changes()); a.StatusCode != 200 {
		t.Fatal(a.text)
	}
	if e := s.wantsEntry(audit.ActionTalkEnd); e.Reason != "right-revoked" {
		t.Errorf("it ended because: %q", e.Reason)
	}
	t.Logf("it ended after %v", time.Since(began))
	s.speak(boss.changes()) // the loudspeaker is free
}

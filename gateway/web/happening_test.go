package web

import (
	"testing"
	"time"
)

func TestWhatHappensIsForWhoMayWatch(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	s.cameras.mu.Lock()
	s.cameras.list[1].Happening = []Happening{{ID: "1", Kind: "motion", Start: time.Unix(1_800_000_000, 0).UTC()}}
	s.cameras.mu.Unlock()
	for role, want := range map[string]int{"viewer": 1, "privacy-officer": 1, "auditor": 0} {
		who := s.hire(boss, role, on(role, "*"))
		for _, c := range read[[]Camera](s, s.do("GET", "/api/v1/cameras", "", who.reads()), 200) {
			if c.ID == "till" && (len(c.Happening) != want || c.Happening == nil) {
				t.Errorf("%s is told %v", role, c.Happening)
			}
		}
	}
}

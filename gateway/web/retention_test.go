package web

import (
	"encoding/json"
	"testing"
)

func (c *cameras) Retention() ([]Kept, error) {
	return []Kept{{Camera: "door", Name: "Door", MaxAge: 1209600, MinAge: 604800, Keeps: 345600, BySpace: true, Short: true, Says: "Kept for 4 days at the present rate, 7 days promised."}}, nil
}

func (c *cameras) ConfirmClock() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.confirmed++
}

func TestRetentionIsToldAndTheClockIsConfirmed(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	var list []Kept
	if err := json.Unmarshal([]byte(s.do("GET", "/api/v1/retention", "", p.reads()).text), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Camera != "door" || !list[0].Short || list[0].Oldest != nil {
		t.Errorf("retention is %+v", list)
	}
	if got := s.do("POST", "/api/v1/clock/confirm", "", p.changes()).StatusCode; got != 204 || s.cameras.confirmed != 1 {
		t.Errorf("confirming gave %d, and was heard %d times", got, s.cameras.confirmed)
	}
}

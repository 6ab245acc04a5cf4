package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

const goodLock = `{"camera":"door","from":"2026-03-01T08:00:00Z","to":"2026-03-01T09:00:00Z","until":"2190-01-01T00:00:00Z","reason":"Police, case 12"}`

func (c *cameras) LockFootage(_ context.Context, owner string, r LockRequest) (Lock, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.locks = append(c.locks, Lock{ID: "l1", Camera: r.Camera, From: r.From, To: r.To, Until: r.Until, Owner: owner, Person: owner, Reason: r.Reason})
	return c.locks[len(c.locks)-1], nil
}

func (c *cameras) UnlockFootage(_ context.Context, id string) error {
	if id != "l1" {
		return ErrNotFound
	}
	return nil
}

func (c *cameras) FootageLocks(string, time.Time, time.Time) ([]Lock, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locks, nil
}

func TestALockIsItsOwnersAndNeedsAReasonAndAnEnd(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	post := func(body string) int {
		return s.do("POST", "/api/v1/locks", body, p.changes(), header("Content-Type", "application/json")).StatusCode
	}
	for _, change := range [][2]string{
		{"Police, case 12", "  "}, {"Police, case 12", strings.Repeat("r", 501)}, {"Police, case 12", `a\nb`}, {"2190", "2020"}, {"2190", "2290"}, {"T09:00", "T07:00"}, {"door", "cellar"},
	} {
		if got := post(strings.Replace(goodLock, change[0], change[1], 1)); got != http.StatusUnprocessableEntity {
			t.Errorf("%q instead of %q: %d", change[1], change[0], got)
		}
	}
	if len(s.cameras.locks) > 0 {
		t.Fatalf("locked: %+v", s.cameras.locks)
	}
	if got := post(goodLock); got != http.StatusCreated || s.cameras.locks[0].Person != p.info.Person || s.cameras.locks[0].Reason != "Police, case 12" {
		t.Errorf("a good one: %d, %+v", got, s.cameras.locks)
	}
	if a := s.do("GET", "/api/v1/locks?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z", "", p.reads()); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"person":"`+p.info.Person+`"`) {
		t.Errorf("list: %d %s", a.StatusCode, a.text)
	}
	for id, want := range map[string]int{"l1": http.StatusNoContent, "l2": http.StatusNotFound, strings.Repeat("l", 65): http.StatusNotFound} {
		if a := s.do("DELETE", "/api/v1/locks/"+id, "", p.changes()); a.StatusCode != want {
			t.Errorf("unlock %s: %d, want %d", id, a.StatusCode, want)
		}
	}
}

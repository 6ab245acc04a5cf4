package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"holdfast/storage"
)

const goodErasure = `{"camera":"door","from":"2026-03-01T08:00:00Z","to":"2026-03-01T09:00:00Z","ground":"subject request"}`

func (c *cameras) EraseFootage(_ context.Context, r ErasureRequest) (storage.Erasure, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Camera != "door" {
		return storage.Erasure{}, ErrNotFound
	}
	if len(c.locks) > 0 {
		return storage.Erasure{}, &storage.HeldError{Locks: []storage.Lock{{ID: "l1", Camera: "door"}}}
	}
	e := storage.Erasure{ID: "e1", Camera: r.Camera, From: r.From, To: r.To, Ground: storage.Ground(r.Ground)}
	c.erased = append(c.erased, e)
	return e, nil
}

func (c *cameras) FootageErasures(string) ([]storage.Erasure, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]storage.Erasure{}, c.erased...), nil
}

func (c *cameras) FootageErasure(id string) (storage.Erasure, error) {
	if id != "e1" {
		return storage.Erasure{}, ErrNotFound
	}
	return storage.Erasure{ID: id}, nil
}

func (c *cameras) SweepKeys(context.Context) error { return nil }

func TestAnErasureNeedsAGroundAndARangeAndNoLock(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	post := func(body string) (int, string) {
		a := s.do("POST", "/api/v1/erasures", body, p.changes(), header("Content-Type", "application/json"))
		return a.StatusCode, a.text
	}
	for _, change := range [][3]string{{"subject request", "because", "422"}, {"T09:00", "T07:00", "422"}, {`"door"`, `""`, "422"}, {"door", "cellar", "404"}} {
		if got, text := post(strings.Replace(goodErasure, change[0], change[1], 1)); got != map[string]int{"422": 422, "404": 404}[change[2]] {
			t.Errorf("%q instead of %q: %d %s", change[1], change[0], got, text)
		}
	}
	if got, text := post(goodErasure); got != http.StatusCreated || len(s.cameras.erased) != 1 {
		t.Errorf("a good one: %d %s", got, text)
	}
	s.cameras.locks = []Lock{{ID: "l1"}}
	if got, text := post(goodErasure); got != http.StatusConflict || !strings.Contains(text, "footage-held") || !strings.Contains(text, `"locks":["l1"]`) {
		t.Errorf("locked footage: %d %s", got, text)
	}
	for path, want := range map[string]int{"": 200, "?camera=door": 200, "/e1": 200, "/e2": 404, "/" + strings.Repeat("e", 65): 404} {
		if a := s.do("GET", "/api/v1/erasures"+path, "", p.reads()); a.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, a.StatusCode, want)
		}
	}
}

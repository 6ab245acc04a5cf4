package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/storage"
)

func (c *cameras) Raise(_ context.Context, camera string, req EventRequest) (RaisedEvent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raised = append(c.raised, req)
	return RaisedEvent{Event: Event{ID: "e1", Camera: camera, Kind: req.Kind}, Footage: "whole"}, nil
}

func (c *cameras) TellTexts(_ string, list []Event) {
	for i := range list {
		if list[i].Kind == "mark" {
			list[i].Text = "a fox"
		}
	}
}

func (c *clips) Events(camera string, from, to time.Time, _ int) ([]storage.Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return []storage.Event{
		{ID: "a", Camera: camera, Kind: "motion", Source: "yard", Start: from, End: to, Pre: 5 * time.Second, Post: 1500 * time.Millisecond},
		{ID: "b", Camera: camera, Kind: "mark", Start: from},
	}, c.err
}

func (c *clips) EachEvent(camera string, from, to time.Time, f func(time.Time, string) bool) error {
	list, err := c.Events(camera, from, to, 0)
	for _, e := range list {
		if !f(e.Start, e.Kind) {
			break
		}
	}
	return err
}

func TestEventsAreGivenAsTheContractSays(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	a := s.do("GET", "/api/v1/cameras/door/events?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z", "", p.reads())
	want := `[{"id":"a","camera":"door","kind":"motion","source":"yard","topic":"","start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","pre":5,"post":1.5,"text":""},` +
		`{"id":"b","camera":"door","kind":"mark","source":"","topic":"","start":"2026-03-01T08:00:00Z","end":null,"pre":0,"post":0,"text":"a fox"}]`
	if got := strings.TrimSpace(a.text); a.StatusCode != http.StatusOK || got != want {
		t.Errorf("%d %s\nwant %s", a.StatusCode, got, want)
	}
}

func TestEventsThatCannotBeAreRefusedBeforeAnythingIsDone(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	post := func(body string) int {
		return s.do("POST", "/api/v1/cameras/door/events", body, p.changes(), header("Content-Type", "application/json")).StatusCode
	}
	for body, want := range map[string]int{
		`{"kind":"` + strings.Repeat("k", 65) + `"}`: http.StatusUnprocessableEntity,
		`{"kind":"a\nb"}`: http.StatusUnprocessableEntity,
		`{"source":"` + strings.Repeat("s", 65) + `"}`: http.StatusUnprocessableEntity,
		`{"text":"` + strings.Repeat("t", 501) + `"}`:  http.StatusUnprocessableEntity,
		`{"text":"a\nb"}`:                              http.StatusUnprocessableEntity,
		`{"duration":-1}`:                              http.StatusUnprocessableEntity,
		`{"duration":901}`:                             http.StatusUnprocessableEntity,
		`{"duration":5,"active":true}`:                 http.StatusUnprocessableEntity,
		`{"at":"0001-01-01T00:00:00Z"}`:                http.StatusUnprocessableEntity,
		`{"at":"yesterday"}`:                           http.StatusBadRequest,
		`{"who":"me"}`:                                 http.StatusBadRequest,
		`{"kind":"` + strings.Repeat("k", 5000) + `"}`: http.StatusRequestEntityTooLarge,
	} {
		if got := post(body); got != want {
			t.Errorf("%.60s: %d, want %d", body, got, want)
		}
	}
	if len(s.cameras.raised) > 0 {
		t.Errorf("raised: %+v", s.cameras.raised)
	}
	if got := post(`{"kind":"motion","duration":2.5}`); got != http.StatusCreated || len(s.cameras.raised) != 1 || s.cameras.raised[0].Duration != 2.5 {
		t.Errorf("a good one: %d, %+v", got, s.cameras.raised)
	}
	if got := post(`{"id":"e1","active":false}`); got != http.StatusOK {
		t.Errorf("the end of one: %d", got)
	}
}

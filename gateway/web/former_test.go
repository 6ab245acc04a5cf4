package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The site had a camera "shed", of which there is footage.

func (c *cameras) FormerCameras() ([]FormerCamera, error) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return []FormerCamera{{ID: "shed", Name: "Shed", Removed: &at, Streams: []string{"main", "sub"}, Oldest: at.Add(-time.Hour), Newest: at}}, nil
}

func (c *cameras) FormerCamera(id string) (FormerCamera, error) {
	list, err := c.FormerCameras()
	if id != "shed" {
		return FormerCamera{}, ErrNotFound
	}
	return list[0], err
}

// formerOf is what somebody is told of cameras that are gone.
func (s *site) formerOf(with caller) (list []FormerCamera) {
	s.t.Helper()
	a := s.do("GET", "/api/v1/removed-cameras", "", with)
	if err := json.Unmarshal([]byte(a.text), &list); err != nil || a.StatusCode != http.StatusOK {
		s.t.Fatalf("%d %s %v", a.StatusCode, a.text, err)
	}
	return list
}

const aDay = "from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"

func TestFootageOfARemovedCameraIsFoundByWhoMayPlayIt(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	all := s.formerOf(p.reads())
	if len(all) != 1 || all[0].ID != "shed" || !slices.Equal(all[0].May, []string{"audio", "playback", "export", "lock", "erase", "approve"}) {
		t.Fatalf("the removed cameras are %+v", all)
	}
	for path, want := range map[string]int{"spans": 200, "events": 200, "segments": 200, "video.mp4": 200, "video.json": 200, "snapshot.jpg": 404, "notifications": 404} {
		query := "?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z"
		if a := s.do("GET", "/api/v1/cameras/shed/"+path+query, "", p.reads()); a.StatusCode != want {
			t.Errorf("%s of it gives %d %s", path, a.StatusCode, a.text)
		}
	}
	// Lists of several cameras have it where it is wished, or named.
	for query, want := range map[string]int{"": 8, "&removed=1": 12, "&cameras=shed": 4, "&cameras=door,shed": 8, "&cameras=door": 4, "&cameras=door&removed=1": 4} {
		if got, _ := s.listed(p.reads(), query); len(got) != want {
			t.Errorf("events by %q: %v", query, got)
		}
		a := s.do("GET", "/api/v1/overview?"+aDay+query, "", p.reads())
		var o Overview
		if err := json.Unmarshal([]byte(a.text), &o); err != nil || 4*len(o.Cameras) != want {
			t.Errorf("the overview by %q: %d %s", query, a.StatusCode, a.text)
		}
	}
	if a := s.do("GET", "/api/v1/overview?"+aDay+"&removed=yes", "", p.reads()); a.StatusCode != http.StatusBadRequest {
		t.Errorf("removed=yes: %d", a.StatusCode)
	}
	if got := s.review(p.changes(), true, EventName{"shed", happened("shed")[0].ID}); got.StatusCode != http.StatusOK {
		t.Errorf("an event of it is marked: %d", got.StatusCode)
	}
	for name, a := range map[string]answered{
		"locked":   s.do("POST", "/api/v1/locks", strings.Replace(goodLock, `"door"`, `"shed"`, 1), p.changes(), header("Content-Type", "application/json")),
		"exported": s.do("POST", "/api/v1/exports", strings.ReplaceAll(goodExport, `"door"`, `"shed"`), p.changes(), header("Content-Type", "application/json")),
	} {
		if a.StatusCode != http.StatusCreated {
			t.Errorf("%s it gives %d %s", name, a.StatusCode, a.text)
		}
	}
}

// Taking a camera away gives nobody more, and takes nothing from whoever had it.
func TestARemovedCameraIsNobodysWhoCouldNotPlayItBefore(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	for name, c := range map[string]struct {
		cameras []string
		sees    bool
	}{"ida": {[]string{"door"}, false}, "jon": {[]string{"shed"}, true}, "kim": {[]string{"*"}, true}, "lou": {[]string{"group:old"}, true}} {
		if name == "lou" {
			if a := s.do("PUT", "/api/v1/camera-groups/old", `{"name":"Old","cameras":["shed"]}`, p.changes(), header("Content-Type", "application/json")); a.StatusCode != http.StatusOK {
				t.Fatalf("a group of it: %d %s", a.StatusCode, a.text)
			}
		}
		who := s.hire(p, name, Grant{Role: "operator", Cameras: c.cameras})
		if got := len(s.formerOf(who.reads())) == 1; got != c.sees {
			t.Errorf("%s finds it: %v", name, got)
		}
		a := s.do("GET", "/api/v1/cameras/shed/video.mp4?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z", "", who.reads())
		if (a.StatusCode == http.StatusOK) != c.sees || !c.sees && a.StatusCode != http.StatusNotFound {
			t.Errorf("%s plays it: %d", name, a.StatusCode)
		}
		if got, _ := s.listed(who.reads(), "&removed=1&cameras=shed"); (len(got) > 0) != c.sees {
			t.Errorf("%s reads of its events: %v", name, got)
		}
	}
}

// One answer is of 64 cameras. Those that it is not of are counted, so that nobody takes them for cameras without anything.
func TestCamerasThatAnAnswerIsNotOfAreCounted(t *testing.T) {
	s := newSite(t)
	s.cameras.mu.Lock()
	for i := range maxOverviewIDs - 2 {
		s.cameras.list = append(s.cameras.list, Camera{ID: fmt.Sprintf("c-%d", i), Name: "Hall", State: "online", Record: Recording{Streams: []string{"main"}}})
	}
	s.cameras.mu.Unlock()
	with := s.bearer()
	for query, want := range map[string]int{"": 0, "&removed=1": 1, "&cameras=shed&removed=1": 0} {
		if _, page := s.listed(with, query); page.LeftOut != want {
			t.Errorf("events%s: %d are left out, want %d", query, page.LeftOut, want)
		}
		a := s.do("GET", "/api/v1/overview?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"+query, "", with)
		var o Overview
		if err := json.Unmarshal([]byte(a.text), &o); err != nil || a.StatusCode != http.StatusOK || o.LeftOut != want || len(o.Cameras) > maxOverviewIDs {
			t.Errorf("overview%s: %d, %v, %d cameras, %d left out, want %d: %.200s", query, a.StatusCode, err, len(o.Cameras), o.LeftOut, want, a.text)
		}
	}
}

package web

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/storage"
)

// eventID is an id as the store gives them.
func eventID(start time.Time) string {
	k := binary.BigEndian.AppendUint64(nil, uint64(start.UnixNano()))
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(append(k, 0, 1))
}

// happened are the events before each camera, newest first: at noon, a minute before, and so on. The door's are of kinds of their own.
func happened(camera string) (list []storage.Event) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if camera != "door" {
		noon = noon.Add(time.Second)
	}
	for i, kind := range []string{"mark", "motion", "line-crossing", "motion"} {
		at := noon.Add(-time.Duration(i) * time.Minute)
		list = append(list, storage.Event{ID: eventID(at), Camera: camera, Kind: kind, Start: at, End: at})
	}
	return list
}

var newestEvent = happened("door")[0].ID

func (c *clips) EventsBack(camera string, from, to time.Time, before string, f func(storage.Event) bool) error {
	for _, e := range happened(camera) {
		if e.Start.Before(from) || !e.Start.Before(to) || before != "" && e.ID >= before {
			continue
		}
		if !f(e) {
			break
		}
	}
	return c.err
}

func (c *clips) EventOf(camera, id string) (storage.Event, error) {
	for _, e := range happened(camera) {
		if e.ID == id {
			return e, nil
		}
	}
	return storage.Event{}, storage.ErrNoEvent
}

// listed gives a page of events in short: camera, kind, and a star where it is reviewed.
func (s *site) listed(with caller, query string) (short []string, page EventPage) {
	s.t.Helper()
	a := s.do("GET", "/api/v1/events?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"+query, "", with)
	if err := json.Unmarshal([]byte(a.text), &page); err != nil || a.StatusCode != http.StatusOK {
		s.t.Fatalf("%d %s %v", a.StatusCode, a.text, err)
	}
	for _, e := range page.Events {
		star := ""
		if e.Reviewed {
			star = "*"
		}
		short = append(short, e.Camera+" "+e.Kind+star)
	}
	return short, page
}

func (s *site) review(with caller, yes bool, events ...EventName) answered {
	text, err := json.Marshal(ReviewRequest{Reviewed: &yes, Events: events})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do("PUT", "/api/v1/events/reviewed", string(text), with, header("Content-Type", "application/json"))
}

func TestEventsOfAllCamerasAreListedNewestFirstAndPageByPage(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	all, _ := s.listed(p.reads(), "&cameras=door")
	if want := []string{"door mark", "door motion", "door line-crossing", "door motion"}; !slices.Equal(all, want) {
		t.Errorf("%v, want %v", all, want)
	}
	whole, _ := s.listed(p.reads(), "")
	if len(whole) != 4*len(s.cameras.Cameras()) {
		t.Errorf("of all cameras: %v", whole)
	}
	var paged []string
	for next, turns := "", 0; turns < 20; turns++ {
		q := "&limit=3"
		if next != "" {
			q += "&before=" + next
		}
		some, page := s.listed(p.reads(), q)
		paged = append(paged, some...)
		if next = page.Next; next == "" {
			break
		}
	}
	if slices.Sort(whole); len(paged) != len(whole) {
		t.Errorf("page by page %v, at once %v", paged, whole)
	}
	for query, want := range map[string][]string{"&kinds=mark,none": {"door mark"}, "&text=CROSSING": {"door line-crossing"}, "&text=line%20cross": {"door line-crossing"}, "&text=a+fox": {"door mark"}, "&text=badger": nil} {
		if got, _ := s.listed(p.reads(), "&cameras=door"+query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	for query, want := range map[string]int{"&before=x": 400, "&limit=201": 400, "&unreviewed=yes": 400, "&text=" + url.QueryEscape(strings.Repeat("x", 101)): 400, "&cameras=" + strings.Repeat("a,", 64) + "a": 400} {
		if a := s.do("GET", "/api/v1/events?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"+query, "", p.reads()); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", query, a.StatusCode, want)
		}
	}
}

// TestReviewedIsEachPersonsOwn holds that nobody sees or changes what another has reviewed, nor marks what they may not play.
func TestReviewedIsEachPersonsOwn(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	ann := s.hire(p, "ann", Grant{Role: "operator", Cameras: []string{"door"}})
	list := happened("door")
	mark, motion := EventName{"door", list[0].ID}, EventName{"door", list[1].ID}
	if a := s.review(ann.changes(), true, mark, EventName{"door", eventID(time.Unix(0, 1))}); a.StatusCode != 200 || strings.TrimSpace(a.text) != `{"marked":1,"gone":1}` {
		t.Fatalf("%d %s", a.StatusCode, a.text)
	}
	if got, _ := s.listed(ann.reads(), ""); !slices.Equal(got, []string{"door mark*", "door motion", "door line-crossing", "door motion"}) {
		t.Errorf("Ann sees %v", got)
	}
	if got, _ := s.listed(ann.reads(), "&unreviewed=1"); !slices.Equal(got, []string{"door motion", "door line-crossing", "door motion"}) {
		t.Errorf("what Ann has not reviewed: %v", got)
	}
	if got, _ := s.listed(p.reads(), "&cameras=door&unreviewed=1"); len(got) != 4 {
		t.Errorf("the administrator sees what Ann has reviewed: %v", got)
	}
	if a := s.review(p.changes(), true, motion); a.StatusCode != 200 {
		t.Fatal(a.text)
	}
	if a := s.review(ann.changes(), false, mark, motion); a.StatusCode != 200 {
		t.Fatal(a.text)
	}
	if got, _ := s.listed(p.reads(), "&cameras=door"); got[1] != "door motion*" {
		t.Errorf("Ann took away another's mark: %v", got)
	}
	if got, _ := s.listed(ann.reads(), "&unreviewed=1"); len(got) != 4 {
		t.Errorf("after it was taken away: %v", got)
	}
	other := EventName{"none", mark.ID}
	for _, c := range s.cameras.Cameras() {
		if c.ID != "door" {
			other.Camera = c.ID
		}
	}
	if a := s.review(ann.changes(), true, mark, other); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a camera that Ann may not play: %d %s", a.StatusCode, a.text)
	}
	if got, _ := s.listed(ann.reads(), "&unreviewed=1"); len(got) != 4 {
		t.Errorf("a request that is refused marked some: %v", got)
	}
	if a := s.review(s.bearer(), true, mark); a.StatusCode != http.StatusForbidden {
		t.Errorf("by nobody: %d %s", a.StatusCode, a.text)
	}
	if a := s.review(ann.changes(), true, slices.Repeat([]EventName{mark}, maxReviewed+1)...); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("too many: %d", a.StatusCode)
	}
}

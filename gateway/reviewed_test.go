package gateway

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// What somebody reviewed is kept for as long as an event of that camera and day is, and not longer.
func TestReviewedMarksGoWithTheLastEventOfTheirDay(t *testing.T) {
	r := start(t, "cameras:\n  - {id: door, rtsp: \"rtsp://127.0.0.1:9/none\", record: {mode: event}}\n")
	who, today := r.g.auth.Local(), time.Now().UTC()
	raised := map[string]time.Time{}
	for _, at := range []time.Time{today, today.Add(-48 * time.Hour)} {
		e, err := r.g.store.Event(storage.Event{Camera: "door", Kind: "mark", Source: "test", Start: at, End: at.Add(time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		raised[e.ID] = at
	}
	day := func(at time.Time) auth.CameraDay { return auth.CameraDay{Camera: "door", Day: web.ReviewDay(at)} }
	gone := day(today.Add(-24 * time.Hour)) // of which no event is
	marks := map[auth.CameraDay][]string{gone: {"0000000000000000"}, {Camera: "yard", Day: gone.Day}: {"0000000000000001"}, {Camera: "door", Day: "some day"}: {"x"}}
	for id, at := range raised {
		marks[day(at)] = []string{id}
	}
	if err := r.g.auth.Review(who, marks, true); err != nil {
		t.Fatal(err)
	}
	kept := func() (list []auth.CameraDay) {
		for d := range marks {
			of, err := r.g.auth.ReviewedOf(who, d)
			if err != nil {
				t.Fatal(err)
			}
			if len(of) > 0 {
				list = append(list, d)
			}
		}
		slices.SortFunc(list, cmpDays)
		return list
	}
	if got := kept(); len(got) != len(marks) {
		t.Fatalf("marked: %v", got)
	}
	if err := r.g.dropReviewed(); err != nil {
		t.Fatal(err)
	}
	want := []auth.CameraDay{}
	for _, at := range slices.Collect(maps.Values(raised)) {
		want = append(want, day(at))
	}
	slices.SortFunc(want, cmpDays)
	if got := kept(); !slices.Equal(got, want) {
		t.Errorf("kept are %v, want %v", got, want)
	}
}

func cmpDays(a, b auth.CameraDay) int {
	return cmp.Or(strings.Compare(a.Camera, b.Camera), strings.Compare(a.Day, b.Day))
}

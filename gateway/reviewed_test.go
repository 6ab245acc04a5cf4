package gateway

import (
	"cmp"
	"maps"
	"os"
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

// The index is lost and a volume is away: the events on it are not known for that time, and what somebody reviewed of them stays. Marks of a
// day of which no event was go when all is there again.
func TestReviewedMarksStayWhileAVolumeIsAway(t *testing.T) {
	dir := t.TempDir()
	const conf = "cameras:\n  - {id: door, rtsp: \"rtsp://127.0.0.1:9/none\", record: {mode: event}}\n"
	r := startIn(t, dir, conf)
	who, now := r.g.auth.Local(), time.Now().UTC()
	e, err := r.g.store.Event(storage.Event{Camera: "door", Kind: "mark", Source: "test", Start: now, End: now.Add(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	there := auth.CameraDay{Camera: "door", Day: web.ReviewDay(now)}
	gone := auth.CameraDay{Camera: "door", Day: web.ReviewDay(now.Add(-48 * time.Hour))}
	if err := r.g.auth.Review(who, map[auth.CameraDay][]string{there: {e.ID}, gone: {"0000000000000000"}}, true); err != nil {
		t.Fatal(err)
	}
	volume, away, _ := r.loseVolume(dir)
	r = startIn(t, dir, conf)
	if _, err := r.g.store.EventOf("door", e.ID); r.g.store.Volumes()[0].Usable() || err == nil {
		t.Fatalf("the volume is there: %+v, %v", r.g.store.Volumes(), err)
	}
	marked := func(d auth.CameraDay) int {
		of, err := r.g.auth.ReviewedOf(who, d)
		if err != nil {
			t.Fatal(err)
		}
		return len(of)
	}
	if err := r.g.dropReviewed(); err != nil || marked(there) != 1 || marked(gone) != 1 {
		t.Errorf("while it is away: %v, %d and %d marks are left", err, marked(there), marked(gone))
	}
	for _, err := range []error{os.Remove(volume), os.Rename(away, volume)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.await("the event", func() bool { _, err := r.g.store.EventOf("door", e.ID); return err == nil })
	if err := r.g.dropReviewed(); err != nil || marked(there) != 1 || marked(gone) != 0 {
		t.Errorf("when it is back: %v, %d and %d marks are left", err, marked(there), marked(gone))
	}
}

package storage

import (
	"slices"
	"testing"
	"time"
)

func TestWhatThereIsOfACameraIsTold(t *testing.T) {
	r := recorded(t)
	all, err := r.store.Recorded("")
	r.must(err)
	one, err := r.store.Recorded("door")
	r.must(err)
	if len(all) != 1 || len(one) != 1 || all[0].Camera != "door" || !slices.Equal(one[0].Streams, []string{"main"}) || one[0].Oldest.After(began) || !one[0].Newest.After(began) {
		t.Errorf("of all %+v, of one %+v", all, one)
	}
	for _, none := range []string{"doo", "doors", "yard"} {
		if list, err := r.store.Recorded(none); err != nil || len(list) > 0 {
			t.Errorf("of %s %+v, %v", none, list, err)
		}
	}
}

// Events of a camera that records nothing any more are dropped at their age, though none is raised that would have them dropped.
func TestEventsWithoutFootageAreForgottenAtTheirAge(t *testing.T) {
	r := recorded(t)
	r.store.SetAges("gone", Ages{Max: time.Hour})
	_, err := r.store.Event(Event{Camera: "gone", Kind: "motion", Start: r.now, End: r.now.Add(time.Second)})
	r.must(err)
	left := func() int {
		list, err := r.store.Events("gone", began.Add(-time.Hour), began.Add(240*time.Hour), 0)
		r.must(err)
		return len(list)
	}
	r.must(r.store.ForgetEvents())
	if left() != 1 {
		t.Error("it went before its age")
	}
	r.now = r.now.Add(2 * time.Hour)
	r.must(r.store.ForgetEvents())
	if left() != 0 {
		t.Error("it is there beyond its age")
	}
	r.now = r.now.Add(-2 * time.Hour)
}

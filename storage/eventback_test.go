package storage

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestEventsAreListedBackwardsAndGoneOnWith(t *testing.T) {
	r := recorded(t)
	var ids []string
	for i := range 5 {
		at := began.Add(time.Duration(i) * time.Second)
		e, err := r.store.Event(Event{Camera: "door", Start: at, End: at, Kind: "motion"})
		r.must(err)
		ids = append([]string{e.ID}, ids...)
	}
	back := func(camera string, from, to time.Time, before string, most int) (list []string) {
		t.Helper()
		r.must(r.store.EventsBack(camera, from, to, before, func(e Event) bool {
			list = append(list, e.ID)
			return len(list) < most
		}))
		return list
	}
	later := began.Add(time.Hour)
	for name, is := range map[string][2][]string{
		"all":           {back("door", began, later, "", 10), ids},
		"two":           {back("door", began, later, "", 2), ids[:2]},
		"behind one":    {back("door", began, later, ids[1], 10), ids[2:]},
		"behind last":   {back("door", began, later, ids[4], 10), nil},
		"to, exclusive": {back("door", began, began.Add(3*time.Second), "", 10), ids[2:]},
		"from":          {back("door", began.Add(3*time.Second), later, "", 10), ids[:2]},
		"both":          {back("door", began.Add(time.Second), began.Add(4*time.Second), ids[2], 10), ids[3:4]},
		"other camera":  {back("yard", began, later, ids[0], 10), nil},
	} {
		if !slices.Equal(is[0], is[1]) {
			t.Errorf("%s: %v, want %v", name, is[0], is[1])
		}
	}
	if err := r.store.EventsBack("door", began, later, "x", nil); !errors.Is(err, ErrNoEvent) {
		t.Errorf("behind no event: %v", err)
	}
}

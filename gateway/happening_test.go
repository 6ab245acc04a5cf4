package gateway

import (
	"fmt"
	"testing"
	"time"

	"holdfast/storage"
)

func TestWhatHappensIsToldForAMoment(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	c := &Camera{now: func() time.Time { return now }}
	lasting := storage.Event{ID: "lasts", Kind: "motion", Start: now}
	c.happened(lasting)
	c.happened(storage.Event{ID: "moment", Kind: "line", Start: now, End: now})
	if got := c.happening(); len(got) != 2 || got[0].End != nil || got[1].End == nil || got[1].Kind != "line" {
		t.Errorf("told is %+v", got)
	}
	now = now.Add(happenedFor + time.Second)
	if got := c.happening(); len(got) != 1 || got[0].ID != "lasts" {
		t.Errorf("later %+v is told", got)
	}
	for i := range 3 * maxHappening { // what is over makes room first
		c.happened(storage.Event{ID: fmt.Sprint(i), Kind: "line", Start: now, End: now})
	}
	if got := c.happening(); len(got) != maxHappening || got[0].ID != "lasts" {
		t.Errorf("of many %d are told, first %+v", len(got), got[0])
	}
	lasting.End = now
	c.happened(lasting)
	if got := c.happening(); got[0].End == nil || len(got) != maxHappening {
		t.Errorf("its end is told as %+v", got[0])
	}
}

package gateway

import (
	"slices"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// dropReviewed drops which events people have reviewed of days of which no event is left. While a volume is away its events may be too: then
// nothing counts as gone.
func (g *Gateway) dropReviewed() error {
	if slices.ContainsFunc(g.store.Volumes(), func(v storage.VolumeStatus) bool { return !v.Usable() }) {
		return nil
	}
	return g.auth.SweepReviewed(func(d auth.CameraDay) (some bool, err error) {
		begin, err := time.Parse(time.DateOnly, d.Day)
		if err != nil { // written by nobody
			return false, nil
		}
		err = g.store.EventsBack(d.Camera, begin, begin.AddDate(0, 0, 1), "", func(e storage.Event) bool {
			some = web.ReviewDay(e.Start) == d.Day
			return !some
		})
		return some, err
	})
}

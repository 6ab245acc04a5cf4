package gateway

import (
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
	"holdfast/storage/disk"
)

// Volumes gives every volume as the API tells it.
func (g *Gateway) Volumes() []web.Volume {
	list := []web.Volume{}
	for _, v := range g.store.Volumes() {
		list = append(list, g.describeVolume(v))
	}
	return list
}

func (g *Gateway) describeVolume(v storage.VolumeStatus) web.Volume {
	return web.Volume{ID: v.ID, Path: v.Path, State: string(v.State), Cause: v.Cause, Do: v.Do, Since: v.Since, Free: v.Free, Total: v.Total, Used: v.Used,
		SyncMS: milliseconds(v.Sync), MedianMS: milliseconds(v.Latency.Median), P95MS: milliseconds(v.Latency.P95), Rate: v.Rate, Written: v.Writes,
		Streams: v.Streams, IntervalMS: milliseconds(v.Interval), Disks: describeDisks(v.Disks), Segments: v.Held, Source: g.sourceOf(v.Path), Draining: describeDrain(v.Draining),
		Verify: web.Verify{Last: v.Verified.Last, Ended: v.Verified.Ended, Started: v.Verified.Started, Bytes: v.Verified.Bytes, Damaged: v.Verified.Damaged}}
}

func describeDrain(d *storage.Draining) *web.Draining {
	if d == nil {
		return nil
	}
	return &web.Draining{Since: d.Since, Segments: d.Segments, Bytes: d.Bytes, Moved: d.Moved, MovedB: d.MovedB, Left: d.Left.Seconds(), Waits: d.Waits,
		Damaged: d.Damaged, Done: d.Done}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func describeDisks(disks []disk.Health) []web.Disk {
	list := make([]web.Disk, 0, len(disks))
	for _, d := range disks {
		w := web.Disk{Name: d.Name, Model: d.Model, State: string(d.State), Temperature: d.Temperature, Hours: d.Hours, Pending: d.Pending, Reallocated: d.Reallocated}
		if d.Wear >= 0 {
			w.Wear = &d.Wear
		}
		list = append(list, w)
	}
	return list
}

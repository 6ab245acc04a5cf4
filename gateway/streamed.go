package gateway

import (
	"context"
	"slices"
	"strings"
	"time"

	"holdfast/onvif"
)

// streamed hands a notification of the metadata track to the cameras that it concerns. Theirs are kept as those of a subscription, also where
// the camera has none to subscribe to.
func (r *reports) streamed(ctx context.Context, n onvif.Notification) {
	n.Streamed = true
	for _, x := range r.cam.unit.concerned(&n) {
		if spec := x.spec(); !spec.Events.Off && !spec.Disabled {
			x.reports.say(ctx, heard{note: &n})
		}
	}
}

// trackEnded notes that the camera's metadata track has ended.
func (r *reports) trackEnded(ctx context.Context) { r.say(ctx, heard{ended: true}) }

const (
	// maxTwins bounds the notifications that are remembered to know one again that comes by another way.
	maxTwins = 128
	// twinTime is how much later the other may come, twinClock how much the device's clock may differ in both, and twinBlind how much later
	// it may come where the device tells no time.
	twinTime  = 2 * time.Minute
	twinClock = time.Second
	twinBlind = 3 * time.Second
)

// twins knows a notification again that a device sends by a subscription and in its metadata track. It is for one goroutine; the
// zero value is ready.
type twins struct{ recent []twin }

type twin struct {
	what     string
	utc      time.Time // by the device's clock; zero when it does not say
	heard    time.Time
	streamed bool
}

// told tells whether the same was told by the other way before. What tells how things are, and not that something happened, is always new.
func (t *twins) told(n *onvif.Notification, now time.Time) bool {
	if n.Operation == onvif.Initialized {
		return false
	}
	one := twin{what: contentOf(n), utc: n.UTC, heard: now, streamed: n.Streamed}
	if i := slices.IndexFunc(t.recent, func(o twin) bool { return o.is(&one) }); i >= 0 {
		t.recent = slices.Delete(t.recent, i, i+1)
		return true
	}
	if len(t.recent) == maxTwins {
		t.recent = slices.Delete(t.recent, 0, 1)
	}
	t.recent = append(t.recent, one)
	return false
}

func (t *twin) is(o *twin) bool {
	if t.streamed == o.streamed || t.what != o.what {
		return false
	}
	if t.utc.IsZero() || o.utc.IsZero() {
		return o.heard.Sub(t.heard) <= twinBlind
	}
	return o.heard.Sub(t.heard) <= twinTime && t.utc.Sub(o.utc).Abs() <= twinClock
}

// contentOf is what a notification says, but for when.
func contentOf(n *onvif.Notification) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(n.Topic) + "\x00" + string(n.Operation))
	for _, list := range [][]onvif.Item{n.Source, n.Key, n.Data} {
		b.WriteByte(0)
		for _, i := range list {
			b.WriteString(i.Name + "\x01" + i.Value + "\x02")
		}
	}
	for _, e := range n.Elements {
		b.WriteString(e.Name + "\x03" + e.XML)
	}
	return b.String()
}

package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/gateway/record"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/storage"
)

const (
	// siteReports bounds how many events of their own cameras report in a minute, in all. One camera reports cameraEvents at most.
	// What comes faster is one event that lasts: it is counted, and shown as that.
	siteReports = 1200
	// maxRecent bounds the notifications of one camera that can be looked at.
	maxRecent = 100
	// momentLength is how long an event lasts that is a moment at the camera: a line that is crossed.
	momentLength = 2 * time.Second
	// reportsTick is how often it is looked what lasts too long.
	reportsTick = 5 * time.Second
	// mergedQuiet is how long nothing may have been too much, for the event that stands for what was to end.
	mergedQuiet = time.Minute
)

// reports are what a camera's device reports: they are made events, with the footage. A device is subscribed to once, by one of its
// cameras; that one hands what it hears to those that are concerned.
type reports struct {
	cam   *Camera    // constant
	site  *allowance // constant: of all cameras
	own   allowance
	wake  chan struct{} // holds one wish that the declaration be looked at again
	from  chan heard    // what was heard, by whichever camera of the device listens
	gone  chan struct{} // closed when run has ended
	happy func()        // constant: tells that there is another event

	states  *onvif.Properties // owned by run, with what follows
	lasting map[string]string // ids of events by the key of their state
	merged  string            // id of the event that stands for what was too much; "" when there is none
	tooMuch time.Time         // when something last was
	twins   twins

	mu     sync.Mutex // guards what follows
	status web.CameraReports
	recent []web.CameraNotification // oldest first, at most maxRecent
	seq    uint64
	counts map[onvif.Kind]uint64
	over   uint64 // events that became part of another
	stream uint64 // notifications of the metadata track
	twice  uint64 // notifications that had been told by the other way before
}

// heard is something that comes from who listens.
type heard struct {
	note  *onvif.Notification
	state onvif.Subscription
	off   bool // nothing is listened to any more
	ended bool // the metadata track has
}

func (g *Gateway) newReports(c *Camera) *reports {
	r := &reports{cam: c, site: &g.reported, wake: make(chan struct{}, 1), from: make(chan heard), gone: make(chan struct{}), states: onvif.NewProperties(record.MaxEvent),
		lasting: make(map[string]string), counts: make(map[onvif.Kind]uint64), happy: func() { g.changes.publish(Change{Kind: "event", ID: c.spec().ID}) }}
	r.set(web.CameraReports{State: "off"})
	return r
}

// reconsider has the declaration looked at again.
func (r *reports) reconsider() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// off tells why nothing is listened to; "" when it is.
func (r *reports) off() (state, why string) {
	switch spec := r.cam.spec(); {
	case spec.ONVIF == "":
		return "none", "This camera is reached by RTSP only, which tells of no events."
	case spec.Events.Off:
		return "off", "Switched off in the configuration."
	}
	return "", ""
}

// run makes events of what is heard until ctx ends.
func (r *reports) run(ctx context.Context) error {
	asked := make(chan struct{})
	go func() { defer close(asked); r.ask(ctx) }()
	defer func() { close(r.gone); <-asked }()
	tick := time.NewTicker(reportsTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case h := <-r.from:
			r.take(h)
		case <-tick.C:
			r.look()
		}
	}
}

// take takes what was heard.
func (r *reports) take(h heard) {
	now := r.cam.now().UTC()
	switch {
	case h.off:
		r.endAll("events of this camera are not listened to any more")
		return
	case h.note != nil:
		if r.twins.told(h.note, now) {
			r.mu.Lock()
			r.twice++
			r.mu.Unlock()
			return
		}
		r.notify(h.note)
		return
	case h.ended:
		r.all(r.states.TrackEnded(now))
		return
	}
	switch h.state.State {
	case onvif.Subscribed:
		r.states.Resync()
		r.set(web.CameraReports{State: "subscribed", Delivery: string(h.state.Delivery)})
	case onvif.Synchronised:
		r.resume()
		r.all(r.states.Unconfirmed(now))
	case onvif.Restarted:
		r.all(r.states.Forget(now, "the camera has restarted"))
	case onvif.Waiting:
		state := "waiting"
		if errors.Is(h.state.Err, onvif.ErrTooManySubscriptions) {
			state = "refused"
		}
		r.set(r.failed(h.state.Err, state, h.state.RetryAt))
	}
}

// notify takes one notification.
func (r *reports) notify(n *onvif.Notification) {
	r.cam.steering.read(n)
	o, happened := r.states.Take(*n)
	kind := n.Kind()
	if !r.wants(kind) {
		return
	}
	r.mu.Lock()
	r.counts[kind]++
	if n.Streamed {
		r.stream++
	}
	if !n.Streamed || !kind.Housekeeping() && n.Operation != onvif.Initialized { // a track tells readings several times a second, and again and again how things are
		r.seq++
		if len(r.recent) == maxRecent {
			r.recent = slices.Delete(r.recent, 0, 1)
		}
		r.recent = append(r.recent, describeNotification(r.seq, kind, n))
	}
	r.mu.Unlock()
	if happened && !kind.Housekeeping() {
		r.occur(o)
	}
}

// wants tells whether a kind is listened to.
func (r *reports) wants(k onvif.Kind) bool {
	kinds := r.cam.spec().Events.Kinds
	return len(kinds) == 0 || slices.Contains(kinds, string(k))
}

func describeNotification(seq uint64, kind onvif.Kind, n *onvif.Notification) web.CameraNotification {
	w := web.CameraNotification{Seq: seq, At: n.At, Kind: string(kind), Topic: n.Topic, Operation: string(n.Operation), Source: n.From(), Items: []web.NotificationItem{}}
	for _, list := range []struct {
		part  string
		items []onvif.Item
	}{{"source", n.Source}, {"key", n.Key}, {"data", n.Data}} {
		for _, i := range list.items {
			w.Items = append(w.Items, web.NotificationItem{Part: list.part, Name: i.Name, Value: i.Value})
		}
	}
	return w
}

func (r *reports) all(list []onvif.Occurrence) {
	for _, o := range list {
		r.occur(o)
	}
}

// occur makes an event of an occurrence, or ends the one that it began.
func (r *reports) occur(o onvif.Occurrence) {
	if o.Turn == onvif.Ended {
		r.end(o.Key, o.At)
		return
	}
	e := r.event(o.Kind, o.Note.Topic, o.Note.From(), o.At)
	if o.Turn == onvif.Moment {
		e.End = e.Start.Add(momentLength)
	} else if r.cam.lastingNow() >= maxLasting {
		e.End = e.Start.Add(momentLength)
	}
	now := r.cam.now()
	if !r.own.take(now, cameraEvents) || !r.site.take(now, siteReports) {
		r.merge(e, now)
		return
	}
	if id, ok := r.store(e); ok && o.Turn == onvif.Began {
		r.lasting[o.Key] = id
	}
}

// ownSource begins the source of an event that a camera reported itself; topic and what saw it follow.
const ownSource = web.OwnSource

func (r *reports) event(kind onvif.Kind, topic, from string, at time.Time) storage.Event {
	spec := r.cam.spec()
	return storage.Event{Camera: spec.ID, Kind: string(kind), Source: sourceOf(topic, from), Start: at.UTC(),
		Pre: time.Duration(spec.Record.PreRoll), Post: time.Duration(spec.Record.PostRoll)}
}

// maxSource is what the store takes of a source, bytes.
const maxSource = 64

// sourceOf puts topic and what saw it into an event's source. A topic that is too long loses its beginning, which says least.
func sourceOf(topic, from string) string {
	clean := func(s string) string {
		return strings.Map(func(c rune) rune {
			if c < ' ' || c == 0x7f || c == ';' || c >= 0x80 && c < 0xa0 {
				return ' '
			}
			return c
		}, strings.ToValidUTF8(s, ""))
	}
	topic, from = clean(topic), clean(from)
	room := maxSource - len(ownSource) - 1
	if len(topic) > room {
		topic = strings.ToValidUTF8(topic[len(topic)-room:], "")
	}
	if room -= len(topic); len(from) > room {
		from = strings.ToValidUTF8(from[:room], "")
	}
	return ownSource + topic + ";" + from
}

// store keeps an event, and has it recorded.
func (r *reports) store(e storage.Event) (id string, ok bool) {
	e, err := r.cam.store.Event(e)
	if err != nil {
		if !errors.Is(err, storage.ErrNoEvent) {
			r.cam.log.Error("keep what the camera reported", "kind", e.Kind, "error", err)
		}
		return "", false
	}
	r.cam.noteEvent(e)
	r.happy()
	return e.ID, true
}

// end ends the event of a state.
func (r *reports) end(key string, at time.Time) {
	id, known := r.lasting[key]
	if !known {
		return
	}
	delete(r.lasting, key)
	r.finish(id, at)
}

func (r *reports) finish(id string, at time.Time) {
	r.cam.mu.Lock()
	e, lasts := r.cam.lasting[id]
	r.cam.mu.Unlock()
	if !lasts { // it was ended, because it lasted as long as an event may
		return
	}
	if e.End = at.UTC(); e.End.Before(e.Start) {
		e.End = e.Start
	}
	r.store(e)
}

// merge makes an event that is one too many part of one that stands for all of them.
func (r *reports) merge(e storage.Event, now time.Time) {
	r.mu.Lock()
	r.over++
	first := r.over == 1
	r.mu.Unlock()
	r.tooMuch = now
	if first {
		r.cam.log.Warn("the camera reports more events than are kept; what comes faster is one event that lasts", "limit", cameraEvents)
	}
	if r.merged != "" {
		return
	}
	e.End, e.Source = time.Time{}, sourceOf("", fmt.Sprintf("more than %d events a minute", cameraEvents))
	r.merged, _ = r.store(e)
}

// look ends what has lasted too long.
func (r *reports) look() {
	now := r.cam.now().UTC()
	r.all(r.states.Overdue(now))
	if r.merged != "" && now.Sub(r.tooMuch) >= mergedQuiet {
		r.finish(r.merged, r.tooMuch)
		r.merged = ""
	}
}

// endAll ends everything that lasts.
func (r *reports) endAll(why string) {
	now := r.cam.now().UTC()
	r.all(r.states.Forget(now, why))
	if r.merged != "" {
		r.finish(r.merged, now)
		r.merged = ""
	}
}

// resume takes up the events that lasted when the gateway stopped: the camera says that they still do, or they are over.
func (r *reports) resume() {
	r.cam.mu.Lock()
	var left []storage.Event
	for _, e := range r.cam.lasting {
		if strings.HasPrefix(e.Source, ownSource) && e.ID != r.merged && !r.follows(e.ID) {
			left = append(left, e)
		}
	}
	r.cam.mu.Unlock()
	for _, e := range left {
		keys := r.states.Resume(func(k onvif.Kind, n onvif.Notification) bool {
			return string(k) == e.Kind && sourceOf(n.Topic, n.From()) == e.Source
		})
		if len(keys) == 0 {
			r.finish(e.ID, r.cam.now())
			continue
		}
		r.lasting[keys[0]] = e.ID
	}
}

func (r *reports) follows(id string) bool {
	for _, known := range r.lasting {
		if known == id {
			return true
		}
	}
	return false
}

// set notes how it is going, and tells of it when that is another state.
func (r *reports) set(s web.CameraReports) {
	r.mu.Lock()
	was := r.status
	s.Since = r.cam.now().UTC()
	if was.State == s.State {
		s.Since = was.Since
	}
	r.status = s
	r.mu.Unlock()
	if was.State != s.State && was.State != "" {
		r.cam.log.Info("events of the camera", "state", s.State, "delivery", s.Delivery, "detail", s.Detail)
		r.cam.changed()
	}
}

// failed is how it is going after a failure.
func (r *reports) failed(err error, state string, retry time.Time) web.CameraReports {
	s := web.CameraReports{State: state}
	s.Detail, s.Hint = explain(err)
	if !retry.IsZero() {
		at := retry.UTC()
		s.RetryAt = &at
	}
	return s
}

// describe gives how it is going as the API tells it.
func (r *reports) describe() web.CameraReports {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Merged, s.Streamed = r.over, r.stream
	for _, n := range r.counts {
		s.Notifications += n
	}
	return s
}

// Notifications gives the last that a camera's device reported, after a number, oldest first.
func (g *Gateway) Notifications(camera string, after uint64) ([]web.CameraNotification, error) {
	c, ok := g.camera(camera)
	if !ok {
		return nil, web.ErrNotFound
	}
	r := c.reports
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []web.CameraNotification{}
	for _, n := range r.recent {
		if n.Seq > after {
			list = append(list, n)
		}
	}
	return list, nil
}

func (r *reports) writeMetrics(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.cam.spec().ID
	fmt.Fprintf(w, "holdfast_camera_events_subscribed{camera=%q} %d\n", id, boolean(r.status.State == "subscribed"))
	fmt.Fprintf(w, "holdfast_camera_events_merged_total{camera=%q} %d\n", id, r.over)
	fmt.Fprintf(w, "holdfast_camera_notifications_twice_total{camera=%q} %d\n", id, r.twice)
	for _, k := range append(onvif.Kinds(), onvif.KindCount, onvif.KindPosition, onvif.KindConfiguration, onvif.KindMonitoring) {
		if n := r.counts[k]; n > 0 {
			fmt.Fprintf(w, "holdfast_camera_notifications_total{camera=%q,kind=%q} %d\n", id, k, n)
		}
	}
}

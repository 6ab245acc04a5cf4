package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/config"
	"holdfast/gateway/record"
	"holdfast/gateway/web"
	"holdfast/storage"
)

const (
	// cameraEvents and siteEvents bound how many events are taken in a minute, of one camera and in all. Events that come
	// faster are one event that lasts.
	cameraEvents = 30
	siteEvents   = 300
	// oldestEvent is how long ago an event may have been that is raised now.
	oldestEvent = 24 * time.Hour
	// clockSlack is how much ahead of ours the clock of whoever raises an event may be.
	clockSlack = 2 * time.Second
	// maxLasting bounds the events of one camera that last at the same time.
	maxLasting = 64
)

// allowance counts events of the present minute. The zero value is ready.
type allowance struct {
	mu     sync.Mutex // guards what follows
	minute int64
	taken  int
}

// take counts one, unless there were as many as may be.
func (a *allowance) take(now time.Time, limit int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m := now.Unix() / 60; m != a.minute {
		a.minute, a.taken = m, 0
	}
	if a.taken >= limit {
		return false
	}
	a.taken++
	return true
}

// newPlan makes what the recorders of a camera follow; nil when everything is recorded.
func newPlan(r config.Record, zone *time.Location) *record.Plan {
	if mode := modeOf(r, zone); mode != nil {
		return record.NewPlan(time.Duration(r.PreRoll), mode)
	}
	return nil
}

// modeOf tells of a moment how it is recorded; nil when everything is, or nothing.
func modeOf(r config.Record, zone *time.Location) func(time.Time) (record.Mode, string, time.Time) {
	switch r.Mode {
	case config.Event:
		return func(time.Time) (record.Mode, string, time.Time) { return record.OnEvent, "no event", time.Time{} }
	case config.Scheduled:
		return func(t time.Time) (record.Mode, string, time.Time) {
			mode, why, until := r.Schedule.At(t, zone)
			return record.Mode(mode), why, until
		}
	}
	return nil
}

// noteEvent tells the recorders of an event.
func (c *Camera) noteEvent(e storage.Event) {
	if c.plan != nil {
		c.plan.Note(record.Event{ID: e.ID, Kind: e.Kind, Start: e.Start, End: e.End, Pre: e.Pre, Post: e.Post})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if delete(c.lasting, e.ID); e.End.IsZero() {
		c.lasting[e.ID] = e
	}
	c.happened(e)
}

// recallEvents tells a new camera's recorders of the events that began before the gateway did and may not be over.
func (c *Camera) recallEvents() {
	now := c.now()
	list, err := c.store.Events(c.spec().ID, now.Add(-storage.MaxEventTime), now.Add(clockSlack), 0)
	if err != nil {
		c.log.Error("read events; one that lasts since before the start is not recorded", "error", err)
		return
	}
	for _, e := range list {
		if e.End.IsZero() || now.Sub(e.End) < e.Post+record.MaxEvent {
			c.noteEvent(e)
		}
	}
}

// endOverdue ends events that nobody ended.
func (c *Camera) endOverdue() {
	var due []storage.Event
	c.mu.Lock()
	for _, e := range c.lasting {
		if c.now().Sub(e.Start) >= record.MaxEvent {
			due = append(due, e)
		}
	}
	c.mu.Unlock()
	for _, e := range due {
		e.End = e.Start.Add(record.MaxEvent)
		e, err := c.store.Event(e)
		if err != nil && !errors.Is(err, storage.ErrNoEvent) {
			c.log.Error("end event that nobody ended", "event", e.ID, "error", err)
			continue
		}
		c.noteEvent(e)
	}
}

// heldFrom is the earliest moment that every recorded stream can still write; zero when one has nothing.
func (c *Camera) heldFrom() (from time.Time) {
	for _, r := range c.recs {
		at := r.Held()
		if at.IsZero() {
			return at
		}
		if at.After(from) {
			from = at
		}
	}
	return from
}

// Raise raises, extends or ends an event of a camera.
func (g *Gateway) Raise(_ context.Context, camera string, req web.EventRequest) (web.RaisedEvent, error) {
	c, ok := g.camera(camera)
	if !ok {
		return web.RaisedEvent{}, web.ErrNotFound
	}
	now := g.now().UTC()
	e, err := c.event(req, now)
	if err != nil {
		return web.RaisedEvent{}, err
	}
	if !c.raised.take(now, cameraEvents) || !g.raised.take(now, siteEvents) { // in this order: one camera must not use up the site's
		return web.RaisedEvent{}, web.TooMany(fmt.Sprintf("Taken are %d events a minute of one camera, and %d in all.", cameraEvents, siteEvents),
			"Raise one event that lasts, and end it, instead of many.")
	}
	held := c.heldFrom()
	if req.OnlyText() {
		e, err = g.store.EventOf(camera, req.ID)
	} else {
		e, err = g.store.Event(e)
	}
	if errors.Is(err, storage.ErrNoEvent) {
		return web.RaisedEvent{}, web.Rejected("id", "This camera has no event of this id.")
	} else if err != nil {
		return web.RaisedEvent{}, err
	}
	if !req.OnlyText() {
		c.noteEvent(e)
	}
	if err := g.keepText(camera, e.ID, req.Text); err != nil {
		return web.RaisedEvent{}, err
	}
	g.changes.publish(Change{Kind: "event", ID: camera})
	r := web.RaisedEvent{Event: web.EventOf(e)}
	told := []web.Event{r.Event}
	g.TellTexts(camera, told)
	r.Event = told[0]
	c.promise(&r, e, held)
	return r, nil
}

// promise tells what footage an event has: from when, and that there is none.
func (c *Camera) promise(r *web.RaisedEvent, e storage.Event, held time.Time) {
	switch {
	case len(c.recs) == 0:
		r.Footage = "none: this camera is not recorded"
	case c.plan == nil:
		r.Footage = "continuous: it is recorded whether there is an event or not"
	default:
		w := c.plan.At(e.Start)
		from := e.Start.Add(-e.Pre)
		switch {
		case !w.Keep && w.Mode == record.Off:
			r.Footage = "none: " + w.Why
		case w.Mode == record.Continuous:
			r.Footage = "continuous: " + w.Why
		case held.IsZero():
			r.Footage = "none yet: nothing comes from the camera"
		case held.After(from):
			r.Footage = fmt.Sprintf("from %s: what came before is not held", held.Format(time.RFC3339))
		default:
			r.Footage = "whole: from before its pre-roll"
		}
	}
}

// event makes the event that a request asks for. Errors are for whoever asks.
func (c *Camera) event(req web.EventRequest, now time.Time) (e storage.Event, err error) {
	at := now
	if req.At != nil {
		at = req.At.UTC()
	}
	switch {
	case at.After(now.Add(clockSlack)):
		return e, web.Rejected("at", "It lies in the future.")
	case now.Sub(at) > oldestEvent:
		return e, web.Rejected("at", fmt.Sprintf("It is longer ago than %v.", oldestEvent))
	}
	e = storage.Event{ID: req.ID, Camera: c.spec().ID, Kind: cmp.Or(req.Kind, "mark"), Source: req.Source, Start: at,
		Pre: time.Duration(c.spec().Record.PreRoll), Post: time.Duration(c.spec().Record.PostRoll)}
	length := time.Duration(req.Duration * float64(time.Second))
	switch {
	case req.ID == "" && req.Active != nil && !*req.Active:
		return e, web.Rejected("id", "Which event ends? Give its id.")
	case req.Active != nil && *req.Active:
		if req.ID == "" && c.lastingNow() >= maxLasting {
			return e, web.Rejected("active", fmt.Sprintf("%d events of this camera last already.", maxLasting))
		}
	default:
		e.End = at.Add(length)
	}
	return e, nil
}

func (c *Camera) lastingNow() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.lasting)
}

package record

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/storage"
)

// Mode is how a moment is recorded.
type Mode string

// The modes.
const (
	Continuous Mode = "continuous" // always
	OnEvent    Mode = "event"      // around events
	Off        Mode = "off"        // not
)

const (
	// MaxEvent is how long an event lasts that nobody ends.
	MaxEvent = 15 * time.Minute
	// maxEvents bounds the events that a plan remembers; beyond it the oldest is forgotten. The gateway takes fewer of a
	// camera in the time that an event can be remembered.
	maxEvents = 1024
	// memory is how long an event that is over is remembered: longer than a stream's ring holds what a volume did not take.
	memory = 5 * time.Minute
)

// Event is something that happened, as far as recording goes.
type Event struct {
	ID         string
	Kind       string        // "motion"
	Start, End time.Time     // End is zero while it lasts
	Pre, Post  time.Duration // what is kept around it
}

// over is when the event counts as ended at the latest.
func (e *Event) over() time.Time {
	if limit := e.Start.Add(MaxEvent); e.End.IsZero() || e.End.After(limit) {
		return limit
	}
	return e.End
}

func (e *Event) from() time.Time { return e.Start.Add(-e.Pre) }
func (e *Event) to() time.Time   { return e.over().Add(e.Post) }

// Want says of a moment whether it is to be kept.
type Want struct {
	Keep  bool
	Mode  Mode
	Cause storage.Cause // of the gap, when it is not
	Why   string        // in words
	Until time.Time     // up to when it is so, as far as is known; zero: until an event comes, or for ever
}

// Plan says what of a camera is to be kept: by its mode or schedule, and by its events. It may be used from any goroutine.
type Plan struct {
	reach    time.Duration // constant: the longest pre-roll
	versions atomic.Uint64

	mu      sync.Mutex // guards what follows
	mode    modeFunc
	was     modeFunc  // before Replace; nil without it
	turned  time.Time // when that was
	events  []Event   // by start
	changed chan struct{}
	known   period
}

// period is a stretch of one mode, as it was last asked for.
type period struct {
	from, until time.Time
	mode        Mode
	why         string
}

// modeFunc tells of a moment how it is recorded, in words why, and until when that is so (zero: as far as one can see).
type modeFunc = func(time.Time) (mode Mode, why string, until time.Time)

// NewPlan makes a plan. mode tells of a moment how it is recorded, in words why, and until when that is so (zero: as far
// as one can see). preRoll is the longest of any event.
func NewPlan(preRoll time.Duration, mode func(time.Time) (Mode, string, time.Time)) *Plan {
	return &Plan{mode: mode, reach: preRoll, changed: make(chan struct{})}
}

// Note takes an event, or what is new about one that it has.
func (p *Plan) Note(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = slices.DeleteFunc(p.events, func(x Event) bool { return x.ID == e.ID || e.Start.Sub(x.to()) > memory })
	at, _ := slices.BinarySearchFunc(p.events, e.Start, func(x Event, t time.Time) int { return x.Start.Compare(t) })
	p.events = slices.Insert(p.events, at, e)
	if len(p.events) > maxEvents {
		p.events = slices.Delete(p.events, 0, 1)
	}
	p.renewed()
}

// Replace has the plan follow another mode or schedule from a moment on: what came before is not wanted by what was not said then.
// Events stay.
func (p *Plan) Replace(mode func(time.Time) (Mode, string, time.Time), from time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.was, p.mode, p.turned, p.known = p.mode, mode, from, period{}
	p.renewed()
}

// renewed tells who follows the plan. Caller holds mu.
func (p *Plan) renewed() {
	p.versions.Add(1)
	close(p.changed)
	p.changed = make(chan struct{})
}

// Changed is closed when an event comes or changes.
func (p *Plan) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// version tells whether the plan changed since.
func (p *Plan) version() uint64 { return p.versions.Load() }

// At says whether a moment is to be kept.
func (p *Plan) At(t time.Time) Want {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.period(t)
	w := Want{Mode: d.mode, Why: d.why, Until: d.until}
	switch d.mode {
	case Continuous:
		w.Keep = true
	case OnEvent:
		p.byEvent(t, &w)
	default:
		w.Cause = storage.CauseSchedule
	}
	return w
}

func (p *Plan) period(t time.Time) period {
	k := &p.known
	if k.mode != "" && !t.Before(k.from) && t.Sub(k.from) < time.Hour && (k.until.IsZero() || t.Before(k.until)) {
		return *k
	}
	d := period{from: t}
	if p.was != nil && t.Before(p.turned) {
		d.mode, d.why, d.until = p.was(t)
		d.until = sooner(p.turned, d.until)
	} else {
		d.mode, d.why, d.until = p.mode(t)
	}
	p.known = d
	return d
}

// byEvent decides by the events. Those that overlap or touch are one.
func (p *Plan) byEvent(t time.Time, w *Want) {
	var end, next time.Time
	for i := range p.events {
		e := &p.events[i]
		from, to := e.from(), e.to()
		switch {
		case !from.After(t) && to.After(t), !end.IsZero() && !from.After(end) && to.After(end):
			if end.IsZero() || to.After(end) {
				w.Why, end = "event "+e.Kind, to
			}
		case from.After(t) && (next.IsZero() || from.Before(next)):
			next = from
		}
	}
	if w.Keep = !end.IsZero(); w.Keep {
		w.Until = sooner(w.Until, end)
		return
	}
	w.Cause, w.Until = storage.CauseNoEvent, sooner(w.Until, next)
}

// sooner gives the earlier of two moments, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

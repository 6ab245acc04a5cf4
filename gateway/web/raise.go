package web

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/storage"
)

// Bounds of a request to raise an event.
const (
	maxEventBody = 4 << 10 // bytes
	maxEventWord = 64      // bytes of its kind and of its source
	maxEventText = 500     // bytes of what is said of it
	maxDuration  = 15 * 60 // seconds
)

// EventRequest raises an event, extends it, or ends it.
type EventRequest struct {
	Kind     string     `json:"kind,omitempty" doc:"What it is, such as motion; mark when left out. At most 64 bytes."`
	Source   string     `json:"source,omitempty" doc:"What says so, such as a detector; never who: it is kept in clear. At most 64 bytes."`
	At       *time.Time `json:"at,omitempty" doc:"When; now when left out. Not in the future, and not longer ago than a day."`
	Duration float64    `json:"duration,omitempty" doc:"How long it lasts from then on, seconds, at most 900. Left out, and without active, it is a moment."`
	Active   *bool      `json:"active,omitempty" doc:"true: it lasts until it is ended, at most 15 minutes. false, with an id: it ends."`
	ID       string     `json:"id,omitempty" doc:"Of an event that was raised before: its end changes, or, when text stands beside it alone, what is said of it. Left out: another event."`
	Text     *string    `json:"text,omitempty" doc:"What is said of it, one line of at most 500 bytes; empty: nothing any more. It is kept sealed, for as long as the event, and goes with footage that is erased."`
}

// Event is something that happened before a camera.
type Event struct {
	ID     string     `json:"id"`
	Camera string     `json:"camera"`
	Kind   string     `json:"kind" doc:"What it is."`
	Source string     `json:"source" doc:"What said so: what raised it, or the rule, input or field of the camera."`
	Topic  string     `json:"topic" doc:"The ONVIF topic, without prefixes, of what the camera reported itself; empty for what was raised."`
	Start  time.Time  `json:"start"`
	End    *time.Time `json:"end" doc:"null while it lasts."`
	Pre    float64    `json:"pre" doc:"How much before it is kept, seconds."`
	Post   float64    `json:"post" doc:"How much after it is kept, seconds."`
	Text   string     `json:"text" doc:"What somebody said of it; empty when nobody did."`
}

// RaisedEvent is an event and what footage there is of it.
type RaisedEvent struct {
	Event
	Footage string `json:"footage" people:"read" doc:"In words: what of its footage is kept, and what could not be."`
}

// EventOf gives an event of the store as the API tells it.
func EventOf(e storage.Event) Event {
	w := Event{ID: e.ID, Camera: e.Camera, Kind: e.Kind, Source: e.Source, Start: e.Start.UTC(), Pre: e.Pre.Seconds(), Post: e.Post.Seconds()}
	if said, own := strings.CutPrefix(e.Source, OwnSource); own {
		w.Topic, w.Source, _ = strings.Cut(said, ";")
	}
	if !e.End.IsZero() {
		end := e.End.UTC()
		w.End = &end
	}
	return w
}

// OnlyText tells whether nothing but what is said of an event is to change.
func (r EventRequest) OnlyText() bool {
	return r.ID != "" && r.Text != nil && r.Active == nil && r.Duration == 0 && r.At == nil
}

func (r EventRequest) check() error {
	switch {
	case r.Text != nil && (len(*r.Text) > maxEventText || hasControl(*r.Text) || !utf8.ValidString(*r.Text)):
		return field(kindRule.with("It is one line of at most 500 bytes."), "text")
	case len(r.Kind) > maxEventWord || hasControl(r.Kind) || !utf8.ValidString(r.Kind):
		return field(kindRule.with("It is longer than 64 bytes, or holds characters that cannot be shown."), "kind")
	case len(r.Source) > maxEventWord || hasControl(r.Source) || !utf8.ValidString(r.Source):
		return field(kindRule.with("It is longer than 64 bytes, or holds characters that cannot be shown."), "source")
	case strings.HasPrefix(r.Source, OwnSource):
		return field(kindRule.with("A source that begins with "+OwnSource+" is a camera's own."), "source")
	case !(r.Duration >= 0 && r.Duration <= maxDuration):
		return field(kindRule.with("It is from 0 to 900 seconds."), "duration")
	case r.Active != nil && r.Duration != 0:
		return field(kindRule.with("It stands beside active; one of the two is given."), "duration")
	case len(r.ID) > maxEventWord:
		return field(kindRule.with("It is no event's id."), "id")
	case r.At != nil && (r.At.Year() < firstYear || r.At.Year() > lastYear):
		return field(kindRule.with("It is no time that can be recorded."), "at")
	}
	return nil
}

func (s *Server) postEvent(w http.ResponseWriter, r *request) error {
	c, err := s.camera(r)
	if err != nil {
		return err
	}
	var req EventRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if req.Text != nil {
		said := strings.TrimSpace(*req.Text)
		req.Text = &said
	}
	if err := req.check(); err != nil {
		return err
	}
	e, err := s.o.Cameras.Raise(r.Context(), c.ID, req)
	if err != nil {
		return err
	}
	r.entry.Target = e.ID
	status := http.StatusCreated
	if req.ID != "" {
		status = http.StatusOK
	}
	return reply(w, status, e)
}

func (s *Server) getCameraEvents(w http.ResponseWriter, r *request) error {
	a, err := s.askedFootage(r)
	if err != nil {
		return err
	}
	if a.to.Sub(a.from) > maxSpansRange {
		return field(kindRange.with("Events are given for at most 400 days."), "to")
	}
	events, err := s.o.Archive.Events(a.camera, a.from, a.to, 0)
	if err != nil {
		return err
	}
	list := make([]Event, 0, len(events))
	for _, e := range events {
		list = append(list, EventOf(e))
	}
	s.o.Cameras.TellTexts(a.camera, list)
	return reply(w, http.StatusOK, list)
}

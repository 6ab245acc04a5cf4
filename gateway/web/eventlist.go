package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/gateway/auth"
	"holdfast/storage"
)

// Bounds of the list of events.
const (
	maxEventPage     = 200 // events of an answer
	defaultEventPage = 60
	maxEventScan     = 5000 // events of one camera that are looked at for one answer
	maxReviewed      = 500  // events that are marked at once
	eventBatch       = 200  // events of one camera that are read at once
)

// ListedEvent is an event in the list of those of all cameras.
type ListedEvent struct {
	Event
	Reviewed bool `json:"reviewed" doc:"Whether whoever asks has marked it as reviewed. Nobody learns it of anybody else."`
}

// EventPage is a part of the list of events.
type EventPage struct {
	Events  []ListedEvent `json:"events" doc:"Newest first."`
	Next    string        `json:"next" doc:"What is given as before to go on; empty when nothing is left in the range."`
	Back    *time.Time    `json:"back" doc:"How far back was looked, when there may be more."`
	LeftOut int           `json:"left_out" doc:"How many cameras are beyond the 64 that one answer is of, the removed ones last: their events are listed when they are named."`
}

// EventName names an event.
type EventName struct {
	Camera string `json:"camera"`
	ID     string `json:"id"`
}

// ReviewRequest marks events as reviewed by whoever asks, or as not.
type ReviewRequest struct {
	Reviewed *bool       `json:"reviewed,omitempty" doc:"false: they are to be looked at again; true when left out."`
	Events   []EventName `json:"events" doc:"1 to 500."`
}

// Reviewed is what became of a request to mark events.
type Reviewed struct {
	Marked int `json:"marked"`
	Gone   int `json:"gone" doc:"How many are no more, as their footage is."`
}

func eventRoutes() []route {
	const events = "/api/v1/events"
	return []route{
		{method: "GET", pattern: events, filters: "cameras whose footage may not be played are left out", needs: auth.Playback, serve: (*Server).getEventList,
			summary: "What happened before all cameras, newest first, and what of it one has reviewed",
			params: []param{paramFrom, paramTo,
				{"cameras", "query", false, "string", "Ids, separated by commas, at most 64; every camera when left out."}, paramFormer,
				{"kinds", "query", false, "string", "Kinds, separated by commas, such as motion; every kind when left out."},
				{"text", "query", false, "string", "Only events in whose kind, source or text it is, in small or capital letters; at most 100 bytes."},
				{"unreviewed", "query", false, "flag", "1: only those that one has not reviewed."},
				{"before", "query", false, "string", "Go on behind this event: next of the answer before."},
				{"limit", "query", false, "string", "How many are given at most, 1 to 200; 60 when left out. An answer looks at no more than 5000 events of each camera, and may give fewer."}},
			answers: gives[EventPage](200, "The events.")},
		{method: "PUT", pattern: events + "/reviewed", unlogged: "it is one's own note of what one has still to look at", filters: "events of cameras whose footage may not be played are refused", needs: auth.Playback, serve: (*Server).putReviewed,
			summary: "Mark events as reviewed by oneself, or as not; the marks go with the events and with the account", body: jsonBody[ReviewRequest](),
			answers: gives[Reviewed](200, "How many are marked.")},
	}
}

// askedEvents is what a request for the list asks for.
type askedEvents struct {
	from, to       time.Time
	cameras, kinds []string // nil: every one
	text, before   string
	unreviewed     bool
	former         bool // those cameras too that are there no longer
	limit          int
}

func parseEventList(raw string) (a askedEvents, err error) {
	q, err := parseQuery(raw)
	if err != nil {
		return a, err
	}
	if a.from, a.to, err = parseRange(q); err != nil {
		return a, err
	}
	if a.to.Sub(a.from) > maxSpansRange {
		return a, field(kindRange.with("Events are given for at most 400 days."), "to")
	}
	if a.unreviewed, err = parseFlag(q, "unreviewed"); err != nil {
		return a, err
	}
	if a.cameras, a.former, err = parseCameras(q); err != nil {
		return a, err
	}
	if kinds := q.Get("kinds"); kinds != "" {
		a.kinds = strings.Split(kinds, ",")
	}
	if a.text = strings.ToLower(strings.TrimSpace(q.Get("text"))); len(a.text) > 100 || !utf8.ValidString(a.text) {
		return a, field(kindRequest.with("It is longer than 100 bytes."), "text")
	}
	if a.before = q.Get("before"); a.before != "" {
		if _, ok := storage.EventStart(a.before); !ok {
			return a, field(kindRequest.with("It is no event's id."), "before")
		}
	}
	a.limit, err = parseCount(q, "limit", defaultEventPage, maxEventPage)
	return a, err
}

func (s *Server) getEventList(w http.ResponseWriter, r *request) error {
	a, err := parseEventList(r.URL.RawQuery)
	if err != nil {
		return err
	}
	leave, err := s.overviewTurn(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	page, err := s.eventPage(r, &a)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page)
}

// eventPage puts what was found of each camera into one list. What is older than where the looking ended for one of them waits for the next page.
func (s *Server) eventPage(r *request, a *askedEvents) (page EventPage, err error) {
	page.Events = []ListedEvent{}
	cameras, out, err := s.playable(r.who, a.cameras, a.former)
	page.LeftOut = out
	if err != nil {
		return page, err
	}
	floor := ""
	for _, c := range cameras {
		found, ended, err := s.eventsOf(r, c.ID, a)
		if err != nil {
			return page, err
		}
		page.Events = append(page.Events, found...)
		floor = max(floor, ended)
	}
	page.Events = slices.DeleteFunc(page.Events, func(e ListedEvent) bool { return e.ID < floor })
	slices.SortFunc(page.Events, func(x, y ListedEvent) int { return strings.Compare(y.ID, x.ID) })
	if page.Next = floor; len(page.Events) > a.limit {
		page.Events = page.Events[:a.limit]
		page.Next = page.Events[a.limit-1].ID
	}
	if page.Next != "" {
		at, _ := storage.EventStart(page.Next)
		at = at.UTC()
		page.Back = &at
	}
	return page, r.Context().Err()
}

// eventsOf looks for events of one camera, until there are enough or too many were looked at: ended is then the last that was.
func (s *Server) eventsOf(r *request, camera string, a *askedEvents) (found []ListedEvent, ended string, err error) {
	before := a.before
	days := map[auth.CameraDay]map[string]bool{}
	for scanned := 0; ; {
		batch := make([]storage.Event, 0, eventBatch)
		err := s.o.Archive.EventsBack(camera, a.from, a.to, before, func(e storage.Event) bool {
			batch = append(batch, e)
			return len(batch) < eventBatch
		})
		if err != nil {
			return nil, "", err
		}
		list := make([]Event, 0, len(batch))
		for _, e := range slices.Backward(batch) {
			list = append(list, EventOf(e))
		}
		s.o.Cameras.TellTexts(camera, list)
		for _, e := range slices.Backward(list) {
			seen, err := s.reviewedBy(r.who, days, e)
			if err != nil {
				return nil, "", err
			}
			if a.wants(&e, seen) {
				found = append(found, ListedEvent{e, seen})
			}
			if len(found) == a.limit {
				return found, e.ID, nil
			}
		}
		if len(batch) < eventBatch {
			return found, "", nil
		}
		before = batch[len(batch)-1].ID
		if scanned += len(batch); scanned >= maxEventScan || r.Context().Err() != nil {
			return found, before, r.Context().Err()
		}
	}
}

func (a *askedEvents) wants(e *Event, reviewed bool) bool {
	if a.unreviewed && reviewed || a.kinds != nil && !slices.Contains(a.kinds, e.Kind) {
		return false
	}
	return a.text == "" || strings.Contains(strings.ToLower(e.Kind+" "+e.Source+" "+e.Text), a.text) || strings.Contains(strings.ReplaceAll(strings.ToLower(e.Kind), "-", " "), a.text)
}

// reviewedBy tells whether somebody has reviewed an event; days holds what is known of those before.
func (s *Server) reviewedBy(who auth.Identity, days map[auth.CameraDay]map[string]bool, e Event) (bool, error) {
	d := auth.CameraDay{Camera: e.Camera, Day: ReviewDay(e.Start)}
	if days[d] == nil {
		of, err := s.o.Auth.ReviewedOf(who, d)
		if err != nil {
			return false, err
		}
		days[d] = of
	}
	return days[d][e.ID], nil
}

// ReviewDay is the day that an event counts to where it is kept who has reviewed it: of its start, UTC.
func ReviewDay(start time.Time) string { return start.UTC().Format(time.DateOnly) }

func (s *Server) putReviewed(w http.ResponseWriter, r *request) error {
	var req ReviewRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if n := len(req.Events); n == 0 || n > maxReviewed {
		return field(kindRule.with("At least one event, and at most 500, are marked at once."), "events")
	}
	answer, marks := Reviewed{}, map[auth.CameraDay][]string{}
	for _, e := range req.Events {
		if !r.who.MayOn(auth.Playback, e.Camera) {
			return field(kindNotFound.with(""), "events")
		}
		start, ok := storage.EventStart(e.ID)
		if !ok {
			return field(kindRule.with("It is no event's id."), "events")
		}
		switch _, err := s.o.Archive.EventOf(e.Camera, e.ID); {
		case errors.Is(err, storage.ErrNoEvent):
			answer.Gone++
			continue
		case err != nil:
			return err
		}
		d := auth.CameraDay{Camera: e.Camera, Day: ReviewDay(start)}
		marks[d] = append(marks[d], e.ID)
		answer.Marked++
	}
	err := s.o.Auth.Review(r.who, marks, req.Reviewed == nil || *req.Reviewed)
	switch {
	case errors.Is(err, auth.ErrNobody):
		return kindForbidden.with("What is reviewed is kept for each person, and this is nobody's sign-in.")
	case errors.Is(err, auth.ErrManyReviewed):
		return kindRule.with("Too many events are marked as reviewed: at most 10000 of a camera and day, and 20000 such days.")
	case err != nil:
		return err
	}
	return reply(w, http.StatusOK, answer)
}

package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/playback"
)

// Motions looks for motion in what was recorded. *gateway.Gateway implements it.
type Motions interface {
	// SearchMotion tells of each stretch as it is found, and how far it is, until it is done or ctx ends.
	SearchMotion(ctx context.Context, s MotionSearch, tell func(MotionLine)) error
}

// MotionSearch is where and when motion is looked for.
type MotionSearch struct {
	Camera, Stream string // Stream: of which pictures are decoded
	From, To       time.Time
	Region         [4]float64 // left, bottom, right and top, from -1 to 1
	Least          float64    // share of the region that has to change, 0 to 1
	Every          time.Duration
	Pictures       bool // compare pictures also where the camera drew boxes
}

// MotionLine is one line of the answer.
type MotionLine struct {
	Hit      *MotionHit      `json:"hit,omitempty"`
	Progress *MotionProgress `json:"progress,omitempty"`
	Done     bool            `json:"done,omitempty" doc:"On the last line, when all was looked at."`
	More     bool            `json:"more,omitempty" doc:"With done: there were more stretches than are told at once; ask on from the end of the last."`
	Error    string          `json:"error,omitempty" people:"read"`
}

// MotionHit is a stretch in which something moved.
type MotionHit struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Peak    time.Time `json:"peak" doc:"When most of the region had changed."`
	Changed float64   `json:"changed" doc:"How much of the region then, 0 to 1; 0 where the camera's own boxes say that something moved."`
	By      string    `json:"by" enum:"pictures,boxes" doc:"What told it: key frames that were compared, or the boxes that the camera's analytics drew."`
	Class   string    `json:"class,omitempty" doc:"Of boxes: as the camera says."`
}

// MotionProgress is how far a search is, and how it looks.
type MotionProgress struct {
	At       time.Time `json:"at" doc:"All before this was looked at."`
	Part     float64   `json:"part" doc:"0 to 1."`
	By       string    `json:"by" enum:"pictures,boxes,nothing" doc:"How the last stretch was looked at; nothing: there is no footage."`
	Pictures int       `json:"pictures" doc:"How many were decoded so far."`
	Every    float64   `json:"every" doc:"Seconds between two of them, on the average; 0 before the second."`
	Pace     float64   `json:"pace" doc:"How many seconds of footage are looked at in a second."`
	Left     float64   `json:"left_seconds"`
}

// Bounds of a search.
const (
	maxMotionRange = playback.MaxCurve
	defaultLeast   = 0.01
	motionSearches = 2 // at the same time, of everybody
	leastEvery     = time.Second
	maxMotionEvery = time.Minute
)

func motionRoutes() []route {
	return []route{
		{method: "GET", pattern: "/api/v1/cameras/{id}/motion", does: audit.ActionMotion, needs: auth.Playback, serve: (*Server).getMotion, streams: true,
			summary: "Look for motion in a part of the picture, in a range of at most 26 hours: by the boxes that the camera drew, else by comparing its key frames. One search at a time of each person; it ends with the request",
			params: []param{paramCamera, paramFrom, paramTo, {"stream", "query", false, "string", "Id of the stream whose key frames are compared; the smallest that is recorded when left out."},
				{"region", "query", false, "string", "The part of the picture: left, bottom, right and top, from -1 to 1, divided by commas; all of it when left out."},
				{"least", "query", false, "number", "The share of the region that has to change, 0.001 to 1; 0.01 when left out."},
				{"pictures", "query", false, "flag", "1: compare key frames also where the camera drew boxes."},
				{"every", "query", false, "number", "Seconds that lie between two pictures at least, 1 to 60; 1 when left out. Key frames are often further apart."}},
			answers: tells[MotionLine]("A stretch in which something moved, or how far it is, on each line.")},
	}
}

// searching are the owners of searches that go on.
type searching struct {
	mu     sync.Mutex
	owners map[string]bool
}

// enter takes a place for somebody; false when they, or too many others, search already.
func (s *searching) enter(owner string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owners[owner] || len(s.owners) >= motionSearches {
		return nil, false
	}
	if s.owners == nil {
		s.owners = make(map[string]bool)
	}
	s.owners[owner] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.owners, owner)
	}, true
}

func (s *Server) askedMotion(r *request) (m MotionSearch, a asked, err error) {
	if a, err = s.askedFootage(r); err != nil {
		return m, a, err
	}
	if a.to.Sub(a.from) > maxMotionRange {
		return m, a, field(kindRange.with("Motion is looked for in at most 26 hours."), "to")
	}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return m, a, err
	}
	if c, err := s.recordedCamera(a.camera); err == nil && q.Get("stream") == "" && len(c.Record.Streams) > 1 {
		a.stream = c.Record.Streams[len(c.Record.Streams)-1]
	}
	m = MotionSearch{Camera: a.camera, Stream: a.stream, From: a.from, To: a.to, Region: [4]float64{-1, -1, 1, 1}}
	region, err := parseRegion(q)
	if err != nil {
		return m, a, err
	}
	if region != nil {
		m.Region = *region
	}
	if m.Pictures, err = parseFlag(q, "pictures"); err != nil {
		return m, a, err
	}
	if m.Least, err = parseNumber(q, "least", defaultLeast, 0.001, 1); err != nil {
		return m, a, err
	}
	every, err := parseNumber(q, "every", leastEvery.Seconds(), leastEvery.Seconds(), maxMotionEvery.Seconds())
	m.Every = time.Duration(every * float64(time.Second))
	return m, a, err
}

// parseNumber reads a number of a range.
func parseNumber(q url.Values, name string, otherwise, least, most float64) (float64, error) {
	text := q.Get(name)
	if text == "" {
		return otherwise, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= least && v <= most) {
		return 0, field(kindRequest.with("It is a number from "+strconv.FormatFloat(least, 'g', -1, 64)+" to "+strconv.FormatFloat(most, 'g', -1, 64)+"."), name)
	}
	return v, nil
}

func (s *Server) getMotion(w http.ResponseWriter, r *request) error {
	m, a, err := s.askedMotion(r)
	if err != nil {
		return err
	}
	release, err := s.holdFootage(w, r, a)
	if err != nil {
		return err
	}
	defer release()
	leave, ok := s.searches.enter(r.who.Owner())
	if !ok {
		p := kindRunning.with("You, or two others, are looking for motion already.").hinting("Stop the search that goes on, or wait until it is done.")
		p.after = time.Second
		return p
	}
	defer leave()
	r.entry.Stream, r.entry.From, r.entry.To = a.stream, a.from, a.to
	out, begun := http.NewResponseController(w), false
	tell := func(l MotionLine) {
		if !begun {
			begun = true
			h := w.Header()
			h.Set("Content-Type", "application/x-ndjson")
			h.Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusOK)
		}
		if err := json.NewEncoder(w).Encode(inLanguageOf(w, l)); err == nil {
			out.Flush()
		}
	}
	err = s.o.Cameras.SearchMotion(r.Context(), m, tell)
	switch {
	case err == nil || r.Context().Err() != nil:
	case !begun:
		return err
	default: // it is too late for a status
		tell(MotionLine{Error: problemOf(err).Error()})
	}
	return nil
}

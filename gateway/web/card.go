package web

import (
	"context"
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Cards is what cameras keep on cards of their own, and what is fetched from there into gaps. *gateway.Gateway implements it.
type Cards interface {
	Card(ctx context.Context, camera string) (Card, error)
	// FillFromCard has everything fetched that was lost, also what was given up.
	FillFromCard(camera string) (Card, error)
	// StopFill ends what is being fetched, and what waits is not fetched by itself any more.
	StopFill(camera string) (Card, error)
}

// Card is what a camera keeps itself, and how it is with filling gaps from there.
type Card struct {
	State      string          `json:"state" enum:"off,none,idle,waiting,queued,filling" doc:"off: not wanted; none: there is no card that can be asked; queued: other cameras come first."`
	Detail     string          `json:"detail" people:"read" doc:"Why, in words."`
	Recordings []CardRecording `json:"recordings" doc:"As the camera tells now; empty while it is not asked, or has none."`
	Unasked    string          `json:"unasked,omitempty" doc:"Why the camera was not asked for them."`
	Gaps       []CardGap       `json:"gaps" doc:"What was lost and may be fetched, the oldest first."`
	Job        *CardJob        `json:"job,omitempty" doc:"What is being fetched."`
	Ended      []CardFilled    `json:"ended" doc:"What was fetched, and how that ended, the newest first; the last 20 since the gateway started."`
	Reach      float64         `json:"reach" doc:"How far back it is looked for what was lost, seconds."`
	Speed      float64         `json:"speed" doc:"How much faster than life is fetched at most."`
	Rate       int             `json:"rate" doc:"Bytes a second that are fetched at most."`
	Tries      int             `json:"tries" doc:"How often it is tried without anything coming of it."`
}

// CardRecording is a recording that a camera keeps.
type CardRecording struct {
	Token   string     `json:"token"`
	Source  string     `json:"source" doc:"Of what it is one, as the device calls it."`
	Name    string     `json:"name"`
	From    *time.Time `json:"from,omitempty" doc:"Corrected by the device's clock; left out where the device does not say."`
	To      *time.Time `json:"to,omitempty" doc:"The same."`
	Running bool       `json:"running" doc:"It goes on."`
	Own     bool       `json:"own" doc:"It is of this camera's video source."`
	Spans   []CardSpan `json:"spans" doc:"For which it has pictures, within reach, at most 100; of this camera's recordings."`
}

// CardSpan is a stretch of which a card has pictures.
type CardSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// CardGap is what was lost.
type CardGap struct {
	Stream string     `json:"stream"`
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to"`
	Cause  string     `json:"cause" people:"read"`
	State  string     `json:"state" enum:"due,waiting,filling,given_up"`
	Why    string     `json:"why,omitempty" people:"read" doc:"Why it waits, or was given up."`
	Tries  int        `json:"tries" doc:"How often it was tried in vain."`
	Next   *time.Time `json:"next,omitempty" doc:"When it is tried again."`
}

// CardJob is a gap that is being filled.
type CardJob struct {
	Stream  string    `json:"stream"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Until   time.Time `json:"until" doc:"Up to where it is fetched."`
	Bytes   int64     `json:"bytes"`
	Started time.Time `json:"started"`
	Left    float64   `json:"left" doc:"About how long it will take yet, seconds; 0 while that is not known."`
}

// CardFilled is a gap that was filled, or was to be.
type CardFilled struct {
	Stream  string    `json:"stream"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Cause   string    `json:"cause" people:"read" doc:"Why it was lost."`
	Seconds float64   `json:"seconds" doc:"What was filled."`
	Bytes   int64     `json:"bytes"`
	Ended   time.Time `json:"ended"`
	Why     string    `json:"why,omitempty" people:"read" doc:"Why not all was filled."`
	Before  string    `json:"before" enum:"pictures,clock" doc:"How its beginning was placed."`
	After   string    `json:"after" enum:"pictures,clock" doc:"How its end was placed."`
	Within  float64   `json:"within" doc:"By how many seconds its times may be off."`
}

func cardRoutes() []route {
	const camera = "/api/v1/cameras/{id}/card"
	return []route{
		{method: "GET", pattern: camera, needs: auth.Configure, serve: (*Server).getCard,
			summary: "What a camera keeps on a card of its own, and how it is with filling gaps from there", params: []param{paramCamera}, answers: gives[Card](200, "The card.")},
		{method: "POST", pattern: camera + "/fill", does: audit.ActionCameraFill, needs: auth.Configure, serve: (*Server).postFill,
			summary: "Fetch now from a camera's card what was lost, also what was given up", params: []param{paramCamera}, answers: gives[Card](202, "It is being fetched.")},
		{method: "DELETE", pattern: camera + "/fill", does: audit.ActionCameraFill, needs: auth.Configure, serve: (*Server).deleteFill,
			summary: "Stop fetching from a camera's card; what was fetched stays", params: []param{paramCamera}, answers: gives[Card](200, "Stopped.")},
	}
}

func (s *Server) getCard(w http.ResponseWriter, r *request) error {
	c, err := s.o.Cameras.Card(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return replyCard(w, http.StatusOK, c)
}

func replyCard(w http.ResponseWriter, status int, c Card) error {
	c.Recordings, c.Gaps, c.Ended = listed(c.Recordings), listed(c.Gaps), listed(c.Ended)
	for i := range c.Recordings {
		c.Recordings[i].Spans = listed(c.Recordings[i].Spans)
	}
	return reply(w, status, c)
}

func (s *Server) postFill(w http.ResponseWriter, r *request) error {
	c, err := s.o.Cameras.FillFromCard(r.PathValue("id"))
	if err != nil {
		return err
	}
	r.entry.Reason = "asked for"
	return replyCard(w, http.StatusAccepted, c)
}

func (s *Server) deleteFill(w http.ResponseWriter, r *request) error {
	c, err := s.o.Cameras.StopFill(r.PathValue("id"))
	if err != nil {
		return err
	}
	r.entry.Reason = "stopped"
	return replyCard(w, http.StatusOK, c)
}

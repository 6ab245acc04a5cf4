package web

import (
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Kept is how long the footage of a camera is kept, and what decides.
type Kept struct {
	Camera      string     `json:"camera"`
	Name        string     `json:"name" doc:"Empty of a camera that is there no longer."`
	Oldest      *time.Time `json:"oldest" doc:"Begin of the oldest footage, null without any."`
	MaxAge      float64    `json:"max_age" doc:"Continuous footage older than this is deleted, seconds; 0: when space is needed."`
	EventMaxAge float64    `json:"event_max_age" doc:"Footage of events older than this is deleted, seconds; 0: as max_age."`
	MinAge      float64    `json:"min_age" doc:"How long footage is promised to be kept, seconds; 0: nothing is promised."`
	Rate        float64    `json:"rate" doc:"What is recorded of it, averaged over a day, bytes per second."`
	Measured    float64    `json:"measured" doc:"Over how long that was measured, seconds."`
	Keeps       float64    `json:"keeps" doc:"Forecast: how old continuous footage gets at the present rates, seconds; 0 while that is not known."`
	BySpace     bool       `json:"by_space" doc:"The space decides that, not the maximum age."`
	Short       bool       `json:"short" doc:"The forecast is less than what is promised."`
	Locked      int64      `json:"locked" doc:"Bytes of it that locks hold. What is still being recorded is not in it; footage of the last ten minutes may not be."`
	BrokenUntil *time.Time `json:"broken_until" doc:"Footage was deleted before its promised age: when it would have reached it. null where none was."`
	Says        string     `json:"says" people:"read" doc:"All of it in one sentence."`
}

// Retention tells how long footage is kept. *gateway.Gateway implements it.
type Retention interface {
	Retention() ([]Kept, error)
	ConfirmClock()
}

func retentionRoutes() []route {
	return []route{
		{method: "GET", pattern: "/api/v1/retention", filters: "other cameras are left out", needs: auth.See, serve: (*Server).getRetention,
			summary: "How long the footage of each camera is kept, what is promised, and what the space allows", answers: gives[[]Kept](200, "The cameras.")},
		{method: "POST", pattern: "/api/v1/clock/confirm", does: audit.ActionClockConfirm, needs: auth.Maintain, serve: (*Server).postClockConfirm,
			summary: "Say that the machine's clock is right: deletion by age, and the end of locks, go on", answers: done("It is believed until the gateway ends.")},
	}
}

func (s *Server) getRetention(w http.ResponseWriter, r *request) error {
	all, err := s.o.Cameras.Retention()
	if err != nil {
		return err
	}
	list := []Kept{}
	for _, k := range all {
		if r.who.MayOn(auth.See, k.Camera) {
			list = append(list, k)
		}
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) postClockConfirm(w http.ResponseWriter, r *request) error {
	s.o.Cameras.ConfirmClock()
	s.log.Warn("the clock was confirmed", "by", r.who.User)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

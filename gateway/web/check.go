package web

import (
	"net/http"
	"time"
)

// Checks runs checks of the footage, one at a time, and keeps the outcome of the last.
type Checks interface {
	StartCheck(req CheckRequest) (CheckJob, error) // Running when one runs already
	Check() (job CheckJob, ok bool)                // false when none ran since the start
	CancelCheck() (job CheckJob, ok bool)          // ends the one that runs, and waits for its end
}

// CheckRequest asks for a check.
type CheckRequest struct {
	Level  string    `json:"level,omitempty" enum:"index,files,hash,media" doc:"How much is proved; files when left out."`
	Camera string    `json:"camera,omitempty" doc:"Id of the only camera that is looked at."`
	From   time.Time `json:"from,omitempty,omitzero" doc:"Only footage that overlaps the range is looked at."`
	To     time.Time `json:"to,omitempty,omitzero"`
	Volume string    `json:"volume,omitempty" doc:"Id or path of the only volume that is looked at."`
	Rate   int64     `json:"rate,omitempty" doc:"Bytes read per second, at most; 0: as fast as the disk."`
	Repair bool      `json:"repair,omitempty" doc:"Do what the findings' repair says. Nothing sound is removed."`
	Decode bool      `json:"decode,omitempty" doc:"With level media: have every picture decoded, where a decoder is installed."`
}

// CheckJob is a check that runs, or that ran last.
type CheckJob struct {
	State    string    `json:"state" enum:"running,done,cancelled,failed"`
	Started  time.Time `json:"started"`
	Segments int       `json:"segments" doc:"Looked at so far."`
	Of       int       `json:"of" doc:"To be looked at, as it began."`
	Bytes    int64     `json:"bytes"`
	OfBytes  int64     `json:"of_bytes"`
	Left     float64   `json:"left_seconds" doc:"At the rate so far; 0 while that is not known."`
	Error    string    `json:"error,omitempty" people:"read" doc:"Why it failed."`
	Report   any       `json:"report,omitempty" doc:"What was found; of a check that was cancelled, until then."`
}

func (s *Server) postCheck(w http.ResponseWriter, r *request) error {
	var req CheckRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	job, err := s.o.Checks.StartCheck(req)
	if err != nil {
		return err
	}
	return reply(w, http.StatusAccepted, job)
}

func (s *Server) getCheck(w http.ResponseWriter, _ *request) error {
	job, ok := s.o.Checks.Check()
	if !ok {
		return kindNotFound.with("No check has run since the gateway started.")
	}
	return reply(w, http.StatusOK, job)
}

func (s *Server) deleteCheck(w http.ResponseWriter, _ *request) error {
	job, ok := s.o.Checks.CancelCheck()
	if !ok {
		return kindNotFound.with("No check has run since the gateway started.")
	}
	return reply(w, http.StatusOK, job)
}

// Running says that what was asked for is going on already.
func Running(detail string) error {
	p := kindRunning.with(detail)
	p.after = time.Second
	return p
}

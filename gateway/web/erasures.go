package web

import (
	"context"
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/storage"
)

const maxErasureID = 64 // bytes

// ErasureRequest orders footage to be erased.
type ErasureRequest struct {
	Camera  string    `json:"camera" doc:"Id of the camera."`
	Streams []string  `json:"streams,omitempty" doc:"Only these streams; none means all."`
	From    time.Time `json:"from"`
	To      time.Time `json:"to" doc:"At most now."`
	Ground  string    `json:"ground" doc:"Why: subject request, unlawful, breach of agreement, purpose ended, legal order, test footage. It is kept in clear for ever."`
}

// Erasures erases footage. *gateway.Gateway implements it.
type Erasures interface {
	EraseFootage(ctx context.Context, req ErasureRequest) (storage.Erasure, error) // waits for a few seconds for its end
	FootageErasures(camera string) ([]storage.Erasure, error)                      // "" of all cameras, the newest first
	FootageErasure(id string) (storage.Erasure, error)                             // ErrNotFound
	SweepKeys(ctx context.Context) error                                           // destroys the keys of what was erased now
}

func erasureRoutes() []route {
	const v1 = "/api/v1/erasures"
	camera := param{"camera", "query", false, "string", "Id of the only camera whose erasures are given."}
	return []route{
		{method: "GET", pattern: v1, filters: "erasures of other cameras are left out", needs: auth.Erase, serve: (*Server).getErasures,
			summary: "What was erased, on what ground, and what that is worth", params: []param{camera}, answers: gives[[]storage.Erasure](200, "The newest first.")},
		{method: "POST", pattern: v1, does: audit.ActionErase, filters: "the camera is one whose footage may be erased", needs: auth.Erase, serve: (*Server).postErasure,
			summary: "Erase footage: it is out of sight at once, its keys are destroyed within the hour", body: jsonBody[ErasureRequest](), answers: gives[storage.Erasure](201, "The erasure, done or under way. It goes on by itself.")},
		{method: "GET", pattern: v1 + "/{id}", filters: "the erasure is of a camera whose footage may be erased", needs: auth.Erase, serve: (*Server).getErasure,
			summary: "How far an erasure is, and its receipt", params: []param{{"id", "path", true, "string", "Id of the erasure."}}, answers: gives[storage.Erasure](200, "The erasure.")},
		{method: "POST", pattern: v1 + "/sweep", does: audit.ActionKeyUse, filters: "only who may erase everywhere", needs: auth.Erase, serve: (*Server).postSweep,
			summary: "Destroy the keys of what was erased now, instead of within the hour", answers: done("No copy of the keyring that can be reached has them any more.")},
	}
}

func (s *Server) getErasures(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	all, err := s.o.Cameras.FootageErasures(q.Get("camera"))
	if err != nil {
		return err
	}
	list := []storage.Erasure{}
	for _, e := range all {
		if r.who.MayOn(auth.Erase, e.Camera) {
			list = append(list, e)
		}
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) postErasure(w http.ResponseWriter, r *request) error {
	var req ErasureRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if req.From.Year() < firstYear || req.To.Year() > lastYear || !req.From.Before(req.To) {
		return field(kindRule.with("The range ends before it begins, or is no time that can be recorded."), "to")
	}
	if req.To.After(s.o.Now()) {
		return field(kindRule.with("What is not recorded yet cannot be erased: it is at most now."), "to")
	}
	if _, err := storage.ParseGround(req.Ground); err != nil {
		return field(kindRule.with(err.Error()), "ground")
	}
	if req.Camera == "" {
		return field(kindRule.with("Name the camera."), "camera")
	}
	if !r.who.MayOn(auth.Erase, req.Camera) {
		return kindNotFound.with("")
	}
	r.entry.Camera, r.entry.From, r.entry.To, r.entry.Reason = req.Camera, req.From, req.To, req.Ground
	e, err := s.o.Cameras.EraseFootage(r.Context(), req)
	if err != nil {
		return err
	}
	r.entry.Target = e.ID
	return reply(w, http.StatusCreated, e)
}

func (s *Server) getErasure(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	if len(id) > maxErasureID {
		return kindNotFound.with("")
	}
	e, err := s.o.Cameras.FootageErasure(id)
	if err != nil {
		return err
	}
	if !r.who.MayOn(auth.Erase, e.Camera) {
		return kindNotFound.with("")
	}
	return reply(w, http.StatusOK, e)
}

func (s *Server) postSweep(w http.ResponseWriter, r *request) error {
	if !r.who.MayEverywhere(auth.Erase) {
		return kindNotFound.with("")
	}
	if err := s.o.Cameras.SweepKeys(r.Context()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

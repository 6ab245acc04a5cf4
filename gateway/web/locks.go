package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Bounds of a request to lock footage.
const (
	maxLockReason = 500 // bytes
	maxLockID     = 64  // bytes
)

// LockRequest asks for footage to be kept.
type LockRequest struct {
	Camera string    `json:"camera" doc:"Id of the camera; all its streams are kept."`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Until  time.Time `json:"until" doc:"When the lock ends by itself, in the future."`
	Reason string    `json:"reason" doc:"Why it is kept, at most 500 bytes. It is kept sealed."`
}

// Lock keeps the footage of a range from deletion until it ends.
type Lock struct {
	ID      string    `json:"id"`
	Camera  string    `json:"camera"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Until   time.Time `json:"until" doc:"When it ends by itself."`
	Created time.Time `json:"created"`
	Owner   string    `json:"owner" doc:"Who made it: a person's user name, or what a program is called. Empty when they are no more, or when that was lost with the gateway's state."`
	Person  string    `json:"person" doc:"Id of the person who made it; empty for a program's."`
	Reason  string    `json:"reason"`
}

// Locks keeps footage from deletion. *gateway.Gateway implements it.
type Locks interface {
	LockFootage(ctx context.Context, owner string, req LockRequest) (Lock, error) // owner: a person's id, or what a program is called
	UnlockFootage(ctx context.Context, id string) error                           // ErrNotFound when none of the id holds
	FootageLocks(camera string, from, to time.Time) (list []Lock, err error)      // those that overlap [from, to), "" of all cameras
}

func lockRoutes() []route {
	const v1 = "/api/v1/locks"
	camera := param{"camera", "query", false, "string", "Id of the only camera whose locks are given."}
	return []route{
		{method: "GET", pattern: v1, filters: "locks of other cameras are left out", needs: auth.Lock, serve: (*Server).getLocks,
			summary: "The locks that overlap a range", params: []param{camera, paramFrom, paramTo}, answers: gives[[]Lock](200, "The locks that hold, in the order of their ranges.")},
		{method: "POST", pattern: v1, does: audit.ActionLockAdd, filters: "the camera is one that may be locked", needs: auth.Lock, serve: (*Server).postLock,
			summary: "Keep footage from deletion, whatever its age and however full the disks are", body: jsonBody[LockRequest](), answers: gives[Lock](201, "The lock.")},
		{method: "DELETE", pattern: v1 + "/{id}", does: audit.ActionLockRemove, filters: "the lock is of a camera that may be locked", needs: auth.Lock, serve: (*Server).deleteLock,
			summary: "End a lock", params: []param{{"id", "path", true, "string", "Id of the lock."}}, answers: done("It holds no longer; what it held is deleted when its age or need of space says so.")},
	}
}

func (s *Server) getLocks(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	from, to, err := parseRange(q)
	if err != nil {
		return err
	}
	all, err := s.o.Cameras.FootageLocks(q.Get("camera"), from, to)
	if err != nil {
		return err
	}
	list := []Lock{}
	for _, l := range all {
		if r.who.MayOn(auth.Lock, l.Camera) {
			list = append(list, l)
		}
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) postLock(w http.ResponseWriter, r *request) error {
	var req LockRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	if _, err := s.recordedCamera(req.Camera); err != nil || !r.who.MayOn(auth.Lock, req.Camera) {
		return field(kindRule.with("There is no such camera."), "camera")
	}
	r.entry.Camera, r.entry.From, r.entry.To, r.entry.Reason = req.Camera, req.From, req.To, "" // why is personal, and kept sealed with the lock
	l, err := s.o.Cameras.LockFootage(r.Context(), cmp.Or(r.who.Person, r.who.User), req)
	if err != nil {
		return err
	}
	r.entry.Target = l.ID
	return reply(w, http.StatusCreated, l)
}

func (r *LockRequest) check() error {
	r.Reason = strings.TrimSpace(r.Reason)
	switch {
	case r.Reason == "" || len(r.Reason) > maxLockReason || hasControl(r.Reason) || !utf8.ValidString(r.Reason):
		return field(kindRule.with("Say why it is kept, in one line of at most 500 bytes."), "reason")
	case r.From.Year() < firstYear || r.To.Year() > lastYear || !r.From.Before(r.To):
		return field(kindRule.with("The range ends before it begins, or is no time that can be recorded."), "to")
	case !r.Until.After(time.Now()) || r.Until.Year() > lastYear:
		return field(kindRule.with("It is not in the future."), "until")
	}
	return nil
}

func (s *Server) deleteLock(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	l, err := s.lockOf(r.who, id)
	if err != nil {
		return err
	}
	r.entry.Target, r.entry.Camera, r.entry.From, r.entry.To = id, l.Camera, l.From, l.To
	if err := s.o.Cameras.UnlockFootage(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// lockOf finds a lock that somebody may end.
func (s *Server) lockOf(who auth.Identity, id string) (Lock, error) {
	if len(id) > maxLockID {
		return Lock{}, kindNotFound.with("")
	}
	all, err := s.o.Cameras.FootageLocks("", time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return Lock{}, err
	}
	for _, l := range all {
		if l.ID == id && who.MayOn(auth.Lock, l.Camera) {
			return l, nil
		}
	}
	return Lock{}, kindNotFound.with("")
}

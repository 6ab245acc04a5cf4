package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"holdfast/gateway/audit"
)

// Own reads the audit log for the person whose entries they are.
type Own interface {
	// EntriesOf gives at most limit entries in which a person acts, the newest first, and where to go on, "" at the end. The cursor is "" or
	// what an earlier call gave.
	EntriesOf(ctx context.Context, person, cursor string, limit int) (entries []audit.Entry, next string, err error)
}

// Bounds of what is read of the audit log for one person.
const (
	ownPage  = 200
	maxOwn   = 20_000 // entries in a copy, and that are counted
	maxReads = 2 * maxOwn / ownPage
)

// OwnEntry is something that one did.
type OwnEntry struct {
	Seq     int64           `json:"seq"`
	Time    time.Time       `json:"time"`
	Action  string          `json:"action"`
	Outcome string          `json:"outcome" enum:"done,refused,failed"`
	Kind    string          `json:"kind" enum:"session,token,nobody"`
	Via     string          `json:"via" doc:"Id of the session or token."`
	Camera  string          `json:"camera,omitempty"`
	Stream  string          `json:"stream,omitempty"`
	From    *time.Time      `json:"from,omitempty" doc:"Of footage."`
	To      *time.Time      `json:"to,omitempty"`
	Target  string          `json:"target,omitempty" doc:"Id of what it was done to."`
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Session string          `json:"session,omitempty" doc:"Joins beginning and end."`
	Name    string          `json:"name,omitempty"`
	Address string          `json:"address,omitempty"`
	Agent   string          `json:"agent,omitempty"`
}

// OwnLog is a page of one's own entries of the audit log.
type OwnLog struct {
	Entries []OwnEntry `json:"entries"`
	Next    string     `json:"next" doc:"The cursor of the next page; empty at the end. A page may hold fewer entries than fit."`
}

// MeCopy is a copy of everything that is held about a person, to take away.
type MeCopy struct {
	Made     time.Time  `json:"made"`
	Site     string     `json:"site"`
	Me       Me         `json:"me"`
	Log      []OwnEntry `json:"log" doc:"One's own entries of the audit log, the newest first, at most 20000."`
	Complete bool       `json:"log_complete" doc:"There are no older entries than those."`
}

func ownEntry(e audit.Entry) OwnEntry {
	outcome := e.Outcome
	if outcome == "" {
		outcome = audit.Done
	}
	return OwnEntry{Seq: e.Seq, Time: e.Time.UTC(), Action: e.Action, Outcome: string(outcome), Kind: string(e.Kind), Via: e.Via, Camera: e.Camera, Stream: e.Stream, From: timeOf(e.From), To: timeOf(e.To),
		Target: e.Target, Before: e.Before, After: e.After, Reason: e.Reason, Session: e.Session, Name: e.Personal.Name, Address: e.Personal.Address, Agent: e.Personal.Agent}
}

// eachOwn calls f with a person's entries, the newest first, until there are no more or bounds are met. complete tells which.
func (s *Server) eachOwn(ctx context.Context, person string, f func(audit.Entry)) (complete bool, err error) {
	cursor, n := "", 0
	for range maxReads {
		entries, next, err := s.o.Own.EntriesOf(ctx, person, cursor, ownPage)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			f(e)
		}
		if n += len(entries); next == "" {
			return true, nil
		}
		if n >= maxOwn {
			return false, nil
		}
		cursor = next
	}
	return false, nil
}

// countOwn counts a person's entries, as far as maxOwn.
func (s *Server) countOwn(ctx context.Context, person string) (n int, err error) {
	if s.o.Own == nil {
		return 0, nil
	}
	_, err = s.eachOwn(ctx, person, func(audit.Entry) { n++ })
	return n, err
}

func (s *Server) getMeLog(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page := OwnLog{Entries: []OwnEntry{}}
	if s.o.Own == nil {
		return reply(w, http.StatusOK, page)
	}
	entries, next, err := s.o.Own.EntriesOf(r.Context(), r.who.Person, q.Get("cursor"), ownPage)
	if err != nil {
		return err
	}
	for _, e := range entries {
		page.Entries = append(page.Entries, ownEntry(e))
	}
	page.Next = next
	return reply(w, http.StatusOK, page)
}

// getMeExport sends the copy as a file.
func (s *Server) getMeExport(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	m, err := s.me(r.Context(), r.who)
	if err != nil {
		return err
	}
	c := MeCopy{Made: s.o.Now().UTC(), Site: s.o.Site, Me: m, Log: []OwnEntry{}, Complete: true}
	if s.o.Own != nil {
		if c.Complete, err = s.eachOwn(r.Context(), r.who.Person, func(e audit.Entry) { c.Log = append(c.Log, ownEntry(e)) }); err != nil {
			return err
		}
	}
	r.upon(r.who.Person, r.who.User)
	r.entry.Reason = "own"
	w.Header().Set("Content-Disposition", `attachment; filename="holdfast-`+plainName(r.who.Person)+`.json"`)
	return reply(w, http.StatusOK, c)
}

package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Audit is where what everybody does is written. *audit.Log implements it.
type Audit interface {
	Add(e audit.Entry)                              // never waits
	Write(ctx context.Context, e audit.Entry) error // returns when it is durable
	Refuses() bool                                  // it cannot be written, and the site asks that nothing is changed then
}

// auditTime bounds how long an answer waits for its entry. What was done is done: the log says itself that it fails.
const auditTime = 2 * time.Second

// base is the entry of a request: who asks, from where, and for what.
func (s *Server) base(rt *route, r *http.Request, who auth.Identity) audit.Entry {
	e := audit.Entry{Action: rt.does, Person: who.Person, Kind: audit.Kind(who.Kind), Via: via(who)}
	if !who.Known() {
		e.Kind = audit.ByNobody
	}
	e.Personal = audit.Personal{Name: who.User, Agent: r.UserAgent()}
	if ip := peerOf(r); ip.IsValid() {
		e.Personal.Address = ip.String()
	}
	if rt.camera {
		e.Camera = clipID(r.PathValue("id"))
	}
	return e
}

func via(who auth.Identity) string {
	if who.Session != "" {
		return who.Session
	}
	return who.Token
}

// maxAuditID bounds what is kept of an id that a stranger may have chosen, bytes.
const maxAuditID = 64

func clipID(id string) string { return id[:min(len(id), maxAuditID)] }

// about has the entry of a request name whoever has just signed in.
func (r *request) about(who auth.Identity) {
	r.entry.Person, r.entry.Kind, r.entry.Via, r.entry.Personal.Name = who.Person, audit.Kind(who.Kind), via(who), who.User
}

// changed has the entry of a request say what a setting was and what it is. Neither may hold a secret.
func (r *request) changed(before, after any) {
	r.entry.Before, r.entry.After = asJSON(before), asJSON(after)
}

func asJSON(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

// record writes the entry of a request that went well, before its answer begins. A change is answered once the entry is safe; a
// picture does not wait.
func (s *Server) record(rt *route, r *request) {
	if r.entry.Action == "" {
		return
	}
	r.entry.Time = s.o.Now()
	if rt.method == http.MethodGet || rt.live() {
		s.o.Audit.Add(r.entry)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), auditTime)
	defer cancel()
	if err := s.o.Audit.Write(ctx, r.entry); err != nil {
		s.log.Error("a change is not in the audit log", "action", r.entry.Action, "error", err)
	}
}

// recordRefusal writes that a request was refused, or failed. The same refusal of the same person is written once a minute.
func (s *Server) recordRefusal(rt *route, r *request, p *Problem) {
	e := r.entry
	e.Reason = p.slug()
	e.Outcome = audit.Refused
	switch {
	case p.Status >= http.StatusInternalServerError:
		e.Outcome = audit.Failed
	case !r.admitted:
		e.Action, e.Target = audit.ActionAccessRefused, rt.method+" "+rt.pattern
	case e.Action == audit.ActionSignIn:
		e.Action = audit.ActionSignInRefused
	}
	if e.Action == "" || r.admitted && rt.method == http.MethodGet && e.Outcome == audit.Refused && e.Action != audit.ActionKeysShown {
		return // nothing was asked for that there is; but who asks for keys from afar is to be known
	}
	if !s.worthWriting(&e) {
		return
	}
	e.Time = s.o.Now()
	s.o.Audit.Add(e)
}

// maxStrangers bounds how many refusals of people who are not known are written in a minute: a scanner must not fill the log. What
// is beyond it is one entry a minute that says so, and is counted in the metrics like every answer.
const maxStrangers = 120

// worthWriting tells whether a refusal is to be written, and not one that was a moment ago.
func (s *Server) worthWriting(e *audit.Entry) bool {
	if e.Kind != audit.ByNobody {
		return s.seen.first(strings.Join([]string{e.Action, e.Person, e.Via, e.Target, e.Camera, e.Reason}, "\x00"), time.Minute)
	}
	if !s.seen.first(strings.Join([]string{e.Action, e.Person, e.Personal.Address, e.Reason}, "\x00"), time.Minute) && e.Reason != kindCredentials.slug {
		return false // from an address, one of a kind is enough; wrong passwords are throttled, and each is written
	}
	if s.seen.room(time.Minute, maxStrangers) {
		return true
	}
	e.Target, e.Reason, e.Personal = "", "too-many-refusals", audit.Personal{}
	return s.seen.first("too many", time.Minute)
}

// seen remembers what was written to the log a short while ago, so that what repeats (a player's byte ranges, a script's refusals) is
// one entry.
type seen struct {
	mu    sync.Mutex // guards what follows
	last  map[string]time.Time
	since time.Time // of the count
	count int       // of strangers
}

const maxSeen = 4096 // keys; beyond it everything is written

func newSeen() *seen { return &seen{last: make(map[string]time.Time)} }

// first tells whether key has not been seen for a span.
func (s *seen) first(key string, span time.Duration) bool {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.last[key]; ok && now.Sub(at) < span {
		return false
	}
	if len(s.last) >= maxSeen {
		for k, at := range s.last {
			if now.Sub(at) >= span {
				delete(s.last, k)
			}
		}
	}
	if len(s.last) < maxSeen {
		s.last[key] = now
	}
	return true
}

// room tells whether one more stranger may be written in this span.
func (s *seen) room(span time.Duration, most int) bool {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.since) >= span {
		s.since, s.count = now, 0
	}
	s.count++
	return s.count <= most
}

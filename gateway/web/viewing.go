package web

import (
	"crypto/rand"
	"sync"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// viewing is one WebRTC session, of somebody who watches or speaks: the right that is held while it goes on, and its entries in the audit log.
type viewing struct {
	server  *Server              // constant
	who     auth.Identity        // constant
	entry   audit.Entry          // constant: of its beginning
	closing string               // constant: the action of its end
	stop    func(session string) // constant: ends a session whose right is gone
	release func()               // constant after hold

	mu      sync.Mutex // guards what follows
	session string     // once there is one
	lost    bool       // the right is gone
	over    bool       // the session has ended
	told    bool       // the log has its end
}

// hold takes the right; false when it is not there any more.
func (v *viewing) hold(need auth.Need) (ok bool) {
	v.release, ok = v.server.o.Auth.Hold(v.who, need, v.revoke)
	return ok
}

// revoke ends the session, or the one that is being made.
func (v *viewing) revoke() {
	v.mu.Lock()
	v.lost = true
	session := v.session
	v.mu.Unlock()
	if session != "" {
		v.stop(session)
	}
}

// began is told the session's id, once its beginning is in the log.
func (v *viewing) began(session string) {
	v.mu.Lock()
	v.session = session
	lost, over := v.lost, v.over
	v.mu.Unlock()
	if lost {
		v.stop(session)
	}
	if over {
		v.tell()
	}
}

// ended is told when the session has ended.
func (v *viewing) ended(string) {
	v.release()
	v.mu.Lock()
	v.over = true
	began := v.session != ""
	v.mu.Unlock()
	if began {
		v.tell()
	}
}

// tell writes the end to the log, once.
func (v *viewing) tell() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.told {
		return
	}
	v.told = true
	e := v.entry
	e.Action, e.Session, e.Time = v.closing, v.session, v.server.o.Now()
	if v.lost {
		e.Reason = "right-revoked"
	}
	v.server.o.Audit.Add(e)
}

// liveEnd gives what writes the end of a view over HTTP to the log, whose beginning the gate writes.
func (s *Server) liveEnd(r *request) func() {
	r.entry.Session = newViewID()
	return func() {
		if r.entry.Action == "" {
			return // it never began
		}
		e := r.entry
		e.Action, e.Time = audit.ActionLiveEnd, s.o.Now()
		s.o.Audit.Add(e)
	}
}

func newViewID() string { return rand.Text() }

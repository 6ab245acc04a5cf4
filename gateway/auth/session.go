package auth

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// Bounds of sessions.
const (
	idleLife    = 12 * time.Hour     // without a request or an open stream: a shift
	wholeLife   = 7 * 24 * time.Hour // whatever happens
	maxSessions = 32                 // of one user
	maxAgent    = 200                // bytes kept of what a browser calls itself
	saveSeen    = 5 * time.Minute    // how far the time of last use on disk may lag
)

// Session is what a browser gets when somebody signs in.
type Session struct {
	Identity
	Secret  string    // for the cookie; kept by the browser alone
	CSRF    string    // to be sent with every change
	Expires time.Time // at the latest
}

// session is one record of the sessions bucket.
type session struct {
	record               // Seen is guarded by Auth.mu, the rest is constant
	key    digest        // constant
	saved  time.Time     // Seen as it is on disk; guarded by Auth.mu
	ended  chan struct{} // closed when the session has ended, by whoever took it out of Auth.sessions
}

type record struct {
	User    string    `json:"user"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	From    string    `json:"from"`
	Agent   string    `json:"agent,omitempty"`
}

func (s *session) id() string { return s.key.publicID() }

func (s *session) expired(now time.Time) bool {
	return now.Sub(s.Seen) >= idleLife || now.Sub(s.Created) >= wholeLife
}

// begin writes the user as it now is and a new session of theirs. The session that the browser had before ends: a
// secret that somebody planted there is never promoted.
func (a *Auth) begin(at Attempt, u *user) (Session, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	now := a.user(u.Name)
	if now == nil {
		return Session{}, ErrCredentials
	}
	if now.Changed.After(u.Changed) {
		return Session{}, ErrCredentials // the password was changed meanwhile
	}
	return a.beginLocked(at, u)
}

// beginLocked does it; the caller holds writing.
func (a *Auth) beginLocked(at Attempt, u *user) (Session, error) {
	now := a.now().UTC()
	secret := newSecret("")
	s := &session{
		key:   digestOf(secret),
		saved: now,
		ended: make(chan struct{}),
		record: record{User: u.Name, Created: now, Seen: now, From: at.From.Unmap().String(),
			Agent: strings.ToValidUTF8(at.Agent[:min(len(at.Agent), maxAgent)], "")},
	}
	gone := a.makeRoom(u.Name, at.Old)
	err := a.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(put(tx, bucketUsers, []byte(u.Name), u), put(tx, bucketSessions, s.key[:], s.record), remove(tx, gone))
	})
	if err != nil {
		return Session{}, fmt.Errorf("write session: %w", err)
	}
	a.mu.Lock()
	a.users[u.Name], a.sessions[s.key] = u, s
	a.mu.Unlock()
	a.finish(gone)
	a.log.Info("signed in", "user", u.Name, "session", s.id(), "from", at.From)
	return Session{Identity: s.identity(u), Secret: secret, CSRF: csrfOf(secret), Expires: now.Add(wholeLife)}, nil
}

func (s *session) identity(u *user) Identity {
	return Identity{User: u.Name, Role: u.Role, Kind: BySession, Session: s.id(), ended: s.ended}
}

// makeRoom gives the sessions that must end so that the user may have one more: the one whose secret is old, and the
// ones unused for longest beyond the bound.
func (a *Auth) makeRoom(name, old string) (gone []*session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var kept []*session
	for _, s := range a.sessions {
		switch {
		case old != "" && s.key.is(digestOf(old)):
			gone = append(gone, s)
		case s.User == name:
			kept = append(kept, s)
		}
	}
	slices.SortFunc(kept, func(x, y *session) int { return x.Seen.Compare(y.Seen) })
	return append(gone, kept[:max(0, len(kept)-maxSessions+1)]...)
}

// Session gives the identity behind a session's secret, and counts as use of it. ErrCredentials when there is none.
func (a *Auth) Session(secret string) (Identity, error) {
	if secret == "" || len(secret) > maxSecret {
		return Identity{}, ErrCredentials
	}
	key, now := digestOf(secret), a.now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sessions[key]
	if s == nil || s.expired(now) {
		return Identity{}, ErrCredentials
	}
	u := a.users[s.User]
	if u == nil {
		return Identity{}, ErrCredentials
	}
	s.Seen = now
	return s.identity(u), nil
}

// CSRF gives the token that belongs to a session's secret.
func (a *Auth) CSRF(secret string) string { return csrfOf(secret) }

// Keep counts as use of the session: somebody has a stream open.
func (a *Auth) Keep(who Identity) {
	now := a.now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sessions {
		if who.Kind == BySession && s.id() == who.Session && !s.expired(now) {
			s.Seen = now
		}
	}
}

// SessionInfo is what may be told about a session.
type SessionInfo struct {
	ID      string
	User    string
	Created time.Time
	Seen    time.Time
	From    string
	Agent   string
}

// Sessions lists the sessions, the last used first.
func (a *Auth) Sessions() []SessionInfo {
	now := a.now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]SessionInfo, 0, len(a.sessions))
	for _, s := range a.sessions {
		if !s.expired(now) {
			list = append(list, SessionInfo{ID: s.id(), User: s.User, Created: s.Created, Seen: s.Seen, From: s.From, Agent: s.Agent})
		}
	}
	slices.SortFunc(list, func(x, y SessionInfo) int {
		return cmp.Or(y.Seen.Compare(x.Seen), strings.Compare(x.ID, y.ID))
	})
	return list
}

// End ends one session by its public id. It tells whether there was one.
func (a *Auth) End(id string) (bool, error) {
	found := false
	err := a.endAll(func(s *session) bool {
		found = found || s.id() == id
		return s.id() == id
	})
	return found, err
}

// EndUser ends all sessions of a user.
func (a *Auth) EndUser(name string) error {
	return a.endAll(func(s *session) bool { return s.User == name })
}

// OnEnd has f called, with Identity.Owner, after a session ended. f must not block, and must be set before use.
func (a *Auth) OnEnd(f func(owner string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onEnd = append(a.onEnd, f)
}

// endAll ends the sessions that which picks, first in memory, so that a failing disk does not keep anybody in.
func (a *Auth) endAll(which func(*session) bool) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	var gone []*session
	a.mu.Lock()
	for _, s := range a.sessions {
		if which(s) {
			gone = append(gone, s)
		}
	}
	a.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	a.finish(gone)
	if err := a.db.Update(func(tx *bbolt.Tx) error { return remove(tx, gone) }); err != nil {
		return fmt.Errorf("remove session: %w", err)
	}
	return nil
}

// finish takes sessions out of memory and tells everyone who waits. The caller holds writing.
func (a *Auth) finish(gone []*session) {
	a.mu.Lock()
	for _, s := range gone {
		delete(a.sessions, s.key)
		close(s.ended)
	}
	told := slices.Clone(a.onEnd)
	a.mu.Unlock()
	for _, s := range gone {
		a.log.Info("session ended", "user", s.User, "session", s.id())
		for _, f := range told {
			f("session:" + s.id())
		}
	}
}

func remove(tx *bbolt.Tx, gone []*session) error {
	for _, s := range gone {
		if err := tx.Bucket(bucketSessions).Delete(s.key[:]); err != nil {
			return err
		}
	}
	return nil
}

// Sweep ends what has expired and writes times of last use that lag on disk. It is to be called every half minute.
func (a *Auth) Sweep() error {
	now := a.now().UTC()
	if err := a.endAll(func(s *session) bool { return s.expired(now) }); err != nil {
		return err
	}
	return a.saveSeen()
}

func (a *Auth) saveSeen() error {
	a.writing.Lock()
	defer a.writing.Unlock()
	lagging := make(map[digest]record)
	a.mu.Lock()
	for key, s := range a.sessions {
		if s.Seen.Sub(s.saved) >= saveSeen {
			lagging[key] = s.record
			s.saved = s.Seen
		}
	}
	a.mu.Unlock()
	if len(lagging) == 0 {
		return nil
	}
	err := a.db.Update(func(tx *bbolt.Tx) error {
		for key, r := range lagging {
			if err := put(tx, bucketSessions, key[:], r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write sessions: %w", err)
	}
	return nil
}

package auth

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/gateway/statedb"
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
	Device  string    // value of the device cookie to be set; "" of a device token's
	Expires time.Time // at the latest
}

// session is one record of the sessions bucket.
type session struct {
	record               // Seen is guarded by Auth.mu, the rest is constant
	key    digest        // constant
	public string        // constant; names the session without helping to guess its secret
	saved  time.Time     // Seen as it is on disk; guarded by Auth.mu
	ended  chan struct{} // closed when the session has ended, by whoever took it out of Auth.sessions
}

type record struct {
	Person  string    `json:"-"` // id of the person; "" for a device
	Device  string    `json:"-"` // id of the device token; "" for a person
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	From    string    `json:"from"`
	Agent   string    `json:"agent,omitempty"`
}

// of names whose session it is: a person's id or a device token's.
func (r *record) of() string { return cmp.Or(r.Person, r.Device) }

func (s *session) id() string { return s.public }

// expired tells whether a session has ended by itself. A device's lasts as long as its token does.
func (s *session) expired(now time.Time) bool {
	return s.Device == "" && (now.Sub(s.Seen) >= idleLife || now.Sub(s.Created) >= wholeLife)
}

// begin writes the person as they now are and a new session of theirs. The session that the browser had before ends: a
// secret that somebody planted there is never promoted.
func (a *Auth) begin(at Attempt, p *person) (x Session, err error) {
	err = a.change(func() error {
		now := a.people[p.ID]
		if now == nil || now.Disabled || now.Changed.After(p.Changed) {
			return ErrCredentials // disabled, or the password was changed meanwhile
		}
		c := *now // what was changed meanwhile stays, and the second factor was kept when a code was used
		c.Password, c.Seen, c.Known = p.Password, p.Seen, p.Known
		x, err = a.beginLocked(at, &c, nil)
		return err
	})
	return x, err
}

// newSession makes a session that is not kept yet.
func (a *Auth) newSession(at Attempt, person, device string) (s *session, secret string) {
	now := a.now().UTC()
	secret = newSecret("")
	s = &session{
		key:   digestOf(secret),
		saved: now,
		ended: make(chan struct{}),
		record: record{Person: person, Device: device, Created: now, Seen: now, From: at.From.Unmap().String(),
			Agent: strings.ToValidUTF8(at.Agent[:min(len(at.Agent), maxAgent)], "")},
	}
	s.public = s.key.publicID()
	return s, secret
}

// beginLocked does it, and ends other sessions of the person's; the caller is within change.
func (a *Auth) beginLocked(at Attempt, p *person, others []*session) (Session, error) {
	s, secret := a.newSession(at, p.ID, "")
	gone := others
	for _, o := range a.makeRoom(p.ID, at.Old) {
		if !slices.Contains(gone, o) {
			gone = append(gone, o)
		}
	}
	if err := a.writeSession(s, p, gone); err != nil {
		return Session{}, err
	}
	a.log.Info("signed in", "person", p.ID, "session", s.id())
	a.mu.Lock()
	who, _ := a.identify(s)
	a.mu.Unlock()
	return Session{Identity: who, Secret: secret, CSRF: csrfOf(secret), Device: a.devices.issue(at.Device, p.ID, p.Changed, s.Created), Expires: s.Created.Add(wholeLife)}, nil
}

// writeSession writes a session, its person unless it is a device's, and ends those that made room.
func (a *Auth) writeSession(s *session, p *person, gone []*session) error {
	value, err := a.sealSession(s.record)
	var sealed []byte
	if err == nil && p != nil {
		sealed, err = a.sealPerson(p)
	}
	if err != nil {
		return err
	}
	err = a.db.Update(func(tx *bbolt.Tx) error {
		if p != nil {
			if err := tx.Bucket(bucketPeople).Put([]byte(p.ID), sealed); err != nil {
				return err
			}
		}
		return errors.Join(tx.Bucket(bucketSessions).Put(s.key[:], value), remove(tx, gone))
	})
	err = a.applied(err, func() {
		if p != nil {
			a.people[p.ID], a.names[p.Name] = p, p.ID
		}
		a.sessions[s.key] = s
	})
	if statedb.Counts(err) {
		a.finish(gone)
	}
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// identify gives the identity of a session, and whether its person or device may still be anybody; the caller holds mu.
func (a *Auth) identify(s *session) (Identity, bool) {
	if s.Device != "" {
		t := a.tokens[s.Device]
		if t == nil {
			return Identity{}, false
		}
		who, ok := a.identifyToken(t)
		who.Session, who.ended = s.id(), s.ended
		return who, ok
	}
	p := a.people[s.Person]
	if p == nil || p.Disabled {
		return Identity{}, false
	}
	return Identity{Person: p.ID, User: p.Name, Display: p.Display, Kind: BySession, Session: s.id(), ended: s.ended,
		rights: a.compiled(p), needs: !p.Factor.confirmed() && a.asksFactor(p)}, true
}

// makeRoom gives the sessions that must end so that the user may have one more: the one whose secret is old, and the
// ones unused for longest beyond the bound.
func (a *Auth) makeRoom(of, old string) (gone []*session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var kept []*session
	for _, s := range a.sessions {
		switch {
		case old != "" && s.key.is(digestOf(old)):
			gone = append(gone, s)
		case s.of() == of:
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
	who, ok := a.identify(s)
	if !ok {
		return Identity{}, ErrCredentials
	}
	s.Seen = now
	return who, nil
}

// CSRF gives the token that belongs to a session's secret.
func (a *Auth) CSRF(secret string) string { return csrfOf(secret) }

// Keep counts as use of the session: somebody has a stream open.
func (a *Auth) Keep(who Identity) {
	now := a.now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.sessionOf(who.Session); who.Session != "" && s != nil && !s.expired(now) {
		s.Seen = now
	}
}

// SessionInfo is what may be told about a session.
type SessionInfo struct {
	ID      string
	Person  string // id; "" for a device
	User    string // sign-in name, or the device's
	Device  string // id of the device token; "" for a person
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
			list = append(list, SessionInfo{ID: s.id(), Person: s.Person, Device: s.Device, User: a.nameOf(s), Created: s.Created, Seen: s.Seen, From: s.From, Agent: s.Agent})
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

// nameOf is what the holder of a session is called; the caller holds mu.
func (a *Auth) nameOf(s *session) string {
	if p := a.people[s.Person]; p != nil {
		return p.Name
	}
	if t := a.tokens[s.Device]; t != nil {
		return t.Name
	}
	return ""
}

// EndPerson ends all sessions of a person.
func (a *Auth) EndPerson(id string) error {
	return a.endAll(func(s *session) bool { return s.Person == id })
}

// endAll ends the sessions that which picks, first in memory, so that a failing disk does not keep anybody in: see owed.
func (a *Auth) endAll(which func(*session) bool) error {
	return a.change(func() error {
		gone := a.sessionsWhere(which)
		if len(gone) == 0 {
			return nil
		}
		a.finish(gone)
		if err := a.take(owedSessions(gone)...); err != nil {
			return fmt.Errorf("remove session: %w", err)
		}
		return nil
	})
}

func (a *Auth) sessionsWhere(which func(*session) bool) (list []*session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sessions {
		if which(s) {
			list = append(list, s)
		}
	}
	return list
}

// finish takes sessions out of memory and tells everyone who waits. The caller is within change.
func (a *Auth) finish(gone []*session) {
	a.mu.Lock()
	for _, s := range gone {
		delete(a.sessions, s.key)
		close(s.ended)
	}
	a.mu.Unlock()
	for _, s := range gone {
		a.log.Info("session ended", "of", s.of(), "session", s.id())
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
	a.writing.Lock()
	err := errors.Join(a.payOwed(), a.forgetKeys())
	a.writing.Unlock()
	return errors.Join(err, a.saveSeen(), a.saveUsed())
}

func (a *Auth) saveSeen() error {
	a.writing.Lock()
	defer a.writing.Unlock()
	lagging := make(map[digest]record)
	a.mu.Lock()
	for key, s := range a.sessions {
		if s.Seen.Sub(s.saved) >= saveSeen {
			lagging[key] = s.record
		}
	}
	a.mu.Unlock()
	if len(lagging) == 0 {
		return nil
	}
	err := a.db.Update(func(tx *bbolt.Tx) error {
		for key, r := range lagging {
			value, err := a.sealSession(r)
			if err == nil {
				err = tx.Bucket(bucketSessions).Put(key[:], value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	err = a.applied(err, func() {
		for key, r := range lagging {
			if s := a.sessions[key]; s != nil {
				s.saved = r.Seen
			}
		}
	})
	if err != nil {
		return fmt.Errorf("write sessions: %w", err)
	}
	return nil
}

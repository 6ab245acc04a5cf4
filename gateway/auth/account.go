package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ForgetNetworks forgets where a person signed in from. An attack on the account from elsewhere can then keep its owner waiting until
// they have signed in once more.
func (a *Auth) ForgetNetworks(id string) error {
	return a.update(id, func(p *person) error {
		p.Known = nil
		return nil
	})
}

// CancelAccount removes the account of the person behind a session, who proves password and code once more. Errors: those of Login, and
// of DeletePerson.
func (a *Auth) CancelAccount(ctx context.Context, who Identity, at Attempt, password, code string) (gone Person, err error) {
	p, err := a.proveBoth(ctx, who, at, password, code)
	if err != nil {
		return gone, err
	}
	if p.ID != who.Person {
		return gone, ErrCredentials
	}
	return a.DeletePerson(who, p.ID)
}

// SessionsOf lists the sessions of a person, the last used first.
func (a *Auth) SessionsOf(person string) []SessionInfo {
	list := []SessionInfo{}
	for _, s := range a.Sessions() {
		if s.Person == person && person != "" {
			list = append(list, s)
		}
	}
	return list
}

// EndOwn ends one session of a person's by its public id. It tells whether there was one.
func (a *Auth) EndOwn(person, id string) (bool, error) {
	found := false
	err := a.endAll(func(s *session) bool {
		picked := s.id() == id && s.Person == person && person != ""
		found = found || picked
		return picked
	})
	return found, err
}

// Unused lists the people who may sign in, or were invited, and have not signed in for a span.
func (a *Auth) Unused(span time.Duration) []Person {
	before := a.now().Add(-span)
	list := []Person{}
	for _, p := range a.People() {
		last := p.Seen
		if last.IsZero() {
			last = p.Created
		}
		if p.State != Disabled && !last.After(before) {
			list = append(list, p)
		}
	}
	return list
}

// Locked is how many people there are whose records cannot be opened: the key that they were sealed under is not here.
func (a *Auth) Locked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.locked
}

// ErrPresent says that somebody has an account still.
var ErrPresent = errors.New("the account is there still: delete it first")

// ForgetPerson destroys the key under which the audit log keeps the name, address and browser of a person whose account is gone. What
// they did stays in the log, done by nobody who can be named. Errors: ErrNone, ErrPresent, ErrBeyond.
func (a *Auth) ForgetPerson(who Identity, id string) error {
	if !who.holdsAll(SetOf(People)) {
		return ErrBeyond
	}
	return a.change(func() error {
		if !IsPerson(id) {
			return ErrNone
		}
		if a.people[id] != nil {
			return ErrPresent
		}
		if len(a.keys.PersonKeys(id)) == 0 {
			return ErrNone
		}
		if err := a.keys.Forget(id); err != nil {
			return fmt.Errorf("destroy the person's key in the audit log: %w", err)
		}
		return nil
	})
}

// IsPerson tells whether something has the form of a person's id, be there such a person or not.
func IsPerson(id string) bool {
	hex, ok := strings.CutPrefix(id, "p-")
	return ok && len(hex) == 16 && strings.Trim(hex, "0123456789abcdef") == ""
}

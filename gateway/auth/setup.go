package auth

import (
	"context"
)

// NeedsSetup tells whether there is no user yet.
func (a *Auth) NeedsSetup() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.users) == 0
}

// SetupToken makes the token with which the administrator is made, replacing an earlier one. It is good until it is
// used or the process ends. ErrSetUp when there is a user.
func (a *Auth) SetupToken() (string, error) {
	token := newSecret("hfs_")
	d := digestOf(token)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.users) > 0 {
		return "", ErrSetUp
	}
	a.setup = &d
	return token, nil
}

// Setup makes the administrator and begins a session. The token is used up only when it succeeds. Errors: ErrSetUp,
// ErrToken, *RuleError, *ThrottledError, ErrBusy.
func (a *Auth) Setup(ctx context.Context, at Attempt, token, name, password string) (Session, error) {
	if err := a.checkSetup(at, token); err != nil {
		return Session{}, err
	}
	name, err := prepareName(name)
	if err != nil {
		return Session{}, err
	}
	hash, err := a.hashNew(ctx, name, password)
	if err != nil {
		return Session{}, err
	}
	now := a.now().UTC()
	u := &user{Name: name, Role: Administrator, Password: hash, Created: now, Changed: now}
	return a.beginFirst(at, token, u.seenFrom(at.From, now))
}

func (a *Auth) checkSetup(at Attempt, token string) error {
	now := a.now()
	if wait := a.wrong.charge(now, at.From, "", true); wait > 0 {
		return &ThrottledError{After: wait}
	}
	err := a.isSetup(token)
	if err != ErrToken {
		a.wrong.forgive(now, at.From, "", true)
	}
	return err
}

func (a *Auth) isSetup(token string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case len(a.users) > 0:
		return ErrSetUp
	case a.setup == nil || len(token) > maxSecret || !a.setup.is(digestOf(token)):
		return ErrToken
	}
	return nil
}

// beginFirst writes the administrator; of two who try at once with the same token, one wins.
func (a *Auth) beginFirst(at Attempt, token string, u *user) (Session, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	if err := a.isSetup(token); err != nil {
		return Session{}, err
	}
	s, err := a.beginLocked(at, u)
	if err != nil {
		return Session{}, err
	}
	a.mu.Lock()
	a.setup = nil
	a.mu.Unlock()
	a.log.Info("administrator made")
	return s, nil
}

package auth

import (
	"context"

	"holdfast/gateway/statedb"
)

// NeedsSetup tells whether there is nobody yet. People whose records cannot be opened are somebody.
func (a *Auth) NeedsSetup() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.people) == 0 && a.locked == 0
}

// SetupToken makes the token with which the administrator is made, replacing an earlier one. It is good until it is
// used or the process ends. ErrSetUp when there is somebody.
func (a *Auth) SetupToken() (string, error) {
	token := newSecret("hfs_")
	d := digestOf(token)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.people) > 0 || a.locked > 0 {
		return "", ErrSetUp
	}
	a.setup = &d
	return token, nil
}

// Setup makes the administrator and begins a session. The token is used up only when it succeeds. Errors: ErrSetUp,
// ErrToken, *RuleError, ErrBusy.
func (a *Auth) Setup(ctx context.Context, at Attempt, token, name, password string) (x Session, err error) {
	if err := a.isSetup(token); err != nil {
		return x, err
	}
	name, err = prepareName(name)
	if err != nil {
		return x, err
	}
	now := a.now().UTC()
	p := &person{ID: newPersonID(), Name: name, Created: now, Changed: now, Grants: []Grant{{Role: Administrator, Cameras: []string{everyCamera}}}}
	if p.Password, err = a.hashNew(ctx, p, password); err != nil {
		return x, err
	}
	err = a.change(func() error { // of two who try at once with the same token, one wins
		if err := a.isSetup(token); err != nil {
			return err
		}
		if x, err = a.beginLocked(at, p.seenFrom(at.From, now), nil); !statedb.Counts(err) {
			return err
		}
		a.mu.Lock()
		a.setup = nil
		a.mu.Unlock()
		a.log.Info("administrator made")
		return err
	})
	return x, err
}

func (a *Auth) isSetup(token string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case len(a.people) > 0 || a.locked > 0:
		return ErrSetUp
	case a.setup == nil || len(token) > maxSecret || !a.setup.is(digestOf(token)):
		return ErrToken
	}
	return nil
}

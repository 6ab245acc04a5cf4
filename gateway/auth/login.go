package auth

import (
	"context"
	"errors"
)

// ErrSecondFactor says that the password was right and a code is asked for beside it.
var ErrSecondFactor = errors.New("a code of the second factor is needed")

// Credentials are what somebody signs in with.
type Credentials struct {
	Name     string
	Password string
	Code     string // of the authenticator, or a recovery code; "" where none is asked for
}

// Login signs a person in by password, and code where they have a second factor, and begins a session. Errors:
// ErrCredentials, ErrSecondFactor, ErrCodesClosed, *ThrottledError, ErrBusy.
func (a *Auth) Login(ctx context.Context, at Attempt, c Credentials) (Session, error) {
	y, p := a.trying(at, c.Name)
	stale, err := a.proved(ctx, y, p, c.Password)
	if err != nil {
		return Session{}, err
	}
	if p, err = a.proveFactor(at, p, y.device, c.Code); err != nil {
		return Session{}, err // the try stays counted: who knows a password may not try codes without end
	}
	a.wrong.forgive(a.now(), y)
	p = p.seenFrom(at.From, a.now().UTC())
	if stale {
		if fresh, err := a.hashing.make(ctx, mustPrepare(c.Password)); err == nil {
			p.Password = fresh
		}
	}
	return a.begin(at, p)
}

// mustPrepare prepares a password that has been prepared before.
func mustPrepare(password string) string {
	p, _ := preparePassword(password)
	return p
}

// trying tells how a try on a name is counted, and whose name it is, nil when nobody's.
func (a *Auth) trying(at Attempt, name string) (try, *person) {
	prepared, _ := prepareName(name) // a name that breaks the rules is nobody's
	p := a.named(prepared)
	y := try{from: at.From, account: prepared, trusted: p.knows(at.From, a.now())}
	if p != nil {
		y.device = a.devices.read(at.Device, p.ID, p.Changed, a.now())
	}
	return y, p
}

// prove checks a name and a password.
func (a *Auth) prove(ctx context.Context, at Attempt, name, password string) (*person, bool, error) {
	y, p := a.trying(at, name)
	stale, err := a.proved(ctx, y, p, password)
	if err != nil {
		return nil, false, err
	}
	a.wrong.forgive(a.now(), y)
	return p, stale, nil
}

// proved checks a password, and leaves the try counted. It takes the same time whether or not there is such a person.
func (a *Auth) proved(ctx context.Context, y try, p *person, password string) (stale bool, err error) {
	now := a.now()
	if wait := a.wrong.charge(now, y); wait > 0 {
		return false, &ThrottledError{After: wait}
	}
	ok, stale, err := a.compare(ctx, p, password)
	if err != nil {
		a.wrong.forgive(now, y)
		return false, err
	}
	if !ok {
		a.log.Info("sign-in refused", "from", y.from)
		return false, ErrCredentials
	}
	return stale, nil
}

// compare holds a password against a person's. Who cannot sign in, because there is no such person, the invitation was not
// accepted or the account is disabled, costs the same time and gets the same answer.
func (a *Auth) compare(ctx context.Context, p *person, password string) (ok, stale bool, err error) {
	may := p != nil && p.Password != "" && !p.Disabled
	encoded := a.hashing.dummy
	if may {
		encoded = p.Password
	}
	prepared, broken := preparePassword(password)
	ok, stale, err = a.hashing.verify(ctx, encoded, prepared)
	return ok && may && broken == nil, stale, err
}

// NameOf gives the id of whom a sign-in name is of, for the record of a refused try; "" when it is nobody's.
func (a *Auth) NameOf(name string) string {
	prepared, err := prepareName(name)
	if err != nil {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.names[prepared]
}

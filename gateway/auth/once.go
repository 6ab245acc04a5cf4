package auth

import (
	"fmt"
	"slices"
	"time"
)

const (
	onceLife = time.Hour // of a one-time token
	maxOnce  = 16        // that are good at once; the oldest makes room
)

// onceToken signs its user in, once.
type onceToken struct {
	digest digest
	user   string
	until  time.Time
}

// OnceToken makes a token that signs the user in once, within onceLife and the life of this process.
func (a *Auth) OnceToken(name string) (string, error) {
	name, err := prepareName(name)
	if err != nil {
		return "", err
	}
	token := newSecret("hfo_")
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users[name] == nil {
		return "", fmt.Errorf("make one-time token: there is no user %q", name)
	}
	if len(a.once) >= maxOnce {
		a.once = slices.Delete(a.once, 0, 1)
	}
	a.once = append(a.once, onceToken{digest: digestOf(token), user: name, until: a.now().Add(onceLife)})
	return token, nil
}

// LoginOnce signs in by a one-time token and begins a session. Errors: ErrToken, *ThrottledError.
func (a *Auth) LoginOnce(at Attempt, token string) (Session, error) {
	now := a.now()
	if wait := a.wrong.charge(now, at.From, "", true); wait > 0 {
		return Session{}, &ThrottledError{After: wait}
	}
	u := a.takeOnce(now, token)
	if u == nil {
		return Session{}, ErrToken
	}
	a.wrong.forgive(now, at.From, "", true)
	return a.begin(at, u.seenFrom(at.From, now.UTC()))
}

// takeOnce uses a token up and gives its user, nil when the token is not good.
func (a *Auth) takeOnce(now time.Time, token string) *user {
	if len(token) > maxSecret {
		return nil
	}
	d := digestOf(token)
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.once, func(o onceToken) bool { return o.digest.is(d) })
	if i < 0 {
		return nil
	}
	o := a.once[i]
	a.once = slices.Delete(a.once, i, i+1)
	if now.After(o.until) {
		return nil
	}
	return a.users[o.user]
}

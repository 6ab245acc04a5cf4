package auth

import (
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
	person string // id
	until  time.Time
}

// OnceToken makes a token that signs the person of a name in, once, within onceLife and the life of this process. ErrNone when there is
// nobody of the name who may sign in.
func (a *Auth) OnceToken(name string) (string, error) {
	name, err := prepareName(name)
	if err != nil {
		return "", err
	}
	token := newSecret("hfo_")
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.people[a.names[name]]
	if p == nil || p.Disabled {
		return "", ErrNone
	}
	if len(a.once) >= maxOnce {
		a.once = slices.Delete(a.once, 0, 1)
	}
	a.once = append(a.once, onceToken{digest: digestOf(token), person: p.ID, until: a.now().Add(onceLife)})
	return token, nil
}

// LoginOnce signs in by a one-time token and begins a session. ErrToken when it is not good. Tries are not counted: nobody guesses 256
// bits, and a link from the console must sign in whatever an attacker at the same address does.
func (a *Auth) LoginOnce(at Attempt, token string) (Session, error) {
	now := a.now()
	p := a.takeOnce(now, token)
	if p == nil || p.Disabled {
		return Session{}, ErrToken
	}
	return a.begin(at, p.seenFrom(at.From, now.UTC()))
}

// takeOnce uses a token up and gives its person, nil when the token is not good.
func (a *Auth) takeOnce(now time.Time, token string) *person {
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
	return a.people[o.person]
}

package auth

import (
	"context"
	"fmt"
	"time"
)

// Need is what a stream needs for as long as it runs. All that is set must hold.
type Need struct {
	Permission Permission
	Camera     string     // the permission is needed for this camera; "": for some, or for the site
	Also       Permission // beside it, for the same camera; None: nothing
	Footage    bool       // the permission is to show footage of [From, To), which may take two people
	From, To   time.Time
	Standing   string // nothing of what the identity may do has changed since Auth.Standing gave this; "": it may
}

// lease is a right that is in use for as long as somebody streams.
type lease struct {
	who  Identity
	need Need
	lost func()
}

// Hold has lost called, once, when the identity no longer has what is needed: its session ended, its rights were changed,
// or its hours are over. It looks at once after every change, and at the beginning of each minute, since hours begin and
// end with minutes. lost must not block. The caller calls release when the stream has ended. ok is false, and nothing is
// held, when the right is not there any more.
func (a *Auth) Hold(who Identity, need Need, lost func()) (release func(), ok bool) {
	l := &lease{who: who, need: need, lost: lost}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.holds(l) {
		return func() {}, false
	}
	a.leases[l] = struct{}{}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.leases, l)
	}, true
}

// holds tells whether a lease's right is still there; the caller holds mu.
func (a *Auth) holds(l *lease) bool {
	now, alive := a.present(l.who)
	n := l.need
	switch {
	case !alive, n.Standing != "" && n.Standing != standingOf(now):
		return false
	case n.Camera == "":
		return now.May(n.Permission)
	case !now.MayOn(n.Permission, n.Camera), n.Also != None && !now.MayOn(n.Also, n.Camera):
		return false
	}
	return !n.Footage || a.shows(now, n.Permission, n.Camera, n.From, n.To)
}

// Standing names what the identity may do at this moment: it differs before and after a change that concerns it.
func (a *Auth) Standing(who Identity) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, alive := a.present(who)
	if !alive {
		return ""
	}
	return standingOf(now)
}

func standingOf(who Identity) string {
	return fmt.Sprintf("%s %t %s", who.Kind, who.needs, who.rights.standing())
}

// present gives an identity as it is now, and whether it still is one; the caller holds mu.
func (a *Auth) present(who Identity) (Identity, bool) {
	switch who.Kind {
	case ByLocal:
		return who, true
	case ByProcess:
		return who, !a.policy.NoProcessToken
	}
	if who.Session != "" {
		s := a.sessionOf(who.Session)
		if s == nil || s.expired(a.now()) {
			return Identity{}, false
		}
		return a.identify(s)
	}
	t := a.tokens[who.Token]
	if t == nil {
		return Identity{}, false
	}
	return a.identifyToken(t)
}

func (a *Auth) sessionOf(id string) *session {
	for _, s := range a.sessions {
		if s.id() == id {
			return s
		}
	}
	return nil
}

// review ends the leases whose right is gone. The caller does not hold mu.
func (a *Auth) review() {
	var gone []*lease
	a.mu.Lock()
	for l := range a.leases {
		if !a.holds(l) {
			gone = append(gone, l)
			delete(a.leases, l)
		}
	}
	a.mu.Unlock()
	for _, l := range gone {
		l.lost()
	}
}

// Leases is how many rights are held at this moment.
func (a *Auth) Leases() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.leases)
}

// Run looks at the rights in use at the beginning of each minute, until ctx ends. Changes are looked at without it.
func (a *Auth) Run(ctx context.Context) error {
	for {
		now := a.now()
		next := time.NewTimer(now.Truncate(time.Minute).Add(time.Minute + 10*time.Millisecond).Sub(now))
		select {
		case <-ctx.Done():
			next.Stop()
			return ctx.Err()
		case <-next.C:
			a.review()
		}
	}
}

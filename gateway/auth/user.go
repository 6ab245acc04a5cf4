package auth

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// Bounds of what is remembered about where a user signs in from. It serves one purpose: that an attack on the account
// from elsewhere does not keep its owner out.
const (
	maxKnown  = 16
	knownLife = 90 * 24 * time.Hour
)

// user is one record of the users bucket. It is replaced, never changed, so that who holds one needs no lock.
type user struct {
	Name     string    `json:"name"`
	Role     Role      `json:"role"`
	Password string    `json:"password"` // PHC string
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"` // the password, last
	Known    []known   `json:"known,omitempty"`
}

// known is an address, or an IPv6 network, that the user signed in from.
type known struct {
	Network string    `json:"network"`
	Last    time.Time `json:"last"`
}

// User is what may be told about a user.
type User struct {
	Name    string
	Role    Role
	Created time.Time
}

// Users lists the users by name.
func (a *Auth) Users() []User {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]User, 0, len(a.users))
	for _, u := range a.users {
		list = append(list, User{Name: u.Name, Role: u.Role, Created: u.Created})
	}
	slices.SortFunc(list, func(x, y User) int { return strings.Compare(x.Name, y.Name) })
	return list
}

func (a *Auth) user(name string) *user {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.users[name]
}

func (u *user) knows(from netip.Addr, now time.Time) bool {
	return u != nil && slices.ContainsFunc(u.Known, func(k known) bool {
		return k.Network == network(from) && now.Sub(k.Last) < knownLife
	})
}

// seenFrom gives a copy of the user that knows the address, newest first.
func (u *user) seenFrom(from netip.Addr, now time.Time) *user {
	c := *u
	c.Known = []known{{Network: network(from), Last: now}}
	for _, k := range u.Known {
		if k.Network != c.Known[0].Network && now.Sub(k.Last) < knownLife && len(c.Known) < maxKnown {
			c.Known = append(c.Known, k)
		}
	}
	return &c
}

// Login signs a user in by password and begins a session. Errors: ErrCredentials, *ThrottledError, ErrBusy.
func (a *Auth) Login(ctx context.Context, at Attempt, name, password string) (Session, error) {
	u, stale, err := a.prove(ctx, at, name, password)
	if err != nil {
		return Session{}, err
	}
	u = u.seenFrom(at.From, a.now().UTC())
	if stale {
		if fresh, err := a.hashing.make(ctx, mustPrepare(password)); err == nil {
			u.Password = fresh
		}
	}
	return a.begin(at, u)
}

// mustPrepare prepares a password that has been prepared before.
func mustPrepare(password string) string {
	p, _ := preparePassword(password)
	return p
}

// prove checks a name and a password. It takes the same time whether or not there is such a user.
func (a *Auth) prove(ctx context.Context, at Attempt, name, password string) (u *user, stale bool, err error) {
	prepared, _ := prepareName(name) // a name that breaks the rules is nobody's
	u = a.user(prepared)
	now, trusted := a.now(), u.knows(at.From, a.now())
	if wait := a.wrong.charge(now, at.From, prepared, trusted); wait > 0 {
		return nil, false, &ThrottledError{After: wait}
	}
	ok, stale, err := a.compare(ctx, u, password)
	if err != nil {
		a.wrong.forgive(now, at.From, prepared, trusted)
		return nil, false, err
	}
	if !ok {
		a.log.Info("sign-in refused", "from", at.From)
		return nil, false, ErrCredentials
	}
	a.wrong.forgive(now, at.From, prepared, trusted)
	return u, stale, nil
}

func (a *Auth) compare(ctx context.Context, u *user, password string) (ok, stale bool, err error) {
	encoded := a.hashing.dummy
	if u != nil {
		encoded = u.Password
	}
	prepared, broken := preparePassword(password)
	ok, stale, err = a.hashing.verify(ctx, encoded, prepared)
	return ok && u != nil && broken == nil, stale, err
}

// SetPassword changes the password of the user behind a session, who proves the old one once more. All the user's other
// sessions end. Errors: those of Login, and *RuleError.
func (a *Auth) SetPassword(ctx context.Context, who Identity, at Attempt, old, password string) error {
	u, _, err := a.prove(ctx, at, who.User, old)
	if err != nil {
		return err
	}
	hash, err := a.hashNew(ctx, u.Name, password)
	if err != nil {
		return err
	}
	if err := a.replacePassword(u.Name, hash); err != nil {
		return err
	}
	return a.endAll(func(s *session) bool { return s.User == u.Name && s.id() != who.Session })
}

func (a *Auth) replacePassword(name, hash string) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	u := a.user(name)
	if u == nil {
		return ErrCredentials
	}
	c := *u
	c.Password, c.Changed = hash, a.now().UTC()
	err := a.db.Update(func(tx *bbolt.Tx) error { return put(tx, bucketUsers, []byte(name), &c) })
	if err != nil {
		return fmt.Errorf("write user: %w", err)
	}
	a.mu.Lock()
	a.users[name] = &c
	a.mu.Unlock()
	return nil
}

// hashNew holds a new password against the rules and hashes it.
func (a *Auth) hashNew(ctx context.Context, name, password string) (string, error) {
	prepared, err := preparePassword(password)
	if err != nil {
		return "", err
	}
	if err := checkNewPassword(name, prepared); err != nil {
		return "", err
	}
	return a.hashing.make(ctx, prepared)
}

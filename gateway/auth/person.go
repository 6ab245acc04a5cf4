package auth

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/gateway/statedb"
)

// Bounds of what is remembered about where a person signs in from. It serves one purpose: that an attack on the account
// from elsewhere does not keep its owner out.
const (
	maxKnown  = 16
	knownLife = 90 * 24 * time.Hour
	maxPeople = 2000
)

// person is one record of the people bucket. It is replaced, never changed, so that who holds one needs no lock.
type person struct {
	ID       string    `json:"-"`
	Name     string    `json:"name"` // prepared
	Display  string    `json:"display,omitempty"`
	Password string    `json:"password,omitempty"` // PHC string; "" while the invitation was not accepted
	Grants   []Grant   `json:"grants"`
	Disabled bool      `json:"disabled,omitempty"`
	Invite   *invite   `json:"invite,omitempty"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`       // the password, last
	Seen     time.Time `json:"seen,omitzero"` // signed in, last
	Known    []known   `json:"known,omitempty"`
	Factor   factor    `json:"factor,omitzero"`
}

// invite is a link that was given out: whoever has it chooses the person's password, once.
type invite struct {
	Digest digest    `json:"digest"`
	Until  time.Time `json:"until"`
}

// known is an address, or an IPv6 network, that the person signed in from.
type known struct {
	Network string    `json:"network"`
	Last    time.Time `json:"last"`
}

// States of a person.
const (
	Invited  = "invited"  // has a link, and no password yet
	Active   = "active"   // may sign in
	Disabled = "disabled" // may not, until somebody says so
)

// Person is what may be told about a person.
type Person struct {
	ID            string
	Name          string
	Display       string
	State         string
	Grants        []Grant
	SecondFactor  bool
	RecoveryCodes int // left
	WrongCodes    int // of the authenticator, that no right one has forgiven yet
	Created       time.Time
	Changed       time.Time // the password, last; zero before the first
	Seen          time.Time // signed in, last; zero: never
	InvitedUntil  time.Time // a link is good until then; zero: there is none
	Networks      []Network
}

// Network is where a person signed in from.
type Network struct {
	Network string
	Last    time.Time
}

func (p *person) state() string {
	switch {
	case p.Disabled:
		return Disabled
	case p.Password == "":
		return Invited
	}
	return Active
}

func (p *person) told(now time.Time) Person {
	t := Person{ID: p.ID, Name: p.Name, Display: p.Display, State: p.state(), Grants: slices.Clone(p.Grants), SecondFactor: p.Factor.confirmed(),
		RecoveryCodes: p.Factor.codesLeft(), WrongCodes: p.Factor.wrongCodes(), Created: p.Created, Changed: p.Changed, Seen: p.Seen}
	if p.Invite != nil && now.Before(p.Invite.Until) {
		t.InvitedUntil = p.Invite.Until
	}
	for _, k := range p.Known {
		t.Networks = append(t.Networks, Network(k))
	}
	return t
}

// People lists the people by name.
func (a *Auth) People() []Person {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Person, 0, len(a.people))
	for _, p := range a.people {
		list = append(list, p.told(a.now()))
	}
	slices.SortFunc(list, func(x, y Person) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// Person gives one person; ErrNone when there is none.
func (a *Auth) Person(id string) (Person, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.people[id]
	if p == nil {
		return Person{}, ErrNone
	}
	return p.told(a.now()), nil
}

// named finds a person by prepared name.
func (a *Auth) named(name string) *person {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.people[a.names[name]]
}

func (a *Auth) person(id string) *person {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.people[id]
}

// newPersonID makes an id that is never used again and tells nothing.
func newPersonID() string {
	var b [8]byte
	rand.Read(b[:])
	return "p-" + hex.EncodeToString(b[:])
}

func (p *person) knows(from netip.Addr, now time.Time) bool {
	return p != nil && slices.ContainsFunc(p.Known, func(k known) bool {
		return k.Network == network(from) && now.Sub(k.Last) < knownLife
	})
}

// seenFrom gives a copy of the person that knows the address, newest first.
func (p *person) seenFrom(from netip.Addr, now time.Time) *person {
	c := *p
	c.Seen = now
	c.Known = []known{{Network: network(from), Last: now}}
	for _, k := range p.Known {
		if k.Network != c.Known[0].Network && now.Sub(k.Last) < knownLife && len(c.Known) < maxKnown {
			c.Known = append(c.Known, k)
		}
	}
	return &c
}

// SetPassword changes the password of the person behind a session, who proves the old one once more. All other sessions
// of theirs end. Errors: those of Login, and *RuleError.
func (a *Auth) SetPassword(ctx context.Context, who Identity, at Attempt, old, password string) error {
	p, _, err := a.prove(ctx, at, who.User, old)
	if err != nil {
		return err
	}
	hash, err := a.hashNew(ctx, p, password)
	if err != nil {
		return err
	}
	return a.updateEnding(p.ID, func(c *person) (bool, error) {
		c.Password, c.Changed = hash, a.now().UTC()
		return true, nil
	}, who.Session)
}

// hashNew holds a new password against the rules and hashes it.
func (a *Auth) hashNew(ctx context.Context, p *person, password string) (string, error) {
	prepared, err := preparePassword(password)
	if err != nil {
		return "", err
	}
	if err := checkNewPassword(about{name: p.Name, display: p.Display, site: a.site, host: a.host, breached: a.breached}, prepared); err != nil {
		return "", err
	}
	return a.hashing.make(ctx, prepared)
}

// update replaces a person by a copy that f has changed. ErrNone when there is no such person.
func (a *Auth) update(id string, f func(*person) error) error {
	return a.updateEnding(id, func(p *person) (bool, error) { return false, f(p) }, "")
}

// updateEnding is an update with which the person's sessions end too, all but one, if f says so: both or neither.
func (a *Auth) updateEnding(id string, f func(*person) (ends bool, err error), but string) error {
	return a.change(func() error {
		p := a.people[id]
		if p == nil {
			return ErrNone
		}
		c := *p
		ends, err := f(&c)
		if err != nil {
			return err
		}
		var gone []*session
		if ends {
			gone = a.sessionsWhere(func(s *session) bool { return s.Person == id && s.id() != but })
		}
		return a.writePerson(&c, gone)
	})
}

// writePerson writes a person, under whatever name they now have, and ends sessions of theirs; the caller is within change.
func (a *Auth) writePerson(p *person, gone []*session) error {
	value, err := a.sealPerson(p)
	if err != nil {
		return err
	}
	err = a.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(tx.Bucket(bucketPeople).Put([]byte(p.ID), value), remove(tx, gone))
	})
	err = a.applied(err, func() {
		if was := a.people[p.ID]; was != nil {
			delete(a.names, was.Name)
		}
		a.people[p.ID], a.names[p.Name] = p, p.ID
	})
	if statedb.Counts(err) {
		a.finish(gone)
	}
	if err != nil {
		return fmt.Errorf("write person: %w", err)
	}
	return nil
}

// administrators counts who may do everything over all cameras at all hours, and can sign in, without the one whose id is
// left out; the caller is within change.
func (a *Auth) administrators(without string) (n int) {
	for id, p := range a.people {
		if id != without && p.state() == Active && p.administers() {
			n++
		}
	}
	return n
}

func (p *person) administers() bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool {
		return g.Role == Administrator && len(g.Hours) == 0 && g.Until.IsZero() && slices.Contains(g.Cameras, everyCamera)
	})
}

var errUnreadable = errors.New("it was sealed under a key that is not here")

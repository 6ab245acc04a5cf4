package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/gateway/statedb"
)

// inviteLife is how long an invitation is good.
const inviteLife = 72 * time.Hour

// NewPerson is what is said of a person who is made.
type NewPerson struct {
	Name    string // to sign in with
	Display string // what they are called; may be ""
	Grants  []Grant
}

// Invitation is a link's secret, told once.
type Invitation struct {
	Token string
	Until time.Time
}

// CreatePerson makes a person who may sign in once they have chosen a password by the invitation. Errors: *RuleError,
// ErrBeyond, ErrNameTaken.
func (a *Auth) CreatePerson(who Identity, n NewPerson) (p Person, inv Invitation, err error) {
	name, err := prepareName(n.Name)
	if err == nil {
		err = checkDisplay(n.Display)
	}
	if err != nil {
		return p, inv, err
	}
	err = a.change(func() error {
		switch {
		case len(a.people)+a.locked >= maxPeople:
			return &RuleError{"username", fmt.Sprintf("There are %d people, as many as can be.", maxPeople)}
		case a.names[name] != "":
			return ErrNameTaken
		}
		if err := a.checkGrants(who, nil, n.Grants); err != nil {
			return err
		}
		fresh := &person{ID: newPersonID(), Name: name, Display: n.Display, Grants: slices.Clone(n.Grants), Created: a.now().UTC()}
		inv = a.invite(fresh)
		if err := a.writePerson(fresh, nil); err != nil {
			return err
		}
		p = fresh.told(a.now())
		return nil
	})
	return p, inv, err
}

// ErrNameTaken says that somebody has the name already.
var ErrNameTaken = errors.New("somebody has this name already")

func checkDisplay(s string) error {
	if len(s) > maxCalled || hasControl(s) {
		return &RuleError{"display", labelRule}
	}
	return nil
}

func (a *Auth) invite(p *person) Invitation {
	token, until := newSecret("hfi_"), a.now().UTC().Add(inviteLife)
	p.Invite = &invite{Digest: digestOf(token), Until: until}
	return Invitation{Token: token, Until: until}
}

// Invite makes a new invitation, with which the person chooses a new password; earlier ones are worth nothing. Who asks must have
// all rights that the person has: the link is as good as the account. Errors: ErrNone, ErrBeyond.
func (a *Auth) Invite(who Identity, id string) (inv Invitation, err error) {
	err = a.update(id, func(p *person) error {
		if p.Disabled {
			return &RuleError{"state", "The account is disabled. Enable it first."}
		}
		if !a.reaches(who, p) {
			return ErrBeyond
		}
		inv = a.invite(p)
		return nil
	})
	return inv, err
}

// reaches tells whether somebody has whatever rights a person has; the caller is within change.
func (a *Auth) reaches(who Identity, p *person) bool {
	for _, g := range p.Grants {
		if role, _ := a.role(g.Role); !who.holdsAll(role.Permissions) {
			return false
		}
	}
	return true
}

// Join takes an invitation: its person gets the password and a session. Sessions that the person had end, and a second factor
// stays as it is. Errors: ErrToken, *RuleError, ErrBusy, ErrSecondFactor when the password is set and a
// code is needed to sign in with it.
func (a *Auth) Join(ctx context.Context, at Attempt, token, password string) (x Session, err error) {
	p := a.ofInvite(token)
	if p == nil {
		return x, ErrToken
	}
	hash, err := a.hashNew(ctx, p, password)
	if err != nil {
		return x, err
	}
	d := digestOf(token)
	err = a.change(func() error {
		now := a.people[p.ID]
		if now == nil || now.Disabled || now.Invite == nil || !now.Invite.Digest.is(d) {
			return ErrToken // somebody else was faster
		}
		c := *now
		c.Password, c.Changed, c.Invite = hash, a.now().UTC(), nil
		former := a.sessionsWhere(func(s *session) bool { return s.Person == c.ID })
		if c.Factor.confirmed() {
			if err := a.writePerson(&c, former); err != nil {
				return err
			}
			return ErrSecondFactor // the password is set: sign in with it and a code
		}
		x, err = a.beginLocked(at, c.seenFrom(at.From, a.now().UTC()), former)
		return err
	})
	return x, err
}

// InvitedName tells whose invitation a token is, for the page that asks for the password. ErrToken when it is not good.
func (a *Auth) InvitedName(token string) (name, display string, err error) {
	p := a.ofInvite(token)
	if p == nil {
		return "", "", ErrToken
	}
	return p.Name, p.Display, nil
}

// ofInvite finds whom an invitation is of; nil when it is not good.
func (a *Auth) ofInvite(token string) *person {
	if len(token) > maxSecret {
		return nil
	}
	d, now := digestOf(token), a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.people {
		if p.Invite != nil && p.Invite.Digest.is(d) && now.Before(p.Invite.Until) && !p.Disabled {
			return p
		}
	}
	return nil
}

// PersonChange is what is changed of a person; nil leaves a thing as it is.
type PersonChange struct {
	Name, Display *string
	Grants        *[]Grant
	Disabled      *bool
	DropFactor    bool // the person lost their phone and their recovery codes
}

// ChangePerson changes a person. Errors: ErrNone, ErrBeyond, ErrLast, ErrNameTaken, *RuleError.
func (a *Auth) ChangePerson(who Identity, id string, ch PersonChange) (before, after Person, err error) {
	err = a.updateEnding(id, func(p *person) (ends bool, err error) {
		before = p.told(a.now())
		own := who.Person == id && ch.Grants == nil && ch.Disabled == nil && !ch.DropFactor
		if !own && !a.reaches(who, p) {
			return false, ErrBeyond
		}
		was := p.state() == Active && p.administers()
		if err := a.applyChange(who, p, ch); err != nil {
			return false, err
		}
		if is := p.state() == Active && p.administers(); was && !is && a.administrators(id) == 0 {
			return false, ErrLast
		}
		after = p.told(a.now())
		return after.State == Disabled, nil
	}, "")
	return before, after, err
}

func (a *Auth) applyChange(who Identity, p *person, ch PersonChange) error {
	if ch.Name != nil {
		name, err := prepareName(*ch.Name)
		if err != nil {
			return err
		}
		if holder := a.names[name]; holder != "" && holder != p.ID {
			return ErrNameTaken
		}
		p.Name = name
	}
	if ch.Display != nil {
		if err := checkDisplay(*ch.Display); err != nil {
			return err
		}
		p.Display = *ch.Display
	}
	if ch.Grants != nil {
		if err := a.checkGrants(who, p.Grants, *ch.Grants); err != nil {
			return err
		}
		p.Grants = slices.Clone(*ch.Grants)
	}
	if ch.Disabled != nil {
		p.Disabled = *ch.Disabled
	}
	if ch.DropFactor {
		p.Factor = factor{}
	}
	return nil
}

// DeletePerson removes an account: what is held about the person here can be read by nobody any more, because its key is
// destroyed. What the audit log holds is another matter, see Options.Keys. Errors: ErrNone, ErrBeyond, ErrLast.
func (a *Auth) DeletePerson(who Identity, id string) (gone Person, err error) {
	err = a.change(func() error {
		p := a.people[id]
		switch {
		case p == nil:
			return ErrNone
		case who.Person != id && !a.reaches(who, p):
			return ErrBeyond
		case p.state() == Active && p.administers() && a.administrators(id) == 0:
			return ErrLast
		}
		gone = p.told(a.now())
		return a.removePerson(p)
	})
	return gone, err
}

// removePerson ends all that is the person's, then forgets them; the caller is within change.
func (a *Auth) removePerson(p *person) error {
	tokens := a.tokensOf(p.ID)
	sessions := a.sessionsWhere(func(s *session) bool { return s.Person == p.ID })
	err := a.applied(a.eraseAll(p, tokens, sessions), func() {
		delete(a.people, p.ID)
		delete(a.names, p.Name)
		for _, t := range tokens {
			delete(a.tokens, t.ID)
			delete(a.byDigest, t.Digest)
		}
		a.once = slices.DeleteFunc(a.once, func(o onceToken) bool { return o.person == p.ID })
	})
	if !statedb.Counts(err) {
		return err
	}
	a.finish(sessions)
	if e := a.keys.Forget(stateKey(p.ID)); e != nil { // tried again with each Sweep: see bucketForgotten
		err = errors.Join(err, fmt.Errorf("destroy the person's key: %w", e))
	}
	return err
}

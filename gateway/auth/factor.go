package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// factor is a person's second factor. It is a value, replaced as a whole.
type factor struct {
	TOTP     *TOTP    `json:"totp,omitempty"`    // nil: there is none
	Pending  *TOTP    `json:"pending,omitempty"` // shown, and not confirmed by a first code yet
	Recovery Recovery `json:"recovery,omitzero"`
}

func (f factor) confirmed() bool { return f.TOTP != nil }

func (f factor) codesLeft() int { return f.Recovery.Left() }

func (f factor) wrongCodes() int {
	if f.TOTP == nil {
		return 0
	}
	return f.TOTP.Wrong
}

// proveFactor checks the code of a person who has a second factor, and uses it up. It gives the person as they are then.
// Errors: ErrSecondFactor when no code was sent, ErrCredentials, ErrCodesClosed, *ThrottledError.
func (a *Auth) proveFactor(at Attempt, p *person, device, code string) (*person, error) {
	if !p.Factor.confirmed() {
		return p, nil
	}
	if code == "" {
		return nil, ErrSecondFactor
	}
	if IsRecoveryCode(code) {
		y := try{from: at.From, account: p.Name, trusted: p.knows(at.From, a.now()), device: device, kind: recovery}
		if wait := a.wrong.charge(a.now(), y); wait > 0 {
			return nil, &ThrottledError{After: wait}
		}
		used, err := a.useCode(p, func(f factor) (factor, error) { return f.useRecovery(code) })
		if err == nil {
			a.wrong.forgive(a.now(), y)
		}
		return used, err
	}
	y := try{from: at.From, account: p.Name, device: device, kind: byCode}
	known := a.wrong.charge(a.now(), y) == 0 // a browser of theirs has tries of its own, a stolen cookie few
	used, err := a.useCode(p, func(f factor) (factor, error) {
		if f.TOTP == nil {
			return f, ErrCredentials // it was taken away meanwhile
		}
		next, err := f.TOTP.Check(code, a.now(), known)
		f.TOTP = &next
		return f, err
	})
	if err == nil && known {
		a.wrong.forgive(a.now(), y)
	}
	return used, err
}

func (f factor) useRecovery(code string) (factor, error) {
	next, ok := f.Recovery.Use(code)
	if !ok {
		return f, ErrCredentials
	}
	f.Recovery = next
	if f.TOTP != nil {
		reopened := f.TOTP.Reopened()
		f.TOTP = &reopened
	}
	return f, nil
}

// useCode has use look at a code, and keeps what comes of it before anybody is answered: a code is good once, and the count of wrong
// ones lasts over a restart.
func (a *Auth) useCode(p *person, use func(factor) (factor, error)) (*person, error) {
	var checked error
	var now *person
	err := a.update(p.ID, func(c *person) error {
		c.Factor, checked = use(c.Factor)
		now = c
		return nil
	})
	if errors.Is(err, ErrUnconfirmed) {
		return nil, fmt.Errorf("use code: %v", err) // the code is used up, and what was asked for with it is not done
	}
	if err != nil {
		return nil, err
	}
	if checked != nil {
		return nil, checked
	}
	kept := *p
	kept.Factor = now.Factor
	return &kept, nil
}

// asksFactor tells whether the site asks for a second factor of a person; the caller holds mu or is within change.
func (a *Auth) asksFactor(p *person) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool { return slices.Contains(a.policy.SecondFactor, g.Role) })
}

// Enrolment is what an authenticator is set up with; it is told once.
type Enrolment struct {
	URI  string // otpauth://
	Text string // the secret, to type
	QR   []byte // PNG of URI
}

// BeginFactor begins to set up a second factor for the person behind a session, who proves the password once more. It counts
// once ConfirmFactor has seen a first code. Errors: those of Login, *RuleError when there is one already.
func (a *Auth) BeginFactor(ctx context.Context, who Identity, at Attempt, password string) (e Enrolment, err error) {
	p, _, err := a.prove(ctx, at, who.User, password)
	if err != nil {
		return e, err
	}
	if p.Factor.confirmed() {
		return e, &RuleError{"code", "There is a second factor already. Remove it first."}
	}
	t := NewTOTP()
	e = Enrolment{URI: t.URI(a.site, p.Name), Text: t.Text()}
	if e.QR, err = t.QR(a.site, p.Name); err != nil {
		return e, err
	}
	err = a.update(p.ID, func(c *person) error {
		c.Factor.Pending = &t
		return nil
	})
	return e, err
}

// ConfirmFactor takes the first code, and gives the recovery codes, told once. Errors: ErrCredentials, *RuleError,
// *ThrottledError.
func (a *Auth) ConfirmFactor(who Identity, at Attempt, code string) (codes []string, err error) {
	now := a.now()
	y := try{from: at.From, account: who.User, trusted: true}
	if wait := a.wrong.charge(now, y); wait > 0 {
		return nil, &ThrottledError{After: wait}
	}
	err = a.update(who.Person, func(c *person) error {
		if c.Factor.Pending == nil {
			return &RuleError{"code", "Nothing is being set up. Begin anew."}
		}
		t, ok := c.Factor.Pending.Enrol(code, now)
		if !ok {
			return ErrCredentials
		}
		r, told := NewRecovery()
		c.Factor, codes = factor{TOTP: &t, Recovery: r}, told
		return nil
	})
	if err == nil {
		a.wrong.forgive(now, y)
	}
	return codes, err
}

// DropFactor takes the second factor away from the person behind a session, who proves password and code once more. Errors: those
// of Login.
func (a *Auth) DropFactor(ctx context.Context, who Identity, at Attempt, password, code string) error {
	p, err := a.proveBoth(ctx, who, at, password, code)
	if err != nil {
		return err
	}
	return a.update(p.ID, func(c *person) error {
		c.Factor = factor{}
		return nil
	})
}

// RenewRecovery makes new recovery codes; the former are worth nothing. Errors: those of Login, *RuleError without a second
// factor.
func (a *Auth) RenewRecovery(ctx context.Context, who Identity, at Attempt, password, code string) (codes []string, err error) {
	p, err := a.proveBoth(ctx, who, at, password, code)
	if err != nil {
		return nil, err
	}
	err = a.update(p.ID, func(c *person) error {
		if !c.Factor.confirmed() {
			return &RuleError{"code", "There is no second factor."}
		}
		c.Factor.Recovery, codes = NewRecovery()
		return nil
	})
	return codes, err
}

func (a *Auth) proveBoth(ctx context.Context, who Identity, at Attempt, password, code string) (*person, error) {
	p, _, err := a.prove(ctx, at, who.User, password)
	if err != nil {
		return nil, err
	}
	return a.proveFactor(at, p, a.devices.read(at.Device, p.ID, p.Changed, a.now()), code)
}

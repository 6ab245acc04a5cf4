package auth

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of approvals. They are kept in memory: one that a restart ends is asked for again.
const (
	askedLife      = 24 * time.Hour // for somebody to decide
	approvedLife   = time.Hour      // from the decision on
	maxApprovals   = 256            // that are kept; the oldest that are over make room
	maxAskedAtOnce = 8              // of a person that wait
	maxGround      = 400            // bytes
)

// ErrNeedsApproval says that another person has to approve first.
var ErrNeedsApproval = errors.New("another person has to approve this first")

// ErrOwnApproval says that nobody approves what they asked for themselves.
var ErrOwnApproval = errors.New("another person has to decide this than the one who asked")

// States of an approval.
const (
	Asked    = "asked"
	Given    = "given"
	Declined = "declined"
	Over     = "over" // nobody decided in time, or its hour has passed, or it was given back
)

// Approval is what somebody asked another person for: one permission, on one camera, of one range of footage.
type Approval struct {
	ID         string
	Permission Permission
	Camera     string
	From, To   time.Time // of footage
	Reason     string
	By         string // id of who asks
	Asked      time.Time
	State      string
	Decider    string // id of who decided; "" while nobody has
	Decided    time.Time
	Until      time.Time // when it is over by itself
}

// Ask asks for an approval. Errors: *RuleError.
func (a *Auth) Ask(who Identity, p Permission, camera string, from, to time.Time, reason string) (x Approval, err error) {
	switch {
	case !twoPeopleMay.Has(p):
		return x, &RuleError{"permission", "Playback or export is approved."}
	case who.Person == "":
		return x, &RuleError{"person", "A person asks, and not a program."}
	case strings.TrimSpace(reason) == "" || len(reason) > maxGround || hasControl(reason):
		return x, &RuleError{"reason", "Say why, in at most 400 bytes, so that the other person can decide."}
	case !to.After(from):
		return x, &RuleError{"to", "It must be after from."}
	}
	var id [8]byte
	rand.Read(id[:])
	now := a.now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweepApprovals(now)
	waiting := 0
	for _, o := range a.approvals {
		if o.By == who.Person && o.State == Asked {
			waiting++
		}
	}
	if waiting >= maxAskedAtOnce || len(a.approvals) >= maxApprovals {
		return x, &RuleError{"approval", fmt.Sprintf("%d of your requests wait for a decision already.", waiting)}
	}
	x = Approval{ID: "a-" + hex.EncodeToString(id[:]), Permission: p, Camera: camera, From: from.UTC(), To: to.UTC(), Reason: reason,
		By: who.Person, Asked: now, State: Asked, Until: now.Add(askedLife)}
	kept := x
	a.approvals[x.ID] = &kept
	a.tellApproval(&kept)
	return x, nil
}

// sweepApprovals lets those be over whose time has passed, and forgets the oldest of these; the caller holds mu.
func (a *Auth) sweepApprovals(now time.Time) {
	var over []*Approval
	for _, x := range a.approvals {
		if (x.State == Asked || x.State == Given) && !now.Before(x.Until) {
			x.State = Over
		}
		if x.State == Over || x.State == Declined {
			over = append(over, x)
		}
	}
	slices.SortFunc(over, func(x, y *Approval) int { return x.Asked.Compare(y.Asked) })
	for _, x := range over[:min(len(over), max(0, len(a.approvals)-maxApprovals/2))] {
		delete(a.approvals, x.ID)
	}
}

// Approvals lists those that somebody asked for, and those that they may decide, the newest first.
func (a *Auth) Approvals(who Identity) []Approval {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweepApprovals(a.now())
	list := []Approval{}
	for _, x := range a.approvals {
		if x.concerns(who) {
			list = append(list, *x)
		}
	}
	slices.SortFunc(list, func(x, y Approval) int { return cmp.Or(y.Asked.Compare(x.Asked), strings.Compare(x.ID, y.ID)) })
	return list
}

// Decide gives or declines an approval that waits. Errors: ErrNone, ErrOwnApproval, ErrInUse when it was decided already.
func (a *Auth) Decide(who Identity, id string, give bool) (x Approval, err error) {
	err = a.change(func() error {
		a.mu.Lock()
		defer a.mu.Unlock()
		now := a.now().UTC()
		a.sweepApprovals(now)
		o := a.approvals[id]
		switch {
		case o == nil || !who.MayOn(Approve, o.Camera):
			return ErrNone
		case o.By == who.Person || who.Person == "":
			return ErrOwnApproval
		case o.State != Asked:
			return ErrInUse
		}
		o.State, o.Decider, o.Decided = Declined, who.Person, now
		if give {
			o.State, o.Until = Given, now.Add(approvedLife)
		}
		a.tellApproval(o)
		x = *o
		return nil
	})
	return x, err
}

// EndApproval ends an approval: by who asked for it, or who may decide it. What goes on by it ends. Errors: ErrNone, ErrInUse when it has
// ended already.
func (a *Auth) EndApproval(who Identity, id string) (x Approval, err error) {
	err = a.change(func() error {
		a.mu.Lock()
		defer a.mu.Unlock()
		o := a.approvals[id]
		if o == nil || !o.concerns(who) {
			return ErrNone
		}
		if o.State == Declined || o.State == Over {
			return ErrInUse
		}
		o.State = Over
		a.tellApproval(o)
		x = *o
		return nil
	})
	return x, err
}

// MayShow tells whether somebody may do to footage of a camera and a range what the permission says, with the second person's
// approval where the site asks for one. The local socket needs none: who has the machine has the footage, and the audit log says so.
// It is nil, ErrNone without the right, or ErrNeedsApproval.
func (a *Auth) MayShow(who Identity, p Permission, camera string, from, to time.Time) error {
	if !who.MayOn(p, camera) {
		return ErrNone
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.shows(who, p, camera, from, to) {
		return ErrNeedsApproval
	}
	return nil
}

// shows tells whether the second person's approval is there, or is not asked for; the caller holds mu.
func (a *Auth) shows(who Identity, p Permission, camera string, from, to time.Time) bool {
	if who.Kind == ByLocal || !a.twoPeople(p, camera) {
		return true
	}
	now := a.now()
	for _, x := range a.approvals {
		if x.State == Given && x.By == who.Person && who.Person != "" && x.Permission == p && x.Camera == camera && now.Before(x.Until) &&
			!from.Before(x.From) && !to.After(x.To) {
			return true
		}
	}
	return false
}

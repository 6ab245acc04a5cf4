package auth

import (
	"cmp"
	"slices"
	"strings"
)

// Role is a named set of permissions: one of the ready ones, or one that the site made.
type Role struct {
	ID          string `json:"id"` // what grants name it by
	Name        string `json:"name"`
	Says        string `json:"says,omitempty"` // what it is for, for people
	Permissions Set    `json:"permissions"`
	Ready       bool   `json:"-"` // comes with the program and cannot be changed
}

// Administrator is the id of the role that may do everything. At least one active person has it, over all cameras and at
// all hours.
const Administrator = "administrator"

// readyRoles come with the program. They give the least that the work needs.
var readyRoles = []Role{
	{ID: Administrator, Name: "Administrator", Says: "May do everything.", Permissions: every &^ SetOf(Self), Ready: true},
	{ID: "operator", Name: "Operator", Says: "Watches, listens, plays back, exports, turns cameras, marks and locks.", Ready: true,
		Permissions: SetOf(See, Live, Audio, Talk, Playback, Export, PTZ, Control, Raise, Lock)},
	{ID: "viewer", Name: "Viewer", Says: "Watches live pictures, and nothing else.", Ready: true,
		Permissions: SetOf(See, Live)},
	{ID: "auditor", Name: "Auditor", Says: "Reads the audit log. Sees no pictures.", Ready: true,
		Permissions: SetOf(See, Audit)},
	{ID: "privacy-officer", Name: "Privacy officer", Says: "Answers people's requests about footage of them: finds it, locks it, erases it, approves what others take away.", Ready: true,
		Permissions: SetOf(See, Playback, Lock, Erase, Approve, Audit, Privacy)},
}

// maxRoles bounds the roles that a site makes.
const maxRoles = 64

// Roles lists the ready roles, then the site's own by their names.
func (a *Auth) Roles() []Role {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := slices.Clone(readyRoles)
	own := make([]Role, 0, len(a.roles))
	for _, r := range a.roles {
		own = append(own, *r)
	}
	slices.SortFunc(own, func(x, y Role) int { return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.ID, y.ID)) })
	return append(list, own...)
}

// role finds a role; the caller holds mu.
func (a *Auth) role(id string) (Role, bool) {
	for _, r := range readyRoles {
		if r.ID == id {
			return r, true
		}
	}
	if r := a.roles[id]; r != nil {
		return *r, true
	}
	return Role{}, false
}

// PutRole makes a role of the site's, or changes it. Whoever asks cannot give what they do not have. Errors: *RuleError,
// ErrReady, ErrBeyond.
func (a *Auth) PutRole(who Identity, r Role) error {
	if isReady(r.ID) {
		return ErrReady
	}
	if err := checkRole(r); err != nil {
		return err
	}
	if !who.holdsAll(r.Permissions) {
		return ErrBeyond
	}
	r.Ready = false
	return a.change(func() error {
		if was, known := a.roles[r.ID]; !known && len(a.roles) >= maxRoles {
			return &RuleError{"role", "There are as many roles as can be. Remove one first."}
		} else if known && !who.holdsAll(was.Permissions) {
			return ErrBeyond
		}
		return a.write(bucketRoles, r.ID, r, func() { a.roles[r.ID] = &r })
	})
}

// RemoveRole removes a role of the site's that nobody has and the policy does not name. Errors: ErrNone, ErrReady, ErrInUse.
func (a *Auth) RemoveRole(who Identity, id string) error {
	if isReady(id) {
		return ErrReady
	}
	return a.change(func() error {
		r := a.roles[id]
		switch {
		case r == nil:
			return ErrNone
		case !who.holdsAll(r.Permissions):
			return ErrBeyond
		case a.roleUsed(id):
			return ErrInUse
		}
		return a.erase(bucketRoles, id, func() { delete(a.roles, id) })
	})
}

func isReady(id string) bool {
	return slices.ContainsFunc(readyRoles, func(r Role) bool { return r.ID == id })
}

func (a *Auth) roleUsed(id string) bool {
	for _, p := range a.people {
		if slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Role == id }) {
			return true
		}
	}
	return slices.Contains(a.policy.SecondFactor, id)
}

func checkRole(r Role) error {
	switch {
	case !validID(r.ID):
		return &RuleError{"id", idRule}
	case r.Name == "" || len(r.Name) > maxCalled || hasControl(r.Name):
		return &RuleError{"name", labelRule}
	case len(r.Says) > maxSays || hasControl(r.Says):
		return &RuleError{"says", saysRule}
	case r.Permissions == 0:
		return &RuleError{"permissions", "It must allow something."}
	}
	return nil
}

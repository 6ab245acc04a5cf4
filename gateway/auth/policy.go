package auth

import (
	"slices"
)

// Policy is what a site asks of everybody.
type Policy struct {
	TwoPeople      []TwoPeople `json:"two_people,omitempty"`
	SecondFactor   []string    `json:"second_factor,omitempty"` // ids of roles whose holders must have one
	NoProcessToken bool        `json:"no_process_token,omitempty"`
}

// TwoPeople says what nobody does alone: another person approves it first.
type TwoPeople struct {
	Permissions Set      `json:"permissions"` // Playback, Export
	Cameras     []string `json:"cameras"`     // ids, groups or *
}

const maxTwoPeople = 64 // rules

// twoPeopleMay is what can be asked for two people: what shows or takes away footage.
var twoPeopleMay = SetOf(Playback, Export)

// Policy gives the site's policy.
func (a *Auth) Policy() Policy {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Policy{TwoPeople: slices.Clone(a.policy.TwoPeople), SecondFactor: slices.Clone(a.policy.SecondFactor), NoProcessToken: a.policy.NoProcessToken}
}

// SetPolicy replaces it. It is for administrators: it can take the second pair of eyes away. Errors: *RuleError, ErrBeyond.
func (a *Auth) SetPolicy(who Identity, p Policy) (before Policy, err error) {
	if !who.holdsAll(every) {
		return before, ErrBeyond
	}
	err = a.change(func() error {
		if err := a.checkPolicy(p); err != nil {
			return err
		}
		before = a.policy
		return a.write(bucketPolicy, "site", p, func() { a.policy = p })
	})
	return before, err
}

func (a *Auth) checkPolicy(p Policy) error {
	if len(p.TwoPeople) > maxTwoPeople {
		return &RuleError{"two_people", "There are too many rules."}
	}
	for _, e := range p.TwoPeople {
		if e.Permissions == 0 || e.Permissions&^twoPeopleMay != 0 {
			return &RuleError{"two_people", "Two people can be asked for playback and export."}
		}
		if err := a.checkCameras(e.Cameras); err != nil {
			return err
		}
	}
	for _, id := range p.SecondFactor {
		if _, ok := a.role(id); !ok {
			return &RuleError{"second_factor", "There is no such role."}
		}
	}
	return nil
}

// twoPeople tells whether a permission on a camera takes two people; the caller holds mu.
func (a *Auth) twoPeople(p Permission, camera string) bool {
	return slices.ContainsFunc(a.policy.TwoPeople, func(e TwoPeople) bool {
		if !e.Permissions.Has(p) {
			return false
		}
		all, cameras := a.resolve(e.Cameras)
		_, one := cameras[camera]
		return all || one
	})
}

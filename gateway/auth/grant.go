package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Grant gives a person a role over some cameras, at some hours.
type Grant struct {
	Role    string    `json:"role"`            // id of a role
	Cameras []string  `json:"cameras"`         // ids, "group:" and the id of a group, or "*" for all
	Hours   []Hours   `json:"hours,omitempty"` // none: always
	Until   time.Time `json:"until,omitzero"`  // zero: no end
}

const maxGrants = 32 // of a person

// What a change of rights is refused for.
var (
	ErrNone   = errors.New("there is no such thing")
	ErrReady  = errors.New("it comes with the program and cannot be changed")
	ErrInUse  = errors.New("it is in use: take it from those who have it first")
	ErrBeyond = errors.New("nobody can give, change or take away more than they have themselves")
	ErrLast   = errors.New("one active administrator must remain")
)

// rights is what somebody may do: compiled grants. It is constant.
type rights struct {
	given []given
	now   func() time.Time
	zone  *time.Location
}

// given is one grant, read.
type given struct {
	set     Set
	all     bool // over all cameras
	cameras map[string]struct{}
	hours   []stretch // none: always
	until   time.Time
}

// everything is the rights of who may do all.
func (a *Auth) everything() *rights {
	return &rights{given: []given{{set: every, all: true}}, now: a.now, zone: a.zone}
}

// compile reads grants; the caller holds mu. What names a role or group that is no more gives nothing.
func (a *Auth) compile(grants []Grant) *rights {
	r := &rights{now: a.now, zone: a.zone}
	for _, g := range grants {
		role, ok := a.role(g.Role)
		hours, err := readHours(g.Hours)
		if !ok || err != nil {
			continue
		}
		all, cameras := a.resolve(g.Cameras)
		r.given = append(r.given, given{set: role.Permissions, all: all, cameras: cameras, hours: hours, until: g.Until})
	}
	return r
}

// resolve gives the cameras of a selection; the caller holds mu.
func (a *Auth) resolve(selection []string) (all bool, cameras map[string]struct{}) {
	cameras = make(map[string]struct{})
	for _, c := range selection {
		id, group := strings.CutPrefix(c, groupPrefix)
		switch {
		case c == everyCamera:
			return true, nil
		case !group:
			cameras[c] = struct{}{}
		case a.groups[id] != nil:
			for _, camera := range a.groups[id].Cameras {
				cameras[camera] = struct{}{}
			}
		}
	}
	return false, cameras
}

func (g *given) holds(now, local time.Time) bool {
	if !g.until.IsZero() && !now.Before(g.until) {
		return false
	}
	return len(g.hours) == 0 || slices.ContainsFunc(g.hours, func(s stretch) bool { return s.holds(local) })
}

// some tells whether one of the grants that hold now passes.
func (r *rights) some(p Permission, fits func(*given) bool) bool {
	if r == nil {
		return false
	}
	now := r.now()
	local := now.In(r.zone)
	for i := range r.given {
		if g := &r.given[i]; g.set.Has(p) && g.holds(now, local) && fits(g) {
			return true
		}
	}
	return false
}

// site tells whether a permission is given over the whole site.
func (r *rights) site(p Permission) bool {
	return r.some(p, func(g *given) bool { return g.all })
}

// forGood tells whether a permission is given over the whole site, at all hours and without an end.
func (r *rights) forGood(p Permission) bool {
	return r.some(p, func(g *given) bool { return g.all && len(g.hours) == 0 && g.until.IsZero() })
}

// on tells whether a permission is given for a camera.
func (r *rights) on(p Permission, camera string) bool {
	return p.OfCameras() && r.some(p, func(g *given) bool { return g.covers(camera) })
}

// anywhere tells whether a permission is given for some camera.
func (r *rights) anywhere(p Permission) bool {
	return r.some(p, func(g *given) bool { return g.all || len(g.cameras) > 0 })
}

func (g *given) covers(camera string) bool {
	if g.all {
		return true
	}
	_, ok := g.cameras[camera]
	return ok
}

// narrow gives the part of the rights that a token may use: its permissions, on its cameras.
func (r *rights) narrow(set Set, all bool, cameras map[string]struct{}) *rights {
	n := &rights{now: r.now, zone: r.zone}
	for _, g := range r.given {
		c := g
		c.set &= set
		if !all {
			c.all, c.cameras = false, make(map[string]struct{})
			for id := range cameras {
				if g.covers(id) {
					c.cameras[id] = struct{}{}
				}
			}
		}
		n.given = append(n.given, c)
	}
	return n
}

// standing names what is given at this moment, so that a change of it can be told.
func (r *rights) standing() string {
	if r == nil {
		return ""
	}
	now := r.now()
	local := now.In(r.zone)
	var b strings.Builder
	for i := range r.given {
		if g := &r.given[i]; g.holds(now, local) {
			ids := make([]string, 0, len(g.cameras))
			for id := range g.cameras {
				ids = append(ids, id)
			}
			slices.Sort(ids)
			fmt.Fprintf(&b, "%x %t %q\n", uint64(g.set), g.all, ids)
		}
	}
	return b.String()
}

// checkGrants holds new grants against the rules and against what the giver has; the caller holds mu. What the person had before
// may stay, whoever saves it.
func (a *Auth) checkGrants(giver Identity, had, list []Grant) error {
	if len(list) > maxGrants {
		return &RuleError{"grants", fmt.Sprintf("A person has at most %d.", maxGrants)}
	}
	for _, g := range list {
		if err := a.checkGrant(g); err != nil {
			return err
		}
	}
	for _, g := range slices.Concat(had, list) {
		kept := slices.ContainsFunc(had, g.same) && slices.ContainsFunc(list, g.same)
		if role, _ := a.role(g.Role); !kept && !giver.holdsAll(role.Permissions) {
			return ErrBeyond
		}
	}
	return nil
}

func (g Grant) same(o Grant) bool {
	return g.Role == o.Role && slices.Equal(g.Cameras, o.Cameras) && g.Until.Equal(o.Until) &&
		slices.EqualFunc(g.Hours, o.Hours, func(x, y Hours) bool {
			return x.From == y.From && x.To == y.To && slices.Equal(x.Days, y.Days)
		})
}

func (a *Auth) checkGrant(g Grant) error {
	if _, ok := a.role(g.Role); !ok {
		return &RuleError{"grants", "There is no such role."}
	}
	if _, err := readHours(g.Hours); err != nil {
		return err
	}
	return a.checkCameras(g.Cameras)
}

// compiled gives a person's rights; the caller holds mu. Reading thirty grants costs less than keeping what depends on roles and groups
// true.
func (a *Auth) compiled(p *person) *rights { return a.compile(p.Grants) }

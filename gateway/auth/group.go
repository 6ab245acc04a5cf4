package auth

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Group is a named set of cameras.
type Group struct {
	ID      string   `json:"id"` // grants name it "group:" and this
	Name    string   `json:"name"`
	Cameras []string `json:"cameras"` // ids
}

// Bounds of groups, and of what people call things.
const (
	maxGroups      = 256
	maxOfGroup     = 1024 // cameras
	maxID          = 64   // bytes, of roles and groups
	maxCalled      = 80   // bytes, of names of roles, groups and tokens
	maxSays        = 400  // bytes
	idRule         = "It must have 1 to 64 small letters, digits and dashes, and begin with a letter."
	labelRule      = "It must have 1 to 80 bytes, without control characters."
	saysRule       = "It must have at most 400 bytes, without control characters."
	groupPrefix    = "group:"
	everyCamera    = "*"
	maxCameraBytes = 128
)

func validID(id string) bool {
	if id == "" || len(id) > maxID || id[0] < 'a' || id[0] > 'z' {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// Groups lists the groups by name.
func (a *Auth) Groups() []Group {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Group, 0, len(a.groups))
	for _, g := range a.groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(x, y Group) int { return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.ID, y.ID)) })
	return list
}

// PutGroup makes a group of cameras, or changes it; rights, tokens and rules for two people that name it change with it, so whoever
// asks must be able to give, and take away, all of these. Errors: *RuleError, ErrBeyond.
func (a *Auth) PutGroup(who Identity, g Group) error {
	if err := checkGroup(g); err != nil {
		return err
	}
	g.Cameras = slices.Compact(slices.Sorted(slices.Values(g.Cameras)))
	return a.change(func() error {
		if _, known := a.groups[g.ID]; !known && len(a.groups) >= maxGroups {
			return &RuleError{"group", "There are as many groups as can be. Remove one first."}
		}
		if !who.holdsAll(a.groupGives(groupPrefix + g.ID)) {
			return ErrBeyond
		}
		return a.write(bucketGroups, g.ID, g, func() { a.groups[g.ID] = &g })
	})
}

// RemoveGroup removes a group that no right names. Errors: ErrNone, ErrInUse.
func (a *Auth) RemoveGroup(id string) error {
	return a.change(func() error {
		switch {
		case a.groups[id] == nil:
			return ErrNone
		case a.groupUsed(groupPrefix + id):
			return ErrInUse
		}
		return a.erase(bucketGroups, id, func() { delete(a.groups, id) })
	})
}

// groupGives is all that a group decides about: whoever changes it changes who has these permissions, and where. A rule for two people can
// be changed by those alone who may do everything. The caller is within change.
func (a *Auth) groupGives(name string) (set Set) {
	for _, p := range a.people {
		for _, g := range p.Grants {
			if role, ok := a.role(g.Role); ok && slices.Contains(g.Cameras, name) {
				set |= role.Permissions
			}
		}
	}
	for _, t := range a.tokens {
		if slices.Contains(t.Cameras, name) {
			set |= t.Permissions
		}
	}
	if slices.ContainsFunc(a.policy.TwoPeople, func(e TwoPeople) bool { return slices.Contains(e.Cameras, name) }) {
		set = every
	}
	return set
}

func (a *Auth) groupUsed(name string) bool {
	for _, p := range a.people {
		if slices.ContainsFunc(p.Grants, func(g Grant) bool { return slices.Contains(g.Cameras, name) }) {
			return true
		}
	}
	for _, t := range a.tokens {
		if slices.Contains(t.Cameras, name) {
			return true
		}
	}
	return slices.ContainsFunc(a.policy.TwoPeople, func(e TwoPeople) bool { return slices.Contains(e.Cameras, name) })
}

func checkGroup(g Group) error {
	switch {
	case !validID(g.ID):
		return &RuleError{"id", idRule}
	case g.Name == "" || len(g.Name) > maxCalled || hasControl(g.Name):
		return &RuleError{"name", labelRule}
	case len(g.Cameras) > maxOfGroup:
		return &RuleError{"cameras", fmt.Sprintf("A group has at most %d cameras.", maxOfGroup)}
	}
	for _, c := range g.Cameras {
		if !plainCamera(c) {
			return &RuleError{"cameras", "A group lists ids of cameras."}
		}
	}
	return nil
}

// plainCamera tells whether a name can be the id of a camera, and is neither all of them nor a group.
func plainCamera(id string) bool {
	return id != "" && len(id) <= maxCameraBytes && id != everyCamera && !strings.HasPrefix(id, groupPrefix) && !hasControl(id)
}

// checkCameras holds a selection against the rules: "*", ids and groups that there are. The caller holds mu.
func (a *Auth) checkCameras(list []string) error {
	if len(list) == 0 || len(list) > maxOfGroup {
		return &RuleError{"cameras", fmt.Sprintf("Name 1 to %d cameras or groups, or * for all.", maxOfGroup)}
	}
	for _, c := range list {
		id, group := strings.CutPrefix(c, groupPrefix)
		switch {
		case group && a.groups[id] == nil:
			return &RuleError{"cameras", "There is no such group of cameras."}
		case !group && c != everyCamera && !plainCamera(c):
			return &RuleError{"cameras", "A camera's id, group: and the id of a group, or * is meant."}
		}
	}
	return nil
}

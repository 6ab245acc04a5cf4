package keyring

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Rotate changes the root key. store puts the next root where this machine keeps it; while it runs, either root opens the ring,
// so that a crash at any moment leaves a ring that opens. An error of store, or of the primary, leaves the root as it was. Copies that
// are away follow when they come back.
func (r *Ring) Rotate(next Root, store func() error) error {
	r.sweeping.Lock()
	defer r.sweeping.Unlock()
	if next.IsZero() {
		return errors.New("rotate root key: no key")
	}
	r.mu.Lock()
	r.next = next
	for _, s := range r.sets {
		s.former[r.root.fingerprint()] = r.root
		s.advance()
	}
	r.mu.Unlock()
	err := r.each(r.settle)[""]
	if err == nil {
		err = store()
	}
	r.mu.Lock()
	if err == nil {
		r.root = next
	}
	r.next = Root{}
	for _, s := range r.sets {
		delete(s.former, r.root.fingerprint())
		s.advance()
	}
	r.mu.Unlock()
	for name, e := range r.each(r.settle) {
		if e != nil {
			r.log.Warn("a copy of the keyring is still sealed under the former root key", "copy", copyName(name), "error", e)
		}
	}
	if err != nil {
		return fmt.Errorf("rotate root key: %w", err)
	}
	r.noteKept()
	return nil
}

// Unlock opens the locked sets that a root opens, and keeps them open: they are sealed anew under the present root. Without
// any it is ErrRoot.
func (r *Ring) Unlock(root Root) error {
	r.sweeping.Lock()
	defer r.sweeping.Unlock()
	r.mu.Lock()
	before := len(r.locked)
	locked := map[[16]byte]bool{}
	for id := range r.locked {
		locked[id] = true
	}
	r.mu.Unlock()
	if before == 0 {
		return fmt.Errorf("unlock keyring: %w", ErrNothingLocked)
	}
	results := r.each(func(h *holder) error {
		for id := range locked {
			if err := r.readSet(h, id, []Root{root}); err != nil {
				return err
			}
		}
		return nil
	})
	r.mu.Lock()
	opened := 0
	for id := range locked {
		if s := r.sets[id]; s != nil {
			s.former[root.fingerprint()] = root
			s.advance()
			opened++
		}
	}
	r.mu.Unlock()
	if opened == 0 {
		for _, err := range results {
			if err != nil {
				return fmt.Errorf("unlock keyring: %w", err)
			}
		}
		return fmt.Errorf("unlock keyring: %w", ErrRoot)
	}
	for name, err := range r.each(r.settle) {
		if err != nil {
			r.log.Warn("a copy of the keyring is not up to date", "copy", copyName(name), "error", err)
		}
	}
	return nil
}

// Status is the state of a ring, for people and alarms.
type Status struct {
	Ring       string     `json:"ring,omitempty"` // id of the set that keys are made in; "" before the first key
	Generation uint32     `json:"generation"`
	CameraDays int        `json:"cameraDays"`
	Root       string     `json:"root"` // fingerprint
	Strength   Strength   `json:"strength"`
	Confirmed  bool       `json:"confirmed"` // somebody has the recovery key of this root, and typed it
	Copies     []Copy     `json:"copies"`
	Locked     []Locked   `json:"locked,omitempty"`
	Due        int        `json:"due"` // keys that are forgotten and not yet destroyed
	DueSince   *time.Time `json:"dueSince,omitempty"`
	Last       *Receipt   `json:"last,omitempty"`
}

// Copy is the state of one copy.
type Copy struct {
	Volume string `json:"volume"` // "" is the data directory
	State  string `json:"state"`  // "current", "lagging", "failing", "away"
	Cause  string `json:"cause,omitempty" people:"read"`
}

// Status tells how the ring is. It calls no disk.
func (r *Ring) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := Status{Root: r.root.Fingerprint(), Strength: r.root.strength, Confirmed: r.confirmed == r.root.Fingerprint(), Last: r.last}
	if r.present != nil {
		st.Ring, st.Generation = fmt.Sprintf("%x", r.present.id), r.present.number
	}
	away := map[string]bool{}
	for _, s := range r.sets {
		st.CameraDays += len(s.days)
		list, since := s.due()
		st.Due += len(list)
		if !since.IsZero() && (st.DueSince == nil || since.Before(*st.DueSince)) {
			st.DueSince = &since
		}
		for name := range s.known {
			away[name] = r.holders[name] == nil
		}
	}
	for _, h := range r.inOrder() {
		st.Copies = append(st.Copies, r.copyState(h))
	}
	for _, name := range slices.Sorted(maps.Keys(away)) {
		if away[name] {
			st.Copies = append(st.Copies, Copy{Volume: name, State: "away"})
		}
	}
	for _, l := range r.locked {
		st.Locked = append(st.Locked, *l)
	}
	return st
}

// copyState tells how a copy is. Caller holds mu.
func (r *Ring) copyState(h *holder) Copy {
	c := Copy{Volume: h.name, State: "current"}
	if h.err != nil {
		c.State, c.Cause = "failing", h.err.Error()
		return c
	}
	for id, s := range r.sets {
		if v := h.views[id]; !v.follows(s) || len(v.residue) > 0 {
			c.State = "lagging"
		}
	}
	if n, first := r.lacks(h.name); n > 0 {
		c.State = "lagging"
		c.Cause = fmt.Sprintf("keys of %d camera-days may be missing on it, the first of camera %s on %s", n, first.camera, first.date())
	}
	return c
}

// lacks tells of how many camera-days a copy may lack keys, and of which first. Caller holds mu.
func (r *Ring) lacks(name string) (n int, first place) {
	for _, s := range r.sets {
		for p, copies := range s.unequal {
			if !copies[name] {
				continue
			}
			if n++; n == 1 || cmp.Or(cmp.Compare(p.day, first.day), cmp.Compare(p.camera, first.camera)) < 0 {
				first = p
			}
		}
	}
	return n, first
}

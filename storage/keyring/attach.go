package keyring

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
)

// attach adds a copy. It is registered with its turn taken, so that whoever needs it waits.
func (r *Ring) attach(name, dir string) error {
	h := &holder{name: name, dir: dir, turn: make(chan struct{}, 1), reads: make(chan struct{}, maxReads), views: map[[16]byte]*view{}}
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	r.mu.Lock()
	if r.holders[name] != nil {
		r.mu.Unlock()
		return nil
	}
	r.holders[name] = h
	r.mu.Unlock()
	err := r.readCopy(h, nil)
	if err != nil {
		r.mu.Lock()
		if r.holders[name] == h {
			delete(r.holders, name)
		}
		r.mu.Unlock()
		return err
	}
	for _, s := range r.allSets() {
		if err := r.bring(h, s); err != nil {
			r.log.Warn("a copy of the keyring cannot be brought up to date", "copy", copyName(name), "error", err)
		}
	}
	return nil
}

func (r *Ring) allSets() []*set {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*set, 0, len(r.sets))
	for _, s := range r.sets {
		list = append(list, s)
	}
	return list
}

// readCopy reads every set that a copy holds and adopts those that can be opened. Caller has the holder's turn.
func (r *Ring) readCopy(h *holder, also []Root) error {
	if _, err := r.fs.Stat(h.dir); errors.Is(err, fs.ErrNotExist) {
		if err := r.fs.Mkdir(h.dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := r.fs.SyncDir(filepath.Dir(h.dir)); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	entries, err := r.fs.ReadDir(h.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		id, err := hex.DecodeString(e.Name())
		if err != nil || len(id) != 16 || !e.IsDir() {
			continue
		}
		if err := r.readSet(h, [16]byte(id), also); err != nil {
			return err
		}
	}
	return nil
}

// readSet reads one set of a copy. What is damaged is told and left; a disk that does not answer is an error.
func (r *Ring) readSet(h *holder, id [16]byte, also []Root) error {
	dir := filepath.Join(h.dir, hex.EncodeToString(id[:]))
	f, opened, err := r.examine(dir, append(r.roots(), also...), r.keyOf)
	switch {
	case notThere(err): // a crash left it before there was anything in it
		return nil
	case errors.Is(err, errTorn) || errors.Is(err, errFormat):
		r.log.Error("a copy of the keyring cannot be read; other copies serve for it", "copy", copyName(h.name), "error", err)
		return nil
	case err != nil:
		return err
	case f.ring != id:
		r.log.Error("a copy of the keyring lies in another's directory", "copy", copyName(h.name), "directory", dir)
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if opened {
		r.adopt(h, f)
	} else {
		r.lock(h, f)
	}
	return nil
}

// roots are all that might open a copy.
func (r *Ring) roots() []Root {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []Root{r.root, r.next}
	for _, s := range r.sets {
		for _, root := range s.former {
			list = append(list, root)
		}
	}
	return list
}

// keyOf gives the key of a generation that is in memory, whatever root a copy has it under.
func (r *Ring) keyOf(hd *head) (secret, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sets[hd.ring]; s != nil && s.gid == hd.gid {
		return s.key, true
	}
	return secret{}, false
}

// lock notes a set that no root opens. Caller holds mu.
func (r *Ring) lock(h *holder, f *found) {
	l := r.locked[f.ring]
	if l == nil {
		l = &Locked{Ring: hex.EncodeToString(f.ring[:])}
		r.locked[f.ring] = l
	}
	l.Copies = append(without(l.Copies, h.name), h.name)
	for _, w := range f.wraps {
		if name := hex.EncodeToString(w.root[:]); w.root != [8]byte{} {
			l.Roots = append(without(l.Roots, name), name)
		}
	}
}

// adopt takes what a copy holds of a set into the state. The newer generation is the base; what only the older has is merged
// when its copy is brought up to date. Caller holds mu.
func (r *Ring) adopt(h *holder, f *found) {
	if l := r.locked[f.ring]; l != nil {
		if l.Copies = without(l.Copies, h.name); len(l.Copies) == 0 {
			delete(r.locked, f.ring)
		}
	}
	s := r.sets[f.ring]
	fresh := s == nil
	if fresh {
		s = newSet()
		s.id = f.ring
		r.sets[s.id] = s
	}
	switch {
	case fresh || f.number > s.number:
		r.rebase(s, f)
	case f.gid == s.gid:
		for p, sh := range f.days {
			if s.days[p] == nil {
				s.days[p] = &day{shard: sh, keys: map[ID]Key{}}
			}
		}
	case f.number == s.number: // two that did not know of each other: neither may replace the other
		s.advance()
	}
	r.buryAll(s, f.graves, fresh)
	for name, number := range f.known {
		s.known[name] = max(s.known[name], number)
	}
	for _, root := range f.former {
		s.former[root.fingerprint()] = root
	}
	s.floor = max(s.floor, f.floor)
	s.version++
	for p, d := range s.days {
		d.complete = false
		if len(r.holders) > 1 {
			s.differ(p, h.name) // it may have some that the others lack, too: that is found when they are compared
		}
	}
	h.views[s.id] = f.view(s)
	if f.wraps[1].root != [8]byte{} || f.wraps[0].root != r.root.fingerprint() && f.wraps[1].root != r.root.fingerprint() {
		r.rewrap(s, f)
	}
	if r.present == nil || fresh && h.name == "" && s.created.After(r.present.created) {
		r.present = s
	}
}

// rewrap has a set that was found under other roots than the present one sealed anew. Caller holds mu.
func (r *Ring) rewrap(s *set, f *found) {
	if f.gid == s.gid {
		s.advance()
	}
}

// view is what was read, as the view of its copy.
func (f *found) view(s *set) *view {
	v := &view{gid: f.gid, number: f.number, days: f.days, known: f.known, graves: -1, size: f.size, suspect: f.damaged, damaged: f.damaged, cleaned: f.damaged,
		open: map[place]int64{}, broken: map[place]bool{}}
	if len(f.graves) == len(s.order) {
		v.graves = len(s.order)
		for i, g := range f.graves {
			if s.order[i] != g.id {
				v.graves = -1
				break
			}
		}
	}
	return v
}

// rebase makes a newer generation the state. Caller holds mu.
func (r *Ring) rebase(s *set, f *found) {
	days := make(map[place]*day, len(f.days))
	for p, sh := range f.days {
		if d := s.days[p]; d != nil && d.number == sh.number {
			days[p] = d
			continue
		}
		days[p] = &day{shard: sh, keys: map[ID]Key{}}
	}
	s.days, s.gid, s.number, s.key, s.created = days, f.gid, f.number, f.key, f.created
	for _, id := range s.order { // what was forgotten here may be there
		if g := s.dead[id]; days[g.place] != nil {
			g.generation = s.number
			s.dead[id] = g
			r.unwriteGraves(s)
		}
	}
}

// unwriteGraves has every copy write its tombstones anew. Caller holds mu.
func (r *Ring) unwriteGraves(s *set) {
	for _, h := range r.holders {
		if v := h.views[s.id]; v != nil {
			v.graves = -1
		}
	}
}

// buryAll takes over tombstones of a copy, and those of other sets for camera-days of this one. asTheyAre keeps the
// generation that they name; else they are due. Caller holds mu.
func (r *Ring) buryAll(s *set, graves []grave, asTheyAre bool) {
	for _, g := range graves {
		if _, have := s.dead[g.id]; !have {
			if !asTheyAre {
				g.generation = s.number
			}
			r.bury(s, g)
		}
	}
	for _, other := range r.sets {
		for id, g := range other.dead {
			if _, have := s.dead[id]; other != s && !have && s.days[g.place] != nil {
				g.generation = s.number
				r.bury(s, g)
			}
		}
	}
}

// bury adds a tombstone. Caller holds mu.
func (r *Ring) bury(s *set, g grave) {
	s.dead[g.id] = g
	s.order = append(s.order, g.id)
	if d := s.days[g.place]; d != nil {
		delete(d.keys, g.id)
	}
}

// advance begins a new generation. Caller holds Ring.mu.
func (s *set) advance() {
	s.number++
	rand.Read(s.gid[:])
	s.key = newSecret()
	s.version++
}

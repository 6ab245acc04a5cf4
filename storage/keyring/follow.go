package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"holdfast/storage/internal/durable"
)

// bring has a copy follow the state of a set: its tombstones, its generation and the shards that a sweep made anew. Caller
// has the holder's turn. The error is kept for Status.
func (r *Ring) bring(h *holder, s *set) error {
	err := errors.New("the keyring changes faster than it can be written")
	for range 8 {
		var done bool
		if done, err = r.follow(h, s); done || err != nil {
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h.err = err
	return err
}

// follow takes one step and tells whether the copy is up to date.
func (r *Ring) follow(h *holder, s *set) (bool, error) {
	r.mu.Lock()
	v := h.views[s.id]
	whole := v == nil || v.gid != s.gid || v.suspect || v.differs(s)
	done := !whole && v.seen == s.version && v.graves == len(s.order)
	r.mu.Unlock()
	switch {
	case done:
		return true, nil
	case whole:
		return false, r.rewrite(h, s, v)
	}
	if err := r.writeGraves(h, s, v); err != nil {
		return false, err
	}
	return false, r.appendGeneration(h, s, v)
}

// differs tells whether the copy has a camera-day under another key than the set, of the same generation. Caller holds mu.
func (v *view) differs(s *set) bool {
	if v.seen == s.version {
		return false
	}
	for p, sh := range v.days {
		if d := s.days[p]; d == nil || d.number != sh.number {
			return true
		}
	}
	return false
}

// appendGeneration adds what the generation file of a copy lacks.
func (r *Ring) appendGeneration(h *holder, s *set, v *view) error {
	r.mu.Lock()
	var data []byte
	aead, added, seen := gcm(s.key), map[place]*shard{}, s.version
	for p, d := range s.days {
		if v.days[p] == nil {
			data, added[p] = appendDay(data, aead, s.id, p, d.shard), d.shard
		}
	}
	known := map[string]uint32{}
	for name, number := range s.known {
		if v.known[name] != number {
			data, known[name] = appendCopy(data, name, number), number
		}
	}
	size, path := v.size, filepath.Join(s.dir(h), genName(v.number))
	if len(data) > 0 {
		v.suspect = true // until it is there
	}
	r.mu.Unlock()
	if len(data) > 0 {
		if size+int64(len(data)) > maxFileSize {
			return errors.New("the keyring has as many camera-days as it may have")
		}
		var err error
		if size, err = r.extend(path, size, data, maxFileSize); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, sh := range added {
		v.days[p] = sh
	}
	for name, number := range known {
		v.known[name] = number
	}
	v.size, v.seen, v.suspect = size, seen, false
	return nil
}

// rewrite puts a new generation file in place: first the shards that differ, then, in one step, the generation. What only
// this copy knew is taken over; what the new generation replaces is destroyed afterwards.
func (r *Ring) rewrite(h *holder, s *set, v *view) error {
	if v == nil {
		v = &view{graves: -1}
	}
	if err := r.ensureDir(h, s.dir(h)); err != nil {
		return err
	}
	r.mu.Lock()
	gid, differing := s.gid, map[place]*shard{}
	for p, sh := range v.days {
		if d := s.days[p]; d == nil || d.number != sh.number {
			differing[p] = sh
		}
	}
	r.mu.Unlock()
	written, sizes := map[place]uint32{}, map[place]int64{}
	for p, old := range differing {
		number, size, err := r.replaceShard(h, s, v, p, old)
		if err != nil {
			return err
		}
		if written[p] = number; size > 0 {
			sizes[p] = size
		}
	}
	if err := r.writeGraves(h, s, v); err != nil {
		return err
	}
	next, head, key, ok := r.nextView(h, s, v, gid, written)
	if !ok {
		return nil // it moved on meanwhile: once more
	}
	data := r.encodeGeneration(&head, key, s, next)
	if len(data) > maxFileSize {
		return errors.New("the keyring has as many camera-days as it may have")
	}
	if err := r.writeFile(h, s.id, filepath.Join(s.dir(h), genName(next.number)), data); err != nil {
		r.distrust(v)
		return err
	}
	r.install(h, s, v, next, int64(len(data)), sizes, differing)
	return r.destroyResidue(h, s)
}

func (r *Ring) distrust(v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.suspect = true
}

// replaceShard writes a copy's new shard of a camera-day whose key changed: what its old one has that is not forgotten, and
// what is known besides. The number is 0 when nothing is left of the day.
func (r *Ring) replaceShard(h *holder, s *set, v *view, p place, old *shard) (uint32, int64, error) {
	keys, err := r.readShard(h, s.id, p, old)
	r.mu.Lock()
	d := s.days[p]
	if err != nil && !errors.Is(err, errTorn) && (d == nil || !d.complete) {
		r.mu.Unlock()
		return 0, 0, err
	}
	if err != nil {
		r.log.Warn("a copy of the keyring has a damaged file; what other copies have of it is kept", "volume", h.name, "error", err)
	}
	all := r.merge(s, v, p, keys)
	d = s.days[p]
	if d == nil {
		r.mu.Unlock()
		return 0, 0, nil
	}
	for id, key := range d.keys {
		all[id] = key
	}
	sh := d.shard
	r.mu.Unlock()
	size, err := r.writeShard(h, s.id, p, sh, all)
	return sh.number, size, err
}

// merge takes keys that an old shard of a copy has into the set, but those that are forgotten and, from a copy older than
// the oldest tombstone, those that are not known. It gives those to be kept. Caller holds mu.
func (r *Ring) merge(s *set, v *view, p place, keys map[ID]Key) map[ID]Key {
	kept := map[ID]Key{}
	trusted := v.gid == s.gid || v.number >= s.floor
	for id, key := range keys {
		if r.isDead(id) {
			continue
		}
		if d := s.days[p]; d != nil {
			if _, known := d.keys[id]; known || trusted {
				kept[id] = key
			}
			continue
		}
		if trusted {
			s.dayOf(p)
			kept[id] = key
		}
	}
	if d := s.days[p]; d != nil {
		for id, key := range kept {
			d.keys[id] = key
		}
		if len(kept) > 0 {
			r.touch(s, d)
		}
		for _, h := range r.holders { // the one that it was read from has them
			if h.views[s.id] != v {
				s.differ(p, h.name)
			}
		}
	}
	return kept
}

func (r *Ring) isDead(id ID) bool {
	for _, s := range r.sets {
		if _, dead := s.dead[id]; dead {
			return true
		}
	}
	return false
}

// nextView is what a copy will hold, if the set is still what its shards were written for.
func (r *Ring) nextView(h *holder, s *set, v *view, gid [16]byte, written map[place]uint32) (*view, head, secret, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.gid != gid {
		return nil, head{}, secret{}, false
	}
	next := &view{gid: s.gid, number: s.number, days: make(map[place]*shard, len(s.days)), known: map[string]uint32{}, graves: v.graves, graveSize: v.graveSize,
		seen: s.version, open: map[place]int64{}, broken: map[place]bool{}, cleaned: v.cleaned, damaged: v.damaged, suspect: true}
	for p, n := range written {
		if d := s.days[p]; d != nil && d.number != n || d == nil && n != 0 {
			return nil, head{}, secret{}, false
		}
	}
	for p, d := range s.days {
		next.days[p] = d.shard
		if v.days[p] == nil {
			s.differ(p, h.name)
		}
	}
	for name, number := range s.known {
		next.known[name] = number
	}
	next.known[h.name] = s.number
	hd := head{ring: s.id, gid: s.gid, number: s.number, floor: s.floor, created: s.created}
	hd.wrapUnder(0, r.root, s.key)
	if !r.next.IsZero() {
		hd.wrapUnder(1, r.next, s.key)
	}
	return next, hd, s.key, true
}

// encodeGeneration writes out a generation whose key is given.
func (r *Ring) encodeGeneration(hd *head, key secret, s *set, next *view) []byte {
	r.mu.Lock()
	var former []Root
	for _, root := range s.former {
		former = append(former, root)
	}
	r.mu.Unlock()
	aead, data := gcm(key), hd.encode()
	for _, root := range former {
		data = appendRoot(data, aead, s.id, root)
	}
	for name, number := range next.known {
		data = appendCopy(data, name, number)
	}
	for p, sh := range next.days {
		data = appendDay(data, aead, s.id, p, sh)
	}
	return data
}

// install makes a written generation the copy's view and notes what is to be destroyed.
func (r *Ring) install(h *holder, s *set, v, next *view, size int64, sizes map[place]int64, differing map[place]*shard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next.size, next.suspect, next.open = size, false, sizes
	next.residue = append(next.residue, v.residue...)
	for p, sh := range differing {
		next.residue = append(next.residue, h.shardPath(s.id, p, sh))
	}
	if v.size > 0 && v.number != next.number {
		next.residue = append(next.residue, filepath.Join(s.dir(h), genName(v.number)))
	}
	for p, n := range v.open {
		if old := v.days[p]; old != nil && next.days[p] != nil && old.number == next.days[p].number {
			next.open[p] = n
		}
	}
	for p := range v.broken {
		if _, fresh := sizes[p]; !fresh && v.broken[p] {
			next.broken[p] = true
		}
	}
	h.views[s.id] = next
	if s.known[h.name] != next.number {
		s.known[h.name] = next.number
		if next.seen == s.version {
			next.seen++
		}
		s.version++
	}
}

// destroyResidue destroys what a copy holds of earlier generations. What could not be destroyed is tried again.
func (r *Ring) destroyResidue(h *holder, s *set) error {
	r.mu.Lock()
	v := h.views[s.id]
	list := v.residue
	r.mu.Unlock()
	var left []string
	var failed error
	for _, path := range list {
		if err := r.destroy(h, path); err != nil {
			left, failed = append(left, path), fmt.Errorf("destroy %s: %w", path, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v.residue = left
	return failed
}

// writeGraves has a copy know every tombstone: by appending, or anew.
func (r *Ring) writeGraves(h *holder, s *set, v *view) error {
	r.mu.Lock()
	from, size, total := v.graves, v.graveSize, len(s.order)
	anew := from < 0 || size == 0 || from > total
	if anew {
		from = 0
	}
	if v.graves == total || total == 0 && v.graves < 0 && v.graveSize == 0 {
		v.graves = total
		r.mu.Unlock()
		return nil
	}
	var data []byte
	if anew {
		data = appendFrame(nil, 'H', append([]byte{format}, s.id[:]...))
	}
	for _, id := range s.order[from:total] {
		data = appendGrave(data, s.dead[id])
	}
	v.graves, v.graveSize = -1, 0 // until it is there
	r.mu.Unlock()
	path := filepath.Join(s.dir(h), graveFile)
	var err error
	if anew {
		size, err = int64(len(data)), r.writeFile(h, s.id, path, data)
	} else {
		size, err = r.extend(path, size, data, maxFileSize)
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v.graves, v.graveSize = total, size
	return nil
}

const graveFile = "forgotten"

// clean destroys what an uncommitted sweep, or a crash in the middle of destroying, left in a copy that is up to date.
func (r *Ring) clean(h *holder, s *set) error {
	r.mu.Lock()
	v := h.views[s.id]
	skip := v == nil || v.cleaned || v.gid != s.gid || v.suspect
	r.mu.Unlock()
	if skip {
		return nil
	}
	top, err := r.fs.ReadDir(s.dir(h))
	if err != nil {
		return err
	}
	for _, e := range top {
		path := filepath.Join(s.dir(h), e.Name())
		switch {
		case e.IsDir():
			err = r.cleanCamera(h, s, v, e.Name())
		case strings.HasPrefix(e.Name(), "generation-") && e.Name() != genName(v.number), e.Name() == graveFile+".new":
			err = r.destroy(h, path)
		}
		if err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v.cleaned = true
	return nil
}

func (r *Ring) cleanCamera(h *holder, s *set, v *view, camera string) error {
	dir := filepath.Join(s.dir(h), camera)
	entries, err := r.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	r.mu.Lock()
	live := make(map[string]bool)
	for p, sh := range v.days {
		if p.camera == camera {
			live[shardName(p, sh.number)] = true
		}
	}
	r.mu.Unlock()
	for _, e := range entries {
		if name := e.Name(); !live[name] && (strings.HasSuffix(name, ".keys") || strings.HasSuffix(name, ".keys.new")) {
			if err := r.destroy(h, filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	if len(live) == 0 {
		r.fs.Remove(dir) // one that is not empty stays
	}
	return nil
}

// found is a copy's state of a set, as read.
type found struct {
	head
	key     secret
	days    map[place]*shard
	known   map[string]uint32
	former  []Root
	graves  []grave
	size    int64
	older   []string
	damaged bool
}

// examine reads a set's directory of a copy. key is zero when none of the roots opens it.
func (r *Ring) examine(dir string, roots []Root, keyOf func(*head) (secret, bool)) (*found, bool, error) {
	data, hd, older, err := r.readGeneration(dir)
	if err != nil {
		return nil, false, err
	}
	f := &found{head: hd, days: map[place]*shard{}, known: map[string]uint32{}, older: older}
	opened := false
	for _, root := range roots {
		if f.key, opened = hd.open(root); opened {
			break
		}
	}
	if !opened {
		f.key, opened = keyOf(&hd)
	}
	if !opened {
		return f, false, nil
	}
	f.parse(data)
	if err := f.readGraves(r.fs, filepath.Join(dir, graveFile)); err != nil {
		return nil, false, err
	}
	return f, true, nil
}

// parse reads the entries of a generation file.
func (f *found) parse(data []byte) {
	aead := gcm(f.key)
	whole, damaged := frames(data[headSize:], func(kind byte, body []byte) {
		switch kind {
		case 'D':
			if p, sh, ok := parseDay(body, aead, f.ring); ok {
				f.days[p] = sh
			}
		case 'V':
			if len(body) >= 4 {
				f.known[string(body[4:])] = beUint32(body)
			}
		case 'R':
			if root, ok := parseRoot(body, aead, f.ring); ok {
				f.former = append(f.former, root)
			}
		}
	})
	f.size = int64(headSize + whole)
	f.damaged = damaged || whole != len(data)-headSize
}

func (f *found) readGraves(fsys durable.FS, path string) error {
	data, err := durable.ReadFile(fsys, path, maxFileSize)
	if notThere(err) {
		return nil
	}
	if err != nil {
		return err
	}
	ours := false
	frames(data, func(kind byte, body []byte) {
		switch kind {
		case 'H':
			ours = len(body) == 17 && bytes.Equal(body[1:], f.ring[:])
		case 'T':
			if g, ok := parseGrave(body); ok && ours {
				f.graves = append(f.graves, g)
			}
		}
	})
	return nil
}

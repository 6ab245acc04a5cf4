package keyring

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

const (
	sweepAfter = 30 * time.Minute // a tombstone's age at which Tend sweeps: a second try stays within the hour
	patience   = 5 * time.Second  // how long a call waits for a copy that others can do without
	maxGraves  = 1 << 19
	keepGraves = 400 * 24 * time.Hour
	compareNow = 64 // camera-days that one Tend compares
)

var errHangs = errors.New("it does not answer")

// Receipt says what a sweep destroyed, and what that is worth.
type Receipt struct {
	At         time.Time `json:"at"`
	Keys       int       `json:"keys"`       // destroyed
	CameraDays int       `json:"cameraDays"` // whose keys were made anew
	From       uint32    `json:"from"`       // generation before, of the set that is written to
	To         uint32    `json:"to"`         // generation after
	Clean      []string  `json:"clean"`      // copies that hold nothing of it any more; "" is the data directory
	Away       []Away    `json:"away"`       // copies that still hold the keys: they are cleaned when they come back
	Strength   Strength  `json:"strength"`
	Meaning    string    `json:"meaning" people:"read"` // a sentence for people
}

// Away is a copy that could not be cleaned.
type Away struct {
	Copy  string `json:"copy"`
	Cause string `json:"cause" people:"read"`
}

// on runs f with a holder's turn, and waits for it at most for a while: a disk that hangs keeps its turn.
func (r *Ring) on(h *holder, f func() error) error { return within(h.turn, f) }

// within runs f with a token of a bounded number, and waits for both at most for a while.
func within(tokens chan struct{}, f func() error) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case tokens <- struct{}{}:
	case <-limit.C:
		return errHangs
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-tokens }()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-limit.C:
		return errHangs
	}
}

// each runs f for every attached copy at once and gives what became of each.
func (r *Ring) each(f func(*holder) error) map[string]error {
	r.mu.Lock()
	list := r.inOrder()
	r.mu.Unlock()
	var mu sync.Mutex
	results := make(map[string]error, len(list))
	var all sync.WaitGroup
	for _, h := range list {
		all.Go(func() {
			err := r.on(h, func() error { return f(h) })
			mu.Lock()
			defer mu.Unlock()
			results[h.name] = err
		})
	}
	all.Wait()
	return results
}

// Forget erases keys: from now on Find says ErrErased, also after a restart. The next sweep destroys them. It returns when a
// tombstone is synced in every attached copy that answers; an error means that no copy has it.
func (r *Ring) Forget(camera string, date time.Time, ids ...ID) error {
	if !validCamera(camera) {
		return fmt.Errorf("forget keys: camera %q has no name for a file", camera)
	}
	if len(ids) == 0 {
		return nil
	}
	p := place{camera, dayNumber(date)}
	main := r.presentSet()
	r.mu.Lock()
	var sets []*set
	for _, s := range r.sets {
		if s == main || s.days[p] != nil {
			sets = append(sets, s)
		}
	}
	for _, s := range sets {
		for _, id := range ids {
			if _, have := s.dead[id]; !have {
				r.bury(s, grave{place: p, id: id, when: r.now().UTC(), generation: s.number})
			}
		}
	}
	r.mu.Unlock()
	results := r.each(func(h *holder) error {
		for _, s := range sets {
			if err := r.noteGraves(h, s); err != nil {
				return err
			}
		}
		return nil
	})
	var failed error
	noted := false
	for name, err := range results {
		if noted = noted || err == nil; err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", copyName(name), err))
		}
	}
	if !noted {
		return fmt.Errorf("forget keys: %w", failed)
	}
	if failed != nil {
		r.log.Warn("a copy of the keyring does not take a tombstone yet", "error", failed)
	}
	return nil
}

func (r *Ring) noteGraves(h *holder, s *set) error {
	r.mu.Lock()
	v := h.views[s.id]
	r.mu.Unlock()
	if v == nil {
		return r.bring(h, s)
	}
	return r.writeGraves(h, s, v)
}

// due gives the tombstones whose keys are still to be destroyed, and when the first was made. Caller holds mu.
func (s *set) due() (list []grave, since time.Time) {
	for i := len(s.order) - 1; i >= 0; i-- {
		g := s.dead[s.order[i]]
		if g.generation != s.number {
			continue
		}
		if list = append(list, g); since.IsZero() || g.when.Before(since) {
			since = g.when
		}
	}
	return list, since
}

// Sweep destroys what is forgotten: a new generation, without the forgotten keys, replaces the old one in every attached
// copy. Copies that are away are named in the receipt and follow when they are back. With nothing due the receipt is empty. An error says
// that an attached copy still holds what was to go.
func (r *Ring) Sweep(ctx context.Context) (Receipt, error) {
	r.sweeping.Lock()
	defer r.sweeping.Unlock()
	receipt := Receipt{At: r.now().UTC(), Strength: r.strength()}
	receipt.Meaning = receipt.Strength.Says()
	for _, s := range r.allSets() {
		if err := ctx.Err(); err != nil {
			return receipt, err
		}
		r.sweepSet(s, &receipt)
	}
	if receipt.Keys == 0 {
		return Receipt{}, nil
	}
	err := r.finish(&receipt)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = &receipt
	return receipt, err
}

func (r *Ring) strength() Strength {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.root.strength
}

// sweepSet begins the generation without what is forgotten.
func (r *Ring) sweepSet(s *set, receipt *Receipt) {
	r.mu.Lock()
	list, _ := s.due()
	touched := map[place]*day{}
	for _, g := range list {
		if d := s.days[g.place]; d != nil && touched[g.place] == nil {
			touched[g.place] = d
			d.busy++
		}
	}
	r.mu.Unlock()
	if len(list) == 0 {
		return
	}
	for p := range touched {
		if _, err := r.load(s, p, nil); err != nil {
			r.log.Warn("a copy of the keyring cannot be read in part", "camera", p.camera, "day", p.date(), "error", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	receipt.Keys += len(list)
	receipt.CameraDays += len(touched)
	receipt.From = s.number
	s.advance()
	receipt.To = s.number
	for p, d := range touched {
		d.busy--
		if s.days[p] != d {
			continue
		}
		if d.complete && len(d.keys) == 0 {
			delete(s.days, p)
			continue
		}
		d.shard = newShard()
	}
	r.dropGraves(s)
}

// dropGraves lets the oldest tombstones go when they are too many or too old; a copy from before them is then too old to give
// anything back. Caller holds mu.
func (r *Ring) dropGraves(s *set) {
	drop := max(0, len(s.order)-maxGraves)
	for drop < len(s.order) && r.now().Sub(s.dead[s.order[drop]].when) > keepGraves {
		drop++
	}
	for _, id := range s.order[:drop] {
		s.floor = max(s.floor, s.dead[id].generation+1)
		delete(s.dead, id)
	}
	if drop > 0 {
		s.order = append([]ID(nil), s.order[drop:]...)
		r.unwriteGraves(s)
	}
}

// finish has every attached copy follow and writes down which are clean.
func (r *Ring) finish(receipt *Receipt) error {
	results := r.each(r.settle)
	var failed error
	for name, err := range results {
		if err == nil {
			receipt.Clean = append(receipt.Clean, name)
			continue
		}
		receipt.Away = append(receipt.Away, Away{name, err.Error()})
		failed = errors.Join(failed, fmt.Errorf("sweep keyring on %s: %w", copyName(name), err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := map[string]bool{}
	for _, s := range r.sets {
		for name, number := range s.known {
			if r.holders[name] == nil && number < s.number && !gone[name] {
				gone[name] = true
				receipt.Away = append(receipt.Away, Away{name, "it is not attached"})
			}
		}
	}
	return failed
}

// settle has a copy follow every set and destroy what is left of earlier ones. Caller has its turn.
func (r *Ring) settle(h *holder) error {
	var failed error
	for _, s := range r.allSets() {
		err := r.bring(h, s)
		if err == nil {
			err = r.destroyResidue(h, s)
		}
		if err == nil {
			err = r.clean(h, s)
		}
		failed = errors.Join(failed, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h.err = failed
	return failed
}

func (r *Ring) tend(ctx context.Context) {
	r.mu.Lock()
	overdue := false
	for _, s := range r.sets {
		_, since := s.due()
		overdue = overdue || !since.IsZero() && r.now().Sub(since) >= sweepAfter
	}
	lagging := r.lagging()
	r.mu.Unlock()
	if overdue {
		if _, err := r.Sweep(ctx); err != nil {
			r.log.Warn("forgotten keys are not destroyed everywhere yet", "error", err)
		}
	} else if lagging {
		r.each(r.settle)
	}
	r.compare(ctx)
}

// lagging tells whether an attached copy has something to follow. Caller holds mu.
func (r *Ring) lagging() bool {
	for _, h := range r.holders {
		for id, s := range r.sets {
			if v := h.views[id]; !v.follows(s) || len(v.residue) > 0 || !v.cleaned {
				return true
			}
		}
	}
	return false
}

func (v *view) follows(s *set) bool {
	return v != nil && v.gid == s.gid && !v.suspect && v.seen == s.version && v.graves == len(s.order)
}

// compare makes the copies of some camera-days equal.
func (r *Ring) compare(ctx context.Context) {
	for _, s := range r.allSets() {
		for range compareNow {
			p, ok := r.nextUnequal(s)
			if !ok || ctx.Err() != nil {
				break
			}
			if behind := r.equalise(s, p); len(behind) > 0 {
				r.mu.Lock()
				s.differ(p, behind...)
				r.mu.Unlock()
				break
			}
		}
	}
}

func (r *Ring) nextUnequal(s *set) (place, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range s.unequal {
		delete(s.unequal, p)
		return p, true
	}
	return place{}, false
}

// equalise has every attached copy hold all keys of a camera-day, and gives those of which it is not known that they do.
func (r *Ring) equalise(s *set, p place) (behind []string) {
	var mu sync.Mutex
	have, union := map[string]map[ID]Key{}, map[ID]Key{}
	for name, err := range r.each(func(h *holder) error {
		r.mu.Lock()
		v := h.views[s.id]
		var sh *shard
		if v != nil {
			sh = v.days[p]
		}
		r.mu.Unlock()
		if sh == nil {
			return nil
		}
		keys, err := r.readShard(h, s.id, p, sh)
		if errors.Is(err, errTorn) {
			r.mu.Lock()
			v.broken[p] = true
			r.mu.Unlock()
		} else if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		have[h.name] = keys
		for id, key := range keys {
			union[id] = key
		}
		return nil
	}) {
		if err != nil {
			behind = append(behind, name)
		}
	}
	mu.Lock() // a copy that hangs may still come and add what it read
	have, union = maps.Clone(have), maps.Clone(union)
	mu.Unlock()
	r.mu.Lock()
	gone := s.days[p] == nil
	for id := range union {
		if r.isDead(id) {
			delete(union, id)
		}
	}
	r.mu.Unlock()
	if gone {
		return nil
	}
	for name, err := range r.each(func(h *holder) error { return r.supply(h, s, p, have[h.name], union) }) {
		if err != nil {
			behind = append(behind, name)
		}
	}
	return behind
}

// supply gives a copy the keys of a camera-day that it lacks.
func (r *Ring) supply(h *holder, s *set, p place, have, union map[ID]Key) error {
	lacks := map[ID]Key{}
	r.mu.Lock()
	for id, key := range union {
		if _, ok := have[id]; !ok && !r.isDead(id) {
			lacks[id] = key
		}
	}
	v := h.views[s.id]
	broken := v != nil && v.broken[p]
	gone := s.days[p] == nil
	r.mu.Unlock()
	if gone || len(lacks) == 0 && !broken {
		return nil
	}
	return r.put(h, s, p, lacks)
}

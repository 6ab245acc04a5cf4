package storage

import (
	"time"

	"go.etcd.io/bbolt"
)

// writeRate is how much a volume is written: what must be free before the next round of retention.
type writeRate struct {
	at     time.Time // monotonic
	writes uint64
	rate   float64 // bytes per second; falls by a quarter a round, so that a burst is remembered for some
}

const (
	// aheadRounds is for how many rounds retention frees space ahead of need.
	aheadRounds = 2
	// writtenPart bounds what is freed for that, as a part of the volume.
	writtenPart = 100
)

// need is how many bytes must be freed for the space that is to stay free, and for the segments that begin soon; or for what
// is written until the round after the next, where that is more: some file systems reserve no space.
func (v *volume) need() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	passed := max(now.Sub(v.pace.at), probePeriod)
	rate := float64(v.writes-v.pace.writes) / passed.Seconds()
	if v.pace.at.IsZero() {
		rate = 0
	}
	v.pace = writeRate{at: now, writes: v.writes, rate: max(rate, v.pace.rate*3/4)}
	if v.total == 0 || v.state == VolumeMissing {
		return 0
	}
	written := min(int64(v.pace.rate*aheadRounds*probePeriod.Seconds()), v.total/writtenPart)
	return max(0, v.keepFree()+max(v.ahead(), written)-v.free)
}

// reopens is how many bytes must be freed on a full volume before it is used again, 0 on others: nobody writes to it, so need
// tells too little where next to nothing is to stay free.
func (v *volume) reopens() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state != VolumeFull {
		return 0
	}
	return max(0, reopenRoom-v.free)
}

// deletable is how many bytes retention could free on a volume.
func (s *Store) deletable(number uint16) int64 {
	return s.heldOn(number, classFree).bytes + s.heldOn(number, classEvent).bytes
}

// retainBySpace deletes on a volume, until the space that is to stay free is free: continuous footage first, the oldest of all
// streams, then that of events. Locked footage does not go. Where nothing else is left the volume is stuck, where nothing at all is
// left it is crowded; an alarm says so, and recording goes on elsewhere or says that the disk is full.
func (s *Store) retainBySpace(r *turn) error {
	need, stuck, crowded := r.v.need(), false, false
	if again := r.v.reopens(); again > need && s.deletable(r.number) >= again { // less would cost footage for nothing
		need = again
	}
	for need > 0 && r.more() {
		chosen, moves, err := s.oldest(r.number, need)
		if err != nil {
			return err
		}
		if err := s.applyMoves(moves); err != nil {
			return err
		}
		freed, err := s.removeSome(r, chosen, CauseFull)
		if err != nil {
			return err
		}
		need -= freed
		if len(chosen)+len(moves) == 0 {
			stuck = s.heldOn(r.number, classLocked).bytes > 0
			crowded = !stuck
			break
		}
	}
	r.v.mu.Lock()
	defer r.v.mu.Unlock()
	r.v.stuck, r.v.crowded = stuck, crowded
	return nil
}

// isStuck tells whether only locked footage is left where space is needed.
func (v *volume) isStuck() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stuck
}

func (s *Store) heldOn(number uint16, c class) (h held) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		h = heldOn(tx, number, c)
		return nil
	})
	return h
}

// oldest chooses the segments on a volume that are to go first, for as many bytes as are needed, and what of those that it
// looked at is to stand further back. It costs a seek and the segments that it looks at.
func (s *Store) oldest(number uint16, need int64) (chosen []Segment, moves []move, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		for _, c := range []class{classFree, classEvent} {
			b := tx.Bucket(bOrder).Bucket(classKey(number, c))
			if b == nil {
				continue
			}
			cur := b.Cursor()
			for k, v := cur.First(); k != nil; k, v = cur.Next() {
				if need <= 0 || len(chosen) >= removeBatch || len(moves) >= settleBatch {
					return nil
				}
				seg, ok, err := ordered(tx, k)
				if err != nil {
					return err
				}
				if !ok {
					continue // check names it
				}
				to, err := byNeed(tx, &seg, c, v)
				if err != nil {
					return err
				}
				if to.class > c {
					moves = append(moves, move{seg, to})
					continue
				}
				chosen = append(chosen, seg)
				need -= seg.Size
			}
			if len(moves) > 0 {
				return nil // they may be needed next, in the order of their class
			}
		}
		return nil
	})
	return chosen, moves, err
}

// byNeed is where a segment of a class stands after a look at its kind. Its due stays as it is.
func byNeed(tx *bbolt.Tx, seg *Segment, c class, v []byte) (to standing, err error) {
	kind, err := kindOf(tx, seg)
	switch {
	case err != nil || kind == KindLocked:
		return standing{class: classLocked}, err
	case kind == KindEvent:
		c = max(c, classEvent)
	}
	to.class = c
	if len(v) == nanoseconds {
		to.due = nano(v).UnixNano()
	}
	return to, nil
}

package storage

import (
	"bytes"
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

// examine ends locks whose time is over, and moves the frontier of each stream up to what may be too old by now. One volume's
// round does it for all; the others go on with what it left.
func (s *Store) examine(now time.Time) error {
	if !s.examining.TryLock() {
		return nil
	}
	defer s.examining.Unlock()
	believed := s.guard.believed(now)
	if believed {
		if err := s.endLocks(now); err != nil {
			return err
		}
	}
	if err := s.settleLocks(); err != nil {
		return err
	}
	work, on, err := s.beyond(now)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.dueOn = on
	s.mu.Unlock()
	if !believed {
		return nil
	}
	for looks := maxLooks; len(work) > 0 && looks > 0; {
		some := min(looks, settleBatch)
		looks -= some
		err := s.index.db.Update(func(tx *bbolt.Tx) error { // many streams at a time: each transaction is synced
			for len(work) > 0 && some > 0 {
				camera, _ := splitKey(work[0])
				if err := advance(tx, work[0], s.agesOf(camera), now, &some); err != nil {
					return err
				}
				if some > 0 {
					work = work[1:]
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// beyond finds the streams that have footage behind their frontier that may be too old, or whose ages changed, and the volumes
// where such footage is. It costs one seek a stream.
func (s *Store) beyond(now time.Time) (work [][]byte, on map[uint16]bool, err error) {
	on = map[uint16]bool{}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bStreams).ForEach(func(k, _ []byte) error {
			e, err := streamOf(tx, k)
			if err != nil {
				return err
			}
			camera, _ := splitKey(k)
			ages := s.agesOf(camera)
			changed := e.Max != ages.Max || e.Event != ages.Event
			from := e.Frontier
			if changed {
				from = 0
			}
			seg, some := firstFrom(tx, k, from)
			due := some && ages.first() > 0 && !seg.End.After(now.Add(-ages.first()))
			if due {
				on[seg.volume] = true
			}
			if due || changed {
				work = append(work, bytes.Clone(k))
			}
			return nil
		})
	})
	return work, on, err
}

// firstFrom is the first segment of a stream at or after a time in nanoseconds. A record that cannot be read must not keep what is
// behind it for ever.
func firstFrom(tx *bbolt.Tx, k []byte, from int64) (seg Segment, ok bool) {
	b := tx.Bucket(bSegments).Bucket(k)
	if b == nil {
		return seg, false
	}
	c := b.Cursor()
	for key, v := c.Seek(nanoKey(time.Unix(0, from))); key != nil; key, v = c.Next() {
		if seg, err := unmarshalSegment(key, v); err == nil {
			return seg, true
		}
	}
	return seg, false
}

// advance moves a stream's frontier: each segment that it passes gets the time when it is due. Ages that changed begin anew, and
// what is looked at a second time keeps or changes its due.
func advance(tx *bbolt.Tx, k []byte, ages Ages, now time.Time, looks *int) error {
	e, err := streamOf(tx, k)
	if err != nil {
		return err
	}
	if e.Max != ages.Max || e.Event != ages.Event {
		e.Frontier, e.Max, e.Event = 0, ages.Max, ages.Event
	}
	list := passed(tx, k, &e, ages.first(), now, looks)
	for i := range list {
		to, err := standingBy(tx, &list[i], ages)
		if err != nil {
			return err
		}
		if err := stand(tx, &list[i], to); err != nil {
			return err
		}
	}
	return putJSON(tx.Bucket(bStreams), k, e)
}

// passed gives the closed segments that the frontier passes, and moves it. An open one is looked at when it is closed.
func passed(tx *bbolt.Tx, k []byte, e *streamEntry, first time.Duration, now time.Time, looks *int) (list []Segment) {
	b := tx.Bucket(bSegments).Bucket(k)
	if b == nil || first <= 0 {
		return nil
	}
	c := b.Cursor()
	for key, v := c.Seek(nanoKey(time.Unix(0, e.Frontier))); key != nil; key, v = c.Next() {
		seg, err := unmarshalSegment(key, v)
		if err != nil {
			e.Frontier = nano(key).UnixNano() + 1 // check names it
			continue
		}
		start := seg.Start.UnixNano()
		if seg.End.After(now.Add(-first)) || *looks <= 0 && start >= e.Frontier {
			break
		}
		e.Frontier = start + 1
		*looks--
		if !seg.Open {
			seg.Camera, seg.Stream = splitKey(k)
			list = append(list, seg)
		}
	}
	return list
}

// standingBy is where a segment behind the frontier stands in the order, by its kind and the ages of its camera.
func standingBy(tx *bbolt.Tx, seg *Segment, ages Ages) (to standing, err error) {
	kind, err := kindOf(tx, seg)
	if err != nil || kind == KindLocked {
		return standing{class: classLocked}, err
	}
	if kind == KindEvent {
		to.class = classEvent
	}
	if age := ages.of(kind); age > 0 {
		to.due = seg.End.Add(age).UnixNano()
	}
	return to, nil
}

// move is a segment that is to stand elsewhere.
type move struct {
	Segment
	to standing
}

func (s *Store) applyMoves(moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		for i := range moves {
			if err := stand(tx, &moves[i].Segment, moves[i].to); err != nil {
				return err
			}
		}
		return nil
	})
}

// retainByAge deletes what is due on a volume.
func (s *Store) retainByAge(r *turn) error {
	for {
		doomed, moves, stale, err := s.ripe(r)
		if err != nil {
			return err
		}
		s.mu.Lock()
		due := s.dueOn[r.number]
		s.mu.Unlock()
		if s.guard.paused(r.v, r.now, due || len(doomed) > 0) != "" {
			return nil
		}
		if err := errors.Join(s.applyMoves(moves), s.dropStale(r.number, stale)); err != nil {
			return err
		}
		if _, err := s.removeSome(r, doomed, CauseRetention); err != nil {
			return err
		}
		if len(doomed)+len(moves)+len(stale) == 0 || !r.more() {
			return nil
		}
	}
}

// ripe looks at what is due on a volume: what is to go, what is to be kept longer after all, and entries of what is not
// there.
func (s *Store) ripe(r *turn) (doomed []Segment, moves []move, stale [][]byte, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bLater).Bucket(volumeKey(r.number))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, _ := c.First(); k != nil && len(doomed) < removeBatch && len(moves)+len(stale) < settleBatch; k, _ = c.Next() {
			if len(k) != nanoseconds+orderKeySize {
				return errors.New("read index: an entry of what is due is malformed")
			}
			if nano(k).After(r.now) {
				return nil
			}
			seg, ok, err := ordered(tx, k[nanoseconds:])
			if err != nil {
				return err
			}
			if !ok {
				stale = append(stale, bytes.Clone(k))
				continue
			}
			to, err := standingBy(tx, &seg, s.agesOf(seg.Camera))
			if err != nil {
				return err
			}
			if to.due != 0 && to.due <= r.now.UnixNano() {
				doomed = append(doomed, seg)
			} else {
				moves = append(moves, move{seg, to})
			}
		}
		return nil
	})
	return doomed, moves, stale, err
}

func (s *Store) dropStale(number uint16, stale [][]byte) error {
	if len(stale) == 0 {
		return nil
	}
	return s.index.db.Update(func(tx *bbolt.Tx) (err error) {
		for _, k := range stale {
			err = errors.Join(err, tx.Bucket(bLater).Bucket(volumeKey(number)).Delete(k))
		}
		return err
	})
}

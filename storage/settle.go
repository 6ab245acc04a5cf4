package storage

import (
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// noteTime is how long whoever raises an event or makes a lock waits for one volume's journal. What hangs is not waited
	// for: the note goes to another.
	noteTime = 3 * time.Second
	// settleBatch is how many segments one transaction puts back in their order.
	settleBatch = 500
)

// journalAny appends a record to the journal of the first volume that takes it. When none does, it waits for one.
func (s *Store) journalAny(r record) {
	for _, v := range s.list() {
		if v.ok() && within(noteTime, func() error { return s.journalTo(v, r) }) == nil {
			return
		}
	}
	s.toJournal(r)
}

// journalAll appends a record to the journal of every volume that takes it: a volume that goes to another machine alone
// still says what holds its footage.
func (s *Store) journalAll(r record) {
	taken := false
	for _, v := range s.list() {
		if v.ok() && within(noteTime, func() error { return s.journalTo(v, r) }) == nil {
			taken = true
		}
	}
	if !taken {
		s.toJournal(r)
	}
}

// endLocks ends the locks whose time is over. The caller has asked whether the clock is to be believed.
func (s *Store) endLocks(now time.Time) error {
	s.locking.Lock()
	defer s.locking.Unlock()
	var over []lockEntry
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return eachLock(tx, "", func(e lockEntry) error {
			if e.state == lockHolds && !e.Until.After(now) {
				over = append(over, e)
			}
			return nil
		})
	})
	for i := range over {
		err = errors.Join(err, s.endLock(&over[i]))
	}
	return err
}

// settleLocks puts what ended locks held back in its order, and forgets locks whose end no journal can call in question. A
// crash leaves the lock as ending: it is settled again.
func (s *Store) settleLocks() error {
	var ending, gone []lockEntry
	now := s.now()
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return eachLock(tx, "", func(e lockEntry) error {
			switch {
			case e.state == lockEnds:
				ending = append(ending, e)
			case e.state == lockEnded && !e.Until.After(now):
				gone = append(gone, e)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for i := range ending {
		if err := s.settle(&ending[i]); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		for _, e := range gone {
			if err := tx.Bucket(bLocks).Delete(lockKey(e.Camera, e.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle makes the segments that a lock held free again.
func (s *Store) settle(e *lockEntry) error {
	var streams []string
	err := s.index.streams(func(_ *bbolt.Tx, camera, stream string, _ *bbolt.Bucket) error {
		if camera == e.Camera {
			streams = append(streams, stream)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, stream := range streams {
		for from, more := (time.Time{}), true; more; {
			err := s.index.db.Update(func(tx *bbolt.Tx) (err error) {
				from, more, err = freeSome(tx, e, stream, from)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	e.state = lockEnded
	return s.index.db.Update(func(tx *bbolt.Tx) error { return putLock(tx, e) })
}

var errEnough = errors.New("enough")

// freeSome makes segments of a stream that start at or after a time free. It gives where to go on.
func freeSome(tx *bbolt.Tx, e *lockEntry, stream string, from time.Time) (next time.Time, more bool, err error) {
	var list []Segment
	err = between(tx, e.Camera, stream, e.From, e.To, func(seg Segment) error {
		switch {
		case seg.Start.Before(from) || seg.Open:
			return nil
		case len(list) >= settleBatch && seg.Start.After(list[len(list)-1].Start):
			next, more = seg.Start, true
			return errEnough
		}
		list = append(list, seg)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return next, false, err
	}
	k := streamKey(e.Camera, stream)
	entry, err := streamOf(tx, k)
	if err != nil {
		return next, false, err
	}
	for i := range list {
		to := standing{}
		if list[i].Start.UnixNano() < entry.Frontier {
			to.due = list[i].End.UnixNano() // looked at at once
		}
		if err := stand(tx, &list[i], to); err != nil {
			return next, false, err
		}
	}
	return next, more, nil
}

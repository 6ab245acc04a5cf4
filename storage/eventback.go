package storage

import (
	"time"

	"go.etcd.io/bbolt"
)

// EventsBack calls f, until it says that it has enough, with the events of a camera that begin in [from, to), newest first, which is the falling
// order of their ids. With before, an event's id of whichever camera, it goes on behind that one. f is called within a transaction and must not call
// the store.
func (s *Store) EventsBack(camera string, from, to time.Time, before string, f func(Event) bool) error {
	if err := checkRange(from, to); err != nil {
		return err
	}
	end := nanoKey(to)
	if before != "" {
		k, ok := eventKey(before)
		if !ok {
			return ErrNoEvent
		}
		if string(k) < string(end) {
			end = k
		}
	}
	return s.index.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bEvents).Bucket([]byte(camera))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, v := c.Seek(end)
		if k == nil {
			k, v = c.Last()
		}
		for k != nil && string(k) >= string(end) {
			k, v = c.Prev()
		}
		for ; k != nil; k, v = c.Prev() {
			e, err := readEvent(camera, k, v)
			if err != nil {
				return err
			}
			if e.Start.Before(from) || !f(e) {
				return nil
			}
		}
		return nil
	})
}

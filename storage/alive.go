package storage

import (
	"time"

	"go.etcd.io/bbolt"
)

// aliveEvery is how often a running store notes in the index that it runs. It is one small commit; a gateway that is killed
// while nothing is to be recorded leaves nothing else that tells until when it would have noticed an event.
const aliveEvery = time.Minute

var kAlive = []byte("alive") // in meta: nanoseconds since 1970

// noteAlive notes, once in a while, that the store runs. An error is left to the next commit that matters.
func (s *Store) noteAlive() {
	now := s.now()
	s.mu.Lock()
	due := s.stamped.IsZero() || now.Sub(s.stamped) >= aliveEvery || now.Before(s.stamped)
	if due {
		s.stamped = now
	}
	s.mu.Unlock()
	if !due {
		return
	}
	err := s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bMeta).Put(kAlive, nanoKey(now)) })
	if err != nil {
		s.log.Error("note in the index that the gateway runs", "error", err)
	}
}

// LastAlive is when the program that had the index before is known to have run last, to within aliveEvery; zero when it is
// not known.
func (s *Store) LastAlive() time.Time { return s.alive }

func (x *index) lastAlive() (at time.Time, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(bMeta).Get(kAlive); len(v) == nanoseconds {
			at = nano(v)
		}
		return nil
	})
	return at, err
}

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/gateway/auth"
	"holdfast/gateway/statedb"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// bucketLocks is what state.db keeps of locks: id → sealed JSON. Whose a lock is and why are personal values; the journals and
// the index, which are in clear, hold neither.
var bucketLocks = []byte("locks")

// keptLock is what is kept of a lock beside what storage has.
type keptLock struct {
	Owner  string    `json:"owner"` // a person's id, or what a program is called; of older releases the name of a person who is no more
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"` // after it, and lockGrace, the record is dropped

	// What storage has too: a lock that it lost is made again.
	Camera  string    `json:"camera,omitempty"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Created time.Time `json:"created,omitzero"`
}

// lockGrace is how long after its end a lock's owner is kept: while the clock is in doubt storage lets no lock end.
const lockGrace = 31 * 24 * time.Hour

// LockFootage keeps footage from deletion. When whose it is cannot be kept, nothing is locked.
func (g *Gateway) LockFootage(_ context.Context, owner string, req web.LockRequest) (web.Lock, error) {
	l, err := g.store.Lock(storage.Lock{Camera: req.Camera, From: req.From, To: req.To, Until: req.Until})
	if err != nil {
		return web.Lock{}, web.Rejected("until", err.Error())
	}
	kept := keptLock{Owner: owner, Reason: req.Reason, Until: l.Until, Camera: l.Camera, From: l.From, To: l.To, Created: l.Created}
	err = g.state.keepLock(l.ID, kept, l.Created)
	if !statedb.Counts(err) {
		_, undone := g.store.Unlock(l.ID)
		return web.Lock{}, errors.Join(err, undone)
	}
	return g.lockOf(l, kept), err // one that was not confirmed holds: the next start would make it again
}

// UnlockFootage ends a lock. What is kept of it goes first: of a lock that storage has no more, it would have the next start make it again.
func (g *Gateway) UnlockFootage(_ context.Context, id string) error {
	kept, unread := g.state.keptLock(id)
	dropped := g.state.dropLock(id)
	if !statedb.Counts(dropped) {
		return dropped
	}
	_, err := g.store.Unlock(id)
	switch {
	case errors.Is(err, storage.ErrNoLock):
		return web.ErrNotFound
	case err != nil && unread == nil && !kept.Until.IsZero(): // it holds, and is somebody's still
		return errors.Join(err, g.state.keepLock(id, kept, g.now()))
	case err != nil:
		return err
	}
	return dropped
}

// FootageLocks gives the locks that hold footage of a range.
func (g *Gateway) FootageLocks(camera string, from, to time.Time) ([]web.Lock, error) {
	held, err := g.store.Locks(camera, from, to)
	if err != nil {
		return nil, err
	}
	list := make([]web.Lock, 0, len(held))
	for _, l := range held {
		kept, err := g.state.keptLock(l.ID)
		if err != nil { // it holds all the same
			g.log.Error("whose a lock is cannot be opened", "lock", l.ID, "error", err)
		}
		list = append(list, g.lockOf(l, kept))
	}
	return list, nil
}

func (g *Gateway) lockOf(l storage.Lock, kept keptLock) web.Lock {
	told := web.Lock{ID: l.ID, Camera: l.Camera, From: l.From.UTC(), To: l.To.UTC(), Until: l.Until.UTC(), Created: l.Created.UTC(), Owner: kept.Owner, Reason: kept.Reason}
	if auth.IsPerson(kept.Owner) {
		told.Person = kept.Owner
		told.Owner = g.nameOf(kept.Owner)
	}
	return told
}

// nameOf is what a person is called, "" of one who is no more. On the files, where nobody's record is opened, it is the id.
func (g *Gateway) nameOf(person string) string {
	if g.auth == nil {
		return person
	}
	p, err := g.auth.Person(person)
	if err != nil {
		return ""
	}
	return p.Name
}

// ownLocks has locks of older releases, which name whose they are, name them by id: a person who is deleted then leaves no name behind.
func (g *Gateway) ownLocks() error {
	kept, err := g.state.keptLocks()
	if err != nil {
		return err
	}
	for id, k := range kept {
		person := g.auth.NameOf(k.Owner)
		if person == "" || auth.IsPerson(k.Owner) || k.Owner == string(auth.ByLocal) || k.Owner == string(auth.ByProcess) {
			continue
		}
		k.Owner = person
		if err := g.state.keepLock(id, k, g.now()); err != nil {
			return err
		}
	}
	return nil
}

// keepLock writes whose a lock is, sealed, and drops what is kept of locks that have ended: that bounds the bucket by the locks
// that storage allows.
func (s *State) keepLock(id string, kept keptLock, now time.Time) error {
	plain, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	sealed, err := s.seal(purposeLock, plain, []byte(id))
	if err != nil {
		return fmt.Errorf("keep lock: %w", err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketLocks)
		if err != nil {
			return err
		}
		if err := s.dropEnded(b, now); err != nil {
			return err
		}
		return b.Put([]byte(id), sealed)
	})
	if err != nil {
		return fmt.Errorf("keep lock: %w", err)
	}
	return nil
}

func (s *State) dropEnded(b *bbolt.Bucket, now time.Time) error {
	var ended [][]byte
	err := b.ForEach(func(k, v []byte) error {
		if kept, err := s.unsealLock(string(k), v); err == nil && kept.Until.Before(now.Add(-lockGrace)) {
			ended = append(ended, k)
		}
		return nil
	})
	for _, k := range ended {
		err = errors.Join(err, b.Delete(k))
	}
	return err
}

// keptLock reads whose a lock is: nobody's when nothing is kept of it.
func (s *State) keptLock(id string) (kept keptLock, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketLocks)
		if b == nil {
			return nil
		}
		if v := b.Get([]byte(id)); v != nil {
			kept, err = s.unsealLock(id, v)
		}
		return err
	})
	if err != nil {
		return kept, fmt.Errorf("read lock: %w", err)
	}
	return kept, nil
}

func (s *State) unsealLock(id string, v []byte) (kept keptLock, err error) {
	plain, err := s.open(purposeLock, v, []byte(id))
	if err != nil {
		return kept, err
	}
	return kept, json.Unmarshal(plain, &kept)
}

// restoreLocks makes locks again that storage lost: with the index, before a journal had them.
func (g *Gateway) restoreLocks() error {
	kept, err := g.state.keptLocks()
	if err != nil {
		return err
	}
	held, err := g.store.Locks("", time.Unix(0, 0), time.Unix(1<<40, 0))
	if err != nil {
		return err
	}
	for _, l := range held {
		delete(kept, l.ID)
	}
	for id, k := range kept {
		if k.Camera == "" || !k.Until.After(g.now()) {
			continue
		}
		_, err := g.store.Lock(storage.Lock{ID: id, Camera: k.Camera, From: k.From, To: k.To, Until: k.Until, Created: k.Created})
		if err != nil {
			g.log.Error("a lock that storage lost is not made again", "lock", id, "error", err)
			continue
		}
		g.log.Warn("a lock that storage had lost holds again", "lock", id, "camera", k.Camera)
	}
	return nil
}

// keptLocks reads what is kept of all locks that can be opened.
func (s *State) keptLocks() (map[string]keptLock, error) {
	all := map[string]keptLock{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketLocks)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			if kept, err := s.unsealLock(string(k), v); err == nil {
				all[string(k)] = kept
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read locks: %w", err)
	}
	return all, nil
}

func (s *State) dropLock(id string) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketLocks)
		if b == nil {
			return nil
		}
		return b.Delete([]byte(id))
	})
	if err != nil {
		return fmt.Errorf("drop lock: %w", err)
	}
	return nil
}

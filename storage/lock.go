package storage

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// DefaultLockMax bounds how long a lock may last where Options say nothing else.
	DefaultLockMax = 366 * 24 * time.Hour
	// MaxLocks bounds the locks of one camera that hold at a time.
	MaxLocks = 1000
)

// ErrNoLock says that there is no lock of an id.
var ErrNoLock = errors.New("no such lock")

// Lock keeps the footage of all streams of a camera that overlaps a range, whole segments, until it ends: neither age nor
// need of space deletes it. Whose it is and why is not in storage: these are personal, and journals are in clear.
type Lock struct {
	ID       string // 16 letters and digits
	Camera   string
	From, To time.Time // UTC, [From, To), at most MaxRange
	Until    time.Time // when it ends by itself; required
	Created  time.Time
}

// lockState is how far the end of a lock has come.
type lockState byte

const (
	lockHolds lockState = iota
	lockEnds            // it holds no longer; what it held is not yet back in its order
	lockEnded           // kept so that an older journal does not bring it back, until its end
)

// lockEntry is a lock as the index has it.
type lockEntry struct {
	Lock
	state lockState
}

// Lock makes a lock; an empty ID is filled in. With the ID of one that holds it changes that one's range and end. It returns
// once the journal of every volume that takes it has synced it.
func (s *Store) Lock(l Lock) (Lock, error) {
	l.From, l.To, l.Until = l.From.UTC().Round(0), l.To.UTC().Round(0), l.Until.UTC().Round(0)
	now := s.now().UTC().Round(0)
	if l.Created.IsZero() {
		l.Created = now
	}
	if l.ID == "" {
		l.ID = newLockID()
	}
	if err := s.checkLock(&l, now); err != nil {
		return l, fmt.Errorf("lock footage: %w", err)
	}
	s.locking.Lock()
	defer s.locking.Unlock()
	if err := s.roomForLock(&l); err != nil {
		return l, fmt.Errorf("lock footage: %w", err)
	}
	s.journalAll(l.record())
	err := s.index.db.Update(func(tx *bbolt.Tx) error { return putLock(tx, &lockEntry{Lock: l}) })
	s.locksChanged()
	if err != nil {
		return l, fmt.Errorf("note lock: %w", err)
	}
	return l, nil
}

func (s *Store) checkLock(l *Lock, now time.Time) error {
	longest := s.o.LockMax
	if longest <= 0 {
		longest = DefaultLockMax
	}
	switch {
	case !validName(l.Camera):
		return fmt.Errorf("%q names no camera", l.Camera)
	case !validLockID(l.ID):
		return fmt.Errorf("%q is no lock's id", l.ID)
	case l.From.Unix() <= 0 || l.To.Year() > 2261:
		return errors.New("its range is no time that can be recorded")
	case !l.Until.After(now):
		return errors.New("its end is not in the future")
	case l.Until.Sub(now) > longest:
		return fmt.Errorf("it would last longer than %s, the longest that is allowed", Days(longest))
	}
	return checkRange(l.From, l.To)
}

// roomForLock bounds a camera's locks, and refuses to bring back one that has ended.
func (s *Store) roomForLock(l *Lock) error {
	return s.index.db.View(func(tx *bbolt.Tx) error {
		held := 0
		return eachLock(tx, l.Camera, func(e lockEntry) error {
			switch {
			case e.ID == l.ID && e.state != lockHolds:
				return errors.New("a lock of this id has ended")
			case e.ID != l.ID && e.state == lockHolds:
				held++
			}
			if held >= MaxLocks {
				return fmt.Errorf("%s has %d locks already; end some first", l.Camera, held)
			}
			return nil
		})
	})
}

// Unlock ends a lock: what it held is deleted when its kind's age, or need of space, says so. It gives the lock that ended; the
// error is ErrNoLock when none of the id holds.
func (s *Store) Unlock(id string) (Lock, error) {
	s.locking.Lock()
	e, err := s.lockOf(id)
	if err == nil {
		err = s.endLock(&e)
	}
	s.locking.Unlock()
	if err != nil {
		return e.Lock, fmt.Errorf("unlock footage: %w", err)
	}
	return e.Lock, s.settleLocks()
}

// lockOf finds a lock that holds.
func (s *Store) lockOf(id string) (found lockEntry, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return eachLock(tx, "", func(e lockEntry) error {
			if e.ID == id && e.state == lockHolds {
				found = e
			}
			return nil
		})
	})
	if err == nil && found.ID == "" {
		err = ErrNoLock
	}
	return found, err
}

// endLock notes that a lock has ended. Its segments go back in their order after that, by settleLocks. Caller holds locking.
func (s *Store) endLock(e *lockEntry) error {
	r := e.record()
	r.Type, r.At = "unlock", s.now().UTC()
	s.journalAll(r)
	e.state = lockEnds
	defer s.locksChanged()
	return s.index.db.Update(func(tx *bbolt.Tx) error { return putLock(tx, e) })
}

// locksChanged has what locks hold summed anew.
func (s *Store) locksChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lockChanges++
}

// Locks gives the locks that hold of a camera, "" for all, that overlap [from, to), in the order of their ranges.
func (s *Store) Locks(camera string, from, to time.Time) (list []Lock, err error) {
	if !from.Before(to) {
		return nil, errors.New("the range is empty: from must be before to")
	}
	list = []Lock{}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return eachLock(tx, camera, func(e lockEntry) error {
			if e.state == lockHolds && e.From.Before(to) && e.To.After(from) {
				list = append(list, e.Lock)
			}
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b Lock) int { return a.From.Compare(b.From) })
	return list, err
}

// lockedIn gives the locks that hold footage of a camera in [from, to).
func lockedIn(tx *bbolt.Tx, camera string, from, to time.Time) (list []Lock, err error) {
	err = eachLock(tx, camera, func(e lockEntry) error {
		if e.state == lockHolds && e.From.Before(to) && (e.To.After(from)) {
			list = append(list, e.Lock)
		}
		return nil
	})
	return list, err
}

// eachLock calls f for every lock of a camera, "" for all, also for those that have ended.
func eachLock(tx *bbolt.Tx, camera string, f func(lockEntry) error) error {
	var prefix []byte
	if camera != "" {
		prefix = lockKey(camera, "")
	}
	c := tx.Bucket(bLocks).Cursor()
	for k, v := c.Seek(prefix); k != nil && strings.HasPrefix(string(k), string(prefix)); k, v = c.Next() {
		e, err := readLock(k, v)
		if err != nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// A lock's key in the index is camera 0 id; its record has state, from, to, until, created.
const lockRecord = 1 + 4*nanoseconds

func lockKey(camera, id string) []byte { return []byte(camera + "\x00" + id) }

func newLockID() string {
	b := make([]byte, eventKeySize)
	rand.Read(b)
	return eventLetters.EncodeToString(b)
}

func validLockID(id string) bool { _, ok := eventKey(id); return ok }

func putLock(tx *bbolt.Tx, e *lockEntry) error {
	v := append(make([]byte, 0, lockRecord), byte(e.state))
	for _, t := range []time.Time{e.From, e.To, e.Until, e.Created} {
		v = binary.BigEndian.AppendUint64(v, uint64(t.UnixNano()))
	}
	return tx.Bucket(bLocks).Put(lockKey(e.Camera, e.ID), v)
}

func readLock(k, v []byte) (e lockEntry, err error) {
	if len(v) < lockRecord || v[0] > byte(lockEnded) {
		return e, errors.New("read index: a lock's record is malformed")
	}
	e.Camera, e.ID = splitKey(k)
	e.state = lockState(v[0])
	e.From, e.To, e.Until, e.Created = nano(v[1:]), nano(v[9:]), nano(v[17:]), nano(v[25:])
	return e, nil
}

func (l *Lock) record() record {
	from, to, until := l.From, l.To, l.Until
	return record{Type: "lock", At: l.Created, Camera: l.Camera, ID: l.ID, Start: &from, End: &to, Until: &until}
}

// lockFrom reads a lock from a journal; one of type "unlock" has ended.
func lockFrom(r *record) (e lockEntry, ok bool) {
	if !validLockID(r.ID) || !validName(r.Camera) || r.Start == nil || r.End == nil || r.Until == nil || !r.Start.Before(*r.End) {
		return e, false
	}
	e.Lock = Lock{ID: r.ID, Camera: r.Camera, From: r.Start.UTC(), To: r.End.UTC(), Until: r.Until.UTC(), Created: r.At.UTC()}
	if r.Type == "unlock" {
		e.state = lockEnded
	}
	return e, true
}

// Days writes how long something is for people: in whole days where it is some, else in hours or minutes.
func Days(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}

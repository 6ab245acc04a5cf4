package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/keyring"
)

// bOutlived has the keys of footage that retention deleted, and those under which nothing was recorded after all, until the
// keyring has forgotten them: camera 0 start, KID → nothing. A key whose footage is gone opens nothing but what a disk still holds
// of the file, and a keyring that keeps it grows for ever.
var bOutlived = []byte("outlived")

// outlivedBatch is how many keys are forgotten in a round of two seconds: many times what 128 streams leave.
const outlivedBatch = 1024

// outlive notes, in the transaction that drops the segment's record, that nothing needs its key any more.
func outlive(tx *bbolt.Tx, seg *Segment) error {
	if !seg.Protected {
		return nil
	}
	return tx.Bucket(bOutlived).Put(outlivedKey(seg), nil)
}

func outlivedKey(seg *Segment) []byte {
	k := binary.BigEndian.AppendUint64(append([]byte(seg.Camera), 0), uint64(seg.Start.UnixNano()))
	return append(k, seg.KeyID[:]...)
}

// outliveKey notes of a key that was made for a segment that nothing needs it, as long as the segment is not in the index:
// whatever becomes of its file, the key does not stay.
func (o *open) outliveKey(tx *bbolt.Tx) error {
	if !o.keyed { // a copy has the key of what it is a copy of
		return nil
	}
	return outlive(tx, &o.Segment)
}

// needKey takes that note back, in the transaction that enters the segment.
func needKey(tx *bbolt.Tx, seg *Segment) error {
	if !seg.Protected {
		return nil
	}
	return tx.Bucket(bOutlived).Delete(outlivedKey(seg))
}

// keyBegins says that a key is about to be made for a camera's day, and keySettled that it is known what became of it. In between its
// footage may be in no index.
func (s *Store) keyBegins(camera string, day time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making[dayName(camera, day)]++
}

func (s *Store) keySettled(camera string, day time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := dayName(camera, day)
	if s.making[k]--; s.making[k] == 0 {
		delete(s.making, k)
	}
}

// settleKey settles the key of a segment, once.
func (s *Store) settleKey(o *open) {
	if o.keyed {
		o.keyed = false
		s.keySettled(o.Camera, o.Start)
	}
}

func (s *Store) isMaking(camera string, day time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.making[dayName(camera, day)] > 0
}

func dayName(camera string, day time.Time) string {
	return camera + "\x00" + day.UTC().Format(time.DateOnly)
}

// outlived is a key that is to be forgotten.
type outlived struct {
	note   []byte // its key in the bucket
	camera string
	start  time.Time
	id     keyring.ID
}

var errOutlived = errors.New("read index: the note of a key is malformed")

func readOutlived(k []byte) (o outlived, err error) {
	camera, rest, ok := bytes.Cut(k, []byte{0})
	if !ok || len(rest) != nanoseconds+len(o.id) {
		return o, errOutlived
	}
	o = outlived{note: bytes.Clone(k), camera: string(camera), start: nano(rest)}
	copy(o.id[:], rest[nanoseconds:])
	return o, nil
}

// forgetOutlived has the keyring forget the keys that nothing needs, those of a camera's day at a time, and drops their
// notes. A crash between leaves a note, and forgetting twice does no harm. A day for which a key is being made waits.
func (s *Store) forgetOutlived() error {
	if s.o.Keys == nil {
		return nil
	}
	var list []outlived
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bOutlived).Cursor()
		for k, _ := c.First(); k != nil && len(list) < outlivedBatch; k, _ = c.Next() {
			o, err := readOutlived(k)
			if err != nil {
				return err
			}
			list = append(list, o)
		}
		return nil
	})
	for err == nil && len(list) > 0 {
		n := sameDay(list)
		err = s.forgetKeys(list[:n])
		list = list[n:]
	}
	return err
}

// sameDay is how many keys at the beginning of a list are of one camera's day.
func sameDay(list []outlived) int {
	day := dayName(list[0].camera, list[0].start)
	n := 1
	for n < len(list) && dayName(list[n].camera, list[n].start) == day {
		n++
	}
	return n
}

func (s *Store) forgetKeys(list []outlived) error {
	if list = s.stillOutlived(list); len(list) == 0 {
		return nil
	}
	ids := make([]keyring.ID, len(list))
	for i := range list {
		ids[i] = list[i].id
	}
	if err := s.o.Keys.Forget(list[0].camera, list[0].start, ids...); err != nil {
		return err
	}
	return s.index.db.Update(func(tx *bbolt.Tx) (err error) {
		for i := range list {
			err = errors.Join(err, tx.Bucket(bOutlived).Delete(list[i].note))
		}
		return err
	})
}

// stillOutlived looks at the notes of a camera's day again, after it was seen that no key is being made for it: what was being made
// when they were read is in the index by now, without its note.
func (s *Store) stillOutlived(list []outlived) (still []outlived) {
	if s.isMaking(list[0].camera, list[0].start) {
		return nil
	}
	s.index.db.View(func(tx *bbolt.Tx) error {
		for _, o := range list {
			if has(tx.Bucket(bOutlived), o.note) {
				still = append(still, o)
			}
		}
		return nil
	})
	return still
}

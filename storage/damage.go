package storage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// bDamaged has the files that were found damaged: volume number, path → damage. What is known is no news to a check, and
// an alarm until somebody has dealt with it.
var bDamaged = []byte("damaged")

// damage is what is known of a damaged file.
type damage struct {
	Found    time.Time `json:"found"`
	Kind     string    `json:"kind"`
	What     string    `json:"what"`
	CRC      uint32    `json:"crc,omitempty"`      // of the file as it was found; 0 where it was not read whole
	Accepted bool      `json:"accepted,omitempty"` // a repair could do no more: no finding and no alarm any longer
}

// noteDamage notes that a file is damaged. What was accepted stays accepted while the file stays as it was.
func noteDamage(tx *bbolt.Tx, seg *Segment, d damage) error {
	b, err := tx.CreateBucketIfNotExists(bDamaged)
	if err != nil {
		return err
	}
	if old, ok := damageOf(tx, seg); ok && old.same(&d) {
		d.Found, d.Accepted = old.Found, old.Accepted || d.Accepted
	}
	return putJSON(b, garbageKey(seg), d)
}

func (d *damage) same(other *damage) bool {
	return d.Kind == other.Kind && (d.CRC == other.CRC || d.CRC == 0 || other.CRC == 0)
}

func damageOf(tx *bbolt.Tx, seg *Segment) (d damage, ok bool) {
	b := tx.Bucket(bDamaged)
	if b == nil {
		return d, false
	}
	v := b.Get(garbageKey(seg))
	return d, v != nil && json.Unmarshal(v, &d) == nil
}

// knows tells whether a damage was accepted by a repair, and the file is as it was then.
func (s *Store) knows(seg *Segment, bad *badFile) (known bool) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		d, ok := damageOf(tx, seg)
		known = ok && d.Accepted && d.same(&damage{Kind: bad.kind, CRC: bad.crc})
		return nil
	})
	return known
}

// sound forgets that a file was damaged: it was read whole, and is as it was recorded.
func (s *Store) sound(seg *Segment) {
	noted := false
	s.index.db.View(func(tx *bbolt.Tx) error {
		_, noted = damageOf(tx, seg)
		return nil
	})
	if noted {
		s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bDamaged).Delete(garbageKey(seg)) })
		s.note()
	}
}

// damages gives what is known and not accepted, and forgets damage of files that are gone.
func (s *Store) damages(limit int) (list map[string]damage) {
	list = map[string]damage{}
	var gone [][]byte
	s.index.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bDamaged)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			number, rel, err := parseGarbage(k)
			var d damage
			if _, ok := segmentAt(tx, number, rel); err != nil || !ok || json.Unmarshal(v, &d) != nil {
				gone = append(gone, bytes.Clone(k))
				return nil
			}
			if v := s.volumeOf(number); v != nil && !d.Accepted && len(list) < limit {
				list[filepath.Join(v.o.Path, rel)] = d
			}
			return nil
		})
	})
	if len(gone) > 0 {
		s.index.db.Update(func(tx *bbolt.Tx) error {
			for _, k := range gone {
				if err := tx.Bucket(bDamaged).Delete(k); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return list
}

// maxRotAlarms bounds the alarms of damaged files. A disk that rots everywhere needs no thousand of them.
const maxRotAlarms = 20

// rotAlarms tells of files that were found damaged and that nobody has dealt with.
func (s *Store) rotAlarms() (list []Alarm) {
	for path, d := range s.damages(maxRotAlarms) {
		list = append(list, Alarm{ID: "rot:" + path, Since: d.Found, What: fmt.Sprintf("%s is damaged: %s", path, d.What), Means: meansOf[d.Kind],
			Do: "Look at the disk's health. holdfast check --repair takes the footage from its mirror copy where there is one, and else accepts the damage; or restore the file from a copy."})
	}
	return list
}

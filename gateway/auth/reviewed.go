package auth

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"
)

// bucketReviewed is which events each person has reviewed: person, camera and day, a zero byte between them → record.
var bucketReviewed = []byte("auth.reviewed")

const (
	// maxReviewedOfDay bounds the events of one camera and day that one person has reviewed.
	maxReviewedOfDay = 10_000
	// maxReviewedDays bounds the days of cameras of which one person has reviewed events: fifty cameras for 400 days.
	maxReviewedDays = 20_000
	// byLocal is whose the reviewed events of the local socket are: scripts on the machine have a state of their own.
	byLocal = "local"
)

// Errors of Review.
var (
	ErrNobody       = errors.New("reviewed events are kept for each person, and this is nobody's sign-in")
	ErrManyReviewed = errors.New("too many events are marked as reviewed")
)

// reviewed is the record of a person, a camera and a day, sealed under the person's key.
type reviewed struct {
	Camera string   `json:"camera"`
	Day    string   `json:"day"`
	Events []string `json:"events"` // ids, sorted
}

// CameraDay is what reviewed events are kept by: a camera, and the day that an event began on, as the caller writes days.
type CameraDay struct{ Camera, Day string }

// reviewer is whose reviewed events somebody sees and marks; "" of whoever is no person.
func reviewer(who Identity) string {
	if who.Kind == ByLocal {
		return byLocal
	}
	return who.Person
}

func reviewedKey(of string, d CameraDay) []byte {
	return []byte(of + "\x00" + d.Camera + "\x00" + d.Day)
}

// ReviewedOf gives which events of a camera and day somebody has reviewed, by their ids. What was marked under a key that is not here counts as
// not reviewed.
func (a *Auth) ReviewedOf(who Identity, d CameraDay) (map[string]bool, error) {
	all := map[string]bool{}
	of := reviewer(who)
	if of == "" {
		return all, nil
	}
	err := a.db.View(func(tx *bbolt.Tx) error {
		return a.readReviewed(tx, reviewedKey(of, d), all)
	})
	return all, err
}

func (a *Auth) readReviewed(tx *bbolt.Tx, key []byte, into map[string]bool) error {
	value := tx.Bucket(bucketReviewed).Get(key)
	if value == nil {
		return nil
	}
	var r reviewed
	switch _, err := a.unseal(value, string(key), &r); {
	case errors.Is(err, errUnreadable):
		return nil
	case err != nil:
		return fmt.Errorf("read reviewed events: %w", err)
	}
	for _, id := range r.Events {
		into[id] = true
	}
	return nil
}

// Review marks events as reviewed, or as not, all of them at once. Errors: ErrNobody, ErrManyReviewed.
func (a *Auth) Review(who Identity, events map[CameraDay][]string, yes bool) error {
	of := reviewer(who)
	a.writing.Lock() // a person who is removed meanwhile must not get a record, and with it a key, once more
	defer a.writing.Unlock()
	if of == "" || of != byLocal && a.people[of] == nil {
		return ErrNobody
	}
	if _, err := a.keys.PersonKey(stateKey(of)); err != nil { // made, if it must be, before the transaction
		return fmt.Errorf("mark events as reviewed: %w", err)
	}
	err := a.db.Update(func(tx *bbolt.Tx) error {
		for d, ids := range events {
			if err := a.reviewDay(tx, of, d, ids, yes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark events as reviewed: %w", err)
	}
	return nil
}

func (a *Auth) reviewDay(tx *bbolt.Tx, of string, d CameraDay, ids []string, yes bool) error {
	b, key, all := tx.Bucket(bucketReviewed), reviewedKey(of, d), map[string]bool{}
	if err := a.readReviewed(tx, key, all); err != nil {
		return err
	}
	for _, id := range ids {
		if yes {
			all[id] = true
		} else {
			delete(all, id)
		}
	}
	switch {
	case len(all) == 0:
		return b.Delete(key)
	case len(all) > maxReviewedOfDay, b.Get(key) == nil && daysReviewed(b, of) >= maxReviewedDays:
		return ErrManyReviewed
	}
	value, err := a.seal(of, string(key), reviewed{d.Camera, d.Day, slices.Sorted(maps.Keys(all))})
	if err != nil {
		return err
	}
	return b.Put(key, value)
}

// daysReviewed counts the records of somebody.
func daysReviewed(b *bbolt.Bucket, of string) (n int) {
	prefix, c := []byte(of+"\x00"), b.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		n++
	}
	return n
}

// forgetReviewed drops what a person has reviewed.
func forgetReviewed(tx *bbolt.Tx, of string) error {
	prefix, c := []byte(of+"\x00"), tx.Bucket(bucketReviewed).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Seek(prefix) {
		if err := c.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// SweepReviewed drops what was reviewed of days of cameras that are not to be kept, as their events are no more. keep is asked once for each.
func (a *Auth) SweepReviewed(keep func(CameraDay) (bool, error)) error {
	keys := map[CameraDay][][]byte{}
	err := a.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketReviewed).ForEach(func(k, _ []byte) error {
			if part := bytes.Split(k, []byte{0}); len(part) == 3 {
				d := CameraDay{string(part[1]), string(part[2])}
				keys[d] = append(keys[d], bytes.Clone(k))
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	var drop [][]byte
	for d, of := range keys {
		switch kept, err := keep(d); {
		case err != nil:
			return err
		case !kept:
			drop = append(drop, of...)
		}
	}
	if len(drop) == 0 {
		return nil
	}
	return a.db.Update(func(tx *bbolt.Tx) error {
		for _, k := range drop {
			if err := tx.Bucket(bucketReviewed).Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

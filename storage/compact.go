package storage

import (
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/internal/durable"
)

// compactPeriod is the time between two looks at a file of a journal. A file of 128 streams lasts a day.
const compactPeriod = time.Hour

// compact rewrites one file of a volume's journal without the records of what is gone, in turn, so that a journal is at
// most twice as large as what it has to tell, and the file that is being written.
func (s *Store) compact(v *volume) error {
	v.mu.Lock()
	j := v.journal
	v.mu.Unlock()
	if j == nil || time.Since(v.compacted) < compactPeriod {
		return nil
	}
	v.compacted = time.Now()
	defer v.answered(v.asks())
	return s.compactNext(j, s.numberOf(v))
}

// compactNext looks at the file after the one that was looked at before, other than the one that is being written.
func (s *Store) compactNext(j *journal, number uint16) error {
	names, err := j.names()
	if err != nil || len(names) < 2 {
		return err
	}
	next := names[0]
	for _, name := range names[:len(names)-1] {
		if name > j.looked {
			next = name
			break
		}
	}
	j.looked = next
	if next == names[len(names)-2] {
		j.looked = ""
	}
	path := filepath.Join(j.dir, next)
	data, err := durable.ReadFile(s.fs, path, 4*journalSize)
	if err != nil {
		return err
	}
	kept, err := s.needed(data, number)
	switch {
	case err != nil || len(kept) > len(data)/2:
		return err
	case len(kept) == 0:
		return durable.Remove(s.fs, path)
	}
	return durable.WriteFile(s.fs, path, kept)
}

// needed gives the lines of the journal of a volume that tell of what is there, or of a file that is still to be removed. Lines that cannot be read are kept for whoever repairs.
func (s *Store) needed(data []byte, number uint16) (kept []byte, err error) {
	var list []record
	if bad, _ := parseJournal(data, func(r record) { r.Back = 0; list = append(list, r) }); bad > 0 {
		return data, nil
	}
	still := list[:0]
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		for _, r := range list {
			if tells(tx, &r, s.now()) || removes(tx, &r, number) {
				still = append(still, r)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encode(still)
}

// removes tells whether a record is of the deletion of a file that could not be removed yet: a new index would take the file for
// footage without it.
func removes(tx *bbolt.Tx, r *record, number uint16) bool {
	return (r.Type == "deleted" || r.Type == "erased") && r.Path != "" && has(tx.Bucket(bGarbage), garbageName(number, r.Path))
}

// tells whether a record would be needed to make the index again.
func tells(tx *bbolt.Tx, r *record, now time.Time) bool {
	k := streamKey(r.Camera, r.Stream)
	switch {
	case r.Type == "event" || r.Type == "lock" || r.Type == "unlock":
		return tellsMark(tx, r, now)
	case r.Type == "erasure":
		return tx.Bucket(bErasures).Get([]byte(r.ID)) != nil
	case r.Type == "erased":
		b := tx.Bucket(bGaps).Bucket(k)
		return r.Start != nil && b != nil && b.Get(nanoKey(*r.Start)) != nil
	case r.Type == "gap":
		b := tx.Bucket(bGaps).Bucket(k)
		return b != nil && b.Get(nanoKey(r.At)) != nil
	case r.Start == nil:
		return false
	}
	b := tx.Bucket(bSegments).Bucket(k)
	if b == nil {
		return false
	}
	if r.Type == "closed" || r.Type == "damaged" {
		seg := Segment{Start: *r.Start, Run: r.Run}
		return b.Get(seg.key()) != nil
	}
	if b.Get((&Segment{Start: *r.Start, Run: r.Run}).key()) != nil {
		return false // its deletion was taken back
	}
	first, _ := b.Cursor().First()
	return first != nil && nano(first).Before(*r.Start)
}

// tellsMark tells whether the record of an event or a lock would be needed. That a lock has ended is told until its time is
// over: another journal may still say that it was made.
func tellsMark(tx *bbolt.Tx, r *record, now time.Time) bool {
	switch r.Type {
	case "unlock":
		return r.Until != nil && r.Until.After(now)
	case "lock":
		v := tx.Bucket(bLocks).Get(lockKey(r.Camera, r.ID))
		e, err := readLock(lockKey(r.Camera, r.ID), v)
		return v != nil && err == nil && e.state == lockHolds
	}
	k, ok := eventKey(r.ID)
	b := tx.Bucket(bEvents).Bucket([]byte(r.Camera))
	if !ok || b == nil || b.Get(k) == nil {
		return false
	}
	e, err := readEvent(r.Camera, k, b.Get(k))
	same := r.End == nil && e.End.IsZero() || r.End != nil && r.End.Equal(e.End)
	return err == nil && same
}

package storage

import (
	"bytes"
	"context"

	"go.etcd.io/bbolt"
)

// bSingle has the closed segments that are to have a second copy and have none: camera 0 stream, start, run → nothing. Its sequence
// is how many there are.
var bSingle = []byte("single")

// single tells whether a second copy of the segment is to be made.
func (s *Segment) single() bool { return s.wanted && !s.Open && s.mirror.volume == 0 }

// noteSingle keeps the list of what lacks its second copy by a record that is about to be written.
func noteSingle(tx *bbolt.Tx, s *Segment) error { return listSingle(tx, openKey(s), s.single()) }

func listSingle(tx *bbolt.Tx, k []byte, lacks bool) error {
	b := tx.Bucket(bSingle)
	switch there := has(b, k); {
	case lacks && !there:
		if err := b.Put(k, nil); err != nil {
			return err
		}
		return b.SetSequence(b.Sequence() + 1)
	case !lacks && there:
		if err := b.Delete(k); err != nil {
			return err
		}
		return b.SetSequence(max(b.Sequence(), 1) - 1)
	}
	return nil
}

// lacks tells whether a second copy of a segment is to be made: it has none, or has it on a volume that is in use no longer.
func (s *Store) lacks(seg *Segment) bool {
	return seg.single() || seg.wanted && !seg.Open && (s.volumeOf(seg.volume) == nil) != (s.volumeOf(seg.mirror.volume) == nil)
}

// lacking gives segments that are on the list of what is to have a second copy and has none, those behind a key.
func (s *Store) lacking(behind []byte, limit int) (list []Segment, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bSingle).Cursor()
		k, _ := c.Seek(behind)
		if bytes.Equal(k, behind) {
			k, _ = c.Next()
		}
		for ; k != nil && len(list) < limit; k, _ = c.Next() {
			if len(k) <= segmentKey {
				continue // check names it
			}
			camera, stream := splitKey(k[:len(k)-segmentKey])
			seg, ok, err := segmentOf(tx, camera, stream, bytes.Clone(k[len(k)-segmentKey:]))
			if err != nil {
				return err
			}
			if ok {
				list = append(list, seg)
			}
		}
		return nil
	})
	for i := range list {
		s.fill(&list[i])
	}
	return list, err
}

// singles holds the list of what lacks its second copy against the records. That a record is on it is looked at with the record.
func (x *indexCheck) singles(ctx context.Context) error {
	b := x.tx.Bucket(bSingle)
	n := uint64(0)
	err := b.ForEach(func(k, _ []byte) error {
		n++
		if x.lacksCopy(k) {
			return ctx.Err()
		}
		k = bytes.Clone(k)
		x.dangling("single", "The list of segments that lack their second copy names one that does not.", "It is looked for in vain.", "It is taken off the list.",
			func(tx *bbolt.Tx) error { return listSingle(tx, k, x.c.s.lacksCopy(tx, k)) })
		return ctx.Err()
	})
	if err == nil && n != b.Sequence() {
		x.dangling("single", "The number of segments that lack their second copy is not right.", "What is shown of them may err.", "They are counted again.", countSingle)
	}
	return err
}

// lacksCopy tells whether a key of the list is of a segment that lacks its second copy.
func (s *Store) lacksCopy(tx *bbolt.Tx, k []byte) bool {
	if len(k) <= segmentKey {
		return false
	}
	camera, stream := splitKey(k[:len(k)-segmentKey])
	seg, ok, err := segmentOf(tx, camera, stream, k[len(k)-segmentKey:])
	return ok && err == nil && s.lacks(&seg)
}

func (x *indexCheck) lacksCopy(k []byte) bool { return x.c.s.lacksCopy(x.tx, k) }

func countSingle(tx *bbolt.Tx) error {
	b := tx.Bucket(bSingle)
	n := uint64(0)
	if err := b.ForEach(func(_, _ []byte) error { n++; return nil }); err != nil {
		return err
	}
	return b.SetSequence(n)
}

// onSingles looks whether a record is on the list if it belongs there.
func (x *indexCheck) onSingles(seg *Segment) {
	k := openKey(seg)
	if seg.single() == has(x.tx.Bucket(bSingle), k) {
		return
	}
	if !seg.single() {
		return // singles names it
	}
	x.dangling(seg.Camera+"/"+seg.Stream, "A segment lacks its second copy, and is not on the list of those that do.", "Its second copy would never be made.", "It is put on the list.",
		func(tx *bbolt.Tx) error { return listSingle(tx, k, x.c.s.lacksCopy(tx, k)) })
}

package storage

import (
	"errors"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// reopenErasures has erasures carried out again that cover footage in clear which is there all the same: a second copy came back from a
// volume that was away when it was erased, and the index that had a note of it was lost. Encrypted footage of which this is so has lost
// its key. It tells whether there are such.
func reopenErasures(tx *bbolt.Tx) (some bool, err error) {
	var again []Erasure
	err = tx.Bucket(bErasures).ForEach(func(_, v []byte) error {
		e, err := readErasure(v)
		if err != nil || e.Done.IsZero() {
			return nil // check names it, or it is under way
		}
		back := false
		err = eachErased(tx, &e, func(seg Segment) error {
			back = back || e.left(&seg)
			return nil
		})
		if back {
			again = append(again, e)
		}
		return err
	})
	for i := 0; i < len(again) && err == nil; i++ {
		again[i].Done = time.Time{}
		err = putErasure(tx, &again[i])
	}
	return len(again) > 0, err
}

// left tells whether a segment in clear that was recorded before the erasure was done has footage that it covers.
func (e *Erasure) left(seg *Segment) bool {
	from, to := later(seg.Start, e.From), earlier(seg.End, e.To)
	return !seg.Protected && !seg.Open && seg.Start.Before(e.Done) && to.Sub(from) > joinTolerance
}

// dropParts has parts of a segment removed that an erasure wrote, when the whole segment is there too: the erasure came no
// further, and is begun again.
func (f *findings) dropParts() (dropped []Segment) {
	all := slices.Clone(f.segments)
	f.segments = slices.DeleteFunc(f.segments, func(seg Segment) bool {
		if !seg.part {
			return false
		}
		for i := range all {
			x := &all[i]
			if x.Digest == seg.Digest && x.Camera == seg.Camera && x.Stream == seg.Stream && x.Run == seg.Run && !x.Open &&
				x.End.Sub(x.Start) > seg.End.Sub(seg.Start) && !x.Start.After(seg.Start) && !x.End.Before(seg.End) {
				f.barren, dropped = append(f.barren, seg.relative()), append(dropped, seg)
				return true
			}
		}
		return false
	})
	return dropped
}

// dropErased has segments removed whose keys were destroyed while their volume was away.
func (s *Store) dropErased(f *findings) {
	if s.o.Keys == nil {
		return
	}
	f.segments = slices.DeleteFunc(f.segments, func(seg Segment) bool {
		if !seg.Protected {
			return false
		}
		if _, err := s.o.Keys.Find(seg.Camera, seg.Start, seg.KeyID); !errors.Is(err, ErrErased) {
			return false
		}
		start, end := seg.Start, seg.End
		f.erasures = append(f.erasures, record{Type: "erased", At: start, Camera: seg.Camera, Stream: seg.Stream, Path: seg.relative(), Start: &start, End: &end})
		f.barren = append(f.barren, seg.relative())
		return true
	})
}

package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// adopt says what a repair does about a file that the index does not know.
func (c *checking) adopt(v *volume, number uint16, rel string, f *Finding) {
	path := filepath.Join(v.o.Path, rel)
	seg, err := c.s.inspect(v, path)
	barren := false
	if err != nil {
		barren, err = c.s.barren(path, err)
	}
	switch {
	case barren:
		f.What, f.Means = "The file is what a crash left of beginning a segment.", "It holds no footage."
		f.Repair = "It is removed."
		f.mend = func(context.Context) error { return c.s.removeBarren(v, number, rel) }
	case err != nil:
		f.What, f.Means, f.Do = "The file is no segment, or its beginning is damaged: "+err.Error()+".", "Nothing of it can be shown.", "Look at it with another program; then remove it, or move it away."
	case !seg.numberFrom(rel):
		f.What, f.Means, f.Do = "The file is not where its footage belongs.", "Its footage is on no timeline.", "Move it to where its header says, and check again."
	case c.s.has(&seg):
		f.What, f.Means, f.Do = "The file is a second one of footage that the timeline has.", "It takes space.", "Remove it once the first is known to be whole: holdfast check --level hash."
	default:
		seg.volume, seg.Path = number, path
		f.Repair = "It is taken in: the timeline shows its footage."
		f.mend = func(context.Context) error { return c.s.takeIn(v, &seg) }
	}
}

// has tells whether the index has footage of a segment's stream, start and run. A record that cannot be read is none.
func (s *Store) has(seg *Segment) (ok bool) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		_, ok, _ = segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		return nil
	})
	return ok
}

// removeBarren removes a file without footage, as recovery would.
func (s *Store) removeBarren(v *volume, number uint16, rel string) error {
	if s.isKnown(number, rel) {
		return nil
	}
	key := garbageName(number, rel)
	if err := s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bGarbage).Put(key, nil) }); err != nil {
		return err
	}
	return s.removeOne(v, key)
}

// takeIn enters a file into the index: what the journal says of it, or else what it says of itself. One without a table
// is finished as after a crash.
func (s *Store) takeIn(v *volume, seg *Segment) error {
	if seg.Open {
		err := s.index.db.Update(func(tx *bbolt.Tx) error { return errors.Join(endGapAt(tx, seg), putSegment(tx, seg)) })
		if err != nil {
			return err
		}
		return s.finishOr(v, *seg)
	}
	said := false
	_, err := replay(s.fs, v.o.Path, func(r record) {
		if r.Type == "closed" && r.Path == seg.relative() && r.End != nil {
			said = true
			seg.End, seg.crc, seg.wanted = r.End.UTC(), r.CRC, r.Wanted
			hex.Decode(seg.Digest[:], []byte(r.Digest))
		}
	})
	if err != nil {
		return err
	}
	if said {
		return s.index.db.Update(func(tx *bbolt.Tx) error { return errors.Join(endGapAt(tx, seg), putSegment(tx, seg)) })
	}
	if seg.crc, err = s.fileCRC(seg.Path); err != nil {
		return err
	}
	return s.closed(seg)
}

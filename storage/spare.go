package storage

import (
	"bytes"
	"encoding/hex"

	"go.etcd.io/bbolt"
)

// spareKeys finds what the keyring still has of keys that nothing on this volume needs: of files that are to be removed, and of
// deletions and erasures that journals tell of and that an index which is lost had no time to see through.
func (s *Store) spareKeys(f *findings, removed []Segment) {
	f.spare = append(f.spare, removed...)
	if s.o.Keys == nil {
		return
	}
	for _, list := range [][]record{f.deleted, f.erasures} {
		for i := range list {
			seg, ok := keyOf(&list[i])
			if !ok {
				continue
			}
			if _, err := s.o.Keys.Find(seg.Camera, seg.Start, seg.KeyID); err == nil {
				f.spare = append(f.spare, seg)
			}
		}
	}
}

// keyOf reads which key a record names. An erasure's start is that of what went; its At is the segment's.
func keyOf(r *record) (seg Segment, ok bool) {
	if r.KeyID == "" || r.Start == nil {
		return seg, false
	}
	seg = Segment{Camera: r.Camera, Stream: r.Stream, Start: r.Start.UTC(), Run: r.Run, Protected: true}
	if r.Type == "erased" {
		seg.Start = r.At.UTC()
	}
	id, err := hex.DecodeString(r.KeyID)
	return seg, err == nil && copy(seg.KeyID[:], id) == len(id) && len(id) == len(seg.KeyID)
}

// enterSpare notes those keys, but what a segment of the index has: a second copy, or a lock, kept it.
func (f *findings) enterSpare(tx *bbolt.Tx) error {
	for i := range f.spare {
		seg := &f.spare[i]
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if err != nil || ok && now.Protected && now.KeyID == seg.KeyID {
			continue
		}
		if err := outlive(tx, seg); err != nil {
			return err
		}
	}
	return nil
}

// carryOutlived takes over from an index which is made again the keys that were to be forgotten. Those of segments that are found
// are taken out again: of what was being made as the gateway ended.
func carryOutlived(from, to *bbolt.Tx) error {
	b := from.Bucket(bOutlived)
	if b == nil {
		return nil
	}
	return b.ForEach(func(k, _ []byte) error {
		if _, err := readOutlived(k); err != nil {
			return nil
		}
		return to.Bucket(bOutlived).Put(bytes.Clone(k), nil)
	})
}

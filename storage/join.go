package storage

import (
	"bytes"
	"time"

	"go.etcd.io/bbolt"
)

// joinSegment enters a segment that was found on a volume. The index may know it on another volume already: its second copy,
// or what a crash left of moving it. Two whole files of the same footage are one segment stored twice. Of a whole file and a
// part, the part is garbage. Two different whole files keep the longer; a check names the other.
func joinSegment(tx *bbolt.Tx, seg *Segment) error {
	known, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
	if err != nil || !ok || known.volume == seg.volume || known.mirror.volume == seg.volume {
		return putSegment(tx, seg)
	}
	switch {
	case !known.Open && !seg.Open && known.Size == seg.Size && bytes.Equal(known.Digest[:], seg.Digest[:]):
		if known.mirror.volume != 0 {
			return scrapFile(tx, seg)
		}
		known.mirror = seg.place
		if known.crc == 0 {
			known.crc, known.End = seg.crc, seg.End
		}
		return putSegment(tx, &known)
	case seg.Open && !known.Open:
		return scrapFile(tx, seg)
	case known.Open && !seg.Open:
		if err := scrapFile(tx, &known); err != nil {
			return err
		}
		return putSegment(tx, seg)
	case seg.Size > known.Size:
		return putSegment(tx, seg)
	}
	return nil
}

// scrapFile notes the file at a segment's place as garbage.
func scrapFile(tx *bbolt.Tx, seg *Segment) error {
	return tx.Bucket(bGarbage).Put(garbageKey(seg), nil)
}

// dropCopy lets go of a segment's file on a volume that is emptied when another volume has a whole one. It tells whether it
// did.
func (s *Store) dropCopy(v *volume, seg *Segment) bool {
	s.mu.Lock()
	other := s.numbers[seg.mirror.volume]
	s.mu.Unlock()
	if other == nil || !other.ok() {
		return false
	}
	copied := seg.onVolume(seg.mirror.volume)
	s.fill(&copied)
	info, err := s.fs.Stat(copied.Path)
	if err != nil || info.Size() != seg.Size {
		return false
	}
	old := *seg
	err = s.index.db.Update(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if now = now.onVolume(seg.volume); err != nil || !ok || !bytes.Equal(now.marshal(), seg.marshal()) {
			return errMoved
		}
		now.place, now.mirror = now.mirror, place{}
		if err := putSegment(tx, &now); err != nil {
			return err
		}
		return scrapFile(tx, &old)
	})
	if err != nil {
		return false
	}
	v.drained(seg, time.Now())
	s.removeFile(v, &old) // the note in the index has it removed later, should this fail
	return true
}

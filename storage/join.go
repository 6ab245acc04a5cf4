package storage

import (
	"bytes"
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

// joinSegment enters a segment that was found on a volume. The index may know it on another volume already: its second copy, what
// a crash left of moving it, or what is left of a file that recording gave up. Two whole files of the same footage are one segment
// stored twice. Of two different ones that which reaches further counts. What may be longer than a whole file, or is not whole
// either, is finished before one of both goes.
func joinSegment(tx *bbolt.Tx, seg *Segment) error {
	known, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
	if err != nil || !ok || known.on(seg.volume) {
		return putSegment(tx, seg)
	}
	switch {
	case !known.Open && !seg.Open:
		return joinWhole(tx, &known, seg)
	case known.Open && seg.Open:
		return joinTorn(tx, &known, seg)
	case seg.Open && !seg.foundLonger(known.End):
		return scrapFile(tx, seg)
	case seg.Open: // the file that is whole was finished while this one was away
		return reopen(tx, seg, &known)
	case known.foundLonger(seg.End):
		return reopen(tx, &known, seg)
	}
	if err := scrapAll(tx, &known); err != nil {
		return err
	}
	return putSegment(tx, seg)
}

// joinWhole joins two files that are whole.
func joinWhole(tx *bbolt.Tx, known, seg *Segment) error {
	switch same := bytes.Equal(known.Digest[:], seg.Digest[:]); {
	case same && known.Size == seg.Size && known.mirror.volume != 0:
		return scrapFile(tx, seg)
	case same && known.Size == seg.Size:
		known.mirror, known.wanted = seg.place, known.wanted || seg.wanted
		if known.crc == 0 {
			known.crc, known.End = seg.crc, seg.End
		}
		return putSegment(tx, known)
	case same && known.Size < seg.Size: // known is what an erasure left of it
		return scrapFile(tx, seg)
	case same:
		if err := scrapAll(tx, known); err != nil {
			return err
		}
		return putSegment(tx, seg)
	case seg.Size <= known.Size && known.samePictures(seg):
		return scrapFile(tx, seg)
	case seg.Size <= known.Size:
		return nil
	case known.samePictures(seg):
		if err := scrapAll(tx, known); err != nil {
			return err
		}
	}
	return putSegment(tx, seg)
}

// samePictures tells whether two files of one start and run were written from one recording, so that the shorter is a part of the
// longer: they have one key. Of footage in clear nothing tells.
func (s *Segment) samePictures(other *Segment) bool {
	return s.Protected && other.Protected && s.KeyID == other.KeyID || !s.Protected && !other.Protected
}

// joinTorn joins two files that are not whole. Of three the two that reach furthest are kept.
func joinTorn(tx *bbolt.Tx, known, seg *Segment) error {
	first, second := known, seg
	if seg.End.After(known.End) {
		first, second = seg, known
	}
	if known.mirror.volume != 0 {
		gone := known.mirror
		if first == known {
			gone = seg.place
		}
		if err := scrapPlace(tx, known, gone); err != nil {
			return err
		}
		if first == known {
			return nil
		}
	}
	joined := *first
	joined.mirror, joined.wanted = second.place, first.wanted || second.wanted
	return putSegment(tx, &joined)
}

// reopen makes a segment of a file that is not whole and reaches further than one that is. The latter is kept until the former is
// finished.
func reopen(tx *bbolt.Tx, torn, whole *Segment) error {
	for _, at := range []place{torn.mirror, whole.mirror} {
		if at.volume == 0 {
			continue
		}
		if err := scrapPlace(tx, torn, at); err != nil {
			return err
		}
	}
	joined := *torn
	joined.mirror, joined.wanted = whole.place, torn.wanted || whole.wanted
	return putSegment(tx, &joined)
}

// scrapAll notes all files of a segment as garbage.
func scrapAll(tx *bbolt.Tx, seg *Segment) (err error) {
	for _, at := range seg.places() {
		err = errors.Join(err, scrapPlace(tx, seg, at))
	}
	return err
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
		now.drop(now.place)
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

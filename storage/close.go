package storage

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
)

func crcUpdate(sum uint32, b []byte) uint32 { return crc32.Update(sum, castagnoli, b) }

// closeFile closes a segment: table and mfra, the reserved space given back, fsync, journal, index. Rotation and recovery
// both end here. Until the last step the segment is as it was, open. Of two files one that fails is given up.
func (s *Store) closeFile(o *open) error {
	seg, lost, err := s.sealed(o)
	if err != nil {
		return err
	}
	return s.closed(&seg, lost...)
}

// sealed writes the ends of a segment's files, and gives its record as it is when it is closed, with the places that did not take
// it.
func (s *Store) sealed(o *open) (seg Segment, lost []place, err error) {
	trailer := fmp4.AppendTrailer(nil, o.table)
	size := o.off + int64(len(trailer))
	first, second := s.eachFile(o, func(c *open) error { return c.seal(trailer, size) })
	seg = o.Segment
	sound := o
	if first != nil || second != nil {
		if sound, err = o.survivor(first, second); err != nil {
			return seg, nil, err
		}
		lost = []place{seg.except(sound.place)}
		seg.place, seg.mirror = sound.place, place{}
	}
	for _, f := range o.files() {
		f.vol.giveBack(max(0, f.room-size))
	}
	seg.Path, seg.Size, seg.Open, seg.Digest = sound.Path, size, false, root(o.leaves)
	if o.summed {
		seg.crc = crcUpdate(o.crc, trailer)
	} else if seg.crc, err = s.fileCRC(seg.Path); err != nil { // of recovery
		return seg, nil, sound.vol.fail(err)
	}
	return seg, lost, nil
}

// survivor is the file of which a call succeeded while that of the other failed. An error is of both.
func (o *open) survivor(first, second error) (sound *open, err error) {
	if second != nil {
		o.twin.vol.fail(second)
	}
	if first != nil {
		err = o.vol.fail(first)
	}
	switch {
	case first == nil:
		return o, nil
	case second != nil || o.twin == nil:
		return nil, err
	}
	return o.twin, nil
}

// seal appends table and mfra, gives reserved space back and syncs.
func (o *open) seal(trailer []byte, size int64) error {
	if _, err := o.file.WriteAt(trailer, o.off); err != nil {
		return err
	}
	if err := o.file.Truncate(size); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return err
	}
	return o.file.Close()
}

// closed notes a closed segment in the journal of each of its volumes, then in the index. A gap that was open when its footage
// began ended there. lost are places that the record named while it was open. One of two whose journal does not take it is lost
// too.
func (s *Store) closed(seg *Segment, lost ...place) error {
	seg.wanted = seg.wanted || s.mirrors(seg.Camera)
	untold, err := s.tellClosed(seg)
	if err != nil {
		return err
	}
	lost = append(lost, untold...)
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := sameFiles(tx, seg, lost); err != nil {
			return err
		}
		if err := endGapAt(tx, seg); err != nil {
			return err
		}
		for _, at := range lost {
			if err := scrapPlace(tx, seg, at); err != nil {
				return err
			}
		}
		return putSegment(tx, seg)
	})
}

// sameFiles gives an error when a record is open no longer, or names other files than those that were dealt with: another volume may
// have come with a file of the segment meanwhile.
func sameFiles(tx *bbolt.Tx, seg *Segment, lost []place) error {
	now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
	if err != nil || !ok {
		return nil // what cannot be read is replaced
	}
	if !now.Open {
		return errMoved
	}
	for _, at := range now.places() {
		if at != seg.place && at != seg.mirror && !slices.Contains(lost, at) {
			return errMoved
		}
	}
	return nil
}

// tellClosed notes a closed segment in the journals of its volumes, at the same time. One of two that does not take it is
// dropped from the segment.
func (s *Store) tellClosed(seg *Segment) (untold []place, err error) {
	places := seg.places()
	errs := make([]error, len(places))
	var work sync.WaitGroup
	for i, at := range places {
		v, r := s.volumeOf(at.volume), closing(seg)
		r.Path = seg.relativeAt(at)
		work.Go(func() {
			if errs[i] = error(errNotInUse); v != nil {
				errs[i] = s.journalTo(v, r)
			}
		})
	}
	work.Wait()
	if errs[0] == nil && len(errs) > 1 && errs[1] != nil {
		untold = []place{seg.mirror}
		seg.mirror = place{}
		return untold, nil
	}
	if errs[0] != nil && len(errs) > 1 && errs[1] == nil {
		untold = []place{seg.place}
		seg.place, seg.mirror = seg.mirror, place{}
		return untold, nil
	}
	return nil, errs[0]
}

var errNotInUse = &VolumeError{Cause: CauseMissing, Err: errors.New("the volume is not in use")}

// endGapAt ends the open gap where a segment with footage begins, if it began before.
func endGapAt(tx *bbolt.Tx, seg *Segment) error {
	g, ok, err := currentGap(tx, seg.Camera, seg.Stream)
	if err != nil || !ok || !g.start.Before(seg.Start) {
		return err
	}
	return closeGap(tx, seg.Camera, seg.Stream, seg.Start)
}

func closing(seg *Segment) record {
	start, end := seg.Start, seg.End
	return record{Type: "closed", At: seg.End, Camera: seg.Camera, Stream: seg.Stream, Path: seg.relative(), Start: &start, End: &end,
		Run: seg.Run, Size: seg.Size, Digest: hex.EncodeToString(seg.Digest[:]), CRC: seg.crc, KeyID: keyName(seg), Wanted: seg.wanted}
}

// abandoned notes a segment that its volume did not let finish, with its end as it is synced. It is finished when the
// volume is back, or at the next start.
func (s *Store) abandoned(o *open) {
	seg := o.Segment
	err := s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := endGapAt(tx, &seg); err != nil {
			return err
		}
		return putSegment(tx, &seg)
	})
	s.mu.Lock()
	s.torn[seg.Path] = &tornSegment{Segment: seg, late: o.pending()}
	s.mu.Unlock()
	s.log.Warn("segment given up", "camera", seg.Camera, "stream", seg.Stream, "path", seg.Path, "index", err)
}

// scrap drops a segment that has no footage. Its file is removed when its volume is usable, its key is forgotten.
func (s *Store) scrap(seg *Segment) error { return s.scrapAnd(seg, outlive) }

// scrapAnd drops a segment and deals with its key, in one transaction.
func (s *Store) scrapAnd(seg *Segment, key func(*bbolt.Tx, *Segment) error) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := asItWas(tx, seg); err != nil {
			return err
		}
		return errors.Join(deleteSegment(tx, seg), key(tx, seg))
	})
}

// keepKey is for what recovery removes of a mirrored camera, or while a volume has not been met: another volume may come with a copy that
// has footage, under the same key. A check tells of a key that is left so.
func keepKey(*bbolt.Tx, *Segment) error { return nil }

// metAll tells whether every volume in use has been met, and so whatever file of a segment there is.
func (s *Store) metAll() bool {
	return !slices.ContainsFunc(s.list(), func(v *volume) bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.journal == nil
	})
}

// endOf is the wall time at which a segment's media ends, by the last fragment's own wall time: the run's clock may have
// been slewed since the segment began.
func endOf(start time.Time, t *fmp4.Table) time.Time {
	_, to, ok := t.Presentation()
	if !ok {
		return start
	}
	end := start.Add(to)
	fragments := t.Fragments()
	v := t.Video()
	if v < 0 || len(fragments) == 0 {
		return end
	}
	last := len(fragments) - 1
	tr := t.Tracks()[v]
	for _, m := range t.Samples(v, last) {
		if m.Fragment != last {
			break
		}
		at := time.Duration(m.PTS()-tr.Origin) * time.Second / time.Duration(tr.Timescale)
		return fragments[last].Wall.Add(to - at).UTC()
	}
	return end
}

// unlink removes a segment: garbage entry, unlink, fsync of the directory, the entry dropped.
func (s *Store) unlink(seg *Segment) error {
	s.mu.Lock()
	v := s.numbers[seg.volume]
	s.mu.Unlock()
	if v == nil {
		return fmt.Errorf("remove %s: its volume is not there", seg.relative())
	}
	key := outlive
	if seg.wanted || s.mirrors(seg.Camera) || !s.metAll() {
		key = keepKey
	}
	if err := s.scrapAnd(seg, key); err != nil {
		return err
	}
	return s.removeFile(v, seg)
}

// removeFile unlinks what was noted as garbage, and drops the note. On an error the note stays: the next round, or the
// next start, removes the file.
func (s *Store) removeFile(v *volume, seg *Segment) error {
	defer v.answered(v.asks())
	path := filepath.Join(v.o.Path, seg.relative())
	if err := v.remove(path); err != nil {
		return err
	}
	s.removeDay(path)
	return s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bGarbage).Delete(garbageKey(seg)) })
}

// removeDay removes a day's directory that has become empty. Not of a day that may still get files; and a directory with
// files in it does not go.
func (s *Store) removeDay(path string) {
	day, err := time.Parse(time.DateOnly, filepath.Base(filepath.Dir(path)))
	if err == nil && s.now().Sub(day) > 48*time.Hour {
		s.fs.Remove(filepath.Dir(path)) // not empty, most times
	}
}

// garbageKey names a file to be unlinked: volume number, path below the volume.
func garbageKey(seg *Segment) []byte { return garbageName(seg.volume, seg.relative()) }

func garbageName(volume uint16, path string) []byte {
	return fmt.Appendf(nil, "%05d\x00%s", volume, path)
}

// fileCRC reads a file once and gives its CRC-32C. A closed segment's pages are still in memory.
func (s *Store) fileCRC(path string) (uint32, error) {
	file, err := s.fs.OpenRead(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return 0, err
	}
	return sumOf(file, size)
}

// sumOf gives the CRC-32C of a file of a size.
func sumOf(file io.ReaderAt, size int64) (sum uint32, err error) {
	buf := make([]byte, 256<<10)
	for at := int64(0); at < size; {
		n, err := file.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		sum = crcUpdate(sum, buf[:n])
		at += int64(n)
		if err != nil && at < size {
			return 0, err
		}
	}
	return sum, nil
}

package storage

import (
	"errors"
	"math"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// removeBatch is how many segments are deleted at a time: one sync of the journal, two transactions of the index, and one
// sync for each directory serve them all.
const removeBatch = 64

// removeSome deletes segments that have a file on a volume, all their files, for as long as the round lasts. It gives the bytes
// that were freed there.
func (s *Store) removeSome(r *turn, list []Segment, cause Cause) (freed int64, err error) {
	for len(list) > 0 && r.more() {
		n := min(len(list), removeBatch, r.deletes)
		bytes, err := s.removeNow(r, list[:n], cause)
		freed += bytes
		if err != nil {
			return freed, err
		}
		r.deletes -= n
		list = list[n:]
	}
	return freed, nil
}

// removeNow deletes segments: journal, index, files. Histories then begin later; where older footage of a stream is left, a gap
// says that this was deleted. A segment that was locked since it was chosen stays.
func (s *Store) removeNow(r *turn, list []Segment, cause Cause) (freed int64, err error) {
	records := make([]record, len(list))
	for i := range list {
		list[i] = list[i].onVolume(r.number)
		records[i] = closing(&list[i])
		records[i].Type, records[i].At, records[i].Cause = "deleted", r.now, cause
		records[i].Early = s.early(&list[i], r.now)
	}
	s.tellOthers(list, records)
	if err := s.journalTo(r.v, records...); err != nil && cause != CauseFull { // a full volume has no room for the note, and needs the deletion
		return 0, err
	}
	var gone, stay []Segment
	err = s.index.db.Update(func(tx *bbolt.Tx) error {
		for i := range list {
			deleted, err := deleteFree(tx, &list[i], records[i].Early > 0)
			if err != nil {
				return err
			}
			if deleted {
				gone = append(gone, list[i])
			} else {
				stay = append(stay, list[i])
			}
		}
		return nil
	})
	if err == nil {
		err = s.takeBack(r.v, stay)
	}
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	if err := s.removeFiles(r.v, gone); err != nil {
		return 0, err
	}
	for i := range gone {
		freed += gone[i].Size
	}
	r.v.mu.Lock()
	r.v.free += freed
	r.v.mu.Unlock()
	return freed, nil
}

// takeBack says in the journals that segments are kept after all: a new index would else have their files removed.
func (s *Store) takeBack(v *volume, stay []Segment) error {
	var kept []Segment
	var records []record
	for i := range stay {
		if s.has(&stay[i]) {
			kept, records = append(kept, stay[i]), append(records, closing(&stay[i]))
		}
	}
	if len(kept) == 0 {
		return nil
	}
	s.tellOthers(kept, records)
	return s.journalTo(v, records...)
}

// tellOthers notes deletions in the journals of the volumes that have the second copies, where those take it: their files are
// garbage from now on, and a new index must not take them for footage.
func (s *Store) tellOthers(list []Segment, records []record) {
	others := map[uint16][]record{}
	for i := range list {
		if n := list[i].mirror.volume; n != 0 {
			r := records[i]
			r.Path = list[i].relativeAt(list[i].mirror)
			others[n] = append(others[n], r)
		}
	}
	for n, told := range others {
		if v := s.volumeOf(n); v != nil && v.ok() {
			within(noteTime, func() error { return s.journalTo(v, told...) })
		}
	}
}

// early is by how much a segment that is deleted now misses the age that its camera is promised, 0 when it does not.
func (s *Store) early(seg *Segment, now time.Time) time.Duration {
	return max(0, s.agesOf(seg.Camera).Min-now.Sub(seg.End))
}

// deleteFree drops a segment's record, and what only told of it, unless it is locked by now or gone.
func deleteFree(tx *bbolt.Tx, seg *Segment, early bool) (bool, error) {
	still, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
	if err != nil || !ok || still.Open {
		return false, err
	}
	locks, err := lockedIn(tx, seg.Camera, seg.Start, seg.End)
	if err != nil {
		return false, err
	}
	if len(locks) > 0 {
		return false, stand(tx, seg, standing{class: classLocked})
	}
	if err := errors.Join(deleteSegment(tx, seg), outlive(tx, &still)); err != nil {
		return false, err
	}
	if err := noteDeleted(tx, seg.Camera, seg.Stream, gapEntry{start: seg.Start, end: seg.End, early: early}); err != nil {
		return false, err
	}
	if err := dropGaps(tx, seg.Camera, seg.Stream, seg.End); err != nil {
		return false, err
	}
	first, some := firstOfCamera(tx, seg.Camera)
	if !some {
		first = seg.End
	}
	return true, dropEvents(tx, seg.Camera, first, math.MaxInt)
}

// removeFiles unlinks what was noted as garbage, and drops the notes. On an error the notes stay: the next round, or the
// next start, removes the files.
func (s *Store) removeFiles(v *volume, list []Segment) error {
	defer v.answered(v.asks())
	paths := make([]string, len(list))
	for i := range list {
		paths[i] = filepath.Join(v.o.Path, list[i].relative())
	}
	if err := v.remove(paths...); err != nil {
		return err
	}
	days := map[string]bool{}
	for _, path := range paths {
		if dir := filepath.Dir(path); !days[dir] {
			days[dir] = true
			s.removeDay(path)
		}
	}
	return s.index.db.Update(func(tx *bbolt.Tx) (err error) {
		for i := range list {
			err = errors.Join(err, tx.Bucket(bGarbage).Delete(garbageKey(&list[i])))
		}
		return err
	})
}

// noteDeleted leaves a gap where a segment was deleted and older footage is left. A gap of the same cause that ends where
// it begins is made longer. That footage went before its promised age is noted of the stream in any case.
func noteDeleted(tx *bbolt.Tx, camera, stream string, g gapEntry) error {
	k := streamKey(camera, stream)
	if err := noteBroken(tx, k, &g); err != nil {
		return err
	}
	segments := tx.Bucket(bSegments).Bucket(k)
	if segments == nil || !g.end.After(g.start) {
		return nil
	}
	first, _ := segments.Cursor().First()
	if first == nil || !nano(first).Before(g.start) {
		return nil
	}
	if err := cutGap(tx, camera, stream, g.start, g.end); err != nil {
		return err
	}
	if gaps := tx.Bucket(bGaps).Bucket(k); gaps != nil {
		c := gaps.Cursor()
		c.Seek(nanoKey(g.start))
		if key, v := c.Prev(); key != nil {
			before, err := readGap(key, v)
			if err != nil {
				return err
			}
			if before.cause == CauseRetention && before.early == g.early && before.end.Equal(g.start) {
				g.start = before.start
			}
		}
	}
	g.cause = CauseRetention
	return putGap(tx, camera, stream, g)
}

// noteBroken notes the end of footage that went before its promised age.
func noteBroken(tx *bbolt.Tx, k []byte, g *gapEntry) error {
	if !g.early {
		return nil
	}
	e, err := streamOf(tx, k)
	if err != nil || e.Broken >= g.end.UnixNano() {
		return err
	}
	e.Broken = g.end.UnixNano()
	return putJSON(tx.Bucket(bStreams), k, e)
}

// dropGaps forgets the gaps before a stream's oldest footage; where no footage is left, those up to the end of what was deleted
// last: its history begins there.
func dropGaps(tx *bbolt.Tx, camera, stream string, end time.Time) error {
	k := streamKey(camera, stream)
	gaps := tx.Bucket(bGaps).Bucket(k)
	if gaps == nil {
		return nil
	}
	if segments := tx.Bucket(bSegments).Bucket(k); segments != nil {
		if first, _ := segments.Cursor().First(); first != nil {
			end = nano(first)
		}
	}
	c := gaps.Cursor()
	for key, v := c.First(); key != nil; key, v = c.First() {
		g, err := readGap(key, v)
		if err != nil || g.end.IsZero() || g.end.After(end) {
			return err
		}
		if err := gaps.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

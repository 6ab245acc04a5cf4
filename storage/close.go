package storage

import (
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

func crcUpdate(sum uint32, b []byte) uint32 { return crc32.Update(sum, castagnoli, b) }

// closeFile closes a segment: table and mfra, the reserved space given back, fsync, journal, index. Rotation and recovery
// both end here. Until the last step the segment is as it was, open.
func (s *Store) closeFile(o *open) error {
	trailer := fmp4.AppendTrailer(nil, o.table)
	size := o.off + int64(len(trailer))
	err := s.ask(o.vol, func() error { return o.seal(trailer, size) }, o.leave)
	if o.late = isStuck(err); err != nil {
		return o.vol.fail(err)
	}
	o.vol.giveBack(max(0, o.room-size))
	seg := o.Segment
	seg.Size, seg.Open, seg.Digest = size, false, root(o.leaves)
	if seg.crc, err = s.sum(o, trailer); err != nil {
		return o.vol.fail(err)
	}
	return s.closed(o.vol, &seg)
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

// sum finishes the file's checksum; recovery has to read the file for it.
func (s *Store) sum(o *open, trailer []byte) (uint32, error) {
	if o.summed {
		return crcUpdate(o.crc, trailer), nil
	}
	return s.fileCRC(o.Path)
}

// closed notes a closed segment in the journal, then in the index. A gap that was open when its footage began ended there.
func (s *Store) closed(v *volume, seg *Segment) error {
	if err := s.journalTo(v, closing(seg)); err != nil {
		return err
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := endGapAt(tx, seg); err != nil {
			return err
		}
		return putSegment(tx, seg)
	})
}

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
		Run: seg.Run, Size: seg.Size, Digest: hex.EncodeToString(seg.Digest[:]), CRC: seg.crc, KeyID: keyName(seg)}
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
	s.torn[seg.Path] = &tornSegment{Segment: seg, late: o.late}
	s.mu.Unlock()
	s.log.Warn("segment given up", "camera", seg.Camera, "stream", seg.Stream, "path", seg.Path, "index", err)
}

// scrap drops a segment that has no footage. Its file is removed when its volume is usable.
func (s *Store) scrap(seg *Segment) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error { return deleteSegment(tx, seg) })
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
	if err := s.scrap(seg); err != nil {
		return err
	}
	return s.removeFile(v, seg)
}

// removeFile unlinks what was noted as garbage, and drops the note. On an error the note stays: the next round, or the
// next start, removes the file.
func (s *Store) removeFile(v *volume, seg *Segment) error {
	defer v.answered(v.asks())
	path := filepath.Join(v.o.Path, seg.relative())
	if err := durable.Remove(s.fs, path); err != nil {
		return v.fail(err)
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
	var sum uint32
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

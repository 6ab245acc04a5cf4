package storage

import (
	"encoding/hex"
	"errors"
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
// both end here.
func (s *Store) closeFile(o *open) error {
	trailer := fmp4.AppendTrailer(nil, o.table)
	if _, err := o.file.WriteAt(trailer, o.off); err != nil {
		return o.vol.fail(err)
	}
	size := o.off + int64(len(trailer))
	if err := errors.Join(o.file.Truncate(size), o.file.Sync()); err != nil {
		return o.vol.fail(err)
	}
	if err := o.file.Close(); err != nil {
		return o.vol.fail(err)
	}
	o.Size, o.Open, o.Digest = size, false, root(o.leaves)
	if err := s.sum(o, trailer); err != nil {
		return o.vol.fail(err)
	}
	return s.closed(o.vol, &o.Segment, 0)
}

// sum finishes the file's checksum; recovery has to read the file for it.
func (s *Store) sum(o *open, trailer []byte) (err error) {
	if o.summed {
		o.crc = crcUpdate(o.crc, trailer)
		return nil
	}
	o.crc, err = s.fileCRC(o.Path)
	return err
}

// closed notes a closed segment in the journal, then in the index.
func (s *Store) closed(v *volume, seg *Segment, torn int64) error {
	r := closing(seg)
	r.Torn = torn
	if err := s.journalTo(v, r); err != nil {
		return err
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error { return putSegment(tx, seg) })
}

func closing(seg *Segment) record {
	start, end := seg.Start, seg.End
	return record{Type: "closed", At: seg.End, Camera: seg.Camera, Stream: seg.Stream, Path: seg.relative(), Start: &start, End: &end,
		Run: seg.Run, Size: seg.Size, Digest: hex.EncodeToString(seg.Digest[:]), CRC: seg.crc}
}

// abandoned notes a segment that its volume did not let finish. It is finished when the volume is back, or at the next
// start.
func (s *Store) abandoned(o *open) {
	seg := o.Segment
	s.index.db.Update(func(tx *bbolt.Tx) error { return putSegment(tx, &seg) }) // an error leaves it open in the index, which is true
	s.mu.Lock()
	s.torn[seg.Path] = seg
	s.mu.Unlock()
	s.log.Warn("segment given up", "camera", seg.Camera, "stream", seg.Stream, "path", seg.Path)
}

// finishTorn finishes the segments that a volume did not let finish before.
func (s *Store) finishTorn(v *volume) {
	s.mu.Lock()
	var list []Segment
	for _, seg := range s.torn {
		if s.numbers[seg.volume] == v {
			list = append(list, seg)
		}
	}
	s.mu.Unlock()
	for _, seg := range list {
		if err := s.finishOpen(v, seg); err != nil {
			s.log.Error("finish segment", "path", seg.Path, "error", err)
			continue
		}
		s.mu.Lock()
		delete(s.torn, seg.Path)
		s.mu.Unlock()
	}
}

// finishOpen closes a segment that was left open: it keeps the whole fragments, cuts the torn end off, and writes what
// closing would have written. A file without a whole fragment is removed.
func (s *Store) finishOpen(v *volume, seg Segment) error {
	file, err := s.fs.Open(seg.Path)
	if err != nil {
		return s.lostOpen(v, seg, err)
	}
	o := &open{Segment: seg, vol: v, file: file}
	size, err := file.Size()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	head, tracks, from, err := fmp4.ReadHeader(file, size)
	if err != nil { // the crash came before the header was whole
		return errors.Join(file.Close(), s.unlink(&seg))
	}
	hash := newHasher()
	scan, err := fmp4.ScanFragments(file, tracks, from, size, fmp4.ScanOptions{Leaf: func(f *fmp4.Fragment, payload []byte) {
		newSalt(f)
		f.Leaf = hash.leaf(f.Salt, payload)
		o.leaves = append(o.leaves, f.Leaf)
	}})
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if len(scan.Table.Fragments()) == 0 {
		s.mu.Lock()
		s.report.Removed++
		s.mu.Unlock()
		return errors.Join(file.Close(), s.unlink(&seg))
	}
	o.table, o.off = scan.Table, scan.End
	o.Start, o.End = head.Start, endOf(head.Start, scan.Table)
	torn := size - scan.End
	s.mu.Lock()
	s.report.Finished++
	s.report.Torn += torn
	s.mu.Unlock()
	return s.closeFile(o)
}

// lostOpen deals with an open segment whose file is not there: with the volume there, nothing of it was ever synced.
func (s *Store) lostOpen(v *volume, seg Segment, err error) error {
	if causeOf(err) != CauseMissing || !v.ok() {
		return v.fail(err)
	}
	return s.unlink(&seg)
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
	key := garbageKey(seg)
	err := s.index.db.Update(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bSegments).Bucket(streamKey(seg.Camera, seg.Stream)); b != nil {
			if err := b.Delete(seg.key()); err != nil {
				return err
			}
		}
		return tx.Bucket(bGarbage).Put(key, nil)
	})
	if err != nil {
		return err
	}
	if err := durable.Remove(s.fs, filepath.Join(v.o.Path, seg.relative())); err != nil {
		return v.fail(err) // the garbage entry stays: the next start removes it
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bGarbage).Delete(key) })
}

// garbageKey names a file to be unlinked: volume number, path below the volume.
func garbageKey(seg *Segment) []byte {
	return fmt.Appendf(nil, "%05d\x00%s", seg.volume, seg.relative())
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

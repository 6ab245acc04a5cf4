package storage

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

func newSalt(f *fmp4.Fragment) { rand.Read(f.Salt[:]) }

// recover brings index and volumes together after a start: garbage is removed, open segments are finished, and every
// stream whose recording just ended without a word has a gap that says so.
func (s *Store) recover() error {
	if s.index.made {
		if err := s.rebuild(); err != nil {
			return err
		}
	}
	if err := s.removeGarbage(); err != nil {
		return err
	}
	if err := s.finishAll(); err != nil {
		return err
	}
	return s.openEndings()
}

// removeGarbage finishes interrupted deletions.
func (s *Store) removeGarbage() error {
	var keys [][]byte
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bGarbage).ForEach(func(k, _ []byte) error {
			keys = append(keys, bytes.Clone(k))
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := s.removeOne(k); err != nil {
			s.log.Error("finish deletion", "error", err)
		}
	}
	return nil
}

func (s *Store) removeOne(key []byte) error {
	number, path, ok := strings.Cut(string(key), "\x00")
	var n uint16
	if _, err := fmt.Sscanf(number, "%05d", &n); err != nil || !ok {
		return errors.New("a garbage entry is malformed")
	}
	s.mu.Lock()
	v := s.numbers[n]
	s.mu.Unlock()
	if v == nil || !v.ok() {
		return nil // its volume is not there: later
	}
	if err := durable.Remove(s.fs, filepath.Join(v.o.Path, path)); err != nil {
		return v.fail(err)
	}
	s.report.Garbage++
	return s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bGarbage).Delete(key) })
}

// finishAll finishes the segments that the index has open: at most the newest few of each stream.
func (s *Store) finishAll() error {
	var list []Segment
	err := s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
		c := b.Cursor()
		closed := 0
		for k, v := c.Last(); k != nil && closed < recoverDepth; k, v = c.Prev() {
			seg, err := unmarshalSegment(k, v)
			if err != nil {
				return err
			}
			if !seg.Open {
				closed++
				continue
			}
			seg.Camera, seg.Stream = camera, stream
			list = append(list, seg)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, seg := range list {
		s.fill(&seg)
		s.finishOne(seg)
	}
	return nil
}

// recoverDepth is how many closed segments in a row end the search for open ones of a stream. More than one, because a
// volume that was away leaves open ones behind closed ones.
const recoverDepth = 64

func (s *Store) finishOne(seg Segment) {
	s.mu.Lock()
	v := s.numbers[seg.volume]
	s.mu.Unlock()
	if v == nil || !v.ok() {
		if v != nil {
			s.mu.Lock()
			s.torn[seg.Path] = seg
			s.mu.Unlock()
		}
		return
	}
	if err := s.finishOpen(v, seg); err != nil {
		s.log.Error("finish segment", "path", seg.Path, "error", err)
		s.mu.Lock()
		s.torn[seg.Path] = seg
		s.mu.Unlock()
	}
}

// openEndings opens a gap behind the footage of each stream that has none: the gateway ended without closing.
func (s *Store) openEndings() error {
	type ending struct {
		camera, stream string
		at             time.Time
	}
	var list []ending
	err := s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
		k, v := b.Cursor().Last()
		if k == nil {
			return nil
		}
		seg, err := unmarshalSegment(k, v)
		if err != nil {
			return err
		}
		g, ok, err := lastGap(tx, camera, stream)
		if err == nil && (!ok || !g.end.IsZero()) {
			list = append(list, ending{camera, stream, seg.End})
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := s.gap(e.camera, e.stream, e.at, CauseRestart); err != nil {
			return err
		}
	}
	return nil
}

// rebuild makes a lost index again: segments from the files, gaps and digests from the journals. It reads one table per
// file.
func (s *Store) rebuild() error {
	found := 0
	for _, v := range s.vols {
		if !v.ok() {
			continue
		}
		n, err := s.rebuildVolume(v)
		if err != nil {
			return fmt.Errorf("rebuild from %s: %w", v.o.Path, err)
		}
		found += n
	}
	s.report.Rebuilt = found > 0
	return nil
}

func (s *Store) rebuildVolume(v *volume) (int, error) {
	closedBy := map[string]record{}
	var gaps []record
	bad, err := replay(s.fs, v.o.Path, func(r record) {
		switch r.Type {
		case "closed":
			closedBy[r.Path] = r
		case "deleted":
			delete(closedBy, r.Path)
		case "gap":
			gaps = append(gaps, r)
		}
	})
	if err != nil {
		return 0, err
	}
	if bad > 0 {
		s.log.Error("journal has lines that cannot be read", "volume", v.o.Path, "lines", bad)
	}
	list, err := s.scanVolume(v, closedBy)
	if err != nil {
		return 0, err
	}
	return len(list), s.index.db.Update(func(tx *bbolt.Tx) error { return enterAll(tx, list, gaps) })
}

// enterAll writes found segments and gaps. A gap ends where the next footage begins.
func enterAll(tx *bbolt.Tx, list []Segment, gaps []record) error {
	for i := range list {
		if err := putSegment(tx, &list[i]); err != nil {
			return err
		}
	}
	for _, g := range gaps {
		end, ok := nextStart(tx, g.Camera, g.Stream, g.At)
		if _, err := openGap(tx, g.Camera, g.Stream, g.At, g.Cause); err != nil {
			return err
		}
		if ok {
			if err := closeGap(tx, g.Camera, g.Stream, end); err != nil {
				return err
			}
		}
	}
	return nil
}

func nextStart(tx *bbolt.Tx, camera, stream string, at time.Time) (time.Time, bool) {
	b := tx.Bucket(bSegments).Bucket(streamKey(camera, stream))
	if b == nil {
		return time.Time{}, false
	}
	k, _ := b.Cursor().Seek(nanoKey(at))
	if k == nil {
		return time.Time{}, false
	}
	return nano(k), true
}

// scanVolume finds the segment files of a volume: camera, stream, day, file.
func (s *Store) scanVolume(v *volume, known map[string]record) (list []Segment, err error) {
	number := s.numberOf(v)
	err = s.walk(v.o.Path, 4, func(path string) error {
		rel, err := filepath.Rel(v.o.Path, path)
		if err != nil || !strings.HasSuffix(rel, ".mp4") {
			return err
		}
		seg, err := s.inspect(path)
		if err != nil {
			s.log.Error("file is no segment", "path", path, "error", err)
			return nil
		}
		seg.volume = number
		seg.Path = path
		parts := strings.Split(rel, string(filepath.Separator))
		fmt.Sscanf(strings.TrimPrefix(parts[3], fmt.Sprintf("%s-%08x-", seg.Start.Format("20060102T150405.000Z"), seg.Run)), "%d.mp4", &seg.number)
		if r, ok := known[rel]; ok && r.End != nil {
			seg.End, seg.crc = *r.End, r.CRC
			hex.Decode(seg.Digest[:], []byte(r.Digest))
		}
		list = append(list, seg)
		return nil
	})
	return list, err
}

// walk calls f for each file depth directories down.
func (s *Store) walk(dir string, depth int, f func(path string) error) error {
	entries, err := s.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case depth > 1 && e.IsDir() && e.Name() != journalDir && e.Name() != "lost+found":
			err = s.walk(path, depth-1, f)
		case depth == 1 && e.Type()&fs.ModeType == 0:
			err = f(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inspect reads what a file says of itself. Without a whole trailer it is an open segment.
func (s *Store) inspect(path string) (seg Segment, err error) {
	file, err := s.fs.OpenRead(path)
	if err != nil {
		return seg, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return seg, err
	}
	head, _, _, err := fmp4.ReadHeader(file, size)
	if err != nil {
		return seg, err
	}
	seg = Segment{Camera: head.Camera, Stream: head.Stream, Run: head.Run, Start: head.Start, End: head.Start, Size: size, Open: true}
	table, err := fmp4.ReadTable(file, size)
	if err != nil {
		return seg, nil
	}
	seg.Open, seg.End = false, endOf(head.Start, table)
	leaves := make([][32]byte, 0, len(table.Fragments()))
	for _, f := range table.Fragments() {
		leaves = append(leaves, f.Leaf)
	}
	seg.Digest = root(leaves)
	return seg, nil
}

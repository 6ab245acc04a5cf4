package storage

import (
	"bytes"
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

// finishTime is how long a start is held up by finishing open segments: reading them takes a disk a second each, and
// recording must not wait for a hundred. Run finishes the others. Until then they end where they began for all that the
// index knows, and what follows is of the gateway's restart.
const finishTime = time.Second

// recover brings index and volumes together after a start: garbage is removed, open segments are finished, and every
// stream whose recording just ended without a word has a gap that says so. Volumes that are not there have theirs done
// when they are back.
func (s *Store) recover() error {
	if err := s.collectOpen(nil); err != nil {
		return err
	}
	until := time.Now().Add(s.o.finishTime)
	for _, v := range s.list() {
		if v.ok() {
			s.removeGarbage(v)
			s.finishTorn(v, func() bool { return time.Now().Before(until) })
		}
	}
	return s.openEndings()
}

// removeGarbage finishes interrupted deletions on a volume.
func (s *Store) removeGarbage(v *volume) {
	prefix := fmt.Appendf(nil, "%05d\x00", s.numberOf(v))
	var keys [][]byte
	s.index.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bGarbage).Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			keys = append(keys, bytes.Clone(k))
		}
		return nil
	})
	for _, k := range keys {
		if err := s.removeOne(v, k); err != nil {
			s.log.Error("finish deletion", "volume", v.o.Path, "error", err)
			return
		}
	}
}

func (s *Store) removeOne(v *volume, key []byte) error {
	defer v.answered(v.asks())
	v.names.Lock()
	defer v.names.Unlock()
	still := false
	s.index.db.View(func(tx *bbolt.Tx) error {
		k, _ := tx.Bucket(bGarbage).Cursor().Seek(key)
		still = bytes.Equal(k, key)
		return nil
	})
	_, path, _ := strings.Cut(string(key), "\x00")
	path = filepath.Join(v.o.Path, path)
	if !still || v.making[path] { // a new segment has the name
		return nil
	}
	if err := durable.Remove(s.fs, path); err != nil {
		return v.fail(err)
	}
	s.mu.Lock()
	s.report.Garbage++
	s.mu.Unlock()
	return s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bGarbage).Delete(key) })
}

// tornSegment is a segment that is to be finished.
type tornSegment struct {
	Segment
	tries uint
	next  time.Time       // not before, monotonic
	late  <-chan struct{} // not before it is closed: a call may still write to the file; nil without one
}

const (
	tornWait    = 30 * time.Second // after a segment could not be finished; doubled each time
	tornWaitMax = 7                // times that it is doubled: an hour
)

// collectOpen finds the segments that the index has open: on one volume that nothing is recorded on yet, or before anything
// is recorded on all.
func (s *Store) collectOpen(on *volume) error {
	var list []Segment
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bOpen).ForEach(func(k, _ []byte) error {
			if len(k) <= segmentKey {
				return errors.New("read index: an open segment's key is malformed")
			}
			camera, stream := splitKey(k[:len(k)-segmentKey])
			seg, ok, err := segmentOf(tx, camera, stream, bytes.Clone(k[len(k)-segmentKey:]))
			if ok && seg.Open {
				list = append(list, seg)
			}
			return err
		})
	})
	for i := range list {
		seg := list[i]
		s.mu.Lock()
		v := s.numbers[seg.volume]
		s.mu.Unlock()
		if v == nil || on != nil && v != on {
			continue // of a volume that is not in use
		}
		seg.Path = filepath.Join(v.o.Path, seg.relative())
		s.mu.Lock()
		s.torn[seg.Path] = &tornSegment{Segment: seg}
		s.mu.Unlock()
	}
	return err
}

// finishTorn finishes the segments that a crash or a failing volume left open, for as long as more says so.
func (s *Store) finishTorn(v *volume, more func() bool) {
	for _, t := range s.due(v) {
		if !more() {
			return
		}
		err := s.finishOpen(v, t.Segment)
		s.mu.Lock()
		if err == nil {
			delete(s.torn, t.Path)
		} else {
			t.next = time.Now().Add(tornWait << min(t.tries, tornWaitMax))
			t.late = isStuck(err)
			t.tries++
		}
		s.mu.Unlock()
		if err != nil {
			s.log.Error("finish segment", "path", t.Path, "error", err)
		}
	}
}

// due gives the torn segments of a volume whose time to be tried has come.
func (s *Store) due(v *volume) (list []*tornSegment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.torn {
		if s.numbers[t.volume] == v && !time.Now().Before(t.next) && t.settled() {
			list = append(list, t)
		}
	}
	return list
}

// settled tells whether no call that was left to itself may still write to the file.
func (t *tornSegment) settled() bool {
	select {
	case <-t.late:
		return true
	default:
		return t.late == nil
	}
}

// finishOpen closes a segment that was left open: it keeps the whole fragments, cuts the torn end off, and writes what
// closing would have written. A file without a whole fragment is removed.
func (s *Store) finishOpen(v *volume, seg Segment) error {
	f, err := s.fs.Open(seg.Path)
	if err != nil {
		return s.lostOpen(v, seg, err)
	}
	defer f.Close() // a second time when closeFile did: of no consequence
	file := &careful{File: f, v: v}
	o := &open{Segment: seg, vol: v, file: file}
	size, err := file.Size()
	if err != nil {
		return v.fail(err)
	}
	head, tracks, from, err := fmp4.ReadHeader(file, size)
	if file.err != nil {
		return v.fail(file.err)
	}
	if err != nil { // the crash came before the header was whole
		return s.removeTorn(&seg)
	}
	if done, err := s.closedAlready(o, head, size); done || err != nil {
		return err
	}
	o.Start, o.Protected, o.KeyID = head.Start.UTC(), head.Protected, head.KID
	var locked error
	o.cipher, locked = s.cipherOf(&o.Segment)
	if err := o.scan(tracks, from, size); err != nil {
		return err
	}
	if file.err != nil {
		return v.fail(file.err)
	}
	if len(o.table.Fragments()) == 0 {
		return s.removeTorn(&seg)
	}
	if locked != nil { // it stays as it is until its key is here
		return locked
	}
	o.End = endOf(o.Start, o.table)
	if seg.Size > 0 { // given up in order: the writer knew where it ends
		o.End = seg.End
	}
	s.mu.Lock()
	s.report.Finished++
	s.report.Torn += size - o.off
	s.mu.Unlock()
	return s.closeFile(o)
}

// closedAlready deals with a segment whose file was closed, but the index was not told.
func (s *Store) closedAlready(o *open, head *fmp4.Header, size int64) (bool, error) {
	table, err := fmp4.ReadTable(o.file, size)
	if c, ok := o.file.(*careful); ok && c.err != nil {
		return true, o.vol.fail(c.err)
	}
	if err != nil || o.Size > 0 && table.Next() != o.Size {
		return false, nil
	}
	if err := o.file.Sync(); err != nil { // a crash of the program alone leaves it unsynced
		return true, o.vol.fail(err)
	}
	if o.Size == 0 {
		o.End = endOf(head.Start.UTC(), table)
	}
	o.Size, o.Open, o.Digest = size, false, rootOf(table)
	if o.crc, err = s.fileCRC(o.Path); err != nil {
		return true, err
	}
	s.mu.Lock()
	s.report.Finished++
	s.mu.Unlock()
	return true, s.closed(o.vol, &o.Segment)
}

// scan finds the whole fragments. Of a segment that was given up only what was synced counts: the rest was written again
// elsewhere.
func (o *open) scan(tracks []fmp4.Track, from, size int64) error {
	if o.Size > 0 {
		size = min(size, o.Size)
	}
	hash := newHasher()
	scan, err := fmp4.ScanFragments(o.file, tracks, from, size, fmp4.ScanOptions{Protected: o.Protected, Cipher: o.cipher, Leaf: func(f *fmp4.Fragment, payload []byte) {
		newSalt(f)
		f.Leaf = hash.leaf(f.Salt, payload)
	}})
	if err != nil {
		return err
	}
	o.table, o.off = scan.Table, scan.End
	for _, f := range o.table.Fragments() {
		o.leaves = append(o.leaves, f.Leaf)
	}
	return nil
}

// removeTorn removes a segment without a whole fragment.
func (s *Store) removeTorn(seg *Segment) error {
	s.mu.Lock()
	s.report.Removed++
	s.mu.Unlock()
	return s.unlink(seg)
}

// lostOpen deals with an open segment whose file cannot be opened. With the volume there and the file not, a crash came
// before its name was synced, or it was removed from outside: it goes, and what it covered is a gap.
func (s *Store) lostOpen(v *volume, seg Segment, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return v.fail(err)
	}
	if err := v.present(); err != nil {
		return v.fail(err)
	}
	return s.removeTorn(&seg)
}

// ending is where what is known of a stream ends without a word.
type ending struct {
	camera, stream string
	at             time.Time
}

// openEndings opens a gap behind the footage of each stream that has none: the gateway ended without closing.
func (s *Store) openEndings() error {
	var list []ending
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bStreams).ForEach(func(k, _ []byte) error {
			camera, stream := splitKey(k)
			e, wordless, err := endingOf(tx, camera, stream)
			if wordless {
				list = append(list, e)
			}
			return err
		})
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

// endingOf finds where a stream's history ends, behind its last footage and its last gap, when no gap is open there.
func endingOf(tx *bbolt.Tx, camera, stream string) (e ending, wordless bool, err error) {
	e = ending{camera: camera, stream: stream}
	if _, open, err := currentGap(tx, camera, stream); open || err != nil {
		return e, false, err
	}
	k := streamKey(camera, stream)
	if b := tx.Bucket(bSegments).Bucket(k); b != nil {
		if key, v := b.Cursor().Last(); key != nil {
			seg, err := unmarshalSegment(key, v)
			if err != nil {
				return e, false, err
			}
			e.at = seg.End
		}
	}
	if b := tx.Bucket(bGaps).Bucket(k); b != nil {
		if key, v := b.Cursor().Last(); key != nil {
			g, err := readGap(key, v)
			if err != nil {
				return e, false, err
			}
			e.at = later(e.at, g.end)
		}
	}
	return e, !e.at.IsZero(), nil
}

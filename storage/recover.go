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
	_, path, _ := strings.Cut(string(key), "\x00")
	path = filepath.Join(v.o.Path, path)
	if v.isMaking(path) { // a new segment has the name
		return nil
	}
	if !s.isGarbage(key) { // looked at behind that: of what was made meanwhile the note is gone
		return nil
	}
	if err := v.remove(path); err != nil {
		return err
	}
	s.mu.Lock()
	s.report.Garbage++
	s.mu.Unlock()
	return s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bGarbage).Delete(key) })
}

// isGarbage tells whether a name is noted to be unlinked.
func (s *Store) isGarbage(key []byte) (is bool) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		is = has(tx.Bucket(bGarbage), key)
		return nil
	})
	return is
}

// tornSegment is a segment that is to be finished.
type tornSegment struct {
	Segment
	tries uint
	next  time.Time         // not before, monotonic; unless short
	short bool              // its volume was full: it is tried at once when that is used again
	late  []<-chan struct{} // not before they are closed: calls may still write to the files
	busy  bool              // it is being finished
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
		if v := s.volumeOf(seg.volume); v == nil && seg.mirror.volume != 0 {
			seg = seg.onVolume(seg.mirror.volume)
		}
		v, other := s.volumeOf(seg.volume), s.volumeOf(seg.mirror.volume)
		if v == nil || on != nil && v != on && other != on {
			continue // of a volume that is not in use
		}
		seg.Path = filepath.Join(v.o.Path, seg.relative())
		s.tear(&seg)
	}
	return err
}

// tear notes that a segment is to be finished, in place of what was noted of it before.
func (s *Store) tear(seg *Segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range seg.places() {
		if v := s.numbers[at.volume]; v != nil && s.live[filepath.Join(v.o.Path, seg.relativeAt(at))] != nil {
			return // it is being written
		}
	}
	k := openKey(seg)
	for path, t := range s.torn {
		if bytes.Equal(openKey(&t.Segment), k) {
			delete(s.torn, path)
		}
	}
	s.torn[seg.Path] = &tornSegment{Segment: *seg}
}

// finishTorn finishes the segments that a crash or a failing volume left open, for as long as more says so.
func (s *Store) finishTorn(v *volume, more func() bool) {
	for _, t := range s.due(v) {
		if !more() {
			return
		}
		switch {
		case !s.claim(t):
		case !s.stillTorn(t):
			s.finished(t, nil)
		case t.mirror.volume == 0:
			s.finished(t, s.finishOpen(v, t.Segment))
		default:
			s.finishPatiently(t)
		}
	}
}

// claim has nobody else finish a segment. It tells whether somebody else does, or did.
func (s *Store) claim(t *tornSegment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.busy || s.torn[t.Path] != t {
		return false
	}
	t.busy = true
	return true
}

// stillTorn tells whether the record of a segment is open and names the files that are to be finished: another volume may have come
// with a better one since.
func (s *Store) stillTorn(t *tornSegment) (still bool) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		still = asItWas(tx, &t.Segment) == nil
		return nil
	})
	return still
}

// asItWas gives an error when the record of an open segment is there and says otherwise than it did.
func asItWas(tx *bbolt.Tx, seg *Segment) error {
	now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
	if err == nil && ok && (!now.Open || now.place != seg.place && now.place != seg.mirror || now.mirror != seg.mirror && now.mirror != seg.place) {
		return errMoved
	}
	return nil
}

// finished notes what became of finishing a segment.
func (s *Store) finished(t *tornSegment, err error) {
	v := s.volumeOf(t.volume)
	full := v != nil && v.isFull()
	s.mu.Lock()
	t.busy = false
	if err == nil && s.torn[t.Path] == t {
		delete(s.torn, t.Path)
	}
	if err != nil {
		t.next = time.Now().Add(tornWait << min(t.tries, tornWaitMax))
		if late := isStuck(err); late != nil {
			t.late = append(t.late, late)
		}
		if t.short = full; !full { // that says nothing about the file
			t.tries++
		}
	}
	s.mu.Unlock()
	if err != nil {
		s.log.Error("finish segment", "path", t.Path, "error", err)
	}
}

// due gives the torn segments of a volume whose time to be tried has come.
func (s *Store) due(v *volume) (list []*tornSegment) {
	room := v.ok()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.torn {
		lies := s.numbers[t.volume] == v || t.mirror.volume != 0 && s.numbers[t.mirror.volume] == v
		if lies && !t.busy && (t.short && room || !time.Now().Before(t.next)) && t.settled() {
			list = append(list, t)
		}
	}
	return list
}

// settled tells whether no call that was left to itself may still write to the file.
func (t *tornSegment) settled() bool {
	for _, late := range t.late {
		select {
		case <-late:
		default:
			return false
		}
	}
	return true
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
	return true, s.closed(&o.Segment)
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

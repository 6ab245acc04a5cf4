package storage

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

// findings is what a volume tells of itself: segments from its files, gaps and deletions from its journal.
type findings struct {
	segments []Segment
	gaps     []record // "gap", in the order of noting
	deleted  []record
	marks    []record  // "event", "lock", "unlock", in the order of noting
	damaged  []record  // "damaged"
	erasures []record  // "erasure", "erased", in the order of noting
	spare    []Segment // keys that nothing needs: camera, stream, start, run and KID
	barren   []string  // files that never got footage, or whose deletion was noted and not carried out, below the volume
	bad      int       // lines of the journal that cannot be read
	alien    []string  // files that are no segments
}

// findAll reads a volume that the index has not met. It costs one table per file.
func (s *Store) findAll(v *volume) (f findings, err error) {
	closedBy, gone := map[string]record{}, map[string]bool{}
	bad, err := replay(s.fs, v.o.Path, func(r record) {
		switch r.Type {
		case "closed":
			closedBy[r.Path] = r
			delete(gone, r.Path)
		case "deleted":
			f.deleted = append(f.deleted, r)
			delete(closedBy, r.Path)
			gone[r.Path] = true
		case "erasure":
			f.erasures = append(f.erasures, r)
		case "erased":
			f.erasures = append(f.erasures, r)
			delete(closedBy, r.Path)
			gone[r.Path] = true
		case "damaged":
			f.damaged = append(f.damaged, r)
		case "gap":
			f.gaps = append(f.gaps, r)
		case "event", "lock", "unlock":
			f.marks = append(f.marks, r)
		}
	})
	if err != nil {
		return f, err
	}
	f.bad = bad
	if bad > 0 {
		s.log.Error("journal has lines that cannot be read", "volume", v.o.Path, "lines", bad)
	}
	err = s.scanVolume(v, closedBy, &f)
	var removed []Segment
	f.segments = slices.DeleteFunc(f.segments, func(seg Segment) bool {
		rel := seg.relative()
		if gone[rel] {
			f.barren, removed = append(f.barren, rel), append(removed, seg)
		}
		return gone[rel]
	})
	f.deleted = slices.DeleteFunc(f.deleted, func(r record) bool { return !gone[r.Path] }) // it was taken back
	removed = append(removed, f.dropParts()...)
	s.dropErased(&f)
	s.spareKeys(&f, removed)
	return f, err
}

// enter writes what was found into the index.
func (f *findings) enter(tx *bbolt.Tx, number uint16) error {
	for _, path := range f.barren {
		if err := tx.Bucket(bGarbage).Put(garbageName(number, path), nil); err != nil {
			return err
		}
	}
	for i := range f.segments {
		f.segments[i].volume = number
		if err := joinSegment(tx, &f.segments[i]); err != nil {
			return err
		}
	}
	return f.enterTold(tx)
}

// enterTold writes what journals tell, once the segments are there.
func (f *findings) enterTold(tx *bbolt.Tx) error {
	for _, enter := range []func(*bbolt.Tx) error{f.enterGaps, f.enterDeleted, f.enterMarks, f.enterErasures, f.enterDamaged, f.enterSpare} {
		if err := enter(tx); err != nil {
			return err
		}
	}
	return nil
}

// enterDamaged notes damage that a repair accepted, of files that are still there.
func (f *findings) enterDamaged(tx *bbolt.Tx) error {
	for _, r := range f.damaged {
		if r.Start == nil {
			continue
		}
		seg, ok, err := segmentOf(tx, r.Camera, r.Stream, (&Segment{Start: *r.Start, Run: r.Run}).key())
		if err != nil || !ok {
			continue // its file is gone
		}
		for _, p := range seg.places() {
			if at := seg; seg.relativeAt(p) == r.Path {
				at.place = p
				d := damage{Found: r.At.UTC(), Kind: string(r.Cause), What: r.Note, CRC: r.CRC, Accepted: true}
				if err := noteDamage(tx, &at, d); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// enterDeleted leaves a gap where retention deleted in the middle of a history.
func (f *findings) enterDeleted(tx *bbolt.Tx) error {
	for _, r := range f.deleted {
		if r.Start == nil || r.End == nil {
			continue
		}
		if err := noteDeleted(tx, r.Camera, r.Stream, gapEntry{start: *r.Start, end: *r.End, early: r.Early > 0}); err != nil {
			return err
		}
	}
	return nil
}

// enterMarks writes events and locks. Journals of other volumes may have told of the same: what ended stays so, and of an
// event the later end holds.
func (f *findings) enterMarks(tx *bbolt.Tx) error {
	events := map[string]Event{} // by id: what was said last
	for i := range f.marks {
		r := &f.marks[i]
		if r.Type != "event" {
			if err := enterLock(tx, r); err != nil {
				return err
			}
		} else if e, ok := eventFrom(r); ok {
			events[e.Camera+e.ID] = e
		}
	}
	for _, e := range events {
		if err := enterEvent(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// dropOutdated forgets events and gaps before the oldest footage, once the footage of every volume is known: another volume's may be
// older than that of the one whose journal tells of them.
func dropOutdated(tx *bbolt.Tx) error {
	events, gaps := map[string]time.Time{}, []string{}
	err := tx.Bucket(bEvents).ForEachBucket(func(camera []byte) error {
		if first, ok := firstOfCamera(tx, string(camera)); ok {
			events[string(camera)] = first
		}
		return nil
	})
	if err == nil {
		err = tx.Bucket(bGaps).ForEachBucket(func(k []byte) error { gaps = append(gaps, string(k)); return nil })
	}
	for camera, first := range events {
		err = errors.Join(err, dropEvents(tx, camera, first, math.MaxInt))
	}
	for _, k := range gaps {
		camera, stream := splitKey([]byte(k))
		err = errors.Join(err, dropGaps(tx, camera, stream, time.Time{}))
	}
	return err
}

func enterEvent(tx *bbolt.Tx, e Event) error {
	if b := tx.Bucket(bEvents).Bucket([]byte(e.Camera)); b != nil {
		k, _ := eventKey(e.ID)
		if v := b.Get(k); v != nil {
			known, err := readEvent(e.Camera, k, v)
			if err != nil || !known.End.IsZero() && !e.End.After(known.End) {
				return err
			}
		}
	}
	return putEvent(tx, &e)
}

func enterLock(tx *bbolt.Tx, r *record) error {
	e, ok := lockFrom(r)
	if !ok {
		return nil
	}
	if v := tx.Bucket(bLocks).Get(lockKey(e.Camera, e.ID)); v != nil {
		known, err := readLock(lockKey(e.Camera, e.ID), v)
		if err != nil || known.state != lockHolds {
			return err
		}
		e.Created = known.Created
	}
	return putLock(tx, &e)
}

// enterGaps writes the gaps of each stream: one ends where footage begins, or the next gap.
func (f *findings) enterGaps(tx *bbolt.Tx) error {
	byStream := map[string][]record{}
	for _, g := range f.gaps {
		k := string(streamKey(g.Camera, g.Stream))
		byStream[k] = append(byStream[k], g)
	}
	for _, list := range byStream {
		slices.SortStableFunc(list, func(a, b record) int { return a.At.Compare(b.At) })
		for i, g := range list {
			if i+1 < len(list) && list[i+1].At.Equal(g.At) {
				continue // was known better later
			}
			var next time.Time
			if i+1 < len(list) {
				next = list[i+1].At
			}
			if err := enterGap(tx, g, next); err != nil {
				return err
			}
		}
	}
	return nil
}

func enterGap(tx *bbolt.Tx, g record, next time.Time) error {
	end, ok := nextStart(tx, g.Camera, g.Stream, g.At)
	if !next.IsZero() && (!ok || next.Before(end)) {
		end, ok = next, true
	}
	switch {
	case !ok:
		_, err := openGap(tx, g.Camera, g.Stream, g.At.UTC(), g.Cause)
		return err
	case end.After(g.At):
		return putGap(tx, g.Camera, g.Stream, gapEntry{start: g.At.UTC(), end: end.UTC(), cause: g.Cause})
	}
	return nil
}

// nextStart is where the first footage at or after a time begins. What was put into a gap afterwards does not end it.
func nextStart(tx *bbolt.Tx, camera, stream string, at time.Time) (time.Time, bool) {
	b := tx.Bucket(bSegments).Bucket(streamKey(camera, stream))
	if b == nil {
		return time.Time{}, false
	}
	c := b.Cursor()
	for k, v := c.Seek(nanoKey(at)); k != nil; k, v = c.Next() {
		if seg, err := unmarshalSegment(k, v); err != nil || seg.Filled == (Filled{}) {
			return nano(k), true
		}
	}
	return time.Time{}, false
}

// scanVolume finds the segment files of a volume: camera, stream, day, file.
func (s *Store) scanVolume(v *volume, known map[string]record, f *findings) error {
	return s.walk(v.o.Path, 4, func(path string) error {
		rel, err := filepath.Rel(v.o.Path, path)
		if err == nil && strings.HasSuffix(rel, ".mp4"+partSuffix) { // of an erasure that a crash interrupted
			f.barren = append(f.barren, rel)
		}
		if err != nil || !strings.HasSuffix(rel, ".mp4") {
			return err
		}
		seg, err := s.inspect(v, path)
		barren := false
		if err != nil {
			barren, err = s.barren(path, err)
		}
		if unread := (*unreadable)(nil); errors.As(err, &unread) && v.tries < maxTries {
			return err
		}
		if barren {
			f.barren = append(f.barren, rel)
			return nil
		}
		if err != nil {
			s.log.Error("file is no segment", "path", path, "error", err) // check names it
			f.alien = append(f.alien, path)
			return nil
		}
		if !seg.numberFrom(rel) {
			s.log.Error("file is not where its footage belongs", "path", path)
			f.alien = append(f.alien, path)
			return nil
		}
		if r, ok := known[rel]; ok && r.End != nil && !seg.Open {
			seg.End, seg.crc, seg.wanted = r.End.UTC(), r.CRC, r.Wanted
			hex.Decode(seg.Digest[:], []byte(r.Digest))
		}
		f.segments = append(f.segments, seg)
		if s.o.found != nil {
			s.o.found(seg.Size)
		}
		return nil
	})
}

// segmentName is how relative names files.
var segmentName = regexp.MustCompile(`^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}(-\d{1,2})?\.mp4$`)

// maxBarren bounds a file that is removed because it never got footage, bytes: a torn header and what was reserved of it.
const maxBarren = 64 << 10

// barren tells whether a file that is no segment, because of an error, is what a crash left of creating one: there is no
// fragment in it.
func (s *Store) barren(path string, why error) (bool, error) {
	info, err := s.fs.Stat(path)
	switch {
	case err != nil:
		return false, &unreadable{err}
	case !segmentName.MatchString(filepath.Base(path)) || info.Size() > maxBarren:
		return false, why
	}
	data, err := durable.ReadFile(s.fs, path, maxBarren)
	if err != nil {
		return false, &unreadable{err}
	}
	return !bytes.Contains(data, []byte("moof")) && !bytes.Contains(data, []byte("mdat")), why
}

// numberFrom reads which of the files of one start and run a path is; false when the path is not one of theirs.
func (s *Segment) numberFrom(rel string) bool {
	for s.number = 0; s.number <= maxSegmentName; s.number++ {
		if s.relative() == rel {
			return true
		}
	}
	return false
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
		case depth > 1 && e.IsDir() && e.Name() != journalDir && e.Name() != keysDir && e.Name() != "lost+found":
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

// maxTries is how often a volume that the index has not met is read from the start because of a file that cannot be read.
// Then it is taken in without that file, which a check names.
const maxTries = 5

// unreadable is the error of a disk, not of a file's content.
type unreadable struct{ error }

func (u *unreadable) Unwrap() error { return u.error }

// inspect reads what a file says of itself. Without a whole trailer it is an open segment.
func (s *Store) inspect(v *volume, path string) (seg Segment, err error) {
	f, err := s.fs.OpenRead(path)
	if err != nil {
		return seg, &unreadable{err}
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return seg, &unreadable{err}
	}
	file := &careful{File: f, v: v}
	defer func() {
		if file.err != nil {
			err = &unreadable{file.err}
		}
	}()
	head, tracks, from, err := fmp4.ReadHeader(file, size)
	if err != nil {
		return seg, err
	}
	if !validName(head.Camera) || !validName(head.Stream) {
		return seg, fmt.Errorf("its camera %q or stream %q is no name", head.Camera, head.Stream)
	}
	seg = Segment{Camera: head.Camera, Stream: head.Stream, Run: head.Run, Start: head.Start.UTC(), End: head.Start.UTC(), Open: true,
		Protected: head.Protected, KeyID: head.KID, Filled: head.Filled}
	table, err := fmp4.ReadTable(file, size)
	if err != nil {
		return seg, seg.reach(file, tracks, from, size)
	}
	seg.Open, seg.Size, seg.End, seg.Digest = false, size, endOf(seg.Start, table), rootOf(table)
	before, after := table.Kin()
	seg.part = len(before)+len(after) > 0
	return seg, nil
}

// reach finds where the whole fragments of a file without a table end: another volume may have more of the segment.
func (s *Segment) reach(file *careful, tracks []fmp4.Track, from, size int64) error {
	scan, err := fmp4.ScanFragments(file, tracks, from, size, fmp4.ScanOptions{Protected: s.Protected})
	if err == nil {
		s.End = endOf(s.Start, scan.Table)
	}
	return err
}

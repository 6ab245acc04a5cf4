package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

// remedy says what a repair does about one damaged copy of a segment: the first of these that is possible. Nothing sound
// is ever removed, and what the index says is changed only where the file proves that it is wrong.
func (c *checking) remedy(v *volume, seg, one *Segment, bad *badFile, f *Finding) {
	if bad != nil && (bad.kind == KindMedia || bad.kind == KindDecode) {
		return // it is what the camera sent
	}
	if other := c.otherCopy(seg, one); other != nil {
		f.Repair = "It is made again from the copy on the other volume, if that is sound; else what is left is kept and noted as damaged."
		f.mend = func(ctx context.Context) error { return c.mendFromCopy(ctx, v, seg, one, other, bad) }
		return
	}
	switch {
	case seg.mirror.volume != 0:
		f.Do = "Bring the volume of its other copy back, then run holdfast check --repair: it is made again from that."
	case bad != nil:
		f.Repair, f.mend = c.remedyAlone(v, one, bad)
	case f.Kind == KindMissing:
		f.Repair = "The record is dropped, and the timeline says that the file was lost. Should it come back, it is taken in again."
		f.mend = func(context.Context) error { return c.s.dropLost(v, one) }
	}
}

// remedyAlone is for a file of which there is no copy.
func (c *checking) remedyAlone(v *volume, one *Segment, bad *badFile) (string, func(context.Context) error) {
	accept := func(context.Context) error { return c.s.accept(v, one, bad) }
	switch bad.kind {
	case KindSize, KindTrailer:
		return "What was changed at its end is made again, or the whole fragments are kept and the file is closed again; where neither is possible it is kept as it is and noted as damaged.",
			func(ctx context.Context) error { return c.mendEnd(ctx, v, one, bad) }
	}
	return "It is kept and played as it is, and noted as damaged; later checks report it as known.", accept
}

// otherCopy gives the other copy of a segment, if it can be read now.
func (c *checking) otherCopy(seg, one *Segment) *Segment {
	for _, p := range seg.places() {
		v := c.s.volumeOf(p.volume)
		if p == one.place || v == nil || v.present() != nil {
			continue
		}
		other := *seg
		other.place, other.mirror = p, place{}
		other.Path = filepath.Join(v.o.Path, other.relative())
		return &other
	}
	return nil
}

// mendFromCopy puts a sound copy in the damaged one's place.
func (c *checking) mendFromCopy(ctx context.Context, v *volume, seg, one, other *Segment, bad *badFile) error {
	deep := &checking{s: c.s, level: LevelHash, pace: c.pace}
	switch err := deep.checkCopy(ctx, c.s.volumeOf(other.volume), other); {
	case err == nil:
		if err := c.s.copyFile(ctx, v, other, one); err != nil {
			return err
		}
		c.s.sound(one)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist) && bad == nil: // neither is there
		return c.s.dropLost(v, seg)
	case bad == nil:
		return fmt.Errorf("the other copy is no better: %w", err)
	}
	return c.s.accept(v, one, bad)
}

// copyFile replaces one copy by the other, in one step. The bytes that are written are those that were closed.
func (s *Store) copyFile(ctx context.Context, v *volume, from, to *Segment) error {
	defer v.answered(v.asks())
	src, err := s.fs.OpenRead(from.Path)
	if err != nil {
		return err
	}
	defer src.Close()
	tmp := to.Path + ".new"
	if err := durable.Remove(s.fs, tmp); err != nil { // of a crash
		return v.fail(err)
	}
	dst, err := durable.Create(s.fs, v.o.Path, tmp)
	if err != nil {
		return v.fail(err)
	}
	sum, err := copyBytes(ctx, dst, src, from.Size)
	if err == nil && sum != from.crc {
		err = errors.New("the copy changed while it was read")
	}
	if err == nil {
		err = durable.Commit(s.fs, dst, v.o.Path, tmp)
	}
	if err := errors.Join(err, dst.Close()); err != nil {
		durable.Remove(s.fs, tmp)
		return err
	}
	if err := s.fs.Rename(tmp, to.Path); err != nil {
		return v.fail(err)
	}
	return s.fs.SyncDir(filepath.Dir(to.Path))
}

func copyBytes(ctx context.Context, dst, src durable.File, size int64) (sum uint32, err error) {
	buf := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		b := buf[:min(int64(len(buf)), size-at)]
		if n, err := src.ReadAt(b, at); n < len(b) {
			return 0, err
		}
		if _, err := dst.WriteAt(b, at); err != nil {
			return 0, err
		}
		sum = crcUpdate(sum, b)
		at += int64(len(b))
	}
	return sum, nil
}

// dropLost takes a segment whose file is gone off the timeline, journal first, and says so there. The name is not noted
// as garbage: should the file come back, it is footage.
func (s *Store) dropLost(v *volume, seg *Segment) error {
	if _, err := s.fs.Stat(seg.Path); !errors.Is(err, fs.ErrNotExist) {
		return err // it is back
	}
	if err := v.present(); err != nil {
		return err
	}
	if err := s.journalTo(v, record{Type: "gap", At: seg.Start, Camera: seg.Camera, Stream: seg.Stream, Cause: CauseLost}); err != nil {
		return err
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if err != nil || !ok || now.place != seg.place {
			return err
		}
		if err := forgetSegment(tx, &now); err != nil || !seg.End.After(seg.Start) {
			return err
		}
		return putGapAgain(tx, seg.Camera, seg.Stream, gapEntry{start: seg.Start, end: seg.End, cause: CauseLost})
	})
}

// forgetSegment drops a segment's record, and leaves its file alone.
func forgetSegment(tx *bbolt.Tx, seg *Segment) error {
	if err := deleteSegment(tx, seg); err != nil {
		return err
	}
	for _, p := range seg.places() {
		file := *seg
		file.place = p
		if err := tx.Bucket(bGarbage).Delete(garbageKey(&file)); err != nil {
			return err
		}
	}
	return nil
}

// accept notes that a file is damaged and that nothing can be done: it is played as it is. The journal is told first, so
// that a new index knows.
func (s *Store) accept(v *volume, seg *Segment, bad *badFile) error {
	d := damage{Found: s.now().UTC(), Kind: bad.kind, What: bad.what, CRC: bad.crc, Accepted: true}
	start := seg.Start
	r := record{Type: "damaged", At: d.Found, Camera: seg.Camera, Stream: seg.Stream, Path: seg.relative(), Start: &start, Run: seg.Run,
		CRC: d.CRC, Cause: Cause(d.Kind), Note: d.What}
	if err := s.journalTo(v, r); err != nil {
		return err
	}
	err := s.index.db.Update(func(tx *bbolt.Tx) error { return noteDamage(tx, seg, d) })
	s.note()
	return err
}

// mendEnd repairs a file whose end is not as it was closed.
func (c *checking) mendEnd(ctx context.Context, v *volume, seg *Segment, bad *badFile) error {
	if done, err := c.cutBack(ctx, v, seg); done || err != nil {
		if err == nil {
			c.s.sound(seg)
		}
		return err
	}
	if bad.table != nil { // the table can be read, and says otherwise than the index
		return c.believe(ctx, v, seg, bad)
	}
	if ok, err := c.onlyTail(v, seg); err != nil || !ok {
		if err != nil {
			return err
		}
		return c.s.accept(v, seg, bad)
	}
	if err := c.s.closeAgain(v, seg); err != nil {
		return err
	}
	c.s.sound(seg)
	return nil
}

// cutBack cuts off what was appended to a file that is whole before.
func (c *checking) cutBack(ctx context.Context, v *volume, seg *Segment) (bool, error) {
	f, err := c.s.fs.Open(seg.Path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	file := &careful{File: f, v: v}
	size, err := file.Size()
	if err != nil || size <= seg.Size {
		return false, err
	}
	table, err := fmp4.ReadTable(file, seg.Size)
	if err != nil || rootOf(table) != seg.Digest {
		return false, file.err
	}
	deep := &checking{s: c.s, level: LevelHash, pace: c.pace}
	if err := deep.checkBytes(ctx, seg, file, seg.Size, table); err != nil {
		if _, bad := isBad(err); bad {
			return false, nil
		}
		return false, err
	}
	if err := file.Truncate(seg.Size); err != nil {
		return true, v.fail(err)
	}
	if err := file.Sync(); err != nil {
		return true, v.fail(err)
	}
	return true, nil
}

// believe makes the record again from a file that is whole in itself, if the journal says the same as the file. Else
// somebody may have changed the file with its table: it is kept as it is, and noted.
func (c *checking) believe(ctx context.Context, v *volume, seg *Segment, bad *badFile) error {
	root := rootOf(bad.table)
	var said *record
	_, err := replay(c.s.fs, v.o.Path, func(r record) {
		if r.Type == "closed" && r.Path == seg.relative() {
			said = &r
		}
	})
	if err != nil {
		return err
	}
	if said == nil || said.Digest != hex.EncodeToString(root[:]) || said.End == nil {
		return c.s.accept(v, seg, bad)
	}
	right := *seg
	right.Digest, right.crc, right.End, right.Size = root, said.CRC, said.End.UTC(), said.Size
	deep := &checking{s: c.s, level: LevelHash, pace: c.pace}
	if err := deep.checkCopy(ctx, v, &right); err != nil {
		if _, isBad := isBad(err); isBad {
			return c.s.accept(v, seg, bad)
		}
		return err
	}
	c.s.sound(seg)
	return c.s.index.db.Update(func(tx *bbolt.Tx) error {
		if now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key()); err != nil || !ok || now.place != seg.place {
			return err
		}
		return putSegment(tx, &right)
	})
}

// onlyTail tells whether a file's whole fragments are all before the place where a scan for them ends: cutting it there
// loses nothing that could be played.
func (c *checking) onlyTail(v *volume, seg *Segment) (bool, error) {
	f, err := c.s.fs.OpenRead(seg.Path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	file := &careful{File: f, v: v}
	size, err := file.Size()
	if err != nil {
		return false, err
	}
	head, tracks, from, err := fmp4.ReadHeader(file, size)
	if err != nil {
		return false, file.err
	}
	scan, err := fmp4.ScanFragments(file, tracks, from, size, fmp4.ScanOptions{Protected: head.Protected})
	if err != nil || len(scan.Table.Fragments()) == 0 {
		return false, errors.Join(err, file.err)
	}
	more, err := fmp4.FindFragment(file, scan.End+1, size)
	return err == nil && more < 0, errors.Join(err, file.err)
}

// closeAgain opens a segment's record again and has it finished as after a crash: whole fragments are kept, the rest is
// cut off, table and record are made anew. A crash in between leaves an open segment, which the next start finishes. Without
// the key of an encrypted segment nothing is touched: its digest is over the samples, and could not be made again.
func (s *Store) closeAgain(v *volume, seg *Segment) error {
	if _, err := s.cipherOf(seg); err != nil {
		return fmt.Errorf("its table cannot be made again without its key, and the file is left as it is: %w", err)
	}
	open := *seg
	open.Open, open.Size, open.crc, open.Digest = true, 0, 0, [32]byte{}
	err := s.index.db.Update(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if err != nil || !ok || now.place != seg.place || now.Open {
			return errors.Join(err, errMoved)
		}
		return putSegment(tx, &open)
	})
	if errors.Is(err, errMoved) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.finishOr(v, open)
}

var errMoved = errors.New("the segment is not where it was")

// finishOr finishes an open segment now, or leaves it to those who finish what a crash left.
func (s *Store) finishOr(v *volume, open Segment) error {
	err := s.finishOpen(v, open)
	if err != nil {
		s.mu.Lock()
		s.torn[open.Path] = &tornSegment{Segment: open}
		s.mu.Unlock()
	}
	return err
}

// repaired tells the journal what a repair did.
func (s *Store) repaired(f *Finding) {
	s.log.Info("repaired", "kind", f.Kind, "path", f.Path, "what", f.What)
	s.toJournal(record{Type: "repair", At: s.now().UTC(), Path: f.Path, Cause: Cause(f.Kind), Note: f.Repair})
}

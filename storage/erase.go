package storage

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

// cutPatience is how long an erasure waits for the next key frame of a segment that is being recorded. After it the segment
// ends at any picture.
const cutPatience = 10 * time.Second

// waitError says what an erasure waits for. It is tried again.
type waitError struct{ what string }

func (e *waitError) Error() string { return e.what }

func waitFor(format string, args ...any) error { return &waitError{fmt.Sprintf(format, args...)} }

// carryOut does what can be done of an erasure now, and gives how far it is. What is there to wait for is in Waiting.
func (s *Store) carryOut(ctx context.Context, id string) (Erasure, error) {
	s.erasingOne.Lock()
	defer s.erasingOne.Unlock()
	e, err := s.Erasure(id)
	if err != nil {
		s.noLonger(id)
		return e, err
	}
	if !e.Done.IsZero() {
		s.ended(&e)
		return e, nil
	}
	waiting := ""
	list, err := s.covered(&e)
	if err != nil {
		return e, err
	}
	for i := range list {
		err := s.eraseSegment(ctx, &e, &list[i])
		switch wait := (*waitError)(nil); {
		case err == nil:
		case errors.As(err, &wait):
			waiting = wait.what
		case ctx.Err() != nil:
			return e, nil
		default:
			s.log.Error("erase segment; it is tried again", "path", list[i].Path, "error", err)
			waiting = fmt.Sprintf("%s/%s: %v", list[i].Camera, list[i].Stream, err)
			if e, err = s.Erasure(id); err != nil { // what the index gave an error for may stand, and with it keys that are to be forgotten
				return e, err
			}
		}
	}
	if err := s.forget(&e); err != nil {
		waiting = err.Error()
	}
	if behind := s.unwritten(&e); waiting == "" && behind {
		waiting = "what was taken until now is being written"
	}
	return s.endErasure(&e, waiting)
}

// covered gives the segments that an erasure covers, on whatever volume.
func (s *Store) covered(e *Erasure) (list []Segment, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return eachErased(tx, e, func(seg Segment) error { list = append(list, seg); return nil })
	})
	for i := range list {
		s.fill(&list[i])
	}
	return list, err
}

// unwritten tells whether a recorder still holds samples that were taken before the end of an erasure.
func (s *Store) unwritten(e *Erasure) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.writers {
		if !e.covers(w.camera, w.stream) {
			continue
		}
		if end, ok := w.known(); ok && end.Before(e.To) {
			w.ask(cutAtSync)
			return true
		}
	}
	return false
}

// endErasure notes how far an erasure has come.
func (s *Store) endErasure(e *Erasure, waiting string) (Erasure, error) {
	if waiting != "" {
		if waiting != e.Waiting {
			e.Waiting = waiting
			return *e, s.index.db.Update(func(tx *bbolt.Tx) error { return putErasure(tx, e) })
		}
		return *e, nil
	}
	e.Done, e.Waiting = s.now().UTC().Round(0), ""
	e.Means = e.worth()
	if err := s.noteErasure(e); err != nil {
		return *e, err
	}
	s.ended(e)
	s.note()
	return *e, nil
}

// ended takes an erasure that is done off those that are under way, and has its keys swept.
func (s *Store) ended(e *Erasure) {
	s.noLonger(e.ID)
	if e.keyed() && e.Receipt == nil {
		s.mu.Lock()
		s.unswept[e.ID] = true
		s.mu.Unlock()
	}
}

// noLonger takes an erasure off those that are under way.
func (s *Store) noLonger(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erasing = slices.DeleteFunc(slices.Clone(s.erasing), func(x *Erasure) bool { return x.ID == id })
}

// forget has the keys of what went forgotten. Those are in the erasure's record from the moment that nothing needs them.
func (s *Store) forget(e *Erasure) error {
	for len(e.Keys) > 0 {
		day, id, err := e.Keys[0].dayAndID()
		if err != nil {
			return err
		}
		if s.o.Keys == nil {
			return errors.New("the keyring is not open: switch encryption on to have the keys destroyed")
		}
		if err := s.o.Keys.Forget(e.Camera, day, id); err != nil {
			return err
		}
		e.Keys = e.Keys[1:]
		if err := s.index.db.Update(func(tx *bbolt.Tx) error { return putErasure(tx, e) }); err != nil {
			return err
		}
	}
	return nil
}

// eraseSegment takes what an erasure covers out of a segment. Order of operations: FORMAT.md, "Erase".
func (s *Store) eraseSegment(ctx context.Context, e *Erasure, seg *Segment) error {
	v := s.volumeOf(seg.volume)
	if other := s.volumeOf(seg.mirror.volume); !seg.Open && seg.mirror.volume != 0 && other != nil && (v == nil || !v.takes()) { // what is left is written from the other copy
		*seg, v = seg.onVolume(seg.mirror.volume), other
		s.fill(seg)
	}
	switch {
	case seg.Open:
		return s.cutForErasure(e, seg)
	case v == nil:
		return waitFor("footage is on a volume that is not in use here")
	}
	whole := !seg.Start.Before(e.From) && !seg.End.After(e.To)
	if !whole && !v.takes() {
		return waitFor("a part of a segment on volume %s is to go, and that volume does not take what is left", v.o.Path)
	}
	var kept []*open
	if !whole {
		var some bool
		var err error
		if kept, some, err = s.keepRest(ctx, e, v, seg); err != nil || !some {
			return err
		}
	}
	defer func() {
		for _, o := range kept {
			s.settlePart(o)
		}
	}()
	if err := s.enterErased(e, v, seg, kept); err != nil {
		return err
	}
	if err := s.forget(e); err != nil {
		return err
	}
	return s.removeErased(seg)
}

// cutForErasure has a segment that is being recorded end.
func (s *Store) cutForErasure(e *Erasure, seg *Segment) error {
	s.mu.Lock()
	w := s.live[seg.Path]
	s.mu.Unlock()
	if w == nil {
		return waitFor("a segment that was not finished waits for that, or for its volume")
	}
	if !seg.End.After(e.From) {
		return nil
	}
	if s.now().Sub(e.Requested) > cutPatience {
		w.ask(cutAnywhere)
	} else {
		w.ask(cutAtSync)
	}
	return waitFor("the segment that is being recorded is about to end")
}

// partSuffix is of a file that is not yet what its name says.
const partSuffix = ".new"

// keepRest writes what is left of a segment to one or two new ones; some is false when nothing of it is to go.
func (s *Store) keepRest(ctx context.Context, e *Erasure, v *volume, seg *Segment) (kept []*open, some bool, err error) {
	m, err := s.media(*seg)
	if err != nil {
		if errors.Is(err, ErrLocked) || errors.Is(err, ErrKeyLost) {
			return nil, false, waitFor("a part of a segment is to go, and what is left cannot be written without its key: %v", err)
		}
		return nil, false, err
	}
	defer m.Close()
	t := m.Table()
	first, rest := t.Cut(seg.Start, e.From, e.To)
	if first == rest {
		return nil, false, nil
	}
	if root(t.Leaves()) != seg.Digest {
		return nil, false, waitFor("segment %s is damaged: its digest is not the one that was noted. Repair it first (holdfast check --repair)", seg.Path)
	}
	for _, part := range [][2]int{{0, first}, {rest, len(t.Fragments())}} {
		if part[0] == part[1] {
			continue
		}
		o, err := s.keepPart(ctx, v, seg, m, part[0], part[1])
		if err != nil {
			for _, made := range kept {
				s.dropPart(made)
			}
			return nil, false, err
		}
		kept = append(kept, o)
	}
	return kept, true, nil
}

// keepPart writes fragments [from, to) of a segment as one of its own, under a new key. The file has a name that nobody takes for a
// segment's until it is whole and synced.
func (s *Store) keepPart(ctx context.Context, v *volume, seg *Segment, m *Media, from, to int) (*open, error) {
	o := &open{vol: v}
	o.Segment = Segment{Camera: seg.Camera, Stream: seg.Stream, Run: seg.Run, End: seg.End, Joined: seg.Joined && from == 0, Filled: seg.Filled, wanted: seg.wanted}
	var err error
	if o.Start, o.tracks, err = m.table.Rest(from, seg.Start); err != nil {
		return nil, err
	}
	if err := v.present(); err != nil {
		return nil, v.fail(err)
	}
	if err := s.protect(o); err != nil {
		return nil, v.fail(err)
	}
	if err := s.namePart(o); err != nil {
		s.settleKey(o)
		return nil, v.fail(errors.Join(err, s.index.db.Update(o.outliveKey)))
	}
	if err = s.writePart(ctx, o, m, from, to); err == nil {
		err = s.placePart(o)
	}
	if err != nil {
		s.dropPart(o)
		return nil, err
	}
	if from == 0 {
		o.End = endOf(o.Start, o.table)
	}
	o.Digest = rootOf(o.table)
	if o.Digest != seg.Digest {
		s.dropPart(o)
		return nil, errors.New("what is left does not give the digest that was noted")
	}
	return o, nil
}

// namePart creates the file under a name beside the first segment's name that is free. Both are noted as garbage before.
func (s *Store) namePart(o *open) error {
	v := o.vol
	v.names.Lock()
	defer v.names.Unlock()
	o.volume = s.numberOf(v)
	for ; o.number <= maxSegmentName; o.number++ {
		o.Path = filepath.Join(v.o.Path, o.relative())
		if free, err := s.free(o.Path, o.Path+partSuffix); err != nil {
			return err
		} else if !free {
			continue
		}
		err := s.index.db.Update(func(tx *bbolt.Tx) error {
			return errors.Join(o.partGarbage(tx.Bucket(bGarbage).Put), o.outliveKey(tx))
		})
		if err != nil {
			return err
		}
		file, err := durable.Create(s.fs, v.o.Path, o.Path+partSuffix)
		if err != nil {
			return err
		}
		o.file = file
		v.makes(o.Path, o.Path+partSuffix)
		return nil
	}
	return fmt.Errorf("keep the rest of a segment: %d files of its name are there", maxSegmentName+1)
}

// free tells whether nothing has any of the names.
func (s *Store) free(paths ...string) (bool, error) {
	for _, path := range paths {
		if _, err := s.fs.Stat(path); err == nil {
			return false, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return true, nil
}

// partGarbage notes both names of a part as garbage.
func (o *open) partGarbage(put func(k, v []byte) error) error {
	return errors.Join(put(garbageKey(&o.Segment), nil), put(append(garbageKey(&o.Segment), partSuffix...), nil))
}

// writePart writes header, fragments, table and mfra.
func (s *Store) writePart(ctx context.Context, o *open, m *Media, from, to int) (err error) {
	o.summed = true
	if err := s.addPart(ctx, o, o.head()); err != nil {
		return err
	}
	if o.table, err = fmp4.NewTable(o.tracks, o.off); err != nil {
		return err
	}
	if o.cipher != nil {
		o.table.Protect(o.cipher)
	}
	frags := m.table.Fragments()
	before, after := m.table.Kin()
	var buf []byte
	for i := from; i < to; i++ {
		samples, err := m.table.ReadSamples(m, i)
		if err != nil {
			return err
		}
		f := fmp4.Fragment{Wall: frags[i].Wall, Salt: frags[i].Salt, Leaf: frags[i].Leaf}
		o.seq++
		if buf, err = o.table.AppendSealed(buf[:0], o.seq, f.Wall, samples, nil); err != nil {
			return err
		}
		f.Length = int64(len(buf))
		if err := o.table.Append(f, samples); err != nil {
			return err
		}
		if err := s.addPart(ctx, o, buf); err != nil {
			return err
		}
	}
	if err := o.table.SetKin(append(slices.Clone(before), leavesOf(frags[:from])...), append(leavesOf(frags[to:]), after...)); err != nil {
		return err
	}
	return s.addPart(ctx, o, fmp4.AppendTrailer(nil, o.table))
}

func leavesOf(frags []fmp4.Fragment) (list [][32]byte) {
	for i := range frags {
		list = append(list, frags[i].Leaf)
	}
	return list
}

// addPart appends bytes to a part, no faster than copies are made.
func (s *Store) addPart(ctx context.Context, o *open, b []byte) error {
	if err := s.yield(ctx, o.vol, o, int64(len(b))); err != nil {
		return err
	}
	call := o.vol.asks()
	_, err := o.file.WriteAt(b, o.off)
	o.vol.answered(call)
	if err != nil {
		return o.vol.fail(err)
	}
	o.crc = crcUpdate(o.crc, b)
	o.off += int64(len(b))
	return nil
}

// placePart syncs a part and gives it its name.
func (s *Store) placePart(o *open) error {
	defer o.vol.answered(o.vol.asks())
	o.Size = o.off
	path := o.Path + partSuffix
	err := durable.Commit(s.fs, o.file, o.vol.o.Path, path)
	if err == nil {
		o.file.Forget(0, o.Size)
		err = o.file.Close()
	}
	if err == nil {
		err = s.fs.Rename(path, o.Path)
	}
	if err == nil {
		err = s.fs.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return o.vol.fail(err)
	}
	return nil
}

// dropPart lets go of a part that will be no segment. Its notes have it removed.
func (s *Store) dropPart(o *open) {
	o.file.Close() // a second time when it was placed: of no consequence
	s.settlePart(o)
}

// settlePart lets go of the names of a part, and of its key: it is in the index now, or given up.
func (s *Store) settlePart(o *open) {
	o.vol.made(o.Path)
	o.vol.made(o.Path + partSuffix)
	s.settleKey(o)
}

// enterErased notes in the journals and in the index that a segment has gone and what is left of it.
func (s *Store) enterErased(e *Erasure, v *volume, seg *Segment, kept []*open) error {
	went := wentOf(seg, kept)
	r := closing(seg)
	r.Type, r.At, r.ID, r.Cause = "erased", seg.Start, e.ID, CauseErased
	var records []record
	size := seg.Size
	for _, o := range kept {
		records = append(records, closing(&o.Segment))
		size -= o.Size
	}
	if r.Size = size; len(kept) > 0 {
		r.Kind = erasedPart
	}
	for i := range went { // the file is named in the first; a segment without anything gone is not erased
		r.Start, r.End = &went[i].Start, &went[i].End
		records = append(records, r)
	}
	if v.takes() {
		if err := s.journalTo(v, records...); err != nil {
			return err
		}
	} else if !seg.Protected {
		return waitFor("footage in clear is on volume %s, which is not there", v.o.Path)
	}
	s.tellOthers([]Segment{*seg}, records[len(records)-1:])
	next := *e
	next.Erased = slices.Clone(e.Erased)
	err := s.index.db.Update(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if now = now.onVolume(seg.volume); err != nil || !ok || !bytes.Equal(now.marshal(), seg.marshal()) {
			return errors.Join(err, waitFor("a segment was moved meanwhile"))
		}
		if err := deleteSegment(tx, seg); err != nil {
			return err
		}
		for _, o := range kept {
			if err := putPart(tx, &o.Segment); err != nil {
				return err
			}
			err := o.partGarbage(func(k, _ []byte) error { return tx.Bucket(bGarbage).Delete(k) })
			if err := errors.Join(err, needKey(tx, &o.Segment)); err != nil {
				return err
			}
		}
		for _, x := range went {
			if err := putGapAgain(tx, seg.Camera, seg.Stream, gapEntry{start: x.Start, end: x.End, cause: CauseErased}); err != nil {
				return err
			}
		}
		next.count(seg, went, len(kept) > 0, size)
		return putErasure(tx, &next)
	})
	if err == nil {
		*e = next
	}
	return err
}

// putPart enters a part. The same part may be there: a crash came before the volume of the second copy was told, and the index was
// lost. The file of before then goes.
func putPart(tx *bbolt.Tx, part *Segment) error {
	before, ok, err := segmentOf(tx, part.Camera, part.Stream, part.key())
	if err == nil && ok && before.Digest == part.Digest {
		err = scrapAll(tx, &before)
	}
	return errors.Join(err, putSegment(tx, part))
}

// wentOf gives what of a segment went.
func wentOf(seg *Segment, kept []*open) []Erased {
	went := Erased{Stream: seg.Stream, Start: seg.Start, End: seg.End}
	for _, o := range kept {
		if o.Start.Equal(seg.Start) {
			went.Start = o.End
		} else {
			went.End = o.Start
		}
	}
	return []Erased{went}
}

// count adds a segment to the receipt.
func (e *Erasure) count(seg *Segment, went []Erased, part bool, size int64) {
	e.Bytes += size
	if part {
		e.Rewritten++
	} else {
		e.Segments++
	}
	if seg.Protected {
		e.Keys = append(e.Keys, erasedKey{Start: seg.Start, ID: hex.EncodeToString(seg.KeyID[:])})
	} else {
		e.InClear++
	}
	for _, x := range went {
		n := len(e.Erased)
		last := slices.IndexFunc(e.Erased, func(y Erased) bool { return y.Stream == x.Stream && y.End.Sub(x.Start).Abs() <= joinTolerance })
		switch {
		case last >= 0:
			e.Erased[last].End = x.End
		case n == maxErased:
			e.Erased[n-1].End = later(e.Erased[n-1].End, x.End)
		default:
			e.Erased = append(e.Erased, x)
		}
	}
}

// removeErased removes the files of a segment that has gone. What cannot be removed now is when its volume is back.
func (s *Store) removeErased(seg *Segment) error {
	for _, at := range seg.places() {
		file := *seg
		file.place = at
		v := s.volumeOf(at.volume)
		if v == nil || !v.readable() {
			continue
		}
		if err := s.removeFile(v, &file); err != nil {
			s.log.Error("remove erased segment; it is tried again", "path", file.relative(), "error", err)
		}
	}
	return nil
}

// tendErasures carries on with the erasures that are under way.
func (s *Store) tendErasures(ctx context.Context) {
	s.mu.Lock()
	under := s.erasing
	s.mu.Unlock()
	for _, e := range under {
		if _, err := s.carryOut(ctx, e.ID); err != nil {
			s.log.Error("erase footage; it is tried again", "erasure", e.ID, "error", err)
		}
	}
	if err := s.attachReceipts(); err != nil {
		s.log.Error("note receipt of an erasure", "error", err)
	}
}

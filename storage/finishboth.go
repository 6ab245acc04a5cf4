package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"holdfast/storage/fmp4"
)

// finishPatiently finishes a segment that has two files, and leaves that to itself when one of both volumes does not answer: the
// other has its own work to do.
func (s *Store) finishPatiently(t *tornSegment) {
	done := make(chan struct{})
	go func() {
		s.finished(t, s.finishBoth(t.Segment))
		close(done)
	}()
	tick := time.NewTicker(lookElsewhere)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		for _, at := range t.places() {
			if v := s.volumeOf(at.volume); v != nil && v.hangs() {
				return
			}
		}
	}
}

// hangs tells whether a call to the volume has waited for longer than recorders wait.
func (v *volume) hangs() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stalled() >= callPatience
}

// remains are what a crash left of one file of an open segment.
type remains struct {
	*open
	size   int64
	shut   bool      // it is whole, with its table
	empty  bool      // it is not there, or has no whole fragment
	end    time.Time // of its whole fragments
	locked error     // why it cannot be closed: its key is not here
	err    error     // why it cannot be told what is left; nil when it can
}

// finishBoth finishes an open segment that has two files. All that was confirmed is in each of both, so one does where the other is
// not there; it is dropped then. Of two the one with more whole fragments is finished, and the other made the same.
func (s *Store) finishBoth(seg Segment) error {
	best, other := s.survey(&seg, seg.place), s.survey(&seg, seg.mirror)
	defer best.release()
	defer other.release()
	if other.better(best) {
		best, other = other, best
	}
	switch {
	case best.err != nil:
		return best.err
	case best.empty && other.err != nil:
		return other.err
	case best.empty:
		return s.removeTorn(&seg)
	case other.err != nil && seg.foundLonger(best.end):
		return fmt.Errorf("the longer file of a segment cannot be read yet: %w", other.err)
	}
	done, err := s.finishBest(best)
	if err != nil {
		return err
	}
	lost := []place{other.place}
	if err := s.equalise(other, &done, best.off); err == nil {
		done.mirror, lost = other.place, nil
	} else if other.err == nil {
		s.log.Warn("the second copy of a segment cannot be finished; it is made again", "path", other.Path, "error", err)
	}
	return s.closed(&done, lost...)
}

// foundLonger tells whether a file of a segment whose files were found on volumes that the index had not met, and so may differ,
// was longer.
func (s *Segment) foundLonger(than time.Time) bool {
	return s.Size == 0 && s.End.Sub(than) > joinTolerance
}

// better tells whether more is left of a file than of another.
func (r *remains) better(than *remains) bool {
	switch {
	case r.err != nil || than.err != nil:
		return r.err == nil
	case r.empty || than.empty:
		return !r.empty && than.empty
	case r.off != than.off:
		return r.off > than.off
	}
	return r.shut && !than.shut
}

func (r *remains) release() {
	if r.file != nil {
		r.file.Close() // a second time when it was finished: of no consequence
	}
}

// survey looks at what is left of one file of an open segment.
func (s *Store) survey(seg *Segment, at place) *remains {
	v := s.volumeOf(at.volume)
	r := &remains{open: &open{Segment: *seg, vol: v}}
	r.place, r.mirror = at, place{}
	if v == nil || v.hangs() || !v.ok() && !v.isFull() {
		r.err = errNotInUse
		return r
	}
	r.Path = filepath.Join(v.o.Path, r.relative())
	call := v.asks()
	f, err := s.fs.Open(r.Path)
	v.answered(call)
	if err != nil {
		if r.empty = errors.Is(err, fs.ErrNotExist) && v.present() == nil; !r.empty {
			r.err = v.fail(err)
		}
		return r
	}
	file := &careful{File: f, v: v}
	r.file = file
	err = s.measure(r)
	if file.err != nil {
		err = file.err
	}
	if err != nil {
		r.err = v.fail(err)
	}
	return r
}

// measure finds what a file has of whole fragments. An error is of the disk.
func (s *Store) measure(r *remains) (err error) {
	if r.size, err = r.file.Size(); err != nil {
		return err
	}
	head, tracks, from, err := fmp4.ReadHeader(r.file, r.size)
	if err != nil {
		r.empty = true
		return nil
	}
	r.Start, r.Protected, r.KeyID = head.Start.UTC(), head.Protected, head.KID
	if r.table, err = fmp4.ReadTable(r.file, r.size); err == nil && (r.Size == 0 || r.table.Next() == r.Size) {
		r.shut, r.off, r.end = true, r.table.Next(), endOf(r.Start, r.table)
		return nil
	}
	r.cipher, r.locked = s.cipherOf(&r.Segment)
	if err := r.scan(tracks, from, r.size); err != nil {
		return err
	}
	r.empty, r.end = len(r.table.Fragments()) == 0, endOf(r.Start, r.table)
	return nil
}

// finishBest closes the file that has more, and gives the segment's record with that file alone.
func (s *Store) finishBest(r *remains) (done Segment, err error) {
	if r.Size == 0 { // else the writer knew where it ends
		r.End = r.end
	}
	switch {
	case r.shut:
		done = r.Segment
		if err := r.file.Sync(); err != nil { // a crash of the program alone leaves it unsynced
			return done, r.vol.fail(err)
		}
		done.Size, done.Open, done.Digest = r.size, false, rootOf(r.table)
		if done.crc, err = s.fileCRC(r.Path); err != nil {
			return done, r.vol.fail(err)
		}
	case r.locked != nil: // it stays as it is until its key is here
		return done, r.locked
	default:
		if done, _, err = s.sealed(r.open); err != nil {
			return done, err
		}
	}
	s.mu.Lock()
	s.report.Finished++
	s.report.Torn += max(0, r.size-done.Size)
	s.mu.Unlock()
	return done, nil
}

var errUnequal = errors.New("its bytes are not those of the other copy")

// equalise makes a file of a segment the same as the one that was finished: what it lacks is copied, what it has beyond is cut
// off. Its fragments, up to media, are synced before it has a table. Only when the whole of it is the same and synced is there no
// error.
func (s *Store) equalise(r *remains, done *Segment, media int64) error {
	if r.err != nil || r.empty {
		return errors.Join(r.err, errUnequal)
	}
	src, err := s.fs.OpenRead(done.Path)
	if err != nil {
		return err
	}
	defer src.Close()
	from := &careful{File: src, v: s.volumeOf(done.volume)}
	at := min(r.off, media)
	for _, end := range []int64{media, done.Size} {
		if err := r.take(from, at, end); err != nil {
			return err
		}
		if err := r.does(func() error { return errors.Join(r.file.Truncate(end), r.file.Sync()) }); err != nil {
			return err
		}
		at = end
	}
	if sum, err := sumOf(r.file, done.Size); err != nil || sum != done.crc {
		return errors.Join(err, errUnequal)
	}
	return nil
}

// take copies a range of bytes from the other file.
func (r *remains) take(from io.ReaderAt, at, end int64) error {
	buf := make([]byte, min(copyPart, max(1, end-at)))
	for at < end {
		part := buf[:min(int64(len(buf)), end-at)]
		if n, err := from.ReadAt(part, at); n < len(part) {
			return err
		}
		if err := r.does(func() error { _, err := r.file.WriteAt(part, at); return err }); err != nil {
			return err
		}
		at += int64(len(part))
	}
	return nil
}

// does makes a call that changes the file.
func (r *remains) does(f func() error) error {
	defer r.vol.answered(r.vol.asks())
	if err := f(); err != nil {
		return r.vol.fail(err)
	}
	return nil
}

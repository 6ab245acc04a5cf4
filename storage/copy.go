package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

const (
	// copyRate bounds copying between volumes, of all copies together, bytes per second, so that recording has the disks for
	// itself.
	copyRate = 32 << 20
	copyPart = 1 << 20 // bytes that are read and written at a time
	// yieldTime is how long copying waits when recording on one of both volumes is held up.
	yieldTime = time.Second
)

var errRotten = errors.New("its bytes are not those that were recorded")

// copySegment copies a closed segment's file to another volume: note of garbage, create, bytes, fsync of file and
// directories, journal. The copy is garbage until flip, in one transaction with dropping the note, makes the segment's record
// name it. It may be anything but the record that flip changes: whatever happens before leaves the segment as it was.
func (s *Store) copySegment(ctx context.Context, seg *Segment, to *volume, flip func(tx *bbolt.Tx, now *Segment, at place) error) error {
	from, err := s.fs.OpenRead(seg.Path)
	if err != nil {
		return fmt.Errorf("copy segment: %w", err)
	}
	defer from.Close()
	if err := to.present(); err != nil {
		return to.fail(err)
	}
	o := &open{Segment: *seg, vol: to}
	o.number = 0
	defer func() { to.made(o.Path) }()
	if err := s.name(o); err != nil {
		return to.fail(err)
	}
	err = s.copyBytes(ctx, o, from, s.volumeOf(seg.volume))
	if err == nil {
		err = s.enterCopy(o, seg, flip)
	}
	if err != nil {
		o.file.Close()
		durable.Remove(s.fs, o.Path) // the note has it removed later, should this fail
	}
	return err
}

// copyBytes copies and syncs a file of the source whose size and checksum are known.
func (s *Store) copyBytes(ctx context.Context, o *open, from durable.File, source *volume) error {
	var sum uint32
	_, _, head, err := fmp4.ReadHeader(from, o.Size)
	if err != nil {
		return errors.Join(errRotten, err)
	}
	buf := make([]byte, min(max(copyPart, head), max(1, o.Size)))
	for at := int64(0); at < o.Size; {
		if err := s.yield(ctx, source, o, int64(len(buf))); err != nil {
			return err
		}
		part := buf[:min(int64(len(buf)), o.Size-at)]
		if at == 0 {
			part = part[:head]
		}
		if n, err := from.ReadAt(part, at); n < len(part) {
			return fmt.Errorf("copy segment: %w", err)
		}
		if _, err := o.file.WriteAt(part, at); err != nil {
			return o.vol.fail(err)
		}
		if at == 0 { // as when it is recorded: a file with a fragment in it has a whole header, so that it is known for what it is
			if err := o.file.Sync(); err != nil {
				return o.vol.fail(err)
			}
		}
		sum = crcUpdate(sum, part)
		at += int64(len(part))
		from.Forget(at-int64(len(part)), int64(len(part)))
	}
	if size, err := from.Size(); err != nil || size != o.Size || sum != o.crc {
		return errors.Join(errRotten, err)
	}
	if err := durable.Commit(s.fs, o.file, o.vol.o.Path, o.Path); err != nil {
		return o.vol.fail(err)
	}
	o.file.Forget(0, o.Size)
	return o.file.Close()
}

// yield waits as long as all copies together may take for n more bytes at copyRate, and while recording on either volume is
// held up.
func (s *Store) yield(ctx context.Context, source *volume, o *open, n int64) error {
	if err := s.copies.took(ctx, n); err != nil {
		return err
	}
	for {
		st := o.vol.status()
		if !st.Usable() {
			return &VolumeError{Cause: causeOfState[st.State], Err: errors.New(st.Cause)}
		}
		if !st.heldUp() && (source == nil || !source.status().heldUp()) {
			return nil
		}
		if err := sleep(ctx, yieldTime); err != nil {
			return err
		}
	}
}

// heldUp tells whether recording on a volume waits for its disk.
func (v VolumeStatus) heldUp() bool {
	return v.Streams > 0 && (v.State == VolumeSlow || v.Interval > BatchTime)
}

// enterCopy notes a finished copy in the target's journal and has the index take it, unless the segment is another by now.
func (s *Store) enterCopy(o *open, seg *Segment, flip func(tx *bbolt.Tx, now *Segment, at place) error) error {
	if err := s.journalTo(o.vol, closing(&o.Segment)); err != nil {
		return err
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if err != nil {
			return err
		}
		if now = now.onVolume(seg.volume); !ok || !bytes.Equal(now.marshal(), seg.marshal()) {
			return errMoved
		}
		if err := tx.Bucket(bGarbage).Delete(garbageKey(&o.Segment)); err != nil {
			return err
		}
		return flip(tx, &now, o.Segment.place)
	})
}

// moveSegment moves a closed segment to another volume and removes the file where it was.
func (s *Store) moveSegment(ctx context.Context, seg *Segment, from, to *volume) error {
	old := *seg
	err := s.copySegment(ctx, seg, to, func(tx *bbolt.Tx, now *Segment, at place) error {
		moved := *now
		moved.place = at
		if err := putSegment(tx, &moved); err != nil {
			return err
		}
		return tx.Bucket(bGarbage).Put(garbageKey(&old), nil)
	})
	if err != nil {
		return err
	}
	if err := s.removeFile(from, &old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("remove moved segment; it is tried again", "path", old.Path, "error", err)
	}
	return nil
}

// moved looks a segment that could not be opened up again: it may lie elsewhere by now.
func (s *Store) moved(seg Segment) (now Segment, ok bool) {
	s.index.db.View(func(tx *bbolt.Tx) (err error) {
		now, ok, err = segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		ok = ok && err == nil
		return err
	})
	if ok {
		s.fill(&now)
	}
	return now, ok && now.Path != "" && now.Path != seg.Path
}

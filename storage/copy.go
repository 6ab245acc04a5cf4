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
	if gone := to.present(); err == nil && gone != nil { // it was made in an empty mount point
		err = to.fail(gone)
	}
	if err == nil {
		err = s.enterCopy(o, seg, flip)
	}
	if err != nil {
		o.file.Close()
		if s.isGarbage(garbageKey(&o.Segment)) { // else the index took the copy, though it gave an error
			durable.Remove(s.fs, o.Path) // the note has it removed later, should this fail
		}
	}
	return err
}

// copyBytes copies and syncs a file of the source whose size and checksum are known. As when it is recorded, the header is synced
// before there is a fragment behind it, and the fragments before there is a table: what a crash leaves is known for what it
// is.
func (s *Store) copyBytes(ctx context.Context, o *open, from durable.File, source *volume) error {
	_, _, head, err := fmp4.ReadHeader(from, o.Size)
	if err != nil {
		return errors.Join(errRotten, err)
	}
	media := o.Size
	if t, err := fmp4.ReadTable(from, o.Size); err == nil {
		media = t.Next()
	}
	o.file.Allocate(0, o.Size) // a wish
	c := copying{s: s, o: o, from: from, source: source, buf: make([]byte, min(copyPart, max(1, o.Size)))}
	for _, end := range []int64{head, media, o.Size} {
		if err := c.upTo(ctx, end); err != nil {
			return err
		}
		if end < o.Size {
			if err := o.file.Sync(); err != nil {
				return o.vol.fail(err)
			}
		}
	}
	if size, err := from.Size(); err != nil || size != o.Size || c.sum != o.crc {
		return errors.Join(errRotten, err)
	}
	if err := durable.Commit(s.fs, o.file, o.vol.o.Path, o.Path); err != nil {
		return o.vol.fail(err)
	}
	o.file.Forget(0, o.Size)
	return o.file.Close()
}

// copying is the copying of one file.
type copying struct {
	s      *Store
	o      *open // the copy
	from   durable.File
	source *volume
	buf    []byte
	at     int64  // copied up to
	sum    uint32 // of what is copied
}

// upTo copies up to an offset.
func (c *copying) upTo(ctx context.Context, end int64) error {
	for c.at < end {
		if err := c.s.yield(ctx, c.source, c.o, int64(len(c.buf))); err != nil {
			return err
		}
		part := c.buf[:min(int64(len(c.buf)), end-c.at)]
		if n, err := c.from.ReadAt(part, c.at); n < len(part) {
			return fmt.Errorf("copy segment: %w", err)
		}
		if _, err := c.o.file.WriteAt(part, c.at); err != nil {
			return c.o.vol.fail(err)
		}
		c.sum = crcUpdate(c.sum, part)
		c.from.Forget(c.at, int64(len(part)))
		c.at += int64(len(part))
	}
	return nil
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
		slow := heldUpOf(o.vol, source)
		if source != nil {
			source.drainYields(slow)
		}
		if slow == nil {
			return nil
		}
		if err := sleep(ctx, yieldTime); err != nil {
			return err
		}
	}
}

// heldUpOf gives the first of two volumes on which recording is held up, nil when it is on neither.
func heldUpOf(to, source *volume) *volume {
	for _, v := range []*volume{to, source} {
		if v != nil && v.status().heldUp() {
			return v
		}
	}
	return nil
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

package storage

import (
	"fmt"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// A mirrored segment is written to two files at once, on two volumes: the one that the writer has open, and its twin. Both have
// the same bytes at the same places. A fragment counts as synced when both have it, or when one has it and the index has let go
// of the other before: so every file that a record names has all that was confirmed.

// files are those of the segment.
func (o *open) files() []*open {
	if o.twin == nil {
		return []*open{o}
	}
	return []*open{o, o.twin}
}

// close closes the files that no call still writes to.
func (o *open) close() (err error) {
	for _, f := range o.files() {
		if f.late == nil {
			if cerr := f.file.Close(); err == nil {
				err = cerr
			}
		}
	}
	return err
}

// mustLeave tells whether the segment lies on a volume that is to become empty while another would take it.
func (o *open) mustLeave(s *Store) bool {
	return o.vol.draining() && s.elsewhere(o.vol) || o.twin != nil && o.twin.vol.draining()
}

// pending are the calls that still may write to one of the files.
func (o *open) pending() (list []<-chan struct{}) {
	for _, f := range o.files() {
		if f.late != nil {
			list = append(list, f.late)
		}
	}
	return list
}

// addTwin makes the second file of a segment on a volume. Where that does not succeed it says why, and the segment has one.
func (w *Writer) addTwin(o *open, vol *volume) (why string) {
	t := &open{Segment: o.Segment, vol: vol, plan: o.plan, tracks: o.tracks}
	t.number = 0
	t, err := w.s.makeOn(t, w.s.makeTwin)
	if err == nil && t.off != o.off {
		vol.made(t.Path)
		t.file.Close() // the note has it removed
		err = fmt.Errorf("its header has %d bytes, not %d", t.off, o.off)
	}
	if err != nil {
		return refused(vol, err)
	}
	o.twin, o.mirror = t, t.place
	return ""
}

// makeTwin creates the second file, under the key of the first, which is synced on its volume before.
func (s *Store) makeTwin(t *open) error {
	if err := t.vol.present(); err != nil {
		return err
	}
	if t.Protected {
		if err := s.o.Keys.Spread(t.Camera, t.Start, t.KeyID, t.vol.status().ID); err != nil {
			return err
		}
	}
	return s.makeNamed(t)
}

// eachFile makes a call for each file of a segment, at the same time, and gives the outcomes. A volume that does not answer is
// left to itself once the other has done its part, or when a third would take footage.
func (s *Store) eachFile(o *open, call func(*open) error) (first, second error) {
	if o.twin == nil {
		first = s.ask(o.vol, func() error { return call(o) }, o.leave)
		o.late = isStuck(first)
		return first, nil
	}
	var done atomic.Bool
	run := func(c *open) error {
		err := s.askUntil(c.vol, func() error { return call(c) }, c.leave, func() bool { return done.Load() || s.elsewhere(o.vol, o.twin.vol) })
		if err == nil {
			done.Store(true)
		}
		c.late = isStuck(err)
		return err
	}
	o.twin.off, o.twin.ends = o.off, o.ends
	var work sync.WaitGroup
	work.Go(func() { second = run(o.twin) })
	first = run(o)
	work.Wait()
	return first, second
}

// putBoth appends bytes to both files. When one volume does not take them the recording goes on in the other file.
func (w *Writer) putBoth(b []byte) error {
	o := w.seg
	first, second := w.s.eachFile(o, func(c *open) error { return c.put(b) })
	if o.late != nil || o.twin.late != nil {
		w.buf = nil // the call has it
	}
	switch {
	case first == nil && second == nil:
		return nil
	case first != nil && second != nil:
		o.twin.vol.fail(second)
		return o.vol.fail(first)
	case first != nil:
		return w.goOn(o.twin, o, first)
	}
	return w.goOn(o, o.twin, second)
}

// goOn has the recording go on in one of both files. The index lets go of the other first.
func (w *Writer) goOn(kept, lost *open, err error) error {
	why := refused(lost.vol, lost.vol.fail(err))
	if err := w.s.letGo(&w.seg.Segment, lost.place); err != nil {
		return err
	}
	if lost.late == nil {
		lost.file.Close()
	}
	lost.vol.ends()
	lost.vol.forgetAppetite(lost.plan.stream)
	if kept != w.seg {
		kept.inherit(w.seg)
	}
	kept.twin, kept.mirror = nil, place{}
	w.seg = kept
	w.s.mu.Lock()
	delete(w.s.live, lost.Path)
	w.s.mu.Unlock()
	w.alone(why)
	w.publish()
	w.s.log.Warn("one copy of a segment is given up; recording goes on in the other", "camera", w.camera, "stream", w.stream, "path", lost.Path, "why", why)
	return nil
}

// inherit makes the twin what the first file was. A call that was left to itself may still use that.
func (o *open) inherit(first *open) {
	seg := first.Segment
	seg.place, seg.Path = o.place, o.Path
	o.Segment = seg
	o.table, o.cipher, o.seq, o.leaves, o.off = first.table, first.cipher, first.seq, first.leaves, first.off
	o.base, o.placed, o.summed, o.ends, o.last = first.base, first.placed, first.summed, first.ends, first.last
}

// letGo drops a place from the record of an open segment that has two; its file is garbage: it lacks what was recorded since.
func (s *Store) letGo(seg *Segment, lost place) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if err != nil {
			return err
		}
		if !ok || !now.Open || now.mirror.volume == 0 {
			return errMoved
		}
		now.drop(lost)
		if err := putSegment(tx, &now); err != nil {
			return err
		}
		return scrapPlace(tx, &now, lost)
	})
}

// drop takes one of two places away.
func (s *Segment) drop(lost place) { s.place, s.mirror = s.except(lost), place{} }

// except is the other of two places.
func (s *Segment) except(one place) place {
	if s.place == one {
		return s.mirror
	}
	return s.place
}

// scrapPlace notes a file of a segment as garbage.
func scrapPlace(tx *bbolt.Tx, seg *Segment, at place) error {
	file := *seg
	file.place = at
	return scrapFile(tx, &file)
}

package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

// open is a segment while it is written. Owned by the writer.
type open struct {
	Segment
	vol    *volume
	file   durable.File
	tracks []fmp4.Track // as in the header
	table  *fmp4.Table
	cipher *fmp4.Cipher // nil: in clear
	seq    uint32
	leaves [][32]byte
	off    int64   // where the next fragment goes
	room   int64   // reserved up to
	plan   plan    // constant
	base   []int64 // per track: what to take off a DTS
	placed []bool
	summed bool            // crc covers all that was written
	ends   time.Time       // wall time of the end of the newest picture
	late   <-chan struct{} // closed when a call that was left to itself has returned; nil without one
	last   lastPicture
	twin   *open // the second file of a mirrored segment; nil without one
	keyed  bool  // a key was made for it: its camera-day is in Store.making until that is settled
}

// lastPicture is what of the newest picture is needed to know where it ends.
type lastPicture struct {
	some bool
	dts  int64
	dur  int64 // ticks, of the picture before
}

// create makes the file of a new segment that begins with picture p: create exclusive, header, fsync, fsync of the
// directories, index. Of a mirrored camera it makes two, or one where only one volume takes it.
func (w *Writer) create(p *Sample, joined bool) error {
	vol, second, why, err := w.s.places(w.camera)
	if err != nil {
		return err
	}
	o, err := w.begin(vol, p, joined)
	if err != nil && second != nil {
		vol, second, why = second, nil, refused(vol, err)
		o, err = w.begin(vol, p, joined)
	}
	if err != nil {
		return err
	}
	defer vol.made(o.Path)
	defer w.s.settleKey(o)
	o.wanted = w.s.mirrors(w.camera)
	if second != nil {
		why = w.addTwin(o, second)
	}
	if o.twin != nil {
		defer second.made(o.twin.Path)
	}
	if err := w.s.enterOpen(&o.Segment); err != nil {
		return errors.Join(err, o.close(), w.s.scrap(&o.Segment)) // it may be in the index for all that
	}
	w.seg = o
	for _, f := range o.files() {
		f.vol.begins()
	}
	w.alone(why)
	w.publish()
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for _, f := range o.files() {
		w.s.live[f.Path] = w
	}
	return nil
}

// begin makes the first file of a segment. The caller has to tell the volume, and settle the key, when it is in the index, or given up.
func (w *Writer) begin(vol *volume, p *Sample, joined bool) (*open, error) {
	start := p.Wall.UTC().Round(0)
	o := &open{vol: vol, plan: w.planFrom(start)}
	o.Segment = Segment{Camera: w.camera, Stream: w.stream, Start: start, End: start, Run: w.run, Open: true, Joined: joined}
	o.tracks = w.place(o, p)
	o, err := w.s.makeOn(o, w.s.makeFile)
	if err != nil {
		return nil, err
	}
	if o.table, err = fmp4.NewTable(o.tracks, o.off); err != nil {
		vol.made(o.Path)
		w.s.settleKey(o)
		return nil, errors.Join(err, o.file.Close())
	}
	if o.cipher != nil {
		o.table.Protect(o.cipher)
	}
	return o, nil
}

// makeOn has a file made, and gives what was made. After an error nothing is left of it but its note in the index.
func (s *Store) makeOn(o *open, f func(*open) error) (*open, error) {
	made := *o // the call's own: it may go on when nobody waits for it any more
	err := s.ask(o.vol, func() error { return f(&made) }, func(err error) {
		if err == nil {
			made.file.Close() // the note in the index has it removed
		}
		o.vol.made(made.Path)
		s.settleKey(&made)
	})
	switch {
	case isStuck(err) != nil:
		return nil, o.vol.fail(err)
	case err != nil:
		o.vol.made(made.Path)
		s.settleKey(&made)
		return nil, o.vol.fail(err)
	}
	return &made, nil
}

// makeFile creates the file with its header. A file that could not be finished is removed again, if the volume lets it; so is
// one that was made in an empty mount point, because the disk went just then.
func (s *Store) makeFile(o *open) error {
	if err := o.vol.present(); err != nil {
		return err
	}
	if err := s.protect(o); err != nil {
		return err
	}
	return s.makeNamed(o)
}

// makeNamed creates the file of a segment whose key is made.
func (s *Store) makeNamed(o *open) error {
	if err := s.name(o); err != nil {
		return errors.Join(err, s.index.db.Update(o.outliveKey)) // it may not have come to noting it
	}
	err := s.header(o)
	if err == nil {
		err = o.vol.present()
	}
	if err != nil {
		o.file.Close()
		durable.Remove(s.fs, o.Path)
		return err
	}
	return nil
}

// name creates the file under the first name that is free. The name is noted as garbage before: whatever becomes of the
// file until the segment is in the index, a crash leaves nothing that nobody knows.
func (s *Store) name(o *open) error {
	v := o.vol
	v.names.Lock()
	defer v.names.Unlock()
	o.volume = s.numberOf(v)
	for ; o.number <= maxSegmentName; o.number++ {
		o.Path = filepath.Join(v.o.Path, o.relative())
		if _, err := s.fs.Stat(o.Path); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := s.noteGarbage(o); err != nil {
			return err
		}
		file, err := durable.Create(s.fs, v.o.Path, o.Path)
		if err != nil {
			return err
		}
		o.file = file
		v.makes(o.Path)
		return nil
	}
	return fmt.Errorf("create segment: %d files of its name are there", maxSegmentName+1)
}

// makes tells that files are created, the notes of which are in the index.
func (v *volume) makes(paths ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, path := range paths {
		v.making[path] = true
	}
}

// made tells that a file is a segment now, and its note gone, or that it is given up. It waits for no disk: names may be held by
// whoever removes a file from one that does not answer.
func (v *volume) made(path string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.making, path)
}

func (v *volume) isMaking(path string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.making[path]
}

// noteGarbage notes a name as garbage, and a key that was made for it as one that nothing needs: both until the segment is in
// the index.
func (s *Store) noteGarbage(o *open) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := o.outliveKey(tx); err != nil {
			return err
		}
		return tx.Bucket(bGarbage).Put(garbageKey(&o.Segment), nil)
	})
}

// head is the header of a new segment.
func (o *open) head() []byte {
	h := &fmp4.Header{Camera: o.Camera, Stream: o.Stream, Run: o.Run, Start: o.Start, Protected: o.Protected, KID: o.KeyID, Filled: o.Filled}
	return fmp4.AppendInit(nil, h, o.tracks)
}

func (s *Store) header(o *open) error {
	head := o.head()
	o.grow(int64(len(head)))
	if _, err := o.file.WriteAt(head, 0); err != nil {
		return err
	}
	if err := durable.Commit(s.fs, o.file, o.vol.o.Path, o.Path); err != nil {
		return err
	}
	o.off, o.crc, o.summed = int64(len(head)), crcUpdate(0, head), true
	return nil
}

// place decides where each track's time begins in the segment: the picture p is at time zero, sound where its wall time
// puts it.
func (w *Writer) place(o *open, p *Sample) []fmp4.Track {
	tracks := append([]fmp4.Track(nil), w.tracks...)
	o.base, o.placed = make([]int64, len(tracks)), make([]bool, len(tracks))
	o.base[0], o.placed[0] = p.DTS, true
	tracks[0].Origin = int64(p.CTO)
	for i := range tracks[1:] {
		tracks[i+1].Origin = int64(soundRoom/time.Second) * int64(tracks[i+1].Timescale)
	}
	return tracks
}

func (s *Store) numberOf(v *volume) uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, x := range s.numbers {
		if x == v {
			return n
		}
	}
	return 0
}

// enterOpen enters a new segment into the index and ends the gap before it.
func (s *Store) enterOpen(seg *Segment) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := needKey(tx, seg); err != nil {
			return err
		}
		for _, at := range seg.places() {
			if err := tx.Bucket(bGarbage).Delete(garbageName(at.volume, seg.relativeAt(at))); err != nil {
				return err
			}
		}
		if err := closeGap(tx, seg.Camera, seg.Stream, seg.Start); err != nil {
			return err
		}
		return putSegment(tx, seg)
	})
}

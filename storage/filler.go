package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
)

// ErrTaken is of a place in the past that is not to be filled: footage is there, it was erased, or it is not known to be lost.
var ErrTaken = errors.New("it is no gap that may be filled")

// FillOptions say what is put into a gap.
type FillOptions struct {
	Camera, Stream string
	Run            uint32       // of the footage that it goes on from; else one of its own
	Joined         bool         // it goes on where the footage before ends: its first picture need not be one at which decoding can start
	Tracks         []fmp4.Track // the picture's first
	From, To       time.Time    // the gap, or a part of it: nothing is taken that lies outside
	Filled         Filled       // where it comes from, and how its ends were found
}

// Filler puts footage into a gap of the past, a segment at a time: each is made whole and synced under a name that nobody takes for a
// segment's, and enters journal and index in one step, as what an erasure leaves does (FORMAT.md, "Fill"). So a crash leaves a gap, or
// a shorter one. It is used by one goroutine.
type Filler struct {
	s       *Store      // constant
	o       FillOptions // constant
	w       *Writer     // shapes samples; no reader meets it
	part    *open       // the segment that is being made; nil between segments
	pending []Sample    // of the next fragment
	bytes   int         // of pending
	buf     []byte
	begun   bool
	filled  time.Time // up to where footage is in the index
	size    int64     // of it
}

const (
	fillFragment = time.Second // of a fragment, at most
	fillBytes    = 8 << 20     // of a fragment, beyond which it is written
)

// Filler begins to fill a gap. The error is ErrTaken when it is none.
func (s *Store) Filler(o FillOptions) (*Filler, error) {
	o.From, o.To = o.From.UTC().Round(0), o.To.UTC().Round(0)
	switch {
	case !validName(o.Camera) || !validName(o.Stream):
		return nil, fmt.Errorf("fill gap: camera %q or stream %q is no name", o.Camera, o.Stream)
	case len(o.Tracks) == 0 || !o.Tracks[0].Codec.Video():
		return nil, errors.New("fill gap: the first track must be video")
	case o.Filled == (Filled{}):
		return nil, errors.New("fill gap: it is not said where the footage comes from")
	}
	if err := s.lostAll(o.Camera, o.Stream, o.From, o.To); err != nil {
		return nil, err
	}
	err := s.index.db.View(func(tx *bbolt.Tx) error { return freeIn(tx, o.Camera, o.Stream, o.From, o.To) })
	if err != nil {
		return nil, err
	}
	w := newWriter(s, o.Camera, o.Stream)
	w.run, w.tracks = o.Run, o.Tracks
	return &Filler{s: s, o: o, w: w, filled: o.From}, nil
}

// lostAll gives an error unless all of a range is known to be lost.
func (s *Store) lostAll(camera, stream string, from, to time.Time) error {
	spans, err := s.Spans(camera, stream, from, to)
	if err != nil {
		return err
	}
	at := from
	for _, x := range spans {
		if !x.Lost() || x.Start.Sub(at).Abs() > joinTolerance {
			return fmt.Errorf("fill %s/%s: %w", camera, stream, ErrTaken)
		}
		at = x.End
	}
	if to.Sub(at) > joinTolerance {
		return fmt.Errorf("fill %s/%s: %w: not all of it has passed", camera, stream, ErrTaken)
	}
	return nil
}

// freeIn gives an error when there is footage in a range, or some was erased there: that must not come back.
func freeIn(tx *bbolt.Tx, camera, stream string, from, to time.Time) error {
	err := between(tx, camera, stream, from, to, func(seg Segment) error {
		return fmt.Errorf("fill %s/%s at %s: %w: footage is there", camera, stream, from.Format(time.RFC3339Nano), ErrTaken)
	})
	if err != nil {
		return err
	}
	return tx.Bucket(bErasures).ForEach(func(_, v []byte) error {
		var e Erasure
		if err := json.Unmarshal(v, &e); err != nil {
			return err
		}
		if e.covers(camera, stream) && e.From.Before(to) && e.To.After(from) {
			return fmt.Errorf("fill %s/%s: %w: it was erased", camera, stream, ErrTaken)
		}
		return nil
	})
}

// Write takes samples in decode order, of one run and the tracks that were given. What was taken outside the gap is refused, by an
// error. Data is not copied and must not change until it is written; a segment becomes footage when the next begins, or with Close.
// Writing yields to recording on the volume. After an error nothing more is taken; what is footage by then stays.
func (f *Filler) Write(ctx context.Context, samples ...Sample) error {
	for i := range samples {
		p := samples[i]
		if p.Wall.Before(f.o.From) || !p.Wall.Before(f.o.To) {
			return fmt.Errorf("fill gap: a sample of %s lies outside of it", p.Wall.Format(time.RFC3339Nano))
		}
		if err := f.write(ctx, &p); err != nil {
			f.Abandon()
			return err
		}
	}
	return nil
}

func (f *Filler) write(ctx context.Context, p *Sample) error {
	picture := p.Track == f.w.tracks[0].ID
	switch {
	case !picture && f.part == nil:
		return nil // sound of before the first picture
	case f.part == nil:
		if !p.Sync && !f.o.Joined {
			return nil
		}
		if err := f.begin(ctx, p); err != nil {
			return err
		}
	case picture && p.Sync && p.Wall.Sub(f.part.Start) >= SegmentTime:
		if err := f.finish(ctx, p, p.Wall); err != nil {
			return err
		}
		if err := f.begin(ctx, p); err != nil {
			return err
		}
	case picture && (f.bytes >= fillBytes || p.Wall.Sub(f.pending[0].Wall) >= fillFragment):
		if err := f.fragment(ctx, p); err != nil {
			return err
		}
	}
	f.pending = append(f.pending, *p)
	for _, b := range p.Data {
		f.bytes += len(b)
	}
	return nil
}

// begin makes the file of a segment that begins with a picture.
func (f *Filler) begin(ctx context.Context, p *Sample) error {
	s := f.s
	v, err := s.pick(f.o.Camera)
	if err != nil {
		return err
	}
	start := p.Wall.UTC().Round(0)
	if !f.begun && f.o.Joined {
		start = f.o.From // the picture before is shown until then
	}
	o := &open{vol: v}
	o.Segment = Segment{Camera: f.o.Camera, Stream: f.o.Stream, Start: start, End: start, Run: f.o.Run, Joined: f.begun || f.o.Joined,
		Filled: f.o.Filled, wanted: s.mirrors(f.o.Camera)}
	o.tracks = f.w.place(o, p)
	if err := v.present(); err != nil {
		return v.fail(err)
	}
	if err := s.protect(o); err != nil {
		return v.fail(err)
	}
	if err := s.namePart(o); err != nil {
		s.settleKey(o)
		return v.fail(errors.Join(err, s.index.db.Update(o.outliveKey)))
	}
	f.part, f.begun, f.w.seg = o, true, o
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
	return nil
}

// fragment writes what is pending. next is the picture that follows, nil when none does.
func (f *Filler) fragment(ctx context.Context, next *Sample) error {
	o, w := f.part, f.w
	if len(f.pending) == 0 {
		return nil
	}
	w.shape(f.pending, next)
	defer func() { clear(f.pending); f.pending, f.bytes = f.pending[:0], 0 }()
	if len(w.shaped) == 0 {
		return nil
	}
	x := fmp4.Fragment{Wall: f.pending[0].Wall}
	for i := range f.pending {
		if f.pending[i].Track == w.tracks[0].ID {
			x.Wall = f.pending[i].Wall
			break
		}
	}
	newSalt(&x)
	var err error
	o.seq++
	f.buf, err = o.table.AppendSealed(f.buf[:0], o.seq, x.Wall, w.shaped, func(payload []byte) { x.Leaf = w.hash.leaf(x.Salt, payload) })
	if err != nil {
		return fmt.Errorf("fill gap: %w", err)
	}
	x.Length = int64(len(f.buf))
	if err := o.table.Append(x, w.shaped); err != nil {
		return fmt.Errorf("fill gap: %w", err)
	}
	return f.s.addPart(ctx, o, f.buf)
}

// finish makes the segment footage, up to an end.
func (f *Filler) finish(ctx context.Context, next *Sample, end time.Time) error {
	if err := f.fragment(ctx, next); err != nil {
		return err
	}
	o := f.part
	if err := f.s.addPart(ctx, o, fmp4.AppendTrailer(nil, o.table)); err != nil {
		return err
	}
	if err := f.s.placePart(o); err != nil {
		return err
	}
	o.End, o.Digest = earlier(end.UTC().Round(0), f.o.To), rootOf(o.table)
	if err := f.s.enterFilled(o); err != nil {
		return err
	}
	f.filled, f.size = o.End, f.size+o.Size
	f.s.settlePart(o)
	f.part, f.w.seg = nil, nil
	return nil
}

// enterFilled notes a segment in the journal of its volume and enters it in the index, if its place is still free. No erasure is
// carried out meanwhile: one that was ordered takes it like any footage.
func (s *Store) enterFilled(o *open) error {
	s.erasingOne.Lock()
	defer s.erasingOne.Unlock()
	free := func(tx *bbolt.Tx) error { return freeIn(tx, o.Camera, o.Stream, o.Start, o.End) }
	if err := s.index.db.View(free); err != nil {
		return err
	}
	if err := s.journalTo(o.vol, closing(&o.Segment)); err != nil {
		return err
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		err := o.partGarbage(func(k, _ []byte) error { return tx.Bucket(bGarbage).Delete(k) })
		return errors.Join(err, needKey(tx, &o.Segment), putSegment(tx, &o.Segment))
	})
}

// Close makes what was written footage, up to an end, at most that of the gap.
func (f *Filler) Close(ctx context.Context, end time.Time) error {
	if f.part == nil {
		return nil
	}
	if err := f.finish(ctx, nil, end); err != nil {
		f.Abandon()
		return err
	}
	return nil
}

// Abandon lets go of what is not footage yet.
func (f *Filler) Abandon() {
	if f.part != nil {
		f.s.dropPart(f.part)
		f.part, f.w.seg, f.pending = nil, nil, nil
	}
}

// Filled tells up to where the gap is filled, and how many bytes that is.
func (f *Filler) Filled() (until time.Time, size int64) { return f.filled, f.size }

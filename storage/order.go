package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"go.etcd.io/bbolt"
)

// class is where in the order of deletion a segment stands. A segment begins as classFree, whatever its kind; it moves on
// when retention comes to it and finds that it is of an event, or locked, so that each is looked at a bounded number of times.
type class byte

const (
	classFree   class = iota // continuous, or not looked at yet
	classEvent               // goes when no free one is left
	classLocked              // does not go; the end of the lock makes it free again
	classes
)

// standing is a segment's place in the order: its class, and when its age is due if it has been kept beyond the frontier.
type standing struct {
	class class
	due   int64 // nanoseconds; 0: it is not in the bucket "later"
}

const orderKeySize = segmentKey + 4 // start, run, number of the stream

// rateTime is over how long a stream's rate is averaged: a day, so that night and day count alike.
const rateTime = 24 * time.Hour

// streamRate is what a stream writes: bytes of its closed segments, each weighted by its age with a half-life of about
// 17 hours.
type streamRate struct {
	Bytes float64 `json:"bytes,omitempty"` // at At
	At    int64   `json:"rate_at,omitempty"`
	Since int64   `json:"rate_since,omitempty"` // start of the first segment that was counted
}

func fade(d time.Duration) float64 { return math.Exp(-max(0, d).Seconds() / rateTime.Seconds()) }

// add counts a segment.
func (r *streamRate) add(seg *Segment) {
	end := seg.End.UnixNano()
	if r.Since == 0 || seg.Start.UnixNano() < r.Since {
		r.Since = seg.Start.UnixNano()
	}
	if end > r.At {
		r.Bytes, r.At = r.Bytes*fade(time.Duration(end-r.At)), end
	}
	r.Bytes += float64(seg.Size) * fade(time.Duration(r.At-end))
}

// take takes back a segment that was counted, as it is opened again: it is counted when it is closed.
func (r *streamRate) take(seg *Segment) {
	r.Bytes = max(0, r.Bytes-float64(seg.Size)*fade(time.Duration(r.At-seg.End.UnixNano())))
}

// per gives bytes per second at a time, and over how long it was measured.
func (r *streamRate) per(now time.Time) (rate float64, over time.Duration) {
	over = now.Sub(time.Unix(0, r.Since))
	if r.Since == 0 || over <= 0 {
		return 0, 0
	}
	bytes := r.Bytes * fade(now.Sub(time.Unix(0, r.At)))
	return bytes / (rateTime.Seconds() * (1 - fade(over))), over
}

// streamNumber gives a stream a number when it has none, so that an entry of an order is short.
func streamNumber(tx *bbolt.Tx, k []byte, e *streamEntry) error {
	if e.Number != 0 {
		return nil
	}
	n, err := tx.Bucket(bNumbers).NextSequence()
	if err != nil {
		return err
	}
	if n > math.MaxUint32 {
		return errors.New("number stream: there are too many")
	}
	e.Number = uint32(n)
	return tx.Bucket(bNumbers).Put(binary.BigEndian.AppendUint32(nil, e.Number), k)
}

// reorder puts a segment that is about to be written in the order of its volumes, where it stood before if it did, and
// counts what its stream writes. An open segment has no place in the order: one that is opened again loses it. A transaction that
// failed may stand all the same, when it was the sync behind its last page that failed; so what gives a segment up after such an
// error may come to a record that is closed.
func reorder(tx *bbolt.Tx, b *bbolt.Bucket, s *Segment) error {
	k := streamKey(s.Camera, s.Stream)
	e, err := streamOf(tx, k)
	if err != nil {
		return err
	}
	before := e
	if d := max(s.End.Sub(s.Start), SegmentTime); d > e.Longest {
		e.Longest = d
	}
	if err := streamNumber(tx, k, &e); err != nil {
		return err
	}
	old, at, err := orderedAs(tx, b, s, e.Number)
	if err != nil {
		return err
	}
	if old != nil {
		if err := dropOrder(tx, old, at, e.Number); err != nil {
			return err
		}
		if s.Open {
			e.take(old)
		}
	}
	if !s.Open {
		if old == nil {
			e.add(s)
			if s.Start.UnixNano() < e.Frontier { // retention has been here
				at.due = s.End.UnixNano()
			}
		}
		if err := putOrder(tx, s, at, e.Number); err != nil {
			return err
		}
	}
	if e == before {
		return nil
	}
	return putJSON(tx.Bucket(bStreams), k, e)
}

// unorder takes a segment that is about to be deleted out of the order.
func unorder(tx *bbolt.Tx, b *bbolt.Bucket, s *Segment) error {
	e, err := streamOf(tx, streamKey(s.Camera, s.Stream))
	if err != nil {
		return err
	}
	old, at, err := orderedAs(tx, b, s, e.Number)
	if err != nil || old == nil {
		return err
	}
	return dropOrder(tx, old, at, e.Number)
}

// orderedAs gives a segment as its record has it and where it stands; nil when it is in no order.
func orderedAs(tx *bbolt.Tx, b *bbolt.Bucket, s *Segment, number uint32) (*Segment, standing, error) {
	v := b.Get(s.key())
	if v == nil {
		return nil, standing{}, nil
	}
	old, err := unmarshalSegment(s.key(), v)
	if err != nil {
		return nil, standing{}, nil // what cannot be read is about to be replaced or deleted
	}
	old.Camera, old.Stream = s.Camera, s.Stream
	at, ok := standingOf(tx, &old, number)
	if !ok {
		return nil, standing{}, nil
	}
	return &old, at, nil
}

// standingOf finds a segment in the order of its volume.
func standingOf(tx *bbolt.Tx, s *Segment, number uint32) (at standing, ok bool) {
	k := orderKey(s, number)
	for at.class = 0; at.class < classes; at.class++ {
		b := tx.Bucket(bOrder).Bucket(classKey(s.volume, at.class))
		if b == nil {
			continue
		}
		if found, v := b.Cursor().Seek(k); bytes.Equal(found, k) {
			if len(v) == nanoseconds {
				at.due = int64(binary.BigEndian.Uint64(v))
			}
			return at, true
		}
	}
	return standing{}, false
}

func orderKey(s *Segment, number uint32) []byte {
	return binary.BigEndian.AppendUint32(s.key(), number)
}

func classKey(volume uint16, c class) []byte {
	return append(binary.BigEndian.AppendUint16(nil, volume), byte(c))
}

func volumeKey(volume uint16) []byte { return binary.BigEndian.AppendUint16(nil, volume) }

func laterKey(due int64, order []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, nanoseconds+len(order)), uint64(due)), order...)
}

// putOrder writes a segment's place in the order of each volume that has a file of it. It is due on the first.
func putOrder(tx *bbolt.Tx, s *Segment, at standing, number uint32) error {
	k := orderKey(s, number)
	var v []byte
	if at.due != 0 {
		v = binary.BigEndian.AppendUint64(nil, uint64(at.due))
		b, err := tx.Bucket(bLater).CreateBucketIfNotExists(volumeKey(s.volume))
		if err != nil {
			return err
		}
		if err := b.Put(laterKey(at.due, k), nil); err != nil {
			return err
		}
	}
	for _, volume := range s.volumes() {
		b, err := tx.Bucket(bOrder).CreateBucketIfNotExists(classKey(volume, at.class))
		if err != nil {
			return err
		}
		b.FillPercent = 0.9 // keys mostly rise
		if err := b.Put(k, v); err != nil {
			return err
		}
		if err := hold(tx, volume, at.class, s.Size, 1); err != nil {
			return err
		}
	}
	return nil
}

func dropOrder(tx *bbolt.Tx, s *Segment, at standing, number uint32) error {
	k := orderKey(s, number)
	if b := tx.Bucket(bLater).Bucket(volumeKey(s.volume)); b != nil && at.due != 0 {
		if err := b.Delete(laterKey(at.due, k)); err != nil {
			return err
		}
	}
	for _, volume := range s.volumes() {
		b := tx.Bucket(bOrder).Bucket(classKey(volume, at.class))
		if b == nil {
			continue
		}
		if err := b.Delete(k); err != nil {
			return err
		}
		if err := hold(tx, volume, at.class, -s.Size, -1); err != nil {
			return err
		}
	}
	return nil
}

// stand moves a closed segment to another place in the order. A segment that is gone, or open, stays out of it.
func stand(tx *bbolt.Tx, seg *Segment, to standing) error {
	b := tx.Bucket(bSegments).Bucket(streamKey(seg.Camera, seg.Stream))
	if b == nil {
		return nil
	}
	e, err := streamOf(tx, streamKey(seg.Camera, seg.Stream))
	if err != nil {
		return err
	}
	old, at, err := orderedAs(tx, b, seg, e.Number)
	if err != nil || old == nil || at == to {
		return err
	}
	if err := dropOrder(tx, old, at, e.Number); err != nil {
		return err
	}
	return putOrder(tx, old, to, e.Number)
}

// volumes are the numbers of those that have a file of the segment.
func (s *Segment) volumes() []uint16 {
	if s.mirror.volume != 0 {
		return []uint16{s.volume, s.mirror.volume}
	}
	return []uint16{s.volume}
}

// held is what of a class is on a volume.
type held struct{ bytes, segments int64 }

func heldOn(tx *bbolt.Tx, volume uint16, c class) (h held) {
	if v := tx.Bucket(bHeld).Get(classKey(volume, c)); len(v) == 2*nanoseconds {
		h.bytes, h.segments = int64(binary.BigEndian.Uint64(v)), int64(binary.BigEndian.Uint64(v[nanoseconds:]))
	}
	return h
}

func hold(tx *bbolt.Tx, volume uint16, c class, bytes, segments int64) error {
	h := heldOn(tx, volume, c)
	v := binary.BigEndian.AppendUint64(nil, uint64(h.bytes+bytes))
	return tx.Bucket(bHeld).Put(classKey(volume, c), binary.BigEndian.AppendUint64(v, uint64(h.segments+segments)))
}

// ordered reads the segment of an entry of an order; ok is false when there is none, or it is open.
func ordered(tx *bbolt.Tx, k []byte) (seg Segment, ok bool, err error) {
	if len(k) != orderKeySize {
		return seg, false, errors.New("read index: an entry of an order is malformed")
	}
	name := tx.Bucket(bNumbers).Get(k[segmentKey:])
	if name == nil {
		return seg, false, errors.New("read index: an order names a stream that is not there")
	}
	camera, stream := splitKey(name)
	seg, ok, err = segmentOf(tx, camera, stream, k[:segmentKey])
	return seg, ok && !seg.Open, err
}

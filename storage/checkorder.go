package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// order holds the order of deletion against the records: every entry is of a closed segment, and what is held on each
// volume adds up. That every segment has its entry is looked at with its record.
func (x *indexCheck) order(ctx context.Context) error {
	all := x.tx.Bucket(bOrder)
	return all.ForEachBucket(func(class []byte) error {
		var have held
		class = bytes.Clone(class)
		err := all.Bucket(class).ForEach(func(k, v []byte) error {
			seg, ok, err := ordered(x.tx, k)
			if err != nil || !ok || len(class) != 3 || !seg.on(binary.BigEndian.Uint16(class)) {
				x.strayEntry(class, bytes.Clone(k))
				return nil
			}
			have.bytes, have.segments = have.bytes+seg.Size, have.segments+1
			if len(v) == nanoseconds && seg.volume == binary.BigEndian.Uint16(class) {
				x.due(class, bytes.Clone(k), int64(binary.BigEndian.Uint64(v)))
			}
			return nil
		})
		if err != nil || len(class) != 3 {
			return err
		}
		if heldOn(x.tx, binary.BigEndian.Uint16(class), classOf(class)) != have {
			x.dangling("held", "What the index says is held on a volume is not what is there.", "Forecasts and deletion for space may err.", "It is counted again.",
				func(tx *bbolt.Tx) error { return recount(tx, class) })
		}
		return ctx.Err()
	})
}

func classOf(key []byte) class { return class(key[2]) }

// on tells whether a volume has a file of the segment.
func (s *Segment) on(volume uint16) bool { return s.volume == volume || s.mirror.volume == volume }

func (x *indexCheck) strayEntry(class, k []byte) {
	x.dangling("order", fmt.Sprintf("The order of deletion has an entry of no segment (%x).", k), "Retention comes to it in vain.", "It is dropped.",
		func(tx *bbolt.Tx) error {
			if seg, ok, err := ordered(tx, k); err == nil && ok && len(class) == 3 && seg.on(binary.BigEndian.Uint16(class)) {
				return nil
			}
			if b := tx.Bucket(bOrder).Bucket(class); b != nil {
				if err := b.Delete(k); err != nil {
					return err
				}
			}
			return recount(tx, class)
		})
}

// due looks whether what is to be deleted later is noted under its time.
func (x *indexCheck) due(class, k []byte, due int64) {
	volume := volumeKey(binary.BigEndian.Uint16(class))
	if b := x.tx.Bucket(bLater).Bucket(volume); b != nil && has(b, laterKey(due, k)) {
		return
	}
	x.dangling("later", "A segment that is to be deleted later is not noted under its time.", "It would be kept for longer than was set.", "It is noted.",
		func(tx *bbolt.Tx) error {
			o := tx.Bucket(bOrder).Bucket(class)
			if o == nil || len(o.Get(k)) != nanoseconds {
				return nil
			}
			b, err := tx.Bucket(bLater).CreateBucketIfNotExists(volume)
			if err != nil {
				return err
			}
			return b.Put(laterKey(int64(binary.BigEndian.Uint64(o.Get(k))), k), nil)
		})
}

// laterNotes looks for notes of what is to be deleted later whose segment is gone.
func (x *indexCheck) laterNotes(ctx context.Context) error {
	all := x.tx.Bucket(bLater)
	return all.ForEachBucket(func(volume []byte) error {
		volume = bytes.Clone(volume)
		return all.Bucket(volume).ForEach(func(k, _ []byte) error {
			if stands(x.tx, volume, k) {
				return ctx.Err()
			}
			k = bytes.Clone(k)
			x.dangling("later", "A note of what is to be deleted later is of no segment.", "Retention comes to it in vain.", "It is dropped.", func(tx *bbolt.Tx) error {
				if stands(tx, volume, k) {
					return nil
				}
				return tx.Bucket(bLater).Bucket(volume).Delete(k)
			})
			return ctx.Err()
		})
	})
}

// stands tells whether a note of later has its entry in the order.
func stands(tx *bbolt.Tx, volume, k []byte) bool {
	if len(k) != nanoseconds+orderKeySize {
		return false
	}
	for c := class(0); c < classes; c++ {
		b := tx.Bucket(bOrder).Bucket(append(bytes.Clone(volume), byte(c)))
		if b != nil && bytes.Equal(b.Get(k[nanoseconds:]), k[:nanoseconds]) {
			return true
		}
	}
	return false
}

// recount adds up what is held of a class on a volume.
func recount(tx *bbolt.Tx, class []byte) error {
	b := tx.Bucket(bOrder).Bucket(class)
	if b == nil || len(class) != 3 {
		return nil
	}
	var have held
	b.ForEach(func(k, _ []byte) error {
		if seg, ok, err := ordered(tx, k); ok && err == nil {
			have.bytes, have.segments = have.bytes+seg.Size, have.segments+1
		}
		return nil
	})
	v := binary.BigEndian.AppendUint64(nil, uint64(have.bytes))
	return tx.Bucket(bHeld).Put(class, binary.BigEndian.AppendUint64(v, uint64(have.segments)))
}

// standing looks whether a closed segment stands in the order of each of its volumes.
func (x *indexCheck) standing(seg *Segment, number uint32) {
	if seg.Open {
		return
	}
	for _, p := range seg.places() {
		at := *seg
		at.place, at.mirror = p, place{}
		if _, ok := standingOf(x.tx, &at, number); ok {
			continue
		}
		x.dangling(seg.Camera+"/"+seg.Stream, fmt.Sprintf("The segment of %s is not in the order of deletion.", seg.Start.Format(time.RFC3339)),
			"It would be kept for ever.", "It is put there.", func(tx *bbolt.Tx) error { return orderAgain(tx, seg) })
		return
	}
}

// orderAgain puts a segment in the order anew, where retention comes to it next.
func orderAgain(tx *bbolt.Tx, seg *Segment) error {
	now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
	if err != nil || !ok || now.Open {
		return err
	}
	e, err := streamOf(tx, streamKey(seg.Camera, seg.Stream))
	if err != nil || e.Number == 0 {
		return err // the stream's entry is a finding of its own
	}
	for _, p := range now.places() {
		at := now
		at.place, at.mirror = p, place{}
		if was, ok := standingOf(tx, &at, e.Number); ok {
			if err := dropOrder(tx, &at, was, e.Number); err != nil {
				return err
			}
		}
	}
	to := standing{}
	if now.Start.UnixNano() < e.Frontier {
		to.due = now.End.UnixNano()
	}
	return putOrder(tx, &now, to, e.Number)
}

// eventsAndLocks reads them.
func (x *indexCheck) eventsAndLocks(ctx context.Context) error {
	all := x.tx.Bucket(bEvents)
	err := all.ForEachBucket(func(camera []byte) error {
		camera = bytes.Clone(camera)
		return all.Bucket(camera).ForEach(func(k, v []byte) error {
			if _, err := readEvent(string(camera), k, v); err != nil {
				x.badNote("event", string(camera), k)
			}
			return ctx.Err()
		})
	})
	if err != nil {
		return err
	}
	return x.tx.Bucket(bLocks).ForEach(func(k, v []byte) error {
		if _, err := readLock(k, v); err != nil {
			camera, _ := splitKey(k)
			x.badNote("lock", camera, k)
		}
		return ctx.Err()
	})
}

// badNote tells of an event or a lock that cannot be read. The journals have it, and a new index takes it from there.
func (x *indexCheck) badNote(what, camera string, k []byte) {
	x.add(Finding{Kind: KindRecord, Path: camera, What: fmt.Sprintf("The record of a %s is malformed (key %x).", what, k),
		Means: "Footage that it keeps may be deleted earlier.", Do: doRebuild})
}

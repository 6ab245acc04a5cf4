package storage

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// migrateBatch is how many records one transaction of a migration takes.
const migrateBatch = 2000

// migrate brings the index to the present schema. Schema 1 knew no order of deletion: each record is written again, which
// enters it there. The schema is noted last; a migration that was interrupted begins anew and finds its work done.
func (x *index) migrate() error {
	var schema byte
	var streams [][]byte
	err := x.db.View(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(bMeta).Get(kSchema); len(v) == 1 {
			schema = v[0]
		}
		return tx.Bucket(bSegments).ForEachBucket(func(k []byte) error {
			streams = append(streams, bytes.Clone(k))
			return nil
		})
	})
	if err != nil || schema >= indexSchema {
		return err
	}
	for _, k := range streams {
		for from := []byte(nil); err == nil; {
			var more bool
			err = x.db.Update(func(tx *bbolt.Tx) (err error) {
				from, more, err = enterOrder(tx, k, from)
				return err
			})
			if !more {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return x.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bMeta).Put(kSchema, []byte{indexSchema}) })
}

// enterOrder enters the segments of a stream from a key on into the order. It gives the key to go on from.
func enterOrder(tx *bbolt.Tx, k, from []byte) (next []byte, more bool, err error) {
	b := tx.Bucket(bSegments).Bucket(k)
	var list []Segment
	c := b.Cursor()
	key, v := c.Seek(from)
	for ; key != nil && len(list) < migrateBatch; key, v = c.Next() {
		seg, err := unmarshalSegment(key, v)
		if err != nil {
			continue // check names it
		}
		seg.Camera, seg.Stream = splitKey(k)
		list = append(list, seg)
	}
	next = bytes.Clone(key)
	for i := range list {
		if err := reorder(tx, b, &list[i]); err != nil {
			return nil, false, err
		}
	}
	return next, next != nil, nil
}

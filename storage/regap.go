package storage

import (
	"bytes"
	"time"

	"go.etcd.io/bbolt"
)

// A gap that was filled stays in the index as it was, below the footage that was put into it: so it is known that this was lost, and
// for what reason. When that footage goes, what is said of its going takes the place of the gap there, and only there.

// putGapAgain puts a gap where footage went.
func putGapAgain(tx *bbolt.Tx, camera, stream string, g gapEntry) error {
	if err := cutGap(tx, camera, stream, g.start, g.end); err != nil {
		return err
	}
	return putGap(tx, camera, stream, g)
}

// cutGap takes [from, to) out of the gap that it lies in, if there is one that has ended.
func cutGap(tx *bbolt.Tx, camera, stream string, from, to time.Time) error {
	g, ok, err := gapAt(tx, camera, stream, from)
	if err != nil || !ok || g.end.IsZero() || !g.end.After(from) {
		return err
	}
	rest := g
	if rest.start = to; rest.end.After(to) {
		if err := putGap(tx, camera, stream, rest); err != nil {
			return err
		}
	}
	return endGap(tx, camera, stream, g, from)
}

// gapAt gives the last gap that begins at or before a time.
func gapAt(tx *bbolt.Tx, camera, stream string, at time.Time) (g gapEntry, ok bool, err error) {
	b := tx.Bucket(bGaps).Bucket(streamKey(camera, stream))
	if b == nil {
		return g, false, nil
	}
	c := b.Cursor()
	k, v := c.Seek(nanoKey(at))
	if !bytes.Equal(k, nanoKey(at)) {
		k, v = c.Prev()
	}
	if k == nil {
		return g, false, nil
	}
	g, err = readGap(k, v)
	return g, err == nil, err
}

package storage

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// OpenGap gives the gap that a stream is in, from where it begins to now; false when there is none.
func (s *Store) OpenGap(camera, stream string) (gap Span, ok bool, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		var g gapEntry
		if g, ok, err = currentGap(tx, camera, stream); err == nil && ok {
			gap = Span{Start: g.start, End: s.now().UTC(), Gap: true, Cause: g.cause}
		}
		return err
	})
	if err != nil {
		return gap, false, fmt.Errorf("read open gap: %w", err)
	}
	return gap, ok, nil
}

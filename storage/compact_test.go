package storage

import (
	"bytes"
	"testing"

	"go.etcd.io/bbolt"
)

// TestAJournalTellsOfADeletionForAsLongAsTheFileIsThere has footage deleted and erased whose files could not be removed, and that the
// timeline does not tell of any more.
func TestAJournalTellsOfADeletionForAsLongAsTheFileIsThere(t *testing.T) {
	r := closedRig(t)
	defer func() { r.close() }()
	start, end := began.AddDate(0, -1, 0), began.AddDate(0, -1, 0).Add(1e9)
	list := []record{
		{Type: "deleted", At: end, Camera: "door", Stream: "main", Path: "door/main/2026-09-25/a.mp4", Start: &start, End: &end},
		{Type: "erased", At: start, Camera: "door", Stream: "main", Path: "door/main/2026-09-25/b.mp4", Start: &start, End: &end},
	}
	data, err := encode(list)
	r.must(err)
	number := r.store.numberOf(r.store.list()[0])
	for _, there := range []bool{true, false} {
		r.put(func(tx *bbolt.Tx) error {
			for i := range list {
				k := garbageName(number, list[i].Path)
				if !there {
					if err := tx.Bucket(bGarbage).Delete(k); err != nil {
						return err
					}
				} else if err := tx.Bucket(bGarbage).Put(k, nil); err != nil {
					return err
				}
			}
			return nil
		})
		kept, err := r.store.needed(data, number)
		r.must(err)
		if there != bytes.Equal(kept, data) || !there && len(kept) > 0 {
			t.Errorf("with the files there %v: %q", there, kept)
		}
	}
}

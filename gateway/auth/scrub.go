package auth

import (
	"fmt"

	"go.etcd.io/bbolt"

	"holdfast/gateway/statedb"
)

var bucketScrub = []byte("auth.scrub")

// scrubShare: a value of all but a third of a page shares its page with no other such value.
const scrubShare = 3

// scrub overwrites what was deleted from the database: bbolt frees pages and leaves what was on them in the file. Every free page is used
// once for zeros. Below the file lie a file system and perhaps a disk that keep old blocks of their own; of these it knows nothing.
func scrub(db *statedb.DB) error {
	// Pages that the last transaction freed are free for the one after the next.
	for range 2 {
		if err := db.Update(func(*bbolt.Tx) error { return nil }); err != nil {
			return fmt.Errorf("overwrite what was deleted: %w", err)
		}
	}
	stats := db.Stats()
	free, size := stats.FreePageN+stats.PendingPageN, db.Info().PageSize
	zeros := make([]byte, size*(scrubShare-1)/scrubShare)
	err := db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketScrub)
		for i := 0; i < free && err == nil; i++ {
			err = b.Put(fmt.Appendf(nil, "%08d", i), zeros)
		}
		return err
	})
	if err == nil {
		err = db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucketScrub) })
	}
	if err != nil {
		return fmt.Errorf("overwrite what was deleted: %w", err)
	}
	return nil
}

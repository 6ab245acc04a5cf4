// Package statedb is state.db as its writers see it: a transaction counts or it does not, and what Update answers says which.
//
// # Why
//
// A transaction of bbolt is written in two steps: its pages, and after their sync the head of the file that points to them. What
// fails before that is undone. When it is the sync of the head that fails, the transaction gives an error and counts all the same:
// everybody who reads sees it, and so does the next start, if the head reached the disk. A writer that takes such an error for a no
// says that a right was not given which is there after the next start, or that a token was not revoked which is gone.
//
// # What Update does
//
//	an error of the function, or before the head is written     nothing counts; the error
//	the head is written, and its sync fails                     the head is written and synced once more. If that goes well nil, as it counts
//	                                                            for good; else ErrUnconfirmed with what failed
//
// What is unconfirmed counts while this process runs: what is kept in memory of it has to follow the database. Only a power cut can
// undo it. Counts tells both cases from a no.
//
// The head is written again as it is, by no further transaction: that would use pages which the head on the disk, if it is the one of
// before, still points to.
//
// # What it does not do
//
// It opens no file: the gateway owns state.db. It knows nothing of what is in it.
package statedb

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"go.etcd.io/bbolt"
)

// ErrUnconfirmed says that a change counts, and that the disk did not confirm it: a power cut may undo it.
var ErrUnconfirmed = errors.New("it counts from now on, but the disk did not confirm it: a power cut may undo it")

// Counts tells whether what a transaction wrote counts, by the error that came of it.
func Counts(err error) bool { return err == nil || errors.Is(err, ErrUnconfirmed) }

// headPages are the two pages that bbolt writes heads to in turn.
const headPages = 2

// DB is the database.
type DB struct {
	*bbolt.DB
	writing sync.Mutex // makes a transaction, and finding out whether it counts, one operation

	// Fails is asked before each transaction, and before a head is written again, whether it is to fail; only of tests. What is undone
	// fails as on a full disk. What stood fails as the last sync does. nil: nothing fails.
	Fails func() (undone, stood error)
}

// New takes a database that is open, and stays the caller's to close by the result.
func New(db *bbolt.DB) *DB { return &DB{DB: db} }

// Update runs a transaction that writes. See the package for what its error says.
func (d *DB) Update(f func(*bbolt.Tx) error) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	undone, stood := d.fault()
	id, ours := 0, error(nil)
	err := d.DB.Update(func(tx *bbolt.Tx) error {
		id, ours = tx.ID(), errors.Join(f(tx), undone)
		return ours
	})
	if ours != nil {
		return err // not joined: a caller may compare it
	}
	if err = errors.Join(err, stood); err == nil || !d.stands(id) {
		return err
	}
	if again := d.confirm(); again != nil {
		return fmt.Errorf("%w: %w", ErrUnconfirmed, errors.Join(err, again))
	}
	return nil
}

func (d *DB) fault() (undone, stood error) {
	if d.Fails == nil {
		return nil, nil
	}
	return d.Fails()
}

// stands tells whether a transaction is what readers see, or is behind it. The caller holds writing, so that no other has its number.
func (d *DB) stands(id int) (yes bool) {
	err := d.DB.View(func(tx *bbolt.Tx) error {
		yes = tx.ID() >= id
		return nil
	})
	return err == nil && yes
}

// confirm writes the head of the file once more and syncs it. A sync that is merely called again says that all is well after one that
// failed, because the kernel has dropped what it could not write.
func (d *DB) confirm() error {
	if err := errors.Join(d.fault()); err != nil {
		return err
	}
	tx, err := d.DB.Begin(true) // nobody writes meanwhile
	if err != nil {
		return err
	}
	defer tx.Rollback()
	f, err := os.OpenFile(d.DB.Path(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	head := make([]byte, headPages*d.DB.Info().PageSize)
	if _, err = f.ReadAt(head, 0); err == nil {
		_, err = f.WriteAt(head, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

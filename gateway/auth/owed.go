package auth

import (
	"bytes"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"holdfast/gateway/statedb"
)

// owed names a value that has to go from the database. What ends somebody's access ends it in memory whatever the disk does, so that a
// failing one keeps nobody in; the database owes the removal then, or it would be undone by the next start. It is tried again at once, and
// with each Sweep.
type owed struct{ bucket, key string }

// take removes values from the database; the caller is within change, and has taken them out of memory. Of what is not removed the
// error is told, ErrUnconfirmed, and it is owed.
func (a *Auth) take(list ...owed) error {
	for _, o := range list {
		a.owed[o] = true
	}
	err := a.payOwed()
	if !statedb.Counts(err) {
		err = a.payOwed()
	}
	if !statedb.Counts(err) {
		err = fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return err
}

// payOwed removes what is owed; the caller holds writing.
func (a *Auth) payOwed() error {
	if len(a.owed) == 0 {
		return nil
	}
	err := a.db.Update(func(tx *bbolt.Tx) error {
		for o := range a.owed {
			if err := tx.Bucket([]byte(o.bucket)).Delete([]byte(o.key)); err != nil {
				return err
			}
		}
		return nil
	})
	return a.applied(err, func() { clear(a.owed) })
}

func owedSessions(gone []*session) (list []owed) {
	for _, s := range gone {
		list = append(list, owed{string(bucketSessions), string(s.key[:])})
	}
	return list
}

// bucketForgotten is whose keys have to be destroyed: the id of a person who is gone, or of a device's token. A person's is written in
// the transaction of their end, a device's when its key could not be destroyed. It goes when the keys are in no file any more; a vault that
// is locked, or cannot be written, is asked again with each Sweep.
var bucketForgotten = []byte("auth.forgotten")

// forgetKeys destroys the keys of whom bucketForgotten names; the caller holds writing.
func (a *Auth) forgetKeys() error {
	var ids [][]byte
	err := a.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketForgotten).ForEach(func(id, _ []byte) error { ids = append(ids, bytes.Clone(id)); return nil })
	})
	var done [][]byte
	for _, id := range ids {
		if e := a.keys.Forget(stateKey(string(id))); e != nil {
			err = errors.Join(err, fmt.Errorf("destroy the key of who is gone: %w", e))
			continue
		}
		done = append(done, id)
	}
	if len(done) == 0 {
		return err
	}
	return errors.Join(err, a.db.Update(func(tx *bbolt.Tx) error {
		for _, id := range done {
			if err := tx.Bucket(bucketForgotten).Delete(id); err != nil {
				return err
			}
		}
		return nil
	}))
}

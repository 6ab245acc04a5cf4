package auth

import (
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

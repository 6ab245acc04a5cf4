package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"holdfast/gateway/statedb"
)

var (
	bucketPeople   = []byte("auth.people")
	bucketSessions = []byte("auth.sessions2")
	bucketTokens   = []byte("auth.tokens")
	bucketRoles    = []byte("auth.roles")
	bucketGroups   = []byte("auth.groups")
	bucketPolicy   = []byte("auth.policy")

	buckets = [][]byte{bucketPeople, bucketSessions, bucketTokens, bucketReviewed, bucketForgotten, bucketRoles, bucketGroups, bucketPolicy}
)

// PersonKeys are the keys under which what is held about people is sealed, one for each, so that a person can be forgotten: a value
// that was deleted from the database stays in its file for a while.
type PersonKeys interface {
	PersonKey(id string) ([32]byte, error) // made at the first call, and durable when it returns
	PersonKeys(id string) [][32]byte       // each that there is: a person whose records were locked for a while has two
	Forget(id string) error                // destroys it
}

// stateKey is the name of the key of a person, or of a device, for what this package holds. What the audit log holds has another: it
// outlives the account.
func stateKey(id string) string { return "state:" + id }

// sealed is a value under the key of whom it is of.
type sealed struct {
	Of    string `json:"of"` // a person's id, or a device token's
	Value []byte `json:"value"`
}

// seal writes v as JSON and seals it under the key of whom it is of. bound says where it lies, so that it cannot be moved.
func (a *Auth) seal(of, bound string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	key, err := a.keys.PersonKey(stateKey(of))
	if err != nil {
		return nil, fmt.Errorf("seal record: %w", err)
	}
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed{Of: of, Value: aead.Seal(nil, nil, plain, []byte(bound+" "+of))})
}

// unseal reads what seal wrote. errUnreadable says that the key is not here.
func (a *Auth) unseal(value []byte, bound string, v any) (of string, err error) {
	var s sealed
	if err := json.Unmarshal(value, &s); err != nil {
		return "", err
	}
	for _, key := range a.keys.PersonKeys(stateKey(s.Of)) {
		aead, err := gcm(key)
		if err != nil {
			return s.Of, err
		}
		if plain, err := aead.Open(nil, nil, s.Value, []byte(bound+" "+s.Of)); err == nil {
			return s.Of, json.Unmarshal(plain, v)
		}
	}
	return s.Of, errUnreadable
}

func gcm(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (a *Auth) sealPerson(p *person) ([]byte, error) { return a.seal(p.ID, "person", p) }

func (a *Auth) sealSession(r record) ([]byte, error) { return a.seal(r.of(), "session", r) }

// change makes a change of the database and of what is in memory one act, and looks at the rights in use afterwards, whether or
// not it went well.
func (a *Auth) change(f func() error) error {
	a.writing.Lock()
	err := f()
	a.writing.Unlock()
	a.review()
	return err
}

// putValue writes one value.
func (a *Auth) putValue(bucket []byte, key string, value []byte) error {
	return a.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put([]byte(key), value) })
}

// write writes a value that holds nothing personal as JSON, and then has it take effect.
func (a *Auth) write(bucket []byte, key string, v any, apply func()) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := a.applied(a.putValue(bucket, key, value), apply); err != nil {
		return fmt.Errorf("write %s: %w", bucket, err)
	}
	return nil
}

// applied has take effect what counts in the database, by the error that came of writing it, and passes that on.
func (a *Auth) applied(err error, apply func()) error {
	if statedb.Counts(err) {
		a.mu.Lock()
		defer a.mu.Unlock()
		apply()
	}
	return err
}

// erase removes a value, and then has that take effect.
func (a *Auth) erase(bucket []byte, key string, apply func()) error {
	err := a.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Delete([]byte(key)) })
	if err = a.applied(err, apply); err != nil {
		return fmt.Errorf("remove from %s: %w", bucket, err)
	}
	return nil
}

// eraseAll removes a person, their tokens and their sessions.
func (a *Auth) eraseAll(p *person, tokens []*token, sessions []*session) error {
	err := a.db.Update(func(tx *bbolt.Tx) error {
		for _, t := range tokens {
			if err := tx.Bucket(bucketTokens).Delete([]byte(t.ID)); err != nil {
				return err
			}
		}
		if err := remove(tx, sessions); err != nil {
			return err
		}
		return errors.Join(forgetReviewed(tx, p.ID), tx.Bucket(bucketForgotten).Put([]byte(p.ID), nil), tx.Bucket(bucketPeople).Delete([]byte(p.ID)))
	})
	if err != nil {
		return fmt.Errorf("remove person: %w", err)
	}
	return nil
}

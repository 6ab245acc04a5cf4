package auth

import (
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

var (
	bucketUsers    = []byte("auth.users")
	bucketSessions = []byte("auth.sessions")
)

// load makes the buckets and reads what is in them.
func (a *Auth) load() error {
	return a.db.Update(func(tx *bbolt.Tx) error {
		users, err := tx.CreateBucketIfNotExists(bucketUsers)
		if err != nil {
			return err
		}
		sessions, err := tx.CreateBucketIfNotExists(bucketSessions)
		if err != nil {
			return err
		}
		if err := users.ForEach(a.loadUser); err != nil {
			return err
		}
		return sessions.ForEach(a.loadSession)
	})
}

func (a *Auth) loadUser(name, value []byte) error {
	u := new(user)
	if err := json.Unmarshal(value, u); err != nil {
		return fmt.Errorf("read user %s: %w", name, err)
	}
	a.users[string(name)] = u
	return nil
}

// loadSession reads a session. A damaged one is left out: its browser signs in again.
func (a *Auth) loadSession(key, value []byte) error {
	s := &session{ended: make(chan struct{})}
	if err := json.Unmarshal(value, &s.record); err != nil || len(key) != len(s.key) {
		a.log.Warn("damaged session left out")
		return nil
	}
	if a.users[s.User] == nil {
		return nil
	}
	s.key = digest(key)
	s.saved = s.Seen
	a.sessions[s.key] = s
	return nil
}

// put writes a record as JSON.
func put(tx *bbolt.Tx, bucket, key []byte, record any) error {
	value, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, value)
}

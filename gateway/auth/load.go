package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// load makes the buckets and reads what is in them.
func (a *Auth) load() error {
	err := a.db.Update(func(tx *bbolt.Tx) error {
		for _, b := range buckets {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.moveUsers(); err != nil {
		return err
	}
	return a.db.View(func(tx *bbolt.Tx) error {
		return errors.Join(
			tx.Bucket(bucketRoles).ForEach(func(k, v []byte) error { return readInto(k, v, func(r *Role) { a.roles[r.ID] = r }) }),
			tx.Bucket(bucketGroups).ForEach(func(k, v []byte) error { return readInto(k, v, func(g *Group) { a.groups[g.ID] = g }) }),
			tx.Bucket(bucketPolicy).ForEach(func(k, v []byte) error { return readInto(k, v, func(p *Policy) { a.policy = *p }) }),
			tx.Bucket(bucketPeople).ForEach(a.loadPerson),
			tx.Bucket(bucketTokens).ForEach(a.loadToken),
			tx.Bucket(bucketSessions).ForEach(a.loadSession))
	})
}

func readInto[T any](key, value []byte, take func(*T)) error {
	v := new(T)
	if err := json.Unmarshal(value, v); err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	take(v)
	return nil
}

// loadPerson reads a person. One whose key is not here is left out and counted: they exist, and cannot sign in until the
// key is back.
func (a *Auth) loadPerson(id, value []byte) error {
	if a.people[string(id)] != nil {
		return nil // read again: see Reread
	}
	p := &person{ID: string(id)}
	of, err := a.unseal(value, "person", p)
	if err == nil && of != p.ID {
		err = errUnreadable // it was put where another's was
	}
	if errors.Is(err, errUnreadable) {
		a.locked++
		a.log.Error("a person's record cannot be opened: its key is not here")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read person %s: %w", id, err)
	}
	if holder := a.names[p.Name]; holder != "" { // taken while this one could not be opened
		a.log.Warn("two people have one sign-in name; one is renamed", "person", p.ID, "other", holder)
		p.Name = p.Name[:min(len(p.Name), maxName-len(p.ID)-1)] + "-" + p.ID
	}
	a.people[p.ID], a.names[p.Name] = p, p.ID
	return nil
}

// Reread takes in who could not be read before, because the key of what is held about them was not there.
func (a *Auth) Reread() error {
	return a.change(func() error {
		return a.db.View(func(tx *bbolt.Tx) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.locked = 0
			return errors.Join(tx.Bucket(bucketPeople).ForEach(a.loadPerson), tx.Bucket(bucketTokens).ForEach(a.loadToken), tx.Bucket(bucketSessions).ForEach(a.loadSession))
		})
	})
}

// loadToken reads a token. One that cannot be opened is left out: it is not good.
func (a *Auth) loadToken(id, value []byte) error {
	if a.tokens[string(id)] != nil || a.owed[owed{string(bucketTokens), string(id)}] {
		return nil
	}
	t := &token{ID: string(id)}
	of, err := a.unseal(value, "token "+t.ID, t)
	if err != nil {
		a.log.Warn("a token that cannot be opened is left out", "token", string(id))
		return nil
	}
	if t.Kind == APIToken {
		t.Person = of
	}
	t.saved = t.Used
	if t.Kind == APIToken && a.people[of] == nil {
		return nil
	}
	a.tokens[t.ID], a.byDigest[t.Digest] = t, t
	return nil
}

// loadSession reads a session. A damaged one is left out: its browser signs in again.
func (a *Auth) loadSession(key, value []byte) error {
	if len(key) == len(digest{}) && a.sessions[digest(key)] != nil || a.owed[owed{string(bucketSessions), string(key)}] {
		return nil
	}
	s := &session{ended: make(chan struct{})}
	of, err := a.unseal(value, "session", &s.record)
	if err != nil || len(key) != len(s.key) {
		a.log.Warn("a session that cannot be opened is left out")
		return nil
	}
	switch {
	case a.people[of] != nil:
		s.Person = of
	case a.tokens[of] != nil:
		s.Device = of
	default:
		return nil
	}
	s.key = digest(key)
	s.public = s.key.publicID()
	s.saved = s.Seen
	a.sessions[s.key] = s
	return nil
}

// Where the first releases kept users and sessions, in clear.
var (
	bucketOldUsers    = []byte("auth.users")
	bucketOldSessions = []byte("auth.sessions")
)

// oldUser is a record of the first releases, in which everybody was the administrator.
type oldUser struct {
	Name     string    `json:"name"`
	Password string    `json:"password"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
	Known    []known   `json:"known"`
}

// moveUsers seals the users of an older release, in one transaction. Their sessions end: people sign in again. What lay there in clear is
// overwritten; a crash before that leaves it in the free pages of the file.
func (a *Auth) moveUsers() error {
	moved := false
	err := a.db.Update(func(tx *bbolt.Tx) error {
		old := tx.Bucket(bucketOldUsers)
		if old == nil {
			return nil
		}
		moved = true
		err := old.ForEach(func(name, value []byte) error {
			var u oldUser
			if err := json.Unmarshal(value, &u); err != nil {
				return fmt.Errorf("read user %s: %w", name, err)
			}
			p := &person{ID: newPersonID(), Name: u.Name, Password: u.Password, Created: u.Created, Changed: u.Changed, Known: slices.Clone(u.Known),
				Grants: []Grant{{Role: Administrator, Cameras: []string{everyCamera}}}}
			sealed, err := a.sealPerson(p)
			if err != nil {
				return err
			}
			return tx.Bucket(bucketPeople).Put([]byte(p.ID), sealed)
		})
		if err != nil {
			return err
		}
		if tx.Bucket(bucketOldSessions) != nil {
			err = tx.DeleteBucket(bucketOldSessions)
		}
		return errors.Join(err, tx.DeleteBucket(bucketOldUsers))
	})
	if err == nil && moved {
		err = scrub(a.db)
	}
	return err
}

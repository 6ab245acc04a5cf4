// Package authtest has what tests of people need: the keys under which what is held about them is sealed, in memory.
package authtest

import (
	"crypto/rand"
	"maps"
	"sync"
)

// Keys are people's keys in memory, as auth.PersonKeys asks for them. They are safe for use by many goroutines.
type Keys struct {
	mu     sync.Mutex // guards what follows
	keys   map[string][32]byte
	refuse error // of Forget
}

// NewKeys makes keys of nobody.
func NewKeys() *Keys { return &Keys{keys: make(map[string][32]byte)} }

// PersonKey gives a person's key, and makes it the first time.
func (k *Keys) PersonKey(id string) ([32]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.keys[id]
	if !ok {
		rand.Read(key[:])
		k.keys[id] = key
	}
	return key, nil
}

// PersonKeys gives the keys that there are of a person.
func (k *Keys) PersonKeys(id string) [][32]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.keys[id]; ok {
		return [][32]byte{key}
	}
	return nil
}

// Refuse has Forget fail with an error, as a vault that is locked does; nil ends that.
func (k *Keys) Refuse(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refuse = err
}

// Forget destroys a person's key.
func (k *Keys) Forget(id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuse != nil {
		return k.refuse
	}
	delete(k.keys, id)
	return nil
}

// Join takes in the keys of others, as when a former root key is unlocked.
func (k *Keys) Join(others *Keys) {
	others.mu.Lock()
	defer others.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.Copy(k.keys, others.keys)
}

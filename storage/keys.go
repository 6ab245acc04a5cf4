package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/keyring"
)

// keysDir is where a volume has its copy of the keyring.
const keysDir = "holdfast-keys"

// What Media says of footage that is there and cannot be read for want of its key. They are told with errors.Is.
var (
	// ErrErased: the key was destroyed. Nobody will ever see this footage.
	ErrErased = keyring.ErrErased
	// ErrLocked: the root key that the footage was recorded under is not here. It is whole, and opens with that recovery key.
	ErrLocked = keyring.ErrLocked
	// ErrKeyLost: no copy of the keyring has the key. The volume that the footage was recorded on has it.
	ErrKeyLost = keyring.ErrUnknown
)

// errNoKeys is of footage that is encrypted, in a store that was opened without a keyring.
var errNoKeys = fmt.Errorf("the footage is encrypted and encryption is switched off here: %w", ErrLocked)

// protect makes the key of a new segment. It is synced on the segment's volume before the file is made, so there is never a
// file whose key could be lost; what a crash leaves is a key that nothing was written under. Whoever calls it settles the key.
func (s *Store) protect(o *open) error {
	if s.o.Keys == nil {
		return nil
	}
	o.vol.mu.Lock()
	id, attached := o.vol.id, o.vol.keys
	o.vol.mu.Unlock()
	if !attached {
		return &VolumeError{Cause: CauseMissing, Err: errors.New("its copy of the keyring is not open")}
	}
	s.keyBegins(o.Camera, o.Start)
	kid, key, err := s.o.Keys.Make(o.Camera, o.Start, id)
	if err != nil {
		s.keySettled(o.Camera, o.Start)
		return err
	}
	o.Protected, o.KeyID, o.keyed = true, kid, true
	o.cipher, err = fmp4.NewCipher(kid, key)
	return err
}

// cipherOf gives the cipher of a segment, nil of one in clear.
func (s *Store) cipherOf(seg *Segment) (*fmp4.Cipher, error) {
	if !seg.Protected {
		return nil, nil
	}
	if s.o.Keys == nil {
		return nil, errNoKeys
	}
	key, err := s.o.Keys.Find(seg.Camera, seg.Start, seg.KeyID)
	if err != nil {
		return nil, err
	}
	return fmp4.NewCipher(seg.KeyID, key)
}

// clearly gives a reader of a segment's file that shows its samples as they were recorded, and opens the salts of its
// table. Without a cipher it is the file.
func clearly(file io.ReaderAt, t *fmp4.Table, c *fmp4.Cipher) (io.ReaderAt, error) {
	if c == nil {
		return file, nil
	}
	if err := t.Unlock(c); err != nil {
		return nil, err
	}
	return fmp4.NewPlain(file, t, c), nil
}

// attachKeys opens the volume's copy of the keyring: keys are made on it from now on, and those that it has are found.
func (s *Store) attachKeys(v *volume) error {
	v.mu.Lock()
	id, attached := v.id, v.keys
	v.mu.Unlock()
	if s.o.Keys == nil || attached {
		return nil
	}
	defer v.answered(v.asks())
	if err := s.o.Keys.Attach(id, filepath.Join(v.o.Path, keysDir)); err != nil {
		return v.fail(fmt.Errorf("open its copy of the keyring: %w", err))
	}
	v.mu.Lock()
	v.keys = true
	removed := v.removed
	v.mu.Unlock()
	if removed { // meanwhile
		s.detachKeys(v)
	}
	return nil
}

// leave lets go of the journal and of the keyring's copy of a volume that is out of use. Nothing on it is touched any more.
func (s *Store) leave(v *volume) {
	v.mu.Lock()
	v.removed = true
	v.mu.Unlock()
	s.detachKeys(v)
	v.release()
}

// detachKeys lets go of the volume's copy of the keyring.
func (s *Store) detachKeys(v *volume) {
	v.mu.Lock()
	id, attached := v.id, v.keys
	v.keys = false
	v.mu.Unlock()
	if attached {
		s.o.Keys.Detach(id)
	}
}

// tendKeys carries on with erasures, has the keys of deleted footage forgotten, the copies of the keyring follow each other, and
// what is forgotten destroyed, until ctx ends.
func (s *Store) tendKeys(ctx context.Context) {
	tick := time.NewTicker(probePeriod)
	defer tick.Stop()
	for {
		s.tendErasures(ctx)
		if err := s.forgetOutlived(); err != nil {
			s.log.Error("forget keys of deleted footage; it is tried again", "error", err)
		}
		if s.o.Keys != nil {
			s.o.Keys.Tend(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// keyName is a key's name in a journal, "" of footage in clear.
func keyName(seg *Segment) string {
	if !seg.Protected {
		return ""
	}
	return hex.EncodeToString(seg.KeyID[:])
}

package gateway

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"holdfast/storage/keyfile"
)

// What is sealed in state.db, and for what purpose. A record is bound to its key.
const (
	purposeCamera = "camera"
	purposeLock   = "lock"
	purposeText   = "event-text"
)

// sealedBuckets are the buckets of state.db whose values are sealed here, and what the former program bound them to.
var sealedBuckets = []struct {
	bucket  []byte
	purpose string
	former  func(id string) []byte
}{
	{bucketCameras, purposeCamera, func(id string) []byte { return []byte(id) }},
	{bucketPlans, purposePlan, neverBefore},
	{bucketPictures, purposePicture, neverBefore},
	{bucketTexts, purposeText, neverBefore},
	{bucketLocks, purposeLock, func(id string) []byte { return append([]byte("lock/"), id...) }},
}

// neverBefore is of what the former program did not keep.
func neverBefore(id string) []byte { return []byte(id) }

// vaultPath is where the vault of a data directory lies.
func vaultPath(data string) string { return filepath.Join(data, "vault") }

// errNoVault is of a command on the files that does not see the root key.
var errNoVault = errors.New("what is kept of cameras and people is sealed, and its root key is not seen here: start the gateway and try again")

func (s *State) seal(purpose string, plain, bound []byte) ([]byte, error) {
	if s.vault == nil {
		return nil, errNoVault
	}
	return s.vault.Seal(purpose, plain, bound), nil
}

func (s *State) open(purpose string, sealed, bound []byte) ([]byte, error) {
	if s.vault == nil {
		return nil, errNoVault
	}
	return s.vault.Open(purpose, sealed, bound)
}

// formerKeySize is AES-256.
const formerKeySize = 32

// formerSeal is how state.db was sealed before there was a vault: under state.key, a key file of its own.
type formerSeal struct{ aead cipher.AEAD }

// readFormerSeal reads state.key; nil when there is none any more.
func readFormerSeal(path string) (*formerSeal, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if len(key) != formerKeySize {
		return nil, fmt.Errorf("key file %s has %d bytes, not %d: restore it from the backup of the data directory, or remove it, and add the cameras again", path, len(key), formerKeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &formerSeal{aead}, nil
}

func (f *formerSeal) open(sealed, bound []byte) ([]byte, error) {
	return f.aead.Open(nil, nil, sealed, bound)
}

// absorb seals anew what state.key had sealed, and destroys that. What is sealed anew is durable, all of it at once, before the key goes; a crash
// in between leaves a key that opens nothing any more, and the next start destroys it.
func (s *State) absorb(dir string) error {
	path := filepath.Join(dir, "state.key")
	former, err := readFormerSeal(path)
	if err != nil {
		return err
	}
	if err := s.refresh(former); err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(dir, "state-*.key")) // of a crash while it was made
	if err != nil {
		return err
	}
	if former != nil {
		left = append(left, path)
	}
	for _, path := range left {
		if err := keyfile.Destroy(keyfile.OS(), path); err != nil {
			return fmt.Errorf("destroy former key: %w", err)
		}
	}
	return nil
}

// refresh seals under the vault's present key what is sealed under an older one, or by former, which may be nil. What
// cannot be opened stays as it is.
func (s *State) refresh(former *formerSeal) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, sb := range sealedBuckets {
			b := tx.Bucket(sb.bucket)
			if b == nil {
				continue
			}
			anew := map[string][]byte{}
			err := b.ForEach(func(k, v []byte) error {
				if s.vault.Fresh(v) {
					return nil
				}
				plain, err := s.vault.Open(sb.purpose, v, k)
				if err != nil && former != nil {
					plain, err = former.open(v, sb.former(string(k)))
				}
				if err == nil {
					anew[string(k)] = s.vault.Seal(sb.purpose, plain, k)
				}
				return nil
			})
			for id, sealed := range anew {
				err = errors.Join(err, b.Put([]byte(id), sealed))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seal state anew: %w", err)
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

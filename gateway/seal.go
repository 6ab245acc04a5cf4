package gateway

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// sealKeySize is AES-256.
const sealKeySize = 32

// seal encrypts what state.db keeps of cameras, passwords among it, with AES-256-GCM under a key that lies in a file
// of its own with owner-only rights. A copy of state.db alone opens no camera. The record's key is bound in as
// additional data, so that a sealed value cannot be moved to another camera.
type seal struct{ aead cipher.AEAD }

// openSeal reads the key file, or makes it.
func openSeal(path string) (*seal, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = makeSealKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if len(key) != sealKeySize {
		return nil, fmt.Errorf("key file %s has %d bytes, not %d: restore it from the backup of the data directory", path, len(key), sealKeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &seal{aead: aead}, nil
}

// makeSealKey makes a new key and puts it in place whole and synced, before anything is sealed under it: a power cut leaves
// the key or none, never half of one.
func makeSealKey(path string) ([]byte, error) {
	key := make([]byte, sealKeySize)
	rand.Read(key)
	tmp, err := os.CreateTemp(filepath.Dir(path), "state-*.key") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(key)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(tmp.Name(), path); err != nil { // unlike a rename it replaces no key
		return nil, err
	}
	return key, syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *seal) close(plain, bound []byte) []byte { return s.aead.Seal(nil, nil, plain, bound) }

func (s *seal) open(sealed, bound []byte) ([]byte, error) {
	plain, err := s.aead.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, errors.New("it was sealed under another key: restore state.key and state.db from the same backup")
	}
	return plain, nil
}

package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/crypto/argon2"

	"holdfast/storage/keyring"
)

// keyBackup is a backup of the root key: a JSON file that holds the recovery key sealed by AES-256-GCM under a passphrase, by
// argon2id, or in clear.
type keyBackup struct {
	Format      int    `json:"holdfast_root_key"` // 1
	Fingerprint string `json:"fingerprint"`
	Clear       string `json:"recovery,omitempty"`
	Salt        []byte `json:"argon2id_salt,omitempty"`
	Time        uint32 `json:"argon2id_time,omitempty"`
	MemoryKiB   uint32 `json:"argon2id_memory_kib,omitempty"`
	Nonce       []byte `json:"nonce,omitempty"`
	Sealed      []byte `json:"sealed,omitempty"`
}

// The cost of trying one passphrase, as RFC 9106, section 4 proposes where memory is short. A reader bounds what a file may ask of
// it.
const (
	sealTime   = 3
	sealMemory = 64 << 10 // KiB
	maxTime    = 32
	maxMemory  = 1 << 20 // KiB
	maxBackup  = 64 << 10
)

func (b *keyBackup) aead(passphrase string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(argon2.IDKey([]byte(passphrase), b.Salt, b.Time, b.MemoryKiB, 1, 32))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal hides a recovery key under a passphrase.
func (b *keyBackup) seal(recovery, passphrase string) error {
	b.Time, b.MemoryKiB, b.Salt, b.Nonce = sealTime, sealMemory, make([]byte, 16), make([]byte, 12)
	rand.Read(b.Salt)
	rand.Read(b.Nonce)
	aead, err := b.aead(passphrase)
	if err != nil {
		return err
	}
	b.Sealed = aead.Seal(nil, b.Nonce, []byte(recovery), []byte(b.Fingerprint))
	return nil
}

// open gives the recovery key of a backup.
func (b *keyBackup) open(passphrase func() (string, error)) (string, error) {
	if b.Clear != "" {
		return b.Clear, nil
	}
	if b.Time < 1 || b.Time > maxTime || b.MemoryKiB < 8 || b.MemoryKiB > maxMemory || len(b.Salt) < 8 || len(b.Nonce) != 12 {
		return "", errors.New("the backup is damaged")
	}
	text, err := passphrase()
	if err != nil {
		return "", err
	}
	aead, err := b.aead(text)
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, b.Nonce, b.Sealed, []byte(b.Fingerprint))
	if err != nil {
		return "", errors.New("the passphrase is wrong, or the backup is damaged")
	}
	return string(plain), nil
}

// minPassphrase bounds how weak the passphrase of a backup may be, characters.
const minPassphrase = 12

func (c *keysCommand) backup(ctx context.Context) error {
	if len(c.args) == 0 {
		return errors.New("name the file of the backup")
	}
	return c.with(ctx, func(k keyAccess) error {
		recovery, err := k.Recovery(ctx)
		if err != nil {
			return err
		}
		root, err := keyring.ParseRecovery(recovery)
		if err != nil {
			return err
		}
		b := keyBackup{Format: 1, Fingerprint: root.Fingerprint(), Clear: recovery}
		if !c.clear {
			passphrase, err := c.ask("Passphrase of the backup: ", false)
			if err != nil {
				return err
			}
			if len([]rune(passphrase)) < minPassphrase {
				return fmt.Errorf("the passphrase must have at least %d characters", minPassphrase)
			}
			b.Clear = ""
			if err := b.seal(recovery, passphrase); err != nil {
				return err
			}
		}
		return c.writeBackup(b)
	})
}

// writeBackup makes the file, which must not be there: an older backup may be of a root key that is still needed.
func (c *keysCommand) writeBackup(b keyBackup) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	_, err = fmt.Fprintf(c.t.out, "%s holds the root key %s. Keep it away from this machine.\n", c.args[0], b.Fingerprint)
	return err
}

func (c *keysCommand) restore(ctx context.Context) error {
	if len(c.args) == 0 {
		return errors.New("name the file of the backup")
	}
	info, err := os.Stat(c.args[0])
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	if info.Size() > maxBackup {
		return fmt.Errorf("read backup: %d bytes are too many", info.Size())
	}
	text, err := os.ReadFile(c.args[0])
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	recovery, err := readBackup(text, func() (string, error) { return c.ask("Passphrase of the backup: ", false) })
	if err != nil {
		return err
	}
	c.args = []string{recovery}
	return c.unlock(ctx)
}

// readBackup gives the recovery key that a backup holds.
func readBackup(text []byte, passphrase func() (string, error)) (string, error) {
	var b keyBackup
	if err := json.Unmarshal(text, &b); err != nil || b.Format != 1 {
		return "", errors.New("this is no backup of a root key")
	}
	recovery, err := b.open(passphrase)
	if err != nil {
		return "", err
	}
	root, err := keyring.ParseRecovery(recovery)
	if err == nil && root.Fingerprint() != b.Fingerprint {
		err = errors.New("the backup is damaged")
	}
	return recovery, err
}

package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"holdfast/storage/keyfile"
	"holdfast/storage/keyring"
)

// Where the root key may come from, the best first. systemd hands credentials over in a directory that it names.
var credentials = []struct {
	name     string
	strength keyring.Strength
}{
	{"holdfast-root-tpm", keyring.TPM},
	{"holdfast-root", keyring.Host},
}

// RootKeyPath is the key file of a data directory without a credential.
func RootKeyPath(data string) string { return filepath.Join(data, "root.key") }

// maxCredential bounds a credential, bytes: 32, or the text of a recovery key.
const maxCredential = 4096

// rootKey finds the root key, which seals all that is secret: a credential, or the key file, which is made at the first start. It is
// durable where it lies: what is sealed under it alone must open after a power cut.
func rootKey(data string, log *slog.Logger) (keyring.Root, error) {
	if root, ok, err := credential(); ok || err != nil {
		return root, err
	}
	root, err := rootFile(data, log)
	if err == nil {
		return root, syncDir(data) // whoever put it there may have crashed before
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	root = keyring.NewRoot()
	return root, keyring.WriteRootFile(nil, RootKeyPath(data), root)
}

// rootFile reads the key file, and sees to it that it is its owner's alone.
func rootFile(data string, log *slog.Logger) (keyring.Root, error) {
	path := RootKeyPath(data)
	tightened, err := keyfile.Own(path)
	if err != nil {
		return keyring.Root{}, fmt.Errorf("read root key: %w", err)
	}
	if tightened {
		log.Warn("the root key could be read by others, and cannot any more; if somebody may have read it, change it (holdfast keys rotate)", "file", path)
	}
	return keyring.ReadRootFile(nil, path)
}

// rootKeyOffline finds the root key for a program that is not the service, and may not see what the service sees: another key than
// the one that the keyring was last opened with is refused.
func rootKeyOffline(data string, log *slog.Logger) (keyring.Root, error) {
	strength, fingerprint, known := keyring.Kept(filepath.Join(data, "keyring"))
	if !known {
		return rootKey(data, log)
	}
	root, ok, err := credential()
	if !ok && err == nil {
		root, err = rootFile(data, log)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err == nil && root.Fingerprint() == fingerprint {
		return root, nil
	}
	if strength == keyring.File {
		return root, fmt.Errorf("the root key %s is not in %s: start the gateway, which records on under a new one, and run holdfast keys unlock with its recovery key", fingerprint, RootKeyPath(data))
	}
	return root, fmt.Errorf("the root key %s is a credential of systemd, which the service alone sees: start the gateway and try again", fingerprint)
}

func credential() (keyring.Root, bool, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return keyring.Root{}, false, nil
	}
	for _, c := range credentials {
		path := filepath.Join(dir, c.name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.Size() > maxCredential {
			err = fmt.Errorf("%d bytes", info.Size())
		}
		var data []byte
		if err == nil {
			data, err = os.ReadFile(path)
		}
		if err != nil {
			return keyring.Root{}, false, fmt.Errorf("read credential %s: %w", c.name, err)
		}
		root, err := keyring.RootFromBytes(data, c.strength)
		if err != nil {
			return root, false, fmt.Errorf("read credential %s: it is neither 32 bytes nor a recovery key", c.name)
		}
		return root, true, nil
	}
	return keyring.Root{}, false, nil
}

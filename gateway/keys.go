package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/config"
	"holdfast/gateway/web"
	"holdfast/storage"
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

// rootKey finds the root key of the footage: a credential, or the key file, which is made at the first start.
func rootKey(data string) (keyring.Root, error) {
	if root, ok, err := credential(); ok || err != nil {
		return root, err
	}
	path := RootKeyPath(data)
	root, err := keyring.ReadRootFile(nil, path)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	root = keyring.NewRoot()
	return root, keyring.WriteRootFile(nil, path, root)
}

// rootKeyOffline finds the root key for a program that is not the service, and may not see what the service sees: another key than
// the one that the keyring was last opened with is refused.
func rootKeyOffline(data string) (keyring.Root, error) {
	strength, fingerprint, known := keyring.Kept(filepath.Join(data, "keyring"))
	if !known {
		return rootKey(data)
	}
	root, ok, err := credential()
	if !ok && err == nil {
		root, err = keyring.ReadRootFile(nil, RootKeyPath(data))
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

// openKeys opens the keyring, unless footage is kept in clear.
func (g *Gateway) openKeys() error {
	if !g.conf.Encryption.AtRest {
		return nil
	}
	root, err := rootKey(g.conf.Data)
	if err != nil {
		return err
	}
	g.keys, err = keyring.Open(keyring.Options{Dir: filepath.Join(g.conf.Data, "keyring"), Root: root, Now: g.now, Log: g.log})
	return err
}

// keysOffline opens the keyring for a program that is not the service. Without the root key there is none, and what needs it is
// reported as such.
func (g *Gateway) keysOffline() (*keyring.Ring, error) {
	if !g.conf.Encryption.AtRest {
		return nil, nil
	}
	root, err := rootKeyOffline(g.conf.Data)
	if err != nil {
		g.log.Warn("encrypted footage is checked without its keys", "error", err)
		return nil, nil
	}
	return keyring.Open(keyring.Options{Dir: filepath.Join(g.conf.Data, "keyring"), Root: root, Log: g.log})
}

// How long a condition of the keyring may last before it is an alarm.
const (
	lagLimit   = 10 * time.Minute
	sweepLimit = time.Hour
)

// keyAlarms raises and ends the alarms of the keyring. The health goroutine calls it.
func (g *Gateway) keyAlarms() {
	if g.keys == nil {
		return
	}
	st := g.keys.Status()
	g.when(!st.Confirmed && !g.demo, Alarm{ID: "keys:confirm", Severity: "warning", What: "Nobody has confirmed the recovery key of the footage.",
		Means: "The footage is encrypted. If this machine is lost, no copy of the footage can be opened without that key.",
		Do:    "Run holdfast keys recovery on this machine, keep what it prints in a safe place away from it, and then run holdfast keys confirm."})
	g.when(len(st.Locked) > 0, Alarm{ID: "keys:locked", Severity: "alarm", What: lockedSentence(st.Locked),
		Means: "The footage that was recorded under it is whole and cannot be shown. New footage is recorded under the present root key.",
		Do:    "Run holdfast keys unlock with the recovery key of that time, or holdfast keys restore with a backup."})
	g.when(g.lagsTooLong(st), Alarm{ID: "keys:copy", Severity: "warning", What: laggingSentence(st.Copies),
		Means: "What is recorded can be shown. If the other copies were lost, some footage could not be opened.",
		Do:    "Look at the state of the volume that is named; holdfast keys status tells when the copies are equal again."})
	overdue := st.DueSince != nil && g.now().Sub(*st.DueSince) > sweepLimit
	g.when(overdue, Alarm{ID: "keys:sweep", Severity: "alarm", What: fmt.Sprintf("The keys of erased footage (%d) are not destroyed after an hour.", st.Due),
		Means: "The footage cannot be shown any more, but whoever has the disks and the root key could still decrypt it.",
		Do:    "See holdfast keys status: a copy of the keyring cannot be written."})
}

// when raises an alarm while it holds, and ends it else.
func (g *Gateway) when(holds bool, a Alarm) {
	if !holds {
		g.clear(a.ID)
		return
	}
	g.raise(a)
}

func lockedSentence(list []keyring.Locked) string {
	var names []string
	for _, l := range list {
		names = append(names, strings.Join(l.Roots, " or "))
	}
	return "Footage on this machine was recorded under a root key that is not here (fingerprint " + strings.Join(names, "; ") + ")."
}

func behind(c keyring.Copy) bool { return c.State == "failing" || c.State == "lagging" }

func laggingSentence(copies []keyring.Copy) string {
	var names []string
	for _, c := range copies {
		if behind(c) {
			name := "volume " + c.Volume
			if c.Volume == "" {
				name = "the data directory"
			}
			if c.Cause != "" {
				name += " (" + c.Cause + ")"
			}
			names = append(names, name)
		}
	}
	return "A copy of the keyring is behind the others: " + strings.Join(names, ", ") + "."
}

// lagsTooLong tells whether some copy has been behind for long.
func (g *Gateway) lagsTooLong(st keyring.Status) bool {
	lags := false
	for _, c := range st.Copies {
		lags = lags || behind(c)
	}
	if !lags {
		g.lagSince = time.Time{}
		return false
	}
	if g.lagSince.IsZero() {
		g.lagSince = g.now()
	}
	return g.now().Sub(g.lagSince) > lagLimit
}

// KeyOperations are what can be done with the keyring of a data directory, by the daemon or without one.
type KeyOperations struct {
	ring *keyring.Ring
	data string
}

// keyOperations are those of the running gateway; nil when footage is kept in clear.
func (g *Gateway) keyOperations() web.Keys {
	if g.keys == nil {
		return nil
	}
	return &KeyOperations{g.keys, g.conf.Data}
}

// KeyFiles opens the keyring of a gateway that is not running, with the copies on its volumes. The returned function lets go of it.
func KeyFiles(conf *config.Config) (*KeyOperations, func() error, error) {
	if _, err := os.Stat(conf.Data); err != nil {
		return nil, nil, fmt.Errorf("open keyring: %w", err)
	}
	lock, err := lockData(conf.Data)
	if err != nil {
		return nil, nil, err
	}
	root, err := rootKeyOffline(conf.Data)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	ring, err := keyring.Open(keyring.Options{Dir: filepath.Join(conf.Data, "keyring"), Root: root})
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	if err := attachVolumes(conf, ring); err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return &KeyOperations{ring, conf.Data}, lock.Close, nil
}

// attachVolumes adds the copies on the volumes of a gateway that is not running. One that is not there keeps its copy for later.
func attachVolumes(conf *config.Config, ring *keyring.Ring) error {
	g := &Gateway{conf: conf, log: slog.New(slog.DiscardHandler), now: time.Now}
	closeState, err := g.stateIfAny()
	if err != nil {
		return err
	}
	defer closeState()
	for _, v := range g.volumesToOpen() {
		id, err := storage.VolumeID(v.Path)
		if err != nil {
			continue
		}
		if err := ring.Attach(id, filepath.Join(v.Path, "holdfast-keys")); err != nil {
			return err
		}
	}
	return nil
}

// KeyStatus tells how the keyring is.
func (k *KeyOperations) KeyStatus() keyring.Status { return k.ring.Status() }

// RecoveryKey gives the recovery key of the present root.
func (k *KeyOperations) RecoveryKey() string { return k.ring.Recovery() }

// SegmentKey gives the key of a segment.
func (k *KeyOperations) SegmentKey(camera string, day time.Time, id keyring.ID) (keyring.Key, error) {
	return k.ring.Find(camera, day, id)
}

// ConfirmKey takes the recovery key as somebody typed it.
func (k *KeyOperations) ConfirmKey(text string) error { return k.ring.Confirm(text) }

// UnlockKeys opens the keyring that a recovery key is of.
func (k *KeyOperations) UnlockKeys(text string) error {
	root, err := keyring.ParseRecovery(text)
	if err != nil {
		return err
	}
	return k.ring.Unlock(root)
}

// RotateKey changes the root key of a machine that keeps it in a file.
func (k *KeyOperations) RotateKey() error {
	if s := k.ring.Status().Strength; s != keyring.File {
		return web.Rejected("", "The root key of this gateway is a credential of systemd, which only root can replace. Make a new credential, restart, and run holdfast keys unlock with the present recovery key: the footage is sealed anew under the new one.")
	}
	next := keyring.NewRoot()
	return k.ring.Rotate(next, func() error { return keyring.WriteRootFile(nil, RootKeyPath(k.data), next) })
}

package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/config"
	"holdfast/gateway/vault"
	"holdfast/gateway/web"
	"holdfast/storage"
	"holdfast/storage/keyring"
)

// openKeys opens what lies under the root key: the keyring of the footage, which stays empty where footage is kept in clear, and the vault of what
// is secret of cameras and people.
func (g *Gateway) openKeys() error {
	root, err := rootKey(g.conf.Data, g.log)
	if err != nil {
		return err
	}
	if g.keys, err = keyring.Open(keyring.Options{Dir: keyringPath(g.conf.Data), Root: root, Now: g.now, Log: g.log}); err != nil {
		return err
	}
	g.vault, err = vault.Open(vault.Options{Dir: vaultPath(g.conf.Data), Root: root, Log: g.log})
	return err
}

func keyringPath(data string) string { return filepath.Join(data, "keyring") }

// keysOffline opens the keyring for a program that is not the service. Without the root key there is none, and what needs it is
// reported as such.
func (g *Gateway) keysOffline() (*keyring.Ring, error) {
	if !g.conf.Encryption.AtRest {
		return nil, nil
	}
	root, err := rootKeyOffline(g.conf.Data, g.log)
	if err != nil {
		g.log.Warn("encrypted footage is checked without its keys", "error", err)
		return nil, nil
	}
	return keyring.Open(keyring.Options{Dir: keyringPath(g.conf.Data), Root: root, Log: g.log})
}

// vaultOffline opens the vault for a program that is not the service; nil without the root key, which it does not make.
func (g *Gateway) vaultOffline() (*vault.Vault, error) {
	if _, _, known := keyring.Kept(keyringPath(g.conf.Data)); !known {
		return nil, nil
	}
	root, err := rootKeyOffline(g.conf.Data, g.log)
	if err != nil {
		g.log.Warn("what is kept of cameras and people stays sealed", "error", err)
		return nil, nil
	}
	return vault.Open(vault.Options{Dir: vaultPath(g.conf.Data), Root: root, Log: g.log})
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
	g.when(!st.Confirmed && !g.demo, Alarm{ID: "keys:confirm", Severity: "warning", What: "Nobody has confirmed the recovery key of this gateway.",
		Means: g.confirmMeans(),
		Do:    "Run holdfast keys recovery on this machine, keep what it prints in a safe place away from it, and then run holdfast keys confirm."})
	g.vaultAlarm()
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

// confirmMeans tells what is lost with the root key.
func (g *Gateway) confirmMeans() string {
	if g.conf.Encryption.AtRest {
		return "The footage is encrypted, and the passwords of cameras and people are sealed. If this machine is lost, no copy of them can be opened without that key."
	}
	return "The passwords of cameras and what is kept of people are sealed. If the root key is lost, a backup of them cannot be opened without that key."
}

// vaultAlarm says that what is kept of cameras and people is sealed under a root key that is not here.
func (g *Gateway) vaultAlarm() {
	if g.vault == nil {
		return
	}
	locked := g.vault.Locked()
	g.when(len(locked) > 0, Alarm{ID: "vault:locked", Severity: "alarm",
		What:  "What is kept of cameras and people is sealed under a root key that is not here (fingerprint " + strings.Join(locked, "; ") + ").",
		Means: "Cameras that were adopted in the viewer are not recorded, and people cannot sign in, until it is opened. Nothing of it is lost. Cameras of the configuration file are recorded.",
		Do:    "Run holdfast keys unlock on this machine with the recovery key of that time, or holdfast keys restore with a backup."})
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

// KeyOperations are what can be done with the keys of a data directory, by the daemon or without one.
type KeyOperations struct {
	ring    *keyring.Ring
	vault   *vault.Vault
	data    string
	footage bool // it is encrypted
	log     *slog.Logger
	changed func() // called when something was done that alarms depend on
	rotated func() // called when the root was changed
	opened  func() // called when something of the vault was unlocked
}

// keyOperations are those of the running gateway.
func (g *Gateway) keyOperations() web.Keys {
	return &KeyOperations{ring: g.keys, vault: g.vault, data: g.conf.Data, footage: g.conf.Encryption.AtRest, log: g.log,
		changed: g.lookSoon, rotated: g.sealAnew, opened: g.vaultOpened}
}

// sealAnew seals what state.db keeps under the vault's present key.
func (g *Gateway) sealAnew() {
	if err := g.state.refresh(nil); err != nil {
		g.log.Warn("what is kept of cameras is still sealed under the former key; it is tried again at the next start", "error", err)
	}
}

// vaultOpened takes into use what could not be opened before.
func (g *Gateway) vaultOpened() {
	g.sealAnew()
	if err := g.auth.Reread(); err != nil {
		g.log.Error("who could not be opened may sign in from the next start", "error", err)
	}
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	var r web.Reload
	if err := g.rearrange(&r); err != nil {
		g.log.Error("the adopted cameras are recorded from the next start", "error", err)
		return
	}
	g.log.Info("what was sealed under a former root key is open", "cameras", r.Added)
}

// KeyFiles opens the keys of a gateway that is not running, with the copies on its volumes. The returned function lets go of them.
func KeyFiles(conf *config.Config) (*KeyOperations, func() error, error) {
	if _, err := os.Stat(conf.Data); err != nil {
		return nil, nil, fmt.Errorf("open keyring: %w", err)
	}
	lock, err := lockData(conf.Data)
	if err != nil {
		return nil, nil, err
	}
	k, err := keyFiles(conf, slog.Default())
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return k, lock.Close, nil
}

func keyFiles(conf *config.Config, log *slog.Logger) (*KeyOperations, error) {
	root, err := rootKeyOffline(conf.Data, log)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Open(keyring.Options{Dir: keyringPath(conf.Data), Root: root})
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(vault.Options{Dir: vaultPath(conf.Data), Root: root, Log: log})
	if err != nil {
		return nil, err
	}
	nothing := func() {} // the next start looks, and seals anew
	return &KeyOperations{ring: ring, vault: v, data: conf.Data, footage: conf.Encryption.AtRest, log: log, changed: nothing, rotated: nothing, opened: nothing}, attachVolumes(conf, ring)
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

// KeyStatus tells how the keys are.
func (k *KeyOperations) KeyStatus() web.KeyStatus {
	return web.KeyStatus{Status: k.ring.Status(), Footage: k.footage, Sealed: k.vault.Locked()}
}

// RecoveryKey gives the recovery key of the present root.
func (k *KeyOperations) RecoveryKey() string { return k.ring.Recovery() }

// SegmentKey gives the key of a segment, also of one from before footage was kept in clear.
func (k *KeyOperations) SegmentKey(camera string, day time.Time, id keyring.ID) (keyring.Key, error) {
	return k.ring.Find(camera, day, id)
}

// ConfirmKey takes the recovery key as somebody typed it.
func (k *KeyOperations) ConfirmKey(text string) error { return k.done(k.ring.Confirm(text)) }

// done tells of a change that succeeded.
func (k *KeyOperations) done(err error) error {
	if err == nil {
		k.changed()
	}
	return err
}

// UnlockKeys opens what a recovery key is of: footage, what is kept of cameras and people, or both.
func (k *KeyOperations) UnlockKeys(text string) error {
	root, err := keyring.ParseRecovery(text)
	if err != nil {
		return err
	}
	ofRing, ofVault := k.ring.Unlock(root), k.vault.Unlock(root)
	if ofVault == nil {
		k.opened()
	}
	return k.done(eitherUnlocked(ofRing, ofVault))
}

// eitherUnlocked is the error of having opened one of two, each of which may have nothing that the key opens.
func eitherUnlocked(a, b error) error {
	nothing := func(err error) bool {
		return errors.Is(err, keyring.ErrNothingLocked) || errors.Is(err, keyring.ErrRoot)
	}
	switch {
	case a == nil && (b == nil || nothing(b)), errors.Is(b, keyring.ErrNothingLocked):
		return a
	case b == nil && nothing(a), errors.Is(a, keyring.ErrNothingLocked):
		return b
	}
	return errors.Join(a, b)
}

// RotateKey changes the root key of a machine that keeps it in a file.
func (k *KeyOperations) RotateKey() error {
	if s := k.ring.Status().Strength; s != keyring.File {
		return web.Rejected("", "The root key of this gateway is a credential of systemd, which only root can replace. Make a new credential, restart, and run holdfast keys unlock with the present recovery key: what is sealed is sealed anew under the new one.")
	}
	former, err := keyring.ParseRecovery(k.ring.Recovery())
	if err != nil {
		return err
	}
	next := keyring.NewRoot()
	err = k.vault.Rotate(next, func() error {
		return k.ring.Rotate(next, func() error { return keyring.ReplaceRootFile(nil, RootKeyPath(k.data), former, next) })
	})
	if err == nil {
		k.rotated()
	}
	return k.done(err)
}

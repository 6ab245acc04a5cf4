package gateway

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/auth"
	"holdfast/storage/keyring"
)

// confirmKeys does what the administrator of a new gateway is asked to do, so that a test's gateway has no alarm of it.
func confirmKeys(t *testing.T, conf *config.Config) {
	t.Helper()
	if err := os.MkdirAll(conf.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := rootKey(conf.Data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(keyring.Options{Dir: filepath.Join(conf.Data, "keyring"), Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Confirm(ring.Recovery()); err != nil {
		t.Fatal(err)
	}
}

func TestTheRootKeyIsTheBestThatIsThere(t *testing.T) {
	data, creds := t.TempDir(), t.TempDir()
	file, err := rootKey(data, slog.New(slog.DiscardHandler))
	if err != nil || file.Strength() != keyring.File {
		t.Fatalf("%v, %v", file.Strength(), err)
	}
	if again, err := rootKey(data, slog.New(slog.DiscardHandler)); err != nil || !again.Equal(file) {
		t.Errorf("the key file changed: %v", err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", creds)
	for _, c := range []struct {
		name string
		want keyring.Strength
	}{{"holdfast-root", keyring.Host}, {"holdfast-root-tpm", keyring.TPM}} {
		if err := os.WriteFile(filepath.Join(creds, c.name), []byte(strings.Repeat("k", 31)+c.name[len(c.name)-1:]), 0o400); err != nil {
			t.Fatal(err)
		}
		if root, err := rootKey(data, slog.New(slog.DiscardHandler)); err != nil || root.Strength() != c.want || root.Equal(file) {
			t.Errorf("%s: strength %s, %v", c.name, root.Strength(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(creds, "holdfast-root-tpm"), []byte("no key"), 0o600); err == nil {
		if _, err := rootKey(data, slog.New(slog.DiscardHandler)); err == nil {
			t.Error("a credential that is no key is passed over")
		}
	}
}

// The command line does not see the service's credentials. It must not take the key file for the root key then.
func TestWithoutTheServicesCredentialNoOtherKeyIsTaken(t *testing.T) {
	data, creds := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(creds, "holdfast-root"), []byte(strings.Repeat("k", 32)), 0o400); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", creds)
	conf := &config.Config{Data: data, Encryption: config.Encryption{AtRest: true}}
	g := New(Options{Config: conf, Log: slog.New(slog.DiscardHandler)})
	if err := g.openKeys(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, _, err := KeyFiles(conf); err == nil || !strings.Contains(err.Error(), "credential") {
		t.Errorf("keys: %v", err)
	}
	if ring, err := g.keysOffline(); ring != nil || err != nil {
		t.Errorf("check: %v, %v", ring, err)
	}
	if _, err := os.Stat(RootKeyPath(data)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key file was made: %v", err)
	}
}

func TestKeyAlarmsComeAndGo(t *testing.T) {
	conf := &config.Config{Data: t.TempDir(), Encryption: config.Encryption{AtRest: true}}
	now := time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC)
	g := New(Options{Config: conf, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	has := func(id string) bool {
		g.keyAlarms()
		for _, a := range g.alarms.list() {
			if a.ID == id {
				return true
			}
		}
		return false
	}
	if err := g.openKeys(); err != nil {
		t.Fatal(err)
	}
	if !has("keys:confirm") {
		t.Error("nobody is asked to confirm the recovery key")
	}
	if err := g.keys.Confirm(g.keys.Recovery()); err != nil {
		t.Fatal(err)
	}
	if has("keys:confirm") {
		t.Error("the reminder does not end")
	}
	id, _, err := g.keys.Make("door", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.keys.Forget("door", now, id); err != nil {
		t.Fatal(err)
	}
	if now = now.Add(61 * time.Minute); !has("keys:sweep") {
		t.Error("an overdue sweep is not told")
	}
	if _, err := g.keys.Sweep(t.Context()); err != nil || has("keys:sweep") {
		t.Errorf("the alarm does not end: %v", err)
	}
	sealed := g.vault.Seal("test", []byte("secret"), nil)
	was := g.keys.Recovery()
	if err := os.Remove(RootKeyPath(conf.Data)); err != nil {
		t.Fatal(err)
	}
	if err := g.openKeys(); err != nil {
		t.Fatal(err)
	}
	if !has("keys:locked") || !has("vault:locked") {
		t.Error("a lost root key is not told")
	}
	if g.state, err = openState(conf.Data, g.vault); err != nil {
		t.Fatal(err)
	}
	defer g.state.Close()
	if g.auth, err = auth.New(auth.Options{DB: g.state.db, Keys: g.vault, Log: g.log}); err != nil {
		t.Fatal(err)
	}
	k := g.keyOperations()
	if err := k.UnlockKeys(was); err != nil || has("keys:locked") || has("vault:locked") {
		t.Errorf("unlocked: %v", err)
	}
	if plain, err := g.vault.Open("test", sealed, nil); err != nil || string(plain) != "secret" {
		t.Errorf("of the vault is opened %q, %v", plain, err)
	}
	if len(g.look) != 1 {
		t.Error("the alarm stays until the next look at the health")
	}
}

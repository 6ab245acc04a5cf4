package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/gateway/vault"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage/keyring"
)

// testVault opens the vault of a data directory under a root that is always the same.
func testVault(t *testing.T, dir string) *vault.Vault {
	t.Helper()
	root, err := keyring.RootFromBytes(bytes.Repeat([]byte("k"), 32), keyring.File)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(vault.Options{Dir: vaultPath(dir), Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// formerState is a data directory as the program before the vault left it: testdata/v1 was made by it, and is never made again. It has two
// adopted cameras, a lock, a volume and the administrator "margarete".
func formerState(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"state.db", "state.key"} {
		data, err := os.ReadFile(filepath.Join("testdata", "v1", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// wantTakenOver opens a state and looks for all that the former one had.
func wantTakenOver(t *testing.T, dir, what string) {
	t.Helper()
	v := testVault(t, dir)
	s, err := openState(dir, v)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer s.Close()
	list, lost, err := s.adopted()
	if err != nil || len(lost) > 0 || len(list) != 2 || list[0].ID != "old-till" || list[0].Password != oddPassword || list[1].Password != "yard-pass-1" {
		t.Errorf("%s: cameras %+v, lost %v, %v", what, list, lost, err)
	}
	kept, err := s.keptLock("0123456789abcdef")
	if err != nil || kept.Owner != "Margarete Muster" {
		t.Errorf("%s: the lock is %+v, %v", what, kept, err)
	}
	if volumes, err := s.keptVolumes(); err != nil || !volumes["/srv/video"].Added {
		t.Errorf("%s: volumes %+v, %v", what, volumes, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "state*.key")); len(left) > 0 {
		t.Errorf("%s: left are %v", what, left)
	}
}

func TestAStateSealedByTheFormerProgramIsTakenOverAndItsKeyDestroyed(t *testing.T) {
	dir := formerState(t)
	key, err := os.Open(filepath.Join(dir, "state.key")) // another name for its blocks
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	wantTakenOver(t, dir, "first")
	left := make([]byte, formerKeySize)
	if _, err := key.ReadAt(left, 0); err != nil || !bytes.Equal(left, make([]byte, formerKeySize)) {
		t.Errorf("the former key was not overwritten: %v", err)
	}
	wantTakenOver(t, dir, "again")
}

// A crash after any step of it leaves a state from which the next start goes on.
func TestTakingOverTheFormerStateGoesOnAfterACrash(t *testing.T) {
	t.Run("before anything is sealed anew", func(t *testing.T) {
		dir := formerState(t)
		testVault(t, dir)
		wantTakenOver(t, dir, "the vault is there")
	})
	key, err := os.ReadFile(filepath.Join("testdata", "v1", "state.key"))
	if err != nil {
		t.Fatal(err)
	}
	for what, left := range map[string][]byte{
		"before the key is destroyed": key, "while it is overwritten": append(make([]byte, 16), key[16:]...), "before it is removed": make([]byte, len(key)),
	} {
		t.Run(what, func(t *testing.T) {
			dir := formerState(t)
			wantTakenOver(t, dir, "whole")
			if err := os.WriteFile(filepath.Join(dir, "state.key"), left, 0o600); err != nil {
				t.Fatal(err)
			}
			wantTakenOver(t, dir, what)
		})
	}
	t.Run("the schema is there and nothing is sealed anew", func(t *testing.T) {
		dir := formerState(t)
		if err := os.Rename(filepath.Join(dir, "state.key"), filepath.Join(dir, "away")); err != nil {
			t.Fatal(err)
		}
		s, err := openState(dir, testVault(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		if list, lost, err := s.adopted(); err != nil || len(list) > 0 || len(lost) != 2 {
			t.Errorf("without the key: %+v, %v, %v", list, lost, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, "state.key")); err != nil {
			t.Fatal(err)
		}
		wantTakenOver(t, dir, "the key came back")
	})
}

func TestHalfAFormerKeyIsNamed(t *testing.T) {
	dir := formerState(t)
	path := filepath.Join(dir, "state.key")
	if err := os.Truncate(path, 7); err != nil {
		t.Fatal(err)
	}
	if _, err := openState(dir, testVault(t, dir)); err == nil || !bytes.Contains([]byte(err.Error()), []byte(path)) {
		t.Errorf("half a key: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("it was removed")
	}
}

// What a command on the files does without the root key leaves a former state as it is.
func TestWithoutAVaultAFormerStateIsLeftAlone(t *testing.T) {
	dir := formerState(t)
	s, err := openState(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if volumes, err := s.keptVolumes(); err != nil || len(volumes) != 1 {
		t.Errorf("volumes %v, %v", volumes, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantTakenOver(t, dir, "afterwards")
}

// The root key is lost: the gateway records what it can, says what it cannot, gives nobody's place away, and the recovery key brings all back.
func TestALostRootKeyLocksAdoptedCamerasUntilItsRecoveryKeyIsGiven(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	dir := sealed(t, cam.URL("main"))
	root, err := keyring.ReadRootFile(nil, filepath.Join(dir, "data", "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "data", "root.key")); err != nil {
		t.Fatal(err)
	}
	r := startIn(t, dir, fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q}\n", cam.URL("main")))
	r.recorded("door", time.Second)
	for _, id := range []string{"camera:old-till", "vault:locked"} {
		if a, ok := r.alarm(id); !ok || a.Severity != "alarm" || !bytes.Contains([]byte(a.Do), []byte("holdfast keys unlock")) {
			t.Errorf("the alarm is %+v", a)
		}
	}
	if id, err := r.g.Enrol(t.Context(), Adoption{Address: "rtsp://127.0.0.1:9/other", Name: "Old till"}); err != nil || id != "old-till-2" {
		t.Errorf("another camera of the name is %q, %v", id, err)
	}
	keys := r.g.keyOperations()
	if err := keys.UnlockKeys(keyring.NewRoot().Recovery()); !errors.Is(err, keyring.ErrRoot) {
		t.Errorf("another root: %v", err)
	}
	if err := keys.UnlockKeys(root.Recovery()); err != nil {
		t.Fatal(err)
	}
	r.recorded("old-till", time.Second)
	for _, id := range []string{"camera:old-till", "vault:locked"} {
		r.await("the end of "+id, func() bool { _, still := r.alarm(id); return !still })
	}
	r.end()
	r = startIn(t, dir, "")
	if n := len(r.cameras()); n != 2 {
		t.Errorf("%d cameras after a restart", n)
	}
}

func TestAChangeOfTheRootSealsWhatIsKeptOfCamerasAnew(t *testing.T) {
	t.Parallel()
	dir := sealed(t, "rtsp://127.0.0.1:9/main")
	r := startIn(t, dir, "encryption: {at_rest: false}\n")
	path := filepath.Join(dir, "data", "root.key")
	old, err := os.Open(path) // another name for the blocks of the former key
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	former, err := keyring.ReadRootFile(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	keys := r.g.keyOperations()
	if err := keys.RotateKey(); err != nil {
		t.Fatal(err)
	}
	if st := keys.KeyStatus(); st.Confirmed || st.Footage || st.Root == former.Fingerprint() {
		t.Errorf("afterwards it is %+v", st)
	}
	if err := keys.ConfirmKey(former.Recovery()); !errors.Is(err, keyring.ErrRoot) {
		t.Errorf("the former recovery key is confirmed: %v", err)
	}
	left := make([]byte, 8)
	if _, err := old.ReadAt(left, 0); err != nil || !bytes.Equal(left, make([]byte, 8)) {
		t.Errorf("of the former root key is left %q, %v", left, err)
	}
	r.end()
	v, err := vault.Open(vault.Options{Dir: filepath.Join(dir, "data", "vault"), Root: former})
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Locked()) == 0 {
		t.Error("the former root opens the vault")
	}
	r = startIn(t, dir, "")
	if _, there := r.cameras()["old-till"]; !there {
		t.Error("the adopted camera is lost")
	}
}

func TestTheRootKeyIsThereAlsoWhenFootageIsInClear(t *testing.T) {
	t.Parallel()
	r := start(t, "encryption: {at_rest: false}\n")
	if _, err := os.Stat(RootKeyPath(r.g.conf.Data)); err != nil {
		t.Error(err)
	}
	keys := r.g.keyOperations()
	if st := keys.KeyStatus(); st.Footage || st.Root == "" || st.Ring != "" {
		t.Errorf("the keys are %+v", st)
	}
	if err := keys.UnlockKeys(keys.RecoveryKey()); !errors.Is(err, keyring.ErrNothingLocked) {
		t.Errorf("nothing is locked: %v", err)
	}
}

func TestARootKeyThatOthersMayReadIsTakenFromThem(t *testing.T) {
	data := t.TempDir()
	if _, err := rootKey(data, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(RootKeyPath(data), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := rootKey(data, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(RootKeyPath(data)); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(RootKeyPath(data), 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := rootKey(data, slog.New(slog.DiscardHandler)); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another user's key is taken: %v", err)
	}
}

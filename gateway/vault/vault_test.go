package vault

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/storage/keyring"
)

func openIn(t testing.TB, dir string, root keyring.Root) *Vault {
	t.Helper()
	v, err := Open(Options{Dir: filepath.Join(dir, "vault"), Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *Vault) wantOpens(t *testing.T, sealed []byte, want error) {
	t.Helper()
	plain, err := v.Open("camera", sealed, []byte("door"))
	if !errors.Is(err, want) || want == nil && string(plain) != "secret" {
		t.Errorf("opened: %q, %v; want %v", plain, err, want)
	}
}

func TestWhatIsSealedOpensOnlyAsItWasSealed(t *testing.T) {
	dir, root := t.TempDir(), keyring.NewRoot()
	v := openIn(t, dir, root)
	sealed := v.Seal("camera", []byte("secret"), []byte("door"))
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, v.Seal("camera", []byte("secret"), []byte("door"))) {
		t.Error("it is not sealed, or twice the same")
	}
	v.wantOpens(t, sealed, nil)
	again := openIn(t, dir, root)
	again.wantOpens(t, sealed, nil)
	if v.Key("log") != again.Key("log") || v.Key("log") == v.Key("other") {
		t.Error("keys of purposes are not what they were, or the same")
	}
	for what, f := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return v.Open("lock", sealed, []byte("door")) },
		"another record":  func() ([]byte, error) { return v.Open("camera", sealed, []byte("gate")) },
		"cut":             func() ([]byte, error) { return v.Open("camera", sealed[:len(sealed)-1], []byte("door")) },
		"nothing":         func() ([]byte, error) { return v.Open("camera", nil, []byte("door")) },
		"another vault":   func() ([]byte, error) { return openIn(t, t.TempDir(), root).Open("camera", sealed, []byte("door")) },
	} {
		if plain, err := f(); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
	}
	for i := range sealed {
		other := bytes.Clone(sealed)
		other[i] ^= 1
		v.wantOpens(t, other, ErrForeign)
	}
}

func TestFilesOfTheVaultAreTheOwnersAndHoldNoKeyInClear(t *testing.T) {
	dir, root := t.TempDir(), keyring.NewRoot()
	v := openIn(t, dir, root)
	key, err := v.PersonKey("p-0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	secrets := [][]byte{key[:], v.keys[0].key[:], []byte("p-0123456789abcdef")}
	data := readAll(t, dir)
	for _, s := range secrets {
		for name, content := range data {
			if bytes.Contains(content, s) {
				t.Errorf("%s holds a secret in clear", name)
			}
		}
	}
	for name := range data {
		info, err := os.Stat(name)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	if _, err := Open(Options{Dir: filepath.Join(dir, "vault"), Root: root, Log: slog.New(slog.NewTextHandler(&log, nil))}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "could be read by others"); n != len(data) {
		t.Errorf("%d warnings: %s", n, &log)
	}
	for name := range data {
		if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// readAll reads every file below a directory.
func readAll(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[path] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAChangeOfTheRootKeepsWhatIsSealedAndShutsTheFormerOut(t *testing.T) {
	dir, root := t.TempDir(), keyring.NewRoot()
	v := openIn(t, dir, root)
	sealed := v.Seal("camera", []byte("secret"), []byte("door"))
	key, err := v.PersonKey("p-1")
	if err != nil {
		t.Fatal(err)
	}
	log := v.Key("log")
	next := keyring.NewRoot()
	if err := v.Rotate(next, func() error {
		copyOf := t.TempDir()
		if err := os.CopyFS(copyOf, os.DirFS(dir)); err != nil {
			return err
		}
		for _, r := range []keyring.Root{root, next} { // a crash here
			if err := os.CopyFS(filepath.Join(copyOf, r.Fingerprint()), os.DirFS(dir)); err != nil {
				return err
			}
			half := openIn(t, filepath.Join(copyOf, r.Fingerprint()), r)
			half.wantOpens(t, sealed, nil)
			if got, ok := half.Person("p-1"); !ok || got != key {
				t.Error("a person's key is lost half-way")
			}
			for _, other := range []keyring.Root{root, next} {
				if !other.Equal(r) && len(openIn(t, filepath.Join(copyOf, r.Fingerprint()), other).Locked()) == 0 {
					t.Error("after a start with one root the other opens the vault still")
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Vault{v, openIn(t, dir, next)} {
		v.wantOpens(t, sealed, nil)
		if got, ok := v.Person("p-1"); !ok || got != key {
			t.Error("a person's key is lost")
		}
		if v.Key("log") != log {
			t.Error("the key of a purpose changed")
		}
		if v.Fresh(sealed) || !v.Fresh(v.Seal("camera", nil, nil)) {
			t.Error("what was sealed before the change is taken for fresh, or what was sealed after it is not")
		}
		if l := v.Locked(); len(l) > 0 {
			t.Errorf("locked: %v", l)
		}
	}
	openIn(t, dir, root).wantOpens(t, sealed, ErrLocked)
}

func TestAChangeOfTheRootThatFailsLeavesTheFormer(t *testing.T) {
	dir, root := t.TempDir(), keyring.NewRoot()
	v := openIn(t, dir, root)
	sealed := v.Seal("camera", []byte("secret"), []byte("door"))
	broken := errors.New("broken")
	for range 3 {
		if err := v.Rotate(keyring.NewRoot(), func() error { return broken }); !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	if len(v.keys) != 2 {
		t.Errorf("%d keys after changes that failed", len(v.keys))
	}
	v.wantOpens(t, sealed, nil)
	newer := v.Seal("camera", []byte("secret"), []byte("door"))
	v = openIn(t, dir, root)
	v.wantOpens(t, sealed, nil)
	v.wantOpens(t, newer, nil)
	for len(v.keys) < maxKeys-1 {
		v.keys = append(v.keys, newMaster().wrapped(root))
	}
	for _, want := range []error{nil, ErrFull} {
		next := keyring.NewRoot()
		if err := v.Rotate(next, func() error { root = next; return nil }); !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
	}
	openIn(t, dir, root).wantOpens(t, sealed, nil)
}

// A root that is lost locks what was sealed, and nothing else; the recovery key opens it for good.
func TestALostRootIsUnlockedByItsRecoveryKey(t *testing.T) {
	dir, lost, root := t.TempDir(), keyring.NewRoot(), keyring.NewRoot()
	v := openIn(t, dir, lost)
	sealed := v.Seal("camera", []byte("secret"), []byte("door"))
	log := v.Key("log")
	before, err := v.PersonKey("day-2026-11-27")
	if err != nil {
		t.Fatal(err)
	}
	v = openIn(t, dir, root)
	v.wantOpens(t, sealed, ErrLocked)
	if l := v.Locked(); len(l) != 1 || l[0] != lost.Fingerprint() {
		t.Errorf("locked: %v", l)
	}
	if _, known := v.Person("day-2026-11-27"); known {
		t.Error("a key that is locked is given")
	}
	meanwhile, err := v.PersonKey("day-2026-11-27")
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Forget("p-9"); !errors.Is(err, ErrLocked) {
		t.Errorf("forgotten, of whom nothing can be said: %v", err)
	}
	newer := v.Seal("camera", []byte("secret"), []byte("door"))
	if err := v.Unlock(keyring.NewRoot()); !errors.Is(err, keyring.ErrRoot) {
		t.Errorf("another root: %v", err)
	}
	if err := v.Unlock(lost); err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Vault{v, openIn(t, dir, root)} {
		v.wantOpens(t, sealed, nil)
		v.wantOpens(t, newer, nil)
		if got := v.PersonKeys("day-2026-11-27"); len(got) != 2 || got[0] != before || got[1] != meanwhile {
			t.Errorf("%d keys of a day that has two", len(got))
		}
		if v.Key("log") != log {
			t.Error("the key of a purpose is not again what it was")
		}
		if err := v.Unlock(lost); !errors.Is(err, keyring.ErrNothingLocked) {
			t.Errorf("nothing is locked: %v", err)
		}
	}
	if err := v.Forget("day-2026-11-27"); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "vault", "*")); len(left) != 2 {
		t.Errorf("left are %v", left)
	}
}

func TestAPersonWhoIsForgottenHasNoKeyAnyMore(t *testing.T) {
	dir, root := t.TempDir(), keyring.NewRoot()
	v := openIn(t, dir, root)
	ids := []string{"p-1", "p-2", "day-2026-09-30", "day-2026-10-01", "day-2026-10-02", "day-x"}
	keys := map[string][32]byte{}
	for _, id := range ids {
		key, err := v.PersonKey(id)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := v.PersonKey(id); err != nil || again != key {
			t.Errorf("%s has another key the second time: %v", id, err)
		}
		keys[id] = key
	}
	m := v.present()
	if err := v.Forget("p-1"); err != nil {
		t.Fatal(err)
	}
	if n, err := v.ForgetDaysBefore(time.Date(2026, 10, 2, 1, 0, 0, 0, time.UTC)); n != 2 || err != nil {
		t.Errorf("%d days forgotten, %v", n, err)
	}
	if err := v.Forget("p-1"); err != nil {
		t.Errorf("twice: %v", err)
	}
	gone := map[string]bool{"p-1": true, "day-2026-09-30": true, "day-2026-10-01": true}
	for _, v := range []*Vault{v, openIn(t, dir, root)} {
		for _, id := range ids {
			if key, known := v.Person(id); known == gone[id] || known && key != keys[id] {
				t.Errorf("%s: known %v", id, known)
			}
		}
	}
	for name, data := range readAll(t, dir) { // what lies there, opened, as whoever has the root would
		if f, err := decodePeople(m, data); err == nil && len(f.people) != 3 {
			t.Errorf("%s holds the keys of %d people", name, len(f.people))
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "vault", "*")); len(left) != 2 {
		t.Errorf("left are %v", left)
	}
	for _, id := range []string{"", strings.Repeat("x", maxID+1)} {
		if _, err := v.PersonKey(id); err == nil {
			t.Errorf("an id of %d bytes is taken", len(id))
		}
	}
}

func TestManyAskForKeysAtOnceAndEachGetsOneThatLasts(t *testing.T) {
	dir, root := t.TempDir(), keyring.NewRoot()
	v := openIn(t, dir, root)
	var mu sync.Mutex
	var all sync.WaitGroup
	got := map[string]map[[32]byte]bool{}
	for i := range 64 {
		all.Go(func() {
			id := fmt.Sprintf("p-%d", i%16)
			key, err := v.PersonKey(id)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if got[id] == nil {
				got[id] = map[[32]byte]bool{}
			}
			got[id][key] = true
		})
	}
	all.Wait()
	again := openIn(t, dir, root)
	for id, keys := range got {
		if key, ok := again.Person(id); !ok || len(keys) != 1 || !keys[key] {
			t.Errorf("%s has %d keys", id, len(keys))
		}
	}
	if v.count != 16 || again.count != 16 {
		t.Errorf("%d and %d keys are counted", v.count, again.count)
	}
}

func TestTheVaultSaysWhenItIsFull(t *testing.T) {
	v := openIn(t, t.TempDir(), keyring.NewRoot())
	v.count = maxPeople
	if _, err := v.PersonKey("p-1"); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	v.count = maxPeople - 1
	if _, err := v.PersonKey("p-1"); err != nil {
		t.Errorf("the last: %v", err)
	}
}

func TestADamagedVaultIsNotReplaced(t *testing.T) {
	dir, root := t.TempDir(), keyring.NewRoot()
	if _, err := openIn(t, dir, root).PersonKey("p-1"); err != nil {
		t.Fatal(err)
	}
	for name, data := range readAll(t, dir) {
		for _, bad := range [][]byte{nil, data[:len(data)/2], append(bytes.Clone(data), 0)} {
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(Options{Dir: filepath.Join(dir, "vault"), Root: root}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%d bytes: %v", len(bad), err)
			}
			if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, bad) {
				t.Errorf("it was changed: %v", err)
			}
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkPersonKey is what one more person costs, with so many there.
func BenchmarkPersonKey(b *testing.B) {
	for _, n := range []int{100, 10_000, maxPeople - 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			v := openIn(b, b.TempDir(), keyring.NewRoot())
			people := map[string][][32]byte{}
			for i := range n {
				people[fmt.Sprintf("p-%016x", i)] = [][32]byte{{byte(i)}}
			}
			v.writing.Lock()
			err := v.change(people)
			v.writing.Unlock()
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				if _, err := v.PersonKey(fmt.Sprintf("q-%d", i%500)); err != nil {
					b.Fatal(err)
				}
				if err := v.Forget(fmt.Sprintf("q-%d", i%500)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

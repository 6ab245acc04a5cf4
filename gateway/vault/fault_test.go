package vault

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/storage/keyring"
	"holdfast/storage/storagetest"
)

// story is one run of everything that a vault does, and what it was promised meanwhile.
type story struct {
	t         *testing.T
	disk      *storagetest.Disk
	roots     []keyring.Root // the last is where the machine keeps it; those before were lost or replaced
	recovery  []keyring.Root // whose recovery keys somebody has
	sealed    [][]byte       // Seal gave them
	people    map[string][32]byte
	forgotten map[string]bool // Forget returned nil
	tried     map[string]bool // Forget was called
}

func (s *story) root() keyring.Root { return s.roots[len(s.roots)-1] }

func (s *story) open() (*Vault, error) {
	return Open(Options{FS: s.disk, Dir: "/data/vault", Root: s.root()})
}

func (s *story) seal(v *Vault) {
	s.sealed = append(s.sealed, v.Seal("camera", []byte("secret"), []byte("door")))
}

func (s *story) person(v *Vault, id string) {
	if key, err := v.PersonKey(id); err == nil {
		s.people[id] = key
	}
}

func (s *story) forget(v *Vault, id string) {
	s.tried[id] = true
	if v.Forget(id) == nil {
		s.forgotten[id] = true
		for _, m := range v.keys {
			s.wantNothingOf(m, "at once")
		}
	}
}

func (s *story) rotate(v *Vault) {
	next := keyring.NewRoot()
	v.Rotate(next, func() error { s.roots = append(s.roots, next); return nil })
}

// tell goes through everything; an injected fault may stop any step of it.
func (s *story) tell() {
	v, err := s.open()
	if err != nil {
		return
	}
	s.seal(v)
	for i := range 3 {
		s.person(v, fmt.Sprintf("p-%d", i))
	}
	s.person(v, "day-2026-01-01")
	s.forget(v, "p-0")
	s.rotate(v)
	s.seal(v)
	s.person(v, "p-3")
	s.forget(v, "p-1")
	lost := s.root()
	s.roots, s.recovery = append(s.roots, keyring.NewRoot()), append(s.recovery, lost)
	if v, err = s.open(); err != nil {
		return
	}
	s.seal(v)
	s.person(v, "p-4")
	v.Unlock(lost)
	s.forget(v, "p-2")
	s.tried["day-2026-01-01"] = true
	if n, err := v.ForgetDaysBefore(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)); n == 1 && err == nil {
		s.forgotten["day-2026-01-01"] = true
	}
}

// check opens what is there and holds it against what was promised, then goes on.
func (s *story) check(what string) {
	s.t.Helper()
	v, err := s.open()
	if err != nil {
		s.t.Fatalf("%s: open: %v\n%s", what, err, s.disk)
	}
	for _, r := range s.recovery {
		if err := v.Unlock(r); err != nil && !errors.Is(err, keyring.ErrNothingLocked) && !errors.Is(err, keyring.ErrRoot) {
			s.t.Fatalf("%s: unlock: %v", what, err)
		}
	}
	s.promises(v, what)
	s.seal(v)
	s.person(v, "after")
	for id := range s.tried {
		s.forget(v, id)
	}
	if len(s.forgotten) != len(s.tried) {
		s.t.Fatalf("%s: not all are forgotten in the end", what)
	}
	s.promises(v, what+", then used")
	if v, err = s.open(); err != nil {
		s.t.Fatalf("%s: open again: %v", what, err)
	}
	s.promises(v, what+", then used and opened again")
	s.disk = s.disk.After(storagetest.Synced, nil)
	for _, m := range v.keys {
		s.wantNothingOf(m, what)
	}
}

func (s *story) promises(v *Vault, what string) {
	s.t.Helper()
	if l := v.Locked(); len(l) > 0 {
		s.t.Fatalf("%s: locked: %v", what, l)
	}
	for i, sealed := range s.sealed {
		if plain, err := v.Open("camera", sealed, []byte("door")); err != nil || string(plain) != "secret" {
			s.t.Fatalf("%s: value %d: %q, %v", what, i, plain, err)
		}
	}
	for id, key := range s.people {
		got, known := v.Person(id)
		if s.forgotten[id] && known {
			s.t.Fatalf("%s: %s is forgotten and known", what, id)
		}
		if !s.tried[id] && (!known || got != key) {
			s.t.Fatalf("%s: the key of %s is lost", what, id)
		}
	}
}

// wantNothingOf looks into every file as who has the vault's keys could: nobody who is forgotten is in one, in clear or sealed.
func (s *story) wantNothingOf(m *master, what string) {
	s.t.Helper()
	for _, path := range s.disk.Files() {
		data := s.disk.Content(path)
		f, _ := decodePeople(m, data)
		for id := range s.forgotten {
			key, had := s.people[id]
			if f.people[id] != nil || had && bytes.Contains(data, key[:]) {
				s.t.Fatalf("%s: %s holds the key of %s, who is forgotten", what, path, id)
			}
		}
	}
}

func newStory(t *testing.T, f storagetest.Fault) (*story, int) {
	disk := storagetest.New(1 << 20)
	if err := errors.Join(disk.Mkdir("/data"), disk.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
	base := disk.Ops()
	if f.At > 0 {
		f.At += base
		disk.Inject(f)
	}
	return &story{t: t, disk: disk, roots: []keyring.Root{keyring.NewRoot()}, people: map[string][32]byte{}, forgotten: map[string]bool{}, tried: map[string]bool{}}, base
}

// Every call to the disk fails, fails after it took effect, and is the last before a crash, whatever of that survives. What was
// promised holds, nobody who was forgotten comes back, and the vault goes on.
func TestEveryFaultKeepsEveryPromise(t *testing.T) {
	calm, base := newStory(t, storagetest.Fault{})
	calm.tell()
	count := calm.disk.Ops() - base
	if len(calm.sealed) != 3 || len(calm.people) != 6 || len(calm.forgotten) != 4 || len(calm.roots) != 3 {
		t.Fatalf("the story was not told to its end: %+v", calm)
	}
	calm.check("without a fault")
	step := 1
	if testing.Short() {
		step = 7
	}
	for n := 1; n <= count; n += step {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter, storagetest.Crashes} {
			survivals := []storagetest.Survival{storagetest.All}
			if mode == storagetest.Crashes {
				survivals = append(survivals, storagetest.Synced, storagetest.Mixed)
			}
			for _, survival := range survivals {
				s, base := newStory(t, storagetest.Fault{At: n, Mode: mode})
				s.tell()
				what := fmt.Sprintf("operation %d (%s) %v, %v", n, s.disk.Op(base+n), mode, survival)
				s.disk.Inject(storagetest.Fault{})
				s.disk = s.disk.After(survival, rand.New(rand.NewPCG(uint64(n), 1)))
				s.check(what)
			}
		}
	}
	t.Logf("%d operations", count)
}

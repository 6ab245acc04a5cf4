package vault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/storage/keyring"
	"holdfast/storage/storagetest"
)

const rootPath = "/data/root.key"

// machine is a disk with a root key in a file and what lies under it, as a gateway has them.
type machine struct {
	disk  *storagetest.Disk
	vault *Vault
	ring  *keyring.Ring
}

var thisDay = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func newMachine(t *testing.T) (disk *storagetest.Disk) {
	t.Helper()
	disk = storagetest.New(1 << 20)
	if err := errors.Join(disk.Mkdir("/data"), disk.SyncDir("/"), keyring.WriteRootFile(disk, rootPath, keyring.NewRoot())); err != nil {
		t.Fatal(err)
	}
	return disk
}

// start opens all under the root key that is found, as the gateway does.
func start(disk *storagetest.Disk) (*machine, error) {
	root, err := keyring.ReadRootFile(disk, rootPath)
	if err == nil {
		err = disk.SyncDir("/data")
	}
	if err != nil {
		return nil, err
	}
	m := &machine{disk: disk}
	if m.ring, err = keyring.Open(keyring.Options{FS: disk, Dir: "/data/keyring", Root: root, Now: func() time.Time { return thisDay }}); err != nil {
		return nil, err
	}
	m.vault, err = Open(Options{FS: disk, Dir: "/data/vault", Root: root})
	return m, err
}

// rotate changes the root key as the gateway does.
func (m *machine) rotate() error {
	former, err := keyring.ParseRecovery(m.ring.Recovery())
	if err != nil {
		return err
	}
	next := keyring.NewRoot()
	return m.vault.Rotate(next, func() error {
		return m.ring.Rotate(next, func() error { return keyring.ReplaceRootFile(m.disk, rootPath, former, next) })
	})
}

// Wherever the change of the root key is stopped, by an error or by a crash, the root key that is found opens both keyring and vault.
func TestAChangeOfTheRootThatIsStoppedLeavesOneThatOpensAll(t *testing.T) {
	type before struct {
		*machine
		key, person [32]byte
		id          keyring.ID
		sealed      []byte
		base        int
	}
	begin := func() (b before) {
		disk := newMachine(t)
		m, err := start(disk)
		if err != nil {
			t.Fatal(err)
		}
		b = before{machine: m, sealed: m.vault.Seal("camera", []byte("secret"), []byte("door"))}
		var key keyring.Key
		if b.id, key, err = m.ring.Make("door", thisDay); err != nil {
			t.Fatal(err)
		}
		copy(b.key[:], key[:])
		if b.person, err = m.vault.PersonKey("p-1"); err != nil {
			t.Fatal(err)
		}
		b.base = disk.Ops()
		return b
	}
	check := func(b before, what string) {
		t.Helper()
		m, err := start(b.disk)
		if err != nil {
			t.Fatalf("%s: %v\n%s", what, err, b.disk)
		}
		if key, err := m.ring.Find("door", thisDay, b.id); err != nil || key != keyring.Key(b.key[:16]) {
			t.Fatalf("%s: the key of the footage: %v\n%s", what, err, b.disk)
		}
		if plain, err := m.vault.Open("camera", b.sealed, []byte("door")); err != nil || string(plain) != "secret" {
			t.Fatalf("%s: what is sealed: %q, %v", what, plain, err)
		}
		if person, known := m.vault.Person("p-1"); !known || person != b.person {
			t.Fatalf("%s: the key of a person is lost", what)
		}
		if err := m.rotate(); err != nil {
			t.Fatalf("%s: then changed: %v", what, err)
		}
	}
	calm := begin()
	if err := calm.rotate(); err != nil {
		t.Fatal(err)
	}
	count := calm.disk.Ops() - calm.base
	check(calm, "without a fault")
	for n := 1; n <= count; n++ {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter, storagetest.Crashes} {
			for _, survival := range []storagetest.Survival{storagetest.All, storagetest.Synced, storagetest.Mixed} {
				b := begin()
				b.disk.Inject(storagetest.Fault{At: b.base + n, Mode: mode})
				b.rotate()
				what := fmt.Sprintf("operation %d (%s) %v, %v", n, b.disk.Op(b.base+n), mode, survival)
				b.disk.Inject(storagetest.Fault{})
				b.disk = b.disk.After(survival, rand.New(rand.NewPCG(uint64(n), 1)))
				check(b, what)
			}
		}
	}
	t.Logf("%d operations", count)
}

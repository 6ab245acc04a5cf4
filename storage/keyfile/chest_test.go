package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/storage/storagetest"
)

var states = [][]byte{[]byte("first canary-1"), []byte("second, longer canary-2 than the first"), []byte("third")}

// site is a disk with the directory that chests are in.
func site(t *testing.T) *storagetest.Disk {
	t.Helper()
	disk := storagetest.New(1 << 20)
	if err := errors.Join(disk.Mkdir("/d"), disk.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
	return disk
}

func TestAStateReplacesTheFormerAndLeavesNothingOfIt(t *testing.T) {
	dir := t.TempDir()
	c, data, err := Open(OS(), dir, "keys")
	if err != nil || data != nil || c.Path() != "" {
		t.Fatalf("%q, %v", data, err)
	}
	var held *os.File // another name for the former file's blocks
	for i, s := range states {
		if err := c.Replace(s); err != nil {
			t.Fatal(err)
		}
		if held != nil {
			was := make([]byte, len(states[i-1]))
			if _, err := held.ReadAt(was, 0); err != nil || !bytes.Equal(was, make([]byte, len(was))) {
				t.Errorf("of state %d is left: %q, %v", i-1, was, err)
			}
			held.Close()
		}
		if held, err = os.Open(c.Path()); err != nil {
			t.Fatal(err)
		}
		if info, err := held.Stat(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	held.Close()
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("left are %v", list)
	}
	if c, data, err = Open(OS(), dir, "keys"); err != nil || !bytes.Equal(data, states[2]) {
		t.Errorf("opened: %q, %v", data, err)
	}
	if err := c.Drop(); err != nil {
		t.Fatal(err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("left are %v", list)
	}
}

func TestChestsOfOneDirectoryLeaveEachOtherAlone(t *testing.T) {
	disk := site(t)
	names := []string{"keys", "keys-00000001", "people"}
	for round := range 2 {
		for _, name := range names {
			c, _, err := Open(disk, "/d", name)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Replace(fmt.Appendf(nil, "%s %d", name, round)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range names {
		if _, data, err := Open(disk, "/d", name); err != nil || string(data) != name+" 1" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}

// Every call fails, fails after it took effect, or is the last before a crash: there is a whole state, no older than the last
// that Replace returned nil for; after Clean nothing else.
func TestEveryFaultLeavesAWholeState(t *testing.T) {
	tell := func(disk *storagetest.Disk) (sure int) {
		c, _, err := Open(disk, "/d", "keys")
		if err != nil {
			return 0
		}
		for i, s := range states {
			if err := c.Replace(s); err == nil || errors.Is(err, ErrResidue) {
				sure = i + 1
			}
		}
		return sure
	}
	calm := site(t)
	base := calm.Ops()
	if tell(calm) != 3 {
		t.Fatal("the story was not told to its end")
	}
	count := calm.Ops() - base
	for n := 1; n <= count; n++ {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter, storagetest.Crashes} {
			for _, survival := range []storagetest.Survival{storagetest.All, storagetest.Synced, storagetest.Mixed} {
				disk := site(t)
				disk.Inject(storagetest.Fault{At: base + n, Mode: mode})
				sure := tell(disk)
				what := fmt.Sprintf("operation %d (%s) %v, %v", n, disk.Op(base+n), mode, survival)
				disk.Inject(storagetest.Fault{})
				disk = disk.After(survival, rand.New(rand.NewPCG(uint64(n), 1)))
				c, data, err := Open(disk, "/d", "keys")
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				is := 0
				for i, s := range states {
					if bytes.Equal(data, s) {
						is = i + 1
					}
				}
				if is < sure || is == 0 && data != nil {
					t.Fatalf("%s: %q is found, state %d was acknowledged", what, data, sure)
				}
				if err := c.Clean(); err != nil {
					t.Fatalf("%s: clean: %v", what, err)
				}
				if left := disk.Files(); len(left) > 1 || data != nil && len(left) != 1 {
					t.Fatalf("%s: left are %v", what, left)
				}
			}
		}
	}
	t.Logf("%d operations", count)
}

func TestAFormerStateIsOverwrittenForGoodBeforeItIsRemoved(t *testing.T) {
	disk := site(t)
	c, _, err := Open(disk, "/d", "keys")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Replace(states[0]); err != nil {
		t.Fatal(err)
	}
	former, base := c.Path(), disk.Ops()
	if err := c.Replace(states[1]); err != nil {
		t.Fatal(err)
	}
	var done []string
	for n := base + 1; n <= disk.Ops(); n++ {
		if op := disk.Op(n); strings.HasSuffix(op, former) {
			done = append(done, strings.Fields(op)[0])
		}
	}
	if got := strings.Join(done, " "); got != "open fstat write fsync close remove" {
		t.Errorf("done to the former file: %s", got)
	}
}

func TestAFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := Own(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode      os.FileMode
		tightened bool
	}{{0o600, false}, {0o400, false}, {0o640, true}, {0o604, true}, {0o777, true}} {
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		tightened, err := Own(path)
		info, _ := os.Stat(path)
		if err != nil || tightened != c.tightened || info.Mode().Perm() != c.mode&0o700 {
			t.Errorf("%04o: tightened %v, now %04o, %v", c.mode, tightened, info.Mode().Perm(), err)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := Own(path); err == nil {
		t.Error("a file of another user is taken")
	}
	if err := os.Chown(filepath.Dir(path), 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := Own(path); err != nil {
		t.Errorf("root works for the owner of the directory: %v", err)
	}
}

package auth

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// firstRelease is a bench on the state.db of a first release: testdata/v1, made by one and never made again.
func firstRelease(t *testing.T) *bench {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(must[[]byte](t)(os.ReadFile(filepath.Join("testdata", "v1", "state.db.gz")))))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.db.Close()
	if err := os.WriteFile(b.path, must[[]byte](t)(io.ReadAll(z)), 0o600); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.kept(), `"name":"grace"`) {
		t.Fatal("the fixture is not what it was")
	}
	b.open()
	return b
}

// kept is all that is in the database's file, deleted or not.
func (b *bench) kept() string {
	b.t.Helper()
	if err := b.db.Sync(); err != nil && b.db.Path() != "" {
		b.t.Fatal(err)
	}
	return string(must[[]byte](b.t)(os.ReadFile(b.path)))
}

func TestTheAdministratorOfAFirstReleaseStays(t *testing.T) {
	b := firstRelease(t)
	for range 2 { // the second time there is nothing to move
		list := b.People()
		if len(list) != 1 || list[0].Name != goodName || list[0].State != Active || !strings.HasPrefix(list[0].ID, "p-") || len(list[0].Networks) != 2 || list[0].Created.IsZero() {
			t.Fatalf("people are %+v", list)
		}
		if b.NeedsSetup() {
			t.Fatal("it is set up anew")
		}
		b.reopen()
	}
	_, err := b.Session(strings.TrimSpace(string(must[[]byte](t)(os.ReadFile(filepath.Join("testdata", "v1", "session"))))))
	wants(t, err, ErrCredentials) // people sign in again
	s := must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	for _, p := range Permissions() {
		if !s.May(p) {
			t.Errorf("the administrator may not %s", p)
		}
	}
}

func TestNothingInClearIsLeftOfAFirstRelease(t *testing.T) {
	b := firstRelease(t)
	for _, canary := range []string{goodName, "192.168.1.10", "2001:db8", "$argon2id$", "Firefox", "auth.users"} {
		if strings.Contains(b.kept(), canary) {
			t.Errorf("%q is in the file still", canary)
		}
	}
}

func TestScrubbingLeavesWhatIsKept(t *testing.T) {
	b := newBench(t)
	var s Session
	b.setUp()
	for range 40 {
		b.pass(time.Second)
		s = must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	}
	before := must[os.FileInfo](t)(os.Stat(b.path)).Size()
	for range 3 {
		well(t, scrub(b.db))
	}
	if after := must[os.FileInfo](t)(os.Stat(b.path)).Size(); after > 2*before {
		t.Errorf("the file grew from %d to %d bytes", before, after)
	}
	b.reopen()
	if who := b.again(s); who.User != goodName || len(b.Sessions()) != maxSessions {
		t.Errorf("after it there are %d sessions, of %q", len(b.Sessions()), who.User)
	}
}

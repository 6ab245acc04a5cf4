package gateway

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/gateway/web"
)

func TestWhoseALockIsIsKeptSealedUntilTheLockEnds(t *testing.T) {
	dir := t.TempDir()
	s, err := openState(dir, testVault(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	old := keptLock{Owner: "Margarete Muster", Reason: "Burglary at the back door", Until: now.Add(time.Hour)}
	for _, id := range []string{"a", "b"} {
		if err := s.keepLock(id, old, now); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.keptLock("a"); err != nil || got != old {
		t.Errorf("kept %+v, %v", got, err)
	}
	if err := s.dropLock("b"); err != nil {
		t.Fatal(err)
	}
	newer := keptLock{Owner: "demo", Reason: "none", Until: now.Add(3 * time.Hour)}
	if err := s.keepLock("c", newer, now.Add(2*time.Hour+lockGrace)); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]keptLock{"a": {}, "b": {}, "c": newer, "never": {}} {
		if got, err := s.keptLock(id); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", id, got, err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{old.Owner, old.Reason} {
		if bytes.Contains(raw, []byte(word)) {
			t.Errorf("%q is in state.db in clear", word)
		}
	}
}

// Journals and index are in clear: nothing of whose a lock is, or why, may come there. And a lock that storage lost, with its
// index and its journals, is made again from the state.
func TestPersonalValuesOfLocksStayInTheStateAndALostLockIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := startIn(t, dir, "")
	const owner, reason = "Margarete Muster", "Burglary at the back door"
	now := time.Now().UTC().Truncate(time.Second)
	l, err := r.g.LockFootage(t.Context(), owner, web.LockRequest{Camera: "door", From: now.Add(-time.Hour), To: now, Until: now.Add(time.Hour), Reason: reason})
	if err != nil {
		t.Fatal(err)
	}
	ended, err := r.g.LockFootage(t.Context(), owner, web.LockRequest{Camera: "door", From: now.Add(-time.Hour), To: now, Until: now.Add(time.Hour), Reason: reason})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.g.UnlockFootage(t.Context(), ended.ID); err != nil {
		t.Fatal(err)
	}
	r.end()
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, word := range []string{owner, reason} {
			if bytes.Contains(raw, []byte(word)) {
				t.Errorf("%q is in %s in clear", word, path)
			}
		}
		files++
		return err
	})
	if err != nil || files < 4 {
		t.Fatalf("%d files, %v", files, err)
	}
	for _, path := range []string{filepath.Join(dir, "data", "index.db"), filepath.Join(dir, "volume")} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	again := startIn(t, dir, "")
	list, err := again.g.FootageLocks("", now.Add(-time.Hour), now)
	if err != nil || len(list) != 1 || list[0] != l {
		t.Errorf("locks are %+v, %v; want %+v", list, err, l)
	}
}

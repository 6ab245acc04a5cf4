package gateway

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWhoseALockIsIsKeptSealedUntilTheLockEnds(t *testing.T) {
	dir := t.TempDir()
	s, err := openState(dir)
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
	if err := s.keepLock("c", newer, now.Add(2*time.Hour)); err != nil {
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

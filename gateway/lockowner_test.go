package gateway

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/auth"
	"holdfast/storage"
)

// TestALockNamesItsOwnerForAsLongAsTheyAreThere: records of older releases, which hold names, are moved to ids at the start.
func TestALockNamesItsOwnerForAsLongAsTheyAreThere(t *testing.T) {
	dir := t.TempDir()
	v := testVault(t, dir)
	s, err := openState(dir, v)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, err := auth.New(auth.Options{DB: s.db, Keys: v})
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{state: s, auth: a, now: time.Now}
	p, inv, err := a.CreatePerson(a.Local(), auth.NewPerson{Name: "margarete"})
	if err == nil {
		_, err = a.Join(t.Context(), auth.Attempt{From: netip.IPv6Loopback()}, inv.Token, "wet paint on the stairs")
	}
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour).UTC()
	for id, owner := range map[string]string{"old": "margarete", "new": p.ID, "machine": "local", "stranger": "somebody who left"} {
		if err := s.keepLock(id, keptLock{Owner: owner, Reason: "Case 12", Until: until}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second start has nothing to move
		if err := g.ownLocks(); err != nil {
			t.Fatal(err)
		}
	}
	told := func(id string) (owner, person string) {
		kept, err := s.keptLock(id)
		if err != nil || kept.Reason != "Case 12" || !kept.Until.Equal(until) {
			t.Fatal(kept, err)
		}
		if strings.Contains(kept.Owner, "margarete") {
			t.Errorf("lock %s holds a name", id)
		}
		l := g.lockOf(storage.Lock{ID: id}, kept)
		return l.Owner, l.Person
	}
	for id, want := range map[string][2]string{"old": {"margarete", p.ID}, "new": {"margarete", p.ID}, "machine": {"local", ""}, "stranger": {"somebody who left", ""}} {
		if owner, person := told(id); owner != want[0] || person != want[1] {
			t.Errorf("lock %s is %q's, %q", id, owner, person)
		}
	}
	name := "greta"
	if _, _, err := a.ChangePerson(a.Local(), p.ID, auth.PersonChange{Name: &name}); err != nil {
		t.Fatal(err)
	}
	if owner, _ := told("old"); owner != name {
		t.Errorf("after renaming it is %q's", owner)
	}
	if _, err := a.DeletePerson(a.Local(), p.ID); err != nil {
		t.Fatal(err)
	}
	if owner, person := told("old"); owner != "" || person != p.ID {
		t.Errorf("after deletion it is %q's, %q", owner, person)
	}
}

package auth

import (
	"testing"

	"holdfast/gateway/auth/authtest"
)

func TestWhoCannotBeOpenedIsSomebodyAndComesBackWithTheirKey(t *testing.T) {
	b := newBench(t)
	s := b.setUp()
	id := s.Person
	kept := b.keys
	b.keys = authtest.NewKeys() // the root key is another one
	b.reopen()
	if b.NeedsSetup() || len(b.People()) != 0 {
		t.Fatal("a gateway whose people cannot be opened may be set up anew")
	}
	_, err := b.SetupToken()
	wants(t, err, ErrSetUp)
	_, err = b.Login(t.Context(), shop, goodName, goodPassword)
	wants(t, err, ErrCredentials)
	stranger, _, err := b.CreatePerson(b.Local(), NewPerson{Name: goodName, Grants: []Grant{{Role: "viewer", Cameras: []string{"*"}}}})
	if err != nil {
		t.Fatal(err)
	}
	b.keys.Join(kept) // it is unlocked
	if err := b.Reread(); err != nil {
		t.Fatal(err)
	}
	if p, err := b.Person(id); err != nil || p.Name == goodName || b.NameOf(p.Name) != id {
		t.Errorf("the person who came back: %+v %v", p, err)
	}
	if b.NameOf(goodName) != stranger.ID {
		t.Error("who took the name meanwhile lost it")
	}
	must[Identity](t)(b.Session(s.Secret))
}

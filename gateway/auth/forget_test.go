package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/auth/authtest"
)

func TestADeletedPersonLeavesNothingThatNamesThem(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	const canary, shown, agent, token = "canaryname", "Canary von Display", "CanaryBrowser", "Canary token"
	p, inv, err := b.CreatePerson(admin, NewPerson{Name: canary, Display: shown, Grants: []Grant{over("operator", "*")}})
	well(t, err)
	from := shop
	from.Agent = agent
	s := must[Session](t)(b.Join(t.Context(), from, inv.Token, goodPassword))
	_, secret, err := b.MakeAPIToken(s.Identity, NewToken{Name: token, Permissions: SetOf(See), Cameras: []string{"*"}, Until: b.clock().Add(time.Hour)})
	well(t, err)
	once := must[string](t)(b.OnceToken(canary))
	found := func(when string) {
		t.Helper()
		for _, name := range []string{canary, shown, agent, token, "192.168.1.10", goodPassword, "$argon2id$"} {
			if strings.Contains(b.kept(), name) {
				t.Errorf("%s: %q is in the database in clear", when, name)
			}
			if name != "192.168.1.10" && strings.Contains(b.log.String(), name) {
				t.Errorf("%s: %q is in the log", when, name)
			}
		}
	}
	found("before")
	if _, err := b.DeletePerson(admin, p.ID); err != nil {
		t.Fatal(err)
	}
	found("after")
	if len(b.keys.PersonKeys(stateKey(p.ID))) != 0 {
		t.Error("the key is there still")
	}
	for name, try := range map[string]func() error{
		"session": func() error { _, err := b.Session(s.Secret); return err },
		"token":   func() error { _, err := b.Bearer(secret, shop); return err },
		"login":   func() error { _, err := b.Login(t.Context(), shop, canary, goodPassword); return err },
		"once":    func() error { _, err := b.LoginOnce(shop, once); return err },
	} {
		if try() == nil {
			t.Errorf("who was deleted is in by %s", name)
		}
	}
	if len(b.Auth.byDigest) != 0 || len(b.TokensOf("")) != 0 {
		t.Error("tokens are left")
	}
	b.reopen()
	if len(b.People()) != 1 || b.Locked() != 0 {
		t.Errorf("%d people, %d locked", len(b.People()), b.Locked())
	}
	// A key of before that somebody kept opens nothing: there is nothing.
	if again, _, err := b.CreatePerson(b.Local(), NewPerson{Name: canary}); err != nil || again.ID == p.ID {
		t.Error(again, err)
	}
}

// TestAKeyThatCouldNotBeDestroyedIsDestroyedLater: of a person and of a wall, by a gateway that was started anew, and of nobody else.
func TestAKeyThatCouldNotBeDestroyedIsDestroyedLater(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	ann, bob := b.staff(admin, "ann", over("viewer", "*")), b.staff(admin, "bob", over("viewer", "*"))
	wall, secret, err := b.MakeDeviceToken(admin, NewToken{Name: "Wall", Permissions: SetOf(See), Cameras: []string{"*"}, Until: b.clock().Add(time.Hour)})
	well(t, err)
	must[Session](t)(b.LoginDevice(shop, secret))
	locked := errors.New("locked")
	b.keys.Refuse(locked)
	_, err = b.DeletePerson(admin, ann.Person)
	wants(t, err, locked)
	_, err = b.RevokeToken(wall.ID, "")
	wants(t, err, locked)
	left := func(id string) int { return len(b.keys.PersonKeys(stateKey(id))) }
	if left(ann.Person) != 1 || left(wall.ID) != 1 {
		t.Fatal("nothing is left to destroy")
	}
	b.reopen()
	wants(t, b.Sweep(), locked)
	b.keys.Refuse(nil)
	well(t, b.Sweep())
	if left(ann.Person) != 0 || left(wall.ID) != 0 || left(bob.Person) != 1 {
		t.Errorf("keys left: %d of who was deleted, %d of the wall, %d of who is there", left(ann.Person), left(wall.ID), left(bob.Person))
	}
	b.keys.Refuse(locked)
	well(t, b.Sweep()) // nobody is asked about any more
}

func TestTheAuditLogForgetsWhoeverIsDeleted(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	ann := b.staff(admin, "ann", over("viewer", "*"))
	must[[32]byte](t)(b.keys.PersonKey(ann.Person)) // as the audit log makes it
	wants(t, b.ForgetPerson(admin, ann.Person), ErrPresent)
	if _, err := b.DeletePerson(admin, ann.Person); err != nil {
		t.Fatal(err)
	}
	if len(b.keys.PersonKeys(ann.Person)) != 1 {
		t.Fatal("deleting an account made the audit log forget")
	}
	for _, id := range []string{"", "p-", "ann", "day-2026-03-01", "state:" + ann.Person, "p-0123456789abcdeg", "p-0123456789abcdef", "t-0123456789ab"} {
		wants(t, b.ForgetPerson(admin, id), ErrNone)
	}
	well(t, b.ForgetPerson(admin, ann.Person))
	if len(b.keys.PersonKeys(ann.Person)) != 0 {
		t.Error("the key is there still")
	}
	wants(t, b.ForgetPerson(admin, ann.Person), ErrNone)
}

// TestWithoutTheirKeysPeopleAreLockedAndNobodyIsSetUpAnew: whoever has the disk must not become the administrator by losing a key.
func TestWithoutTheirKeysPeopleAreLockedAndNobodyIsSetUpAnew(t *testing.T) {
	b := newBench(t)
	s := b.setUp()
	whole := b.keys
	b.keys = authtest.NewKeys()
	b.reopen()
	if b.NeedsSetup() || b.Locked() != 1 || len(b.People()) != 0 {
		t.Errorf("needs set-up %t, %d locked, %d people", b.NeedsSetup(), b.Locked(), len(b.People()))
	}
	_, err := b.SetupToken()
	wants(t, err, ErrSetUp)
	_, err = b.Setup(t.Context(), thief, "hfs_x", "mallory", goodPassword)
	wants(t, err, ErrSetUp)
	_, err = b.Login(t.Context(), shop, goodName, goodPassword)
	wants(t, err, ErrCredentials)
	if _, err := b.Session(s.Secret); !errors.Is(err, ErrCredentials) {
		t.Error("a session opened without its key")
	}
	// Whoever has the machine makes another administrator by its own socket.
	if _, _, err := b.CreatePerson(b.Local(), NewPerson{Name: "rescue", Grants: []Grant{over(Administrator, "*")}}); err != nil {
		t.Error(err)
	}
	b.keys = whole
	b.reopen()
	if b.Locked() != 1 || len(b.People()) != 1 {
		t.Errorf("with the key again: %d locked, %d people", b.Locked(), len(b.People()))
	}
	must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
}

// TestASealedRecordCannotStandForAnother: neither moved to another person, nor to another bucket.
func TestASealedRecordCannotStandForAnother(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	value := must[[]byte](t)(b.sealPerson(b.person(admin.Person)))
	var p person
	if _, err := b.unseal(value, "session", &p); !errors.Is(err, errUnreadable) {
		t.Errorf("a person opens as a session: %v", err)
	}
	ann := b.staff(admin, "ann")
	moved := strings.Replace(string(value), admin.Person, ann.Person, 1)
	if _, err := b.unseal([]byte(moved), "person", &p); !errors.Is(err, errUnreadable) {
		t.Errorf("a person opens as another: %v", err)
	}
	well(t, b.putValue(bucketPeople, ann.Person, value))
	b.reopen()
	if n := len(b.People()); n != 1 {
		t.Errorf("a record under another's id: %d people, %d locked", n, b.Locked())
	}
}

package auth

import (
	"errors"
	"testing"
	"time"
)

func TestAnInvitationIsGoodOnceAndForThreeDays(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	p, inv, err := b.CreatePerson(admin, NewPerson{Name: "Ann", Display: "Ann of the shop", Grants: []Grant{over("viewer", "*")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Login(t.Context(), shop, "ann", goodPassword)
	wants(t, err, ErrCredentials)
	name, display, err := b.InvitedName(inv.Token)
	if err != nil || name != "ann" || display != "Ann of the shop" {
		t.Fatal(name, display, err)
	}
	for _, wrong := range []string{"", "hfi_", inv.Token + "x", string(make([]byte, 4096))} {
		_, err := b.Join(t.Context(), thief, wrong, goodPassword)
		wants(t, err, ErrToken)
	}
	_, err = b.Join(t.Context(), shop, inv.Token, "short")
	var rule *RuleError
	if !errors.As(err, &rule) || rule.Field != "password" {
		t.Fatalf("a short password: %v", err)
	}
	b.reopen() // an invitation lasts over a restart
	s := must[Session](t)(b.Join(t.Context(), shop, inv.Token, goodPassword))
	if s.Person != p.ID || s.Display != "Ann of the shop" {
		t.Errorf("signed in as %+v", s.Identity)
	}
	_, err = b.Join(t.Context(), thief, inv.Token, "another good password here")
	wants(t, err, ErrToken)
	_, _, err = b.InvitedName(inv.Token)
	wants(t, err, ErrToken)

	late := must[Invitation](t)(b.Invite(admin, p.ID))
	b.pass(inviteLife)
	_, err = b.Join(t.Context(), shop, late.Token, goodPassword)
	wants(t, err, ErrToken)
	if told := must[Person](t)(b.Person(p.ID)); !told.InvitedUntil.IsZero() || told.State != Active {
		t.Errorf("an invitation that has ended is told: %+v", told)
	}
}

func TestANewInvitationReplacesTheFormerAndEndsSessions(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	old := b.staff(admin, "ann", over("viewer", "*"))
	first := must[Invitation](t)(b.Invite(admin, old.Person))
	second := must[Invitation](t)(b.Invite(admin, old.Person))
	_, err := b.Join(t.Context(), shop, first.Token, goodPassword)
	wants(t, err, ErrToken)
	if _, err := b.Session(old.Secret); err != nil {
		t.Error("an invitation alone ended a session")
	}
	must[Session](t)(b.Join(t.Context(), shop, second.Token, "a quite new password"))
	if _, err := b.Session(old.Secret); !errors.Is(err, ErrCredentials) {
		t.Error("a session of before outlived the new password")
	}
	_, err = b.Login(t.Context(), shop, "ann", goodPassword)
	wants(t, err, ErrCredentials)
}

func TestADisabledPersonIsOutByEveryWay(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	ann := b.staff(admin, "ann", over("operator", "*"))
	_, secret, err := b.MakeAPIToken(ann.Identity, NewToken{Name: "script", Permissions: SetOf(See), Cameras: []string{"*"}, Until: b.clock().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	once := must[string](t)(b.OnceToken("ann"))
	inv := must[Invitation](t)(b.Invite(admin, ann.Person))
	yes, no := true, false
	_, after, err := b.ChangePerson(admin, ann.Person, PersonChange{Disabled: &yes})
	if err != nil || after.State != Disabled {
		t.Fatal(after, err)
	}
	for name, try := range map[string]func() error{
		"session":    func() error { _, err := b.Session(ann.Secret); return err },
		"password":   func() error { _, err := b.Login(t.Context(), shop, "ann", goodPassword); return err },
		"token":      func() error { _, err := b.Bearer(secret, shop); return err },
		"once":       func() error { _, err := b.LoginOnce(shop, once); return err },
		"invitation": func() error { _, err := b.Join(t.Context(), shop, inv.Token, goodPassword); return err },
		"new once":   func() error { _, err := b.OnceToken("ann"); return err },
		"invite":     func() error { _, err := b.Invite(admin, ann.Person); return err },
	} {
		if try() == nil {
			t.Errorf("a disabled person is in by their %s", name)
		}
	}
	if _, _, err := b.ChangePerson(admin, ann.Person, PersonChange{Disabled: &no}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Login(t.Context(), shop, "ann", goodPassword); err != nil {
		t.Error(err)
	}
	if _, err := b.Bearer(secret, shop); err != nil {
		t.Error("a token that was not revoked is not good again")
	}
}

func TestNamesAreOnesOwn(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	ann := b.staff(admin, "ann", over("viewer", "*"))
	_, _, err := b.CreatePerson(admin, NewPerson{Name: "ANN"})
	wants(t, err, ErrNameTaken)
	taken := "Grace"
	_, _, err = b.ChangePerson(ann.Identity, ann.Person, PersonChange{Name: &taken})
	wants(t, err, ErrNameTaken)
	fresh := "anna"
	if _, _, err := b.ChangePerson(ann.Identity, ann.Person, PersonChange{Name: &fresh}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Login(t.Context(), shop, "ann", goodPassword)
	wants(t, err, ErrCredentials)
	must[Session](t)(b.Login(t.Context(), shop, "anna", goodPassword))
	if _, _, err := b.CreatePerson(admin, NewPerson{Name: "ann"}); err != nil {
		t.Errorf("a name that is free again: %v", err)
	}
	b.reopen()
	must[Session](t)(b.Login(t.Context(), shop, "anna", goodPassword))
}

func TestUnusedAccountsAreFound(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	ann := b.staff(admin, "ann", over("viewer", "*"))
	if _, _, err := b.CreatePerson(admin, NewPerson{Name: "never"}); err != nil {
		t.Fatal(err)
	}
	b.pass(90 * 24 * time.Hour)
	must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	var names []string
	for _, p := range b.Unused(90 * 24 * time.Hour) {
		names = append(names, p.Name)
	}
	if len(names) != 2 || names[0] != "ann" || names[1] != "never" {
		t.Errorf("unused are %v", names)
	}
	if len(b.Unused(91*24*time.Hour)) != 0 {
		t.Error("who was away for 90 days was away for 91")
	}
	yes := true
	if _, _, err := b.ChangePerson(b.Local(), ann.Person, PersonChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if len(b.Unused(90*24*time.Hour)) != 1 {
		t.Error("a disabled account is one that is used or not")
	}
}

package auth

import (
	"errors"
	"testing"
	"time"
)

// keeper makes a person who manages people and watches, and has nothing else.
func (b *bench) keeper(admin Identity) Session {
	b.t.Helper()
	if err := b.PutRole(admin, Role{ID: "keeper", Name: "Keeper", Permissions: SetOf(See, Live, People)}); err != nil {
		b.t.Fatal(err)
	}
	return b.staff(admin, "keeper", over("keeper", "*"))
}

// TestNobodyGivesChangesOrTakesMoreThanTheyHave tries every way from managing people to rights that one does not have.
func TestNobodyGivesChangesOrTakesMoreThanTheyHave(t *testing.T) {
	b := newBench(t)
	boss := b.setUp()
	admin := boss.Identity
	session := b.keeper(admin)
	keeper := b.again(session)
	for _, e := range []error{
		b.PutGroup(admin, Group{ID: "vault", Name: "Vault", Cameras: []string{"safe"}}),
		b.PutGroup(admin, Group{ID: "front", Name: "Front", Cameras: []string{"door"}}),
		b.PutRole(admin, Role{ID: "chief", Name: "Chief", Permissions: SetOf(See, Playback, Erase)}),
	} {
		if e != nil {
			t.Fatal(e)
		}
	}
	if _, err := b.SetPolicy(admin, Policy{TwoPeople: []TwoPeople{{Permissions: SetOf(Playback), Cameras: []string{"group:vault"}}}}); err != nil {
		t.Fatal(err)
	}
	chief := b.staff(admin, "chief", over("chief", "group:front"))
	yes := true
	grants := func(g ...Grant) PersonChange { return PersonChange{Grants: &g} }
	for name, act := range map[string]func() error{
		"make an administrator": func() error {
			_, _, err := b.CreatePerson(keeper, NewPerson{Name: "own", Grants: []Grant{over(Administrator, "*")}})
			return err
		},
		"make one of one camera": func() error {
			_, _, err := b.CreatePerson(keeper, NewPerson{Name: "own", Grants: []Grant{over("operator", "door")}})
			return err
		},
		"give oneself more": func() error {
			_, _, err := b.ChangePerson(keeper, keeper.Person, grants(over("keeper", "*"), over("chief", "door")))
			return err
		},
		"take an administrator's rights": func() error { _, _, err := b.ChangePerson(keeper, admin.Person, grants()); return err },
		"take a chief's rights":          func() error { _, _, err := b.ChangePerson(keeper, chief.Person, grants()); return err },
		"disable an administrator": func() error {
			_, _, err := b.ChangePerson(keeper, admin.Person, PersonChange{Disabled: &yes})
			return err
		},
		"drop an administrator's second factor": func() error {
			_, _, err := b.ChangePerson(keeper, admin.Person, PersonChange{DropFactor: true})
			return err
		},
		"rename an administrator": func() error {
			name := "nobody"
			_, _, err := b.ChangePerson(keeper, admin.Person, PersonChange{Name: &name})
			return err
		},
		"delete an administrator":      func() error { _, err := b.DeletePerson(keeper, admin.Person); return err },
		"invite an administrator anew": func() error { _, err := b.Invite(keeper, admin.Person); return err },
		"invite a chief anew":          func() error { _, err := b.Invite(keeper, chief.Person); return err },
		"make a role of more":          func() error { return b.PutRole(keeper, Role{ID: "mine", Name: "Mine", Permissions: SetOf(Export)}) },
		"add to one's own role": func() error {
			return b.PutRole(keeper, Role{ID: "keeper", Name: "Keeper", Permissions: SetOf(See, Live, People, Audit)})
		},
		"take from a role of more": func() error { return b.PutRole(keeper, Role{ID: "chief", Name: "Chief", Permissions: SetOf(See)}) },
		"remove a role of more":    func() error { return b.RemoveRole(keeper, "chief") },
		"add a camera to a chief's group": func() error {
			return b.PutGroup(keeper, Group{ID: "front", Name: "Front", Cameras: []string{"door", "safe"}})
		},
		"empty the group that two watch": func() error { return b.PutGroup(keeper, Group{ID: "vault", Name: "Vault"}) },
		"do without the second person":   func() error { _, err := b.SetPolicy(keeper, Policy{}); return err },
		"make a wall that hears": func() error {
			_, _, err := b.MakeDeviceToken(keeper, NewToken{Name: "Wall", Permissions: SetOf(See, Live, Audio), Cameras: []string{"*"}, Until: b.clock().Add(time.Hour)})
			return err
		},
		"have the log forget, as a viewer": func() error { return b.ForgetPerson(b.staff(admin, "eve", over("viewer", "*")).Identity, admin.Person) },
	} {
		if err := act(); !errors.Is(err, ErrBeyond) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if who := b.again(session); who.May(Erase) || who.May(Audit) || who.MayOn(Playback, "door") {
		t.Errorf("the keeper has more than before: %+v", who)
	}
	if who := b.again(chief); !who.MayOn(Playback, "door") || who.MayOn(Playback, "safe") {
		t.Error("the chief's rights were changed")
	}
}

// TestAKeeperDoesTheirWork shows that the rule does not keep people from what they may.
func TestAKeeperDoesTheirWork(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	keeper := b.again(b.keeper(admin))
	p, inv, err := b.CreatePerson(keeper, NewPerson{Name: "guard", Display: "Night guard", Grants: []Grant{over("viewer", "door")}})
	if err != nil || p.State != Invited || p.InvitedUntil != inv.Until {
		t.Fatal(p, err)
	}
	if _, _, err := b.ChangePerson(keeper, p.ID, PersonChange{Grants: &[]Grant{over("viewer", "door", "till")}}); err != nil {
		t.Error(err)
	}
	if err := b.PutRole(keeper, Role{ID: "watcher", Name: "Watcher", Permissions: SetOf(Live)}); err != nil {
		t.Error(err)
	}
	if err := b.PutGroup(keeper, Group{ID: "all", Name: "All", Cameras: []string{"door"}}); err != nil {
		t.Error(err)
	}
	name := "warden"
	if _, after, err := b.ChangePerson(keeper, keeper.Person, PersonChange{Name: &name}); err != nil || after.Name != name {
		t.Error(after, err)
	}
	if _, err := b.DeletePerson(keeper, p.ID); err != nil {
		t.Error(err)
	}
	// What somebody else gave stays when a keeper adds what is theirs to give.
	boss := b.staff(admin, "chief", over("operator", "door"))
	if _, _, err := b.ChangePerson(admin, boss.Person, PersonChange{Grants: &[]Grant{over("operator", "door"), over("viewer", "till")}}); err != nil {
		t.Error(err)
	}
}

// TestWhoHasRightsForAWhileCannotGiveThemForGood: to themselves least of all.
func TestWhoHasRightsForAWhileCannotGiveThemForGood(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	forNow := Grant{Role: Administrator, Cameras: []string{"*"}, Until: b.clock().Add(8 * time.Hour)}
	byDay := Grant{Role: Administrator, Cameras: []string{"*"}, Hours: []Hours{{[]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, "00:00", "24:00"}}}
	for name, g := range map[string]Grant{"until": forNow, "hours": byDay} {
		who := b.again(b.staff(admin, name, g))
		if !who.May(People) {
			t.Fatal("no administrator at this hour")
		}
		_, _, err := b.ChangePerson(who, who.Person, PersonChange{Grants: &[]Grant{over(Administrator, "*")}})
		wants(t, err, ErrBeyond)
		_, _, err = b.CreatePerson(who, NewPerson{Name: "second", Grants: []Grant{over("viewer", "door")}})
		wants(t, err, ErrBeyond)
	}
}

func TestOneActiveAdministratorRemains(t *testing.T) {
	b := newBench(t)
	boss := b.setUp()
	admin := boss.Identity
	yes, no := true, false
	tries := map[string]func() error{
		"disabled": func() error {
			_, _, err := b.ChangePerson(admin, admin.Person, PersonChange{Disabled: &yes})
			return err
		},
		"rightless": func() error {
			_, _, err := b.ChangePerson(admin, admin.Person, PersonChange{Grants: &[]Grant{}})
			return err
		},
		"for a while": func() error {
			_, _, err := b.ChangePerson(admin, admin.Person, PersonChange{Grants: &[]Grant{{Role: Administrator, Cameras: []string{"*"}, Until: b.clock().Add(time.Hour)}}})
			return err
		},
		"of one": func() error {
			_, _, err := b.ChangePerson(admin, admin.Person, PersonChange{Grants: &[]Grant{over(Administrator, "door")}})
			return err
		},
		"deleted":      func() error { _, err := b.DeletePerson(admin, admin.Person); return err },
		"cancelled":    func() error { _, err := b.CancelAccount(t.Context(), admin, shop, goodPassword, ""); return err },
		"by the local": func() error { _, err := b.DeletePerson(b.Local(), admin.Person); return err },
	}
	for name, act := range tries {
		if err := act(); !errors.Is(err, ErrLast) {
			t.Errorf("the last administrator %s: %v", name, err)
		}
	}
	second, _, err := b.CreatePerson(admin, NewPerson{Name: "second", Grants: []Grant{over(Administrator, "*")}})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, tries["deleted"](), ErrLast) // who was invited cannot sign in yet
	inv := must[Invitation](t)(b.Invite(admin, second.ID))
	other := must[Session](t)(b.Join(t.Context(), shop, inv.Token, goodPassword))
	if _, _, err := b.ChangePerson(other.Identity, admin.Person, PersonChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Session(boss.Secret); !errors.Is(err, ErrCredentials) {
		t.Error("who was disabled is signed in still")
	}
	_, err = b.DeletePerson(other.Identity, other.Person)
	wants(t, err, ErrLast)
	if _, _, err := b.ChangePerson(other.Identity, admin.Person, PersonChange{Disabled: &no}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CancelAccount(t.Context(), other.Identity, shop, goodPassword, ""); err != nil {
		t.Fatal(err)
	}
	if list := b.People(); len(list) != 1 {
		t.Errorf("%d people", len(list))
	}
}

func TestCancellingAnAccountTakesItsPassword(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	s := b.staff(admin, "ann", over("viewer", "*"))
	_, err := b.CancelAccount(t.Context(), s.Identity, shop, "not the password", "")
	wants(t, err, ErrCredentials)
	if _, err := b.Person(s.Person); err != nil {
		t.Error("it was cancelled all the same")
	}
	if _, err := b.CancelAccount(t.Context(), s.Identity, shop, goodPassword, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Session(s.Secret); !errors.Is(err, ErrCredentials) {
		t.Error("a session outlived the account")
	}
}

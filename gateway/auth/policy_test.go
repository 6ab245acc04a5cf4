package auth

import (
	"errors"
	"testing"
	"time"
)

func TestWhoeverNeedsASecondFactorMayNothingBeforeTheyHaveOne(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	ann := b.staff(admin, "ann", over("operator", "*"))
	_, script, err := b.MakeAPIToken(ann.Identity, NewToken{Name: "script", Permissions: SetOf(See, Live), Cameras: []string{"*"}, Until: b.clock().Add(time.Hour)})
	well(t, err)
	if _, err := b.SetPolicy(admin, Policy{SecondFactor: []string{"operator"}}); err != nil {
		t.Fatal(err)
	}
	who := b.again(ann)
	if !who.NeedsSecondFactor() || who.MayOn(Live, "door") || who.May(See) || who.MayEverywhere(See) || !who.May(Self) || who.holdsAll(SetOf(See)) {
		t.Errorf("without it: %+v", who)
	}
	if token := must[Identity](t)(b.Bearer(script, shop)); !token.NeedsSecondFactor() || token.MayOn(Live, "door") {
		t.Error("a token is a way around it")
	}
	if b.again(ann).NeedsSecondFactor() == admin.NeedsSecondFactor() {
		t.Error("it is asked of a role that the policy does not name")
	}
	_, err = b.BeginFactor(t.Context(), who, shop, "not the password")
	wants(t, err, ErrCredentials)
	e, err := b.BeginFactor(t.Context(), who, shop, goodPassword)
	if err != nil || e.URI == "" || e.Text == "" || len(e.QR) == 0 {
		t.Fatal(e, err)
	}
	if !b.again(ann).NeedsSecondFactor() {
		t.Error("it counts before a first code was seen")
	}
	_, err = b.ConfirmFactor(who, shop, "000000")
	wants(t, err, ErrCredentials)
	codes := must[[]string](t)(b.ConfirmFactor(who, shop, codeAt(*b.person(ann.Person).Factor.Pending, b.clock())))
	if who := b.again(ann); who.NeedsSecondFactor() || !who.MayOn(Live, "door") {
		t.Error("with it nothing is allowed still")
	}
	if token := must[Identity](t)(b.Bearer(script, shop)); !token.MayOn(Live, "door") {
		t.Error("the token is not good again")
	}
	told := must[Person](t)(b.Person(ann.Person))
	if !told.SecondFactor || told.RecoveryCodes != len(codes) || told.WrongCodes != 0 {
		t.Errorf("told %+v", told)
	}
	_, err = b.Login(t.Context(), shop, "ann", goodPassword)
	wants(t, err, ErrSecondFactor)
	must[Session](t)(b.Auth.Login(t.Context(), shop, Credentials{"ann", goodPassword, codes[0]}))
	_, err = b.Auth.Login(t.Context(), shop, Credentials{"ann", goodPassword, codes[0]})
	wants(t, err, ErrCredentials)
	if told := must[Person](t)(b.Person(ann.Person)); told.RecoveryCodes != len(codes)-1 {
		t.Errorf("%d codes are left", told.RecoveryCodes)
	}
	// Who loses phone and codes asks an administrator, and enrols anew.
	if _, after, err := b.ChangePerson(admin, ann.Person, PersonChange{DropFactor: true}); err != nil || after.SecondFactor {
		t.Fatal(after, err)
	}
	if again := must[Session](t)(b.Login(t.Context(), shop, "ann", goodPassword)); !again.NeedsSecondFactor() {
		t.Error("it is not asked for anew")
	}
}

// TestTwoWhoSignInAtOnceUseACodeOnce: what a sign-in writes of a person does not bring back what another has used up.
func TestTwoWhoSignInAtOnceUseACodeOnce(t *testing.T) {
	b := newBench(t)
	admin := b.setUp()
	_, err := b.BeginFactor(t.Context(), admin.Identity, shop, goodPassword)
	well(t, err)
	f := *b.person(admin.Person).Factor.Pending
	must[[]string](t)(b.ConfirmFactor(admin.Identity, shop, codeAt(f, b.clock())))
	b.pass(time.Minute)
	early := must[*person](t)(b.proveFactor(shop, b.person(admin.Person), "", codeAt(f, b.clock())))
	b.pass(time.Minute)
	code := codeAt(f, b.clock())
	must[Session](t)(b.Auth.Login(t.Context(), shop, Credentials{goodName, goodPassword, code}))
	must[Session](t)(b.begin(shop, early.seenFrom(shop.From, b.clock())))
	_, err = b.Auth.Login(t.Context(), shop, Credentials{goodName, goodPassword, code})
	wants(t, err, ErrCredentials)
}

func TestAPolicyThatNamesNothingThereIsIsRefused(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	many := make([]TwoPeople, maxTwoPeople+1)
	for i := range many {
		many[i] = TwoPeople{SetOf(Playback), []string{"*"}}
	}
	for _, p := range []Policy{
		{SecondFactor: []string{"nobody"}},
		{TwoPeople: []TwoPeople{{SetOf(Live), []string{"*"}}}},
		{TwoPeople: []TwoPeople{{0, []string{"*"}}}},
		{TwoPeople: []TwoPeople{{SetOf(Playback), nil}}},
		{TwoPeople: []TwoPeople{{SetOf(Playback), []string{"group:none"}}}},
		{TwoPeople: many},
	} {
		_, err := b.SetPolicy(admin, p)
		var rule *RuleError
		if !errors.As(err, &rule) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	whole := Policy{TwoPeople: []TwoPeople{{SetOf(Playback, Export), []string{"door"}}}, SecondFactor: []string{Administrator}, NoProcessToken: true}
	if _, err := b.SetPolicy(admin, whole); err != nil {
		t.Fatal(err)
	}
	b.reopen()
	if p := b.Policy(); len(p.TwoPeople) != 1 || p.TwoPeople[0].Permissions != SetOf(Playback, Export) || !p.NoProcessToken || b.ProcessToken() != "" {
		t.Errorf("after a restart it is %+v", p)
	}
}

func TestRolesAndGroupsKeepTheirRules(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	good := Role{ID: "guard", Name: "Guard", Permissions: SetOf(See)}
	for name, r := range map[string]Role{
		"no id": {Name: "x", Permissions: SetOf(See)}, "a capital": {ID: "Guard", Name: "x", Permissions: SetOf(See)}, "a path": {ID: "../x", Name: "x", Permissions: SetOf(See)},
		"a digit first": {ID: "1x", Name: "x", Permissions: SetOf(See)}, "no name": {ID: "x", Permissions: SetOf(See)}, "a line end": {ID: "x", Name: "a\nb", Permissions: SetOf(See)}, "nothing": {ID: "x", Name: "x"},
		"a long id": {ID: string(make([]byte, 65)), Name: "x", Permissions: SetOf(See)},
	} {
		var rule *RuleError
		if err := b.PutRole(admin, r); !errors.As(err, &rule) {
			t.Errorf("a role with %s: %v", name, err)
		}
	}
	for _, r := range readyRoles {
		wants(t, b.PutRole(admin, Role{ID: r.ID, Name: "Mine", Permissions: SetOf(See)}), ErrReady)
		wants(t, b.RemoveRole(admin, r.ID), ErrReady)
	}
	well(t, b.PutRole(admin, good))
	if _, err := b.SetPolicy(admin, Policy{SecondFactor: []string{"guard"}}); err != nil {
		t.Fatal(err)
	}
	wants(t, b.RemoveRole(admin, "guard"), ErrInUse) // the policy would lose it in silence
	if _, err := b.SetPolicy(admin, Policy{}); err != nil {
		t.Fatal(err)
	}
	well(t, b.RemoveRole(admin, "guard"))
	wants(t, b.RemoveRole(admin, "guard"), ErrNone)
	for i := range maxRoles {
		well(t, b.PutRole(admin, Role{ID: "r" + string(rune('a'+i/26)) + string(rune('a'+i%26)), Name: "x", Permissions: SetOf(See)}))
	}
	var rule *RuleError
	if err := b.PutRole(admin, good); !errors.As(err, &rule) {
		t.Errorf("a role too many: %v", err)
	}
	for name, g := range map[string]Group{
		"no id": {Name: "x"}, "no name": {ID: "x"}, "all cameras": {ID: "x", Name: "x", Cameras: []string{"*"}}, "a group": {ID: "x", Name: "x", Cameras: []string{"group:y"}},
		"no camera": {ID: "x", Name: "x", Cameras: []string{""}}, "too many": {ID: "x", Name: "x", Cameras: make([]string, maxOfGroup+1)},
	} {
		if err := b.PutGroup(admin, g); !errors.As(err, &rule) {
			t.Errorf("a group with %s: %v", name, err)
		}
	}
	well(t, b.PutGroup(admin, Group{ID: "x", Name: "x", Cameras: []string{"b", "a", "b"}}))
	if g := b.Groups(); len(g) != 1 || len(g[0].Cameras) != 2 {
		t.Errorf("groups are %+v", g)
	}
	well(t, b.RemoveGroup("x"))
	wants(t, b.RemoveGroup("x"), ErrNone)
}

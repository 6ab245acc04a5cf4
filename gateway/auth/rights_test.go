package auth

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// over gives a role over cameras.
func over(role string, cameras ...string) Grant { return Grant{Role: role, Cameras: cameras} }

// staff makes a person by an administrator, and signs them in.
func (b *bench) staff(by Identity, name string, grants ...Grant) Session {
	b.t.Helper()
	_, inv, err := b.CreatePerson(by, NewPerson{Name: name, Grants: grants})
	if err != nil {
		b.t.Fatal(err)
	}
	return must[Session](b.t)(b.Join(b.t.Context(), shop, inv.Token, goodPassword))
}

func well(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// again gives what a session's person is at this moment.
func (b *bench) again(s Session) Identity {
	b.t.Helper()
	return must[Identity](b.t)(b.Session(s.Secret))
}

func (b *bench) at(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = t
}

// in sets the site's time zone.
func (b *bench) in(name string) *time.Location {
	b.t.Helper()
	zone := must[*time.Location](b.t)(time.LoadLocation(name))
	b.zone, b.all.zone = zone, zone
	return zone
}

func TestAGrantGivesItsRoleOnItsCamerasOnly(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	if err := b.PutGroup(admin, Group{ID: "till", Name: "Tills", Cameras: []string{"till-1", "till-2"}}); err != nil {
		t.Fatal(err)
	}
	ann := b.staff(admin, "ann", over("viewer", "door"), over("operator", "group:till")).Identity
	for _, c := range []struct {
		p      Permission
		camera string
		want   bool
	}{
		{Live, "door", true}, {See, "door", true}, {Playback, "door", false}, {Lock, "door", false},
		{Live, "till-1", true}, {Playback, "till-2", true}, {Export, "till-2", true}, {Erase, "till-2", false}, {Approve, "till-1", false},
		{Live, "yard", false}, {Playback, "yard", false}, {See, "", false}, {See, "*", false}, {See, "group:till", false}, {Live, "Door", false},
		{None, "door", false}, {Permission(200), "door", false}, {People, "door", false}, {Self, "door", false},
	} {
		if got := ann.MayOn(c.p, c.camera); got != c.want {
			t.Errorf("%s on %q: %t", c.p, c.camera, got)
		}
	}
	if !ann.May(Playback) || ann.May(People) || ann.May(Erase) || !ann.May(Self) || ann.May(None) || ann.MayEverywhere(Live) {
		t.Error("what holds somewhere is not what the grants give")
	}
}

func TestASitePermissionCountsOnlyFromAGrantOverAllCameras(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	half := b.staff(admin, "half", over(Administrator, "door")).Identity
	for _, p := range Permissions() {
		if want := p == Self || p.OfCameras(); half.May(p) != want {
			t.Errorf("an administrator of one camera may %s: %t", p, half.May(p))
		}
		if half.MayEverywhere(p) {
			t.Errorf("an administrator of one camera may %s everywhere", p)
		}
	}
	if auditor := b.staff(admin, "aud", over("auditor", "*")).Identity; !auditor.May(Audit) || auditor.MayOn(Live, "door") || auditor.May(People) {
		t.Error("the auditor's role is not what it says")
	}
}

func TestNobodyMayAnything(t *testing.T) {
	var nobody Identity
	for _, p := range append(Permissions(), None, permissions, Permission(255)) {
		if nobody.May(p) || nobody.MayOn(p, "door") || nobody.MayEverywhere(p) {
			t.Errorf("nobody may %s", p)
		}
	}
	if nobody.holdsAll(0) {
		t.Error("nobody may give nothing")
	}
}

func TestGroupsAndRolesChangeWhatTheirHoldersMay(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	well(t, b.PutRole(admin, Role{ID: "guard", Name: "Guard", Permissions: SetOf(See, Live)}))
	well(t, b.PutGroup(admin, Group{ID: "out", Name: "Outside", Cameras: []string{"gate"}}))
	s := b.staff(admin, "ann", over("guard", "group:out"))
	if who := b.again(s); !who.MayOn(Live, "gate") || who.MayOn(Live, "yard") {
		t.Fatal("the group does not count")
	}
	well(t, b.PutGroup(admin, Group{ID: "out", Name: "Outside", Cameras: []string{"yard"}}))
	if who := b.again(s); who.MayOn(Live, "gate") || !who.MayOn(Live, "yard") {
		t.Error("a change of the group does not count")
	}
	well(t, b.PutRole(admin, Role{ID: "guard", Name: "Guard", Permissions: SetOf(See)}))
	if who := b.again(s); who.MayOn(Live, "yard") || !who.MayOn(See, "yard") {
		t.Error("a change of the role does not count")
	}
	wants(t, b.RemoveRole(admin, "guard"), ErrInUse)
	wants(t, b.RemoveGroup("out"), ErrInUse)
	b.reopen()
	if who := b.again(s); !who.MayOn(See, "yard") || who.MayOn(Live, "yard") {
		t.Error("role and group did not last over a restart")
	}
}

// TestHoursFollowTheSitesClock holds hours against the zone's own clock, minute by minute, through the days on which the
// clock is changed.
func TestHoursFollowTheSitesClock(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	night := Hours{Days: []string{"sat"}, From: "22:00", To: "03:30"}
	s := b.staff(admin, "night", Grant{Role: "viewer", Cameras: []string{"*"}, Hours: []Hours{night}})
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"} {
		loc := b.in(zone)
		b.Auth.mu.Lock()
		who := Identity{Kind: BySession, rights: b.compiled(b.people[s.Person])}
		b.Auth.mu.Unlock()
		for _, day := range []time.Time{time.Date(2026, 3, 28, 12, 0, 0, 0, loc), time.Date(2026, 10, 24, 12, 0, 0, 0, loc), time.Date(2026, 10, 31, 12, 0, 0, 0, loc), time.Date(2026, 3, 7, 12, 0, 0, 0, loc), time.Date(2026, 4, 4, 12, 0, 0, 0, loc)} {
			for m := range 24 * 60 {
				at := day.Add(time.Duration(m) * time.Minute)
				b.at(at)
				clock := at.Format("15:04")
				want := at.Weekday() == time.Saturday && clock >= "22:00" || at.Weekday() == time.Sunday && clock < "03:30"
				if got := who.MayOn(Live, "door"); got != want {
					t.Fatalf("%s: at %s %t", zone, at, got)
				}
			}
		}
	}
}

func TestHoursBeginAndEndWithTheirMinutes(t *testing.T) {
	for _, c := range []struct {
		hours Hours
		local string // of the week that begins on Monday 2 March 2026
		want  bool
	}{
		{Hours{[]string{"mon"}, "08:00", "18:00"}, "2026-03-02T07:59:59.999", false},
		{Hours{[]string{"mon"}, "08:00", "18:00"}, "2026-03-02T08:00:00", true},
		{Hours{[]string{"mon"}, "08:00", "18:00"}, "2026-03-02T17:59:59.999", true},
		{Hours{[]string{"mon"}, "08:00", "18:00"}, "2026-03-02T18:00:00", false},
		{Hours{[]string{"mon"}, "08:00", "18:00"}, "2026-03-03T12:00:00", false},
		{Hours{[]string{"mon"}, "00:00", "24:00"}, "2026-03-02T23:59:59", true},
		{Hours{[]string{"mon"}, "00:00", "24:00"}, "2026-03-03T00:00:00", false},
		{Hours{[]string{"mon"}, "12:00", "12:00"}, "2026-03-02T12:00:00", true}, // a whole day, from noon to noon
		{Hours{[]string{"mon"}, "12:00", "12:00"}, "2026-03-03T11:59:00", true},
		{Hours{[]string{"mon"}, "12:00", "12:00"}, "2026-03-03T12:00:00", false},
		{Hours{[]string{"sun"}, "22:00", "06:00"}, "2026-03-02T05:59:00", true}, // over midnight from Sunday into the week
		{Hours{[]string{"sun"}, "22:00", "06:00"}, "2026-03-02T22:00:00", false},
		{Hours{[]string{"mon", "tue"}, "22:00", "00:00"}, "2026-03-03T00:00:00", false},
		{Hours{[]string{"mon", "tue"}, "22:00", "00:00"}, "2026-03-03T23:59:00", true},
	} {
		s, err := c.hours.read()
		if err != nil {
			t.Fatal(err)
		}
		at := must[time.Time](t)(time.Parse("2006-01-02T15:04:05", c.local))
		if s.holds(at) != c.want {
			t.Errorf("%+v at %s: %t", c.hours, c.local, !c.want)
		}
	}
}

func TestAGrantEndsWhenItSays(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	until := b.clock().Add(2 * time.Hour)
	s := b.staff(admin, "temp", Grant{Role: "viewer", Cameras: []string{"door"}, Until: until})
	b.at(until.Add(-time.Nanosecond))
	if !b.again(s).MayOn(Live, "door") {
		t.Error("it ended before its time")
	}
	b.at(until)
	if b.again(s).MayOn(Live, "door") {
		t.Error("it did not end at its time")
	}
}

func TestAnAPITokenHasTheNarrowerOfBoth(t *testing.T) {
	b := newBench(t)
	admin := b.setUp()
	s := b.staff(admin.Identity, "ann", over("operator", "door", "till"))
	told, secret, err := b.MakeAPIToken(b.again(s), NewToken{Name: "script", Permissions: SetOf(See, Live, Erase, People), Cameras: []string{"door", "yard"}, Until: b.clock().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	who := must[Identity](t)(b.Bearer(secret, shop))
	if who.Person != s.Person || who.Kind != ByToken || !who.MayOn(Live, "door") || who.MayOn(Live, "till") || who.MayOn(Live, "yard") || who.MayOn(Playback, "door") || who.MayOn(Erase, "door") || who.May(People) {
		t.Errorf("the token may more or less than both: %+v", who)
	}
	if _, _, err := b.MakeAPIToken(who, NewToken{Name: "more", Permissions: SetOf(See), Cameras: []string{"*"}, Until: b.clock().Add(time.Hour)}); err == nil {
		t.Error("a token made a token")
	}
	if _, _, err := b.ChangePerson(admin.Identity, s.Person, PersonChange{Grants: &[]Grant{over("viewer", "till")}}); err != nil {
		t.Fatal(err)
	}
	if who := must[Identity](t)(b.Bearer(secret, shop)); who.MayOn(Live, "door") || who.MayOn(Live, "till") {
		t.Error("the token kept what its person lost")
	}
	b.pass(time.Hour)
	if _, err := b.Bearer(secret, shop); !errors.Is(err, ErrCredentials) {
		t.Error("the token outlived its end")
	}
	if list := b.TokensOf(s.Person); len(list) != 1 || list[0].ID != told.ID || list[0].From == "" || list[0].Used.IsZero() {
		t.Errorf("its last use is not told: %+v", list)
	}
}

func TestADeviceWatchesAndNothingElse(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	if _, _, err := b.MakeDeviceToken(admin, NewToken{Name: "Wall", Permissions: SetOf(See, Live, Playback), Cameras: []string{"door"}, Until: b.clock().Add(time.Hour)}); err == nil {
		t.Error("a wall may play back")
	}
	var rule *RuleError
	if _, _, err := b.MakeDeviceToken(admin, NewToken{Name: "Wall", Permissions: SetOf(Live), Cameras: []string{"door"}, Until: b.clock().Add(time.Hour)}); !errors.As(err, &rule) || rule.Field != "permissions" {
		t.Errorf("a wall that knows no camera: %v", err)
	}
	told, secret, err := b.MakeDeviceToken(admin, NewToken{Name: "Wall", Permissions: SetOf(See, Live), Cameras: []string{"door"}, Until: b.clock().Add(30 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	s := must[Session](t)(b.LoginDevice(shop, secret))
	who := b.again(s)
	if who.Kind != ByDevice || who.Person != "" || !who.MayOn(Live, "door") || who.MayOn(Live, "till") || who.MayOn(Audio, "door") || who.May(Maintain) {
		t.Errorf("the wall is %+v", who)
	}
	b.pass(20 * 24 * time.Hour) // far beyond a person's session
	if err := b.Sweep(); err != nil {
		t.Fatal(err)
	}
	b.reopen()
	if who := b.again(s); !who.MayOn(Live, "door") {
		t.Error("the wall's session did not last as long as its token")
	}
	if _, err := b.RevokeToken(told.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Session(s.Secret); !errors.Is(err, ErrCredentials) {
		t.Error("the wall's session outlived its token")
	}
	_, err = b.LoginDevice(shop, secret)
	wants(t, err, ErrToken)
	if slices.ContainsFunc(b.Sessions(), func(x SessionInfo) bool { return x.Device == told.ID }) {
		t.Error("the session is listed still")
	}
}

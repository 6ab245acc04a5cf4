package auth

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// held takes a right for a test, and counts how often it is told lost.
func (b *bench) held(who Identity, need Need) *int {
	b.t.Helper()
	lost := new(int)
	if _, ok := b.Hold(who, need, func() { *lost++ }); !ok {
		b.t.Fatalf("%+v is not held", need)
	}
	return lost
}

// TestEveryLossOfARightEndsItsLease tries each way in which somebody loses what they are streaming by.
func TestEveryLossOfARightEndsItsLease(t *testing.T) {
	live := Need{Permission: Live, Camera: "door"}
	yes := true
	for name, c := range map[string]struct {
		need Need
		end  func(b *bench, admin Identity, s Session) error
	}{
		"signed out": {live, func(b *bench, _ Identity, s Session) error { _, err := b.End(s.Identity.Session); return err }},
		"ended by oneself": {live, func(b *bench, _ Identity, s Session) error {
			_, err := b.EndOwn(s.Person, s.Identity.Session)
			return err
		}},
		"all ended": {live, func(b *bench, _ Identity, s Session) error { return b.EndPerson(s.Person) }},
		"disabled": {live, func(b *bench, a Identity, s Session) error {
			_, _, err := b.ChangePerson(a, s.Person, PersonChange{Disabled: &yes})
			return err
		}},
		"deleted": {live, func(b *bench, a Identity, s Session) error {
			_, err := b.DeletePerson(a, s.Person)
			return err
		}},
		"cancelled": {live, func(b *bench, _ Identity, s Session) error {
			_, err := b.CancelAccount(context.Background(), s.Identity, shop, goodPassword, "")
			return err
		}},
		"rights taken": {live, func(b *bench, a Identity, s Session) error {
			_, _, err := b.ChangePerson(a, s.Person, PersonChange{Grants: &[]Grant{}})
			return err
		}},
		"another camera": {live, func(b *bench, a Identity, s Session) error {
			_, _, err := b.ChangePerson(a, s.Person, PersonChange{Grants: &[]Grant{over("guard", "till")}})
			return err
		}},
		"role changed": {live, func(b *bench, a Identity, _ Session) error {
			return b.PutRole(a, Role{ID: "guard", Name: "Guard", Permissions: SetOf(See)})
		}},
		"group changed": {live, func(b *bench, a Identity, _ Session) error {
			return b.PutGroup(a, Group{ID: "out", Name: "Out", Cameras: []string{"till"}})
		}},
		"factor asked for": {live, func(b *bench, a Identity, _ Session) error {
			_, err := b.SetPolicy(a, Policy{SecondFactor: []string{"guard"}})
			return err
		}},
		"two people": {Need{Permission: Playback, Camera: "door", Footage: true}, func(b *bench, a Identity, _ Session) error {
			_, err := b.SetPolicy(a, Policy{TwoPeople: []TwoPeople{{SetOf(Playback), []string{"group:out"}}}})
			return err
		}},
		"sound": {Need{Permission: Live, Camera: "door", Also: Audio}, func(b *bench, a Identity, _ Session) error {
			return b.PutRole(a, Role{ID: "guard", Name: "Guard", Permissions: SetOf(See, Live)})
		}},
		"the events stream": {Need{Permission: See, Standing: "now"}, func(b *bench, a Identity, _ Session) error {
			return b.PutGroup(a, Group{ID: "out", Name: "Out", Cameras: []string{"door", "yard"}})
		}},
		"password changed elsewhere": {live, func(b *bench, _ Identity, s Session) error {
			other, err := b.Login(context.Background(), shop, "ann", goodPassword)
			if err != nil {
				return err
			}
			return b.SetPassword(context.Background(), other.Identity, shop, goodPassword, "a quite new password")
		}},
		"joined anew": {live, func(b *bench, a Identity, s Session) error {
			inv, err := b.Invite(a, s.Person)
			if err != nil {
				return err
			}
			_, err = b.Join(context.Background(), shop, inv.Token, "a quite new password")
			return err
		}},
		"unused for long": {live, func(b *bench, _ Identity, _ Session) error { b.pass(idleLife); return b.Sweep() }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			admin := b.setUp().Identity
			well(t, b.PutRole(admin, Role{ID: "guard", Name: "Guard", Permissions: SetOf(See, Live, Audio, Playback)}))
			well(t, b.PutGroup(admin, Group{ID: "out", Name: "Out", Cameras: []string{"door"}}))
			s := b.staff(admin, "ann", over("guard", "group:out"))
			if c.need.Standing != "" {
				c.need.Standing = b.Standing(b.again(s))
			}
			lost := b.held(b.again(s), c.need)
			bystander := b.held(admin, live)
			if err := b.Sweep(); err != nil || *lost != 0 {
				t.Fatal("lost before it ended", err)
			}
			well(t, c.end(b, admin, s))
			if *lost != 1 {
				t.Errorf("told %d times", *lost)
			}
			if name != "unused for long" && *bystander != 0 {
				t.Error("somebody else's ended too")
			}
			if _, ok := b.Hold(s.Identity, c.need, func() {}); ok {
				t.Error("it can be held again")
			}
		})
	}
}

func TestRevokingATokenEndsItsLeases(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	live := Need{Permission: Live, Camera: "door"}
	wall, secret, err := b.MakeDeviceToken(admin, NewToken{Name: "Wall", Permissions: SetOf(See, Live), Cameras: []string{"door"}, Until: b.clock().Add(time.Hour)})
	well(t, err)
	own, ownSecret, err := b.MakeAPIToken(admin, NewToken{Name: "Own", Permissions: SetOf(See, Live), Cameras: []string{"door"}, Until: b.clock().Add(time.Hour)})
	well(t, err)
	bearer, session := must[Identity](t)(b.Bearer(secret, shop)), must[Session](t)(b.LoginDevice(shop, secret)).Identity
	script, process := must[Identity](t)(b.Bearer(ownSecret, shop)), must[Identity](t)(b.Bearer(b.ProcessToken(), shop))
	byBearer, bySession, byScript, byProcess, byLocal := b.held(bearer, live), b.held(session, live), b.held(script, live), b.held(process, live), b.held(b.Local(), live)
	_, err = b.RevokeToken(wall.ID, "")
	well(t, err)
	if *byBearer != 1 || *bySession != 1 || *byScript != 0 {
		t.Error("revoking the wall's token did not end what goes on by it")
	}
	_, err = b.RevokeToken(own.ID, "p-0000000000000000")
	wants(t, err, ErrNone)
	_, err = b.RevokeToken(own.ID, admin.Person)
	well(t, err)
	_, err = b.SetPolicy(admin, Policy{NoProcessToken: true})
	well(t, err)
	if *byScript != 1 || *byProcess != 1 || *byLocal != 0 {
		t.Errorf("script %d, process %d, local %d", *byScript, *byProcess, *byLocal)
	}
	if b.ProcessToken() != "" {
		t.Error("the process token is given out still")
	}
}

// TestHoursThatEndEndALeaseWithTheirMinute runs the clock itself.
func TestHoursThatEndEndALeaseWithTheirMinute(t *testing.T) {
	path := newBench(t) // its database is made outside the bubble
	path.setUp()
	synctest.Test(t, func(t *testing.T) {
		b := path
		b.Auth.now, b.all.now = time.Now, time.Now
		b.in("UTC")
		begun := time.Now() // midnight UTC, 1 January 2000, a Saturday
		s := Identity{Kind: ByLocal, rights: b.compileNow(Grant{Role: "viewer", Cameras: []string{"door"}, Hours: []Hours{{[]string{"sat"}, "00:00", "08:30"}}})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		var at atomic.Int64 // when it was lost, since begun; 0: not yet
		if _, ok := b.Hold(s, Need{Permission: Live, Camera: "door"}, func() { at.Store(int64(time.Since(begun))) }); !ok {
			t.Error("not held")
		}
		time.Sleep(8*time.Hour + 29*time.Minute + 59*time.Second)
		synctest.Wait()
		if early := time.Duration(at.Load()); early != 0 {
			t.Errorf("lost early, after %s", early)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if late := time.Duration(at.Load()) - 8*time.Hour - 30*time.Minute; late < 0 || late > time.Second {
			t.Errorf("lost %s after the end", late)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// compileNow reads grants.
func (b *bench) compileNow(g ...Grant) *rights {
	b.Auth.mu.Lock()
	defer b.Auth.mu.Unlock()
	return b.compile(g)
}

func TestALeaseThatIsReleasedIsToldNothing(t *testing.T) {
	b := newBench(t)
	admin := b.setUp()
	lost := 0
	release, ok := b.Hold(admin.Identity, Need{Permission: Live, Camera: "door"}, func() { lost++ })
	if !ok || b.Leases() != 1 {
		t.Fatal("not held")
	}
	release()
	release()
	well(t, b.EndPerson(admin.Person))
	if lost != 0 || b.Leases() != 0 {
		t.Error("told, or held still")
	}
}

package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/gateway/auth/authtest"
	"holdfast/gateway/statedb"
)

// town is a bench with one of everything that is kept.
type town struct {
	*bench
	admin, ann  Session
	codes       []string // recovery codes of ann's, who has a second factor
	bob, script string   // ids: of one who was invited, of a token of ann's
	kiosk       string   // id of a device's token
	kioskSecret string
	invitation  string // bob's
	again       string // another one of ann's
}

// copied is the same town once more, in files of its own: making one looks through whole dictionaries.
func (c *town) copied(t *testing.T) *town {
	t.Helper()
	b := &bench{t: t, keys: authtest.NewKeys(), path: filepath.Join(t.TempDir(), "state.db"), now: c.clock()}
	b.keys.Join(c.keys)
	well(t, os.WriteFile(b.path, must[[]byte](t)(os.ReadFile(c.path)), 0o600))
	b.open()
	t.Cleanup(func() { b.db.Close() })
	n := *c
	n.bench = b
	return &n
}

var marked = CameraDay{"door", "2026-03-01"}

func newTown(t *testing.T) *town {
	b := newBench(t)
	c := &town{bench: b, admin: b.setUp()}
	who := c.admin.Identity
	well(t, b.PutRole(who, Role{ID: "night", Name: "Night", Permissions: SetOf(See, Live)}))
	well(t, b.PutGroup(who, Group{ID: "yard", Name: "Yard", Cameras: []string{"gate"}}))
	c.ann = b.staff(who, "ann", over("operator", "*"))
	_, err := b.BeginFactor(t.Context(), c.ann.Identity, shop, goodPassword)
	well(t, err)
	c.codes = must[[]string](t)(b.ConfirmFactor(c.ann.Identity, shop, codeAt(*b.person(c.ann.Person).Factor.Pending, b.clock())))
	until := b.clock().Add(100 * 24 * time.Hour)
	token, _, err := b.MakeAPIToken(c.ann.Identity, NewToken{Name: "script", Permissions: SetOf(See), Cameras: []string{"*"}, Until: until})
	well(t, err)
	kiosk, secret, err := b.MakeDeviceToken(who, NewToken{Name: "kiosk", Permissions: SetOf(See, Live), Cameras: []string{"*"}, Until: until})
	well(t, err)
	must[Session](t)(b.LoginDevice(shop, secret))
	bob, inv, err := b.CreatePerson(who, NewPerson{Name: "bob", Grants: []Grant{over("viewer", "*")}})
	well(t, err)
	more, err := b.Invite(who, c.ann.Person)
	well(t, err)
	well(t, b.Review(c.ann.Identity, map[CameraDay][]string{marked: {"seen"}}, true))
	c.script, c.kiosk, c.kioskSecret, c.bob, c.invitation, c.again = token.ID, kiosk.ID, secret, bob.ID, inv.Token, more.Token
	b.pass(time.Minute)
	return c
}

// known is all that this Auth knows, but for when what was used last, which may lag on disk.
func (c *town) known() string {
	var lines []string
	line := func(key string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			c.t.Fatal(err)
		}
		lines = append(lines, key+" "+string(data))
	}
	for id, p := range c.people {
		line("person "+id+" "+c.names[p.Name], p)
	}
	for k, s := range c.sessions {
		r := s.record
		r.Seen = time.Time{}
		line(fmt.Sprintf("session %x %s", k, r.of()), r)
	}
	for id, t := range c.tokens {
		told := *t
		told.Used, told.From = time.Time{}, ""
		line("token "+id+" "+t.Person+" "+c.byDigest[t.Digest].ID, told)
	}
	seen, err := c.ReviewedOf(c.ann.Identity, marked)
	well(c.t, err)
	line("rest", []any{c.roles, c.groups, c.policy, slices.Sorted(maps.Keys(seen)), c.locked})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// stateWrites is each kind of write, and whether it has been done. One that ends somebody's access is done whatever the disk says.
var stateWrites = []struct {
	name string
	do   func(*town) error
	done func(*town) bool
	ends bool
}{
	{"login", func(c *town) error {
		_, err := c.Auth.Login(c.t.Context(), shop, Credentials{"ann", goodPassword, c.codes[0]})
		return err
	}, func(c *town) bool { return len(c.SessionsOf(c.ann.Person)) == 2 }, false},
	{"login once", func(c *town) error {
		_, err := c.LoginOnce(shop, must[string](c.t)(c.OnceToken(goodName)))
		return err
	}, func(c *town) bool { return len(c.SessionsOf(c.admin.Person)) == 2 }, false},
	{"login in place of a session", func(c *town) error {
		at := shop
		at.Old = c.admin.Secret
		_, err := c.LoginOnce(at, must[string](c.t)(c.OnceToken(goodName)))
		return err
	}, func(c *town) bool { _, err := c.Session(c.admin.Secret); return err != nil }, false},
	{"login of a device", func(c *town) error { _, err := c.LoginDevice(shop, c.kioskSecret); return err },
		func(c *town) bool { return len(c.Sessions()) == 4 }, false},
	{"wrong code", func(c *town) error {
		_, err := c.Auth.Login(c.t.Context(), shop, Credentials{"ann", goodPassword, "000000"})
		return expected(err, ErrCredentials)
	}, func(c *town) bool { return c.person(c.ann.Person).Factor.wrongCodes() == 1 }, false},
	{"password", func(c *town) error {
		return c.SetPassword(c.t.Context(), c.admin.Identity, shop, goodPassword, "dry paint below the stairs")
	}, func(c *town) bool { return c.person(c.admin.Person).Changed.Equal(c.clock()) }, false},
	{"new person", func(c *town) error {
		_, _, err := c.CreatePerson(c.admin.Identity, NewPerson{Name: "eve", Grants: []Grant{over("night", "gate")}})
		return err
	}, func(c *town) bool { return c.NameOf("eve") != "" }, false},
	{"invitation", func(c *town) error { _, err := c.Invite(c.admin.Identity, c.bob); return err },
		func(c *town) bool { return c.ofInvite(c.invitation) == nil }, false},
	{"joining", func(c *town) error {
		_, err := c.Join(c.t.Context(), shop, c.invitation, goodPassword)
		return err
	}, func(c *town) bool { return c.person(c.bob).state() == Active && len(c.SessionsOf(c.bob)) == 1 }, false},
	{"joining anew", func(c *town) error {
		_, err := c.Join(c.t.Context(), shop, c.again, "dry paint below the stairs")
		return expected(err, ErrSecondFactor)
	}, func(c *town) bool { return len(c.SessionsOf(c.ann.Person)) == 0 && c.ofInvite(c.again) == nil }, false},
	{"other rights", func(c *town) error {
		_, _, err := c.ChangePerson(c.admin.Identity, c.bob, PersonChange{Grants: &[]Grant{over(Administrator, "*")}})
		return err
	}, func(c *town) bool { return c.person(c.bob).administers() }, false},
	{"another name", func(c *town) error {
		name := "rob"
		_, _, err := c.ChangePerson(c.admin.Identity, c.bob, PersonChange{Name: &name})
		return err
	}, func(c *town) bool { return c.NameOf("rob") == c.bob && c.NameOf("bob") == "" }, false},
	{"disabling", func(c *town) error {
		yes := true
		_, _, err := c.ChangePerson(c.admin.Identity, c.ann.Person, PersonChange{Disabled: &yes})
		return err
	}, func(c *town) bool { return c.person(c.ann.Person).Disabled && len(c.SessionsOf(c.ann.Person)) == 0 }, false},
	{"factor dropped by another", func(c *town) error {
		_, _, err := c.ChangePerson(c.admin.Identity, c.ann.Person, PersonChange{DropFactor: true})
		return err
	}, func(c *town) bool { return !c.person(c.ann.Person).Factor.confirmed() }, false},
	{"factor dropped", func(c *town) error {
		return c.DropFactor(c.t.Context(), c.ann.Identity, shop, goodPassword, c.codes[0])
	}, func(c *town) bool { return !c.person(c.ann.Person).Factor.confirmed() }, false},
	{"recovery codes", func(c *town) error {
		_, err := c.RenewRecovery(c.t.Context(), c.ann.Identity, shop, goodPassword, c.codes[0])
		return err
	}, func(c *town) bool { _, same := c.person(c.ann.Person).Factor.Recovery.Use(c.codes[1]); return !same }, false},
	{"factor begun", func(c *town) error {
		_, err := c.BeginFactor(c.t.Context(), c.admin.Identity, shop, goodPassword)
		return err
	}, func(c *town) bool { return c.person(c.admin.Person).Factor.Pending != nil }, false},
	{"networks forgotten", func(c *town) error { return c.ForgetNetworks(c.ann.Person) },
		func(c *town) bool { return c.person(c.ann.Person).Known == nil }, false},
	{"person deleted", func(c *town) error { _, err := c.DeletePerson(c.admin.Identity, c.ann.Person); return err },
		func(c *town) bool { return c.person(c.ann.Person) == nil && len(c.SessionsOf(c.ann.Person)) == 0 }, false},
	{"token", func(c *town) error {
		_, _, err := c.MakeAPIToken(c.admin.Identity, NewToken{Name: "more", Permissions: SetOf(See), Cameras: []string{"*"}, Until: c.clock().Add(time.Hour)})
		return err
	}, func(c *town) bool { return len(c.TokensOf("")) == 3 }, false},
	{"token revoked", func(c *town) error { _, err := c.RevokeToken(c.script, ""); return err },
		func(c *town) bool { return len(c.TokensOf(c.ann.Person)) == 0 }, true},
	{"device revoked", func(c *town) error { _, err := c.RevokeToken(c.kiosk, ""); return err },
		func(c *town) bool { return len(c.TokensOf("")) == 1 && len(c.Sessions()) == 2 }, true},
	{"role", func(c *town) error {
		return c.PutRole(c.admin.Identity, Role{ID: "night", Name: "Night", Permissions: SetOf(See)})
	}, func(c *town) bool { return c.roles["night"].Permissions == SetOf(See) }, false},
	{"role removed", func(c *town) error { return c.RemoveRole(c.admin.Identity, "night") },
		func(c *town) bool { return c.roles["night"] == nil }, false},
	{"group", func(c *town) error {
		return c.PutGroup(c.admin.Identity, Group{ID: "yard", Name: "Yard", Cameras: []string{"gate", "door"}})
	}, func(c *town) bool { return len(c.groups["yard"].Cameras) == 2 }, false},
	{"group removed", func(c *town) error { return c.RemoveGroup("yard") },
		func(c *town) bool { return c.groups["yard"] == nil }, false},
	{"policy", func(c *town) error {
		_, err := c.SetPolicy(c.admin.Identity, Policy{TwoPeople: []TwoPeople{{SetOf(Export), []string{"*"}}}})
		return err
	}, func(c *town) bool { return len(c.Policy().TwoPeople) == 1 }, false},
	{"reviewed", func(c *town) error {
		return c.Review(c.ann.Identity, map[CameraDay][]string{marked: {"another"}}, true)
	}, func(c *town) bool { return len(c.seen()) == 2 }, false},
	{"not reviewed", func(c *town) error {
		return c.Review(c.ann.Identity, map[CameraDay][]string{marked: {"seen"}}, false)
	}, func(c *town) bool { return len(c.seen()) == 0 }, false},
	{"reviewed of a day that is gone", func(c *town) error {
		return c.SweepReviewed(func(CameraDay) (bool, error) { return false, nil })
	}, func(c *town) bool { return len(c.seen()) == 0 }, false},
	{"session ended", func(c *town) error { _, err := c.End(c.ann.Session); return err },
		func(c *town) bool { return len(c.SessionsOf(c.ann.Person)) == 0 }, true},
	{"sessions of a person ended", func(c *town) error { return c.EndPerson(c.ann.Person) },
		func(c *town) bool { return len(c.SessionsOf(c.ann.Person)) == 0 }, true},
}

func expected(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	if err == nil {
		return errors.New("no error at all")
	}
	return err
}

func (c *town) seen() map[string]bool {
	return must[map[string]bool](c.t)(c.ReviewedOf(c.ann.Identity, marked))
}

// TestStateFaultTable has each transaction of each kind of write fail: undone as on a full disk, or standing as when its last sync fails; once,
// or with all that follow it. The answer is true, or on the safe side; and what is known at once is what is known after a restart.
func TestStateFaultTable(t *testing.T) {
	first := newTown(t)
	for _, w := range stateWrites {
		t.Run(strings.ReplaceAll(w.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			c, n := first.copied(t), 0
			c.db.Fails = func() (undone, stood error) { n++; return nil, nil }
			if err := w.do(c); err != nil || !w.done(c) || n == 0 {
				t.Fatalf("without a fault: %v, done %t, %d transactions", err, w.done(c), n)
			}
			for at := 1; at <= n; at++ {
				for _, stands := range []bool{false, true} {
					for _, ever := range []bool{false, true} {
						what := fmt.Sprintf("transaction %d of %d, standing %t, all that follow %t", at, n, stands, ever)
						stateFault(first.copied(t), w.name, what, w.do, w.done, w.ends, at, stands, ever)
					}
				}
			}
		})
	}
}

func stateFault(c *town, name, what string, do func(*town) error, done func(*town) bool, ends bool, at int, stands, ever bool) {
	t, n := c.t, 0
	t.Helper()
	c.db.Fails = func() (undone, stood error) {
		n++
		switch {
		case n < at, n > at && !ever:
			return nil, nil
		case stands:
			return nil, syscall.EIO
		}
		return syscall.ENOSPC, nil
	}
	err := do(c)
	c.db.Fails = nil
	is := done(c)
	switch {
	case statedb.Counts(err) != is && (err == nil || name != "wrong code"): // a guess is answered only when it is counted, and may be counted without
		t.Errorf("%s, %s: it is done: %t, and the answer is %v", name, what, is, err)
	case ends && !is:
		t.Errorf("%s, %s: it did not end", name, what)
	case (stands || ends) && !ever && err != nil:
		t.Errorf("%s, %s: what could be confirmed is told as %v", name, what, err)
	case ever && err == nil:
		t.Errorf("%s, %s: what nothing confirmed is told as done", name, what)
	}
	if ends && ever && !stands { // owed: no Sweep but the next that the disk lets through pays it
		well(t, c.Reread())
		if !done(c) {
			t.Errorf("%s, %s: it came back", name, what)
		}
		well(t, c.Sweep())
	}
	before := c.known()
	c.reopen()
	if after := c.known(); after != before {
		t.Errorf("%s, %s: after a restart it knows\n%s\nand knew\n%s", name, what, after, before)
	}
	if is != done(c) {
		t.Errorf("%s, %s: done %t before a restart, and %t after", name, what, is, done(c))
	}
}

// TestSetupThatFailsLeavesNobodyHalfMade has the first of all writes fail: there is an administrator, or the link is good still.
func TestSetupThatFailsLeavesNobodyHalfMade(t *testing.T) {
	for _, stands := range []bool{false, true} {
		for _, ever := range []bool{false, true} {
			b := newBench(t)
			token := must[string](t)(b.SetupToken())
			n := 0
			b.db.Fails = func() (undone, stood error) {
				if n++; n > 1 && !ever {
					return nil, nil
				}
				if stands {
					return nil, syscall.EIO
				}
				return syscall.ENOSPC, nil
			}
			_, err := b.Setup(t.Context(), shop, token, goodName, goodPassword)
			b.db.Fails = nil
			if statedb.Counts(err) != stands || b.NeedsSetup() == stands || (err == nil) != (stands && !ever) {
				t.Errorf("standing %t, ever %t: %v, needs set-up %t", stands, ever, err, b.NeedsSetup())
			}
			if !stands {
				must[Session](t)(b.Setup(t.Context(), shop, token, goodName, goodPassword))
			}
			b.reopen()
			must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
		}
	}
}

// TestUseThatCouldNotBeWrittenIsWrittenLater: the time of last use decides when a session ends after a restart.
func TestUseThatCouldNotBeWrittenIsWrittenLater(t *testing.T) {
	c := newTown(t)
	c.pass(idleLife - time.Hour)
	must[Identity](t)(c.Session(c.ann.Secret))
	c.db.Fails = func() (undone, stood error) { return syscall.ENOSPC, nil }
	if c.Sweep() == nil {
		t.Fatal("a full disk is no matter")
	}
	c.db.Fails = nil
	well(t, c.Sweep())
	c.reopen()
	c.pass(2 * time.Hour)
	must[Identity](t)(c.Session(c.ann.Secret))
}

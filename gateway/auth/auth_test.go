package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"holdfast/gateway/auth/authtest"
	"holdfast/gateway/statedb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	goodName     = "grace"
	goodPassword = "wet paint on the stairs"
)

var (
	shop  = Attempt{From: netip.MustParseAddr("192.168.1.10"), Agent: "Firefox"}
	thief = Attempt{From: netip.MustParseAddr("192.168.1.66")}
)

// bench is an Auth on a real database with a clock that the test moves and a cheap hash.
type bench struct {
	*Auth
	t    *testing.T
	path string
	log  bytes.Buffer
	db   *statedb.DB
	keys *authtest.Keys

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, keys: authtest.NewKeys(), path: filepath.Join(t.TempDir(), "state.db"), now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	b.open()
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) open() {
	b.t.Helper()
	db, err := bbolt.Open(b.path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		b.t.Fatal(err)
	}
	b.db = statedb.New(db)
	b.Auth, err = New(Options{DB: b.db, Keys: b.keys, Site: "Shop", Log: slog.New(slog.NewTextHandler(&b.log, nil)), Now: b.clock})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Auth.hashing = newHashing(cost{memory: 8, passes: 1, lanes: 1})
}

func (b *bench) reopen() {
	b.t.Helper()
	b.db.Close()
	b.open()
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (b *bench) setUp() Session {
	b.t.Helper()
	token := must[string](b.t)(b.SetupToken())
	return must[Session](b.t)(b.Setup(b.t.Context(), shop, token, goodName, goodPassword))
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func TestThereIsNoAccountAtFirst(t *testing.T) {
	b := newBench(t)
	if !b.NeedsSetup() || len(b.People()) != 0 {
		t.Fatal("a new gateway has a user")
	}
	for _, p := range []string{"admin", "", "password", "holdfast"} {
		_, err := b.Login(t.Context(), shop, "admin", p)
		wants(t, err, ErrCredentials)
	}
}

func TestTheSetupTokenMakesOneAdministratorOnce(t *testing.T) {
	b := newBench(t)
	token := must[string](t)(b.SetupToken())
	_, err := b.Setup(t.Context(), shop, token+"x", goodName, goodPassword)
	wants(t, err, ErrToken)
	s := must[Session](t)(b.Setup(t.Context(), shop, token, "Grace", goodPassword))
	if s.User != goodName || !s.May(People) || s.Kind != BySession {
		t.Errorf("identity %+v", s.Identity)
	}
	_, err = b.Setup(t.Context(), shop, token, "mallory", goodPassword)
	wants(t, err, ErrSetUp)
	_, err = b.SetupToken()
	wants(t, err, ErrSetUp)
	b.reopen()
	if b.NeedsSetup() {
		t.Error("the administrator is forgotten after a restart")
	}
}

func TestANewSetupTokenReplacesTheOld(t *testing.T) {
	b := newBench(t)
	old := must[string](t)(b.SetupToken())
	must[string](t)(b.SetupToken())
	_, err := b.Setup(t.Context(), shop, old, goodName, goodPassword)
	wants(t, err, ErrToken)
}

func TestOfTwoWhoUseTheSetupTokenAtOnceOneWins(t *testing.T) {
	b := newBench(t)
	token := must[string](t)(b.SetupToken())
	var won, lost sync.WaitGroup
	wins := make(chan string, 8)
	for i := range 8 {
		won.Go(func() {
			if s, err := b.Setup(context.Background(), shop, token, fmt.Sprintf("user%d", i), goodPassword); err == nil {
				wins <- s.User
			}
		})
	}
	won.Wait()
	lost.Wait()
	if len(wins) != 1 || len(b.People()) != 1 {
		t.Errorf("%d won, %d users", len(wins), len(b.People()))
	}
}

func TestASetupThatBreaksARuleKeepsTheToken(t *testing.T) {
	b := newBench(t)
	token := must[string](t)(b.SetupToken())
	for _, c := range []struct{ name, password, field string }{
		{"", goodPassword, "username"}, {"two words", goodPassword, "username"}, {strings.Repeat("x", 65), goodPassword, "username"},
		{"a\nb", goodPassword, "username"}, {"gr\u0000ace", goodPassword, "username"},
		{goodName, "short", "password"}, {goodName, "aaaaaaaaaaaaaaaa", "password"}, {goodName, "abcabcabcabcabc", "password"},
		{goodName, "123456789012", "password"}, {goodName, "zyxwvutsrqponm", "password"}, {goodName, "PasswordPassword", "password"},
		{"administrator", "administrator2026", "password"}, {goodName, strings.Repeat("x1y2z", 60), "password"}, {goodName, "with\x07a bell in it", "password"},
	} {
		_, err := b.Setup(t.Context(), shop, token, c.name, c.password)
		var rule *RuleError
		if !errors.As(err, &rule) || rule.Field != c.field {
			t.Errorf("%q %q: %v, want a rule about %s", c.name, c.password, err, c.field)
		}
	}
	must[Session](t)(b.Setup(t.Context(), shop, token, goodName, goodPassword))
}

func TestNamesAndPasswordsAreOneHoweverTheyAreTyped(t *testing.T) {
	b := newBench(t)
	token := must[string](t)(b.SetupToken())
	must[Session](t)(b.Setup(t.Context(), shop, token, "Jürgen", "p@ss:w/ö?rd#1 längst"))
	must[Session](t)(b.Login(t.Context(), shop, "ju\u0308rgen", "p@ss:w/o\u0308?rd#1 la\u0308ngst"))
	_, err := b.Login(t.Context(), shop, "Jürgen", "P@ss:w/ö?rd#1 längst")
	wants(t, err, ErrCredentials)
}

func TestASessionLastsOverARestart(t *testing.T) {
	b := newBench(t)
	s := b.setUp()
	b.reopen()
	who := must[Identity](t)(b.Session(s.Secret))
	if who.User != goodName || who.Session != s.Session {
		t.Errorf("identity %+v", who)
	}
}

func TestASessionEndsWhenUnusedAndInAnyCase(t *testing.T) {
	b := newBench(t)
	s := b.setUp()
	for range int(wholeLife / (idleLife / 2)) {
		must[Identity](t)(b.Session(s.Secret))
		b.pass(idleLife / 2)
	}
	_, err := b.Session(s.Secret)
	wants(t, err, ErrCredentials)

	s = must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	b.pass(idleLife)
	_, err = b.Session(s.Secret)
	wants(t, err, ErrCredentials)
	if err := b.Sweep(); err != nil {
		t.Fatal(err)
	}
	<-s.Ended()
}

func TestAnOpenStreamKeepsASessionInUseAlsoOverARestart(t *testing.T) {
	b := newBench(t)
	s := b.setUp()
	b.pass(idleLife - time.Minute)
	b.Keep(s.Identity)
	if err := b.Sweep(); err != nil {
		t.Fatal(err)
	}
	b.reopen()
	b.pass(idleLife - time.Minute)
	must[Identity](t)(b.Session(s.Secret))
}

func TestEndingASessionTellsWhoeverStreams(t *testing.T) {
	b := newBench(t)
	s := b.setUp()
	told := make(chan struct{})
	if _, ok := b.Hold(s.Identity, Need{Permission: Self}, func() { close(told) }); !ok {
		t.Fatal("the right cannot be held")
	}
	if found, err := b.End(s.Session); !found || err != nil {
		t.Fatal(found, err)
	}
	<-s.Ended()
	<-told
	_, err := b.Session(s.Secret)
	wants(t, err, ErrCredentials)
	b.reopen()
	_, err = b.Session(s.Secret)
	wants(t, err, ErrCredentials)
	if found, _ := b.End(s.Session); found {
		t.Error("a session ended twice")
	}
}

func TestSigningInEndsTheSessionThatTheBrowserHad(t *testing.T) {
	b := newBench(t)
	planted := b.setUp()
	at := shop
	at.Old = planted.Secret
	s := must[Session](t)(b.Login(t.Context(), at, goodName, goodPassword))
	if s.Secret == planted.Secret || s.CSRF == planted.CSRF || s.Session == planted.Session {
		t.Error("the new session shares something with the old")
	}
	_, err := b.Session(planted.Secret)
	wants(t, err, ErrCredentials)
}

func TestAnInventedSessionIsNotAccepted(t *testing.T) {
	b := newBench(t)
	s := b.setUp()
	for _, secret := range []string{"", "x", s.Session, s.CSRF, s.Secret + "x", s.Secret[1:], strings.Repeat("x", 1<<20)} {
		_, err := b.Session(secret)
		wants(t, err, ErrCredentials)
	}
}

func TestAUserHasABoundedNumberOfSessions(t *testing.T) {
	b := newBench(t)
	first := b.setUp()
	var last Session
	for range maxSessions {
		b.pass(time.Second)
		last = must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	}
	if n := len(b.Sessions()); n != maxSessions {
		t.Errorf("%d sessions, want %d", n, maxSessions)
	}
	<-first.Ended()
	must[Identity](t)(b.Session(last.Secret))
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	b := newBench(t)
	mine := b.setUp()
	other := must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	wants(t, b.SetPassword(t.Context(), mine.Identity, shop, "not the password", "dry paint on the stairs"), ErrCredentials)
	var rule *RuleError
	if err := b.SetPassword(t.Context(), mine.Identity, shop, goodPassword, "short"); !errors.As(err, &rule) {
		t.Fatal(err)
	}
	if err := b.SetPassword(t.Context(), mine.Identity, shop, goodPassword, "dry paint on the stairs"); err != nil {
		t.Fatal(err)
	}
	<-other.Ended()
	must[Identity](t)(b.Session(mine.Secret))
	b.reopen()
	_, err := b.Login(t.Context(), shop, goodName, goodPassword)
	wants(t, err, ErrCredentials)
	must[Session](t)(b.Login(t.Context(), shop, goodName, "dry paint on the stairs"))
}

func TestAOneTimeTokenSignsInOnceAndNotForLong(t *testing.T) {
	b := newBench(t)
	b.setUp()
	token := must[string](t)(b.OnceToken(goodName))
	must[Session](t)(b.LoginOnce(shop, token))
	_, err := b.LoginOnce(shop, token)
	wants(t, err, ErrToken)
	token = must[string](t)(b.OnceToken(goodName))
	b.pass(onceLife + time.Second)
	_, err = b.LoginOnce(shop, token)
	wants(t, err, ErrToken)
	if _, err := b.OnceToken("nobody"); err == nil {
		t.Error("a token for nobody")
	}
	for range 3 * maxOnce {
		token = must[string](t)(b.OnceToken(goodName))
	}
	if len(b.once) != maxOnce {
		t.Errorf("%d one-time tokens", len(b.once))
	}
	must[Session](t)(b.LoginOnce(shop, token))
}

func TestTheProcessTokenIsGoodForThisProcessOnly(t *testing.T) {
	b := newBench(t)
	token := b.ProcessToken()
	who := must[Identity](t)(b.Bearer(token, shop))
	if who.Kind != ByProcess || !who.May(Metrics) {
		t.Errorf("identity %+v", who)
	}
	for _, bad := range []string{"", token + "x", token[1:], strings.Repeat("x", 1<<20)} {
		_, err := b.Bearer(bad, shop)
		wants(t, err, ErrCredentials)
	}
	b.reopen()
	_, err := b.Bearer(token, shop)
	wants(t, err, ErrCredentials)
}

func TestNobodyMayDoAnything(t *testing.T) {
	b := newBench(t)
	for _, who := range []Identity{{}, {Kind: ByToken}, {Kind: BySession, rights: nil}, {rights: b.all}} {
		for _, p := range append(Permissions(), None, permissions, 255) {
			if who.May(p) && p != Self || who.MayOn(p, "door") || who.MayEverywhere(p) {
				t.Errorf("%+v may %s", who, p)
			}
		}
	}
	if (Identity{}).May(Self) {
		t.Error("nobody is somebody")
	}
	admin := b.Local()
	for _, p := range Permissions() {
		if !admin.May(p) {
			t.Errorf("the local administrator may not %s", p)
		}
	}
	if admin.May(None) || admin.May(permissions) {
		t.Error("what is no permission is given")
	}
}

func TestCSRFTokensBelongToOneSession(t *testing.T) {
	b := newBench(t)
	one := b.setUp()
	two := must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	if !ValidCSRF(one.Secret, one.CSRF) {
		t.Error("the right token is refused")
	}
	for _, bad := range []string{"", two.CSRF, one.Secret, one.CSRF + "x", strings.Repeat("x", 1<<20)} {
		if ValidCSRF(one.Secret, bad) {
			t.Errorf("%.40q is accepted", bad)
		}
	}
}

func TestWrongTriesMakeTheAddressWait(t *testing.T) {
	b := newBench(t)
	b.setUp()
	for i := range addressTries {
		_, err := b.Login(t.Context(), thief, goodName, "guess number "+fmt.Sprint(i))
		wants(t, err, ErrCredentials)
	}
	var wait *ThrottledError
	_, err := b.Login(t.Context(), thief, goodName, goodPassword)
	if !errors.As(err, &wait) || wait.After <= 0 || wait.After > addressForgive {
		t.Fatalf("%v, want a wait", err)
	}
	b.pass(addressForgive)
	must[Session](t)(b.Login(t.Context(), thief, goodName, goodPassword))
}

func TestAHostWithManyIPv6AddressesIsOne(t *testing.T) {
	b := newBench(t)
	b.setUp()
	for i := range addressTries {
		at := Attempt{From: netip.MustParseAddr(fmt.Sprintf("fd00::%x", i+1))}
		_, err := b.Login(t.Context(), at, goodName, "a guess that fails")
		wants(t, err, ErrCredentials)
	}
	var wait *ThrottledError
	_, err := b.Login(t.Context(), Attempt{From: netip.MustParseAddr("fd00::ffff:1")}, goodName, goodPassword)
	if !errors.As(err, &wait) {
		t.Errorf("%v, want a wait", err)
	}
}

func TestAnAttackFromEverywhereDoesNotLockTheOwnerOut(t *testing.T) {
	b := newBench(t)
	b.setUp() // from the shop
	var wait *ThrottledError
	throttled := 0
	for i := range 2000 {
		at := Attempt{From: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})}
		if _, err := b.Login(t.Context(), at, goodName, "a guess that fails"); errors.As(err, &wait) {
			throttled++
		}
	}
	if throttled != 2000-accountTries {
		t.Errorf("%d tries were turned away, want %d", throttled, 2000-accountTries)
	}
	_, err := b.Login(t.Context(), thief, goodName, goodPassword)
	if !errors.As(err, &wait) {
		t.Errorf("a strange address need not wait: %v", err)
	}
	must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
}

func TestHashingIsBoundedAndWaitersAreTurnedAway(t *testing.T) {
	h := newHashing(cost{memory: 8, passes: 1, lanes: 1})
	var dones []func()
	for range maxHashing {
		done, err := h.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		dones = append(dones, done)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var waiters sync.WaitGroup
	for range maxWaiting {
		waiters.Go(func() { h.turn(ctx) })
	}
	for h.waiting.Load() < maxWaiting+maxHashing {
		time.Sleep(time.Millisecond) // polling a condition
	}
	_, err := h.turn(t.Context())
	wants(t, err, ErrBusy)
	cancel()
	waiters.Wait()
	for _, done := range dones {
		done()
	}
	if h.waiting.Load() != 0 {
		t.Error("the count of waiters leaks")
	}
}

func TestAnOldHashIsMadeAnewAtSignIn(t *testing.T) {
	b := newBench(t)
	b.setUp()
	b.hashing = newHashing(cost{memory: 16, passes: 1, lanes: 1})
	must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
	b.reopen()
	if got := b.named(goodName).Password; !strings.HasPrefix(got, "$argon2id$v=19$m=16,t=1,p=1$") {
		t.Errorf("hash %s", got)
	}
	must[Session](t)(b.Login(t.Context(), shop, goodName, goodPassword))
}

func TestTheStandardCostIsStated(t *testing.T) {
	h := newHashing(standard)
	s := must[string](t)(h.make(t.Context(), goodPassword))
	if !strings.HasPrefix(s, "$argon2id$v=19$m=65536,t=2,p=1$") {
		t.Errorf("hash %s", s)
	}
	if ok, stale, err := h.verify(t.Context(), s, goodPassword); !ok || stale || err != nil {
		t.Error(ok, stale, err)
	}
}

func TestNoSecretIsKeptOrLogged(t *testing.T) {
	b := newBench(t)
	setup := must[string](t)(b.SetupToken())
	s := must[Session](t)(b.Setup(t.Context(), shop, setup, goodName, goodPassword))
	once := must[string](t)(b.OnceToken(goodName))
	s2 := must[Session](t)(b.LoginOnce(shop, once))
	b.Login(t.Context(), thief, goodName, "a wrong password")
	b.Login(t.Context(), thief, "typed the password here", "x")
	if err := b.db.Sync(); err != nil {
		t.Fatal(err)
	}
	kept := string(must[[]byte](t)(os.ReadFile(b.path)))
	for name, secret := range map[string]string{
		"set-up token": setup, "one-time token": once, "session secret": s.Secret, "session secret 2": s2.Secret, "CSRF token": s.CSRF,
		"password": goodPassword, "wrong password": "a wrong password", "mistyped name": "typed the password here", "process token": b.ProcessToken(),
	} {
		if strings.Contains(kept, secret) {
			t.Errorf("the %s is in the database", name)
		}
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the %s is in the log", name)
		}
	}
}

func TestALongNameOfABrowserIsCut(t *testing.T) {
	b := newBench(t)
	b.setUp()
	at := Attempt{From: shop.From, Agent: strings.Repeat("ö", 1<<20)}
	must[Session](t)(b.Login(t.Context(), at, goodName, goodPassword))
	for _, s := range b.Sessions() {
		if len(s.Agent) > maxAgent {
			t.Errorf("%d bytes kept", len(s.Agent))
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(newHashing(standard).dummy)
	f.Add("$argon2id$v=19$m=4294967295,t=99,p=0$AAAAAAAAAAA$AAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Add("$2y$10$x")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		if !p.cost.bounded() || len(p.salt) < leastBytes || len(p.hash) > mostBytes {
			t.Errorf("%q is accepted with %+v", s, p)
		}
		if again, err := parsePHC(p.String()); err != nil || again.cost != p.cost {
			t.Errorf("%q does not survive: %v", s, err)
		}
	})
}

func FuzzNameAndPassword(f *testing.F) {
	f.Add("grace", "wet paint on the stairs")
	f.Add("\xff", "\x00")
	f.Add("ﬃ", strings.Repeat("\u0308", 200))
	f.Fuzz(func(t *testing.T, name, password string) {
		n, err := prepareName(name)
		if err == nil {
			if again, err := prepareName(n); len(n) <= maxName && (err != nil || again != n) {
				t.Errorf("%q becomes %q and then %q, %v", name, n, again, err)
			}
		}
		if p, err := preparePassword(password); err == nil {
			checkNewPassword(about{name: n}, p)
		}
	})
}

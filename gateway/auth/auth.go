package auth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"holdfast/gateway/statedb"
)

// What a refusal says. Web turns these into answers.
var (
	ErrCredentials = errors.New("user name, password or token is wrong")
	ErrToken       = errors.New("the one-time link is wrong, used or expired")
	ErrSetUp       = errors.New("an administrator exists already")
	ErrBusy        = errors.New("too many people sign in at this moment")
	ErrUnconfirmed = statedb.ErrUnconfirmed // of whatever writes: it counts from now on, and a restart may undo it
)

// ThrottledError says that there were too many wrong tries.
type ThrottledError struct {
	After time.Duration // until another try is looked at
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many wrong tries, wait %s", e.After.Round(time.Second))
}

// RuleError says which rule a new name or password breaks.
type RuleError struct {
	Field  string // "username" or "password"
	Reason string // a sentence for the person
}

func (e *RuleError) Error() string { return e.Field + ": " + e.Reason }

// Options of an Auth.
type Options struct {
	DB   *statedb.DB      // required; state.db, stays the caller's
	Keys PersonKeys       // required; what is held about people is sealed under these
	Log  *slog.Logger     // nil: no log
	Now  func() time.Time // wall clock; nil: time.Now
	Zone *time.Location   // of hours of the week; nil: time.Local

	Site      string    // name of the site, for authenticators, and not to be used as a password
	Host      string    // name of the machine, the same
	DeviceKey [32]byte  // of the cookies by which browsers are known again; zero: one of this process
	Breached  *Breached // passwords that are known to have leaked; may be nil

	CheapHash bool // of tests: passwords are hashed at next to no cost. A gateway never sets it
}

// Auth is the gateway's people, their rights, sessions and tokens. It is safe for use by many goroutines.
type Auth struct {
	db       *statedb.DB      // constant
	keys     PersonKeys       // constant
	log      *slog.Logger     // constant
	now      func() time.Time // constant
	zone     *time.Location   // constant
	hashing  *hashing         // constant
	wrong    *throttle        // constant
	devices  devices          // constant
	site     string           // constant
	host     string           // constant
	breached *Breached        // constant
	all      *rights          // constant; of who may do everything

	process       string // constant; the process token
	processDigest digest // constant

	writing sync.Mutex    // makes a change of the database and of what is in memory one operation; taken before mu
	owed    map[owed]bool // to be removed from the database, and gone from memory; guarded by writing

	mu        sync.Mutex // guards what follows; what is written under writing too may be read under either
	people    map[string]*person
	names     map[string]string // prepared name → id
	locked    int               // people whose records cannot be opened
	sessions  map[digest]*session
	tokens    map[string]*token
	byDigest  map[digest]*token
	roles     map[string]*Role
	groups    map[string]*Group
	policy    Policy
	approvals map[string]*Approval
	leases    map[*lease]struct{}
	watches   map[*approvalWatch]struct{}
	setup     *digest
	once      []onceToken
}

// New reads what is kept from the database; sessions that have expired are dropped at the next Sweep.
func New(o Options) (*Auth, error) {
	if o.DB == nil || o.Keys == nil {
		return nil, errors.New("read people: an option is missing")
	}
	a := &Auth{
		db: o.DB, keys: o.Keys, log: o.Log, now: o.Now, zone: o.Zone, site: o.Site, host: o.Host, breached: o.Breached,
		hashing: newHashing(standard), wrong: newThrottle(), devices: devices{key: o.DeviceKey}, process: newSecret("hfp_"),
		people: make(map[string]*person), names: make(map[string]string), sessions: make(map[digest]*session), tokens: make(map[string]*token),
		byDigest: make(map[digest]*token), roles: make(map[string]*Role), groups: make(map[string]*Group), approvals: make(map[string]*Approval), leases: make(map[*lease]struct{}),
		watches: make(map[*approvalWatch]struct{}), owed: make(map[owed]bool),
	}
	if a.log == nil {
		a.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if a.now == nil {
		a.now = time.Now
	}
	if o.CheapHash {
		a.hashing = newHashing(cheap)
	}
	if a.zone == nil {
		a.zone = time.Local
	}
	if o.DeviceKey == ([32]byte{}) {
		rand.Read(a.devices.key[:])
	}
	a.all, a.processDigest = a.everything(), digestOf(a.process)
	if err := a.load(); err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	return a, nil
}

// Attempt is where a try to sign in comes from.
type Attempt struct {
	From   netip.Addr // the peer's address
	Agent  string     // what the browser calls itself, shown in the list of sessions
	Old    string     // the secret of the session that the browser had, ended when the try succeeds
	Device string     // the device cookie that the browser sent
}

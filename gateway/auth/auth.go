package auth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// What a refusal says. Web turns these into answers.
var (
	ErrCredentials = errors.New("user name, password or token is wrong")
	ErrToken       = errors.New("the one-time link is wrong, used or expired")
	ErrSetUp       = errors.New("an administrator exists already")
	ErrBusy        = errors.New("too many people sign in at this moment")
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
	DB  *bbolt.DB        // required; state.db, stays the caller's
	Log *slog.Logger     // nil: no log
	Now func() time.Time // wall clock; nil: time.Now
}

// Auth is the gateway's users and sessions. It is safe for use by many goroutines.
type Auth struct {
	db      *bbolt.DB        // constant
	log     *slog.Logger     // constant
	now     func() time.Time // constant
	hashing *hashing         // constant
	wrong   *throttle        // constant

	process       string // constant; the process token
	processDigest digest // constant

	writing sync.Mutex // makes a change of the database and of what is in memory one operation; taken before mu

	mu       sync.Mutex // guards what follows
	users    map[string]*user
	sessions map[digest]*session
	setup    *digest
	once     []onceToken
	onEnd    []func(owner string)
}

// New reads users and sessions from the database; sessions that have expired are dropped at the next Sweep.
func New(o Options) (*Auth, error) {
	a := &Auth{
		db: o.DB, log: o.Log, now: o.Now,
		hashing: newHashing(standard), wrong: newThrottle(),
		process: newSecret("hfp_"),
		users:   make(map[string]*user), sessions: make(map[digest]*session),
	}
	if a.log == nil {
		a.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.processDigest = digestOf(a.process)
	if err := a.load(); err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return a, nil
}

// Attempt is where a try to sign in comes from.
type Attempt struct {
	From  netip.Addr // the peer's address
	Agent string     // what the browser calls itself, shown in the list of sessions
	Old   string     // the secret of the session that the browser had, ended when the try succeeds
}

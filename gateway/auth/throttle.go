package auth

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// How many wrong tries are free, and how fast they are forgiven.
const (
	ownTries        = 10                      // per browser that is known to the account
	ownForgive      = 30 * time.Second        // per try
	addressTries    = 10                      // per address and account
	addressForgive  = 30 * time.Second        // per try
	crowdTries      = 60                      // per address, whatever account: there may be a whole shop behind it
	crowdForgive    = 6 * time.Second         // per try
	siteTries       = 240                     // per public IPv6 network of 48 bits, which one customer of a provider has
	siteForgive     = 1500 * time.Millisecond // per try
	accountTries    = 50                      // per account, by strangers
	accountForgive  = 10 * time.Second        // per try
	strangerTries   = 120                     // by all strangers together: each may cost a password hash
	strangerForgive = 500 * time.Millisecond  // per try
	recoveryTries   = 5                       // recovery codes per address and account, and per known browser
	recoveryForgive = time.Minute             // per try
	codeTries       = 5                       // authenticator's codes per known browser, beside what TOTP.Check counts
	codeForgive     = time.Hour               // per try
	maxCounted      = 4096                    // of each of these; the least guilty are forgotten first
)

// throttle counts wrong tries. What it keeps is bounded, and lives in memory.
type throttle struct {
	mu        sync.Mutex // guards what follows
	own       counts
	pairs     counts
	addresses counts
	sites     counts
	accounts  counts
	strangers counts
	recovery  counts
	codes     counts
}

func newThrottle() *throttle {
	of := func(tries float64, forgive time.Duration) counts {
		return counts{by: make(map[string]count), tries: tries, forgive: forgive}
	}
	return &throttle{
		own: of(ownTries, ownForgive), pairs: of(addressTries, addressForgive), addresses: of(crowdTries, crowdForgive),
		sites: of(siteTries, siteForgive), accounts: of(accountTries, accountForgive), strangers: of(strangerTries, strangerForgive),
		recovery: of(recoveryTries, recoveryForgive), codes: of(codeTries, codeForgive),
	}
}

// tryKind is what is tried.
type tryKind int

const (
	byPassword tryKind = iota
	recovery           // a recovery code, after the right password
	byCode             // an authenticator's code on a known browser; TOTP.Check counts for all the others, and for these too
)

// try is one attempt to sign in, as it is counted. A stranger is whoever shows no device cookie of the account and comes
// from an address that its owner has not used.
type try struct {
	from    netip.Addr
	account string // "" when none is aimed at
	trusted bool   // the account's owner signed in from this address before
	device  string // what devices.read says
	kind    tryKind
}

// charge counts a try before anything of it is looked at. It returns how long to wait when there were too many, and then
// counts nothing. A try that succeeds in the end, or that fails by our fault, is given back by forgive.
//
// A known browser has tries of its own, and need not wait for what others did; when they are used up it is taken for a
// stranger's.
func (t *throttle) charge(now time.Time, y try) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own := t.ownOf(y); own != nil && wait(now, own) == 0 {
		add(now, own, 1)
		return 0
	}
	if y.kind == byCode {
		return longestWait
	}
	others := t.othersOf(y)
	if wait := wait(now, others); wait > 0 {
		return wait
	}
	add(now, others, 1)
	return 0
}

// forgive takes back what charge counted.
func (t *throttle) forgive(now time.Time, y try) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own := t.ownOf(y); own != nil && own[0].in.level(now, own[0].key) > 0 {
		add(now, own, -1)
		return
	}
	add(now, t.othersOf(y), -1)
}

// charge is one count that a try is added to.
type charge struct {
	in  *counts
	key string
}

func add(now time.Time, list []charge, tries float64) {
	for _, c := range list {
		c.in.add(now, c.key, tries)
	}
}

// wait is the longest that any of the counts asks for.
func wait(now time.Time, list []charge) (longest time.Duration) {
	for _, c := range list {
		longest = max(longest, c.in.over(now, c.key))
	}
	return longest
}

// ownOf gives what a known browser's try counts for, nil when it is not known.
func (t *throttle) ownOf(y try) []charge {
	if y.device == "" {
		return nil
	}
	in := &t.own
	switch y.kind {
	case recovery:
		in = &t.recovery
	case byCode:
		in = &t.codes
	}
	return []charge{{in, y.device + " " + y.account}}
}

// othersOf gives what any other try counts for.
func (t *throttle) othersOf(y try) []charge {
	address := network(y.from)
	switch y.kind {
	case recovery:
		return []charge{{&t.recovery, address + " " + y.account}}
	case byCode:
		return nil
	}
	list := []charge{{&t.addresses, address}}
	if y.account != "" {
		list = append(list, charge{&t.pairs, address + " " + y.account})
	}
	if y.trusted {
		return list
	}
	list = append(list, charge{&t.strangers, ""})
	if site := site(y.from); site != "" {
		list = append(list, charge{&t.sites, site})
	}
	if y.account != "" {
		list = append(list, charge{&t.accounts, y.account})
	}
	return list
}

// network is what counts as one address: an IPv4 address, or an IPv6 network of 64 bits, since a host may choose among
// all of them.
func network(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		p, _ := ip.Prefix(64)
		return p.String()
	}
	return ip.String()
}

// site is the network of 48 bits around a public IPv6 address, "" for any other: inside of a site, networks of 64 bits
// are few and its own, and there is no telling how IPv4 networks are cut.
func site(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if !ip.Is6() || ip.IsPrivate() || !ip.IsGlobalUnicast() {
		return ""
	}
	p, _ := ip.Prefix(48)
	return p.String()
}

// counts is a set of leaking buckets.
type counts struct {
	by      map[string]count
	tries   float64
	forgive time.Duration // per try
}

type count struct {
	level float64 // tries that are not forgiven yet, at time at
	at    time.Time
}

func (c *counts) level(now time.Time, key string) float64 {
	n, ok := c.by[key]
	if !ok {
		return 0
	}
	return c.left(now, n)
}

func (c *counts) left(now time.Time, n count) float64 {
	gone := max(0, now.Sub(n.at)) // a clock that was set back forgives nothing
	return max(0, n.level-float64(gone)/float64(c.forgive))
}

// over tells how long to wait before one more try, zero if none.
func (c *counts) over(now time.Time, key string) time.Duration {
	return time.Duration(max(0, c.level(now, key)+1-c.tries) * float64(c.forgive))
}

func (c *counts) add(now time.Time, key string, tries float64) {
	level := max(0, c.level(now, key)+tries)
	if level == 0 {
		delete(c.by, key)
		return
	}
	if _, ok := c.by[key]; !ok && len(c.by) >= maxCounted {
		c.drop(now)
	}
	c.by[key] = count{level: level, at: now}
}

// drop forgets what is forgiven, and a quarter at least, those with the lowest level: so the work of looking at all of
// them is done once in a thousand additions.
func (c *counts) drop(now time.Time) {
	levels := make([]float64, 0, len(c.by))
	for _, n := range c.by {
		levels = append(levels, c.left(now, n))
	}
	slices.Sort(levels)
	limit, most := levels[len(levels)/4], len(levels)/4+1
	for key, n := range c.by {
		if l := c.left(now, n); l == 0 || l <= limit && most > 0 {
			delete(c.by, key)
			most--
		}
	}
}

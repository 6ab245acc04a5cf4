package auth

import (
	"net/netip"
	"sync"
	"time"
)

// How many wrong tries are free, and how fast they are forgiven.
const (
	addressTries   = 10               // per address
	addressForgive = 30 * time.Second // per try
	accountTries   = 50               // per account, from addresses that its owner has not used
	accountForgive = 10 * time.Second // per try
	maxCounted     = 4096             // addresses, and as many accounts; the least guilty is forgotten first
)

// throttle counts wrong tries.
type throttle struct {
	mu        sync.Mutex // guards what follows
	addresses counts
	accounts  counts
}

func newThrottle() *throttle {
	return &throttle{
		addresses: counts{by: make(map[string]count), tries: addressTries, forgive: addressForgive},
		accounts:  counts{by: make(map[string]count), tries: accountTries, forgive: accountForgive},
	}
}

// charge counts a try against the address and, unless the address is trusted for it, the account ("" for none). It
// returns how long to wait if that was too many, else zero. A try that succeeds is given back by forgive.
func (t *throttle) charge(now time.Time, from netip.Addr, account string, trusted bool) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.addresses.over(now, network(from)); wait > 0 {
		return wait
	}
	if account != "" && !trusted {
		if wait := t.accounts.over(now, account); wait > 0 {
			return wait
		}
		t.accounts.add(now, account, 1)
	}
	t.addresses.add(now, network(from), 1)
	return 0
}

// forgive takes back what charge counted.
func (t *throttle) forgive(now time.Time, from netip.Addr, account string, trusted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addresses.add(now, network(from), -1)
	if account != "" && !trusted {
		t.accounts.add(now, account, -1)
	}
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

// drop forgets the key with the lowest level.
func (c *counts) drop(now time.Time) {
	least, lowest := "", c.tries+2
	for key := range c.by {
		if l := c.level(now, key); l < lowest {
			least, lowest = key, l
		}
	}
	delete(c.by, least)
}

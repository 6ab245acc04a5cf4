package egress

import (
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	maxRecent = 64          // different refusals that are remembered
	logEvery  = time.Minute // between two log lines about the same refusal
)

// Refusal is one destination that was refused, however often.
type Refusal struct {
	Network string     `json:"network"`
	Address string     `json:"address"` // as it was asked for
	IP      netip.Addr `json:"ip"`
	Why     string     `json:"why"`
	Count   uint64     `json:"count"`
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
}

// refusals counts and remembers.
type refusals struct {
	log *slog.Logger     // constant
	now func() time.Time // constant

	mu     sync.Mutex // guards what follows
	total  uint64
	recent []entry // oldest Last first, at most maxRecent
}

type entry struct {
	Refusal
	logged time.Time
}

func newRefusals(log *slog.Logger, now func() time.Time) *refusals {
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if now == nil {
		now = time.Now
	}
	return &refusals{log: log, now: now}
}

func (r *refusals) add(network, address string, ip netip.Addr, why string) {
	e, tell := r.count(network, clip(address), ip, why)
	if tell {
		r.log.Warn("outbound connection refused", "network", e.Network, "address", e.Address, "ip", e.IP, "why", e.Why, "count", e.Count)
	}
}

// count enters a refusal and tells whether it is time to log it.
func (r *refusals) count(network, address string, ip netip.Addr, why string) (Refusal, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	e := r.take(network, address, ip)
	if e.Count == 0 {
		e.Refusal = Refusal{Network: network, Address: address, IP: ip, First: now}
	}
	e.Why, e.Last = why, now
	e.Count++
	r.total++
	tell := e.Count == 1 || now.Sub(e.logged) >= logEvery || now.Before(e.logged)
	if tell {
		e.logged = now
	}
	r.recent = append(r.recent, e)
	return e.Refusal, tell
}

// take removes and gives the entry of a destination, or makes room for a new one.
func (r *refusals) take(network, address string, ip netip.Addr) entry {
	i := slices.IndexFunc(r.recent, func(e entry) bool {
		return e.Network == network && e.Address == address && e.IP == ip
	})
	if i < 0 {
		if len(r.recent) >= maxRecent {
			r.recent = slices.Delete(r.recent, 0, 1)
		}
		return entry{}
	}
	e := r.recent[i]
	r.recent = slices.Delete(r.recent, i, i+1)
	return e
}

// Refused is the number of refusals since the Guard was made.
func (g *Guard) Refused() uint64 {
	g.refusals.mu.Lock()
	defer g.refusals.mu.Unlock()
	return g.refusals.total
}

// Refusals gives the last refused destinations, the newest first, at most maxRecent.
func (g *Guard) Refusals() []Refusal {
	g.refusals.mu.Lock()
	defer g.refusals.mu.Unlock()
	list := make([]Refusal, 0, len(g.refusals.recent))
	for _, e := range slices.Backward(g.refusals.recent) {
		list = append(list, e.Refusal)
	}
	return list
}

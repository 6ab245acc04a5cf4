package egress

import (
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Kind is what was refused.
type Kind string

// The kinds.
const (
	Dial      Kind = "dial"      // a connection
	Datagram  Kind = "datagram"  // a datagram
	Group     Kind = "group"     // a multicast group that a camera named
	Peer      Kind = "peer"      // a packet or connection that came to a media port
	Candidate Kind = "candidate" // an address that a browser claimed for WebRTC
	Redirect  Kind = "redirect"  // a camera sent us elsewhere
	Answer    Kind = "answer"    // an address in a camera's answer; the camera's own was used
	Password  Kind = "password"  // a camera asked for its password in clear
	TLS       Kind = "tls"       // a camera showed another certificate than before
)

const (
	maxRecent = 64          // different refusals of one kind that are remembered
	logEvery  = time.Minute // between two log lines about the same refusal
	maxLines  = 120         // log lines in logEvery: anybody may send from any address
	maxNoted  = 100         // refusals a second that are looked up and remembered; more are only counted
)

// Refusal is one destination that was refused, however often.
type Refusal struct {
	Kind    Kind       `json:"kind" doc:"dial, datagram, group, peer, candidate, redirect, answer, password or tls."`
	Class   string     `json:"class" doc:"What the connection would have been for, as in the list of connections."`
	Camera  string     `json:"camera,omitempty" doc:"Id of the camera that caused it."`
	Network string     `json:"network"`
	Address string     `json:"address"` // as it was asked for
	IP      netip.Addr `json:"ip"`
	Why     string     `json:"why" people:"read"`
	Count   uint64     `json:"count"`
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
}

// same tells whether two are the same refusal, at different times.
func (r *Refusal) same(o *Refusal) bool {
	return r.Kind == o.Kind && r.Address == o.Address && r.IP == o.IP && r.Network == o.Network && r.Class == o.Class && r.Camera == o.Camera
}

// refusals counts and remembers.
type refusals struct {
	log *slog.Logger     // constant
	now func() time.Time // constant

	mu     sync.Mutex // guards what follows
	total  uint64
	recent []entry // oldest Last first, at most maxRecent of a kind
	noted  budget
	lines  budget
}

type entry struct {
	Refusal
	logged time.Time
}

// budget lets so many through in a time.
type budget struct {
	since time.Time
	used  int
}

// spend takes one of most in each period. A clock that goes back begins a period.
func (b *budget) spend(now time.Time, most int, period time.Duration) bool {
	if now.Sub(b.since) >= period || now.Before(b.since) {
		*b = budget{since: now}
	}
	b.used++
	return b.used <= most
}

func newRefusals(log *slog.Logger, now func() time.Time) *refusals {
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return &refusals{log: log, now: now}
}

func (r *refusals) add(n Refusal) {
	n.Address = clip(n.Address)
	e, tell := r.count(n)
	if tell {
		r.log.Warn("outbound connection refused", "kind", string(e.Kind), "for", e.Class, "camera", e.Camera, "network", e.Network, "address", e.Address, "ip", e.IP, "why", e.Why, "count", e.Count)
	}
}

// count enters a refusal and tells whether it is time to log it.
func (r *refusals) count(n Refusal) (Refusal, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	r.total++
	if !r.noted.spend(now, maxNoted, time.Second) && (n.Kind == Peer || n.Kind == Candidate) { // which others cause, at their pace
		return n, false
	}
	e := r.take(&n)
	if e.Count == 0 {
		e.Refusal = n
		e.First = now
	}
	e.Why, e.Last = n.Why, now
	e.Count++
	tell := (e.Count == 1 || now.Sub(e.logged) >= logEvery || now.Before(e.logged)) && r.lines.spend(now, maxLines, logEvery)
	if tell {
		e.logged = now
	}
	r.recent = append(r.recent, e)
	return e.Refusal, tell
}

// take removes and gives the entry of a refusal, or makes room for a new one.
func (r *refusals) take(n *Refusal) entry {
	kind, oldest := 0, -1
	for i := range r.recent {
		e := r.recent[i]
		if e.same(n) {
			r.recent = slices.Delete(r.recent, i, i+1)
			return e
		}
		if e.Kind == n.Kind {
			if kind++; oldest < 0 {
				oldest = i
			}
		}
	}
	if kind >= maxRecent {
		r.recent = slices.Delete(r.recent, oldest, oldest+1)
	}
	return entry{}
}

// byPurpose adds up what is remembered, by class and camera.
func (r *refusals) byPurpose() map[[2]string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := make(map[[2]string]uint64)
	for i := range r.recent {
		sum[[2]string{r.recent[i].Class, r.recent[i].Camera}] += r.recent[i].Count
	}
	return sum
}

// Refused is the number of refusals since the Guard was made.
func (g *Guard) Refused() uint64 {
	g.refusals.mu.Lock()
	defer g.refusals.mu.Unlock()
	return g.refusals.total
}

// Refusals gives the last refused destinations, the newest first, at most maxRecent of each kind.
func (g *Guard) Refusals() []Refusal {
	g.refusals.mu.Lock()
	defer g.refusals.mu.Unlock()
	list := make([]Refusal, 0, len(g.refusals.recent))
	for _, e := range slices.Backward(g.refusals.recent) {
		list = append(list, e.Refusal)
	}
	return list
}

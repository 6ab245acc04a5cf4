package discovery

import (
	"net/netip"
	"slices"
	"sync"
)

const (
	// MaxFound bounds the devices that one search keeps.
	MaxFound = 1024
	// maxPerSender bounds the devices that one address tells of: recorders answer for the cameras that hang on them. This
	// machine itself may tell of any number: it is where simulated ones are.
	maxPerSender = 64
	// maxSenders bounds the addresses of one device that are remembered.
	maxSenders = 16
)

// gathering is what answered so far: each device once, by the rule of the package comment.
type gathering struct {
	tell func(Found) // constant; nil: nobody is told

	mu      sync.Mutex // guards what follows, and makes finding and telling one act
	devices []*device  // in the order of their first answers
	byID    map[string][]*device
	byOwn   map[string]*device // by the addresses of device services that are on the host that answered
	told    map[netip.Addr]int // devices by who told of them first
}

// device is one of them.
type device struct {
	Found
	senders []sender
}

// sender is where answers of a device came from.
type sender struct {
	addr    netip.Addr
	network string // of this machine, by which it came
}

func newGathering(tell func(Found)) *gathering {
	return &gathering{tell: tell, byID: make(map[string][]*device), byOwn: make(map[string]*device), told: make(map[netip.Addr]int)}
}

// add keeps a device, or what is new of one that is known, and tells of it. network is the one that it answered by.
func (g *gathering) add(f Found, network string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := sender{f.From.Addr().Unmap(), network}
	d := g.known(&f, s)
	news := d == nil
	if news {
		if d = g.enter(f, s); d == nil {
			return
		}
	}
	news = d.merge(f, s) || news
	for _, a := range f.XAddrs {
		if own(a, s.addr) && g.byOwn[a] == nil {
			g.byOwn[a] = d
		}
	}
	if news && g.tell != nil {
		g.tell(d.copy())
	}
}

// own tells whether an address leads to the host that named it.
func own(address string, from netip.Addr) bool {
	ip := hostIP(address)
	return ip.IsValid() && ip.WithZone("") == from.WithZone("")
}

// known finds the device that an answer is of.
func (g *gathering) known(f *Found, s sender) *device {
	same := g.byID[f.ID]
	if f.ID == "" {
		same = nil
	}
	for _, d := range same {
		if slices.ContainsFunc(f.XAddrs, func(a string) bool { return slices.Contains(d.XAddrs, a) }) || slices.Contains(d.senders, s) && !d.Shared {
			return d
		}
	}
	for _, a := range f.XAddrs {
		if d := g.byOwn[a]; d != nil && own(a, s.addr) {
			return d // under another id
		}
	}
	for _, d := range same {
		if !d.Shared && !d.another(f, s) {
			return d
		}
	}
	return nil
}

// another tells whether an answer with the device's endpoint address is of another device.
func (d *device) another(f *Found, s sender) bool {
	return slices.ContainsFunc(d.senders, func(t sender) bool {
		return t.network == s.network && t.addr != s.addr && plain4(t.addr) && plain4(s.addr) && !names(f, t.addr) && !names(&d.Found, s.addr)
	})
}

func plain4(a netip.Addr) bool { return a.Is4() && !a.IsLinkLocalUnicast() }

// names tells whether a device names a host among its addresses.
func names(f *Found, a netip.Addr) bool {
	return slices.ContainsFunc(f.XAddrs, func(x string) bool { return hostIP(x) == a })
}

// enter makes room for a device; nil when there is none.
func (g *gathering) enter(f Found, s sender) *device {
	if len(g.devices) >= MaxFound || g.told[s.addr] >= maxPerSender && !s.addr.IsLoopback() {
		return nil
	}
	g.told[s.addr]++
	d := &device{Found: Found{ID: f.ID, Key: f.ID, By: f.By, From: f.From}}
	same := g.byID[f.ID]
	if f.ID == "" || len(same) > 0 {
		d.Key = f.ID + "@" + f.Address()
	}
	if f.ID != "" {
		for _, o := range same {
			o.Shared = true
		}
		d.Shared = len(same) > 0
		g.byID[f.ID] = append(same, d)
	}
	g.devices = append(g.devices, d)
	return d
}

// merge takes over what a further answer says, and tells whether anything of it was new.
func (d *device) merge(f Found, s sender) (news bool) {
	fresh := !slices.Contains(d.senders, s) && len(d.senders) < maxSenders
	if fresh {
		d.senders = append(d.senders, s)
	}
	before := len(d.XAddrs) + len(d.Types) + len(d.Scopes)
	d.XAddrs, d.Types, d.Scopes = union(d.XAddrs, f.XAddrs, maxXAddrs), union(d.Types, f.Types, maxScopes), union(d.Scopes, f.Scopes, maxScopes)
	if before == len(d.XAddrs)+len(d.Types)+len(d.Scopes) && !fresh {
		return false
	}
	d.describe(d.Scopes)
	addrs := d.addrs()
	slices.SortStableFunc(d.XAddrs, func(a, b string) int { return rank(a, addrs) - rank(b, addrs) })
	return true
}

// addrs are the hosts that answered for the device.
func (d *device) addrs() []netip.Addr {
	list := make([]netip.Addr, 0, len(d.senders))
	for _, s := range d.senders {
		if !slices.Contains(list, s.addr) {
			list = append(list, s.addr)
		}
	}
	return list
}

// union adds what a list lacks of another, up to a limit.
func union(have, more []string, limit int) []string {
	for _, s := range more {
		if len(have) < limit && !slices.Contains(have, s) {
			have = append(have, s)
		}
	}
	return have
}

// copy gives what is known now, which later answers do not change.
func (d *device) copy() Found {
	f := d.Found
	f.XAddrs, f.Types, f.Scopes, f.Profiles = slices.Clone(f.XAddrs), slices.Clone(f.Types), slices.Clone(f.Scopes), slices.Clone(f.Profiles)
	f.Senders = d.addrs()
	return f
}

// list gives the devices in the order of their first answers.
func (g *gathering) list() []Found {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Found, 0, len(g.devices))
	for _, d := range g.devices {
		list = append(list, d.copy())
	}
	return list
}

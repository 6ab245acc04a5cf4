package egress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	connectTime  = 5 * time.Second // for one address; a host on the premises answers in milliseconds or is off
	resolveTime  = 5 * time.Second // for one name
	maxAddresses = 8               // of one name
)

// Options of a Guard.
type Options struct {
	Allow []netip.Prefix   // reachable beside what is local, as the operator listed it
	Log   *slog.Logger     // nil: no log
	Now   func() time.Time // wall clock of refusals; nil: time.Now

	// Lookup resolves a name to addresses of network "ip", "ip4" or "ip6". nil: Go's resolver, asking only name
	// servers that the Guard lets through.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Guard decides and dials. It is safe for use by many goroutines.
type Guard struct {
	allow    []netip.Prefix // constant
	lookup   func(ctx context.Context, network, host string) ([]netip.Addr, error)
	refusals *refusals
	now      func() time.Time // constant

	mu       sync.Mutex // guards what follows
	purposes []*Purpose // registered and not closed, in the order of their registration
}

// New makes a Guard.
func New(o Options) *Guard {
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Guard{allow: slices.Clone(o.Allow), lookup: o.Lookup, refusals: newRefusals(o.Log, o.Now), now: o.Now}
	for i, p := range g.allow {
		g.allow[i] = plainPrefix(p)
	}
	if g.lookup == nil {
		r := &net.Resolver{PreferGo: true, Dial: g.For(Names, Use{}).DialContext}
		g.lookup = r.LookupNetIP
	}
	return g
}

// RefusedError says that an address lies outside the premises.
type RefusedError struct {
	Address string     // as it was asked for, host:port
	IP      netip.Addr // what it is
	Why     string     // "a public address"
}

func (e *RefusedError) Error() string {
	if !e.IP.IsValid() {
		return fmt.Sprintf("%s is %s", e.Address, e.Why)
	}
	return fmt.Sprintf("%s is %s, %s: connections stay on the premises unless its prefix is listed under egress.allow", e.Address, e.IP, e.Why)
}

// dial connects for a purpose.
func (g *Guard) dial(ctx context.Context, p *Purpose, network, address string) (net.Conn, error) {
	host, port, err := split(network, address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", clip(address), err)
	}
	addrs, err := g.resolve(ctx, network, host)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", clip(address), err)
	}
	conn, err := p.dialAny(ctx, network, address, addrs, port)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", clip(address), err)
	}
	return conn, nil
}

// split takes an address apart. An empty host is refused: the net package takes it for this host.
func split(network, address string) (host, port string, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
	default:
		return "", "", fmt.Errorf("network %q is not dialled", network)
	}
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		return "", "", err
	}
	if host == "" {
		return "", "", errors.New("it names no host")
	}
	return host, port, nil
}

// resolve gives the addresses of host, at most maxAddresses.
func (g *Guard) resolve(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{plain(ip)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	found, err := g.lookup(ctx, "ip"+strings.TrimLeft(network, "tcpud"), host)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	addrs := make([]netip.Addr, 0, len(found))
	for _, ip := range found[:min(len(found), maxAddresses)] {
		addrs = append(addrs, plain(ip))
	}
	if len(addrs) == 0 {
		return nil, errors.New("resolve: the name has no address")
	}
	return addrs, nil
}

// dialAny tries the addresses in their order, those that are let through.
func (p *Purpose) dialAny(ctx context.Context, network, address string, addrs []netip.Addr, port string) (net.Conn, error) {
	var last error
	for _, ip := range addrs {
		conn, err := p.dialOne(ctx, network, address, ip, port)
		if err == nil {
			return conn, nil
		}
		var refused *RefusedError
		if last == nil || !errors.As(err, &refused) {
			last = err // what a permitted address answered says more than that another was refused
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

func (p *Purpose) dialOne(ctx context.Context, network, address string, ip netip.Addr, port string) (net.Conn, error) {
	if why := p.guard.refuses(network, ip); why != "" {
		return nil, p.refuse(Refusal{Kind: Dial, Network: network, Address: address, IP: ip, Why: why})
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	d := net.Dialer{ControlContext: p.control}
	return d.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
}

// control is the last check, on the address that the socket is about to connect to.
func (p *Purpose) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("check %s: %w", clip(address), err)
	}
	if why := p.guard.refuses(network, to.Addr()); why != "" {
		return p.refuse(Refusal{Kind: Dial, Network: network, Address: address, IP: plain(to.Addr()), Why: why})
	}
	return nil
}

// maxAddress bounds what is kept and logged of an address that somebody else may have chosen, bytes.
const maxAddress = 255

func clip(s string) string { return s[:min(len(s), maxAddress)] }

package egress

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Use says what a Purpose is for.
type Use struct {
	Camera  string   // its id, where the connections are one camera's
	Targets []string // host:port where they will lead, as far as that is known before
	Only    bool     // no host is dialled that is not among the targets
}

// Purpose is what connections are made for. It dials, and tells what became of it. It is safe for use by many goroutines.
type Purpose struct {
	guard *Guard // constant
	class *Class // constant
	use   Use    // constant

	mu      sync.Mutex // guards what follows
	targets []*target  // at most maxTargets
	others  target     // what was dialled beyond them
	watch   func() []Target
}

// maxTargets bounds the addresses of one purpose that are told apart.
const maxTargets = 32

// target is one address that is connected to.
type target struct {
	Target
	purpose *Purpose
}

// Target is one address of a purpose, and what went to it and came from it since the gateway started.
type Target struct {
	Address  string    `json:"address" doc:"host:port, or a multicast group and port."`
	Open     int       `json:"open" doc:"Connections or sockets that are open now."`
	Opened   uint64    `json:"opened" doc:"Connections made since the gateway started."`
	Sent     uint64    `json:"sent_bytes" doc:"Bytes sent, without the headers of the network."`
	Received uint64    `json:"received_bytes" doc:"Bytes received, without the headers of the network."`
	Last     time.Time `json:"last,omitzero" doc:"When a connection was last made."`
}

// For registers a purpose. It is listed until it is closed. A class that is not among Classes is a mistake in the program.
func (g *Guard) For(c *Class, u Use) *Purpose {
	if !known(c) {
		panic("egress: a purpose of no class")
	}
	p := &Purpose{guard: g, class: c, use: u}
	p.others = target{Target: Target{Address: "others"}, purpose: p}
	for _, a := range u.Targets {
		if a != "" {
			p.target(a)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.purposes = append(g.purposes, p)
	return p
}

// Close takes the purpose off the list. Its refusals stay.
func (p *Purpose) Close() {
	p.guard.mu.Lock()
	defer p.guard.mu.Unlock()
	p.guard.purposes = slices.DeleteFunc(p.guard.purposes, func(q *Purpose) bool { return q == p })
}

// Watch has f tell the present peers of a purpose whose sockets are not opened here.
func (p *Purpose) Watch(f func() []Target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch = f
}

// target finds the figures of an address.
func (p *Purpose) target(address string) *target {
	p.mu.Lock()
	defer p.mu.Unlock()
	address = clip(address)
	for _, t := range p.targets {
		if t.Address == address {
			return t
		}
	}
	if len(p.targets) >= maxTargets {
		return &p.others
	}
	t := &target{Target: Target{Address: address}, purpose: p}
	p.targets = append(p.targets, t)
	return t
}

// DialContext connects to address over network (tcp or udp, with or without 4 or 6), like net.Dialer.DialContext. A
// *RefusedError says that no address of the host is let through.
func (p *Purpose) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := p.own(network, address); err != nil {
		return nil, fmt.Errorf("dial %s: %w", clip(address), err)
	}
	conn, err := p.guard.dial(ctx, p, network, address)
	if err != nil {
		return nil, err
	}
	o := p.target(address).open()
	if udp, ok := conn.(*net.UDPConn); ok { // the resolver asks whether it is one, and speaks accordingly
		return &countedUDP{UDPConn: udp, opening: o}, nil
	}
	return &counted{Conn: conn, opening: o}, nil
}

// own refuses hosts other than the purpose's where it has only those.
func (p *Purpose) own(network, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !p.use.Only {
		return err
	}
	for _, t := range p.use.Targets {
		if h, _, err := net.SplitHostPort(t); err == nil && strings.EqualFold(h, host) {
			return nil
		}
	}
	const why = "not this camera's address"
	return p.refuse(Refusal{Kind: Dial, Network: network, Address: address, Why: why})
}

// Peer tells whether packets may come from ip, and be sent back to it. What is refused is counted.
func (p *Purpose) Peer(ip netip.Addr) bool {
	why := p.guard.refuses("tcp", ip)
	if why != "" {
		p.refuse(Refusal{Kind: Peer, Address: plain(ip).String(), IP: plain(ip), Why: why})
	}
	return why == ""
}

// Group tells whether a multicast group may be joined, by an error if not.
func (p *Purpose) Group(ip netip.Addr) error {
	why := p.guard.refuses("udp", ip)
	if why == "" && !plain(ip).IsMulticast() {
		why = "no multicast group"
	}
	if why == "" {
		return nil
	}
	return p.refuse(Refusal{Kind: Group, Network: "udp", Address: plain(ip).String(), IP: plain(ip), Why: why})
}

// Refuse notes that something was not followed or not sent: kind is one of the constants of this package.
func (p *Purpose) Refuse(kind Kind, address, why string) {
	p.refuse(Refusal{Kind: kind, Address: address, Why: why})
}

func (p *Purpose) refuse(r Refusal) error {
	r.Class, r.Camera = p.class.slug, p.use.Camera
	p.guard.refusals.add(r)
	return &RefusedError{Address: clip(r.Address), IP: r.IP, Why: r.Why}
}

// opening is one connection or socket of a target while it is open.
type opening struct {
	to     *target
	closed sync.Once
}

func (t *target) open() *opening {
	t.purpose.mu.Lock()
	defer t.purpose.mu.Unlock()
	t.Open++
	t.Opened++
	t.Last = t.purpose.guard.now().UTC()
	return &opening{to: t}
}

func (o *opening) count(sent, received int) {
	o.to.purpose.mu.Lock()
	defer o.to.purpose.mu.Unlock()
	o.to.Sent += uint64(max(sent, 0))
	o.to.Received += uint64(max(received, 0))
}

func (o *opening) close() {
	o.closed.Do(func() {
		o.to.purpose.mu.Lock()
		defer o.to.purpose.mu.Unlock()
		o.to.Open--
	})
}

// counted is a connection whose bytes are counted.
type counted struct {
	net.Conn
	*opening
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.count(0, n)
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.count(n, 0)
	return n, err
}

func (c *counted) Close() error {
	c.opening.close()
	return c.Conn.Close()
}

// countedUDP is the same over UDP. The socket is connected: package net sends by it to nowhere else.
type countedUDP struct {
	*net.UDPConn
	*opening
}

func (c *countedUDP) Read(b []byte) (int, error) {
	n, err := c.UDPConn.Read(b)
	c.count(0, n)
	return n, err
}

func (c *countedUDP) Write(b []byte) (int, error) {
	n, err := c.UDPConn.Write(b)
	c.count(n, 0)
	return n, err
}

func (c *countedUDP) Close() error {
	c.opening.close()
	return c.UDPConn.Close()
}

// Connection is one purpose as people are told of it.
type Connection struct {
	Class   string   `json:"class" doc:"camera, viewer, discovery, enrolment, names, supervisor or child."`
	Name    string   `json:"name" people:"read" doc:"The class in words."`
	Why     string   `json:"why" people:"read" doc:"What it is for."`
	How     string   `json:"how" people:"read" doc:"By which protocols, and what decides where it leads."`
	Camera  string   `json:"camera,omitempty" doc:"Id of the camera, where it is one camera's."`
	Open    int      `json:"open" doc:"Connections or sockets that are open now."`
	Refused uint64   `json:"refused" doc:"What was refused of it since the gateway started, as far as the list of refusals reaches back."`
	Targets []Target `json:"targets" doc:"Where it leads, at most 32; what is beyond is added up as others."`
}

// Connections lists every connection that the program can make: each class, in their order, and of each its purposes. A class
// of which there is no purpose now is listed without one.
func (g *Guard) Connections() []Connection {
	g.mu.Lock()
	purposes := slices.Clone(g.purposes)
	g.mu.Unlock()
	refused := g.refusals.byPurpose()
	var list []Connection
	for _, c := range Classes() {
		before := len(list)
		for _, p := range purposes {
			if p.class == c {
				list = append(list, p.describe(refused))
			}
		}
		if len(list) == before {
			list = append(list, Connection{Class: c.slug, Name: c.name, Why: c.why, How: c.how, Refused: refused[[2]string{c.slug, ""}], Targets: []Target{}})
		}
	}
	return list
}

func (p *Purpose) describe(refused map[[2]string]uint64) Connection {
	c := Connection{Class: p.class.slug, Name: p.class.name, Why: p.class.why, How: p.class.how, Camera: p.use.Camera,
		Refused: refused[[2]string{p.class.slug, p.use.Camera}], Targets: []Target{}}
	p.mu.Lock()
	for _, t := range p.targets {
		c.Targets = append(c.Targets, t.Target)
	}
	if p.others.Opened > 0 {
		c.Targets = append(c.Targets, p.others.Target)
	}
	watch := p.watch
	p.mu.Unlock()
	if watch != nil {
		more := watch()
		c.Targets = append(c.Targets, more[:min(len(more), maxTargets)]...)
	}
	for _, t := range c.Targets {
		c.Open += t.Open
	}
	return c
}

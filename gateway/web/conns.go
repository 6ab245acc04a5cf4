package web

import (
	"net"
	"net/netip"
	"sync"
)

// Bounds of connections over all faces. An address beyond its own bound cannot take the places of the others.
const (
	maxConns           = 1024
	maxConnsPerAddress = 128
)

// connLimit counts connections, in all and by address.
type connLimit struct {
	mu     sync.Mutex // guards what follows
	total  int
	by     map[netip.Addr]int
	turned uint64 // connections turned away since the start
}

func newConnLimit() *connLimit { return &connLimit{by: make(map[netip.Addr]int)} }

func (c *connLimit) wrap(l net.Listener) net.Listener { return &limited{Listener: l, limit: c} }

// enter counts a connection in, or turns it away.
func (c *connLimit) enter(from netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= maxConns || c.by[from] >= maxConnsPerAddress {
		c.turned++
		return false
	}
	c.total++
	c.by[from]++
	return true
}

func (c *connLimit) leave(from netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if c.by[from]--; c.by[from] <= 0 {
		delete(c.by, from)
	}
}

func (c *connLimit) open() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(c.total)
}

func (c *connLimit) turnedAway() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(c.turned)
}

// limited is a listener that closes at once what is beyond the bounds.
type limited struct {
	net.Listener
	limit *connLimit
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := peer(conn.RemoteAddr())
		if l.limit.enter(from) {
			boundUnsent(conn)
			return &counted{Conn: conn, leave: sync.OnceFunc(func() { l.limit.leave(from) })}, nil
		}
		conn.Close()
	}
}

// counted is a connection that is counted out when it is closed.
type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}

// peer is the address of the other side, without port and zone.
func peer(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

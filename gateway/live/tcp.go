package live

import (
	"net"
	"net/netip"
	"sync"
)

// maxTCP bounds the TCP connections open at once, viewers and such that have said nothing yet.
const maxTCP = 512

// gate is the TCP listener of all viewers: connections from addresses that are not allowed, or too many, are closed
// at once.
type gate struct {
	net.Listener
	allow func(netip.Addr) bool
	slots chan struct{} // holds a value for each open connection
}

func newGate(l net.Listener, allow func(netip.Addr) bool) *gate {
	return &gate{Listener: l, allow: allow, slots: make(chan struct{}, maxTCP)}
}

// Accept gives the next connection of an allowed peer.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if from, ok := conn.RemoteAddr().(*net.TCPAddr); ok && g.allow(from.AddrPort().Addr().Unmap()) {
			select {
			case g.slots <- struct{}{}:
				return &slotConn{Conn: conn, slots: g.slots}, nil
			default:
			}
		}
		_ = conn.Close()
	}
}

// slotConn gives its slot back when it is closed.
type slotConn struct {
	net.Conn
	slots chan struct{}
	once  sync.Once
}

func (c *slotConn) Close() error {
	c.once.Do(func() { <-c.slots })
	return c.Conn.Close()
}

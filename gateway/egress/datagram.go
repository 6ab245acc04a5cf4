package egress

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// ListenPacket opens a UDP socket, like net.ListenPacket, that sends only to where AllowedDatagram lets it.
func (p *Purpose) ListenPacket(network, address string) (net.PacketConn, error) {
	pc, err := listenUDP(network, address)
	if err != nil {
		return nil, err
	}
	return &guarded{PacketConn: pc, udp: pc, purpose: p}, nil
}

// ListenUDP opens a UDP socket that can send anywhere, for a library that takes no other. Whoever calls it sees to it, and
// shows by a test, that it sends only to where the Guard has let a connection through, or to peers that it has let in. The
// house rule names the callers.
func (p *Purpose) ListenUDP(network, address string) (net.PacketConn, error) {
	pc, err := listenUDP(network, address)
	if err != nil {
		return nil, err
	}
	return pc, nil
}

func listenUDP(network, address string) (*net.UDPConn, error) {
	if network != "udp" && network != "udp4" && network != "udp6" {
		return nil, fmt.Errorf("listen %s: network %q is not UDP", clip(address), network)
	}
	pc, err := net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return pc.(*net.UDPConn), nil
}

// guarded is a UDP socket whose every destination is checked. It shows the socket's buffers and file descriptor, which
// libraries tune, and no other way to send.
type guarded struct {
	net.PacketConn
	udp     udpSocket // the same socket
	purpose *Purpose
}

// WriteTo sends a datagram, or refuses with a *RefusedError.
func (c *guarded) WriteTo(b []byte, to net.Addr) (int, error) {
	ip, err := destination(to)
	if err != nil {
		return 0, err
	}
	if why := c.purpose.guard.refuses("udp", ip); why != "" {
		return 0, c.purpose.refuse(Refusal{Kind: Datagram, Network: "udp", Address: to.String(), IP: plain(ip), Why: why})
	}
	n, err := c.PacketConn.WriteTo(b, to)
	if err == nil {
		c.purpose.target(to.String()).datagram(n)
	}
	return n, err
}

// datagram counts one that was sent.
func (t *target) datagram(bytes int) {
	t.purpose.mu.Lock()
	defer t.purpose.mu.Unlock()
	t.Opened++
	t.Sent += uint64(bytes)
	t.Last = t.purpose.guard.now().UTC()
}

func destination(to net.Addr) (netip.Addr, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return netip.Addr{}, fmt.Errorf("send to %s: not a UDP address", to)
	}
	ip, ok := netip.AddrFromSlice(udp.IP)
	if !ok {
		return netip.Addr{}, fmt.Errorf("send to %s: no address", to)
	}
	return ip.WithZone(udp.Zone), nil
}

type udpSocket interface {
	SyscallConn() (syscall.RawConn, error)
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
}

// SyscallConn gives the raw socket, for its options.
func (c *guarded) SyscallConn() (syscall.RawConn, error) { return c.udp.SyscallConn() }

// SetReadBuffer sets the size of the kernel's receive buffer, bytes.
func (c *guarded) SetReadBuffer(bytes int) error { return c.udp.SetReadBuffer(bytes) }

// SetWriteBuffer sets the size of the kernel's send buffer, bytes.
func (c *guarded) SetWriteBuffer(bytes int) error { return c.udp.SetWriteBuffer(bytes) }

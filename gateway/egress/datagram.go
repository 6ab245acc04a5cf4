package egress

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// ListenPacket opens a UDP socket, like net.ListenPacket, that sends only to where AllowedDatagram lets it.
func (g *Guard) ListenPacket(network, address string) (net.PacketConn, error) {
	if network != "udp" && network != "udp4" && network != "udp6" {
		return nil, fmt.Errorf("listen %s: network %q is not UDP", clip(address), network)
	}
	pc, err := net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return &guarded{PacketConn: pc, udp: pc.(*net.UDPConn), guard: g}, nil
}

// guarded is a UDP socket whose every destination is checked. It shows the socket's buffers and file descriptor, which
// RTSP libraries tune, and no other way to send.
type guarded struct {
	net.PacketConn
	udp   udpSocket // the same socket
	guard *Guard
}

// WriteTo sends a datagram, or refuses with a *RefusedError.
func (c *guarded) WriteTo(p []byte, to net.Addr) (int, error) {
	ip, err := destination(to)
	if err != nil {
		return 0, err
	}
	if why := c.guard.refuses("udp", ip); why != "" {
		return 0, c.guard.refuse("udp", to.String(), plain(ip), why)
	}
	return c.PacketConn.WriteTo(p, to)
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

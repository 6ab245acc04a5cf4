package live

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

const (
	// maxSegments is how many packets the kernel takes in one call (UDP_MAX_SEGMENTS of the oldest kernels).
	maxSegments = 64
	// maxBatch is the most bytes given in one call; a datagram before segmentation ends at 65,507.
	maxBatch = 48 << 10
	// wantBuffer is asked for as the socket's receive and send buffer, bytes; the kernel may grant less.
	wantBuffer = 1 << 20
)

// port is the UDP socket of all viewers. Packets from addresses that are not allowed are dropped before anything
// reads them, and none are sent there. Packets to one viewer can be held back and given to the kernel in one call: half the cost of sending
// is the walk through the network stack, and with segmentation it is made once for a batch instead of once for each
// packet.
type port struct {
	*net.UDPConn
	allow func(netip.Addr) bool

	single atomic.Bool // the kernel does not segment: send one by one
	bufs   sync.Pool   // of *[]byte, cap maxBatch

	mu      sync.RWMutex
	batches map[netip.AddrPort]*batch
}

func newPort(conn *net.UDPConn, allow func(netip.Addr) bool) *port {
	_ = conn.SetReadBuffer(wantBuffer)
	_ = conn.SetWriteBuffer(wantBuffer)
	p := &port{UDPConn: conn, allow: allow, batches: map[netip.AddrPort]*batch{}}
	p.bufs.New = func() any { b := make([]byte, 0, maxBatch); return &b }
	p.single.Store(!canSegment)
	return p
}

// ReadFrom makes net.PacketConn complete; the WebRTC library uses ReadFromAddrPort.
func (p *port) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadFromAddrPort reads the next packet of an allowed peer.
func (p *port) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := p.ReadFromUDPAddrPort(b)
		if err != nil || p.allow(from.Addr().Unmap()) {
			return n, from, err
		}
	}
}

// WriteTo makes net.PacketConn complete; the WebRTC library uses WriteToAddrPort.
func (p *port) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not a UDP address")
	}
	return p.WriteToAddrPort(b, udp.AddrPort())
}

// WriteToAddrPort sends a packet, or adds it to the batch being held for its destination.
func (p *port) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	p.mu.RLock()
	held := p.batches[unmap(to)]
	p.mu.RUnlock()
	if held != nil && held.add(b) {
		return len(b), nil
	}
	if !p.allow(to.Addr().Unmap()) {
		return 0, net.InvalidAddrError("not an allowed peer")
	}
	return p.WriteToUDPAddrPort(b, to)
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// batch holds packets for one destination between hold and release. Its methods may be called from any goroutine.
type batch struct {
	port *port
	to   netip.AddrPort

	mu      sync.Mutex
	buf     *[]byte // of the port's pool while holding, else nil
	segment int     // length of the packets in buf; the last may be shorter
	packets int
	full    bool // a shorter packet is in: nothing may follow it
	control []byte
}

// open makes a batch for a destination, replacing one that exists.
func (p *port) open(to netip.AddrPort) *batch {
	b := &batch{port: p, to: unmap(to), control: newSegmentControl()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batches[b.to] = b
	return b
}

// close forgets the batch. Nothing may be held.
func (b *batch) close() {
	b.port.mu.Lock()
	defer b.port.mu.Unlock()
	if b.port.batches[b.to] == b {
		delete(b.port.batches, b.to)
	}
}

// hold keeps packets back until release.
func (b *batch) hold() {
	if b == nil || b.port.single.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf == nil {
		b.buf = b.port.bufs.Get().(*[]byte)
	}
}

// release sends what was held back.
func (b *batch) release() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf == nil {
		return
	}
	b.flush()
	b.port.bufs.Put(b.buf)
	b.buf = nil
}

// add takes a packet if packets are being held back.
func (b *batch) add(packet []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf == nil || len(packet) > maxPacket {
		return false
	}
	if b.full || len(packet) > b.segment || b.packets == maxSegments || len(*b.buf)+len(packet) > maxBatch {
		b.flush()
		b.segment = len(packet)
	}
	*b.buf = append(*b.buf, packet...)
	b.packets++
	b.full = len(packet) < b.segment
	return true
}

// flush sends the packets held. Errors are not told: a packet that the network does not take is a packet lost, and
// the receiver says so. Caller holds mu.
func (b *batch) flush() {
	all, n, segment := *b.buf, b.packets, b.segment
	*b.buf, b.packets, b.segment, b.full = all[:0], 0, 0, false
	if n > 1 && !b.port.single.Load() {
		_, _, err := b.port.WriteMsgUDPAddrPort(all, segmentControl(b.control, segment), b.to)
		if err == nil || !segmentingFails(err) {
			return
		}
		b.port.single.Store(true)
	}
	for len(all) > 0 {
		next := min(segment, len(all))
		_, _ = b.port.WriteToUDPAddrPort(all[:next], b.to)
		all = all[next:]
	}
}

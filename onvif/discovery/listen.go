package discovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// joinPeriod is how often networks are looked for that came up since.
const joinPeriod = time.Minute

// Announcement is what a device says of itself without being asked.
type Announcement struct {
	Found
	Bye bool // it goes; otherwise it has come, or changed
}

// Listen hears the announcements of devices that come (Hello) and go (Bye), on every network of this machine by IPv4 and
// IPv6, until ctx ends. heard is called by one goroutine at a time. Of one sender at most eight at once and one a second are
// handed on, of all together 64 at once and ten a second; others are dropped.
func Listen(ctx context.Context, heard func(Announcement)) error {
	h := &hearing{heard: heard, meter: newMeter(hellosOfOne, hellosOfAll, time.Now())}
	defer h.close()
	var err error
	if h.four, err = h.open(ctx, "udp4", group4); err != nil {
		return fmt.Errorf("listen for announcements: %w", err)
	}
	h.six, _ = h.open(ctx, "udp6", group6) // a machine may be without IPv6
	tick := time.NewTicker(joinPeriod)
	defer tick.Stop()
	for {
		h.join()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// hearing is the state of one Listen.
type hearing struct {
	heard     func(Announcement) // constant
	four, six *net.UDPConn       // constant once they are open; six is nil without IPv6
	readers   sync.WaitGroup

	mu    sync.Mutex // makes counting an announcement and handing it on one act
	meter *meter
}

// open makes a socket that can join a group, and reads from it until it is closed.
func (h *hearing) open(ctx context.Context, network string, group netip.Addr) (*net.UDPConn, error) {
	lc := net.ListenConfig{Control: share}
	pc, err := lc.ListenPacket(ctx, network, netip.AddrPortFrom(group, port).String())
	if err != nil {
		return nil, err
	}
	conn := pc.(*net.UDPConn)
	makeRoom(conn)
	h.readers.Go(func() { h.read(conn) })
	return conn, nil
}

func (h *hearing) close() {
	for _, c := range []*net.UDPConn{h.four, h.six} {
		if c != nil {
			c.Close()
		}
	}
	h.readers.Wait()
}

// join joins the groups on each network. Where it has joined before the kernel says so, which is no error.
func (h *hearing) join() {
	interfaces, err := net.Interfaces()
	if err != nil {
		return
	}
	for _, i := range interfaces {
		if !multicasts(i) {
			continue
		}
		join4(h.four, unix.IPMreqn{Multiaddr: group4.As4(), Ifindex: int32(i.Index)})
		if h.six != nil && i.Flags&net.FlagLoopback == 0 {
			join6(h.six, i.Index)
		}
	}
}

func join4(conn *net.UDPConn, m unix.IPMreqn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &m)
	})
	return errors.Join(err, set)
}

func join6(conn *net.UDPConn, index int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptIPv6Mreq(int(fd), unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: group6.As16(), Interface: uint32(index)})
	})
	return errors.Join(err, set)
}

func (h *hearing) read(conn *net.UDPConn) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			h.take(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		}
	}
}

// take hands on an announcement, if its sender may still make one.
func (h *hearing) take(data []byte, from netip.AddrPort) {
	if !bytes.Contains(data, []byte("Hello")) && !bytes.Contains(data, []byte("Bye")) {
		return // a question of somebody else
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.meter.takes(from.Addr(), time.Now()) {
		return
	}
	p, err := parse(data, from)
	if err != nil || p.kind != "Hello" && p.kind != "Bye" {
		return
	}
	for _, f := range p.devices {
		f.By, f.Key = ByMulticast, f.ID
		h.heard(Announcement{Found: f, Bye: p.kind == "Bye"})
	}
}

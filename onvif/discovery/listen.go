package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// joinPeriod is how often networks are looked for that came up since.
	joinPeriod = time.Minute
	// helloBurst and helloRate bound how many announcements are handed on: anybody can send them.
	helloBurst = 64
	helloRate  = 100 * time.Millisecond // one more
)

// Listen hears the announcements (Hello) of devices that come up, on every IPv4 network of this machine, until ctx ends.
// heard is called from one goroutine, for at most helloBurst announcements at once and ten a second; others are dropped.
func Listen(ctx context.Context, heard func(Found)) error {
	lc := net.ListenConfig{Control: share}
	pc, err := lc.ListenPacket(ctx, "udp4", netip.AddrPortFrom(group4, port).String())
	if err != nil {
		return fmt.Errorf("listen for announcements: %w", err)
	}
	conn := pc.(*net.UDPConn)
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	h := &hearing{conn: conn, left: helloBurst, since: time.Now()}
	return h.run(ctx, heard)
}

// hearing is the state of one Listen.
type hearing struct {
	conn  *net.UDPConn
	left  int       // announcements that may be handed on now
	since time.Time // when left was counted
}

func (h *hearing) run(ctx context.Context, heard func(Found)) error {
	buf := make([]byte, maxDatagram)
	joined := time.Time{}
	for {
		if time.Since(joined) >= joinPeriod {
			h.join()
			joined = time.Now()
		}
		h.conn.SetReadDeadline(joined.Add(joinPeriod))
		n, from, err := h.conn.ReadFromUDPAddrPort(buf)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("listen for announcements: %w", err)
		case err != nil:
			continue // the time to look for networks, or an ICMP answer
		}
		kind, list, err := parse(buf[:n], from)
		if err != nil || kind != "Hello" || !h.may() {
			continue
		}
		for _, f := range list {
			heard(f)
		}
	}
}

// join joins the group on each network. On one where it has joined before the kernel says so, which is no error.
func (h *hearing) join() {
	interfaces, err := net.Interfaces()
	if err != nil {
		return
	}
	raw, err := h.conn.SyscallConn()
	if err != nil {
		return
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagMulticast|net.FlagLoopback) == 0 {
			continue
		}
		raw.Control(func(fd uintptr) {
			unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{Multiaddr: group4.As4(), Ifindex: int32(i.Index)})
		})
	}
}

// may takes one of the announcements that may be handed on.
func (h *hearing) may() bool {
	if more := int(time.Since(h.since) / helloRate); more > 0 {
		h.left = min(helloBurst, h.left+more)
		h.since = time.Now()
	}
	if h.left == 0 {
		return false
	}
	h.left--
	return true
}

package discovery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

const (
	// MaxFound bounds the devices that one probe keeps.
	MaxFound = 1024
	// DefaultTimeout covers slow devices: they spread answers over half a second, and some think for two.
	DefaultTimeout = 3 * time.Second

	port        = 3702
	maxDatagram = 64 << 10
	probes      = 2 // sent this often: datagrams get lost
	probeGap    = 300 * time.Millisecond
)

var (
	group4 = netip.MustParseAddr("239.255.255.250")
	group6 = netip.MustParseAddr("ff02::c")
)

// Options of a probe.
type Options struct {
	Timeout time.Duration // how long answers are gathered; 0: DefaultTimeout
}

// Probe asks every network of this machine and gives the devices that answered within the time-out, in the order of
// their first answer. That a network could not be asked is an error only when none could.
func Probe(ctx context.Context, o Options) ([]Found, error) {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	sockets, err := open()
	if err != nil {
		return nil, err
	}
	g := gathering{byID: make(map[string]int)}
	var wg sync.WaitGroup
	for _, s := range sockets {
		wg.Go(func() { g.listen(s) })
		wg.Go(func() { s.ask(ctx) })
	}
	<-ctx.Done()
	for _, s := range sockets {
		s.conn.Close()
	}
	wg.Wait()
	return g.list, nil
}

// socket sends and receives on one address of this machine.
type socket struct {
	conn  *net.UDPConn
	group netip.AddrPort
}

// open makes a socket for each address that a network can be asked from.
func open() ([]socket, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var list []socket
	var errs []error
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagMulticast|net.FlagLoopback) == 0 {
			continue
		}
		addrs, err := i.Addrs()
		errs = append(errs, err)
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil || !usable(prefix.Addr(), i) {
				continue
			}
			s, err := openOn(prefix.Addr(), i)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no network can be asked: %w", errors.Join(errs...))
	}
	return list, nil
}

// usable tells whether an address is worth a socket: every IPv4 one, of IPv6 the link-local ones, since the question is
// of link-local scope. IPv6 multicast on loopback does not work on Linux.
func usable(a netip.Addr, i net.Interface) bool {
	if a.Is4() {
		return true
	}
	return a.IsLinkLocalUnicast() && i.Flags&net.FlagLoopback == 0
}

func openOn(a netip.Addr, i net.Interface) (socket, error) {
	network, group := "udp4", group4
	if a.Is6() {
		network, group, a = "udp6", group6.WithZone(i.Name), a.WithZone(i.Name)
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		return socket{}, err
	}
	if a.Is4() {
		if err := sendFrom(conn, a); err != nil {
			conn.Close()
			return socket{}, err
		}
	}
	return socket{conn: conn, group: netip.AddrPortFrom(group, port)}, nil
}

// sendFrom makes multicast leave by the interface of an address. Loopback has no multicast flag, but takes it so.
func sendFrom(conn *net.UDPConn, a netip.Addr) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInet4Addr(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_IF, a.As4())
	})
	return errors.Join(err, set)
}

// ask sends the questions: devices of today by tds:Device, those of profile S by NetworkVideoTransmitter.
func (s socket) ask(ctx context.Context) {
	for range probes {
		for _, types := range []string{"tds:Device", "dn:NetworkVideoTransmitter"} {
			s.conn.WriteToUDPAddrPort(question(types), s.group) // a network that does not take it has no devices for us
		}
		t := time.NewTimer(probeGap + rand.N(probeGap))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

func question(types string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header><a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action><a:MessageID>urn:uuid:%s</a:MessageID><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body><d:Probe><d:Types>%s</d:Types></d:Probe></s:Body></s:Envelope>`,
		uuid.NewString(), types)
}

// gathering is what answered so far.
type gathering struct {
	mu   sync.Mutex
	byID map[string]int // index in list
	list []Found
}

func (g *gathering) listen(s socket) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP answer to what we sent
		}
		kind, list, err := parse(buf[:n], from)
		if err != nil || kind != "ProbeMatches" {
			continue
		}
		for _, f := range list {
			g.add(f)
		}
	}
}

// add keeps a device, or the further addresses of one that is known.
func (g *gathering) add(f Found) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i, known := g.byID[f.ID]; known {
		have := &g.list[i]
		for _, a := range f.XAddrs {
			if len(have.XAddrs) < maxXAddrs && !contains(have.XAddrs, a) {
				have.XAddrs = append(have.XAddrs, a)
			}
		}
		return
	}
	if len(g.list) < MaxFound {
		g.byID[f.ID] = len(g.list)
		g.list = append(g.list, f)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

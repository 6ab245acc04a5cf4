package discovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

const (
	// DefaultTimeout covers slow devices: they spread answers over half a second, and some think for two.
	DefaultTimeout = 3 * time.Second

	port        = 3702
	maxDatagram = 64 << 10
	maxSockets  = 128
	room        = 1 << 20 // bytes of answers that wait to be read, where the kernel grants it

	// Datagrams get lost, and answers with them: questions are asked again, at first after firstGap, then after twice as
	// long each time, up to lastGap, a quarter more or less. What is asked less than answerTime before the end is in vain.
	firstGap   = 250 * time.Millisecond
	lastGap    = 2 * time.Second
	answerTime = 500 * time.Millisecond
)

var (
	group4 = netip.MustParseAddr("239.255.255.250")
	group6 = netip.MustParseAddr("ff02::c")
)

// Options of a probe.
type Options struct {
	Timeout    time.Duration // how long answers are gathered; 0: DefaultTimeout
	Interfaces []string      // names of the network interfaces to ask; none: every one

	// Open opens a UDP socket, like net.ListenPacket. Required. What it gives has SyscallConn.
	Open func(network, address string) (net.PacketConn, error)

	// Found is told of each device when it is first found, and again when more is known of it, by its Key. It is called by
	// one goroutine at a time, and holds up the reading of answers. nil: nobody is told.
	Found func(Found)
}

// Probe asks the networks of this machine and gives the devices that answered within the time-out, or until ctx ended, in
// the order of their first answers. That a network could not be asked is an error only when none could.
func Probe(ctx context.Context, o Options) ([]Found, error) {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if o.Open == nil {
		return nil, errors.New("a probe needs a function that opens sockets")
	}
	sockets, err := o.open()
	if err != nil {
		return nil, err
	}
	e := newExchange(ByMulticast, newGathering(o.Found))
	var wg sync.WaitGroup
	for _, s := range sockets {
		wg.Go(func() { e.hear(s) })
		wg.Go(func() { e.ask(ctx, s) })
	}
	<-ctx.Done()
	for _, s := range sockets {
		s.conn.Close()
	}
	wg.Wait()
	return e.found.list(), nil
}

// socket sends and receives on one address of this machine.
type socket struct {
	conn    net.PacketConn
	group   *net.UDPAddr
	network string // name of the interface
}

// open makes a socket for each address that a network can be asked from.
func (o Options) open() ([]socket, error) {
	interfaces, err := o.interfaces()
	if err != nil {
		return nil, err
	}
	var list []socket
	var errs []error
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		errs = append(errs, err)
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil || !usable(prefix.Addr(), i) || len(list) == maxSockets {
				continue
			}
			s, err := o.openOn(prefix.Addr(), i)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no network can be asked: %w", errors.Join(append(errs, errors.New("this machine has no network interface with an address"))...))
	}
	return list, nil
}

// Check tells by an error that a network is named that there is not.
func (o Options) Check() error {
	_, err := o.interfaces()
	return err
}

// interfaces lists those to ask.
func (o Options) interfaces() (list []net.Interface, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
		if (len(o.Interfaces) == 0 || slices.Contains(o.Interfaces, i.Name)) && multicasts(i) {
			list = append(list, i)
		}
	}
	for _, want := range o.Interfaces {
		if !slices.Contains(names, want) {
			return nil, fmt.Errorf("there is no network interface %q; there are %s", want, strings.Join(names, ", "))
		}
	}
	return list, nil
}

// multicasts tells whether an interface takes multicast. Loopback does not say so, but takes that of IPv4.
func multicasts(i net.Interface) bool {
	return i.Flags&net.FlagUp != 0 && i.Flags&(net.FlagMulticast|net.FlagLoopback) != 0
}

// usable tells whether an address is worth a socket: every IPv4 one, of IPv6 the link-local ones, since the question is
// of link-local scope. IPv6 multicast on loopback does not work on Linux.
func usable(a netip.Addr, i net.Interface) bool {
	if a.Is4() {
		return true
	}
	return a.IsLinkLocalUnicast() && i.Flags&net.FlagLoopback == 0
}

func (o Options) openOn(a netip.Addr, i net.Interface) (socket, error) {
	network, group := "udp4", group4
	if a.Is6() {
		network, group, a = "udp6", group6.WithZone(i.Name), a.WithZone(i.Name)
	}
	conn, err := o.Open(network, netip.AddrPortFrom(a, 0).String())
	if err != nil {
		return socket{}, err
	}
	if a.Is4() {
		if err := sendFrom(conn, a); err != nil {
			conn.Close()
			return socket{}, err
		}
	}
	makeRoom(conn)
	return socket{conn: conn, group: net.UDPAddrFromAddrPort(netip.AddrPortFrom(group, port)), network: i.Name}, nil
}

// makeRoom has the kernel keep more datagrams that wait to be read, as far as it lets us.
func makeRoom(conn any) {
	if b, ok := conn.(interface{ SetReadBuffer(bytes int) error }); ok {
		b.SetReadBuffer(room)
	}
}

// sendFrom makes multicast leave by the interface of an address. Loopback has no multicast flag, but takes it so.
func sendFrom(conn net.PacketConn, a netip.Addr) error {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return errors.New("the socket shows no options")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInet4Addr(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_IF, a.As4())
	})
	return errors.Join(err, set)
}

// types are what is asked for: devices of today, those of profile S, and anything, for devices that do not know their type.
var types = []string{"tds:Device", "dn:NetworkVideoTransmitter", ""}

// exchange is one search: its questions, and what came back.
type exchange struct {
	by    string     // constant
	found *gathering // constant

	mu      sync.Mutex // guards what follows
	ours    string     // what the ids of all our questions begin with; constant
	asked   int
	open    map[string]bool // ids of questions for anything
	related *meter          // of answers to our questions
	strange *meter          // of others
}

func newExchange(by string, found *gathering) *exchange {
	now := time.Now()
	id := uuid.NewString()
	return &exchange{by: by, found: found, ours: id[:len(id)-12], open: make(map[string]bool),
		related: newMeter(answersOfOne, answersOfAll, now), strange: newMeter(strangeOfOne, strangeOfAll, now)}
}

// ask asks again and again until ctx is about to end.
func (e *exchange) ask(ctx context.Context, s socket) {
	deadline, _ := ctx.Deadline()
	gap := firstGap
	for round := 0; ; round++ {
		for i := range types {
			t := types[(round+i)%len(types)] // a device that takes one datagram at a time gets another first
			if t == "" && round == 0 {
				continue // whoever knows their type has the word first
			}
			s.conn.WriteTo(e.question(t), s.group) // a network that does not take it has no devices for us
		}
		wait := gap*3/4 + rand.N(gap/2)
		gap = min(2*gap, lastGap)
		if time.Until(deadline)-wait < answerTime {
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// maxOpen bounds the questions for anything that are remembered.
const maxOpen = 16 << 10

// question makes a probe with an id of its own: devices do not answer the same one twice.
func (e *exchange) question(types string) []byte {
	e.mu.Lock()
	e.asked++
	id := fmt.Sprintf("%s%012x", e.ours, e.asked)
	if types == "" && len(e.open) < maxOpen {
		e.open["urn:uuid:"+id] = true
	}
	e.mu.Unlock()
	return question(id, types)
}

func question(id, types string) []byte {
	probe := "<d:Probe/>"
	if types != "" {
		probe = "<d:Probe><d:Types>" + types + "</d:Types></d:Probe>"
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header><a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action><a:MessageID>urn:uuid:%s</a:MessageID><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body>%s</s:Body></s:Envelope>`,
		id, probe)
}

// hear reads answers until the socket is closed.
func (e *exchange) hear(s socket) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := s.conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		udp, ok := from.(*net.UDPAddr)
		if err != nil || !ok {
			continue // an ICMP answer to what we sent
		}
		at := udp.AddrPort()
		e.take(buf[:n], netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), s.network)
	}
}

// take reads one answer, if its sender may still be read, and gives the devices that it told of.
func (e *exchange) take(data []byte, from netip.AddrPort, network string) (devices int) {
	if !bytes.Contains(data, []byte("ProbeMatch")) || !e.worth(data, from.Addr()) {
		return 0
	}
	p, err := parse(data, from)
	if err != nil || p.kind != "ProbeMatches" {
		return 0
	}
	e.mu.Lock()
	typed := strings.Contains(p.relates, e.ours) && !e.open[p.relates]
	e.mu.Unlock()
	for _, f := range p.devices {
		if typed || f.camera() {
			f.By = e.by
			e.found.add(f, network)
			devices++
		}
	}
	return devices
}

// worth tells whether a datagram may be parsed.
func (e *exchange) worth(data []byte, from netip.Addr) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if bytes.Contains(data, []byte(e.ours)) {
		return e.related.takes(from, time.Now())
	}
	return e.strange.takes(from, time.Now())
}

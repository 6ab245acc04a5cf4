package discovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"holdfast/onvif/internal/soap"
)

// Responder answers probes for one device on one network.
type Responder struct {
	Endpoint  string     // urn:uuid:…
	XAddrs    string     // addresses of the device service, with spaces between
	Scopes    []string   // onvif://www.onvif.org/…
	Interface netip.Addr // of this machine on the network to answer on: IPv4, or link-local IPv6 with its zone
	Announce  bool       // say Hello at the begin, and Bye at the end
}

// Run answers until ctx ends. Several responders of one machine share the port. Of those that share an address one alone gets
// what is sent to that address and not to the group.
func (r *Responder) Run(ctx context.Context) error {
	conns, err := r.open(ctx)
	if err != nil {
		return fmt.Errorf("listen for probes: %w", err)
	}
	reply := conns[0]
	r.announce(reply, "Hello")
	stop := context.AfterFunc(ctx, func() {
		r.announce(reply, "Bye")
		for _, c := range conns {
			c.Close()
		}
	})
	defer stop()
	var wg sync.WaitGroup
	for _, c := range conns[1:] {
		wg.Go(func() { r.serve(c, reply) })
	}
	wg.Wait()
	for _, c := range conns {
		c.Close()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.New("listen for probes: the socket was closed")
}

// group is that of the responder's network.
func (r *Responder) group() (network string, group netip.AddrPort) {
	if r.Interface.Is4() {
		return "udp4", netip.AddrPortFrom(group4, port)
	}
	return "udp6", netip.AddrPortFrom(group6.WithZone(r.Interface.Zone()), port)
}

// open opens the socket that sends, that of the group, and if it can be had that of the address alone.
func (r *Responder) open(ctx context.Context) (conns []*net.UDPConn, err error) {
	defer func() {
		if err != nil {
			for _, c := range conns {
				c.Close()
			}
		}
	}()
	network, group := r.group()
	reply, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.Interface, 0)))
	if err != nil {
		return nil, err
	}
	conns = append(conns, reply)
	if r.Interface.Is4() {
		if err = sendFrom(reply, r.Interface); err != nil {
			return conns, err
		}
	}
	lc := net.ListenConfig{Control: share}
	pc, err := lc.ListenPacket(ctx, network, group.String())
	if err != nil {
		return conns, err
	}
	conns = append(conns, pc.(*net.UDPConn))
	if err = r.join(pc.(*net.UDPConn)); err != nil {
		return conns, err
	}
	if own, err := lc.ListenPacket(ctx, network, netip.AddrPortFrom(r.Interface, port).String()); err == nil {
		conns = append(conns, own.(*net.UDPConn))
	}
	return conns, nil
}

// share lets several sockets have the port, and has each get what comes by the networks on which it has joined the group, and not
// by those on which others have. (Package net binds a group's socket to every address.)
func share(network, _ string, c syscall.RawConn) error {
	level, all := unix.IPPROTO_IP, unix.IP_MULTICAST_ALL
	if network == "udp6" {
		level, all = unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL
	}
	var set error
	err := c.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		unix.SetsockoptInt(int(fd), level, all, 0) // old kernels do not have it
	})
	return errors.Join(err, set)
}

func (r *Responder) join(conn *net.UDPConn) error {
	if r.Interface.Is4() {
		return join4(conn, unix.IPMreqn{Multiaddr: group4.As4(), Address: r.Interface.As4()})
	}
	i, err := net.InterfaceByName(r.Interface.Zone())
	if err != nil {
		return err
	}
	if raw, err := conn.SyscallConn(); err == nil { // of IPv6 the kernel looks at the group alone, not at the network on which it was joined
		raw.Control(func(fd uintptr) { unix.BindToDevice(int(fd), i.Name) })
	}
	return join6(conn, i.Index)
}

func (r *Responder) serve(conn, reply *net.UDPConn) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if id, ok := r.asked(buf[:n]); ok {
			reply.WriteToUDPAddrPort(r.answer(id), from) // whoever asked may be gone
		}
	}
}

// asked tells whether a datagram is a probe that means this device, and gives its message id.
func (r *Responder) asked(data []byte) (id string, ok bool) {
	if !bytes.Contains(data, []byte("Probe")) {
		return "", false
	}
	root, err := soap.Parse(bytes.NewReader(data))
	if err != nil {
		return "", false
	}
	probe := root.Find("Body", "Probe")
	if probe == nil {
		return "", false
	}
	for _, t := range words(probe.Get("Types"), maxScopes) {
		if !strings.HasSuffix(t, ":Device") && !strings.HasSuffix(t, ":NetworkVideoTransmitter") && t != "Device" && t != "NetworkVideoTransmitter" {
			return "", false
		}
	}
	for _, want := range words(probe.Get("Scopes"), maxScopes) {
		if !r.hasScope(want) {
			return "", false
		}
	}
	return root.Get("Header", "MessageID"), true
}

// hasScope matches as RFC 3986 does: by whole segments, from the left.
func (r *Responder) hasScope(want string) bool {
	for _, s := range r.Scopes {
		if s == want || strings.HasPrefix(s, strings.TrimSuffix(want, "/")+"/") {
			return true
		}
	}
	return false
}

// announce tells everybody on the network that the device comes or goes.
func (r *Responder) announce(conn *net.UDPConn, kind string) {
	if !r.Announce {
		return
	}
	_, group := r.group()
	conn.WriteToUDPAddrPort(r.announcement(kind), group)
}

// announcement makes a Hello or Bye.
func (r *Responder) announcement(kind string) []byte {
	return r.message(kind, "", "urn:schemas-xmlsoap-org:ws:2005:04:discovery", "<d:"+kind+">"+r.match()+"</d:"+kind+">")
}

func (r *Responder) answer(relatesTo string) []byte {
	return r.message("ProbeMatches", "<a:RelatesTo>"+soap.Escape(relatesTo)+"</a:RelatesTo>", "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous",
		"<d:ProbeMatches><d:ProbeMatch>"+r.match()+"</d:ProbeMatch></d:ProbeMatches>")
}

// match is the device as each message describes it.
func (r *Responder) match() string {
	return fmt.Sprintf("<a:EndpointReference><a:Address>%s</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>%s</d:Scopes><d:XAddrs>%s</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>",
		soap.Escape(r.Endpoint), soap.Escape(strings.Join(r.Scopes, " ")), soap.Escape(r.XAddrs))
}

func (r *Responder) message(action, header, to, body string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/%s</a:Action><a:MessageID>urn:uuid:%s</a:MessageID>%s<a:To>%s</a:To></s:Header><s:Body>%s</s:Body></s:Envelope>`,
		action, uuid.NewString(), header, to, body)
}

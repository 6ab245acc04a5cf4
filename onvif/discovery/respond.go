package discovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"holdfast/onvif/internal/soap"
)

// Responder answers probes for one device.
type Responder struct {
	Endpoint  string     // urn:uuid:…
	XAddrs    string     // addresses of the device service, with spaces between
	Scopes    []string   // onvif://www.onvif.org/…
	Interface netip.Addr // IPv4 address of the network to answer on
}

// Run answers until ctx ends. Several responders of one machine share the port.
func (r *Responder) Run(ctx context.Context) error {
	lc := net.ListenConfig{Control: share}
	pc, err := lc.ListenPacket(ctx, "udp4", netip.AddrPortFrom(group4, port).String())
	if err != nil {
		return fmt.Errorf("listen for probes: %w", err)
	}
	conn := pc.(*net.UDPConn)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	if err := r.join(conn); err != nil {
		return fmt.Errorf("listen for probes: %w", err)
	}
	reply, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.Interface, 0)))
	if err != nil {
		return fmt.Errorf("answer probes: %w", err)
	}
	defer reply.Close()
	return r.serve(ctx, conn, reply)
}

func share(_, _ string, c syscall.RawConn) error {
	var set error
	err := c.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) })
	return errors.Join(err, set)
}

func (r *Responder) join(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptIPMreq(int(fd), unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP,
			&unix.IPMreq{Multiaddr: group4.As4(), Interface: r.Interface.As4()})
	})
	return errors.Join(err, set)
}

func (r *Responder) serve(ctx context.Context, conn, reply *net.UDPConn) error {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("listen for probes: %w", err)
		}
		if id, ok := r.asked(buf[:n]); ok {
			reply.WriteToUDPAddrPort(r.answer(id), from) // whoever asked may be gone
		}
	}
}

// asked tells whether a datagram is a probe that means this device, and gives its message id.
func (r *Responder) asked(data []byte) (id string, ok bool) {
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

func (r *Responder) answer(relatesTo string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action><a:MessageID>urn:uuid:%s</a:MessageID><a:RelatesTo>%s</a:RelatesTo><a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>%s</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>%s</d:Scopes><d:XAddrs>%s</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`,
		uuid.NewString(), soap.Escape(relatesTo), soap.Escape(r.Endpoint), soap.Escape(strings.Join(r.Scopes, " ")), soap.Escape(r.XAddrs))
}

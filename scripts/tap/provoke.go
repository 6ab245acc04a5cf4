package main

import (
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"
)

// lure is a packet that is sent on purpose to where nothing may go.
type lure struct {
	to   string
	tcp  bool
	data []byte
}

var lures = []lure{
	{to: "93.184.216.34:9", data: []byte("out")},
	{to: nameServer + ":53", data: question},
	{to: "203.0.113.7:3478", data: binding},
	{to: "198.51.100.7:443", tcp: true},
	{to: "[2001:db8:1::7]:9", data: []byte("out")},
	{to: "224.0.1.129:319", data: []byte("out")}, // a group that is routed beyond the site
}

var (
	// question asks DNS for the address of "example.com" (RFC 1035 section 4).
	question = []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01")
	// binding is a STUN request without attributes (RFC 8489 section 5).
	binding = []byte("\x00\x01\x00\x00\x21\x12\xa4\x42holdfast-tap")
)

// provoke sends every lure once.
func provoke() error {
	var errs []error
	for _, l := range lures {
		errs = append(errs, l.send())
	}
	return errors.Join(errs...)
}

// send sends one packet; of TCP it is the first, after which the attempt is dropped.
func (l lure) send() error {
	to := netip.MustParseAddrPort(l.to)
	family, kind := unix.AF_INET, unix.SOCK_DGRAM
	var at unix.Sockaddr = &unix.SockaddrInet4{Port: int(to.Port()), Addr: [4]byte(to.Addr().AsSlice()[:4])}
	if to.Addr().Is6() {
		family, at = unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	if l.tcp {
		kind = unix.SOCK_STREAM
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !l.tcp {
		return unix.Sendto(fd, l.data, 0, at)
	}
	if err := unix.Connect(fd, at); !errors.Is(err, unix.EINPROGRESS) {
		return err
	}
	return nil
}

// unseen names the first lure that is not among what was counted, "" when all are, each as what it is.
func unseen(c counts) string {
	for _, l := range lures {
		to := netip.MustParseAddrPort(l.to)
		proto := "udp"
		if l.tcp {
			proto = "tcp"
		}
		if n := c.by[key{to.Addr(), proto, to.Port()}]; n.packets == 0 || n.place != elsewhere {
			return l.to
		}
	}
	switch {
	case c.names[elsewhere] == 0:
		return "a name server"
	case c.stun[elsewhere] == 0:
		return "a STUN server"
	}
	return ""
}

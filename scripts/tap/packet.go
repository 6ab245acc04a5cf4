package main

import (
	"cmp"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"sync"
)

// place is where a packet goes.
type place string

const (
	loopback  place = "this machine"
	lan       place = "local network"
	elsewhere place = "anything else"
)

// placeOf tells where an address is. own are those of this machine.
func placeOf(to netip.Addr, own []netip.Addr) place {
	to = to.Unmap()
	switch {
	case to.IsLoopback(), slices.Contains(own, to):
		return loopback
	case to.IsMulticast():
		if siteGroup(to) {
			return lan
		}
	case to.IsPrivate(), to.IsLinkLocalUnicast(), to == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return lan
	}
	return elsewhere
}

// siteGroup tells whether routers keep a group inside the site (RFC 5771 section 4, RFC 2365, RFC 7346 section 2).
func siteGroup(to netip.Addr) bool {
	if to.Is4() {
		b := to.As4()
		return b[0] == 239 || b[0] == 224 && b[1] == 0 && b[2] == 0
	}
	const siteLocal = 5
	scope := to.As16()[1] & 0x0f
	return scope > 0 && scope <= siteLocal
}

// packet is what of a packet matters here.
type packet struct {
	to    netip.Addr
	proto string // "udp", "tcp", "icmp", "arp", …
	port  uint16 // it goes to
	size  int    // of the whole IP packet, bytes
	stun  bool   // a STUN message (RFC 8489 section 5) in a datagram
	name  string // that a DNS question in a datagram asks for
}

// Numbers of EtherTypes and IP protocols.
const (
	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeIPv6 = 0x86dd

	protoHop, protoICMP, protoIGMP, protoTCP, protoUDP, protoICMP6 = 0, 1, 2, 6, 17, 58
)

var protoNames = map[byte]string{protoICMP: "icmp", protoIGMP: "igmp", protoTCP: "tcp", protoUDP: "udp", protoICMP6: "icmp6"}

// read reads the headers of a packet without its link header. What cannot be read goes to an address that is not valid,
// which is elsewhere.
func read(etherType uint16, b []byte) packet {
	switch {
	case etherType == typeARP:
		return packet{to: netip.IPv4Unspecified(), proto: "arp", size: len(b)}
	case etherType == typeIPv4 && len(b) >= 20:
		p := packet{to: netip.AddrFrom4([4]byte(b[16:20])), size: int(binary.BigEndian.Uint16(b[2:]))}
		first := binary.BigEndian.Uint16(b[6:])&0x1fff == 0
		return p.upper(b[9], b[min(len(b), int(b[0]&0x0f)*4):], first)
	case etherType == typeIPv6 && len(b) >= 40:
		p := packet{to: netip.AddrFrom16([16]byte(b[24:40])), size: 40 + int(binary.BigEndian.Uint16(b[4:]))}
		next, rest := b[6], b[40:]
		if next == protoHop && len(rest) >= 8 { // multicast listener reports carry a router alert
			next, rest = rest[0], rest[min(len(rest), 8+int(rest[1])*8):]
		}
		return p.upper(next, rest, true)
	}
	return packet{proto: "unknown", size: len(b)}
}

func (p packet) upper(proto byte, b []byte, first bool) packet {
	p.proto = cmp.Or(protoNames[proto], "other")
	if !first || len(b) < 4 || proto != protoTCP && proto != protoUDP {
		return p
	}
	p.port = binary.BigEndian.Uint16(b[2:])
	const cookie = 0x2112a442
	p.stun = proto == protoUDP && len(b) >= 16 && b[8]&0xc0 == 0 && binary.BigEndian.Uint32(b[12:]) == cookie
	if proto == protoUDP && p.asksName() && len(b) > 20 {
		p.name = nameAsked(b[20:])
	}
	return p
}

// nameAsked reads the name of the first question of a DNS message (RFC 1035 section 4.1.2), after its header. Bytes that are
// not of a host name are shown as "?"; a name that was cut off ends in "…".
func nameAsked(b []byte) string {
	var name []byte
	for len(b) > 0 && b[0] != 0 {
		n := int(b[0])
		if n > 63 || n+1 > len(b) {
			return string(name) + "…"
		}
		for _, c := range b[1 : n+1] {
			if c <= ' ' || c > '~' {
				c = '?'
			}
			name = append(name, c)
		}
		name, b = append(name, '.'), b[n+1:]
	}
	return string(name)
}

// asksName tells whether a packet goes to a name server: DNS, DNS over TLS, multicast DNS, LLMNR.
func (p packet) asksName() bool {
	return (p.proto == "udp" || p.proto == "tcp") && slices.Contains([]uint16{53, 853, 5353, 5355}, p.port)
}

// key is what packets are counted by.
type key struct {
	to    netip.Addr
	proto string
	port  uint16
}

type count struct {
	packets, bytes uint64
	place          place
}

// maxKeys bounds the destinations that are told apart; further ones are counted by their place only.
const maxKeys = 8192

// maxAsked bounds the names that are kept.
const maxAsked = 100

// tally counts packets.
type tally struct {
	own []netip.Addr // of this machine: constant

	mu   sync.Mutex // guards what follows
	seen counts
}

// counts are the figures of a tally.
type counts struct {
	by      map[key]count
	total   map[place]count
	names   map[place]uint64 // packets to name servers
	stun    map[place]uint64
	asked   map[string]uint64 // names that name servers elsewhere were asked for, at most maxAsked
	dropped uint64            // packets that the tap had no room for
	more    uint64            // packets to destinations beyond maxKeys
}

func newTally(own []netip.Addr) *tally {
	t := &tally{own: own}
	t.take()
	return t
}

func (t *tally) add(p packet) {
	where := placeOf(p.to, t.own)
	if p.proto == "arp" {
		where = lan
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.seen
	c.total[where] = c.total[where].plus(p, where)
	if p.asksName() {
		c.names[where]++
	}
	if _, known := c.asked[p.name]; p.name != "" && where == elsewhere && (known || len(c.asked) < maxAsked) {
		c.asked[p.name]++
	}
	if p.stun {
		c.stun[where]++
	}
	k := key{p.to, p.proto, p.port}
	if _, known := c.by[k]; !known && len(c.by) >= maxKeys {
		c.more++
		return
	}
	c.by[k] = c.by[k].plus(p, where)
}

func (c count) plus(p packet, where place) count {
	return count{packets: c.packets + 1, bytes: c.bytes + uint64(p.size), place: where}
}

// take gives the figures and begins anew.
func (t *tally) take() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.seen
	t.seen = counts{by: map[key]count{}, total: map[place]count{}, names: map[place]uint64{}, stun: map[place]uint64{}, asked: map[string]uint64{}}
	return was
}

// look gives a copy of the figures.
func (t *tally) look() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.seen
	c.by, c.total, c.names, c.stun, c.asked = maps.Clone(c.by), maps.Clone(c.total), maps.Clone(c.names), maps.Clone(c.stun), maps.Clone(c.asked)
	return c
}

func (t *tally) drop(n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen.dropped += n
}

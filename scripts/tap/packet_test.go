package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"
)

var own = []netip.Addr{netip.MustParseAddr(home4), netip.MustParseAddr(home6)}

func TestPlacesAreToldApart(t *testing.T) {
	for to, want := range map[string]place{
		"127.0.0.1": loopback, "::1": loopback, home4: loopback, home6: loopback,
		"192.168.77.1": lan, "10.1.2.3": lan, "fd77::1": lan, "fe80::1": lan, "239.255.255.250": lan, "224.0.0.251": lan, "ff02::c": lan, "255.255.255.255": lan,
		"9.9.9.9": elsewhere, "100.64.0.1": elsewhere, "2001:db8::1": elsewhere, "224.0.1.129": elsewhere, "ff0e::1": elsewhere, "172.32.0.1": elsewhere, "::ffff:8.8.8.8": elsewhere, "0.0.0.0": elsewhere,
	} {
		if got := placeOf(netip.MustParseAddr(to), own); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	if got := placeOf(netip.Addr{}, own); got != elsewhere {
		t.Errorf("what could not be read goes to %s", got)
	}
}

// wrap puts a payload into a packet to an address.
func wrap(l lure) (etherType uint16, b []byte) {
	to := netip.MustParseAddrPort(l.to)
	proto, head := byte(protoUDP), 8
	if l.tcp {
		proto, head = protoTCP, 20
	}
	upper := append(make([]byte, head), l.data...)
	binary.BigEndian.PutUint16(upper[2:], to.Port())
	if to.Addr().Is4() {
		b = make([]byte, 20)
		b[0], b[9] = 0x45, proto
		binary.BigEndian.PutUint16(b[2:], uint16(20+len(upper)))
		copy(b[16:], to.Addr().AsSlice())
		return typeIPv4, append(b, upper...)
	}
	b = make([]byte, 40)
	b[0], b[6] = 0x60, proto
	binary.BigEndian.PutUint16(b[4:], uint16(len(upper)))
	copy(b[24:], to.Addr().AsSlice())
	return typeIPv6, append(b, upper...)
}

func TestWhatIsSentOnPurposeIsCountedAsWhatItIs(t *testing.T) {
	tally := newTally(own)
	for i, l := range lures {
		if unseen(tally.look()) == "" {
			t.Errorf("after %d of %d packets none is missing", i, len(lures))
		}
		tally.add(read(wrap(l)))
	}
	c := tally.look()
	if missing := unseen(c); missing != "" {
		t.Errorf("%s was sent and is missing", missing)
	}
	if c.names[elsewhere] != 1 || c.stun[elsewhere] != 1 || c.asked["example.com."] != 1 || c.total[elsewhere].packets != uint64(len(lures)) {
		t.Errorf("counted %+v", c)
	}
}

func TestOnePacketElsewhereFailsTheRun(t *testing.T) {
	refused := &usage{Pages: 9, Frames: 20, refused: []refusal{{Address: nameServer + ":53", Count: 3}}}
	calm := func() counts {
		tally := newTally(own)
		tally.add(read(wrap(lure{to: "239.255.255.250:3702"})))
		return tally.take()
	}
	if err := report(io.Discard, time.Minute, refused, calm(), calm()); err != nil {
		t.Errorf("nothing left: %v", err)
	}
	loud := newTally(own)
	loud.add(read(wrap(lures[0])))
	lost := calm()
	lost.dropped = 1
	for what, err := range map[string]error{
		"a packet elsewhere":                report(io.Discard, time.Minute, refused, loud.take(), calm()),
		"a packet that was not looked at":   report(io.Discard, time.Minute, refused, lost, calm()),
		"a browser that asked elsewhere":    report(io.Discard, time.Minute, &usage{Pages: 9, Frames: 20, refused: refused.refused, Faults: []string{"foreign: https://cdn.example/"}}, calm(), calm()),
		"a resolver that had no temptation": report(io.Discard, time.Minute, &usage{Pages: 9, Frames: 20}, calm(), calm()),
		"a viewer that was not used":        report(io.Discard, time.Minute, &usage{Pages: 1, Stumbles: 5, refused: refused.refused}, calm(), calm()),
	} {
		if !errors.Is(err, errFindings) {
			t.Errorf("%s passes: %v", what, err)
		}
	}
}

func TestDestinationsAreBoundedAndAllCounted(t *testing.T) {
	tally := newTally(own)
	for i := range maxKeys + 10 {
		tally.add(packet{to: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), proto: "udp", port: 1})
	}
	if c := tally.take(); len(c.by) != maxKeys || c.more != 10 || c.total[lan].packets != maxKeys+10 {
		t.Errorf("%d destinations, %d more, %d packets", len(c.by), c.more, c.total[lan].packets)
	}
}

func FuzzRead(f *testing.F) {
	for _, l := range lures {
		etherType, b := wrap(l)
		f.Add(etherType, b)
	}
	f.Add(uint16(typeARP), []byte("arp"))
	f.Fuzz(func(t *testing.T, etherType uint16, b []byte) {
		p := read(etherType, b)
		if placeOf(p.to, own) == "" || len(p.name) > 2*len(b)+len("…") {
			t.Errorf("%+v", p)
		}
	})
}

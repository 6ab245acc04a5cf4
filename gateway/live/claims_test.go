package live

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// told notes what a server refused.
type told struct {
	mu   sync.Mutex
	list []string
}

func (n *told) refused(kind string, a netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, kind+" "+a.String())
}

func (n *told) count(what string) (found int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.list {
		if s == what {
			found++
		}
	}
	return found
}

// trap is a UDP port at an address of this machine that the server does not allow.
func trap(t *testing.T) (at netip.AddrPort, came func() bool) {
	t.Helper()
	pc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool, 1)
	go func() {
		_, _, err := pc.ReadFromUDPAddrPort(make([]byte, 1500))
		done <- err == nil
	}()
	ended := sync.OnceValue(func() bool { pc.Close(); return <-done })
	t.Cleanup(func() { ended() })
	return pc.LocalAddr().(*net.UDPAddr).AddrPort(), ended
}

// A browser claims addresses, in its offer and afterwards. None is used; those beyond what is let through are counted.
func TestClaimedAddressesGetNoPacketAndForeignOnesAreCounted(t *testing.T) {
	trapped, came := trap(t)
	var n told
	s := serve(t, Options{AllowPeer: func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.1") }, Refused: n.refused})
	c := newCamera()
	c.gop(5, 2000)
	b := newBrowser(t, browserOptions{})
	line := func(i int, address string, port uint16) string {
		return fmt.Sprintf("a=candidate:%d 1 udp 2130706431 %s %d typ host\r\n", i, address, port)
	}
	claims := line(1, trapped.Addr().String(), trapped.Port()) + line(2, "93.184.216.34", 9) + line(3, "2606:2800:220:1::1", 9) + line(4, "stun.example.org", 3478) + line(5, "127.0.0.1", 9)
	offer := strings.TrimSuffix(string(b.offer()), "\r\n") + "\r\n" + claims
	id, answer, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna"}, []byte(offer))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Patch(id, "anna", []byte(line(6, trapped.Addr().String(), trapped.Port())+line(7, "93.184.216.34", 9))); err != nil {
		t.Fatal(err)
	}
	b.accept(answer)
	b.awaits(5) // so checks were sent, and media
	if came() {
		t.Error("a packet went to an address that the browser only claimed")
	}
	for what, want := range map[string]int{"candidate " + trapped.Addr().String(): 2, "candidate 93.184.216.34": 2, "candidate 2606:2800:220:1::1": 1, "candidate 127.0.0.1": 0} {
		if got := n.count(what); got != want {
			t.Errorf("%s: counted %d times, want %d", what, got, want)
		}
	}
}

func TestClaimsThatAreLookedAtAreBounded(t *testing.T) {
	var n told
	s := serve(t, Options{Refused: n.refused})
	s.claims([]byte(strings.Repeat("a=candidate:1 1 udp 1 8.8.8.8 9 typ host\n", 10*maxClaims)))
	if got := n.count("candidate 8.8.8.8"); got != maxClaims {
		t.Errorf("%d looked at, want %d", got, maxClaims)
	}
}

func TestPacketsOfStrangersAreCountedAndNotAnswered(t *testing.T) {
	var n told
	s := serve(t, Options{AllowPeer: func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.1") }, Refused: n.refused})
	udp, tcp := s.Ports()
	pc, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: udp})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if _, err := pc.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	conn, err := d.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", tcp))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	eventually(t, "both are counted", func() bool { return n.count("peer 127.0.0.2") == 2 })
	if _, err := s.udp.WriteToAddrPort([]byte("x"), pc.LocalAddr().(*net.UDPAddr).AddrPort()); err == nil {
		t.Error("a packet was sent to a stranger")
	}
}

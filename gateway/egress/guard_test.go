package egress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAddressesAreJudgedByWhereTheyLead(t *testing.T) {
	g := New(Options{Allow: []netip.Prefix{
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8:5::/48"), netip.MustParsePrefix("::ffff:198.51.100.0/120"),
	}})
	allowed := []string{
		"127.0.0.1", "127.255.255.254", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fd00::1", "fc00::1",
		"169.254.1.1", "fe80::1", "fe80::1%eth0", "fd00::1%eth0", "203.0.113.9", "2001:db8:5::1", "198.51.100.7", "::ffff:192.168.1.1", "::ffff:203.0.113.1",
	}
	refused := []string{
		"8.8.8.8", "172.15.255.255", "172.32.0.0", "192.169.0.0", "11.0.0.0", "100.64.0.1", "2001:4860:4860::8888", "2001:db8:6::1",
		"0.0.0.0", "::", "::ffff:0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.250", "ff02::1", "240.0.0.1", "192.0.0.1",
		"::ffff:8.8.8.8", "::ffff:8.8.8.8%eth0", "::8.8.8.8", "::127.0.0.1", "64:ff9b::808:808", "64:ff9b::c0a8:101", "2002:c0a8:101::1", "2001::1", "169.254.169.254", "::ffff:169.254.169.254", "fec0::1",
	}
	for _, s := range allowed {
		if !g.Allowed(netip.MustParseAddr(s)) {
			t.Errorf("%s is refused", s)
		}
	}
	for _, s := range refused {
		if g.Allowed(netip.MustParseAddr(s)) {
			t.Errorf("%s is let through", s)
		}
	}
	if g.Allowed(netip.Addr{}) {
		t.Error("no address at all is let through")
	}
}

func TestDatagramsMayGoToGroupsThatStayInTheSite(t *testing.T) {
	g := New(Options{})
	for s, want := range map[string]bool{
		"239.255.255.250": true, "224.0.0.251": true, "ff02::c": true, "ff05::c": true, "192.168.1.1": true,
		"224.0.1.1": false, "232.1.1.1": false, "ff0e::c": false, "ff08::1": false, "ff00::1": false, "255.255.255.255": false, "8.8.8.8": false, "::ffff:8.8.8.8": false,
	} {
		if got := g.AllowedDatagram(netip.MustParseAddr(s)); got != want {
			t.Errorf("%s: let through %t, want %t", s, got, want)
		}
	}
}

// listen gives the port of a loopback listener that accepts and counts connections.
func listen(t *testing.T) (port string, accepted *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, accepted
}

func answers(ips ...string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(context.Context, string, string) (addrs []netip.Addr, err error) {
		for _, ip := range ips {
			addrs = append(addrs, netip.MustParseAddr(ip))
		}
		return addrs, nil
	}
}

// way is a purpose that may go wherever the Guard lets it.
func way(g *Guard) *Purpose { return g.For(Enrolment, Use{}) }

func mustRefuse(t *testing.T, g *Guard, network, address string) {
	t.Helper()
	conn, err := way(g).DialContext(t.Context(), network, address)
	if err == nil {
		conn.Close()
		t.Fatalf("%s is let through", address)
	}
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("%s: %v, want a refusal", address, err)
	}
}

func TestALocalAddressIsDialled(t *testing.T) {
	port, _ := listen(t)
	conn, err := way(New(Options{})).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestThisHostByAnotherNameIsDialled(t *testing.T) {
	port, _ := listen(t)
	conn, err := way(New(Options{})).DialContext(t.Context(), "tcp4", "localhost:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestANameThatResolvesToAPublicAddressIsRefused(t *testing.T) {
	mustRefuse(t, New(Options{Lookup: answers("93.184.216.34")}), "tcp", "camera.example:80")
}

func TestAMappedPublicAddressIsRefused(t *testing.T) {
	mustRefuse(t, New(Options{}), "tcp", "[::ffff:93.184.216.34]:80")
	mustRefuse(t, New(Options{Lookup: answers("::ffff:93.184.216.34")}), "tcp", "camera.example:80")
}

func TestTheUnspecifiedAddressIsRefusedThoughItReachesThisHost(t *testing.T) {
	port, accepted := listen(t)
	mustRefuse(t, New(Options{}), "tcp", "0.0.0.0:"+port)
	mustRefuse(t, New(Options{}), "tcp", "[::]:"+port)
	if _, err := way(New(Options{})).DialContext(t.Context(), "tcp", ":"+port); err == nil {
		t.Error("an empty host is let through")
	}
	if accepted.Load() != 0 {
		t.Error("a connection was made")
	}
}

// The name server answers the check with a local address, and anything after it with a public one.
func TestRebindingANameBetweenCheckAndDialGainsNothing(t *testing.T) {
	port, _ := listen(t)
	var asked atomic.Int32
	g := New(Options{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		if asked.Add(1) == 1 {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
	}})
	conn, err := way(g).DialContext(t.Context(), "tcp", "rebind.example:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if asked.Load() != 1 {
		t.Errorf("the name was resolved %d times, want once", asked.Load())
	}
	if got := conn.RemoteAddr().String(); got != "127.0.0.1:"+port {
		t.Errorf("connected to %s, want the checked address", got)
	}
	mustRefuse(t, g, "tcp", "rebind.example:"+port)
}

func TestOnlyTheLocalOnesOfMixedAnswersAreDialled(t *testing.T) {
	port, _ := listen(t)
	g := New(Options{Lookup: answers("93.184.216.34", "2606:2800:220:1::1", "127.0.0.1")})
	conn, err := way(g).DialContext(t.Context(), "tcp", "mixed.example:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if g.Refused() != 2 {
		t.Errorf("%d refusals counted, want 2", g.Refused())
	}
}

func TestOddNotationsAreNamesAndMeetTheSameCheck(t *testing.T) {
	for _, host := range []string{"0x5db8d822", "1572395042", "0135.0270.0330.042", "127.1", "93.184.216.34."} {
		g := New(Options{Lookup: answers("93.184.216.34")})
		mustRefuse(t, g, "tcp", host+":80")
	}
}

func TestARedirectOutOfThePremisesIsRefused(t *testing.T) {
	srv := httptest.NewServer(http.RedirectHandler("http://93.184.216.34/latest", http.StatusFound))
	defer srv.Close()
	g := New(Options{})
	tr := &http.Transport{DialContext: way(g).DialContext}
	defer tr.CloseIdleConnections()
	res, err := (&http.Client{Transport: tr}).Get(srv.URL)
	if err == nil {
		res.Body.Close()
		t.Fatal("the redirect was followed")
	}
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.IP.String() != "93.184.216.34" {
		t.Errorf("%v, want a refusal of the redirect's address", err)
	}
}

func TestANameServerOutsideIsNotAsked(t *testing.T) {
	g := New(Options{})
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return way(g).DialContext(ctx, network, "8.8.8.8:53")
	}}
	if _, err := r.LookupNetIP(t.Context(), "ip4", "camera.example.invalid."); err == nil {
		t.Fatal("the name was resolved")
	}
	if g.Refused() == 0 {
		t.Error("no refusal was counted")
	}
}

func TestTheSocketIsCheckedOnceMore(t *testing.T) {
	g := New(Options{})
	if err := way(g).control(t.Context(), "tcp4", "93.184.216.34:80", nil); err == nil {
		t.Error("a public address passes")
	}
	if err := way(g).control(t.Context(), "tcp4", "10.1.2.3:80", nil); err != nil {
		t.Error(err)
	}
}

func TestOtherNetworksAreNotDialled(t *testing.T) {
	for _, network := range []string{"unix", "ip", "unixgram", "ip4:icmp", ""} {
		if conn, err := way(New(Options{})).DialContext(t.Context(), network, "/run/docker.sock"); err == nil {
			conn.Close()
			t.Errorf("%q is dialled", network)
		}
	}
}

func TestDatagramsToTheOutsideAreRefused(t *testing.T) {
	g := New(Options{})
	pc, err := way(g).ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	for _, to := range []net.Addr{
		&net.UDPAddr{IP: net.IPv4(93, 184, 216, 34), Port: 9}, &net.UDPAddr{IP: net.ParseIP("2606:2800:220:1::1"), Port: 9},
		&net.UDPAddr{Port: 9}, &net.UDPAddr{IP: net.IPv4zero, Port: 9}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9},
	} {
		if _, err := pc.WriteTo([]byte("x"), to); err == nil {
			t.Errorf("a datagram to %s was sent", to)
		}
	}
	if _, err := pc.WriteTo([]byte("x"), pc.LocalAddr()); err != nil {
		t.Error(err)
	}
	if _, ok := pc.(interface {
		WriteToUDPAddrPort([]byte, netip.AddrPort) (int, error)
	}); ok {
		t.Error("there is a way to send around the check")
	}
}

func TestRefusalsAreCountedBoundedAndLoggedOncePerMinute(t *testing.T) {
	var log bytes.Buffer
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }})
	for range 100 {
		mustRefuse(t, g, "tcp", "8.8.8.8:443")
	}
	if n := strings.Count(log.String(), "refused"); n != 1 {
		t.Errorf("%d lines for one destination in one moment, want 1", n)
	}
	now = now.Add(logEvery)
	mustRefuse(t, g, "tcp", "8.8.8.8:443")
	if n := strings.Count(log.String(), "refused"); n != 2 {
		t.Errorf("%d lines after a minute, want 2", n)
	}
	if r := g.Refusals(); len(r) != 1 || r[0].Count != 101 || r[0].Why != "a public address" {
		t.Errorf("refusals %+v", r)
	}
	for i := range 3 * maxRecent {
		mustRefuse(t, g, "tcp", fmt.Sprintf("9.9.9.%d:1", i))
	}
	if r := g.Refusals(); len(r) != maxRecent || r[0].Address != fmt.Sprintf("9.9.9.%d:1", 3*maxRecent-1) {
		t.Errorf("%d refusals kept, the newest %s", len(r), r[0].Address)
	}
	if g.Refused() != 101+3*maxRecent {
		t.Errorf("%d refusals counted", g.Refused())
	}
}

func TestANameWithLineBreaksStaysOneLogLine(t *testing.T) {
	var log bytes.Buffer
	g := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Lookup: answers("8.8.8.8")})
	mustRefuse(t, g, "tcp", "evil\nlevel=INFO msg=fine:80")
	if n := strings.Count(strings.TrimSpace(log.String()), "\n"); n != 0 {
		t.Errorf("the log has %d extra lines:\n%s", n, log.String())
	}
}

func FuzzDial(f *testing.F) {
	for _, s := range []string{"127.0.0.1:80", "[::ffff:8.8.8.8]:80", "0x7f.1:80", "[fe80::1%eth0]:80", ":80", "a:b:c", "[::]:0", "1.1.1.1:http"} {
		f.Add(s)
	}
	// Nothing resolves and every number that parses is public unless it is local, so a connection that is attempted
	// must be to an allowed address; the context is over before a packet is sent.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g := New(Options{Lookup: answers("8.8.8.8")})
	f.Fuzz(func(t *testing.T, address string) {
		conn, err := way(g).DialContext(ctx, "tcp", address)
		if err == nil {
			conn.Close()
			t.Fatalf("%q connected", address)
		}
	})
}

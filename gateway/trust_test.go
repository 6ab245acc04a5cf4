package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/egress"
	"holdfast/onvif/discovery"
	"holdfast/rtsp/rtsptest"
)

// trusting gives the trust in a camera as it is after a restart.
func trusting(s *State, host, named string) *trust {
	t := &trust{state: s, id: "door", host: host, named: named, log: slog.New(slog.DiscardHandler), tell: func(egress.Kind, string, string) {}}
	if s != nil {
		if kept, err := s.trusted("door"); err == nil && kept.Host == named {
			t.kept = kept
		}
	}
	t.kept.Host = named
	return t
}

func at(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 554} }

// scratchState opens a state.db of its own.
func scratchState(t *testing.T) *State {
	t.Helper()
	dir := t.TempDir()
	s, err := openState(dir, testVault(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestThePasswordGoesInClearOnlyToTheAddressThatWasNamed(t *testing.T) {
	s := scratchState(t)
	for _, c := range []struct {
		what, host, named, peer string
		allowed                 bool
	}{
		{"the address named", "192.168.1.20", "192.168.1.20", "192.168.1.20", true},
		{"the same in IPv6 form", "192.168.1.20", "192.168.1.20", "::ffff:192.168.1.20", true},
		{"another than named", "192.168.1.20", "192.168.1.20", "192.168.1.21", false},
		{"a new address that it moved to", "192.168.1.77", "192.168.1.20", "192.168.1.77", false},
	} {
		if err := trusting(s, c.host, c.named).basic(at(c.peer), false); (err == nil) != c.allowed {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestANameThatLeadsElsewhereThanAtFirstIsNotToldThePassword(t *testing.T) {
	s := scratchState(t)
	if err := trusting(s, "cam.lan", "cam.lan").basic(at("192.168.1.20"), false); err != nil {
		t.Fatalf("the first time: %v", err)
	}
	again := trusting(s, "cam.lan", "cam.lan")
	if err := again.basic(at("192.168.1.21"), false); err == nil || !strings.Contains(err.Error(), "192.168.1.20") {
		t.Errorf("at another address, after a restart: %v", err)
	}
	if err := again.basic(at("192.168.1.20"), false); err != nil {
		t.Errorf("at the first address: %v", err)
	}
	if err := s.adoptAnew(Adopted{ID: "door"}); err != nil {
		t.Fatal(err)
	}
	if err := trusting(s, "cam.lan", "cam.lan").basic(at("192.168.1.21"), false); err != nil {
		t.Errorf("after somebody said that it is the right one: %v", err)
	}
}

func TestWhatAskedForDigestBeforeIsNotToldThePassword(t *testing.T) {
	s := scratchState(t)
	trusting(s, "192.168.1.20", "192.168.1.20").digest()
	if err := trusting(s, "192.168.1.20", "192.168.1.20").basic(at("192.168.1.20"), false); err == nil {
		t.Error("whoever took the address over asks for Basic and gets the password")
	}
	if err := trusting(s, "192.168.1.30", "192.168.1.30").basic(at("192.168.1.30"), false); err != nil {
		t.Errorf("the operator names another address: %v", err)
	}
}

// selfSigned makes a certificate as cameras have them.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// shake connects to a server with a certificate as to a camera.
func shake(t *testing.T, cert tls.Certificate, c *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := l.Accept(); err == nil {
			conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	defer func() { l.Close(); <-done }()
	conn, err := tls.Dial("tcp", l.Addr().String(), c)
	if err == nil {
		conn.Close()
	}
	return err
}

func TestACamerasKeyIsTheOneThatItShowedFirst(t *testing.T) {
	s := scratchState(t)
	own, other := selfSigned(t), selfSigned(t)
	first := trusting(s, "127.0.0.1", "127.0.0.1")
	if err := shake(t, own, first.tls("rtsps")); err != nil {
		t.Fatalf("the first time: %v", err)
	}
	again := trusting(s, "127.0.0.1", "127.0.0.1")
	var told []string
	again.tell = func(kind egress.Kind, where, _ string) { told = append(told, string(kind)+" "+where) }
	if err := shake(t, other, again.tls("rtsps")); err == nil || !strings.Contains(err.Error(), "another certificate") {
		t.Errorf("another key, after a restart: %v", err)
	}
	if len(told) != 1 || told[0] != "tls 127.0.0.1" {
		t.Errorf("told %q", told)
	}
	if err := shake(t, own, again.tls("rtsps")); err != nil {
		t.Errorf("its own key: %v", err)
	}
}

// Once somebody says that the camera has got another certificate, the one that it shows next is its.
func TestACamerasKeyIsForgottenWhenSomebodySaysSo(t *testing.T) {
	s := scratchState(t)
	old, renewed := selfSigned(t), selfSigned(t)
	c := trusting(s, "192.168.1.20", "192.168.1.20")
	if err := shake(t, old, c.tls("https")); err != nil {
		t.Fatal(err)
	}
	if shake(t, renewed, c.tls("https")) == nil {
		t.Fatal("another key was accepted")
	}
	before := c.certificate()
	if len(before.Keys) != 1 || before.Keys[0].Protocol != "https" || len(before.Keys[0].SHA256) != 64 {
		t.Fatalf("%+v", before)
	}
	if err := c.forgetKeys(); err != nil {
		t.Fatal(err)
	}
	if again := trusting(s, "192.168.1.20", "192.168.1.20"); len(again.certificate().Keys) != 0 {
		t.Error("it is known again after a restart")
	}
	if err := shake(t, renewed, c.tls("https")); err != nil {
		t.Error(err)
	}
	if after := c.certificate(); len(after.Keys) != 1 || after.Keys[0] == before.Keys[0] {
		t.Errorf("%+v", after)
	}
	if shake(t, old, c.tls("https")) == nil {
		t.Error("the old key is accepted still")
	}
}

func TestAfterAMoveThePasswordGoesByTheKeyThatIsKnownAndByNoOther(t *testing.T) {
	s := scratchState(t)
	own, other := selfSigned(t), selfSigned(t)
	moved := func() *trust { return trusting(s, "127.0.0.1", "192.168.1.20") }
	stranger := moved()
	if err := shake(t, other, stranger.tls("rtsps")); err != nil {
		t.Fatal(err)
	}
	if stranger.basic(at("127.0.0.1"), true) == nil || moved().basic(at("127.0.0.1"), true) == nil {
		t.Error("a key that was never seen where the operator named the camera lets the password through")
	}
	named := trusting(s, "192.168.1.20", "192.168.1.20")
	if err := shake(t, own, named.tls("rtsps")); err != nil {
		t.Fatal(err)
	}
	found := moved()
	if err := shake(t, own, found.tls("rtsps")); err != nil {
		t.Fatal(err)
	}
	if err := found.basic(at("127.0.0.1"), true); err != nil {
		t.Errorf("with the key that is known: %v", err)
	}
	if err := found.basic(at("127.0.0.1"), false); err == nil {
		t.Error("without TLS the password goes out")
	}
	if err := shake(t, other, moved().tls("rtsps")); err == nil {
		t.Error("another key is taken")
	}
}

// A real camera that takes Basic only is recorded where the file names it. Once it has asked for Digest, what asks for Basic at
// its address is not told the password, and the state, an alarm and the list of refusals say so.
func TestACameraThatAsksInClearAfterDigestIsAnAlarmAndGetsNothing(t *testing.T) {
	t.Parallel()
	digesting, end := play(t, rtsptest.Options{Username: "viewer", Password: oddPassword})
	address := strings.TrimPrefix(strings.TrimSuffix(digesting.URL("main"), "/main"), "rtsp://")
	r := start(t, "cameras:\n  - {id: door, name: Door, rtsp: '"+digesting.URL("main")+"', username: viewer, password: '"+oddPassword+"', transport: tcp}\n")
	r.recorded("door", 0)
	end()
	play(t, rtsptest.Options{Listen: address, Username: "viewer", Password: oddPassword, Basic: true})
	r.await("an alarm that the password was not sent", func() bool { _, there := r.alarm("password:door"); return there })
	r.await("the state of the camera", func() bool {
		c := r.cameras()["door"]
		return c.State == string(Unauthorized) && strings.Contains(c.Detail, "in clear") && c.Hint != ""
	})
	var seen bool
	for _, x := range r.g.guard.Refusals() {
		seen = seen || x.Kind == egress.Password && x.Camera == "door" && x.Address == address
	}
	if !seen {
		t.Errorf("refusals %+v", r.g.guard.Refusals())
	}
}

func TestABasicCameraIsRecordedWhereTheFileNamesIt(t *testing.T) {
	t.Parallel() // the password is plain: the server that is the camera here takes no colon in Basic
	cam, _ := play(t, rtsptest.Options{Username: "viewer", Password: "hunter2", Basic: true})
	r := start(t, "cameras:\n  - {id: door, name: Door, rtsp: '"+cam.URL("main")+"', username: viewer, password: hunter2, transport: tcp}\n")
	r.recorded("door", 0)
	if _, there := r.alarm("password:door"); there {
		t.Error("there is an alarm")
	}
}

// Announcements can name any address: only that on the host which they came from is looked at.
func TestAnAnnouncementLeadsNoFurtherThanItsSender(t *testing.T) {
	f := discovery.Found{ID: "urn:uuid:1", XAddrs: []string{"http://192.168.1.1/admin", "http://192.168.1.9/onvif/device_service"}}
	for from, want := range map[string]string{"192.168.1.9:3702": "http://192.168.1.9/onvif/device_service", "192.168.1.8:3702": ""} {
		f.From = netip.MustParseAddrPort(from)
		if got := ownAddress(f); got != want {
			t.Errorf("from %s: %q, want %q", from, got, want)
		}
	}
	f.From = netip.MustParseAddrPort("[fe80::9%eth0]:3702")
	f.XAddrs = []string{"http://[fe80::9%25eth0]/onvif/device_service", "http://192.168.1.9/onvif/device_service"}
	if got := ownAddress(f); got != "" {
		t.Errorf("by IPv6 alone, of two: %q", got)
	}
	f.Senders = []netip.Addr{f.From.Addr(), netip.MustParseAddr("192.168.1.9")}
	if got := ownAddress(f); got != f.XAddrs[1] {
		t.Errorf("by both: %q", got)
	}
	f.Senders, f.XAddrs = nil, f.XAddrs[:1]
	if got := ownAddress(f); got != f.XAddrs[0] {
		t.Errorf("the only one: %q", got)
	}
}

func TestTargetsAreWhatTheOperatorNamed(t *testing.T) {
	spec := config.Camera{ONVIF: "192.168.1.20", RTSP: "rtsp://192.168.1.21/main", Streams: []config.Stream{{ID: "sub", RTSP: "/sub"}, {ID: "tls", RTSP: "rtsps://192.168.1.22/x"}}}
	if got := strings.Join(targets(spec), " "); got != "192.168.1.20:80 192.168.1.21:554 192.168.1.21:554 192.168.1.22:322" {
		t.Errorf("targets %s", got)
	}
}

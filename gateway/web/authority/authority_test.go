package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a machine whose clock and addresses the test moves.
type site struct {
	Options
	t    *testing.T
	now  time.Time
	here []netip.Addr
}

func newSite(t *testing.T, addrs ...string) *site {
	s := &site{t: t, now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	s.at(addrs...)
	s.Options = Options{Dir: filepath.Join(t.TempDir(), "tls"), Hostname: "till", Addrs: func() []netip.Addr { return s.here }, Now: func() time.Time { return s.now }}
	return s
}

func (s *site) at(addrs ...string) {
	s.here = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	for _, a := range addrs {
		s.here = append(s.here, netip.MustParseAddr(a))
	}
}

func (s *site) open() *Authority {
	s.t.Helper()
	a, err := Open(s.Options)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *site) refresh(a *Authority) Change {
	s.t.Helper()
	c, err := a.Refresh()
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// verify checks the presented leaf as a browser that trusts the authority would.
func (s *site) verify(a *Authority, host string) error {
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	_, err := a.Leaf().Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: s.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return err
}

func (s *site) mustVerify(a *Authority, hosts ...string) {
	s.t.Helper()
	for _, host := range hosts {
		if err := s.verify(a, host); err != nil {
			s.t.Errorf("%s: %v", host, err)
		}
	}
}

func TestTheLeafIsGoodForAllNamesAndAddresses(t *testing.T) {
	s := newSite(t, "192.168.1.5", "fd00::5", "fe80::1")
	s.Names = []string{"nvr.shop.lan", "10.0.0.9", "Kamera-Büro.lan."}
	a := s.open()
	s.mustVerify(a, "nvr.shop.lan", "localhost", "till", "till.local", "127.0.0.1", "[::1]", "192.168.1.5", "[fd00::5]", "10.0.0.9", "xn--kamera-bro-heb.lan")
	if err := s.verify(a, "192.168.1.6"); err == nil {
		t.Error("the leaf is good for a neighbour")
	}
}

// forge signs a leaf for somebody else with the authority's key, as a thief would.
func forge(t *testing.T, a *Authority, leaf *x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf.SerialNumber, leaf.NotBefore, leaf.NotAfter = serial(), a.Leaf().NotBefore, a.Leaf().NotAfter
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.Certificate(), key.Public(), a.ca.Load().key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAStolenKeyCanPretendToBeThisGatewayOnly(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	s.Names = []string{"nvr.shop.lan"}
	a := s.open()
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	for host, leaf := range map[string]*x509.Certificate{
		"bank.example":     {DNSNames: []string{"bank.example"}},
		"shop.lan":         {DNSNames: []string{"shop.lan"}},
		"evilnvr.shop.lan": {DNSNames: []string{"evilnvr.shop.lan"}},
		"192.168.1.1":      {IPAddresses: []net.IP{net.IPv4(192, 168, 1, 1).To4()}},
		"[2001:db8::1]":    {IPAddresses: []net.IP{net.ParseIP("2001:db8::1")}},
		"nvr.shop.lan":     {DNSNames: []string{"nvr.shop.lan", "bank.example"}},
	} {
		c := forge(t, a, leaf)
		if _, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: s.now}); err == nil {
			t.Errorf("a forged certificate for %s is accepted", host)
		}
	}
	if ca := a.Certificate(); !ca.PermittedDNSDomainsCritical || !ca.MaxPathLenZero || ca.MaxPathLen != 0 {
		t.Errorf("constraints %t %t %d", ca.PermittedDNSDomainsCritical, ca.MaxPathLenZero, ca.MaxPathLen)
	}
}

// TestAStolenKeyMakesNoClientsAndNoFurtherAuthorities, by word of Go and of OpenSSL. The server's certificate that the same
// key signs is taken by both.
func TestAStolenKeyMakesNoClientsAndNoFurtherAuthorities(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	s.now = time.Now()
	a := s.open()
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	takes := func(purpose string, leaf *x509.Certificate, between ...*x509.Certificate) (byGo, byOpenSSL bool) {
		t.Helper()
		use := map[string]x509.ExtKeyUsage{"sslserver": x509.ExtKeyUsageServerAuth, "sslclient": x509.ExtKeyUsageClientAuth}[purpose]
		pool := x509.NewCertPool()
		for _, c := range between {
			pool.AddCert(c)
		}
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool, CurrentTime: s.now, KeyUsages: []x509.ExtKeyUsage{use}})
		return err == nil, opensslTakes(t, a, purpose, leaf, between...)
	}
	signed := func(use x509.ExtKeyUsage) *x509.Certificate {
		return forge(t, a, &x509.Certificate{DNSNames: []string{"till"}, ExtKeyUsage: []x509.ExtKeyUsage{use}})
	}
	if g, o := takes("sslserver", signed(x509.ExtKeyUsageServerAuth)); !g || !o {
		t.Errorf("a server's certificate is refused: by Go %t, by OpenSSL %t", !g, !o)
	}
	if g, o := takes("sslclient", signed(x509.ExtKeyUsageClientAuth)); g || o {
		t.Errorf("a client's certificate is taken: by Go %t, by OpenSSL %t", g, o)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sub := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "sub"}, NotBefore: a.Leaf().NotBefore, NotAfter: a.Leaf().NotAfter, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	sub = parsed(t)(x509.CreateCertificate(rand.Reader, sub, a.Certificate(), key.Public(), a.ca.Load().key))
	leaf := &x509.Certificate{SerialNumber: serial(), NotBefore: sub.NotBefore, NotAfter: sub.NotAfter, DNSNames: []string{"till"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leaf = parsed(t)(x509.CreateCertificate(rand.Reader, leaf, sub, key.Public(), key))
	if g, o := takes("sslserver", leaf, sub); g || o {
		t.Errorf("a further authority is taken: by Go %t, by OpenSSL %t", g, o)
	}
}

func parsed(t *testing.T) func([]byte, error) *x509.Certificate {
	return func(der []byte, err error) *x509.Certificate {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// opensslTakes asks OpenSSL about a certificate and those between it and the authority.
func opensslTakes(t *testing.T, a *Authority, purpose string, leaf *x509.Certificate, between ...*x509.Certificate) bool {
	t.Helper()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	file, others := filepath.Join(dir, "leaf.crt"), filepath.Join(dir, "between.crt")
	args := []string{"verify", "-purpose", purpose, "-CAfile", a.CertFile()}
	var text []byte
	for _, c := range between {
		text = append(text, encodeCert(c.Raw)...)
	}
	if err := errors.Join(os.WriteFile(file, encodeCert(leaf.Raw), 0o600), os.WriteFile(others, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	if len(between) > 0 {
		args = append(args, "-untrusted", others)
	}
	return exec.Command(openssl, append(args, file)...).Run() == nil
}

func TestOpenSSLAgrees(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	s := newSite(t, "192.168.1.5", "fd00::5")
	s.now = time.Now()
	a := s.open()
	check := func(c *x509.Certificate) (string, error) {
		file := filepath.Join(t.TempDir(), "leaf.crt")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", a.CertFile(), file).CombinedOutput()
		return string(out), err
	}
	if out, err := check(a.Leaf()); err != nil {
		t.Errorf("our leaf is refused: %s", out)
	}
	forged := &x509.Certificate{Subject: pkix.Name{Organization: []string{"x"}}, IPAddresses: []net.IP{net.IPv4(192, 168, 1, 1).To4()}}
	if out, err := check(forge(t, a, forged)); err == nil || !strings.Contains(out, "subtree") {
		t.Errorf("a neighbour's certificate is not refused by the constraint: %s", out)
	}
}

func TestARestartKeepsAuthorityAndLeaf(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	a := s.open()
	b := s.open()
	if !bytes.Equal(a.Leaf().Raw, b.Leaf().Raw) || a.Fingerprint() != b.Fingerprint() {
		t.Error("a restart made new certificates")
	}
}

func TestTheLeafIsReplacedBeforeItExpires(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	a := s.open()
	ca := a.Fingerprint()
	for range 12 {
		s.now = s.now.Add(leafLife - leafRenew + time.Hour)
		if c := s.refresh(a); !c.Leaf || c.Authority {
			t.Fatalf("change %+v", c)
		}
		s.mustVerify(a, "192.168.1.5")
	}
	if c := s.refresh(a); c.Leaf {
		t.Error("a fresh leaf was replaced")
	}
	if a.Fingerprint() != ca {
		t.Error("the authority was replaced")
	}
}

func TestAClockThatLeapsGetsAGoodLeafAtOnce(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	a := s.open()
	for _, leap := range []time.Duration{2 * 365 * 24 * time.Hour, -3 * 365 * 24 * time.Hour} {
		s.now = s.now.Add(leap)
		if _, err := a.GetCertificate(nil); err != nil {
			t.Fatal(err)
		}
		s.mustVerify(a, "192.168.1.5")
	}
}

func TestANewAddressInsideTheConstraintIsCertified(t *testing.T) {
	s := newSite(t, "192.168.1.5", "192.168.2.5")
	a := s.open()
	s.at("192.168.1.5")
	s.refresh(a)
	os.Remove(filepath.Join(s.Dir, "leaf.pem"))
	a = s.open()
	if err := s.verify(a, "192.168.2.5"); err == nil {
		t.Fatal("an address that is gone is certified")
	}
	s.at("192.168.1.5", "192.168.2.5")
	if c := s.refresh(a); !c.Leaf || c.Authority {
		t.Fatalf("change %+v", c)
	}
	s.mustVerify(a, "192.168.1.5", "192.168.2.5")
}

func TestAnAddressThatComesBesideDoesNotCostANewAuthority(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	a := s.open()
	s.at("192.168.1.5", "172.17.0.1")
	if c := s.refresh(a); c.Authority || c.Leaf {
		t.Fatalf("change %+v", c)
	}
	s.mustVerify(a, "192.168.1.5")
}

func TestMovingToAnotherNetworkMakesANewAuthorityAndKeepsTheOldCertificate(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	a := s.open()
	s.at("10.7.0.5")
	if c := s.refresh(a); !c.Authority || !c.Leaf {
		t.Fatalf("change %+v", c)
	}
	s.mustVerify(a, "10.7.0.5")
	old, _ := filepath.Glob(filepath.Join(s.Dir, "ca-*.crt"))
	if len(old) != 1 {
		t.Fatalf("old certificates %v", old)
	}
	if text, _ := os.ReadFile(old[0]); bytes.Contains(text, []byte("PRIVATE")) {
		t.Error("the old key is kept")
	}
}

func TestWithAConfiguredNameMovingCostsNothing(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	s.Names = []string{"nvr.shop.lan"}
	a := s.open()
	s.at("10.7.0.5")
	if c := s.refresh(a); c.Authority {
		t.Fatal("a new authority was made")
	}
	s.mustVerify(a, "nvr.shop.lan")
}

func TestANewConfiguredNameOrAddressMakesANewAuthority(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	first := s.open().Fingerprint()
	s.Names = []string{"nvr.shop.lan"}
	second := s.open()
	s.mustVerify(second, "nvr.shop.lan", "192.168.1.5")
	s.Required = []netip.Addr{netip.MustParseAddr("10.9.9.9")}
	third := s.open()
	s.mustVerify(third, "10.9.9.9", "nvr.shop.lan")
	if first == second.Fingerprint() || second.Fingerprint() == third.Fingerprint() {
		t.Error("the authority was kept")
	}
}

func TestKeysAreReadableByTheOwnerOnly(t *testing.T) {
	s := newSite(t, "192.168.1.5")
	s.open()
	if err := os.Chmod(filepath.Join(s.Dir, "ca.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.open()
	for file, want := range map[string]os.FileMode{".": 0o700 | os.ModeDir, "ca.pem": 0o600, "leaf.pem": 0o600} {
		info, err := os.Stat(filepath.Join(s.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", file, info.Mode(), want)
		}
	}
	if text, err := os.ReadFile(filepath.Join(s.Dir, "ca.crt")); err != nil || bytes.Contains(text, []byte("PRIVATE")) {
		t.Error("the public file holds a key", err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.Dir, ".new-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestDamagedFilesAreMadeAnew(t *testing.T) {
	for _, file := range []string{"ca.pem", "leaf.pem", "ca.crt"} {
		for _, text := range []string{"", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
			s := newSite(t, "192.168.1.5")
			s.open()
			if err := os.WriteFile(filepath.Join(s.Dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			a := s.open()
			s.mustVerify(a, "192.168.1.5")
			if got, _ := os.ReadFile(a.CertFile()); !bytes.Equal(got, a.PEM()) {
				t.Errorf("%s damaged: ca.crt is not the authority", file)
			}
		}
	}
}

func TestNamesThatAreNoneAreRefused(t *testing.T) {
	for _, name := range []string{"*.lan", "two words", "a..b", "x\n", strings.Repeat("a", 300)} {
		s := newSite(t)
		s.Names = []string{name}
		if _, err := Open(s.Options); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestARealHandshake(t *testing.T) {
	s := newSite(t)
	s.now = time.Now()
	a := s.open()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: a.GetCertificate, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := l.Accept(); err == nil {
			c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	<-done
}

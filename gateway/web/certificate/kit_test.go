package certificate

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/config"
	"holdfast/gateway/egress"
	"holdfast/gateway/web/authority"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			code = 1
		}
	}
	dropPebble()
	os.Exit(code)
}

// site is a Holder behind a listener, with a clock that the test moves.
type site struct {
	*Holder
	t    *testing.T
	dir  string
	addr string

	mu     sync.Mutex
	ahead  time.Duration
	alarms map[string]string // what happened, what it means, what to do
}

// newSite makes a Holder whose files lie in a directory of the test's, and serves.
func newSite(t *testing.T, s config.TLS, names ...string) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newSiteAt(t, l, t.TempDir(), s, names...)
}

func newSiteAt(t *testing.T, l net.Listener, dir string, s config.TLS, names ...string) *site {
	t.Helper()
	w := &site{t: t, dir: dir, addr: l.Addr().String(), alarms: make(map[string]string)}
	own, err := authority.Open(authority.Options{Dir: filepath.Join(dir, "tls"), Hostname: "till", Names: names, Now: w.clock,
		Addrs: func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} }})
	if err != nil {
		t.Fatal(err)
	}
	w.Holder = Open(Options{Dir: filepath.Join(dir, "tls"), Own: own, TLS: s, Names: names, Dial: egress.New(egress.Options{}).For(egress.Authorities, egress.Use{}).DialContext,
		Alarm: w.raise, Clear: w.clear, Now: w.clock})
	srv := &http.Server{ErrorLog: log.New(io.Discard, "", 0), TLSConfig: w.Config(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("served\n")) })}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.ServeTLS(l, "", "")
	}()
	t.Cleanup(func() { srv.Close(); <-done })
	return w
}

func (w *site) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *site) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func (w *site) raise(id, what, means, do string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alarms[id] = what + " " + means + " " + do
}

func (w *site) clear(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.alarms, id)
}

// said is an alarm in words, "" when it is not raised.
func (w *site) said(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alarms[id]
}

func (w *site) mustSay(id string, words ...string) {
	w.t.Helper()
	said := w.said(id)
	for _, word := range words {
		if !strings.Contains(said, word) {
			w.t.Errorf("alarm %s says %q, not %q", id, said, word)
		}
	}
}

func (w *site) mustBeQuiet() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.alarms) > 0 {
		w.t.Errorf("alarms %v", w.alarms)
	}
}

// shown gives the leaf that a client gets that comes by a name, or by the address when it is "".
func (w *site) shown(name string) *x509.Certificate {
	w.t.Helper()
	d := tls.Dialer{Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}}
	c, err := d.DialContext(w.t.Context(), "tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

// strictFor is for how long a browser is told to come by HTTPS only that opens a connection by a name and asks by it.
func (w *site) strictFor(host string) time.Duration {
	ctx := w.Remember(w.t.Context(), nil)
	seen := make(chan struct{})
	client, server := net.Pipe()
	go func() {
		defer close(seen)
		tls.Server(server, w.Config()).HandshakeContext(ctx)
	}()
	tls.Client(client, &tls.Config{ServerName: host, InsecureSkipVerify: true}).HandshakeContext(w.t.Context())
	client.Close()
	<-seen
	server.Close()
	return w.Strict(ctx, host)
}

// trusted tells whether a program that trusts the trust file is content with what it gets by a name.
func (w *site) trusted(name string) error {
	text, err := os.ReadFile(w.TrustFile())
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	host := name
	if host == "" {
		host, _, _ = net.SplitHostPort(w.addr)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Time: w.clock}, ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, w.addr)
	}}
	defer tr.CloseIdleConnections()
	res, err := (&http.Client{Transport: tr}).Get("https://" + host + "/")
	if err == nil {
		res.Body.Close()
	}
	return err
}

// issuer is a certificate authority of the operator's.
type issuer struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
}

func newIssuer(t *testing.T) *issuer {
	key := newKey(t)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Shop CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	i := &issuer{t: t, key: key}
	i.cert = i.sign(tmpl, tmpl, key.Public())
	return i
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (i *issuer) sign(tmpl, parent *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	i.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, pub, i.key)
	if err != nil {
		i.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		i.t.Fatal(err)
	}
	return c
}

// server is a certificate of a server for a year, for names, with changes.
func (i *issuer) server(pub crypto.PublicKey, change func(*x509.Certificate), names ...string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	tmpl := &x509.Certificate{SerialNumber: serial, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, n)
		}
	}
	if change != nil {
		change(tmpl)
	}
	return i.sign(tmpl, i.cert, pub)
}

func pemCerts(certs ...*x509.Certificate) (text []byte) {
	for _, c := range certs {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

func pemKey(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// operator is a certificate file and a key file that the test writes as an operator does.
type operator struct {
	*issuer
	config.TLS
}

func newOperator(t *testing.T) *operator {
	dir := t.TempDir()
	return &operator{issuer: newIssuer(t), TLS: config.TLS{Certificate: filepath.Join(dir, "nvr.crt"), Key: filepath.Join(dir, "nvr.key"), HSTS: true}}
}

func (o *operator) put(file string, text []byte, mode os.FileMode) {
	o.t.Helper()
	tmp := file + ".new"
	if err := os.WriteFile(tmp, text, mode); err != nil {
		o.t.Fatal(err)
	}
	if err := os.Chmod(tmp, mode); err != nil {
		o.t.Fatal(err)
	}
	if err := os.Rename(tmp, file); err != nil {
		o.t.Fatal(err)
	}
}

// issue writes a new certificate and its key.
func (o *operator) issue(change func(*x509.Certificate), names ...string) *x509.Certificate {
	o.t.Helper()
	key := newKey(o.t)
	leaf := o.server(key.Public(), change, names...)
	o.put(o.Certificate, pemCerts(leaf, o.cert), 0o644)
	o.put(o.Key, pemKey(o.t, key), 0o600)
	return leaf
}

func lasting(d time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotAfter = time.Now().Add(d) }
}

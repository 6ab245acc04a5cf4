package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/config"
)

// operatorFiles writes a certificate of the operator's authority, and its key.
func operatorFiles(t *testing.T, dir string, names ...string) config.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true}
	ca.Subject.CommonName = "Shop CA"
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	conf := config.TLS{Certificate: filepath.Join(dir, "nvr.crt"), Key: filepath.Join(dir, "nvr.key"), HSTS: true}
	for file, block := range map[string]*pem.Block{conf.Certificate: {Type: "CERTIFICATE", Bytes: der}, conf.Key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return conf
}

// strictAt is the header that a browser gets which comes by a name.
func (s *site) strictAt(name, path string) string {
	s.t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: name}, DisableKeepAlives: true}
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = name
	res, err := tr.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	if v := res.Header.Values("Strict-Transport-Security"); len(v) == 1 {
		return v[0]
	} else if len(v) > 1 {
		s.t.Errorf("%d headers", len(v))
	}
	return ""
}

// TestHSTSIsNeverSentWithTheOwnAuthoritysLeaf, since whoever has not installed it would have no way in.
func TestHSTSIsNeverSentWithTheOwnAuthoritysLeaf(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Listen, o.TLS.HSTS = []string{":0"}, true })
	for _, path := range []string{"/", "/healthz", "/api/v1/session", "/install-certificate"} {
		for _, name := range []string{"nvr.shop.lan", "localhost"} {
			if h := s.strictAt(name, path); h != "" {
				t.Errorf("%s%s: %s", name, path, h)
			}
		}
	}
	plain := newSite(t, func(o *Options) { o.TLS = operatorFiles(t, o.Data, "nvr.shop.lan") })
	if a := plain.do("GET", "/healthz", "", host("nvr.shop.lan")); a.Header.Get("Strict-Transport-Security") != "" {
		t.Error("sent over plain HTTP")
	}
}

// TestHSTSIsSentWithACertificateThatBrowsersTrust, of the name alone, without what other machines do.
func TestHSTSIsSentWithACertificateThatBrowsersTrust(t *testing.T) {
	var files config.TLS
	s := newSite(t, func(o *Options) {
		files = operatorFiles(t, o.Data, "nvr.shop.lan")
		o.Listen, o.TLS = []string{":0"}, files
	})
	for _, path := range []string{"/", "/healthz", "/api/v1/session"} { // the last is a refusal
		if h := s.strictAt("nvr.shop.lan", path); h != "max-age=2592000" {
			t.Errorf("%s: %q", path, h)
		}
	}
	if h := s.strictAt("localhost", "/"); h != "" {
		t.Errorf("by a name of the own leaf: %s", h)
	}
	off := files
	off.HSTS = false
	if why := s.SetTLS(off); why != "" || s.strictAt("nvr.shop.lan", "/") != "" {
		t.Errorf("switched off: %s", why)
	}
	if why := s.SetTLS(config.TLS{HSTS: true}); why != "" || s.strictAt("nvr.shop.lan", "/") != "" {
		t.Errorf("back to the own authority: %s", why)
	}
}

// TestOtherFilesAreTakenOverWhileConnectionsGoOn changes the operator's certificate, and then breaks it.
func TestOtherFilesAreTakenOverWhileConnectionsGoOn(t *testing.T) {
	var files config.TLS
	s := newSite(t, func(o *Options) {
		files = operatorFiles(t, o.Data, "nvr.shop.lan")
		o.Listen, o.TLS = []string{":0"}, files
	})
	first := s.certificate()
	if first.Source != "files" || !first.HSTS || first.Renews != nil {
		t.Fatalf("%+v", first)
	}
	l := s.listen(s.bearer())
	l.wants("camera", "camera", "health", "ready")
	operatorFiles(t, s.data, "nvr.shop.lan")
	if a := s.do("POST", "/api/v1/certificate/renew", "", s.bearer()); a.StatusCode != 200 {
		t.Fatal(a.Status, a.text)
	}
	second := s.certificate()
	if second.Fingerprint == first.Fingerprint {
		t.Error("the new file is not taken over")
	}
	if err := os.WriteFile(files.Key, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := s.do("POST", "/api/v1/certificate/renew", "", s.bearer())
	if p := a.problem(t); a.StatusCode != http.StatusBadGateway || !strings.HasSuffix(p.Type, "/certificate") || !strings.Contains(p.Detail, "holds no key") {
		t.Errorf("%+v", p)
	}
	if third := s.certificate(); third.Fingerprint != second.Fingerprint || third.Error == "" || third.Tried == nil || !s.alarmed("certificate:files") {
		t.Errorf("%+v", third)
	}
	s.cameras.change(t, Change{Kind: "health"})
	l.wants("health")
}

func (s *site) certificate() (c Certificate) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.do("GET", "/api/v1/certificate", "", s.bearer()).text), &c); err != nil {
		s.t.Fatal(err)
	}
	return c
}

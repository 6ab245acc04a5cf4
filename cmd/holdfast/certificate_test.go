package main

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

	"holdfast/gateway/web"
)

// pairFor writes a certificate and its key into dir.
func pairFor(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), DNSNames: []string{name}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{"nvr.crt": {Type: "CERTIFICATE", Bytes: der}, "nvr.key": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The certificate is shown and renewed; other files take effect when the configuration is read again, and programs that
// go by endpoint.json keep their trust.
func TestTheCertificateByTheCommandLine(t *testing.T) {
	dir, file := site(t, "names: [nvr.shop.lan]\ntls: {loopback: true}\n")
	show := func(want int, verbs ...string) (c web.Certificate) {
		t.Helper()
		code, out, errs := invoke(t, append(append([]string{"certificate"}, verbs...), "--config", file, "--json")...)
		if err := json.Unmarshal([]byte(out), &c); code != want || err != nil {
			t.Fatalf("%v: exit %d, %v\n%s%s", verbs, code, err, out, errs)
		}
		return c
	}
	if code, _, errs := invoke(t, "certificate", "--config", file); code != exitFailed || !strings.Contains(errs, "no gateway is running") {
		t.Errorf("without a gateway: exit %d, %s", code, errs)
	}
	background(t, "serve", "--config", file)
	e := endpoint(t, filepath.Join(dir, "data"))
	if !strings.HasPrefix(e.URL, "https://127.0.0.1:") {
		t.Fatal(e.URL)
	}
	reached := func() {
		t.Helper()
		roots := x509.NewCertPool()
		text, err := os.ReadFile(e.CA)
		if err != nil || !roots.AppendCertsFromPEM(text) {
			t.Fatal(err)
		}
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		defer tr.CloseIdleConnections()
		res, err := (&http.Client{Transport: tr}).Get(e.URL + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	first := show(exitDone)
	if second := show(exitDone, "renew"); first.Source != "own" || second.Fingerprint == first.Fingerprint {
		t.Errorf("renewed from %+v to %+v", first, second)
	}
	reached()

	pairFor(t, dir, "nvr.shop.lan")
	rewrite(t, file, "tls: {", "tls: {certificate: nvr.crt, key: nvr.key, ")
	if code, out, errs := invoke(t, "config", "--config", file); code != exitDone || strings.Contains(errs, "warning") {
		t.Errorf("config: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := invoke(t, "reload", "--config", file); code != exitDone || strings.Contains(out, "tls") {
		t.Errorf("reload: exit %d\n%s%s", code, out, errs)
	}
	if c := show(exitDone, "show"); c.Source != "files" || c.From != filepath.Join(dir, "nvr.crt") {
		t.Errorf("%+v", c)
	}
	if code, out, _ := invoke(t, "certificate", "--config", file); code != exitDone || !strings.Contains(out, "the operator's files") || !strings.Contains(out, "replace the files") {
		t.Errorf("exit %d\n%s", code, out)
	}
	reached()

	if err := os.Chmod(filepath.Join(dir, "nvr.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := invoke(t, "config", "--config", file); code != exitDone || !strings.Contains(errs, "warning: key") || !strings.Contains(errs, "chmod 600") {
		t.Errorf("config: exit %d, %s", code, errs)
	}
	if code, out, errs := invoke(t, "reload", "--config", file); code != exitDone || !strings.Contains(out, "others may read") {
		t.Errorf("reload: exit %d\n%s%s", code, out, errs)
	}
	if c := show(exitFindings); c.Source != "files" || c.Error == "" {
		t.Errorf("%+v", c)
	}
	if code, _, errs := invoke(t, "certificate", "renew", "--config", file); code != exitFailed || !strings.Contains(errs, "others may read") {
		t.Errorf("renew: exit %d, %s", code, errs)
	}
	rewrite(t, file, "loopback: true", "loopback: false")
	if code, out, errs := invoke(t, "reload", "--config", file); code != exitDone || !strings.Contains(out, "tls.loopback") {
		t.Errorf("reload: exit %d\n%s%s", code, out, errs)
	}
	for _, bad := range [][]string{{"certificate", "burn"}, {"certificate", "show", "x", "--config", file}} {
		if code, _, errs := invoke(t, bad...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", bad, code, errs)
		}
	}
}

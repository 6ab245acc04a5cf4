package certificate

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/config"
)

func TestTheOperatorsCertificateIsPresentedWhereItIsGood(t *testing.T) {
	o := newOperator(t)
	leaf := o.issue(nil, "nvr.shop.lan")
	w := newSite(t, o.TLS, "nvr.shop.lan")
	if !w.shown("nvr.shop.lan").Equal(leaf) || !w.shown("other.shop.lan").Equal(leaf) {
		t.Error("by a name another certificate is presented")
	}
	for _, name := range []string{"", "localhost", "till"} { // by address, and by names that only the own leaf has
		if !w.shown(name).Equal(w.own.Leaf()) {
			t.Errorf("%q: the own leaf is not presented", name)
		}
		if err := w.trusted(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := w.trusted("nvr.shop.lan"); err != nil {
		t.Error(err)
	}
	if st := w.State(); st.Source != Files || st.Wanted != Files || !st.Renews.IsZero() || st.Error != nil || !st.HSTS {
		t.Errorf("%+v", st)
	}
	w.mustBeQuiet()
}

func TestACertificateWithTheAddressIsPresentedByAddress(t *testing.T) {
	o := newOperator(t)
	leaf := o.issue(nil, "nvr.shop.lan", "127.0.0.1")
	w := newSite(t, o.TLS)
	if !w.shown("").Equal(leaf) {
		t.Error("by address the own leaf is presented")
	}
	if err := w.trusted(""); err != nil {
		t.Error(err)
	}
}

func TestReplacedFilesAreTakenOver(t *testing.T) {
	o := newOperator(t)
	o.issue(nil, "nvr.shop.lan")
	w := newSite(t, o.TLS)
	next := o.issue(nil, "nvr.shop.lan")
	if w.shown("nvr.shop.lan").Equal(next) {
		t.Fatal("files are read at each handshake")
	}
	w.Look()
	if !w.shown("nvr.shop.lan").Equal(next) {
		t.Error("the new certificate is not presented")
	}
	if err := w.trusted("nvr.shop.lan"); err != nil {
		t.Errorf("the trust file was not written anew: %v", err)
	}
}

func TestAPairThatIsHalfReplacedIsNoAlarmAtOnce(t *testing.T) {
	o := newOperator(t)
	was := o.issue(nil, "nvr.shop.lan")
	w := newSite(t, o.TLS)
	key := newKey(t)
	next := o.server(key.Public(), nil, "nvr.shop.lan")
	o.put(o.Certificate, pemCerts(next), 0o644) // its key has yet to come
	w.Look()
	w.mustBeQuiet()
	if !w.shown("nvr.shop.lan").Equal(was) {
		t.Error("the former certificate is not presented")
	}
	w.Look()
	w.mustSay(alarmFiles, "the key is not that of the first certificate", "good until", "holdfast certificate renew")
	if st := w.State(); st.Error == nil || st.Source != Files {
		t.Errorf("%+v", st)
	}
	o.put(o.Key, pemKey(t, key), 0o600)
	w.Look()
	w.mustBeQuiet()
	if !w.shown("nvr.shop.lan").Equal(next) {
		t.Error("the new certificate is not presented")
	}
}

func TestFilesThatCannotBeUsedAreRefusedWithAReason(t *testing.T) {
	ca := newIssuer(t)
	key := newKey(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	good, goodKey := ca.server(key.Public(), nil, "nvr.shop.lan"), pemKey(t, key)
	server := func(change func(*x509.Certificate)) []byte {
		return pemCerts(ca.server(key.Public(), change, "nvr.shop.lan"))
	}
	for name, c := range map[string]struct {
		cert, key []byte
		says      string
	}{
		"encrypted":        {pemCerts(good), pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), "the key is encrypted"},
		"encrypted, old":   {pemCerts(good), pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("x")}), "the key is encrypted"},
		"no key":           {pemCerts(good), pemCerts(good), "holds no key"},
		"no certificate":   {goodKey, goodKey, "cannot be read"},
		"another key":      {pemCerts(good), pemKey(t, newKey(t)), "not that of the first certificate"},
		"wrong order":      {pemCerts(ca.cert, good), goodKey, "not that of the first certificate"},
		"expired":          {server(lasting(-time.Minute)), goodKey, "it expired on"},
		"not yet":          {server(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), goodKey, "good only from"},
		"for clients":      {server(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), goodKey, "not issued for servers"},
		"an authority's":   {server(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), goodKey, "certificate of an authority"},
		"nameless":         {pemCerts(ca.server(key.Public(), nil)), goodKey, "names no host"},
		"short RSA":        {pemCerts(ca.server(weak.Public(), nil, "nvr.shop.lan")), pemKey(t, weak), "1024 bits"},
		"Ed25519":          {pemCerts(ca.server(edwards.Public(), nil, "nvr.shop.lan")), pemKey(t, edwards), "RSA and ECDSA"},
		"too large":        {bytes.Repeat([]byte("#"), maxFile+1), goodKey, "larger than"},
		"too many":         {bytes.Repeat(pemCerts(good), maxChain+1), goodKey, "17 certificates"},
		"empty":            {nil, nil, "holds no key"},
		"rubbish in PEM":   {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), goodKey, "cannot be read"},
		"rubbish as a key": {pemCerts(good), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOperator(t)
			o.put(o.Certificate, c.cert, 0o644)
			o.put(o.Key, c.key, 0o600)
			w := newSite(t, o.TLS)
			w.mustSay(alarmFiles, c.says, "own authority meanwhile", "Mend the files")
			if !w.shown("nvr.shop.lan").Equal(w.own.Leaf()) {
				t.Error("the own leaf does not stand in")
			}
			if st := w.State(); st.Source != Own || st.Wanted != Files || st.HSTS {
				t.Errorf("%+v", st)
			}
			if warnings := Check(o.TLS, nil, time.Now()); len(warnings) != 1 || !strings.Contains(warnings[0], c.says) {
				t.Errorf("the check says %q", warnings)
			}
			o.issue(nil, "nvr.shop.lan")
			w.Look()
			w.mustBeQuiet()
		})
	}
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	o := newOperator(t)
	o.issue(nil, "nvr.shop.lan")
	w := newSite(t, o.TLS)
	for _, mode := range []os.FileMode{0o644, 0o604, 0o620, 0o660} {
		if err := os.Chmod(o.Key, mode); err != nil {
			t.Fatal(err)
		}
		w.Look()
		w.Look()
		w.mustSay(alarmFiles, "others may read or change the file", "chmod 600")
	}
	if w.State().Source != Files {
		t.Error("what was presented is withdrawn")
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir(), fifo(t)} {
		s := o.TLS
		s.Key = path
		if err := w.Configure(s); err == nil {
			t.Errorf("%s is taken for a key", path)
		}
	}
}

func fifo(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheEndOfACertificateIsToldTwoWeeksAhead(t *testing.T) {
	o := newOperator(t)
	leaf := o.issue(nil, "nvr.shop.lan")
	w := newSite(t, o.TLS)
	w.pass(time.Until(leaf.NotAfter) - 15*24*time.Hour)
	w.Look()
	w.mustBeQuiet()
	w.pass(25 * time.Hour)
	w.Look()
	w.mustSay(alarmExpiry, "expires on "+leaf.NotAfter.UTC().Format("2006-01-02"), "own authority", "tls.certificate")
	if d := w.strictFor("nvr.shop.lan"); d <= 0 || d > 14*24*time.Hour {
		t.Errorf("browsers are told to come by HTTPS only for %v, longer than the certificate is good", d)
	}
	w.pass(14 * 24 * time.Hour)
	w.Look()
	w.mustSay(alarmExpiry, "expired on")
	if !w.shown("nvr.shop.lan").Equal(w.own.Leaf()) || w.State().Source != Own || w.strictFor("nvr.shop.lan") != 0 {
		t.Error("an expired certificate is presented, or relied on")
	}
	o.issue(func(c *x509.Certificate) { c.NotAfter = w.clock().AddDate(1, 0, 0) }, "nvr.shop.lan")
	w.Look()
	w.mustBeQuiet()
}

func TestAShortLivedCertificateIsNotAlwaysAnAlarm(t *testing.T) {
	o := newOperator(t)
	o.issue(lasting(24*time.Hour), "nvr.shop.lan")
	w := newSite(t, o.TLS)
	w.mustBeQuiet()
	w.pass(21 * time.Hour)
	w.Look()
	w.mustSay(alarmExpiry, "expires on")
}

func TestNamesThatTheCertificateLacksAreTold(t *testing.T) {
	o := newOperator(t)
	o.issue(nil, "nvr.shop.lan", "192.168.1.5")
	w := newSite(t, o.TLS, "nvr.shop.lan", "cams.shop.lan", "192.168.1.5")
	w.mustSay(alarmNames, "not good for cams.shop.lan.")
	if warnings := Check(o.TLS, []string{"cams.shop.lan"}, time.Now()); len(warnings) != 1 || !strings.Contains(warnings[0], "not good for cams.shop.lan") {
		t.Errorf("the check says %q", warnings)
	}
	o.issue(nil, "*.shop.lan", "192.168.1.5")
	w.Look()
	w.mustBeQuiet()
}

func TestOtherSettingsTakeEffectAtOnce(t *testing.T) {
	o, other := newOperator(t), newOperator(t)
	o.issue(nil, "nvr.shop.lan")
	second := other.issue(nil, "nvr.shop.lan")
	w := newSite(t, config.TLS{HSTS: true}, "nvr.shop.lan")
	if err := w.trusted("nvr.shop.lan"); err != nil || w.strictFor("nvr.shop.lan") != 0 || w.State().HSTS {
		t.Error("the own leaf is taken for another")
	}
	for range 2 {
		if err := w.Configure(o.TLS); err != nil {
			t.Fatal(err)
		}
		if err := w.Configure(other.TLS); err != nil || !w.shown("nvr.shop.lan").Equal(second) {
			t.Errorf("other files: %v", err)
		}
	}
	missing := config.TLS{Certificate: filepath.Join(t.TempDir(), "none"), Key: o.Key}
	if err := w.Configure(missing); err == nil || w.State().Source != Own {
		t.Errorf("files that are not there: %v, presented is %s", err, w.State().Source)
	}
	w.mustSay(alarmFiles, "no such file")
	if err := w.Configure(config.TLS{}); err != nil || w.State().Wanted != Own {
		t.Errorf("back to the own authority: %v", err)
	}
	w.mustBeQuiet()
}

func TestBrowsersAreToldToComeByHTTPSOnlyWhereThatIsSafe(t *testing.T) {
	o := newOperator(t)
	o.issue(nil, "nvr.shop.lan", "127.0.0.1")
	w := newSite(t, o.TLS)
	for host, want := range map[string]time.Duration{"nvr.shop.lan": maxStrict, "127.0.0.1": 0, "localhost": 0, "other.shop.lan": 0, "": 0} {
		if got := w.strictFor(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
	off := o.TLS
	off.HSTS = false
	if err := w.Configure(off); err != nil || w.strictFor("nvr.shop.lan") != 0 {
		t.Error("they are told although it is switched off")
	}
	key := newKey(t)
	self := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), DNSNames: []string{"nvr.shop.lan"}}
	leaf := (&issuer{t: t, key: key}).sign(self, self, key.Public())
	o.put(o.Certificate, pemCerts(leaf), 0o644)
	o.put(o.Key, pemKey(t, key), 0o600)
	if err := w.Configure(o.TLS); err != nil || w.strictFor("nvr.shop.lan") != 0 || !w.shown("nvr.shop.lan").Equal(leaf) {
		t.Errorf("of a certificate that signed itself, which nobody trusts, they are told too: %v", err)
	}
}

func FuzzParsePair(f *testing.F) {
	t := &testing.T{}
	ca := newIssuer(t)
	key := newKey(t)
	f.Add(pemCerts(ca.server(key.Public(), nil, "a.lan"), ca.cert), pemKey(t, key))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, certs, key []byte) {
		p, err := parsePair(certs, key)
		if err == nil && (p.leaf == nil || len(p.tls.Certificate) == 0 || p.tls.PrivateKey == nil || len(Names(p.leaf)) == 0) {
			t.Error("half a pair is taken")
		}
	})
}

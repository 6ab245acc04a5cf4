package certificate

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/egress"
)

// acmeSite is a site on a port that the ACME server knows.
func acmeSite(t *testing.T, o authorityServer, change func(*config.ACME), names ...string) (*site, *pebble) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if o.tlsPort == "" {
		o.tlsPort = l.Addr().String()
	}
	if o.life == 0 {
		o.life = 90 * 24 * time.Hour
	}
	p := startPebble(t, o)
	if change != nil {
		change(&p.ACME)
	}
	return newSiteAt(t, l, t.TempDir(), config.TLS{ACME: &p.ACME, HSTS: true}, names...), p
}

func (w *site) renewed() {
	w.t.Helper()
	if err := waiting(w.t, w.Renew); err != nil {
		w.t.Fatal(err)
	}
}

func TestACertificateIsOrderedByTLSALPN(t *testing.T) {
	w, p := acmeSite(t, authorityServer{}, nil, "nvr.shop.lan", "Cams.Shop.lan", "127.0.0.1")
	if w.State().Source != Own || w.State().Wanted != Issued {
		t.Fatal("something is presented before it was issued")
	}
	before := w.shown("nvr.shop.lan")
	w.Keep(t.Context())
	w.mustBeQuiet()
	st := w.State()
	if st.Source != Issued || st.From != p.Directory || st.Error != nil || !slices.Contains(st.Leaf.DNSNames, "cams.shop.lan") || !st.HSTS {
		t.Fatalf("%+v", st)
	}
	for _, name := range []string{"nvr.shop.lan", "cams.shop.lan", ""} {
		if got := w.shown(name); !got.Equal(st.Leaf) || got.Equal(before) {
			t.Errorf("%q: %v is presented", name, got.Subject)
		}
		if err := w.trusted(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if !w.shown("localhost").Equal(w.own.Leaf()) {
		t.Error("where the issued certificate is not good the own leaf is not presented")
	}
	for _, kind := range []string{".pem", ".key"} {
		if info, err := os.Stat(w.storedAt(p.ACME, kind)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", kind, info, err)
		}
	}
	if w.proof.Load() != nil {
		t.Error("the proof is still given")
	}
	w.Keep(t.Context())
	if !w.State().Leaf.Equal(st.Leaf) {
		t.Error("another was ordered although none was due")
	}
}

func TestACertificateIsOrderedByHTTP(t *testing.T) {
	proof := freePort(t)
	w, _ := acmeSite(t, authorityServer{httpPort: proof, tlsPort: freePort(t)}, func(a *config.ACME) { a.Challenge, a.HTTP = HTTP01, proof }, "nvr.shop.lan", "127.0.0.1")
	w.Keep(t.Context())
	w.mustBeQuiet()
	if st := w.State(); st.Source != Issued {
		t.Errorf("%+v", st)
	}
	if c, err := net.Dial("tcp", proof); err == nil {
		c.Close()
		t.Error("the port stays open")
	}
}

func TestTheProofsPortSaysNothingElse(t *testing.T) {
	listen := freePort(t)
	end, err := serveProof(listen, "/.well-known/acme-challenge/abc", "abc.thumb")
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, want := range map[string]int{"/.well-known/acme-challenge/abc": 200, "/.well-known/acme-challenge/abd": 404, "/": 404, "/.well-known/acme-challenge/": 404, "/api/v1/session": 404} {
		res, err := client.Get("http://" + listen + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	res, err := client.Post("http://"+listen+"/.well-known/acme-challenge/abc", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("POST: %s", res.Status)
	}
	if _, err := serveProof(listen, "/", ""); err == nil || !strings.Contains(err.Error(), "tls.acme.http") {
		t.Errorf("a port that is taken: %v", err)
	}
}

func TestAnIssuedCertificateIsRenewedAfterTwoThirdsOfItsLife(t *testing.T) {
	w, p := acmeSite(t, authorityServer{}, nil, "nvr.shop.lan")
	w.Keep(t.Context())
	first := w.State()
	life := first.Leaf.NotAfter.Sub(first.Leaf.NotBefore)
	if want := first.Leaf.NotBefore.Add(life / 3 * 2); !first.Renews.Equal(want) {
		t.Fatalf("renewed at %v, want %v", first.Renews, want)
	}
	w.pass(time.Until(first.Renews) - time.Minute)
	w.Keep(t.Context())
	if !w.State().Leaf.Equal(first.Leaf) {
		t.Fatal("renewed before its time")
	}
	w.pass(2 * time.Minute)
	w.Look()
	if !w.State().Leaf.Equal(first.Leaf) {
		t.Fatal("a look has ordered")
	}
	w.Keep(t.Context())
	if st := w.State(); st.Leaf.Equal(first.Leaf) || st.Source != Issued {
		t.Fatalf("not renewed: %+v", st)
	}
	w.mustBeQuiet()
	again := Open(w.o) // after a restart
	if !again.State().Leaf.Equal(w.State().Leaf) || again.State().Source != Issued {
		t.Error("a restart forgets what was issued")
	}
	if said := p.said(); !strings.Contains(said, "There are now 1 accounts") || strings.Contains(said, "There are now 2 accounts") {
		t.Error("not one account was made")
	}
}

func TestAnAuthorityThatIsGoneChangesNothingAndIsTriedEverLessOften(t *testing.T) {
	w, p := acmeSite(t, authorityServer{}, nil, "nvr.shop.lan")
	w.Keep(t.Context())
	first := w.State()
	p.stop()
	w.pass(time.Until(first.Renews) + time.Minute)
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute} {
		w.Keep(t.Context())
		st := w.State()
		if st.Error == nil || !st.Leaf.Equal(first.Leaf) || !w.shown("nvr.shop.lan").Equal(first.Leaf) {
			t.Fatalf("%+v", st)
		}
		if wait := st.Next.Sub(st.Tried); wait < want || wait > want+want/10+time.Second {
			t.Errorf("tried again after %v, want %v", wait, want)
		}
		w.Keep(t.Context())
		if !w.State().Tried.Equal(st.Tried) {
			t.Error("tried before its time")
		}
		w.pass(want + want/10 + time.Second)
	}
	w.mustSay(alarmACME, "Browsers keep getting the certificate of before, good until "+first.Leaf.NotAfter.UTC().Format("2006-01-02"), "Look whether the authority runs", "holdfast certificate renew")
	h := &Holder{tries: tries{failed: 60}, log: w.log, now: w.clock, alarmed: map[string]bool{}}
	h.refused(os.ErrClosed)
	if wait := h.tries.next.Sub(h.tries.at); wait < maxWait || wait > maxWait+maxWait/10+time.Second {
		t.Errorf("after sixty tries it is tried again after %v", wait)
	}
	w.pass(time.Until(first.Leaf.NotAfter))
	w.Keep(t.Context())
	if !w.shown("nvr.shop.lan").Equal(w.own.Leaf()) {
		t.Error("an expired certificate is presented")
	}
	w.mustSay(alarmACME, "own authority meanwhile")
	w.mustSay(alarmExpiry, "expired on", "the other alarm")
}

func TestTermsAreAcceptedByTheOperatorOnly(t *testing.T) {
	w, p := acmeSite(t, authorityServer{}, func(a *config.ACME) { a.AcceptTerms = false }, "nvr.shop.lan")
	w.Keep(t.Context())
	w.mustSay(alarmACME, "terms of service", "accept_terms: true")
	accepted := p.ACME
	accepted.AcceptTerms = true
	if err := w.Configure(config.TLS{ACME: &accepted}); err != nil {
		t.Fatal(err)
	}
	w.Keep(t.Context())
	w.mustBeQuiet()
	if w.State().Source != Issued {
		t.Error("not issued after the terms were accepted")
	}
}

func TestTheAuthorityMayWantToKnowWhoseTheAccountIs(t *testing.T) {
	const key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
	w, p := acmeSite(t, authorityServer{accounts: map[string]string{"gateway-7": key}}, nil, "nvr.shop.lan")
	w.Keep(t.Context())
	w.mustSay(alarmACME, "account_id")
	for id, secret := range map[string]string{"gateway-8": key, "gateway-7": "bm90IHRoZSBrZXk", "gateway-9": "not base64 !"} {
		wrong := p.ACME
		wrong.AccountID, wrong.AccountKey = id, config.Secret(secret)
		w.Configure(config.TLS{ACME: &wrong})
		if err := waiting(t, w.Renew); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("with %s: %v", id, err)
		}
	}
	right := p.ACME
	right.AccountID, right.AccountKey = "gateway-7", key
	w.Configure(config.TLS{ACME: &right})
	w.renewed()
	w.mustBeQuiet()
}

func TestWhatStandsInTheWayIsSaid(t *testing.T) {
	closed := freePort(t)
	w, p := acmeSite(t, authorityServer{tlsPort: closed}, nil, "nvr.shop.lan")
	try := func(change func(*config.ACME), words ...string) {
		t.Helper()
		a := p.ACME
		change(&a)
		w.Configure(config.TLS{ACME: &a})
		if err := waiting(t, w.Renew); err == nil {
			t.Errorf("issued; want an alarm of %q", words)
		}
		w.mustSay(alarmACME, append(words, "own authority meanwhile")...)
	}
	try(func(*config.ACME) {}, "prove nvr.shop.lan by tls-alpn-01", "port 443")
	try(func(a *config.ACME) { a.CA = "" }, "certificate", "root certificate as ca")
	try(func(a *config.ACME) { a.CA = filepath.Join(t.TempDir(), "none") }, "tls.acme.ca", "no such file")
	try(func(a *config.ACME) { a.CA = w.storedAt(p.ACME, ".key") }, "there is no certificate in it")
	try(func(a *config.ACME) { a.Directory = strings.TrimSuffix(a.Directory, "/dir") + "/nothing" }, "account at")
	try(func(a *config.ACME) { a.Challenge, a.HTTP = HTTP01, closed }, "prove nvr.shop.lan by http-01")
	try(func(a *config.ACME) { a.Directory = "https://198.51.100.7/dir" }, "egress.allow")
	try(func(a *config.ACME) { a.Names = slices.Repeat([]string{"a.lan"}, maxNames+1) }, "1 to 64 names")
	if !w.shown("nvr.shop.lan").Equal(w.own.Leaf()) {
		t.Error("the own leaf does not stand in")
	}
}

func TestTheAuthorityIsDialledThroughTheGuardOnly(t *testing.T) {
	var dialled []string
	guard := egress.New(egress.Options{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
	}})
	w := newSite(t, config.TLS{}, "nvr.shop.lan")
	w.o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return guard.For(egress.Authorities, egress.Use{}).DialContext(ctx, network, address)
	}
	w.Configure(config.TLS{ACME: &config.ACME{Directory: "https://acme.example.com/directory", Challenge: TLSALPN01}})
	w.Keep(t.Context())
	w.mustSay(alarmACME, "a public address")
	if len(dialled) == 0 || guard.Refused() == 0 || slices.ContainsFunc(dialled, func(a string) bool { return a != "acme.example.com:443" }) {
		t.Errorf("dialled %v, refused %d", dialled, guard.Refused())
	}
}

func TestAnAuthoritysAnswersAreBoundedAndRedirectsAreNotFollowed(t *testing.T) {
	ca, key := newIssuer(t), newKey(t)
	dir := t.TempDir()
	root := filepath.Join(dir, "root.crt")
	if err := os.WriteFile(root, pemCerts(ca.cert), 0o600); err != nil {
		t.Fatal(err)
	}
	hostile := hostileAuthority(t, ca, key)
	w := newSite(t, config.TLS{}, "nvr.shop.lan")
	for path, word := range map[string]string{"/endless": "", "/elsewhere": "which is not followed"} {
		w.Configure(config.TLS{ACME: &config.ACME{Directory: hostile.address + path, CA: root, Challenge: TLSALPN01}})
		if err := waiting(t, w.Renew); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if hostile.reached.Load() {
		t.Error("the redirect was followed")
	}
	if n := hostile.sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

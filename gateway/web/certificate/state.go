package certificate

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"time"
)

// State is what is presented, and how its renewal goes.
type State struct {
	Source    string // Own, Files or Issued: where what is presented comes from
	Wanted    string // the same: where the configuration says that it should
	From      string // the operator's file, or the ACME directory; "" with Own
	Leaf      *x509.Certificate
	Renews    time.Time // when it is renewed by itself; zero when nobody but the operator does
	Error     error     // why the last try did not work; nil when it did
	Tried     time.Time // when that was
	Next      time.Time // when it is tried again, of ACME
	HSTS      bool      // browsers are told to come by HTTPS only
	Authority *x509.Certificate
}

// State tells how the certificate is. It does not wait for an order that runs.
func (h *Holder) State() State {
	h.mu.Lock()
	s, t := h.settings, h.tries
	h.mu.Unlock()
	st := State{Source: Own, Wanted: wanted(s.Certificate != "", s.ACME != nil), Leaf: h.own.Leaf(), Renews: h.own.Renewal(), Authority: h.own.Certificate(),
		Error: t.err, Tried: t.at, Next: t.next}
	if g := h.given.Load(); g != nil && g.goodAt(h.now()) {
		st.Source, st.From, st.Leaf, st.Renews = g.source, g.from, g.leaf, time.Time{}
		if g.source == Issued {
			st.Renews = renewal(g.pair)
		}
		st.HSTS = h.strict(g) > 0
	}
	return st
}

func wanted(files, issued bool) string {
	switch {
	case files:
		return Files
	case issued:
		return Issued
	}
	return Own
}

// Names are the host names and addresses that a certificate is good for.
func Names(leaf *x509.Certificate) []string {
	names := append([]string{}, leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// Fingerprint is the SHA-256 of a certificate, in lower-case hexadecimal.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// maxStrict bounds for how long a browser is told to come by HTTPS only.
const maxStrict = 30 * 24 * time.Hour

// Strict is for how long a browser that came by host, over the connection of ctx, may be told to come by HTTPS only (RFC
// 6797); 0: not at all. It is never told so of the own authority's leaf: a browser that does not trust it would have no
// way in any more. It is told on connections that began with the certificate itself, since a browser takes the promise
// only where it trusts what it was shown; and never for longer than that is good, so that the promise ends with what it
// rests on.
func (h *Holder) Strict(ctx context.Context, host string) time.Duration {
	s, ok := ctx.Value(shownKey{}).(*shown)
	if !ok || s.given == nil || h.given.Load() == nil || !s.given.covers(host) {
		return 0
	}
	g := s.given
	if _, err := netip.ParseAddr(host); err == nil {
		return 0 // RFC 6797 section 8.1.1: browsers take it of names only
	}
	return h.strict(g)
}

func (h *Holder) strict(g *given) time.Duration {
	if !h.configured().HSTS || !g.goodAt(h.now()) || string(g.leaf.RawIssuer) == string(g.leaf.RawSubject) {
		return 0
	}
	return min(maxStrict, g.leaf.NotAfter.Sub(h.now()))
}

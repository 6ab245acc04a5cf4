package certificate

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"

	"holdfast/config"
	"holdfast/gateway/web/authority"
)

// Where a certificate comes from.
const (
	Own    = "own"   // the gateway's authority
	Files  = "files" // the operator's files
	Issued = "acme"  // an ACME authority
)

// Options of a Holder.
type Options struct {
	Dir   string               // the authority's directory
	Own   *authority.Authority // required
	TLS   config.TLS           // what the operator says
	Names []string             // host names and addresses that people use, from the configuration

	// Dial connects to an ACME authority; nil: there is no way to one.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Alarm raises an alarm, Clear ends it. Either may be nil.
	Alarm func(id, what, means, do string)
	Clear func(id string)

	Log *slog.Logger     // nil: no log
	Now func() time.Time // wall clock; nil: time.Now
}

// Holder keeps what is presented. It is safe for use by many goroutines.
type Holder struct {
	o     Options // constant, but for TLS, which is settings
	own   *authority.Authority
	log   *slog.Logger
	now   func() time.Time
	given atomic.Pointer[given]           // what is presented in place of the own leaf; nil: nothing
	proof atomic.Pointer[tls.Certificate] // answer to the tls-alpn-01 challenge that is being checked; nil: none

	keeping sync.Mutex // makes a look at settings, files and clock, and what follows from it, one operation
	seen    seen       // of the operator's files; guarded by keeping
	trusted []byte     // what trust.crt holds; guarded by keeping
	alarmed map[string]bool

	mu       sync.Mutex // guards what follows
	settings config.TLS
	tries    tries
	cancel   context.CancelFunc // of the order that runs; nil: none does
}

// given is a certificate and where it comes from. It is constant.
type given struct {
	*pair
	source string
	from   string // address of the ACME directory
}

// tries are the ones that did not work since the last that did.
type tries struct {
	failed int
	err    error
	at     time.Time // of the last
	next   time.Time // with ACME, not before this
}

// Open makes a Holder and presents what is there.
func Open(o Options) *Holder {
	h := &Holder{o: o, own: o.Own, log: o.Log, now: o.Now, settings: o.TLS, alarmed: make(map[string]bool)}
	if h.log == nil {
		h.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if h.now == nil {
		h.now = time.Now
	}
	h.Look()
	return h
}

// Authority is the gateway's own authority.
func (h *Holder) Authority() *authority.Authority { return h.own }

// Configure takes over other settings, now. It gives what is wrong with them, as an alarm says it; nil when nothing is.
func (h *Holder) Configure(s config.TLS) error {
	h.mu.Lock()
	if !reflect.DeepEqual(h.settings, s) {
		h.settings, h.tries = s, tries{}
		if h.cancel != nil {
			h.cancel()
		}
	}
	h.mu.Unlock()
	h.keeping.Lock()
	defer h.keeping.Unlock()
	h.seen = seen{} // whoever asks wants the files read, changed or not
	h.keep(context.Background(), look)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tries.err
}

func (h *Holder) configured() config.TLS {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.settings
}

// Config is the TLS configuration of a face: TLS 1.3, or 1.2 with forward secrecy and authenticated encryption. Tickets
// of sessions are sealed under keys that crypto/tls changes every day; there is no renegotiation and no early data.
func (h *Holder) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are all good
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		GetCertificate:     h.certificate,
		GetConfigForClient: h.challenged,
		Time:               h.now,
	}
}

// certificate chooses for one handshake.
func (h *Holder) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if g := h.given.Load(); g != nil && g.goodAt(h.now()) && h.prefers(g, asked(hello)) {
		if s, ok := hello.Context().Value(shownKey{}).(*shown); ok {
			s.given = g
		}
		return &g.tls, nil
	}
	return h.own.GetCertificate(hello)
}

// shown is which certificate a connection began with. It is set in the handshake, and constant after.
type shown struct{ given *given }

type shownKey struct{}

// Remember has a connection know which certificate it began with, for Strict: the ConnContext of a face.
func (h *Holder) Remember(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, shownKey{}, new(shown))
}

// prefers tells whether whoever asks by host gets the given certificate, not the own leaf.
func (h *Holder) prefers(g *given, host string) bool {
	return host == "" || g.covers(host) || !covers(h.own.Leaf(), host)
}

// asked is by which name, or else address, a client comes.
func asked(hello *tls.ClientHelloInfo) string {
	if hello.ServerName != "" || hello.Conn == nil {
		return hello.ServerName
	}
	if a, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().String()
	}
	return ""
}

// challenged gives the proof to an authority that checks a tls-alpn-01 challenge (RFC 8737): it speaks a protocol of its own.
func (h *Holder) challenged(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	proof := h.proof.Load()
	if proof == nil || len(hello.SupportedProtos) != 1 || hello.SupportedProtos[0] != acme.ALPNProto {
		return nil, nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*proof}, NextProtos: []string{acme.ALPNProto}}, nil
}

// present has new connections get p.
func (h *Holder) present(p *pair, source, from string) {
	h.given.Store(&given{pair: p, source: source, from: from})
	h.log.Info("certificate presented", "source", source, "names", p.leaf.DNSNames, "addresses", p.leaf.IPAddresses, "issuer", p.leaf.Issuer.String(), "until", p.leaf.NotAfter)
}

// withdraw has new connections get the own leaf.
func (h *Holder) withdraw() {
	if h.given.Swap(nil) != nil {
		h.log.Info("certificate presented", "source", Own)
	}
}

package server

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"

	"holdfast/onvif/internal/soap"
)

const (
	tokenAge  = time.Minute // how far a token's creation time may be off, as devices have it
	maxNonces = 10_000
	realm     = "Holdfast device"
)

// gate decides who may ask.
type gate struct {
	o     Options
	nonce string // of HTTP Digest, constant

	mu       sync.Mutex // guards what follows
	password string
	seen     map[string]time.Time // nonces of tokens, by when they were seen
}

func newGate(o Options) *gate {
	b := make([]byte, 16)
	rand.Read(b)
	return &gate{o: o, password: o.Password, nonce: hex.EncodeToString(b), seen: make(map[string]time.Time)}
}

func (g *gate) takes(method string) bool {
	return g.o.Methods == nil || slices.Contains(g.o.Methods, method)
}

// admits tells whether a request carries valid credentials.
func (g *gate) admits(r *http.Request, root *soap.Node) bool {
	if g.o.Username == "" {
		return true
	}
	if g.takes("digest") && g.digest(r) {
		return true
	}
	return g.takes("token") && g.token(root)
}

// admitsGet tells whether a request without an envelope carries valid credentials: HTTP Digest, whatever the services take.
func (g *gate) admitsGet(r *http.Request) bool { return g.o.Username == "" || g.digest(r) }

// token checks a WS-UsernameToken; one that was seen before is a replay.
func (g *gate) token(root *soap.Node) bool {
	t, ok, err := soap.ReadToken(root)
	if !ok || err != nil || !t.Matches(g.o.Username, g.secret()) {
		return false
	}
	at, err := t.At()
	now := g.o.Device.Now()
	if err != nil || now.Sub(at).Abs() > tokenAge {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for n, seen := range g.seen {
		if now.Sub(seen).Abs() > 2*tokenAge {
			delete(g.seen, n)
		}
	}
	key := string(t.Nonce)
	if _, again := g.seen[key]; again || len(g.seen) >= maxNonces {
		return false
	}
	g.seen[key] = now
	return true
}

// challenge is what a refusal asks for.
func (g *gate) challenge() string {
	if !g.takes("digest") {
		return `Basic realm="` + realm + `"`
	}
	return (&digest.Challenge{Realm: realm, Nonce: g.nonce, QOP: []string{"auth"}, Algorithm: "MD5"}).String()
}

// digest checks HTTP Digest credentials.
func (g *gate) digest(r *http.Request) bool {
	h := r.Header.Get("Authorization")
	if !strings.HasPrefix(h, "Digest ") {
		return false
	}
	c, err := digest.ParseCredentials(h)
	if err != nil || c.Username != g.o.Username || c.Nonce != g.nonce || c.URI != r.URL.RequestURI() {
		return false
	}
	want, err := digest.Digest(&digest.Challenge{Realm: realm, Nonce: g.nonce, QOP: []string{"auth"}, Algorithm: "MD5"},
		digest.Options{Method: r.Method, URI: c.URI, Username: g.o.Username, Password: g.secret(), Cnonce: c.Cnonce, Count: c.Nc})
	return err == nil && want.Response == c.Response
}

func (g *gate) secret() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.password
}

// setPassword changes what the account is asked for.
func (g *gate) setPassword(to string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.password = to
}

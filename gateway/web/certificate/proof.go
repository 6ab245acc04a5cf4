package certificate

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/net/netutil"

	"holdfast/config"
)

// How a name is proved.
const (
	TLSALPN01 = "tls-alpn-01" // RFC 8737: by a handshake with the HTTPS face
	HTTP01    = "http-01"     // RFC 8555 section 8.3: by a file over plain HTTP
)

// Bounds of the port that is open while an http-01 challenge is checked.
const (
	maxAsking = 16
	askTime   = 5 * time.Second
	maxAsked  = 8 << 10 // bytes of a request
)

// answer has the challenge answered to whoever asks, until end.
func (h *Holder) answer(client *acme.Client, a config.ACME, c *acme.Challenge, name string) (end func(), err error) {
	if a.Challenge == HTTP01 {
		text, err := client.HTTP01ChallengeResponse(c.Token)
		if err != nil {
			return nil, err
		}
		return serveProof(a.HTTP, client.HTTP01ChallengePath(c.Token), text)
	}
	proof, err := client.TLSALPN01ChallengeCert(c.Token, name)
	if err != nil {
		return nil, err
	}
	h.proof.Store(&proof)
	return func() { h.proof.Store(nil) }, nil
}

// serveProof answers one path over plain HTTP, and nothing else.
func serveProof(listen, path, text string) (end func(), err error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("open the port of tls.acme.http: %w", err)
	}
	srv := &http.Server{ReadTimeout: askTime, WriteTimeout: askTime, MaxHeaderBytes: maxAsked, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			if (r.Method != http.MethodGet && r.Method != http.MethodHead) || r.URL.Path != path {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/octet-stream")
			io.WriteString(w, text)
		})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.Serve(netutil.LimitListener(l, maxAsking))
	}()
	return func() {
		srv.Close()
		<-done
	}, nil
}

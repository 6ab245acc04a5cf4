package certificate

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// hostile is an authority that never stops talking, and sends people elsewhere.
type hostile struct {
	address string
	reached atomic.Bool // the place that it sends people to
	sent    atomic.Int64
}

func hostileAuthority(t *testing.T, ca *issuer, key crypto.Signer) *hostile {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{address: "https://" + l.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"meta":{"termsOfService":"`)
		for chunk := bytes.Repeat([]byte("a"), 64<<10); ; {
			n, err := w.Write(chunk)
			if h.sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/reached", http.StatusFound) })
	mux.HandleFunc("/reached", func(http.ResponseWriter, *http.Request) { h.reached.Store(true) })
	srv := &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0), TLSConfig: &tls.Config{Certificates: []tls.Certificate{{
		Certificate: [][]byte{ca.server(key.Public(), nil, "127.0.0.1").Raw}, PrivateKey: key}}}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.ServeTLS(l, "", "")
	}()
	t.Cleanup(func() { srv.Close(); <-done })
	return h
}

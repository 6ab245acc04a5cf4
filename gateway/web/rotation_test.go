package web

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
)

// connections counts what a client opens, and keeps the certificate that each handshake showed.
type connections struct{ opened atomic.Int64 }

func (c *connections) trace(r *http.Request) {
	*r = *r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if !i.Reused {
			c.opened.Add(1)
		}
	}}))
}

// overHTTP1 has the site's client speak HTTP/1.1, as a browser does behind an old proxy.
func (s *site) overHTTP1() {
	s.client.CloseIdleConnections()
	s.client.Transport = &http.Transport{TLSClientConfig: s.trust(), TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
}

// TestALeafRotationDropsNothing has pictures, an event stream, a kept connection and a session go on while the leaf is
// replaced, and looks that they are the very same connections.
func TestALeafRotationDropsNothing(t *testing.T) {
	for proto, prepare := range map[string]func(*site){"HTTP/1.1": (*site).overHTTP1, "HTTP/2.0": func(*site) {}} {
		t.Run(proto, func(t *testing.T) {
			s := lanSite(t)
			prepare(s)
			p := s.setUp()
			var conns connections
			l := s.listen(both(p.reads(), conns.trace))
			l.wants("camera", "camera", "health", "ready")
			pictures := s.pictures(both(p.reads(), conns.trace))
			if a := s.do("GET", "/api/v1/session", "", p.reads(), conns.trace); a.StatusCode != 200 || a.Proto != proto {
				t.Fatal(a.Status, a.Proto)
			}
			opened, before := conns.opened.Load(), s.serial()

			a := s.do("POST", "/api/v1/certificate/renew", "", p.changes(), conns.trace)
			var c Certificate
			if err := json.Unmarshal([]byte(a.text), &c); err != nil || a.StatusCode != 200 || c.Source != "own" {
				t.Fatal(a.Status, a.text)
			}
			if s.serial() == before {
				t.Fatal("new connections get the former leaf")
			}
			s.cameras.change(t, Change{Kind: "health"})
			l.wants("health")
			if _, err := io.ReadFull(pictures, make([]byte, 8<<20)); err != nil {
				t.Errorf("pictures ended: %v", err)
			}
			if a := s.do("GET", "/api/v1/session", "", p.reads(), conns.trace); a.StatusCode != 200 {
				t.Errorf("the session ended: %s", a.Status)
			}
			if n := conns.opened.Load(); n != opened {
				t.Errorf("%d connections were opened anew", n-opened)
			}
			select {
			case err := <-s.live.finished:
				t.Errorf("live pictures ended: %v", err)
			default:
			}
		})
	}
}

// pictures is a running live.mp4.
func (s *site) pictures(with caller) io.Reader {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+"/api/v1/cameras/door/live.mp4", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	with(r)
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	if _, err := io.ReadFull(res.Body, make([]byte, 1<<20)); err != nil {
		s.t.Fatal(err)
	}
	return res.Body
}

// serial is that of the leaf which a new connection gets.
func (s *site) serial() string {
	s.t.Helper()
	c, err := tls.Dial("tcp", s.address(), s.trust())
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func TestTheCertificateIsShownToWhoKeepsTheGateway(t *testing.T) {
	s := lanSite(t)
	a := s.do("GET", "/api/v1/certificate", "", s.bearer())
	var c Certificate
	if err := json.Unmarshal([]byte(a.text), &c); err != nil || a.StatusCode != 200 {
		t.Fatal(a.Status, err)
	}
	leaf := s.currentAuthority().Leaf()
	if c.Source != "own" || c.Wanted != "own" || !c.NotAfter.Equal(leaf.NotAfter) || len(c.Fingerprint) != 64 || len(c.Names) < 3 || c.Renews == nil || c.Error != "" || c.HSTS || !strings.Contains(c.Issuer, "Holdfast") {
		t.Errorf("%+v", c)
	}
	if m := s.do("GET", "/metrics", "", s.bearer()); !strings.Contains(m.text, "holdfast_certificate_expiry_timestamp_seconds 1") {
		t.Error("the metrics do not say when it ends")
	}
	plain := newSite(t)
	for _, rt := range certificateRoutes() {
		if a := plain.do(rt.method, rt.pattern, "", plain.bearer()); a.StatusCode != 404 {
			t.Errorf("on a plain face %s %s: %s", rt.method, rt.pattern, a.Status)
		}
	}
}

// TestAPlainFaceIsNotSecured holds loopback to plain HTTP unless the operator wants otherwise.
func TestAPlainFaceIsNotSecuredUnlessTheOperatorWants(t *testing.T) {
	s := newSite(t, func(o *Options) { o.TLS.Loopback = true })
	if !strings.HasPrefix(s.url, "https://127.0.0.1:") {
		t.Fatal(s.url)
	}
	if a := s.do("GET", "/healthz", ""); a.StatusCode != 200 || a.TLS == nil {
		t.Error(a.Status)
	}
	if a := s.raw("GET /x HTTP/1.1\r\nHost: " + s.address() + "\r\n\r\n"); !strings.HasPrefix(a, "HTTP/1.1 307 ") {
		t.Errorf("plain HTTP: %s", a)
	}
	if _, port, _ := net.SplitHostPort(s.address()); port == "" {
		t.Error("no port")
	}
}

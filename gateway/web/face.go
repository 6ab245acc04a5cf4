package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bounds of every connection.
const (
	headerTime   = 10 * time.Second // for the TLS handshake, and for a request's headers
	idleTime     = 2 * time.Minute  // between two requests of a connection
	maxHeader    = 32 << 10         // bytes
	maxH2Streams = 128              // requests at once on an HTTP/2 connection
	shutdownTime = 2 * time.Second  // for requests to end when the gateway stops
)

// Waiting between two tries to bind a face.
const (
	firstBindWait = time.Second
	maxBindWait   = 30 * time.Second
)

// face binds and serves one listen address until ctx ends.
func (s *Server) face(ctx context.Context, listen string) {
	for wait := firstBindWait; ctx.Err() == nil; wait = min(2*wait, maxBindWait) {
		l, secure, err := s.bind(ctx, listen)
		if err != nil {
			s.unbound(ctx, listen, err, wait)
			continue
		}
		wait = firstBindWait
		s.setBound(listen, s.faceURL(l.Addr(), secure))
		err = s.serve(ctx, l, secure)
		s.setUnbound(listen)
		if ctx.Err() == nil {
			s.unbound(ctx, listen, err, wait)
		}
	}
}

// unbound says that a face is not there, and waits.
func (s *Server) unbound(ctx context.Context, listen string, err error, wait time.Duration) {
	s.alarm("face:"+listen, fmt.Sprintf("The viewer cannot be served at %s: %v.", listen, err),
		"Recording goes on. Nobody can watch or review at this address.", "Free the port, or change listen in the configuration. It is tried again by itself.")
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (s *Server) setBound(listen, url string) {
	s.clear("face:" + listen)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound[listen] = url
	select {
	case <-s.first:
	default:
		close(s.first)
	}
	s.log.Info("serving", "listen", listen, "url", url)
}

func (s *Server) setUnbound(listen string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bound, listen)
}

// bind listens. Only a loopback address gets plain HTTP, unless the operator wants HTTPS there too.
func (s *Server) bind(ctx context.Context, listen string) (l net.Listener, secure bool, err error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, false, err
	}
	if host == "localhost" {
		host = "127.0.0.1" // whatever the hosts file says
	}
	ip, err := netip.ParseAddr(host)
	secure = s.o.TLS.Loopback || err != nil || !ip.Unmap().IsLoopback()
	if secure {
		if _, err := s.openCertificate(); err != nil {
			return nil, false, err
		}
	}
	var c net.ListenConfig
	l, err = c.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	return l, secure, err
}

// faceURL is where a program on this machine reaches a face. Of a face on every address it is one that the certificate
// is good for, and if possible one that others reach too.
func (s *Server) faceURL(addr net.Addr, secure bool) string {
	ap := addr.(*net.TCPAddr).AddrPort()
	ip := ap.Addr().Unmap().WithZone("")
	if ip.IsUnspecified() {
		ip = outward()
		if a := s.currentAuthority(); a == nil || a.Leaf().VerifyHostname(ip.String()) != nil {
			ip = loopback
		}
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + netip.AddrPortFrom(ip, ap.Port()).String()
}

var loopback = netip.MustParseAddr("127.0.0.1")

// outward is the address of this machine that others on the network are most likely to reach, loopback when there is
// no network.
func outward() netip.Addr {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(n.IP)
		if ip = ip.Unmap(); ip.Is4() && ip.IsPrivate() {
			return ip
		}
	}
	return loopback
}

// serve answers on l until ctx ends.
func (s *Server) serve(ctx context.Context, l net.Listener, secure bool) error {
	srv := s.httpServer(ctx)
	l = s.conns.wrap(l)
	if secure {
		cert, err := s.openCertificate()
		if err != nil {
			return errors.Join(err, l.Close())
		}
		srv.TLSConfig, srv.ConnContext = cert.Config(), cert.Remember
		return s.until(ctx, srv, func() error { return srv.ServeTLS(&plainCatcher{Listener: l, known: s.knownHost}, "", "") })
	}
	return s.until(ctx, srv, func() error { return srv.Serve(l) })
}

// httpServer makes the server of one face, with the bounds of all.
func (s *Server) httpServer(ctx context.Context) *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxH2Streams, WriteByteTimeout: writeTime, SendPingTimeout: idleTime, PingTimeout: headerTime},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(&quiet{log: s.log}, "", 0),
	}
}

// until runs serve until ctx ends; then it waits shortly for requests to end, and ends them.
func (s *Server) until(ctx context.Context, srv *http.Server, serve func() error) error {
	var stopping sync.WaitGroup
	ended := make(chan struct{})
	stopping.Go(func() {
		select {
		case <-ended:
		case <-ctx.Done():
		}
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
	})
	err := serve()
	close(ended)
	stopping.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// quiet takes what net/http logs: mostly handshakes that browsers break off while a certificate is not trusted.
type quiet struct{ log *slog.Logger }

func (q *quiet) Write(line []byte) (int, error) {
	q.log.Debug("http", "line", string(bytes.TrimSpace(line)))
	return len(line), nil
}

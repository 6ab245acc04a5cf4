package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/onvif/discovery"
	"holdfast/onvif/internal/soap"
)

const (
	headerLimit = 16 << 10
	readLimit   = 10 * time.Second
	idleLimit   = time.Minute
	stopLimit   = 2 * time.Second
	maxRequest  = 256 << 10 // bytes; requests are read before it is known who sends them
)

// Options of a server.
type Options struct {
	Listen             string // host:port, "127.0.0.1:0" when empty
	Device             Device // required
	Username, Password string
	Discovery          bool     // answer probes on the network of the listen address, which is then IPv4, or link-local IPv6 with its zone
	Announce           bool     // say Hello and Bye there too
	Host               string   // host that answers name in addresses; "": the listen address (a quirk of devices with several networks)
	Methods            []string // ways of giving credentials that are taken: "token", "digest"; nil: both
	Log                *slog.Logger
}

// Server is a running device.
type Server struct {
	o      Options
	lis    net.Listener
	gate   *gate
	events *Events // nil for a device that reports none

	searches searches // of its recordings

	mu    sync.Mutex // guards what follows
	calls map[string]int
}

// New opens the device's port; Run serves it.
func New(o Options) (*Server, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	lis, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("open device port: %w", err)
	}
	s := &Server{o: o, lis: lis, gate: newGate(o), calls: make(map[string]int)}
	if d, ok := o.Device.(Eventful); ok {
		s.events = d.Events()
	}
	return s, nil
}

// Addr is the device's host:port.
func (s *Server) Addr() string { return s.lis.Addr().String() }

// maxCalled bounds the operations that are counted apart: anybody may ask for anything.
const maxCalled = 512

func (s *Server) count(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.calls[operation]; known || len(s.calls) < maxCalled {
		s.calls[operation]++
	}
}

// Calls is how often each operation was asked for, whether it was answered or refused. Pictures count as "picture".
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// XAddr is the address of the device service.
func (s *Server) XAddr() string { return s.address("device_service") }

func (s *Server) address(service string) string {
	host := s.Addr()
	if a, err := netip.ParseAddrPort(host); err == nil { // a zone means something on this machine only
		host = netip.AddrPortFrom(a.Addr().WithZone(""), a.Port()).String()
	}
	if s.o.Host != "" {
		host = s.o.Host
	}
	return "http://" + host + "/onvif/" + service
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	hs := &http.Server{Handler: s, ReadTimeout: readLimit, IdleTimeout: idleLimit, MaxHeaderBytes: headerLimit,
		ErrorLog:    slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx }} // long polls end with the server
	g.Go(func() error {
		if err := hs.Serve(s.lis); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve device: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		if hs.Shutdown(end) != nil {
			hs.Close()
		}
		return ctx.Err()
	})
	if s.o.Discovery {
		g.Go(func() error { return s.responder().Run(ctx) })
	}
	if s.events != nil {
		g.Go(func() error { return s.runEvents(ctx) })
	}
	return g.Wait()
}

func (s *Server) responder() *discovery.Responder {
	a, _ := netip.ParseAddrPort(s.lis.Addr().String())
	if said, err := netip.ParseAddrPort(s.o.Listen); err == nil && a.Addr().Zone() == "" { // not every kernel tells the zone of a socket
		a = netip.AddrPortFrom(a.Addr().WithZone(said.Addr().Zone()), a.Port())
	}
	return &discovery.Responder{Endpoint: s.o.Device.Info().Endpoint, XAddrs: s.XAddr(), Scopes: scopes(s.o.Device), Interface: a.Addr().Unmap(), Announce: s.o.Announce}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == picturePath {
		s.count("picture")
		s.picture(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, filesPath) {
		s.serveFile(w, r)
		return
	}
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/onvif/") {
		http.NotFound(w, r)
		return
	}
	root, err := soap.Parse(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		s.refuse(w, http.StatusBadRequest, wellFormed)
		return
	}
	req, err := soap.Body(root)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, wellFormed)
		return
	}
	s.count(req.Name)
	if s.serveEvents(w, r, root, req) {
		return
	}
	op, known := operations[prefixes[req.Space]+":"+req.Name]
	if !known {
		op, known = operations[req.Name]
	}
	if !known || op.space != "" && req.Space != op.space && !both(req) {
		s.refuse(w, http.StatusInternalServerError, notSupported)
		return
	}
	if !op.public && !s.gate.admits(r, root) {
		w.Header().Set("WWW-Authenticate", s.gate.challenge())
		s.refuse(w, http.StatusUnauthorized, notAuthorized)
		return
	}
	s.reply(w, req, op)
}

// both names the operations that Media and Media2 share; they look at the namespace themselves.
func both(req *soap.Node) bool { return req.Space == soap.NSMedia || req.Space == soap.NSMedia2 }

func (s *Server) reply(w http.ResponseWriter, req *soap.Node, op operation) {
	body, f := op.do(s, req)
	if f != nil {
		s.refuse(w, http.StatusInternalServerError, *f)
		return
	}
	write(w, http.StatusOK, body)
}

// fault is a refusal: code, subcodes, words.
type fault struct{ code, sub, detail, reason string }

// The faults of Core specification section 5.8.2 that occur here.
var (
	wellFormed    = fault{"s:Sender", "ter:WellFormed", "", "The request is not well formed."}
	notSupported  = fault{"s:Receiver", "ter:ActionNotSupported", "", "The operation is not supported."}
	notAuthorized = fault{"s:Sender", "ter:NotAuthorized", "", "Sender not authorized."}
	noProfile     = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoProfile", "There is no such profile."}
)

func (s *Server) refuse(w http.ResponseWriter, status int, f fault) {
	sub := ""
	if f.detail != "" {
		sub = "<s:Subcode><s:Value>" + f.detail + "</s:Value></s:Subcode>"
	}
	write(w, status, "<s:Fault><s:Code><s:Value>"+f.code+"</s:Value><s:Subcode><s:Value>"+f.sub+"</s:Value>"+sub+
		`</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">`+f.reason+"</s:Text></s:Reason></s:Fault>")
}

func write(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, soap.Envelope("", body))
}

package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"holdfast/config"
	"holdfast/gateway/auth"
	"holdfast/gateway/egress"
	"holdfast/gateway/web/certificate"
)

// Options of a Server.
type Options struct {
	Listen   []string // addresses, "host:port"; an empty host is every address
	Names    []string // host names and addresses that people use beside the machine's own
	Data     string   // data directory; the authority's files lie in tls/ below it
	Site     string   // name of the site, shown to people
	Version  string
	TimeZone string // IANA name of the site's; "": this machine's
	TLS      config.TLS

	Auth    *auth.Auth // required
	Cameras Cameras    // required
	Live    Live       // required
	Archive Archive    // required
	Footage Footage    // required
	Audit   Audit      // required; what everybody does is written to it
	Own     Own        // what people read of it about themselves; nil: nothing
	Checks  Checks     // required
	Keys    Keys       // required
	Exports Exports    // nil: nothing can be exported
	UI      fs.FS      // required: files of the viewer, index.html among them

	AuditLog AuditLog // required; what is read of the audit log

	Egress *egress.Guard

	Metrics func(io.Writer) // writes further counters; may be nil
	Ready   func() bool     // nil: ready as soon as a face is bound

	// Alarm raises an alarm, Clear ends it: a face that cannot be bound, a new authority. Either may be nil.
	Alarm func(id, what, means, do string)
	Clear func(id string)

	Log *slog.Logger     // nil: no log
	Now func() time.Time // wall clock; nil: time.Now
}

// Server is the HTTP faces. New makes it, Run is its life.
type Server struct {
	o         Options // constant
	log       *slog.Logger
	routes    []route // constant; the table and the viewer's files
	mux       *http.ServeMux
	openapi   []byte
	gauges    *metrics.Set
	counts    *counters
	conns     *connLimit
	events    chan struct{} // holds one token for each event stream
	probing   chan struct{} // holds one token while the networks are probed
	searches  searching     // of motion
	overviews chan struct{} // holds one token for each overview that is made
	seen      *seen         // constant; what need not be written to the audit log again

	certMu sync.Mutex // makes opening the certificate, and changing what is said of it, one operation
	tls    config.TLS
	cert   *certificate.Holder // nil while no face has needed one
	renew  chan struct{}       // holds one wish that the certificate be looked at

	mu    sync.Mutex        // guards what follows
	bound map[string]string // listen address → URL of a face that serves
	first chan struct{}     // closed when the first face is bound
}

// Bounds of what goes on at once.
const (
	maxEvents = 256 // event streams
)

// New makes a Server. Nothing listens before Run.
func New(o Options) (*Server, error) {
	if o.Auth == nil || o.Cameras == nil || o.Live == nil || o.Archive == nil || o.Footage == nil || o.Audit == nil || o.Checks == nil || o.Keys == nil || o.UI == nil || o.AuditLog == nil {
		return nil, errors.New("make web server: an option is missing")
	}
	s := &Server{
		o: o, log: o.Log, gauges: metrics.NewSet(), conns: newConnLimit(),
		events: make(chan struct{}, maxEvents), probing: make(chan struct{}, 1), overviews: make(chan struct{}, maxOverviews), seen: newSeen(), tls: o.TLS, renew: make(chan struct{}, 1),
		bound: make(map[string]string), first: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.TimeZone == "" {
		s.o.TimeZone = localZone()
	}
	if err := s.makeRoutes(); err != nil {
		return nil, fmt.Errorf("make web server: %w", err)
	}
	s.counts = newCounters(s)
	return s, nil
}

// sweepEvery is how often expired sessions are ended.
const sweepEvery = 30 * time.Second

// Run serves every face until ctx ends. A face that cannot be bound raises an alarm and is tried again.
func (s *Server) Run(ctx context.Context) error {
	var faces sync.WaitGroup
	for _, listen := range s.o.Listen {
		faces.Go(func() { s.face(ctx, listen) })
	}
	faces.Go(func() { s.sweep(ctx) })
	faces.Go(func() { s.keepCertificate(ctx) })
	faces.Go(func() { s.o.Auth.Run(ctx) })
	faces.Wait()
	return ctx.Err()
}

func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.o.Auth.Sweep(); err != nil {
				s.log.Error("sessions not swept", "error", err)
			}
		}
	}
}

// URL waits for the first face that is bound and gives the address at which a program on this machine reaches it.
func (s *Server) URL(ctx context.Context) (string, error) {
	select {
	case <-s.first:
	case <-ctx.Done():
		return "", fmt.Errorf("wait for a face: %w", ctx.Err())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, listen := range s.o.Listen {
		if url, ok := s.bound[listen]; ok {
			return url, nil
		}
	}
	return "", errors.New("no face is bound at this moment")
}

func (s *Server) alarm(id, what, means, do string) {
	if s.o.Alarm != nil {
		s.o.Alarm(id, what, means, do)
	}
}

func (s *Server) clear(id string) {
	if s.o.Clear != nil {
		s.o.Clear(id)
	}
}

package rtsptest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
)

// Options of a camera.
type Options struct {
	Listen             string // "127.0.0.1:0" when empty
	Username, Password string // "": no authentication
	Basic              bool   // ask for Basic, not Digest
	Paths              map[string]*Clip
	Cards              map[string]*Card // recordings that it plays back, by path
	UDP                bool             // offer UDP (on two free ports beside)
	Multicast          string           // offer multicast in this range, "239.77.0.0/24"

	// Phase tells the position in a clip at this moment, so that a clock burned into a minute-long clip shows
	// the true seconds; nil: each path starts at its beginning.
	Phase func() time.Duration
	// Sent is told of every video unit that a path sends, by its place in the clip; packets that a fault drops count as
	// sent. It is called from the path's own goroutine and holds it up.
	Sent func(path string, unit int, at time.Time)
	Log  *slog.Logger // nil: silent
}

// Server is a running camera.
type Server struct {
	o      Options
	server *gortsplib.Server
	wire   *wire
	cards  cards
	paths  map[string]*path
	opened chan struct{} // closed once paths are

	dropped atomic.Int64 // packets that no room was left for

	mu     sync.Mutex // guards what follows
	refuse int        // status for new sessions, 0: none
	conns  map[*gortsplib.ServerConn]struct{}
}

// New opens the camera's port; Run plays.
func New(o Options) (*Server, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	s := &Server{o: o, paths: map[string]*path{}, opened: make(chan struct{}), cards: cards{described: map[*Card]*gortsplib.ServerStream{}, sessions: map[*gortsplib.ServerSession]*gortsplib.ServerStream{}, stop: make(chan struct{})}, conns: map[*gortsplib.ServerConn]struct{}{}}
	lis, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("open camera port: %w", err)
	}
	s.wire = &wire{Listener: lis}
	s.server = &gortsplib.Server{
		Handler: s, RTSPAddress: lis.Addr().String(),
		// One queue for all of a session's packets: a key frame of a 4 Mbit/s stream is up to 300.
		WriteQueueSize: 1024,
		Listen:         func(string, string) (net.Listener, error) { return s.wire, nil },
	}
	if o.Basic {
		s.server.AuthMethods = []auth.VerifyMethod{auth.VerifyMethodBasic}
	} else {
		s.server.AuthMethods = []auth.VerifyMethod{auth.VerifyMethodDigestMD5}
	}
	if err := s.open(); err != nil {
		lis.Close()
		return nil, err
	}
	return s, nil
}

// OnStreamWriteError counts a packet that a reader was too slow for.
func (s *Server) OnStreamWriteError(*gortsplib.ServerHandlerOnStreamWriteErrorCtx) { s.dropped.Add(1) }

// Dropped is how many packets were not sent because a reader, or this machine, was too slow.
func (s *Server) Dropped() int64 { return s.dropped.Load() }

// open starts the server, with UDP ports when they are asked for: a pair is free only by trial.
func (s *Server) open() error {
	if s.o.Multicast != "" {
		s.server.MulticastIPRange = s.o.Multicast
		s.server.MulticastRTPPort, s.server.MulticastRTCPPort = 28000, 28001
	}
	var err error
	for try := 0; try < 50; try++ {
		if s.o.UDP {
			host, _, _ := net.SplitHostPort(s.wire.Addr().String())
			port := 20000 + 2*((s.wire.Addr().(*net.TCPAddr).Port+try)%20000)
			s.server.UDPRTPAddress = net.JoinHostPort(host, fmt.Sprint(port))
			s.server.UDPRTCPAddress = net.JoinHostPort(host, fmt.Sprint(port+1))
		}
		if err = s.server.Start(); err == nil {
			return s.openPaths()
		}
		if !s.o.UDP {
			break
		}
		lis, lerr := net.Listen("tcp", s.wire.Addr().String()) // a failed start closed it
		if lerr != nil {
			return errors.Join(err, lerr)
		}
		s.wire.Listener = lis
	}
	return fmt.Errorf("start camera: %w", err)
}

func (s *Server) openPaths() error {
	defer close(s.opened)
	for name, clip := range s.o.Paths {
		p, err := newPath(s.server, name, clip, s.o)
		if err != nil {
			s.server.Close()
			return err
		}
		s.paths[name] = p
	}
	for _, c := range s.o.Cards {
		st, err := s.describe(c)
		if err != nil {
			s.server.Close()
			return err
		}
		s.cards.described[c] = st
	}
	return nil
}

// Run plays until ctx ends. It returns nil then.
func (s *Server) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, p := range s.paths {
		wg.Go(func() { p.play(ctx) })
	}
	<-ctx.Done()
	wg.Wait()
	close(s.cards.stop)
	s.cards.playing.Wait()
	for _, st := range s.cards.described {
		st.Close()
	}
	for _, p := range s.paths {
		p.stream.Close()
	}
	s.server.Close()
	return nil
}

// Addr is the camera's host:port.
func (s *Server) Addr() string { return s.wire.Addr().String() }

// URL is the address of a path, without credentials.
func (s *Server) URL(path string) string { return "rtsp://" + s.Addr() + "/" + path }

// OnConnOpen is called by the server.
func (s *Server) OnConnOpen(ctx *gortsplib.ServerHandlerOnConnOpenCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[ctx.Conn] = struct{}{}
}

// OnConnClose is called by the server.
func (s *Server) OnConnClose(ctx *gortsplib.ServerHandlerOnConnCloseCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, ctx.Conn)
}

// OnDescribe is called by the server.
func (s *Server) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	res, st, err := s.admit(ctx.Conn, ctx.Request, ctx.Path)
	if c := s.card(ctx.Path); c != nil && err == nil && res.StatusCode == base.StatusOK {
		st = s.cards.described[c]
	}
	return res, st, err
}

// OnSetup is called by the server.
func (s *Server) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	res, st, err := s.admit(ctx.Conn, ctx.Request, ctx.Path)
	if c := s.card(ctx.Path); c != nil && err == nil && res.StatusCode == base.StatusOK {
		st, err = s.set(ctx.Session, c)
	}
	return res, st, err
}

// OnSessionClose is called by the server.
func (s *Server) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	s.unset(ctx.Session)
}

// OnPlay is called by the server.
func (s *Server) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	if c := s.card(ctx.Path); c != nil {
		s.cards.mu.Lock()
		st := s.cards.sessions[ctx.Session]
		s.cards.mu.Unlock()
		return s.playCard(c, st, ctx.Request)
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (s *Server) admit(conn *gortsplib.ServerConn, req *base.Request, name string) (*base.Response, *gortsplib.ServerStream, error) {
	<-s.opened // the library's server answers before it has streams
	if status := s.refusal(); status != 0 {
		return &base.Response{StatusCode: base.StatusCode(status)}, nil, nil
	}
	if s.o.Username != "" && !conn.VerifyCredentials(req, s.o.Username, s.o.Password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	if s.card(name) != nil {
		return &base.Response{StatusCode: base.StatusOK}, nil, nil
	}
	p, ok := s.paths[trimSlash(name)]
	if !ok {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, p.stream, nil
}

func (s *Server) refusal() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuse
}

func trimSlash(s string) string {
	for len(s) > 0 && s[0] == '/' {
		s = s[1:]
	}
	return s
}

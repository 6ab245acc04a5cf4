package rtsp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
)

// Transport says how media travel.
type Transport string

// The transports. Auto is TCP, then UDP, then multicast: the first that the camera grants and that brings media.
const (
	Auto      Transport = "auto"
	TCP       Transport = "tcp"
	UDP       Transport = "udp"
	Multicast Transport = "multicast"
)

const (
	// StallTime is how long a connected camera may send nothing.
	StallTime = 5 * time.Second
	// stallCheck is how often that is looked at.
	stallCheck = 500 * time.Millisecond
	// answerTime bounds the wait for an answer to a request.
	answerTime = 8 * time.Second
	// dialTime bounds opening the connection.
	dialTime = 5 * time.Second
	// maxTracks bounds what of a session is set up: a picture, sound and metadata.
	maxTracks = 3
)

// Options of a session.
type Options struct {
	URL                string // rtsp:// or rtsps://, without credentials
	Username, Password string // any characters
	Transport          Transport
	Audio, Metadata    bool // set these tracks up too
	TLS                *tls.Config
	Replay             *Replay // nil: what the camera sees now

	Dial         func(ctx context.Context, network, address string) (net.Conn, error) // required
	ListenPacket func(network, address string) (net.PacketConn, error)                // gives *net.UDPConn; nil: UDP and multicast are not tried
	Now          func() time.Time                                                     // wall clock; nil: time.Now
	Log          *slog.Logger                                                         // nil: silent

	// Group tells by an error that a multicast group, which the camera names, is not joined. nil: none is.
	Group func(group netip.Addr) error
	// Basic is asked before user name and password are sent in clear to peer, who wants them so and offers no Digest;
	// secure says that TLS is around it. An error says why they are not sent. nil: they never are.
	Basic func(peer net.Addr, secure bool) error
	// Digest is told that the camera asked for Digest, which shows nobody the password. nil: nobody is told.
	Digest func()
	// Refused is told what the camera wanted and did not get: "redirect", "password", "group", "answer"; where, and why
	// not. nil: nobody is told.
	Refused func(kind, address, why string)
}

// Session is one connection to one stream of a camera.
type Session struct {
	o    Options  // constant
	url  base.URL // constant, with credentials: never shown
	sink Sink     // constant
	log  *slog.Logger
	now  func() time.Time

	strict bool // for fuzzing: a parser that panics is not survived

	mu      sync.Mutex // guards what follows, and serialises the sink
	lanes   []*lane
	picture *lane
	run     *Run
	host    hostClock
	stepped bool // the host clock stepped: the next key frame begins a new run
	heard   Mono // when the newest packet arrived
	mark    ntpMark
	stats   Stats
	replay  replaying
}

// NewSession checks the options. An address with credentials in it is refused: they would end up in logs.
func NewSession(o Options, sink Sink) (*Session, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, fail(Protocol, errors.New("the address is not a URL"))
	}
	if u.Scheme != "rtsp" && u.Scheme != "rtsps" || u.Host == "" {
		return nil, fail(Protocol, errors.New("the address must begin with rtsp:// or rtsps:// and a host"))
	}
	if u.User != nil {
		return nil, fail(Protocol, errors.New("the address holds a user name: give user name and password in fields of their own"))
	}
	if o.Dial == nil {
		return nil, errors.New("session needs a dial function")
	}
	if o.ListenPacket == nil && (o.Transport == UDP || o.Transport == Multicast) {
		return nil, fmt.Errorf("session over %s needs a function that opens ports", o.Transport)
	}
	if o.Username != "" {
		u.User = url.UserPassword(o.Username, o.Password)
	}
	if r := o.Replay; r != nil && !r.From.Before(r.To) {
		return nil, errors.New("the stretch to be replayed ends before it begins")
	}
	s := &Session{o: o, url: base.URL(*u), sink: sink, log: o.Log, now: o.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Run connects and hands on frames until the connection or ctx ends. It may be called again after it returned.
func (s *Session) Run(ctx context.Context) error {
	var err error
	for _, t := range s.transports() {
		err = s.attempt(ctx, t)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !wantsOther(err) {
			return err
		}
		s.log.Debug("transport did not work", "transport", string(t), "error", err)
	}
	return err
}

func (s *Session) transports() []Transport {
	switch s.o.Transport {
	case TCP, UDP, Multicast:
		return []Transport{s.o.Transport}
	}
	if s.o.ListenPacket == nil || s.o.Replay != nil { // what is fetched must be whole
		return []Transport{TCP}
	}
	return []Transport{TCP, UDP, Multicast}
}

// errSilent ends an attempt that was granted and never brought a packet: another transport may.
var errSilent = errors.New("no media arrived")

// wantsOther tells whether another transport may do better.
func wantsOther(err error) bool {
	var bad liberrors.ErrClientBadStatusCode
	if errors.As(err, &bad) {
		return bad.Code == base.StatusUnsupportedTransport || bad.Code == base.StatusUnsupportedMediaType
	}
	return errors.Is(err, errSilent) || errors.As(err, new(liberrors.ErrClientServerRequestedUDP)) ||
		errors.As(err, new(liberrors.ErrClientServerRequestedTCP)) || errors.As(err, new(liberrors.ErrClientServerPortsNotProvided)) ||
		errors.As(err, new(liberrors.ErrClientTransportHeaderInvalidDelivery))
}

// attempt is one connection over one transport.
func (s *Session) attempt(ctx context.Context, t Transport) error {
	s.reset(t)
	c := s.newConnection(t)
	defer c.release()
	if err := c.client.Start2(); err != nil {
		return classify("connect", err)
	}
	defer c.client.Close()
	stop := context.AfterFunc(ctx, c.client.Close)
	defer stop()
	if err := c.play(); err != nil {
		return c.blame(err)
	}
	return s.watch(ctx, c)
}

// reset forgets the attempt before.
func (s *Session) reset(t Transport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes, s.picture, s.run, s.mark = nil, nil, nil, ntpMark{}
	s.host, s.stepped, s.heard = hostClock{}, false, 0
	s.replay = replaying{done: make(chan struct{})}
	s.stats = Stats{Transport: string(t)}
}

// watch waits for the end of the connection, and ends it when nothing arrives.
func (s *Session) watch(ctx context.Context, c *connection) error {
	ended := make(chan error, 1)
	go func() { ended <- c.client.Wait() }()
	tick := time.NewTicker(stallCheck)
	defer tick.Stop()
	began := MonoNow()
	for {
		select {
		case <-ctx.Done():
			c.client.Close()
			<-ended
			return ctx.Err()
		case <-s.replay.done:
			c.client.Close()
			<-ended
			return s.replayed()
		case err := <-ended:
			return c.blame(err)
		case <-tick.C:
			if err := s.stalled(began); err != nil {
				c.client.Close()
				<-ended
				return err
			}
		}
	}
}

// stalled tells whether the camera has been silent for too long.
func (s *Session) stalled(began Mono) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	silent := time.Duration(MonoNow() - max(heard, began))
	if s.o.Replay != nil && s.ending(silent) {
		s.finish(nil)
		return nil
	}
	if silent < StallTime {
		return nil
	}
	if s.o.Replay != nil {
		s.finish(s.played()) // watch sees it at its next look
		return nil
	}
	if heard == 0 {
		return fail(Stalled, fmt.Errorf("%w within %v of PLAY", errSilent, StallTime))
	}
	return fail(Stalled, fmt.Errorf("no media for %v", StallTime))
}

// begin starts a run. Caller holds mu.
func (s *Session) begin(after string) { s.beginAt(after, s.now().UTC()) }

func (s *Session) beginAt(after string, start time.Time) {
	s.mark = ntpMark{}
	run := &Run{ID: 1 + rand.Uint32N(math.MaxUint32), Start: start, Transport: s.stats.Transport, After: after}
	for _, l := range s.lanes {
		l.begun = false
		run.Tracks = append(run.Tracks, l.track)
	}
	s.run = run
	s.sink.Begin(run)
}

// foreign counts packets that are not of this session.
func (s *Session) foreign() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Foreign++
}

// connection is one attempt's gortsplib client with the repairs it needs.
type connection struct {
	s      *Session
	client *gortsplib.Client
	ports  portList
	mu     sync.Mutex // guards what follows
	fault  error      // what a hook refused
	peer   net.Addr   // who the newest connection is to
}

func (s *Session) newConnection(t Transport) *connection {
	c := &connection{s: s, ports: portList{listen: s.o.ListenPacket}}
	c.client = &gortsplib.Client{
		Scheme: s.url.Scheme, Host: s.url.Host, UserAgent: "Holdfast",
		ReadTimeout: answerTime, WriteTimeout: answerTime,
		TLSConfig: s.o.TLS, AnyPortEnable: true, Transport: wire(t),
		DialContext: c.dial, ListenPacket: c.ports.Listen,
		OnResponse: c.response, OnServerRequest: c.request,
		OnPacketsLost: func(uint64) {}, OnDecodeError: c.decodeError,
		OnTransportSwitch: func(error) {},
	}
	if s.o.Replay != nil {
		c.client.OnRequest = c.demand
	}
	return c
}

func wire(t Transport) *gortsplib.Transport {
	v := gortsplib.TransportTCP
	switch t {
	case UDP:
		v = gortsplib.TransportUDP
	case Multicast:
		v = gortsplib.TransportUDPMulticast
	}
	return &v
}

func (c *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := c.s.o.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peer = conn.RemoteAddr()
	return conn, nil
}

// refuse notes why a hook made the library fail.
func (c *connection) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault == nil {
		c.fault = err
	}
}

// blame turns the library's error into ours, preferring what a hook refused.
func (c *connection) blame(err error) error {
	c.mu.Lock()
	fault := c.fault
	c.mu.Unlock()
	if fault != nil {
		return fault
	}
	if wantsOther(err) {
		e := classify("set up", err)
		e.Err = fmt.Errorf("%w: %w", e.Err, err) // keeps what wantsOther looks for
		return e
	}
	return classify("stream", err)
}

func (c *connection) release() { c.ports.closeAll() }

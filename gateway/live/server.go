package live

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"holdfast/gateway/stream"
)

const (
	// DefaultMaxSessions bounds the viewers of a server.
	DefaultMaxSessions = 256
	// DefaultMaxOwned bounds those of one owner, so that nobody's flood takes the places of others. A few walls of 25 pictures under one link, and to spare.
	DefaultMaxOwned = 128

	iceDisconnected = 4 * time.Second  // without a sign of life: the path is in doubt
	iceFailed       = 6 * time.Second  // longer still: the session ends
	iceKeepalive    = 2 * time.Second  // between our own checks
	connectTime     = 15 * time.Second // from the answer until media flows, or the session ends

	// tcpBuffer is how much may wait for a TCP viewer, bytes: about two seconds of a main stream. What does not fit
	// is dropped up to the next key frame.
	tcpBuffer = 1 << 20
	// tcpSilence is how long a TCP connection may stay without a valid first packet.
	tcpSilence = 10 * time.Second
)

// Options of a server.
type Options struct {
	UDP, TCP    string                // listen addresses of the media ports, ":0" for any; "": none
	AllowPeer   func(netip.Addr) bool // may packets come from and go to this address; nil: loopback and private ones
	Addresses   []netip.Addr          // offered beside those of this machine's interfaces, for a port that is forwarded
	MaxSessions int                   // viewers of both kinds at once; 0: DefaultMaxSessions
	MaxOwned    int                   // of those, one owner's; 0: DefaultMaxOwned
	FFmpeg      string                // the program that decodes snapshots and transcodes; "": snapshots are MP4, and nothing is transcoded
	Run         func(*exec.Cmd) error // runs it, without a network; nil: as without the program
	Transcode   Transcoding
	Log         *slog.Logger // nil: silent

	// Ended is told of each WebRTC session that was answered and has ended, once, and why. It must not block. nil: nobody is.
	Ended func(s SessionStatus, reason string)
	// Refused is told of addresses that AllowPeer refuses: kind is "peer" of one that a packet or connection came from,
	// "candidate" of one that an offer or fragment claims, of each at most maxClaims. nil: nobody is told.
	Refused func(kind string, address netip.Addr)
}

// Server shows streams to viewers.
type Server struct {
	o           Options              // constant
	log         *slog.Logger         // constant
	udp         *port                // constant; nil without a UDP port
	udpMux      *ice.UDPMuxDefault   // constant; nil without a UDP port
	tcpMux      *ice.TCPMuxDefault   // constant; nil without a TCP port
	tcpPort     int                  // constant; 0 without a TCP port
	certificate []webrtc.Certificate // constant
	settings    webrtc.SettingEngine // constant
	fault       error                // constant
	pictures    *snapshots           // constant
	transcoders *transcoders         // constant
	patience    time.Duration        // constant: connectTime, less in tests
	writes      time.Duration        // constant: writeTime, less in tests

	mu       sync.Mutex          // guards what follows, and makes "is there room, then take it" one operation
	sessions map[string]*session // by id
	talks    map[string]*talk    // who speaks, by id
	movies   map[string]*movie   // MSE viewers, by id
	closed   bool                // no more sessions
	running  sync.WaitGroup      // of the sessions' goroutines
}

// New opens the media ports. A port that cannot be opened is not an error here: the other one, MSE and snapshots go
// on, and Fault says what is wrong.
func New(o Options) (*Server, error) {
	if o.MaxSessions <= 0 {
		o.MaxSessions = DefaultMaxSessions
	}
	if o.MaxOwned <= 0 {
		o.MaxOwned = min(o.MaxSessions, DefaultMaxOwned)
	}
	if o.AllowPeer == nil {
		o.AllowPeer = local
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Refused == nil {
		o.Refused = func(string, netip.Addr) {}
	}
	s := &Server{o: o, log: o.Log, patience: connectTime, writes: writeTime, pictures: newSnapshots(o.FFmpeg, o.Run, o.Log), sessions: map[string]*session{}, movies: map[string]*movie{}}
	s.transcoders = newTranscoders(&o)
	if err := s.makeCertificate(); err != nil {
		return nil, err
	}
	s.fault = errors.Join(s.listenUDP(), s.listenTCP())
	s.configure()
	return s, nil
}

// admits tells whether packets may come from an address and go to it, and tells of those that may not.
func (s *Server) admits(a netip.Addr) bool {
	ok := s.o.AllowPeer(a)
	if !ok {
		s.o.Refused("peer", a)
	}
	return ok
}

// local tells whether an address is on this machine or its local network.
func local(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }

// makeCertificate makes the one DTLS certificate of all sessions. Each answer carries its fingerprint; nobody else
// needs to trust it, and it lives as long as the process.
func (s *Server) makeCertificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make DTLS key: %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return fmt.Errorf("make DTLS certificate: %w", err)
	}
	s.certificate = []webrtc.Certificate{*certificate}
	return nil
}

func (s *Server) listenUDP() error {
	if s.o.UDP == "" {
		return nil
	}
	address, err := net.ResolveUDPAddr("udp", s.o.UDP)
	if err != nil {
		return fmt.Errorf("listen for WebRTC on UDP: %w", err)
	}
	conn, err := net.ListenUDP("udp", address)
	if err != nil {
		return fmt.Errorf("listen for WebRTC on UDP: %w", err)
	}
	s.udp = newPort(conn, s.admits)
	s.udpMux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: s.udp, Logger: quiet{}})
	return nil
}

func (s *Server) listenTCP() error {
	if s.o.TCP == "" {
		return nil
	}
	l, err := net.Listen("tcp", s.o.TCP)
	if err != nil {
		return fmt.Errorf("listen for WebRTC on TCP: %w", err)
	}
	s.tcpPort = l.Addr().(*net.TCPAddr).Port
	s.tcpMux = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: newGate(l, s.admits), Logger: quiet{}, ReadBufferSize: 64, WriteBufferSize: tcpBuffer,
		FirstStunBindTimeout: tcpSilence, AliveDurationForConnFromStun: tcpSilence,
	})
	return nil
}

// configure sets what all sessions have in common.
func (s *Server) configure() {
	e := &s.settings
	e.LoggerFactory = quiet{}
	var networks []webrtc.NetworkType
	if s.udp != nil {
		e.SetICEUDPMux(s.udpMux)
		networks = append(networks, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	if s.tcpMux != nil {
		e.SetICETCPMux(s.tcpMux)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	e.SetNetworkTypes(networks)
	e.DisableActiveTCP(true) // we never connect out
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetIncludeLoopbackCandidate(true) // the browser may be on this machine, which may have no network
	e.SetICETimeouts(iceDisconnected, iceFailed, iceKeepalive)
	e.SetRemoteIPFilter(func(ip net.IP) bool {
		a, ok := netip.AddrFromSlice(ip)
		return ok && s.o.AllowPeer(a.Unmap())
	})
	e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
}

// Fault says which media port could not be opened, or nil.
func (s *Server) Fault() error { return s.fault }

// Ports gives the numbers of the media ports; 0 for one that is not open.
func (s *Server) Ports() (udp, tcp int) {
	if s.udp != nil {
		udp = s.udp.LocalAddr().(*net.UDPAddr).Port
	}
	return udp, s.tcpPort
}

// Run blocks until ctx ends, then ends all sessions, closes the ports and returns nil. It must be called, once, even
// when ctx has ended.
func (s *Server) Run(ctx context.Context) error {
	if s.fault != nil {
		s.log.Error("media port not open", "error", s.fault)
	}
	<-ctx.Done()
	s.mu.Lock()
	s.closed = true
	for _, x := range s.sessions {
		x.end("gateway stops")
	}
	s.endTalks("gateway stops")
	s.mu.Unlock()
	s.transcoders.close()
	s.running.Wait()
	if s.tcpMux != nil {
		_ = s.tcpMux.Close()
	}
	if s.udpMux != nil {
		_ = s.udpMux.Close()
	}
	return nil
}

// reserve registers a session if there is room.
func (s *Server) reserve(x *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || (s.udp == nil && s.tcpMux == nil) {
		return ErrDisabled
	}
	if err := s.room(x.owner); err != nil {
		return err
	}
	s.sessions[x.id] = x
	s.running.Add(1)
	return nil
}

// room tells whether there is a place for one more viewer of an owner. Caller holds mu.
func (s *Server) room(owner string) error {
	if len(s.sessions)+len(s.movies) >= s.o.MaxSessions {
		return fmt.Errorf("%w: %d are watching", ErrTooMany, s.o.MaxSessions)
	}
	owned := 0
	for _, x := range s.sessions {
		if x.owner == owner {
			owned++
		}
	}
	for _, m := range s.movies {
		if m.ask.Owner == owner {
			owned++
		}
	}
	if owned >= s.o.MaxOwned {
		return fmt.Errorf("%w: %d are this owner's", ErrTooMany, s.o.MaxOwned)
	}
	return nil
}

// remove gives a session's place back, when nothing of it is left.
func (s *Server) remove(x *session) {
	s.mu.Lock()
	delete(s.sessions, x.id)
	s.mu.Unlock()
	s.running.Done()
}

// Ask is what a viewer asks to see.
type Ask struct {
	Camera, Name string // the camera, and its stream
	Stream       *stream.Stream
	Owner        string              // whose the session is
	Audio        bool                // sound is wanted
	Transcode    bool                // what the gateway makes of it with ffmpeg is wanted
	Ended        func(reason string) // called once when a session that was answered has ended; nil: nobody is told
}

// Offer answers a WHEP offer (draft-ietf-wish-whep) for a stream and begins a session that belongs to its owner. Sound
// comes if audio is asked for, the browser offers it and the camera sends what a browser can play. Errors: ErrOffer,
// ErrOffline, ErrReordered, ErrCodec, ErrTooMany, ErrDisabled, ErrNotTranscoded.
func (s *Server) Offer(ctx context.Context, ask Ask, offer []byte) (id string, answer []byte, err error) {
	p, err := readOffer(offer)
	if err != nil {
		return "", nil, err
	}
	s.claims(offer)
	release := func() {}
	if ask.Transcode {
		made, done, err := s.transcoders.use(ctx, ask.Stream)
		if err != nil {
			return "", nil, err
		}
		ask.Stream, release = made, done
	}
	id, answer, err = s.answer(ctx, ask, p, release)
	if err != nil {
		release()
	}
	return id, answer, err
}

// answer begins a session. release is called when it has ended; when there is an error it may be called twice.
func (s *Server) answer(ctx context.Context, ask Ask, p *proposal, release func()) (id string, answer []byte, err error) {
	media, err := choose(p, ask.Stream.Info(), ask.Audio)
	if err != nil {
		return "", nil, err
	}
	x := newSession(s, ask, p.ufrag)
	x.release = release
	if err := s.reserve(x); err != nil {
		x.cancel()
		return "", nil, err
	}
	answer, err = x.negotiate(ctx, p, media)
	go x.run(media, err == nil)
	if err != nil {
		x.cancel()
		return "", nil, err
	}
	return x.id, answer, nil
}

// Patch takes a trickled candidate fragment of a session. Its candidates are not used, see the package comment; the
// answer is empty. Errors: ErrNotFound, ErrOffer.
func (s *Server) Patch(id, owner string, fragment []byte) ([]byte, error) {
	x, err := s.owned(id, owner)
	if err != nil {
		return nil, err
	}
	if err := readFragment(fragment, x.ufrag); err != nil {
		return nil, err
	}
	s.claims(fragment)
	return nil, nil
}

// Delete ends a session. Error: ErrNotFound.
func (s *Server) Delete(id, owner string) error {
	x, err := s.owned(id, owner)
	if err != nil {
		return err
	}
	x.end("ended by the viewer")
	return nil
}

func (s *Server) owned(id, owner string) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.sessions[id]; x != nil && x.owner == owner {
		return x, nil
	}
	return nil, ErrNotFound
}

// Revoke ends a session, at once, because the right to it is gone. MSE viewers end with the context of their request.
func (s *Server) Revoke(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.sessions[id]; x != nil {
		x.end("right revoked")
	}
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand
	return hex.EncodeToString(b[:])
}

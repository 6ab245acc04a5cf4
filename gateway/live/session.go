package live

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"holdfast/gateway/stream"
)

// session is one browser's connection to one stream.
type session struct {
	server              *Server             // constant
	id, owner           string              // constant
	camera, name, ufrag string              // constant
	stream              *stream.Stream      // constant
	since               time.Time           // constant
	ended               func(reason string) // constant; may be nil
	release             func()              // constant; gives back what is made for it
	ctx                 context.Context
	cancel              context.CancelFunc

	pc        *webrtc.PeerConnection // set by negotiate, before run; nil if that failed early
	connected chan struct{}          // closed when media can flow
	connect   sync.Once
	counts    counts

	mu     sync.Mutex
	reason string              // why it ends, first cause
	peer   netip.AddrPort      // where it is, once known
	proto  string              // "udp" or "tcp"
	tracks []*webrtc.RTPSender // owned by negotiate, then run
}

// media is what a session sends.
type media struct {
	video, audio *outlet
	choices      []*choice
}

// choose decides what a stream can send to a browser that offers p.
func choose(p *proposal, info stream.Info, audio bool) (*media, error) {
	video := info.Video()
	switch {
	case !info.Online:
		return nil, fmt.Errorf("%w: %s", ErrOffline, info.Cause)
	case video == nil:
		return nil, fmt.Errorf("%w: it sends no video", ErrOffline)
	case video.Reorder:
		return nil, ErrReordered
	}
	c, err := p.chooseVideo(video)
	if err != nil {
		return nil, err
	}
	m := &media{video: newOutlet(video, c), choices: []*choice{c}}
	if !audio {
		return m, nil
	}
	if c := p.chooseAudio(info.Audio()); c != nil {
		m.audio = newOutlet(info.Audio(), c)
		m.choices = append(m.choices, c)
	}
	return m, nil
}

func newSession(s *Server, ask Ask, ufrag string) *session {
	x := &session{
		server: s, id: newID(), owner: ask.Owner, camera: ask.Camera, name: ask.Name, stream: ask.Stream, ufrag: ufrag, ended: ask.Ended,
		since: time.Now().UTC(), connected: make(chan struct{}),
	}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	return x
}

// end ends the session for a reason, which is logged; the first one counts.
func (x *session) end(reason string) {
	x.mu.Lock()
	if x.reason == "" {
		x.reason = reason
	}
	x.mu.Unlock()
	x.cancel()
}

// negotiate makes the answer. It needs no network.
func (x *session) negotiate(ctx context.Context, p *proposal, m *media) ([]byte, error) {
	offer, err := p.reduce(m.choices...)
	if err != nil {
		return nil, err
	}
	if err := x.connection(m); err != nil {
		return nil, err
	}
	desc := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}
	if err := x.pc.SetRemoteDescription(desc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	answer, err := x.pc.CreateAnswer(nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	gathered := webrtc.GatheringCompletePromise(x.pc)
	if err := x.pc.SetLocalDescription(answer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	select {
	case <-gathered:
	case <-x.ctx.Done():
		return nil, ErrNotFound
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !m.video.bound() {
		return nil, fmt.Errorf("%w: video was not accepted", ErrOffer)
	}
	return []byte(x.server.withAddresses(x.pc.LocalDescription().SDP)), nil
}

// connection makes the peer connection with exactly the chosen codecs.
func (x *session) connection(m *media) error {
	engine := &webrtc.MediaEngine{}
	for _, c := range m.choices {
		kind := webrtc.NewRTPCodecType(c.section.MediaName.Media)
		if err := engine.RegisterCodec(c.codec, kind); err != nil {
			return fmt.Errorf("%w: %w", ErrOffer, err)
		}
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(x.server.settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: x.server.certificate})
	if err != nil {
		return fmt.Errorf("make peer connection: %w", err)
	}
	x.pc = pc
	pc.OnConnectionStateChange(x.changed)
	for _, o := range []*outlet{m.video, m.audio} {
		if o == nil {
			continue
		}
		sender, err := pc.AddTrack(o)
		if err != nil {
			return fmt.Errorf("add track: %w", err)
		}
		x.tracks = append(x.tracks, sender)
	}
	return nil
}

func (x *session) changed(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		x.connect.Do(func() { close(x.connected) })
	case webrtc.PeerConnectionStateFailed:
		x.end("no sign of life")
	case webrtc.PeerConnectionStateClosed:
		x.end("closed by the browser")
	}
}

// run waits for the connection, shows the stream and cleans up. It ends with the session's context.
func (x *session) run(m *media, negotiated bool) {
	defer x.server.remove(x)
	defer x.release()
	defer x.cancel()
	if negotiated {
		log := x.server.log.With("camera", x.camera, "stream", x.name, "session", x.id)
		log.Info("viewer answered")
		x.show(m)
		x.mu.Lock()
		reason := x.reason
		x.mu.Unlock()
		log.Info("viewer gone", "reason", reason, "packets", x.counts.packets.Load(), "resent", x.counts.resent.Load())
		if x.ended != nil {
			x.ended(reason)
		}
	}
	if x.pc != nil {
		_ = x.pc.GracefulClose()
	}
}

func (x *session) show(m *media) {
	late := time.NewTimer(x.server.patience)
	defer late.Stop()
	select {
	case <-x.connected:
	case <-x.ctx.Done():
		return
	case <-late.C:
		x.end("did not connect")
		return
	}
	v := newViewer(x, m)
	defer v.close()
	var reading sync.WaitGroup
	defer reading.Wait() // ends when the connection is closed: see below
	for _, sender := range x.tracks {
		reading.Go(func() { v.readReports(sender) })
	}
	if err := v.run(x.ctx); err != nil {
		x.end(err.Error())
	}
	_ = x.pc.Close()
}

// follow learns where the viewer is, so that its packets can be sent in batches. It gives the batch of that place:
// have if the viewer has not moved, nil for TCP.
func (x *session) follow(have *batch) *batch {
	pair, err := x.tracks[0].Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Remote == nil {
		return have
	}
	address, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return have
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.peer = netip.AddrPortFrom(address, pair.Remote.Port)
	x.proto = strings.ToLower(pair.Remote.Protocol.String())
	if x.proto != "udp" || x.server.udp == nil {
		return nil
	}
	if have != nil && have.to == unmap(x.peer) {
		return have
	}
	return x.server.udp.open(x.peer)
}

func (x *session) status() SessionStatus {
	st := SessionStatus{ID: x.id, Owner: x.owner, Camera: x.camera, Stream: x.name, Kind: WebRTC, Since: x.since}
	x.counts.into(&st)
	select {
	case <-x.connected:
		st.Connected = true
	default:
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.peer.IsValid() {
		st.Peer = x.peer.String() + "/" + x.proto
	}
	return st
}

// withAddresses adds host candidates for the operator's addresses to an answer (RFC 8839, 5.1), after those that
// ICE found.
func (s *Server) withAddresses(answer string) string {
	if len(s.o.Addresses) == 0 {
		return answer
	}
	var lines strings.Builder
	udp, tcp := s.Ports()
	for i, a := range s.o.Addresses {
		if udp != 0 {
			fmt.Fprintf(&lines, "a=candidate:9%d 1 udp 2130706175 %s %d typ host\r\n", i, a, udp)
		}
		if tcp != 0 {
			fmt.Fprintf(&lines, "a=candidate:8%d 1 tcp 1671430143 %s %d typ host tcptype passive\r\n", i, a, tcp)
		}
	}
	return strings.Replace(answer, "a=end-of-candidates\r\n", lines.String()+"a=end-of-candidates\r\n", 1)
}

package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"holdfast/rtsp"
)

const (
	// MaxTalk bounds how long somebody speaks at a stretch: a key that is held down by a book must not keep a camera.
	MaxTalk = 5 * time.Minute
	// talkSilence is how long no sound may arrive: a browser that speaks sends always, also while nobody says anything.
	talkSilence = 3 * time.Second
	// talkGap is the longest loss that silence is heard for, so that what follows keeps its time; samples of 8000 a second.
	talkGap = 8000 / 5
)

// TalkAsk is what somebody who speaks through a camera asks.
type TalkAsk struct {
	Camera string
	Owner  string                   // whose the session is
	Codec  rtsp.Codec               // PCMU or PCMA: what the loudspeaker takes, and the browser sends
	Heard  func(sound []byte) error // takes what is said, as it comes; an error ends the session
	Gone   <-chan struct{}          // closed when the loudspeaker is gone
	Ended  func(reason string)      // called once when a session that was answered has ended
}

// talk is one person who speaks through one camera.
type talk struct {
	server *Server // constant
	id     string  // constant
	ask    TalkAsk // constant
	ctx    context.Context
	cancel context.CancelFunc

	pc        *webrtc.PeerConnection // set by negotiate, before run; nil if that failed early
	connected chan struct{}          // closed when sound can flow
	connect   sync.Once
	last      atomic.Int64 // when sound arrived last, nanoseconds since 1970
	packets   atomic.Uint64

	mu     sync.Mutex
	reason string // why it ends, first cause
}

// Talk answers a WHIP offer (RFC 9725) of somebody who speaks: one audio section that sends, with the loudspeaker's codec, so that nothing is
// transcoded. The session ends as one that watches does, and besides after MaxTalk, when no sound arrives for talkSilence, or when the
// loudspeaker is gone. Errors: ErrOffer, ErrCodec, ErrDisabled.
func (s *Server) Talk(ctx context.Context, ask TalkAsk, offer []byte) (id string, answer []byte, err error) {
	p, err := readOffer(offer)
	if err != nil {
		return "", nil, err
	}
	s.claims(offer)
	c, err := p.chooseSpeech(ask.Codec)
	if err != nil {
		return "", nil, err
	}
	t := &talk{server: s, id: newID(), ask: ask, connected: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	if err := s.reserveTalk(t); err != nil {
		t.cancel()
		return "", nil, err
	}
	answer, err = t.negotiate(ctx, p, c)
	go t.run(err == nil)
	if err != nil {
		t.cancel()
		return "", nil, err
	}
	return t.id, answer, nil
}

// EndTalk ends a session. Error: ErrNotFound.
func (s *Server) EndTalk(id, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.talks[id]
	if t == nil || t.ask.Owner != owner {
		return ErrNotFound
	}
	t.end("ended by the speaker")
	return nil
}

// RevokeTalk ends a session, at once, because the right to it is gone.
func (s *Server) RevokeTalk(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.talks[id]; t != nil {
		t.end("right revoked")
	}
}

func (s *Server) reserveTalk(t *talk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed || (s.udp == nil && s.tcpMux == nil):
		return ErrDisabled
	case len(s.talks) >= s.o.MaxSessions:
		return fmt.Errorf("%w: %d are speaking", ErrTooMany, s.o.MaxSessions)
	}
	if s.talks == nil {
		s.talks = make(map[string]*talk)
	}
	s.talks[t.id] = t
	s.running.Add(1)
	return nil
}

// endTalks ends all that goes on. The caller holds mu.
func (s *Server) endTalks(reason string) {
	for _, t := range s.talks {
		t.end(reason)
	}
}

// chooseSpeech finds the payload type of a section that sends what a loudspeaker takes.
func (p *proposal) chooseSpeech(codec rtsp.Codec) (*choice, error) {
	var m *sdp.MediaDescription
	for _, d := range p.desc.MediaDescriptions {
		if d.MediaName.Media == "audio" && d.MediaName.Port.Value != 0 && sends(d) {
			m = d
			break
		}
	}
	if m == nil || len(p.desc.MediaDescriptions) != 1 {
		return nil, fmt.Errorf("%w: it has to have one audio section that sends, and no other", ErrOffer)
	}
	for _, c := range offered(m) {
		if c.Channels <= 1 && named(&c, "audio/"+codec.String(), 8000) > 0 {
			return &choice{m, c}, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrCodec, codec)
}

func sends(m *sdp.MediaDescription) bool {
	for _, a := range m.Attributes {
		if a.Key == "recvonly" || a.Key == "inactive" {
			return false
		}
	}
	return true
}

// negotiate makes the answer. It needs no network.
func (t *talk) negotiate(ctx context.Context, p *proposal, c *choice) ([]byte, error) {
	offer, err := p.reduce(c)
	if err != nil {
		return nil, err
	}
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterCodec(c.codec, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(t.server.settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	if t.pc, err = api.NewPeerConnection(webrtc.Configuration{Certificates: t.server.certificate}); err != nil {
		return nil, fmt.Errorf("make peer connection: %w", err)
	}
	t.pc.OnConnectionStateChange(t.changed)
	t.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { t.hear(track) })
	if err := t.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	answer, err := t.pc.CreateAnswer(nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	gathered := webrtc.GatheringCompletePromise(t.pc)
	if err := t.pc.SetLocalDescription(answer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	select {
	case <-gathered:
	case <-t.ctx.Done():
		return nil, ErrNotFound
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return []byte(t.server.withAddresses(t.pc.LocalDescription().SDP)), nil
}

func (t *talk) changed(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		t.connect.Do(func() { close(t.connected) })
	case webrtc.PeerConnectionStateFailed:
		t.end("no sign of life")
	case webrtc.PeerConnectionStateClosed:
		t.end("closed by the browser")
	}
}

// end ends the session for a reason; the first one counts.
func (t *talk) end(reason string) {
	t.mu.Lock()
	if t.reason == "" {
		t.reason = reason
	}
	t.mu.Unlock()
	t.cancel()
}

// run waits until the session is over, and cleans up.
func (t *talk) run(negotiated bool) {
	defer t.server.running.Done()
	defer t.cancel()
	if negotiated {
		log := t.server.log.With("camera", t.ask.Camera, "session", t.id)
		log.Info("speaker answered")
		t.wait()
		_ = t.pc.Close() // before it is told that it ended: nothing is heard after that
		t.mu.Lock()
		reason := t.reason
		t.mu.Unlock()
		log.Info("speaker gone", "reason", reason, "packets", t.packets.Load())
		t.ask.Ended(reason)
	}
	t.server.mu.Lock()
	delete(t.server.talks, t.id)
	t.server.mu.Unlock()
	if t.pc != nil {
		_ = t.pc.GracefulClose()
	}
}

// wait ends the session when its time is over or nothing comes.
func (t *talk) wait() {
	late := time.NewTimer(t.server.patience)
	defer late.Stop()
	select {
	case <-t.connected:
	case <-t.ctx.Done():
		return
	case <-t.ask.Gone:
		t.end("the camera's loudspeaker is gone")
		return
	case <-late.C:
		t.end("did not connect")
		return
	}
	t.last.Store(time.Now().UnixNano())
	over := time.NewTimer(MaxTalk)
	defer over.Stop()
	look := time.NewTicker(talkSilence / 4)
	defer look.Stop()
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-t.ask.Gone:
			t.end("the camera's loudspeaker is gone")
		case <-over.C:
			t.end("its time is over")
		case now := <-look.C:
			if now.Sub(time.Unix(0, t.last.Load())) > talkSilence {
				t.end("no sound arrives")
			}
		}
	}
}

// hear hands on what is said, in order and in time: what was lost is silence.
func (t *talk) hear(track *webrtc.TrackRemote) {
	var l line
	for {
		packet, _, err := track.ReadRTP()
		if err != nil || t.ctx.Err() != nil {
			return
		}
		t.last.Store(time.Now().UnixNano())
		t.packets.Add(1)
		sound := l.take(packet, t.ask.Codec)
		if len(sound) == 0 {
			continue
		}
		if err := t.ask.Heard(sound); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.server.log.Warn("what is said does not reach the camera", "camera", t.ask.Camera, "error", err)
			}
			t.end("the camera's loudspeaker is gone")
			return
		}
	}
}

// line puts packets of G.711 in a row.
type line struct {
	begun bool
	next  uint32 // timestamp of the next packet
}

// take gives what a packet adds: itself, after silence for what was lost; nothing when it is late.
func (l *line) take(p *rtp.Packet, codec rtsp.Codec) []byte {
	gap := int32(p.Timestamp - l.next)
	if l.begun && gap < 0 && gap > -8000 {
		return nil
	}
	sound := p.Payload
	if l.begun && gap > 0 && gap <= talkGap {
		quiet := byte(0xff) // µ-law; A-law has its even bits turned
		if codec == rtsp.PCMA {
			quiet = 0xd5
		}
		sound = make([]byte, int(gap)+len(p.Payload))
		for i := range int(gap) {
			sound[i] = quiet
		}
		copy(sound[gap:], p.Payload)
	}
	l.begun, l.next = true, p.Timestamp+uint32(len(p.Payload))
	return sound
}

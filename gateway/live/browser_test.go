package live

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"holdfast/gateway/stream"
)

// browser is a WebRTC peer in the place of a browser.
type browser struct {
	t       testing.TB
	pc      *webrtc.PeerConnection
	discard bool // keep nothing

	drop    atomic.Pointer[func(*rtp.Packet) bool] // true: the packet was lost on the way
	packets atomic.Int64
	ends    atomic.Int64 // last packets of frames
	reports atomic.Int64 // sender reports

	mu     sync.Mutex
	frames []shot
	sound  []rtp.Packet
	all    map[uint16]rtp.Packet // video, by sequence number
	ssrc   uint32
	closed chan struct{}
}

// shot is one received frame.
type shot struct {
	ts   uint32
	nals []byte // with start codes
}

type browserOptions struct {
	tcp   bool
	audio bool
	codec string
	fmtp  string
}

func newBrowser(t testing.TB, o browserOptions) *browser {
	t.Helper()
	if o.codec == "" {
		o.codec, o.fmtp = webrtc.MimeTypeH264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
	}
	engine := &webrtc.MediaEngine{}
	video := webrtc.RTPCodecCapability{MimeType: o.codec, ClockRate: 90000, SDPFmtpLine: o.fmtp}
	must(t, engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: video, PayloadType: 102}, webrtc.RTPCodecTypeVideo))
	if o.audio {
		pcmu := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}
		must(t, engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: pcmu, PayloadType: 0}, webrtc.RTPCodecTypeAudio))
	}
	settings := webrtc.SettingEngine{LoggerFactory: quiet{}}
	settings.SetIncludeLoopbackCandidate(true)
	settings.DisableSRTPReplayProtection(true) // packets are "lost" behind it
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if o.tcp {
		settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	b := &browser{t: t, pc: pc, all: map[uint16]rtp.Packet{}, closed: make(chan struct{})}
	recvonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, recvonly)
	must(t, err)
	if o.audio {
		_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, recvonly)
		must(t, err)
	}
	pc.OnTrack(b.track)
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateClosed || s == webrtc.PeerConnectionStateFailed {
			once.Do(func() { close(b.closed) })
		}
	})
	t.Cleanup(b.leave)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// leave goes away as a closed tab does.
func (b *browser) leave() { _ = b.pc.GracefulClose() }

func (b *browser) offer() []byte {
	b.t.Helper()
	offer, err := b.pc.CreateOffer(nil)
	must(b.t, err)
	gathered := webrtc.GatheringCompletePromise(b.pc)
	must(b.t, b.pc.SetLocalDescription(offer))
	<-gathered
	return []byte(b.pc.LocalDescription().SDP)
}

func (b *browser) accept(answer []byte) {
	b.t.Helper()
	must(b.t, b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}))
}

// watch opens a session.
func (b *browser) watch(s *Server, st *stream.Stream, owner string) (id string) {
	b.t.Helper()
	id, answer, err := s.Offer(b.t.Context(), Ask{Camera: "cam", Name: "main", Stream: st, Owner: owner, Audio: true}, b.offer())
	must(b.t, err)
	b.accept(answer)
	return id
}

func (b *browser) track(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	go func() {
		for {
			reports, _, err := receiver.ReadRTCP()
			if err != nil {
				return
			}
			for _, r := range reports {
				if _, ok := r.(*rtcp.SenderReport); ok {
					b.reports.Add(1)
				}
			}
		}
	}()
	if track.Kind() == webrtc.RTPCodecTypeAudio {
		b.listen(track)
		return
	}
	b.look(track)
}

func (b *browser) listen(track *webrtc.TrackRemote) {
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.sound = append(b.sound, *p)
		b.mu.Unlock()
	}
}

func (b *browser) look(track *webrtc.TrackRemote) {
	b.mu.Lock()
	b.ssrc = uint32(track.SSRC())
	b.mu.Unlock()
	reader := &codecs.H264Packet{}
	var now shot
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if drop := b.drop.Load(); drop != nil && (*drop)(p) {
			continue
		}
		if p.Marker {
			b.ends.Add(1)
		}
		if b.discard {
			continue
		}
		nals, err := reader.Unmarshal(p.Payload)
		if err != nil {
			b.t.Errorf("payload: %v", err)
			return
		}
		now.ts, now.nals = p.Timestamp, append(now.nals, nals...)
		b.mu.Lock()
		b.all[p.SequenceNumber] = *p
		if p.Marker {
			b.frames = append(b.frames, now)
			now = shot{}
		}
		b.mu.Unlock()
		b.packets.Add(1)
	}
}

func (b *browser) seen() []shot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]shot(nil), b.frames...)
}

// awaits waits until n frames have come and gives them.
func (b *browser) awaits(n int) []shot {
	b.t.Helper()
	eventually(b.t, "enough frames", func() bool { return len(b.seen()) >= n })
	return b.seen()
}

// is tells whether a received frame holds a sent one's NAL units.
func (s shot) is(nals ...[]byte) bool {
	var want []byte
	for _, n := range nals {
		want = append(append(want, 0, 0, 0, 1), n...)
	}
	return bytes.Equal(s.nals, want)
}

func isErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

package live

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"holdfast/rtsp"
)

// mouth is a browser whose microphone is on.
type mouth struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	next  rtp.Header
	up    chan struct{}
}

func newMouth(t *testing.T) *mouth {
	t.Helper()
	engine := &webrtc.MediaEngine{}
	for pt, mime := range map[webrtc.PayloadType]string{0: webrtc.MimeTypePCMU, 8: webrtc.MimeTypePCMA} {
		must(t, engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 8000}, PayloadType: pt}, webrtc.RTPCodecTypeAudio))
	}
	settings := webrtc.SettingEngine{LoggerFactory: quiet{}}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	m := &mouth{pc: pc, up: make(chan struct{})}
	m.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, "microphone", "person")
	must(t, err)
	_, err = pc.AddTransceiverFromTrack(m.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	must(t, err)
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(m.up) })
		}
	})
	t.Cleanup(func() { _ = pc.GracefulClose() })
	return m
}

func (m *mouth) offer(t *testing.T) []byte {
	t.Helper()
	return (&browser{t: t, pc: m.pc}).offer()
}

// ear is a loudspeaker.
type ear struct {
	mu    sync.Mutex
	heard []byte
	gone  chan struct{}
	ended chan string
}

func newEar() *ear { return &ear{gone: make(chan struct{}), ended: make(chan string, 1)} }

func (e *ear) ask(codec rtsp.Codec) TalkAsk {
	return TalkAsk{Camera: "gate", Owner: "anna", Codec: codec, Gone: e.gone, Ended: func(why string) { e.ended <- why }, Heard: func(b []byte) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.heard = append(e.heard, b...)
		return nil
	}}
}

func (e *ear) all() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Clone(e.heard)
}

func (e *ear) end(t *testing.T) string {
	t.Helper()
	select {
	case why := <-e.ended:
		return why
	case <-time.After(deadline):
		t.Fatal("it goes on")
		return ""
	}
}

// say sends a packet of 20 ms that is all one byte; skip leaves as many out before it.
func (m *mouth) say(t *testing.T, b byte, skip int) {
	t.Helper()
	m.next.Version, m.next.PayloadType = 2, 0
	m.next.SequenceNumber += uint16(skip)
	m.next.Timestamp += uint32(160 * skip)
	must(t, m.track.WriteRTP(&rtp.Packet{Header: m.next, Payload: bytes.Repeat([]byte{b}, 160)}))
	m.next.SequenceNumber++
	m.next.Timestamp += 160
}

func TestWhatIsSaidIsHeardInOrderAndInTime(t *testing.T) {
	s := serve(t, Options{UDP: "127.0.0.1:0"})
	m, e := newMouth(t), newEar()
	id, answer, err := s.Talk(t.Context(), e.ask(rtsp.PCMU), m.offer(t))
	must(t, err)
	must(t, m.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}))
	<-m.up
	for eventually := time.Now().Add(deadline); len(e.all()) == 0; time.Sleep(5 * time.Millisecond) { // until the first arrives: what comes before the far side is ready is lost
		m.say(t, 1, 0)
		if time.Now().After(eventually) {
			t.Fatal("nothing is heard")
		}
	}
	m.say(t, 2, 0)
	m.say(t, 3, 2)
	eventually(t, "all is heard", func() bool { return bytes.HasSuffix(e.all(), bytes.Repeat([]byte{3}, 160)) })
	heard := e.all()
	if tail := heard[len(heard)-160*4:]; !bytes.Equal(tail, slicesOf(2, 0xff, 0xff, 3)) {
		t.Errorf("heard is %x", tail)
	}
	if err := s.EndTalk(id, "bert"); !errors.Is(err, ErrNotFound) {
		t.Errorf("somebody else ends it: %v", err)
	}
	must(t, s.EndTalk(id, "anna"))
	if why := e.end(t); why != "ended by the speaker" {
		t.Errorf("it ended because: %s", why)
	}
	eventually(t, "its place is free", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.talks) == 0 })
}

func slicesOf(list ...byte) (all []byte) {
	for _, b := range list {
		all = append(all, bytes.Repeat([]byte{b}, 160)...)
	}
	return all
}

func TestSpeakingEndsWithTheRightTheLoudspeakerOrTheSound(t *testing.T) {
	s := serve(t, Options{UDP: "127.0.0.1:0"})
	for want, end := range map[string]func(id string, e *ear){
		"right revoked":                    func(id string, _ *ear) { s.RevokeTalk(id) },
		"the camera's loudspeaker is gone": func(_ string, e *ear) { close(e.gone) },
		"no sound arrives":                 func(string, *ear) {},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			m, e := newMouth(t), newEar()
			id, answer, err := s.Talk(t.Context(), e.ask(rtsp.PCMU), m.offer(t))
			must(t, err)
			must(t, m.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}))
			<-m.up
			end(id, e)
			if why := e.end(t); why != want {
				t.Errorf("it ended because: %s", why)
			}
		})
	}
}

func TestAnOfferToSpeakIsOneSectionThatSendsTheLoudspeakersCodec(t *testing.T) {
	s := serve(t, Options{UDP: "127.0.0.1:0"})
	good := string(newMouth(t).offer(t))
	for name, c := range map[string]struct {
		codec rtsp.Codec
		offer string
		want  error
	}{
		"receives only": {rtsp.PCMU, strings.Replace(good, "a=sendonly", "a=recvonly", 1), ErrOffer},
		"no codec":      {rtsp.AAC, good, ErrCodec},
		"video too":     {rtsp.PCMU, good + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n", ErrOffer},
		"no SDP":        {rtsp.PCMU, "hello", ErrOffer},
	} {
		if _, _, err := s.Talk(t.Context(), newEar().ask(c.codec), []byte(c.offer)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := newEar()
	if _, answer, err := s.Talk(t.Context(), e.ask(rtsp.PCMA), []byte(good)); err != nil || !strings.Contains(string(answer), "PCMA/8000") || strings.Contains(string(answer), "PCMU") {
		t.Errorf("A-law: %v\n%s", err, answer)
	}
}

func TestALineKeepsTheTimeOfWhatIsSaid(t *testing.T) {
	pkt := func(at uint32) *rtp.Packet {
		return &rtp.Packet{Header: rtp.Header{Timestamp: at}, Payload: make([]byte, 160)}
	}
	var l line
	for _, c := range []struct {
		at   uint32
		want int
	}{{4294967216, 160}, {80, 160}, {80, 0}, {4294967216, 0}, {240 + 160, 320}, {100000, 160}, {100160, 160}} {
		if got := len(l.take(pkt(c.at), rtsp.PCMA)); got != c.want {
			t.Errorf("at %d: %d bytes", c.at, got)
		}
	}
}

package live

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"holdfast/rtsp"
)

func TestViewerGetsTheStoredPictureAtOnceAndThenEveryFrame(t *testing.T) {
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "udp", true: "tcp"}[tcp], func(t *testing.T) {
			s := serve(t, Options{})
			c := newCamera()
			var sent []*rtsp.Frame
			c.picture(true, 3000) // of an older group of pictures
			for i := range 20 {
				sent = append(sent, c.picture(i == 0, 30000>>min(i, 5)))
			}
			b := newBrowser(t, browserOptions{tcp: tcp})
			id := b.watch(s, c.Stream, "anna")
			b.awaits(20) // nothing is written meanwhile: these were stored
			for range 20 {
				sent = append(sent, c.picture(false, 2500))
			}
			sent = append(sent, c.picture(true, 200_000))
			got := b.awaits(len(sent))
			if len(got) != len(sent) {
				t.Fatalf("%d frames, want %d", len(got), len(sent))
			}
			for i, f := range sent {
				nals := f.Payload
				if f.Key {
					nals = append([][]byte{baseSPS, basePPS}, nals...)
				}
				if !got[i].is(nals...) {
					t.Fatalf("frame %d differs", i)
				}
				if i > 0 && got[i].ts-got[i-1].ts != 3600 {
					t.Fatalf("frame %d comes %d ticks after the last", i, got[i].ts-got[i-1].ts)
				}
			}
			eventually(t, "status", func() bool {
				st := s.Sessions()
				return len(st) == 1 && st[0].ID == id && st[0].Connected && strings.HasPrefix(st[0].Peer, "127.0.0.1:") &&
					strings.HasSuffix(st[0].Peer, map[bool]string{false: "/udp", true: "/tcp"}[tcp])
			})
			eventually(t, "sender reports", func() bool { return b.reports.Load() > 0 })
		})
	}
}

func TestSoundComesOnlyWhenAskedFor(t *testing.T) {
	s := serve(t, Options{})
	for _, asked := range []bool{false, true} {
		c := newCamera(h264Track(), pcmuTrack)
		c.picture(true, 2000)
		b := newBrowser(t, browserOptions{audio: true})
		_, answer, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna", Audio: asked}, b.offer())
		must(t, err)
		b.accept(answer)
		b.awaits(1)
		for i := range 10 {
			c.sound(rtsp.Ticks(i*160), bytes.Repeat([]byte{byte(i)}, 160))
		}
		c.picture(false, 2000)
		b.awaits(2)
		if !asked {
			if len(b.sound) != 0 || !strings.Contains(string(answer), "m=audio 0") {
				t.Fatalf("sound that nobody asked for:\n%s", answer)
			}
			continue
		}
		eventually(t, "sound", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.sound) == 10 })
		for i, p := range b.sound {
			if p.Timestamp-b.sound[0].Timestamp != uint32(i*160) || p.Payload[0] != byte(i) || p.Marker {
				t.Fatalf("packet %d: %v", i, p.Header)
			}
		}
	}
}

func TestSessionGoesOnWithContinuousTimestampsWhenTheCameraReturns(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(5, 2000)
	b := newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(5)
	c.End("camera offline")
	c.begin(2, h264Track())
	c.pts = 1 << 40 // another session, other time
	c.gop(3, 2000)
	got := b.awaits(8)
	if gap := got[5].ts - got[4].ts; gap == 0 || gap > 90000*uint32(deadline/time.Second) {
		t.Fatalf("timestamps jump by %d", gap)
	}
	if got[6].ts-got[5].ts != 3600 || !got[5].is(baseSPS, basePPS, c.frame(5)) {
		t.Fatal("not the new run's frames")
	}
}

// frame gives the payload that picture number n with 2000 bytes was written with.
func (c *camera) frame(n uint32) []byte {
	other := &camera{Stream: newCamera().Stream, n: n, track: c.track, run: c.run}
	return other.picture(true, 2000).Payload[0]
}

func TestLostPacketsAreSentAgain(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	b := newBrowser(t, browserOptions{})
	var lost []uint16
	every := 0
	var mu sync.Mutex // guards lost and every: the last call may still be on its way when the next function is set
	drop := func(p *rtp.Packet) bool {
		mu.Lock()
		defer mu.Unlock()
		if every++; every%7 == 3 && len(lost) < 5 {
			lost = append(lost, p.SequenceNumber)
			return true
		}
		return false
	}
	c.gop(1, 20_000)
	b.drop.Store(&drop)
	b.watch(s, c.Stream, "anna")
	eventually(t, "packets", func() bool { return b.packets.Load() >= 12 })
	c.gop(1, 20_000)
	eventually(t, "more packets", func() bool { return b.packets.Load() >= 20 })
	none := func(*rtp.Packet) bool { return false }
	b.drop.Store(&none)
	mu.Lock()
	nacks := rtcp.NackPairsFromSequenceNumbers(lost)
	mu.Unlock()
	must(t, b.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: b.ssrc, Nacks: nacks}}))
	eventually(t, "every packet", func() bool {
		mu.Lock()
		defer mu.Unlock()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, seq := range lost {
			if _, ok := b.all[seq]; !ok {
				return false
			}
		}
		return true
	})
	if st := s.Sessions()[0]; st.Resent != uint64(len(lost)) {
		t.Fatalf("%d packets sent again, %d were lost", st.Resent, len(lost))
	}
}

func TestLostPictureStartsAgainAtTheKeyFrameWithRisingTimestamps(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(10, 2000)
	b := newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(10)
	must(t, b.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: b.ssrc}}))
	b.awaits(20)
	c.picture(false, 2000)
	got := b.awaits(21)
	if !bytes.Equal(got[10].nals, got[0].nals) || !bytes.Equal(got[19].nals, got[9].nals) {
		t.Fatal("not the same pictures again")
	}
	for i := 1; i < len(got); i++ {
		if int32(got[i].ts-got[i-1].ts) <= 0 {
			t.Fatalf("timestamp of frame %d does not rise", i)
		}
	}
	if got[20].ts-got[9].ts != 3600 {
		t.Fatal("the next frame is not where it would have been")
	}
}

func TestLossyViewerGetsKeyFramesOnlyUntilItRecovers(t *testing.T) {
	x := &session{stream: newCamera().Stream}
	v := &viewer{session: x, counts: &x.counts}
	now := time.Now()
	v.judge(200, now)
	if v.thinning() {
		t.Fatal("one bad report is no trend")
	}
	v.judge(200, now)
	if !v.thinning() || v.thinFor != thinFirst {
		t.Fatal("does not thin")
	}
	v.counts.thin.Store(false)
	v.thinEnded = now
	v.judge(200, now)
	v.judge(0, now)
	v.judge(200, now)
	if v.thinning() {
		t.Fatal("a good report between does not count")
	}
	v.judge(200, now)
	if !v.thinning() || v.thinFor != 2*thinFirst {
		t.Fatal("does not thin for longer the second time")
	}
}

func TestKeyFramesOnlyWhileThinning(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(3, 2000)
	b := newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(3)
	eventually(t, "thinning", func() bool {
		report := rtcp.ReceptionReport{SSRC: b.ssrc, FractionLost: 128}
		must(t, b.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{report}}}))
		return s.Sessions()[0].KeyFramesOnly
	})
	c.gop(3, 2000)
	c.gop(3, 2000)
	got := b.awaits(5)
	if !got[3].is(baseSPS, basePPS, c.frame(3)) || !got[4].is(baseSPS, basePPS, c.frame(6)) {
		t.Fatal("frames between key frames")
	}
}

// refusing is a TCP viewer's way out whose buffer is full.
type refusing struct {
	full  bool
	taken [][]byte
}

func (r *refusing) Write(b []byte) (int, error) { return len(b), nil }

func (r *refusing) WriteRTP(_ *rtp.Header, payload []byte) (int, error) {
	if r.full {
		return 0, nil
	}
	r.taken = append(r.taken, payload)
	return len(payload), nil
}

func TestTCPViewerThatCannotKeepUpGoesOnAtAKeyFrame(t *testing.T) {
	c := newCamera()
	x := &session{stream: c.Stream}
	out := &refusing{}
	v := &viewer{session: x, counts: &x.counts, reader: c.Lossy(), pausing: time.NewTimer(0)}
	v.video = &lane{track: c.track, writer: out}
	show := func() int {
		must(t, v.take(t.Context()))
		return len(out.taken)
	}
	c.gop(2, 500)
	if n := show(); n != 2 {
		t.Fatalf("%d packets", n)
	}
	out.full = true
	c.picture(false, 500)
	show()
	out.full = false
	c.picture(false, 500)
	if n := show(); n != 2 {
		t.Fatal("a frame without the one before it")
	}
	c.gop(2, 500)
	if n := show(); n != 4 {
		t.Fatalf("%d packets", n)
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t, Options{MaxSessions: 1})
	offer := newBrowser(t, browserOptions{}).offer()
	ask := func(c *camera, offer []byte) error {
		_, _, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna"}, offer)
		return err
	}
	offline := newCamera()
	offline.End("camera offline")
	isErr(t, ask(offline, offer), ErrOffline)

	reordered := h264Track()
	reordered.Reorder = true
	isErr(t, ask(newCamera(reordered), offer), ErrReordered)
	isErr(t, ask(newCamera(&rtsp.Track{Codec: rtsp.H265, ClockRate: 90000}), offer), ErrCodec)
	isErr(t, ask(newCamera(pcmuTrack), offer), ErrOffline)
	isErr(t, ask(newCamera(), make([]byte, maxOffer+1)), ErrOffer)
	if n := len(s.Sessions()); n != 0 {
		t.Fatalf("%d sessions after refusals", n)
	}

	must(t, ask(newCamera(), offer))
	isErr(t, ask(newCamera(), newBrowser(t, browserOptions{}).offer()), ErrTooMany)
}

func TestMalformedOffersAreRefusedAndLeaveNothing(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	good := string(newBrowser(t, browserOptions{}).offer())
	line := func(prefix string) string {
		i := strings.Index(good, prefix)
		return good[i : i+strings.Index(good[i:], "\r\n")+2]
	}
	for name, offer := range map[string]string{
		"empty":           "",
		"noise":           "\x00\xff\x16\x03\x01",
		"no media":        good[:strings.Index(good, "m=")],
		"data channel":    strings.Replace(good, "m=video", "m=application", 1),
		"send only":       strings.Replace(good, "a=recvonly", "a=sendonly", 1),
		"no fingerprint":  strings.ReplaceAll(good, line("a=fingerprint"), ""),
		"no password":     strings.ReplaceAll(good, line("a=ice-pwd"), ""),
		"no user name":    strings.ReplaceAll(good, line("a=ice-ufrag"), ""),
		"bad fingerprint": strings.ReplaceAll(good, line("a=fingerprint"), "a=fingerprint:sha-256 zz\r\n"),
		"no media id":     strings.ReplaceAll(good, line("a=mid"), ""),
		"mode 0 only":     strings.ReplaceAll(good, "packetization-mode=1", "packetization-mode=0"),
		"many sections":   good + strings.Repeat(good[strings.Index(good, "m="):], maxMedia),
		"huge numbers":    strings.ReplaceAll(good, "90000", "99999999999999999999"),
	} {
		_, answer, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna"}, []byte(offer))
		if err == nil && name != "bad fingerprint" { // found out only when the browser comes
			t.Errorf("%s: answered %q", name, answer)
		}
		if err != nil && strings.Contains(err.Error(), "peer connection") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, x := range s.Sessions() {
		s.Revoke(x.ID)
	}
	eventually(t, "no sessions", func() bool { return len(s.Sessions()) == 0 })
}

func TestAnswerNamesOnlyThisMachineAndOneCodec(t *testing.T) {
	s := serve(t, Options{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")}})
	b := newBrowser(t, browserOptions{audio: true})
	_, answer, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: newCamera().Stream, Owner: "anna"}, b.offer())
	must(t, err)
	udp, tcp := s.Ports()
	if udp == 0 || tcp == 0 {
		t.Fatal("ports")
	}
	for line := range strings.Lines(string(answer)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "a=candidate") {
			f := strings.Fields(line)
			if f[7] != "host" || (f[4] != "127.0.0.1" && f[4] != "192.0.2.7") {
				t.Errorf("candidate %s", line)
			}
		}
		if strings.HasPrefix(line, "m=video") && !strings.HasSuffix(line, "SAVPF 102") {
			t.Errorf("section %s", line)
		}
	}
	if !strings.Contains(string(answer), "192.0.2.7") || !strings.Contains(string(answer), "tcptype passive") {
		t.Errorf("candidates missing:\n%s", answer)
	}
}

func TestCandidatesInAnOfferAreNotUsed(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(2, 2000)
	b := newBrowser(t, browserOptions{})
	offer := string(b.offer())
	var without []string
	for line := range strings.Lines(offer) {
		if !strings.HasPrefix(line, "a=candidate") {
			without = append(without, line)
		}
	}
	evil := "a=candidate:1 1 udp 2130706431 6a0b0b22-0000-4000-8000-6f6c64666173.local 9 typ host\r\n" +
		"a=candidate:2 1 udp 2130706431 127.0.0.1 9 typ host\r\n"
	p, err := readOffer([]byte(strings.Join(without, "") + evil))
	must(t, err)
	m, err := choose(p, c.Info(), false)
	must(t, err)
	shown, err := p.reduce(m.choices...)
	must(t, err)
	if strings.Contains(shown, "candidate") {
		t.Fatalf("candidates remain:\n%s", shown)
	}
	id, answer, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna"}, []byte(strings.Join(without, "")+evil))
	must(t, err)
	b.accept(answer)
	b.awaits(2) // found by who came
	fragment := "a=ice-ufrag:" + p.ufrag + "\r\n" + evil
	if _, err := s.Patch(id, "anna", []byte(fragment)); err != nil {
		t.Fatalf("patch: %v", err)
	}
	_, err = s.Patch(id, "anna", []byte("a=ice-ufrag:other\r\n"))
	isErr(t, err, ErrOffer)
	_, err = s.Patch(id, "anna", []byte("junk"))
	isErr(t, err, ErrOffer)
}

func TestPeersThatAreNotAllowedNeverConnect(t *testing.T) {
	s := serve(t, Options{AllowPeer: func(netip.Addr) bool { return false }})
	s.patience = time.Second
	c := newCamera()
	c.gop(2, 2000)
	for _, tcp := range []bool{false, true} {
		b := newBrowser(t, browserOptions{tcp: tcp})
		b.watch(s, c.Stream, "anna")
		eventually(t, "given up", func() bool {
			st := s.Sessions()
			if len(st) == 1 && st[0].Connected {
				t.Fatal("connected")
			}
			return len(st) == 0
		})
		if len(b.seen()) != 0 {
			t.Fatal("frames")
		}
	}
}

func TestSessionsBelongToTheirOwner(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(2, 2000)
	b := newBrowser(t, browserOptions{})
	id := b.watch(s, c.Stream, "anna")
	b.awaits(2)
	_, err := s.Patch(id, "bert", nil)
	isErr(t, err, ErrNotFound)
	isErr(t, s.Delete(id, "bert"), ErrNotFound)
	s.Revoke("bert")
	if len(s.Sessions()) != 1 {
		t.Fatal("another's session was ended")
	}
	must(t, s.Delete(id, "anna"))
	eventually(t, "session gone", func() bool { return len(s.Sessions()) == 0 })
	isErr(t, s.Delete(id, "anna"), ErrNotFound)
	<-b.closed
}

func TestRevokingEndsTheStreamAndTellsTheBrowser(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(2, 2000)
	b := newBrowser(t, browserOptions{})
	id := b.watch(s, c.Stream, "anna")
	b.awaits(2)
	s.Revoke(id)
	eventually(t, "session gone", func() bool { return len(s.Sessions()) == 0 })
	n := len(b.seen())
	c.gop(2, 2000)
	<-b.closed
	if len(b.seen()) != n {
		t.Fatal("frames after the right was revoked")
	}
	if readers := c.Info().Readers; readers != 0 {
		t.Fatalf("%d readers left", readers)
	}
}

func TestBrowserThatLeavesFreesItsSession(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(2, 2000)
	b := newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(2)
	b.leave()
	eventually(t, "session gone", func() bool { return len(s.Sessions()) == 0 })
}

func TestBrowserThatFallsSilentFreesItsSession(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	c := newCamera()
	c.gop(2, 2000)
	b := newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(2)
	// Nothing more is sent once the transport is cut, not even that it was.
	must(t, b.pc.GetTransceivers()[0].Receiver().Transport().ICETransport().Stop())
	eventually(t, "session gone", func() bool { return len(s.Sessions()) == 0 })
}

func TestOffersThatNeverConnectAreForgotten(t *testing.T) {
	s := serve(t, Options{})
	s.patience = time.Second
	b := newBrowser(t, browserOptions{})
	_, _, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: newCamera().Stream, Owner: "anna"}, b.offer())
	must(t, err)
	eventually(t, "session gone", func() bool { return len(s.Sessions()) == 0 })
}

func TestSessionEndsWhenTheStreamCannotBeSentAnyMore(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(2, 2000)
	b := newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(2)
	reordered := h264Track()
	reordered.Reorder = true
	c.track = reordered
	c.gop(2, 2000)
	<-b.closed
	eventually(t, "session gone", func() bool { return len(s.Sessions()) == 0 })

	c = newCamera()
	c.gop(2, 2000)
	b = newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(2)
	c.Close()
	<-b.closed
}

func TestFiftyViewersGetEveryFrame(t *testing.T) {
	const viewers, frames = 50, 40
	s := serve(t, Options{TCP: ""})
	c := newCamera()
	c.gop(5, 20_000)
	var all []*browser
	for range viewers {
		b := newBrowser(t, browserOptions{})
		b.watch(s, c.Stream, "anna")
		all = append(all, b)
	}
	for _, b := range all {
		b.awaits(5)
	}
	for i := range frames {
		c.picture(false, 4000)
		for _, b := range all {
			b.awaits(5 + i + 1) // in step, so that a slow machine loses nothing
		}
	}
	for i, b := range all {
		if got := b.awaits(5 + frames); len(got) != 5+frames {
			t.Fatalf("viewer %d got %d frames", i, len(got))
		}
	}
	if n := c.Info().Readers; n != viewers {
		t.Fatalf("%d readers", n)
	}
}

func TestServerWithoutPortsRefusesWebRTCAndSaysWhy(t *testing.T) {
	first := serve(t, Options{})
	udp, tcp := first.udp.LocalAddr().String(), first.tcpMux.LocalAddr().String()
	s := serve(t, Options{UDP: udp, TCP: tcp})
	if s.Fault() == nil {
		t.Fatal("taken ports are no fault")
	}
	b := newBrowser(t, browserOptions{})
	_, _, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: newCamera().Stream, Owner: "anna"}, b.offer())
	isErr(t, err, ErrDisabled)
}

func TestRunEndsEverySession(t *testing.T) {
	s, err := New(Options{UDP: "127.0.0.1:0", AllowPeer: netip.Addr.IsLoopback})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	c := newCamera()
	c.gop(2, 2000)
	b := newBrowser(t, browserOptions{})
	b.watch(s, c.Stream, "anna")
	b.awaits(2)
	cancel()
	must(t, <-done)
	<-b.closed
	_, _, err = s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna"}, newBrowser(t, browserOptions{}).offer())
	isErr(t, err, ErrDisabled)
}

func TestH264AndH265ChooseTheFittingPayloadType(t *testing.T) {
	high := h264Track()
	high.SPS = append([]byte{0x67, 0x64, 0x00, 0x28}, baseSPS[4:]...)
	section := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100\r\na=recvonly\r\n" +
		"a=rtpmap:96 VP8/90000\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=0;profile-level-id=640028\r\n" +
		"a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;profile-level-id=42e01f\r\n" +
		"a=rtpmap:99 h264/90000\r\na=fmtp:99 level-asymmetry-allowed=1; packetization-mode=1; profile-level-id=64001f\r\n" +
		"a=rtpmap:100 H265/90000\r\n"
	for want, track := range map[webrtc.PayloadType]*rtsp.Track{
		99: high, 98: h264Track(), 100: {Codec: rtsp.H265, ClockRate: 90000},
	} {
		p, err := readOffer([]byte(section))
		must(t, err)
		c, err := p.chooseVideo(track)
		must(t, err)
		if c.codec.PayloadType != want {
			t.Errorf("%s: payload type %d, want %d", track.Codec, c.codec.PayloadType, want)
		}
	}
}

func FuzzOffer(f *testing.F) {
	b := newBrowser(f, browserOptions{audio: true})
	offer := b.offer()
	b.leave()
	f.Add(offer)
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 RTP/AVP 0\r\na=rtpmap:0 H264/90000\r\n"))
	s, err := New(Options{UDP: "127.0.0.1:0"})
	must(f, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-done })
	c := newCamera(h264Track(), pcmuTrack)
	f.Fuzz(func(t *testing.T, offer []byte) {
		id, _, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna", Audio: true}, offer)
		if err == nil {
			must(t, s.Delete(id, "anna"))
		}
		_ = readFragment(offer, "u")
	})
}

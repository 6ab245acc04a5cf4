package live

import (
	"context"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
)

func TestThinnerComesBackAtAKeyFrameOnceItGoesOutFastEnough(t *testing.T) {
	c := newCamera()
	defer c.Close()
	c.gop(20, 10000) // 25 a second of the camera's clock: 2 Mbit/s
	var n thinner
	now := time.Now()
	frame := func(late time.Duration, key bool) *stream.Item {
		return &stream.Item{Frame: &rtsp.Frame{Track: c.track, Key: key, Arrival: rtsp.MonoNow() - rtsp.Mono(late)}}
	}
	n.judge(frame(0, false), c.Stream, 0, now)
	n.judge(frame(2*tooLate, false), c.Stream, 25000, now.Add(tooLate/4))
	if n.on {
		t.Fatal("thinned before it is known what the line carries")
	}
	n.judge(frame(2*tooLate, false), c.Stream, 25000, now.Add(time.Second)) // 0.2 Mbit/s
	if !n.on || n.carries() != 200000 {
		t.Fatalf("%v, carries %.0f", n.on, n.carries())
	}
	key, other := frame(0, true), frame(0, false)
	if n.wants(other, now) || !n.wants(key, now) {
		t.Fatal("not key frames only")
	}
	n.sent(10000, now, now.Add(400*time.Millisecond))
	if later := n.until.Add(time.Second); !n.wants(key, later) || !n.on || n.wants(other, later) {
		t.Fatal("comes back though a key frame waits")
	}
	n.sent(10000, now, now)
	later := n.until.Add(time.Second)
	if !n.wants(key, later) || n.on || !n.wants(other, later) || n.carries() != 0 {
		t.Fatal("does not come back")
	}
	n.judge(frame(0, false), c.Stream, 25000, later)
	n.judge(frame(2*tooLate, false), c.Stream, 50000, later.Add(time.Second))
	if !n.on || n.length != 2*thinFirst {
		t.Fatalf("for %s the second time", n.length)
	}
}

// A viewer behind a line of 0.3 Mbit/s, of a stream of 6 Mbit/s, gets its key frames, and is told what the line carries.
func TestSlowLineGetsKeyFramesOnly(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	us := make([]unit, 25)
	for i := range us {
		us[i] = unit{nals: [][]byte{make([]byte, 30000)}, key: i == 0}
		us[i].nals[0][0] = map[bool]byte{true: 0x65, false: 0x41}[i == 0]
	}
	go func() { defer close(done); c.live(ctx, us) }()
	defer func() { cancel(); c.Close(); <-done }()

	h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = s.ServeMP4(w, r, asked(c, r)) }))
	h.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		_ = conn.(*net.TCPConn).SetWriteBuffer(8 << 10)
		return ctx
	}
	h.Start()
	defer h.Close()
	conn, err := net.Dial("tcp", h.Listener.Addr().String())
	must(t, err)
	defer conn.Close()
	must(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
	_, err = conn.Write([]byte("GET /live.mp4 HTTP/1.1\r\nHost: x\r\n\r\n"))
	must(t, err)
	go func() { // the line
		beat := time.NewTicker(100 * time.Millisecond)
		defer beat.Stop()
		b := make([]byte, 4000)
		for range beat.C {
			if _, err := conn.Read(b); err != nil {
				return
			}
		}
	}()
	view := func() (st SessionStatus) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, m := range s.movies {
			st = m.status()
		}
		return st
	}
	eventually(t, "key frames only", func() bool { return view().KeyFramesOnly })
	st, err := s.View(view().ID, "anna")
	must(t, err)
	if st.Carries < 50_000 || st.Carries > 1_500_000 {
		t.Fatalf("the line is said to carry %.0f bit/s", st.Carries)
	}
	_, err = s.View(st.ID, "eve")
	isErr(t, err, ErrNotFound)
}

func TestKeyFramesForASlowViewerArePacedByWhatItsConnectionCarries(t *testing.T) {
	x := &session{}
	v := &viewer{session: x, counts: &x.counts, video: &lane{packets: 1, octets: 1000}}
	now := time.Now()
	v.measure(heard{highest: 100}, now)
	v.video.packets, v.video.octets, v.video.header.SequenceNumber = 201, 201_000, 300
	if _, due := v.measure(heard{loss: 128, highest: 200}, now.Add(tick/4)); due {
		t.Fatal("due too soon")
	}
	loss, due := v.measure(heard{loss: 128, highest: 200, lost: 37}, now.Add(time.Second)) // 63 packets of 1000 bytes came
	if got := x.counts.carries.Load(); got != 504_000 || !due || loss != 128 {
		t.Fatalf("carries %d, loss %d", got, loss)
	}
	v.thinOut(now)
	v.unpaused = thinBurst
	if got, want := v.pauses(), float64(thinBurst)*8/(thinSpare*504_000)*1000; math.Abs(float64(got.Milliseconds())-want) > 1 {
		t.Fatalf("pauses %s, want %.0f ms", got, want)
	}
	v.counts.thin.Store(false)
	v.video.packets, v.video.header.SequenceNumber = 401, 500
	if loss, _ := v.measure(heard{highest: 280, lost: 37}, now.Add(2*time.Second)); loss <= thinLoss {
		t.Fatal("a queue of more than a second counts for nothing")
	}
	was := v.last
	v.video.packets, v.video.header.SequenceNumber = 451, 900
	if loss, _ := v.measure(heard{highest: 780, lost: 37}, now.Add(2500*time.Millisecond)); loss > thinLoss {
		t.Fatal("a queue that gets shorter counts as loss")
	}
	v.last, v.measured, v.packetsAt, v.video.header.SequenceNumber = was, now.Add(2*time.Second), 401, 500
	v.video.packets, v.video.header.SequenceNumber = 601, 700
	if loss, _ := v.measure(heard{highest: 690, lost: 37}, now.Add(3*time.Second)); loss != 0 || x.counts.carries.Load() != 0 || v.portion() != burst {
		t.Fatal("a good report does not end it")
	}
}

func TestWhatTCPRefusesAtEachKeyFrameThinsTheViewerOut(t *testing.T) {
	x := &session{}
	v := &viewer{session: x, counts: &x.counts, video: &lane{}}
	now := time.Now()
	for i := range 4 { // two key frames a second
		v.refuse(now.Add(time.Duration(i) * tick / 2))
		if !v.behind || v.thinning() != (i == 3) {
			t.Fatalf("refused %d times: behind %v, thinned out %v", i+1, v.behind, v.thinning())
		}
		x.counts.bytes.Add(50_000)
	}
	if got := x.counts.carries.Load(); got != 800_000 {
		t.Fatalf("carries %d", got)
	}
}

package rtsp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/rtsp"
	"holdfast/rtsp/rtsptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const oddPassword = "p@ss:w/ö?rd#1"

// kept is a sink that keeps everything and lets tests wait for it.
type kept struct {
	mu     sync.Mutex
	runs   []*rtsp.Run
	frames []*rtsp.Frame
	more   chan struct{}
}

func newKept() *kept { return &kept{more: make(chan struct{}, 1)} }

func (k *kept) Begin(r *rtsp.Run) { k.note(func() { k.runs = append(k.runs, r) }) }

func (k *kept) Frame(f *rtsp.Frame) { k.note(func() { k.frames = append(k.frames, f) }) }

func (k *kept) note(f func()) {
	k.mu.Lock()
	f()
	k.mu.Unlock()
	select {
	case k.more <- struct{}{}:
	default:
	}
}

// until waits for a condition on what was kept.
func (k *kept) until(t *testing.T, what string, ok func(*kept) bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		k.mu.Lock()
		done := ok(k)
		k.mu.Unlock()
		if done {
			return
		}
		select {
		case <-k.more:
		case <-limit:
			t.Fatalf("did not come: %s", what)
		}
	}
}

func (k *kept) of(c rtsp.Codec) (list []*rtsp.Frame) {
	for _, f := range k.frames {
		if f.Track.Codec == c {
			list = append(list, f)
		}
	}
	return list
}

// seen is how many frames have come.
func (k *kept) seen() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.frames)
}

func frames(n int, c rtsp.Codec) func(*kept) bool {
	return func(k *kept) bool { return len(k.of(c)) >= n }
}

// camera starts a simulated camera that ends with the test.
func camera(t *testing.T, o rtsptest.Options) *rtsptest.Server {
	t.Helper()
	s, err := rtsptest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// pull runs a session until the test ends or calls the returned function, which gives the session's error.
func pull(t *testing.T, o rtsp.Options, k *kept) (*rtsp.Session, func() error) {
	t.Helper()
	o.Dial = dial
	if o.ListenPacket == nil {
		o.ListenPacket = net.ListenPacket
	}
	if o.Group == nil {
		o.Group = func(netip.Addr) error { return nil }
	}
	if o.Basic == nil {
		o.Basic = func(net.Addr, bool) error { return nil }
	}
	s, err := rtsp.NewSession(o, k)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	end := sync.OnceValue(func() error { cancel(); return <-result })
	t.Cleanup(func() { end() })
	return s, end
}

// sameUnits checks that the frames are a stretch of the clip's access units, byte for byte.
func sameUnits(t *testing.T, clip *rtsptest.Clip, got []*rtsp.Frame) {
	t.Helper()
	first := -1
	for i, u := range clip.Units {
		if equalNALs(u.NALs, got[0].Payload) {
			first = i
			break
		}
	}
	if first < 0 {
		t.Fatal("the first frame is none of the clip's")
	}
	for i, f := range got {
		u := clip.Units[(first+i)%len(clip.Units)]
		if !equalNALs(u.NALs, f.Payload) {
			t.Fatalf("frame %d differs from what was sent", i)
		}
		if f.Key != u.Sync {
			t.Fatalf("frame %d: key is %v", i, f.Key)
		}
	}
}

func equalNALs(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// rising checks that decode times rise and follow the frame rate.
func rising(t *testing.T, got []*rtsp.Frame, step rtsp.Ticks) {
	t.Helper()
	for i := 1; i < len(got); i++ {
		if d := got[i].DTS - got[i-1].DTS; d != step {
			t.Fatalf("frame %d is %d ticks after the one before, want %d", i, d, step)
		}
		if got[i].DTS > got[i].PTS {
			t.Fatalf("frame %d is decoded at %d after it is shown at %d", i, got[i].DTS, got[i].PTS)
		}
	}
}

func TestFramesEqualWhatTheCameraSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		codec     string
		b         int
		transport rtsp.Transport
		want      rtsp.Codec
	}{
		{"libx264", 0, rtsp.TCP, rtsp.H264}, {"libx264", 2, rtsp.TCP, rtsp.H264}, {"libx264", 0, rtsp.UDP, rtsp.H264},
		{"libx265", 0, rtsp.TCP, rtsp.H265}, {"libx265", 3, rtsp.Auto, rtsp.H265}, {"libx264", 0, rtsp.Auto, rtsp.H264},
	} {
		t.Run(fmt.Sprintf("%s-%db-%s", c.codec, c.b, c.transport), func(t *testing.T) {
			clip := rtsptest.MakeClip(t, rtsptest.Make{Codec: c.codec, B: c.b})
			cam := camera(t, rtsptest.Options{UDP: true, Username: "u", Password: oddPassword, Paths: map[string]*rtsptest.Clip{"main": clip}})
			k := newKept()
			_, end := pull(t, rtsp.Options{URL: cam.URL("main"), Username: "u", Password: oddPassword, Transport: c.transport}, k)
			k.until(t, "80 frames", frames(80, c.want))
			if err := end(); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			sameUnits(t, clip, k.frames)
			if c.b == 0 {
				rising(t, k.frames, 3600)
			} else {
				monotonic(t, k.frames)
			}
			tr := k.frames[60].Track
			if tr.Width != 320 || tr.Height != 240 || tr.Reorder != (c.b > 0) {
				t.Errorf("track is %dx%d, reorder %v", tr.Width, tr.Height, tr.Reorder)
			}
		})
	}
}

func monotonic(t *testing.T, got []*rtsp.Frame) {
	t.Helper()
	for i := 1; i < len(got); i++ {
		if got[i].DTS <= got[i-1].DTS {
			t.Fatalf("frame %d does not rise", i)
		}
	}
}

func TestBasicAuthenticationWithAnyPassword(t *testing.T) {
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	password := strings.ReplaceAll(oddPassword, ":", ";") // the simulated camera's library cuts at each colon
	cam := camera(t, rtsptest.Options{Basic: true, Username: "ü", Password: password, Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	pull(t, rtsp.Options{URL: cam.URL("main"), Username: "ü", Password: password}, k)
	k.until(t, "a frame", frames(1, rtsp.H264))
}

// ends runs a session that must fail and gives its error.
func ends(t *testing.T, o rtsp.Options) *rtsp.Error {
	t.Helper()
	o.Dial = dial
	s, err := rtsp.NewSession(o, newKept())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var e *rtsp.Error
	if err := s.Run(ctx); !errors.As(err, &e) {
		t.Fatalf("ended with %v", err)
	}
	return e
}

func TestFailuresHaveTheirClassAndSayWhatToDo(t *testing.T) {
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Username: "u", Password: "right", Paths: map[string]*rtsptest.Clip{"main": clip}})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, c := range []struct {
		name string
		o    rtsp.Options
		busy int
		want rtsp.Class
	}{
		{"nobody there", rtsp.Options{URL: "rtsp://" + gone.Addr().String() + "/x"}, 0, rtsp.Offline},
		{"no credentials", rtsp.Options{URL: cam.URL("main")}, 0, rtsp.Unauthorized},
		{"wrong password", rtsp.Options{URL: cam.URL("main"), Username: "u", Password: "secret-guess"}, 0, rtsp.Unauthorized},
		{"no such path", rtsp.Options{URL: cam.URL("other"), Username: "u", Password: "right"}, 0, rtsp.Refused},
		{"too many sessions", rtsp.Options{URL: cam.URL("main"), Username: "u", Password: "right"}, 453, rtsp.Limit},
		{"service unavailable", rtsp.Options{URL: cam.URL("main"), Username: "u", Password: "right"}, 503, rtsp.Limit},
	} {
		t.Run(c.name, func(t *testing.T) {
			cam.RefuseSessions(c.busy)
			e := ends(t, c.o)
			if e.Class != c.want {
				t.Errorf("class is %v (%v), want %v", e.Class, e, c.want)
			}
			if e.Hint == "" || strings.Contains(e.Error()+e.Hint, "secret-guess") {
				t.Errorf("error %q, hint %q", e, e.Hint)
			}
		})
	}
}

func TestAddressWithCredentialsIsRefused(t *testing.T) {
	_, err := rtsp.NewSession(rtsp.Options{URL: "rtsp://u:hidden@127.0.0.1/x", Dial: dial}, newKept())
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
}

func TestSoundAndMetadataComeBesideThePicture(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	clip.PCMU = bytes.Repeat([]byte{0xff}, 8000)
	clip.Metadata = []string{"<a/>", "<b>" + strings.Repeat("x", 5000) + "</b>"}
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	pull(t, rtsp.Options{URL: cam.URL("main"), Audio: true, Metadata: true}, k)
	k.until(t, "sound", frames(60, rtsp.PCMU))
	k.until(t, "metadata", frames(2, rtsp.Metadata))
	k.mu.Lock()
	defer k.mu.Unlock()
	rising(t, k.of(rtsp.PCMU), 160)
	if docs := k.of(rtsp.Metadata); len(docs[0].Payload) != 1 || !strings.HasPrefix(string(docs[0].Payload[0]), "<") {
		t.Errorf("document %q", docs[0].Payload)
	}
}

func TestAACUnitsAreEvenlySpaced(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{AAC: true})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	pull(t, rtsp.Options{URL: cam.URL("main"), Audio: true}, k)
	k.until(t, "sound", frames(60, rtsp.AAC))
	k.mu.Lock()
	defer k.mu.Unlock()
	got := k.of(rtsp.AAC)
	for i := 1; i < len(got); i++ {
		if d := got[i].DTS - got[i-1].DTS; d < 1020 || d > 1028 {
			t.Fatalf("unit %d is %d ticks after the one before", i, d)
		}
	}
	if got[0].Track.SampleRate != 48000 || len(got[0].Track.ASC) == 0 {
		t.Errorf("track %+v", got[0].Track)
	}
}

func TestAudioThatIsOffIsNotAskedFor(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	clip.PCMU = bytes.Repeat([]byte{0xff}, 8000)
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	s, _ := pull(t, rtsp.Options{URL: cam.URL("main")}, k)
	k.until(t, "30 frames", frames(30, rtsp.H264))
	if n := len(s.Stats().Tracks); n != 1 {
		t.Errorf("%d tracks are set up", n)
	}
}

func TestForeignPacketsAreDroppedAndCounted(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	s, _ := pull(t, rtsp.Options{URL: cam.URL("main")}, k)
	k.until(t, "a frame", frames(1, rtsp.H264))
	cam.ForeignSSRC(20)
	k.until(t, "80 frames", frames(80, rtsp.H264))
	if st := s.Stats(); st.Foreign != 20 || st.Tracks[0].Lost != 0 {
		t.Errorf("foreign %d, lost %d", st.Foreign, st.Tracks[0].Lost)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	sameUnits(t, clip, k.frames)
}

func TestLossIsCountedAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	s, _ := pull(t, rtsp.Options{URL: cam.URL("main")}, k)
	k.until(t, "a frame", frames(1, rtsp.H264))
	cam.DropPackets(7)
	k.until(t, "loss", func(k *kept) bool { return s.Stats().Tracks[0].Lost == 7 })
	n := k.seen()
	k.until(t, "more frames", func(k *kept) bool { return len(k.frames) > n+30 })
	k.mu.Lock()
	defer k.mu.Unlock()
	lost := uint32(0)
	for _, f := range k.frames {
		lost += f.Lost
	}
	if lost != 7 {
		t.Errorf("frames tell of %d lost packets", lost)
	}
}

func TestStrangeTimestampsDoNotEndTheSession(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	s, _ := pull(t, rtsp.Options{URL: cam.URL("main")}, k)
	for _, jump := range []time.Duration{time.Hour, -2 * time.Hour} {
		k.until(t, "frames", frames(k.seen()+10, rtsp.H264))
		cam.JumpTimestamp(jump)
	}
	k.until(t, "jumps", func(*kept) bool { return s.Stats().Tracks[0].Jumps == 2 })
	cam.ConstantTimestamp()
	k.until(t, "frames", frames(k.seen()+50, rtsp.H264))
	k.mu.Lock()
	defer k.mu.Unlock()
	monotonic(t, k.frames)
	first, last := k.frames[0], k.frames[len(k.frames)-1]
	media := time.Duration(last.DTS-first.DTS) * time.Second / 90000
	if passed := time.Duration(last.Arrival - first.Arrival); (media - passed).Abs() > 500*time.Millisecond {
		t.Errorf("%v of media in %v", media, passed)
	}
}

func TestChangedParametersMakeANewTrackInTheSameRun(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	pull(t, rtsp.Options{URL: cam.URL("main")}, k)
	k.until(t, "frames", frames(10, rtsp.H264))
	if err := cam.ChangeParameters("main", rtsptest.MakeClip(t, rtsptest.Make{Size: "640x480"})); err != nil {
		t.Fatal(err)
	}
	k.until(t, "the new size", func(k *kept) bool { return k.frames[len(k.frames)-1].Track.Width == 640 })
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.runs) != 1 {
		t.Errorf("%d runs", len(k.runs))
	}
	for _, f := range k.frames {
		if f.Track.Width == 640 {
			if !f.Key || f.Track.ID != 0 {
				t.Errorf("the new track begins with key %v, id %d", f.Key, f.Track.ID)
			}
			return
		}
	}
}

func TestSilentCameraIsNoticedAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	s, err := rtsp.NewSession(rtsp.Options{URL: cam.URL("main"), Transport: rtsp.TCP, Dial: dial}, k)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() { result <- s.Run(t.Context()) }()
	k.until(t, "a frame", frames(1, rtsp.H264))
	cam.Stall()
	var e *rtsp.Error
	if err := <-result; !errors.As(err, &e) || e.Class != rtsp.Stalled {
		t.Fatalf("ended with %v", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	last := k.frames[len(k.frames)-1].Arrival
	if quiet := time.Duration(rtsp.MonoNow() - last); quiet < rtsp.StallTime {
		t.Errorf("given up after %v", quiet)
	}
}

func TestClockStepBeginsANewRunAtAKeyFrame(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	var mu sync.Mutex
	shift := time.Duration(0)
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(shift)
	}
	pull(t, rtsp.Options{URL: cam.URL("main"), Now: now}, k)
	for i, step := range []time.Duration{time.Hour, -time.Hour} {
		k.until(t, "frames", frames(k.seen()+5, rtsp.H264))
		mu.Lock()
		shift += step
		mu.Unlock()
		k.until(t, "a new run", func(k *kept) bool { return len(k.runs) == i+2 && k.frames[len(k.frames)-1].Run == k.runs[i+1] })
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, f := range k.frames[1:] {
		before := k.frames[i]
		if f.Run == before.Run {
			continue
		}
		if !f.Key || f.Run.After != "clock step" {
			t.Errorf("run begins with key %v after %q", f.Key, f.Run.After)
		}
		if d := f.Wall.Sub(before.Wall); d.Abs() < 50*time.Minute {
			t.Errorf("wall time moved by %v", d)
		}
	}
}

func TestCameraWithoutKeepaliveIsKept(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	cam.NoKeepalive()
	k := newKept()
	pull(t, rtsp.Options{URL: cam.URL("main")}, k)
	k.until(t, "frames", frames(50, rtsp.H264))
}

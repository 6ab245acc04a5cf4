package live

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
)

func TestMain(m *testing.M) {
	if n := os.Getenv("HOLDFAST_BENCH_VIEWERS"); n != "" {
		viewersProcess(n)
		return
	}
	goleak.VerifyTestMain(m)
}

// deadline bounds every wait of these tests. It is generous: a slow machine is not a failure.
const deadline = 30 * time.Second

// baseline is a parameter set of Constrained Baseline, 1280 × 720.
var (
	baseSPS = []byte{0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xf1, 0x83, 0x19, 0x20}
	basePPS = []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
)

func h264Track() *rtsp.Track {
	return &rtsp.Track{ID: 0, Codec: rtsp.H264, ClockRate: 90000, SPS: baseSPS, PPS: basePPS, Width: 1280, Height: 720}
}

var pcmuTrack = &rtsp.Track{ID: 1, Codec: rtsp.PCMU, ClockRate: 8000, Channels: 1, SampleRate: 8000}

// camera writes frames with a recognisable payload.
type camera struct {
	*stream.Stream
	track *rtsp.Track
	run   *rtsp.Run
	pts   rtsp.Ticks
	n     uint32
}

func newCamera(tracks ...*rtsp.Track) *camera {
	if len(tracks) == 0 {
		tracks = []*rtsp.Track{h264Track()}
	}
	c := &camera{Stream: stream.New(stream.Options{}), track: tracks[0]}
	c.begin(1, tracks...)
	return c
}

func (c *camera) begin(id uint32, tracks ...*rtsp.Track) {
	c.run = &rtsp.Run{ID: id, Start: time.Now().UTC(), Tracks: tracks}
	c.pts = 0
	c.Begin(c.run)
}

// picture writes one frame of size bytes, filled with a pattern that its number starts.
func (c *camera) picture(key bool, size int) *rtsp.Frame {
	head := byte(0x41)
	if key {
		head = 0x65
	}
	nal := bytes.Repeat([]byte{head, byte(c.n), byte(c.n >> 8), byte(c.n >> 16)}, size/4+1)[:size]
	nal[0] = head
	f := &rtsp.Frame{Payload: [][]byte{nal}, Key: key, PTS: c.pts, DTS: c.pts}
	c.n++
	c.pts += 3600
	c.put(f)
	return f
}

func (c *camera) put(f *rtsp.Frame) {
	f.Run, f.Track, f.Wall, f.Arrival = c.run, c.track, time.Now().UTC(), rtsp.MonoNow()
	for _, nal := range f.Payload {
		f.Size += len(nal)
	}
	c.Frame(f)
}

func (c *camera) gop(frames, size int) {
	for i := range frames {
		c.picture(i == 0, size)
	}
}

func (c *camera) sound(pts rtsp.Ticks, payload []byte) {
	c.Frame(&rtsp.Frame{
		Run: c.run, Track: pcmuTrack, PTS: pts, DTS: pts, Wall: time.Now().UTC(), Arrival: rtsp.MonoNow(),
		Payload: [][]byte{payload}, Size: len(payload),
	})
}

// serve runs a server until the test ends.
func serve(t testing.TB, o Options) *Server {
	t.Helper()
	if o.UDP == "" && o.TCP == "" {
		o.UDP, o.TCP = "127.0.0.1:0", "127.0.0.1:0"
	}
	if o.AllowPeer == nil {
		o.AllowPeer = netip.Addr.IsLoopback
	}
	if o.Run == nil {
		o.Run = (*exec.Cmd).Run
	}
	s, err := New(o)
	if err != nil {
		t.Fatalf("new server: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return s
}

// eventually polls a condition until it holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// need gives the path of a program, and skips or (where every program is promised) fails without it.
func need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("HOLDFAST_CI") == "1" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// unit is an access unit of a real encoder.
type unit struct {
	nals [][]byte
	key  bool
}

// encode makes access units with ffmpeg. Each starts with an access unit delimiter.
func encode(t testing.TB, codec rtsp.Codec, frames string, params string) []unit {
	t.Helper()
	encoder, option, format := "libx264", "-x264-params", "h264"
	if codec == rtsp.H265 {
		encoder, option, format = "libx265", "-x265-params", "hevc"
	}
	cmd := exec.Command(need(t, "ffmpeg"), "-nostdin", "-loglevel", "error", "-f", "lavfi",
		"-i", "testsrc=size=320x240:rate=25", "-frames:v", frames, "-pix_fmt", "yuv420p", "-c:v", encoder,
		"-preset", "ultrafast", option, "aud=1:log-level=0:"+params, "-f", format, "-")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("encode %s: %v", codec, err)
	}
	return units(codec, out)
}

func units(codec rtsp.Codec, stream []byte) (out []unit) {
	for _, nal := range bytes.Split(stream, []byte{0, 0, 1}) {
		nal = bytes.TrimRight(nal, "\x00")
		if len(nal) == 0 {
			continue
		}
		delimiter, key := nal[0]&0x1f == 9, nal[0]&0x1f == 5
		if codec == rtsp.H265 {
			kind := nal[0] >> 1 & 0x3f
			delimiter, key = kind == 35, kind >= 16 && kind <= 21
		}
		if delimiter {
			out = append(out, unit{})
		}
		u := &out[len(out)-1]
		u.nals = append(u.nals, nal)
		u.key = u.key || key
	}
	return out
}

// describe fills a track from a key frame's parameter sets.
func describe(codec rtsp.Codec, u unit) *rtsp.Track {
	t := &rtsp.Track{Codec: codec, ClockRate: 90000, Width: 320, Height: 240}
	for _, nal := range u.nals {
		kind := nal[0] & 0x1f
		if codec == rtsp.H265 {
			kind = map[byte]byte{32: 32, 33: 7, 34: 8}[nal[0]>>1&0x3f]
		}
		switch kind {
		case 32:
			t.VPS = nal
		case 7:
			t.SPS = nal
		case 8:
			t.PPS = nal
		}
	}
	return t
}

// play writes access units, 25 a second of the camera's clock. With B-frames, order gives each unit's place in
// presentation.
func (c *camera) play(us []unit, order []int) {
	for i, u := range us {
		f := &rtsp.Frame{Payload: u.nals, Key: u.key, DTS: c.pts, PTS: c.pts}
		if order != nil {
			f.PTS = rtsp.Ticks(order[i]+2) * 3600
		}
		c.pts += 3600
		c.put(f)
	}
}

func mustKey(t testing.TB, c *camera) uint64 {
	t.Helper()
	key, ok := c.KeyFrame()
	if !ok {
		t.Fatal("no key frame")
	}
	return key.Seq
}

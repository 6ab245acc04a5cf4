package simcam

import (
	"context"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"holdfast/onvif/onviftest"
	"holdfast/rtsp/rtsptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestForeignPlayersSeeEachCamera has ffprobe decode both streams of each kind, with the credentials.
func TestForeignPlayersSeeEachCamera(t *testing.T) {
	for _, c := range []struct {
		kind         onviftest.Kind
		stream, want string
		audio        bool
	}{
		{kind: onviftest.Fixed, stream: "main", want: "1920,1080", audio: true},
		{kind: onviftest.Fixed, stream: "sub", want: "640,360"},
		{kind: onviftest.PTZ, stream: "main", want: "1280,720"},
		{kind: onviftest.Thermal, stream: "main", want: "640,480"},
	} {
		t.Run(string(c.kind)+" "+c.stream, func(t *testing.T) {
			cam, err := New(Options{Kind: c.kind, Name: t.Name()})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			gone := make(chan struct{})
			go func() { defer close(gone); cam.Run(ctx) }()
			defer func() { cancel(); <-gone }()
			u, err := url.Parse(cam.RTSP(c.stream))
			if err != nil {
				t.Fatal(err)
			}
			u.User = url.UserPassword(cam.Username(), cam.Password())
			out, err := exec.Command(rtsptest.Tool(t, "ffprobe"), "-v", "error", "-rtsp_transport", "tcp", "-read_intervals", "%+2",
				"-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0", u.String()).CombinedOutput()
			if err != nil {
				t.Fatalf("ffprobe: %v\n%s", err, out)
			}
			text := string(out)
			if !strings.Contains(text, "h264,"+c.want+",") || strings.Contains(text, c.want+",0") || strings.Contains(text, "pcm_mulaw") != c.audio {
				t.Errorf("ffprobe sees\n%s", text)
			}
		})
	}
}

// TestTwoCamerasAreTwo has identities and ports of their own, and the same name is the same device.
func TestTwoCamerasAreTwo(t *testing.T) {
	camera := func(name string) *Camera {
		c, err := New(Options{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		gone := running(func() { c.Run(ctx) })
		t.Cleanup(func() { cancel(); <-gone })
		return c
	}
	a, b, again := camera("One"), camera("Two"), camera("One")
	if a.Endpoint() == b.Endpoint() || a.ONVIF() == b.ONVIF() || a.RTSP("main") == b.RTSP("main") {
		t.Error("two cameras are one")
	}
	if a.Endpoint() != again.Endpoint() {
		t.Error("a camera is another after a restart")
	}
}

// running runs f and gives a channel that is closed at its end.
func running(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	return done
}

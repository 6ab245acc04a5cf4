package live

import (
	"context"
	"errors"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/rtsp"
)

// transcoding is a server that may transcode, and counts the processes that it began.
func transcoding(t *testing.T, o Transcoding, began *atomic.Int32) *Server {
	t.Helper()
	s := serve(t, Options{UDP: "127.0.0.1:0", FFmpeg: need(t, "ffmpeg"), Transcode: o, Run: func(cmd *exec.Cmd) error {
		began.Add(1)
		return cmd.Run()
	}})
	s.transcoders.linger = 300 * time.Millisecond
	return s
}

func TestH265IsTranscodedOnceForAllWhoWatchAndEndsAfterTheLast(t *testing.T) {
	var began atomic.Int32
	s := transcoding(t, Transcoding{Allow: true, Most: 1}, &began)
	us := encode(t, rtsp.H265, "50", "keyint=25:bframes=2")
	track := describe(rtsp.H265, us[0])
	track.Reorder = true
	c := newCamera(track)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.live(ctx, us) }()
	defer func() { cancel(); c.Close(); <-done }()
	eventually(t, "pictures", func() bool { _, ok := c.KeyFrame(); return ok })

	ask := Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna", Transcode: true}
	a, b := newBrowser(t, browserOptions{}), newBrowser(t, browserOptions{})
	for _, x := range []*browser{a, b} {
		_, answer, err := s.Offer(t.Context(), ask, x.offer())
		must(t, err)
		x.accept(answer)
	}
	for _, x := range []*browser{a, b} {
		if shots := x.awaits(20); shots[len(shots)-1].ts == shots[0].ts {
			t.Fatal("no frame is later than the first")
		}
	}
	if n := began.Load(); n != 1 {
		t.Fatalf("%d transcoders for two viewers", n)
	}

	other := newCamera(describe(rtsp.H265, us[0]))
	other.play(us[:2], nil)
	defer other.Close()
	ask.Stream = other.Stream
	_, _, err := s.Offer(t.Context(), ask, newBrowser(t, browserOptions{}).offer())
	isErr(t, err, ErrNotTranscoded)

	a.leave()
	b.leave()
	eventually(t, "the transcoder to end", func() bool {
		s.transcoders.mu.Lock()
		defer s.transcoders.mu.Unlock()
		return len(s.transcoders.running) == 0
	})
}

func TestTranscodingThatIsNotAllowedOrCannotBeSaysWhy(t *testing.T) {
	c := newCamera()
	c.gop(3, 1000)
	defer c.Close()
	ask := Ask{Stream: c.Stream, Transcode: true}
	for name, s := range map[string]*Server{
		"not allowed":   serve(t, Options{FFmpeg: "ffmpeg"}),
		"not installed": serve(t, Options{Transcode: Transcoding{Allow: true}}),
		"no picture":    serve(t, Options{FFmpeg: "ffmpeg", Transcode: Transcoding{Allow: true}, Run: func(*exec.Cmd) error { return errors.New("exit status 1") }}),
	} {
		_, _, err := s.Offer(t.Context(), ask, newBrowser(t, browserOptions{}).offer())
		var why *NotTranscoded
		if !errors.As(err, &why) || why.Why == "" {
			t.Errorf("%s: %v", name, err)
		}
		if ways := s.Ways(c.Info()); len(ways) != 4 || (ways[2].Why == "") != (name == "no picture") {
			t.Errorf("%s: %+v", name, ways)
		}
	}
}

package gateway

import (
	"context"
	"testing"
	"time"

	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
	"holdfast/rtsp/rtsptest"
)

// maxQuestions bounds what a camera with one video source is asked until its footage comes: each costs a slow one up to a second.
const maxQuestions = 40

// Adopting a camera takes few questions; how many, and how long until the first frame that is on disk, is printed.
func TestAdoptingACameraTakesFewQuestions(t *testing.T) {
	t.Parallel()
	for _, k := range []onviftest.Kind{onviftest.Fixed, onviftest.ProfileS, onviftest.ProfileT} {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			cam := device(t, k)
			adoptTimed(t, Adoption{Address: cam.ONVIF(), Username: cam.Username(), Password: cam.Password()}, cam.Calls)
		})
	}
	t.Run("GStreamer's streams", func(t *testing.T) {
		t.Parallel()
		file := rtsptest.MakeFile(t, rtsptest.Make{Codec: "libx264", Seconds: 20, GOP: 50})
		url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{File: file, Codec: "H264", Username: "viewer", Password: oddPassword})
		s, err := server.New(server.Options{Username: "viewer", Password: oddPassword, Device: onviftest.New(onviftest.Options{Kind: onviftest.ProfileS, Name: "Foreign", Profiles: []server.Profile{
			{Token: "main", Name: "Main", Codec: "H264", Width: 640, Height: 360, FPS: 25, Kbps: 500, GOP: 50, StreamURI: url}}})})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		gone := make(chan struct{})
		go func() { defer close(gone); s.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-gone })
		adoptTimed(t, Adoption{Address: s.Addr(), Username: "viewer", Password: oddPassword}, s.Calls)
	})
}

func adoptTimed(t *testing.T, a Adoption, calls func() map[string]int) {
	t.Helper()
	r := start(t, "")
	began := time.Now()
	id, err := r.g.Enrol(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	known := time.Since(began)
	r.recorded(id, time.Millisecond)
	total, asked := 0, calls()
	for operation, n := range asked {
		if operation != "PullMessages" { // which go on for ever
			total += n
		}
	}
	t.Logf("adopted after %v, first frame on disk after %v, %d questions: %v", known.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), total, asked)
	if total > maxQuestions {
		t.Errorf("%d questions, want at most %d", total, maxQuestions)
	}
}

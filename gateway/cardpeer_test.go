package gateway

import (
	"context"
	"testing"
	"time"

	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage/fmp4"
)

// GStreamer's RTSP server is a card that we did not write. What was lost is filled from there to the picture, with
// pictures that are not sent in the order of showing.
func TestWhatWasLostIsFilledFromGStreamersCard(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{Seconds: 60, FPS: 10, GOP: 20, B: 2})
	n := numbered{}
	for i, u := range clip.Units {
		n[pictureOf(fmp4.H264, u.NALs, u.Sync, time.Time{}).sum] = i
	}
	if len(n) != len(clip.Units) {
		t.Fatalf("of %d pictures of the clip %d differ", len(clip.Units), len(n))
	}
	origin := time.Now().UTC()
	live, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}, Phase: func() time.Duration { return time.Since(origin) }})
	device := onviftest.New(onviftest.Options{Kind: onviftest.ProfileG, Name: "GStreamer", Profiles: []server.Profile{
		{Token: "main", Name: "main", Codec: "H264", Width: clip.Width, Height: clip.Height, FPS: 10, Kbps: 500, GOP: 20, StreamURI: live.URL("main")}}})
	device.Keep(server.Kept{Token: "card", SourceID: "main", Name: "GStreamer", ReplayURI: rtsptest.StartGStreamerCard(t, clip, origin), Spans: []server.Span{{From: origin}}})
	s, err := server.New(server.Options{Device: device})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-gone })

	r := startWith(t, t.TempDir(), "", Options{cardSpeed: 64})
	id, err := r.g.Enrol(t.Context(), Adoption{Address: s.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	c := &carded{r, nil, id}
	r.recorded(id, 3*time.Second)
	live.Cut(true)
	r.until(id, "the gap", func(l []span) bool { return l[len(l)-1].Kind == "gap" })
	time.Sleep(3 * time.Second) // it lasts
	live.Cut(false)
	spans := c.filled("what GStreamer played")
	for _, x := range spans {
		if x.Filled != nil && (x.Filled.Before != "pictures" || x.Filled.After != "pictures") {
			t.Errorf("%+v %+v", x, x.Filled)
		}
	}
	c.continuous(n, spans[len(spans)-1].End)
}

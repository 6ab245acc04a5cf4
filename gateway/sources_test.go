package gateway

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
	"holdfast/rtsp/rtsptest"
)

// Every video source of a device is a camera, and all of them ask the device as one.
func TestEveryVideoSourceOfADeviceIsACamera(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Encoder)
	dir := t.TempDir()
	r := startIn(t, dir, "")
	adoption := Adoption{Address: cam.ONVIF(), Endpoint: cam.Endpoint(), Username: cam.Username(), Password: cam.Password(), Name: "Encoder", Sources: []string{AllSources}}
	began := time.Now()
	ids, err := r.g.EnrolSources(t.Context(), adoption)
	if err != nil || fmt.Sprint(ids) != "[encoder-1 encoder-2 encoder-3 encoder-4]" {
		t.Fatalf("%v, %v", ids, err)
	}
	for _, id := range ids {
		r.recorded(id, time.Second)
	}
	t.Logf("from enrolling to a second of footage of four video sources: %v; calls: %v", time.Since(began).Round(time.Millisecond), cam.Calls())
	if n := cam.Calls()["GetVideoSources"]; n > 2 {
		t.Errorf("the device was asked %d times what it has: once to enrol it and once by its four cameras is enough", n)
	}
	first, _ := r.g.camera(ids[0])
	for i, id := range ids {
		c, _ := r.g.camera(id)
		if c.unit != first.unit || c.gate != first.gate || c.spec().Source != fmt.Sprintf("input-%d", i+1) || c.Device() == nil {
			t.Errorf("camera %s is source %q", id, c.spec().Source)
		}
		if p := pickProfile(c.Device(), c.spec().Source, "main", ""); p == nil || p.Source != c.spec().Source {
			t.Errorf("camera %s shows %+v", id, p)
		}
	}
	if again, err := r.g.EnrolSources(t.Context(), adoption); err != nil || fmt.Sprint(again) != fmt.Sprint(ids) || len(r.g.list()) != 4 {
		t.Errorf("again: %v, %v, %d cameras", again, err, len(r.g.list()))
	}
	if one, err := r.g.Enrol(t.Context(), Adoption{Address: cam.ONVIF(), Username: cam.Username(), Password: cam.Password(), Sources: []string{"input-3"}}); err != nil || one != ids[2] {
		t.Errorf("the third by its address: %s, %v", one, err)
	}
	for what, sources := range map[string][]string{"none such": {"input-9"}, "all and one": {AllSources, "input-1"}} {
		if ids, err := r.g.EnrolSources(t.Context(), Adoption{Address: cam.ONVIF(), Username: cam.Username(), Password: cam.Password(), Sources: sources}); err == nil {
			t.Errorf("%s: %v", what, ids)
		}
	}
	r.end()
	r = startIn(t, dir, "")
	for _, id := range ids {
		if c, ok := r.g.camera(id); !ok || c.spec().Source == "" {
			t.Errorf("camera %s after the restart", id)
		}
	}
}

// The first source is taken where none is named, and a camera of the file takes only the source that it names.
func TestTheFileAndAdoptionEachTakeTheirSources(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.BiSpectrum)
	r := start(t, fmt.Sprintf("cameras:\n  - {id: heat, name: Heat, onvif: %q, source: thermal, username: %q, password: %q}\n", trimmed(cam.ONVIF()), cam.Username(), cam.Password()))
	r.recorded("heat", time.Second)
	if c := r.cameras()["heat"]; c.Kind != "thermal" || c.VideoSource != "thermal" {
		t.Errorf("it is %+v", c)
	}
	req := Adoption{Address: cam.ONVIF(), Username: cam.Username(), Password: cam.Password(), Name: "Fence"}
	id, err := r.g.Enrol(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	r.recorded(id, time.Second)
	if c := r.cameras()[id]; c.Kind != "fixed" || c.VideoSource != "visible" {
		t.Errorf("it is %+v", c)
	}
	req.Sources = []string{"thermal"}
	if _, err := r.g.Enrol(t.Context(), req); !errors.Is(err, ErrTaken) {
		t.Errorf("the file's source: %v", err)
	}
}

// A wrong password of a device with several sources is one count, whoever tries it.
func TestCamerasOfOneDeviceShareTheTriesOfItsPassword(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Encoder)
	text := "cameras:\n"
	for i := range 4 {
		text += fmt.Sprintf("  - {id: c%d, name: C, onvif: %q, source: input-%d, username: %q, password: wrong}\n", i+1, trimmed(cam.ONVIF()), i+1, cam.Username())
	}
	r := start(t, text)
	for i := range 4 {
		r.await("the refusal", func() bool { return r.cameras()[fmt.Sprintf("c%d", i+1)].State == string(Unauthorized) })
	}
	if n := cam.Calls()["GetDeviceInformation"]; n > 3*freeRefusals { // a try may ask with a token, and with a digest, for which it asks once without
		t.Errorf("the password was tried %d times", n)
	}
}

// The third stream of a camera is there when somebody watches it, and costs nothing until then.
func TestAThirdStreamIsOpenedWhileSomebodyWatchesIt(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	streams, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip, "sub": clip}})
	third, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"third": clip}})
	profile := func(token string, w, h, kbps int, uri string) server.Profile {
		return server.Profile{Token: token, Name: token, Codec: "H264", Width: w, Height: h, FPS: 25, Kbps: kbps, GOP: 50, StreamURI: uri}
	}
	s, err := server.New(server.Options{Device: onviftest.New(onviftest.Options{Kind: onviftest.Fixed, Name: "Three", Profiles: []server.Profile{
		profile("a", 1280, 720, 2000, third.URL("third")), profile("b", 1920, 1080, 4000, streams.URL("main")), profile("c", 640, 360, 500, streams.URL("sub"))}})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-gone })
	r := startWith(t, t.TempDir(), "", Options{idle: time.Second})
	id, err := r.g.Enrol(t.Context(), Adoption{Address: s.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	r.recorded(id, time.Second)
	if n := third.Connections(); n != 0 || r.state(id, "third") != OnDemand {
		t.Errorf("nobody watches the third stream, and it is %s with %d connections", r.state(id, "third"), n)
	}
	watched, err := r.g.Stream(id, "third")
	if err != nil {
		t.Fatal(err)
	}
	reader := watched.Lossy()
	picture(t, reader)
	reader.Close()
	r.await("the stream to be let go", func() bool { return r.state(id, "third") == OnDemand && third.Connections() == 0 })
}

// A transport that is chosen is asked for by name: some devices have an address for each.
func TestTheAddressOfAStreamIsThatOfItsTransport(t *testing.T) {
	t.Parallel()
	s, err := server.New(server.Options{Device: onviftest.New(onviftest.Options{Kind: onviftest.ProfileT, Name: "Group", Profiles: []server.Profile{
		{Token: "m", Name: "m", Codec: "H264", Width: 1280, Height: 720, FPS: 25, Kbps: 2000, GOP: 50, StreamURI: "rtsp://10.9.8.7/one", MulticastURI: "rtsp://10.9.8.7/group"}}})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-gone })
	text := "cameras:\n"
	for _, transport := range []string{"auto", "udp", "multicast"} {
		text += fmt.Sprintf("  - {id: %s, name: C, onvif: %q, transport: %s, disabled: true}\n", transport, s.Addr(), transport)
	}
	r := start(t, text)
	for transport, want := range map[string]string{"auto": "rtsp://127.0.0.1/one", "udp": "rtsp://127.0.0.1/one", "multicast": "rtsp://127.0.0.1/group"} {
		c, _ := r.g.camera(transport)
		if got, err := c.source(t.Context(), "main"); err != nil || got.url != want {
			t.Errorf("%s: %q, %v", transport, got.url, err)
		}
	}
}

// trimmed is the host:port of a device's address, as the file has it.
func trimmed(address string) string { return onvif.HostPort(address) }

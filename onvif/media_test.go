package onvif_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// usual are a main and a sub stream.
func usual() []server.Profile {
	return []server.Profile{
		{Token: "sub", Name: "Sub", Codec: "H264", Width: 640, Height: 360, FPS: 25, Kbps: 500, GOP: 50, StreamURI: "rtsp://10.9.8.7:554/sub"},
		{Token: "main", Name: "Main", Codec: "H264", Width: 1920, Height: 1080, FPS: 25, Kbps: 4000, GOP: 50, Audio: "PCMU", StreamURI: "rtsp://10.9.8.7:554/main"},
	}
}

// kind starts a simulated device of a kind and gives a client of it. What the client sends is kept, for the schemas.
func kind(t *testing.T, k onviftest.Kind, o server.Options) (*onvif.Client, *server.Server) {
	t.Helper()
	profiles := onviftest.Each(k, usual(), func(i int, p server.Profile) server.Profile {
		p.StreamURI = fmt.Sprintf("rtsp://10.9.8.7:554/%d/%s", i+1, p.Token)
		return p
	})
	if k == onviftest.ProfileT {
		profiles[1].Codec = "H265"
		profiles[1].MulticastURI = "rtsp://10.9.8.7:554/group"
	}
	o.Device = onviftest.New(onviftest.Options{Kind: k, Name: "Camera of " + t.Name() + " " + rand.Text(), Profiles: profiles})
	if o.Username == "" {
		o.Username, o.Password = "u", oddPassword
	}
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	c, err := onvif.New(onvif.Options{Address: s.Addr(), Username: o.Username, Password: o.Password, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func understood(t *testing.T, c *onvif.Client) *onvif.Device {
	t.Helper()
	d, err := c.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Every video source of a device is one of its own, with streams of its own.
func TestEveryVideoSourceHasItsStreams(t *testing.T) {
	for _, c := range []struct {
		kind    onviftest.Kind
		sources []string // token=kind:main/sub
	}{
		{onviftest.Fixed, []string{"source=visible:main/sub"}},
		{onviftest.ProfileS, []string{"source=visible:main/sub"}},
		{onviftest.ProfileT, []string{"source=visible:main/sub"}},
		{onviftest.Encoder, []string{"input-1=visible:input-1-main/input-1-sub", "input-2=visible:input-2-main/input-2-sub", "input-3=visible:input-3-main/input-3-sub", "input-4=visible:input-4-main/input-4-sub"}},
		{onviftest.BiSpectrum, []string{"visible=visible:visible-main/visible-sub", "thermal=thermal:thermal-main/thermal-sub"}},
		{onviftest.Thermal, []string{"source=thermal:main/sub"}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			client, s := kind(t, c.kind, server.Options{})
			d := understood(t, client)
			var got []string
			for _, v := range d.Sources {
				main, sub := v.Stream(onvif.Main), v.Stream(onvif.Sub)
				if main == nil || sub == nil {
					t.Fatalf("source %+v", v)
				}
				got = append(got, fmt.Sprintf("%s=%s:%s/%s", v.Token, v.Kind, main.Token, sub.Token))
				if v.Width != 1920 || v.Height != 1080 || main.Width != 1920 || !strings.HasPrefix(main.StreamURI, "rtsp://127.0.0.1:554/") {
					t.Errorf("source %+v", v)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(c.sources) {
				t.Errorf("sources %v, want %v", got, c.sources)
			}
			if len(d.Warnings) > 0 {
				t.Errorf("warnings %q", d.Warnings)
			}
			calls := 0
			for _, n := range s.Calls() {
				calls += n
			}
			t.Logf("%s: %d calls of a probe: %v", c.kind, calls, s.Calls())
			if want := 8 + 2*len(d.Sources); calls > want {
				t.Errorf("%d calls, want at most %d", calls, want)
			}
		})
	}
}

func TestStreamsHaveAnAddressForEachTransport(t *testing.T) {
	for _, k := range []onviftest.Kind{onviftest.ProfileS, onviftest.ProfileT} {
		client, _ := kind(t, k, server.Options{})
		d := understood(t, client)
		main := d.Stream("", onvif.Main)
		for _, by := range []onvif.Transport{onvif.Interleaved, onvif.Unicast} {
			if uri, err := client.StreamURI(t.Context(), main, by); err != nil || uri != "rtsp://127.0.0.1:554/main" {
				t.Errorf("%s %s: %q, %v", k, by, uri, err)
			}
		}
		uri, err := client.StreamURI(t.Context(), main, onvif.Multicast)
		if k == onviftest.ProfileT && (err != nil || uri != "rtsp://127.0.0.1:554/group") {
			t.Errorf("%s to a group: %q, %v", k, uri, err)
		}
		var e *onvif.Error
		if k == onviftest.ProfileS && (!errors.As(err, &e) || e.Class != onvif.Refused) {
			t.Errorf("%s, which has no group: %q, %v", k, uri, err)
		}
	}
}

func TestSnapshotsAreFetchedFromTheDeviceWithADigest(t *testing.T) {
	for _, k := range []onviftest.Kind{onviftest.ProfileS, onviftest.ProfileT} {
		client, _ := kind(t, k, server.Options{Host: "192.0.2.1:80"}) // it does not know where it is
		pic, err := client.Snapshot(t.Context(), understood(t, client).Stream("", onvif.Sub))
		if err != nil || pic.Width != 640 || pic.Height != 360 || len(pic.Data) < 100 {
			t.Errorf("%s: %d bytes, %dx%d, %v", k, len(pic.Data), pic.Width, pic.Height, err)
		}
	}
}

// A device that gives something else for a picture, or wants the password in clear, is told apart.
func TestSnapshotsThatAreNoneAreRefused(t *testing.T) {
	var refused sync.Map
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		class  onvif.Class
		want   string
	}{
		{"a page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, onvif.Protocol, "no JPEG"},
		{"too large", func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("\xff\xd8\xff"))
			b := make([]byte, 1<<20)
			for range 9 {
				w.Write(b)
			}
		}, onvif.Protocol, "more than 8388608 bytes"},
		{"Basic", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Errorf("it was sent %q", r.Header.Get("Authorization"))
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}, onvif.Unauthorized, "in clear"},
		{"gone", http.NotFound, onvif.Protocol, "404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					c.answer(w, r)
					return
				}
				b := make([]byte, 64<<10)
				n, _ := r.Body.Read(b)
				body := ""
				switch q := string(b[:n]); {
				case strings.Contains(q, "GetServices"):
					body = `<GetServicesResponse><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>http://10.0.0.1/m</XAddr></Service></GetServicesResponse>`
				case strings.Contains(q, "GetSnapshotUri"):
					body = `<GetSnapshotUriResponse><MediaUri><Uri>http://10.0.0.1:8080/pic?x=1</Uri></MediaUri></GetSnapshotUriResponse>`
				default:
					body = `<X/>`
				}
				fmt.Fprintf(w, `<Envelope><Body>%s</Body></Envelope>`, body)
			}))
			defer cam.Close()
			client, err := onvif.New(onvif.Options{Address: cam.URL, Username: "u", Password: "secret-word", Dial: dial, Refused: func(kind, _, _ string) { refused.Store(kind, true) }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Snapshot(t.Context(), &onvif.Profile{Token: "p", Media1: true})
			var e *onvif.Error
			if !errors.As(err, &e) || c.name != "gone" && e.Class != c.class || c.name != "gone" && !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret-word") {
				t.Errorf("it says %v (%v)", err, e)
			}
		})
	}
	if _, told := refused.Load("password"); !told {
		t.Error("nobody is told that the password was asked for in clear")
	}
}

// What is set is read back: devices round.
func TestEncodersAreSetWithinTheirOptionsAndReadBack(t *testing.T) {
	on := true
	for _, k := range []onviftest.Kind{onviftest.ProfileS, onviftest.ProfileT} {
		t.Run(string(k), func(t *testing.T) {
			client, s := kind(t, k, server.Options{})
			options, err := client.EncoderOptions(t.Context(), "vec-sub")
			if err != nil || len(options) == 0 || options[0].Codec != "H264" || len(options[0].Resolutions) < 3 || options[0].Bitrate.Max != 16000 || options[0].GOP.Max != 300 {
				t.Fatalf("options %+v, %v", options, err)
			}
			got, err := client.SetEncoder(t.Context(), "vec-sub", onvif.EncoderChange{Width: 960, Height: 540, FPS: 10, Bitrate: 777, GOP: 30})
			if err != nil {
				t.Fatal(err)
			}
			if n := got.Now; n.Width != 960 || n.Height != 540 || n.FPS != 10 || n.Bitrate != 700 || n.GOP != 30 || got.Before.Bitrate != 500 || n.Quality != got.Before.Quality {
				t.Errorf("now %+v, before %+v", n, got.Before)
			}
			if len(got.Differences) != 1 || !strings.Contains(got.Differences[0], "777") {
				t.Errorf("differences %q", got.Differences)
			}
			sets := s.Calls()["SetVideoEncoderConfiguration"]
			for what, ch := range map[string]onvif.EncoderChange{
				"a size":       {Width: 123, Height: 45},
				"a codec":      {Codec: "VP9"},
				"bits":         {Bitrate: 99_000},
				"key frames":   {GOP: 5000},
				"a profile":    {Profile: "Extended"},
				"too fast":     {FPS: 400},
				"half a width": {Width: 960, Height: 1080},
			} {
				if _, err := client.SetEncoder(t.Context(), "vec-sub", ch); !errors.Is(err, onvif.ErrOption) || !strings.Contains(err.Error(), "offers") {
					t.Errorf("%s: %v", what, err)
				}
			}
			if n := s.Calls()["SetVideoEncoderConfiguration"]; n != sets {
				t.Errorf("%d refused changes were sent", n-sets)
			}
			if _, err := client.SetEncoder(t.Context(), "nobody", onvif.EncoderChange{GOP: 10}); !errors.Is(err, onvif.ErrNoEncoder) {
				t.Errorf("an encoder that is not there: %v", err)
			}
			if k == onviftest.ProfileS {
				return
			}
			if got, err = client.SetEncoder(t.Context(), "vec-sub", onvif.EncoderChange{Codec: "H265", Constant: &on}); err != nil || got.Now.Codec != "H265" || got.Now.Profile != "Main" || !got.Now.Constant {
				t.Errorf("now %+v, %v", got.Now, err)
			}
			d := understood(t, client)
			if p := d.Stream("", onvif.Sub); p == nil || p.Codec != "H265" || p.Width != 960 {
				t.Errorf("the profile is %+v", p)
			}
			if in, err := client.EncoderInstances(t.Context(), "vsc"); err != nil || in.Total != 2 || in.Codecs["H264"] != 2 {
				t.Errorf("instances %+v, %v", in, err)
			}
		})
	}
}

func TestOverlaysMasksModesAndMetadataAreChangedAndReadBack(t *testing.T) {
	client, _ := kind(t, onviftest.ProfileT, server.Options{})
	ctx := t.Context()
	text, err := client.PutOSD(ctx, onvif.OSD{SourceConfiguration: "vsc", Position: "Custom", X: -0.5, Y: 0.25, Show: "Plain", Text: "Tor <1> & Hof"})
	if err != nil || text.Text != "Tor <1> & Hof" || text.X != -0.5 || text.Y != 0.25 {
		t.Fatalf("%+v, %v", text, err)
	}
	text.Text, text.Position = "Yard", "UpperLeft"
	if now, err := client.PutOSD(ctx, text); err != nil || now.Text != "Yard" || now.Position != "UpperLeft" || now.Token != text.Token {
		t.Errorf("%+v, %v", now, err)
	}
	for range 3 {
		if _, err := client.PutOSD(ctx, onvif.OSD{SourceConfiguration: "vsc", Position: "LowerRight", Show: "DateAndTime"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PutOSD(ctx, onvif.OSD{SourceConfiguration: "vsc", Position: "LowerRight", Show: "Time"}); err == nil || !strings.Contains(err.Error(), "MaxOSDs") {
		t.Errorf("a fifth: %v", err)
	}
	if o, err := client.OSDOptions(ctx, "vsc"); err != nil || o.Total != 4 || len(o.Positions) != 5 || len(o.Shows) != 4 {
		t.Errorf("options %+v, %v", o, err)
	}
	if err := client.DeleteOSD(ctx, text.Token); err != nil {
		t.Error(err)
	}
	if list, err := client.OSDs(ctx, "vsc"); err != nil || len(list) != 3 {
		t.Errorf("%+v, %v", list, err)
	}
	mask, err := client.PutMask(ctx, onvif.Mask{SourceConfiguration: "vsc", Type: "Color", Enabled: true, Points: []onvif.Point{{X: -1, Y: -1}, {X: 0, Y: -1}, {X: 0, Y: 0.5}}})
	if err != nil || len(mask.Points) != 3 || mask.Points[2] != (onvif.Point{X: 0, Y: 0.5}) || !mask.Enabled {
		t.Fatalf("%+v, %v", mask, err)
	}
	mask.Enabled = false
	if now, err := client.PutMask(ctx, mask); err != nil || now.Enabled {
		t.Errorf("%+v, %v", now, err)
	}
	if o, err := client.MaskOptions(ctx, "vsc"); err != nil || o.Max != 4 || o.MaxPoints != 8 || o.Rectangles {
		t.Errorf("options %+v, %v", o, err)
	}
	if err := client.DeleteMask(ctx, mask.Token); err != nil {
		t.Error(err)
	}
	if list, err := client.Masks(ctx, ""); err != nil || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
	modes, err := client.SourceModes(ctx, "source")
	if err != nil || len(modes) != 2 || !modes[0].Enabled || modes[1].FPS != 50 || !modes[1].Reboot || fmt.Sprint(modes[0].Codecs) != "[H264 H265]" {
		t.Fatalf("%+v, %v", modes, err)
	}
	if reboots, err := client.SetSourceMode(ctx, "source", "fast"); err != nil || !reboots {
		t.Errorf("%v, %v", reboots, err)
	}
	if modes, err := client.SourceModes(ctx, "source"); err != nil || !modes[1].Enabled {
		t.Errorf("%+v, %v", modes, err)
	}
	list, err := client.MetadataConfigurations(ctx)
	if err != nil || len(list) != 1 || !list[0].Events || !list[0].Analytics {
		t.Fatalf("%+v, %v", list, err)
	}
	m := list[0]
	m.Events, m.PTZStatus = false, true
	if now, err := client.SetMetadata(ctx, m); err != nil || now.Events || !now.PTZStatus || !now.Analytics {
		t.Errorf("%+v, %v", now, err)
	}
	a, err := client.Audio(ctx)
	if err != nil || a.Inputs != 1 || !a.BackChannel || len(a.Encoders) != 1 || a.Encoders[0].Codec != "PCMU" || fmt.Sprint(a.Encoders[0].SampleRates) != "[8]" {
		t.Errorf("%+v, %v", a, err)
	}
}

// What a device lacks is an error that says so, and nothing of it is sent.
func TestWhatADeviceLacksIsSaid(t *testing.T) {
	client, _ := kind(t, onviftest.ProfileS, server.Options{})
	ctx := t.Context()
	for what, ask := range map[string]func() error{
		"masks":                func() error { _, err := client.Masks(ctx, ""); return err },
		"OSDs":                 func() error { _, err := client.OSDs(ctx, ""); return err },
		"modes":                func() error { _, err := client.SourceModes(ctx, "source"); return err },
		"a mask of two points": func() error { _, err := client.PutMask(ctx, onvif.Mask{Type: "Color"}); return err },
		"an OSD that shows nothing": func() error {
			_, err := client.PutOSD(ctx, onvif.OSD{Position: "UpperLeft", Show: "Plain"})
			return err
		},
	} {
		var e *onvif.Error
		if err := ask(); !errors.As(err, &e) || e.Class != onvif.Refused {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestQuestionsAboutMediaAreValid checks what the client sends against the official schemas, which are not part of the repository.
func TestQuestionsAboutMediaAreValid(t *testing.T) {
	var sent requests
	for _, k := range []onviftest.Kind{onviftest.ProfileS, onviftest.ProfileT} {
		_, s := kind(t, k, server.Options{})
		relay := httptest.NewServer(sent.record(s))
		defer relay.Close()
		client, err := onvif.New(onvif.Options{Address: relay.URL, Username: "u", Password: oddPassword, Dial: dial})
		if err != nil {
			t.Fatal(err)
		}
		askEverything(t.Context(), client)
	}
	if n := sent.sent("<s:Body>"); n < 40 {
		t.Fatalf("only %d questions", n)
	}
	sent.validate(t)
}

// askEverything asks each question that there is, whatever the device says to it.
func askEverything(ctx context.Context, c *onvif.Client) {
	on := true
	d, err := c.Probe(ctx)
	if err != nil {
		return
	}
	for _, by := range []onvif.Transport{onvif.Interleaved, onvif.Unicast, onvif.Multicast} {
		c.StreamURI(ctx, d.Stream("", onvif.Main), by)
	}
	c.Snapshot(ctx, d.Stream("", onvif.Main))
	c.Audio(ctx)
	c.EncoderInstances(ctx, "vsc")
	c.SetEncoder(ctx, "vec-sub", onvif.EncoderChange{FPS: 10, Constant: &on})
	c.SetEncoder(ctx, "vec-sub", onvif.EncoderChange{FPS: 10, GOP: 10})
	c.OSDOptions(ctx, "vsc")
	o, _ := c.PutOSD(ctx, onvif.OSD{SourceConfiguration: "vsc", Position: "Custom", X: 0.5, Show: "DateAndTime", FontSize: 20})
	c.PutOSD(ctx, onvif.OSD{SourceConfiguration: "vsc", Position: "UpperLeft", Show: "Plain", Text: "a<b"})
	o.Position, o.Show, o.Text, o.Token = "LowerLeft", "Plain", "x", "osd-1"
	c.PutOSD(ctx, o)
	c.OSDs(ctx, "vsc")
	c.DeleteOSD(ctx, "osd-1")
	m := onvif.Mask{SourceConfiguration: "vsc", Type: "Color", Enabled: true, Points: []onvif.Point{{X: -1, Y: -1}, {X: 0, Y: -1}, {X: 0, Y: 0}}}
	c.PutMask(ctx, m)
	m.Token = "mask-3"
	c.PutMask(ctx, m)
	c.MaskOptions(ctx, "vsc")
	c.Masks(ctx, "vsc")
	c.DeleteMask(ctx, "mask-3")
	c.SourceModes(ctx, "source")
	c.SetSourceMode(ctx, "source", "fast")
	if list, err := c.MetadataConfigurations(ctx); err == nil && len(list) > 0 {
		c.SetMetadata(ctx, list[0])
	}
}

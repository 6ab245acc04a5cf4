package onvif_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/discovery"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

const oddPassword = "p@ss:w/ö?rd#1<&>"

// device starts a simulated camera that ends with the test.
func device(t *testing.T, k onviftest.Kind, skew time.Duration, o server.Options) *server.Server {
	t.Helper()
	o.Device = onviftest.New(onviftest.Options{Kind: k, Name: "Camera of " + t.Name() + " " + rand.Text(), Skew: skew, Profiles: []server.Profile{
		{Token: "sub", Name: "Sub", Codec: "H264", Width: 640, Height: 360, FPS: 25, Kbps: 500, GOP: 50, StreamURI: "rtsp://10.9.8.7:554/sub"},
		{Token: "main", Name: "Main", Codec: "H264", Width: 1920, Height: 1080, FPS: 25, Kbps: 4000, GOP: 50, StreamURI: "rtsp://u:p@10.9.8.7:554/main?x=1"},
	}})
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

func probe(t *testing.T, o onvif.Options) (*onvif.Device, error) {
	t.Helper()
	o.Dial = dial
	c, err := onvif.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c.Probe(t.Context())
}

func TestProbeUnderstandsADevice(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    onviftest.Kind
		skew    time.Duration
		methods []string
	}{
		{"fixed", onviftest.Fixed, 0, nil}, {"ptz", onviftest.PTZ, 0, nil}, {"thermal", onviftest.Thermal, 0, nil},
		{"clock is wrong by years", onviftest.Fixed, -20 * 365 * 24 * time.Hour, []string{"token"}},
		{"takes Digest only", onviftest.Fixed, 0, []string{"digest"}},
		{"takes tokens only", onviftest.Fixed, 0, []string{"token"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := device(t, c.kind, c.skew, server.Options{Username: "ü", Password: oddPassword, Methods: c.methods, Host: "192.0.2.1:80"})
			d, err := probe(t, onvif.Options{Address: s.Addr(), Username: "ü", Password: oddPassword})
			if err != nil {
				t.Fatal(err)
			}
			main, sub := d.Stream("", onvif.Main), d.Stream("", onvif.Sub)
			if main == nil || sub == nil || main.StreamURI != "rtsp://127.0.0.1:554/main?x=1" || sub.StreamURI != "rtsp://127.0.0.1:554/sub" {
				t.Errorf("streams %+v, %+v", main, sub)
			}
			if d.PTZ != (c.kind == onviftest.PTZ) || d.Thermal != (c.kind == onviftest.Thermal) || d.Model == "" {
				t.Errorf("device %+v", d)
			}
			if off := (d.Skew - c.skew).Abs(); off > 5*time.Second {
				t.Errorf("skew %v, want %v", d.Skew, c.skew)
			}
		})
	}
}

func TestFailuresHaveTheirClass(t *testing.T) {
	s := device(t, onviftest.Fixed, 0, server.Options{Username: "u", Password: "right"})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html><body>hello") }))
	defer page.Close()
	away := httptest.NewServer(http.RedirectHandler("http://198.51.100.1/", http.StatusTemporaryRedirect))
	defer away.Close()
	for _, c := range []struct {
		name string
		o    onvif.Options
		want onvif.Class
	}{
		{"nobody there", onvif.Options{Address: gone.Addr().String()}, onvif.Offline},
		{"wrong password", onvif.Options{Address: s.Addr(), Username: "u", Password: "secret-guess"}, onvif.Unauthorized},
		{"no credentials", onvif.Options{Address: s.Addr()}, onvif.Unauthorized},
		{"a web page", onvif.Options{Address: page.URL}, onvif.Protocol},
		{"sends us elsewhere", onvif.Options{Address: away.URL}, onvif.Protocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := probe(t, c.o)
			var e *onvif.Error
			if !errors.As(err, &e) || e.Class != c.want || e.Hint == "" {
				t.Fatalf("got %v (%T), want class %v", err, err, c.want)
			}
			if strings.Contains(err.Error(), "secret-guess") {
				t.Error("the password is in the error")
			}
		})
	}
}

func TestDiscoveryFindsDevicesOnLoopback(t *testing.T) {
	a := device(t, onviftest.Fixed, 0, server.Options{Discovery: true})
	b := device(t, onviftest.PTZ, 0, server.Options{Discovery: true})
	want := map[string]bool{a.XAddr(): true, b.XAddr(): true}
	for try := 0; len(want) > 0 && try < 5; try++ {
		found, err := discovery.Probe(t.Context(), discovery.Options{Timeout: time.Second, Open: net.ListenPacket})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.Name == "" || !strings.HasPrefix(f.ID, "urn:uuid:") {
				t.Errorf("found %+v", f)
			}
			delete(want, f.Address())
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

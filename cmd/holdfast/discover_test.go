package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/simcam"
	"holdfast/gateway/web"
)

// found gives the camera of a name among the lines that discover --json printed.
func found(t *testing.T, out, name string) (d web.Discovered, there bool) {
	t.Helper()
	for l := range strings.Lines(out) {
		var one web.Discovered
		if err := json.Unmarshal([]byte(l), &one); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		if one.Name == name {
			d, there = one, true
		}
	}
	return d, there
}

// Without a gateway the command searches itself and says that it does not know what is adopted; with one it knows.
func TestDiscoverKnowsWhatIsAdoptedWhereAGatewayRuns(t *testing.T) {
	t.Parallel()
	cam, err := simcam.New(simcam.Options{Name: "Camera " + rand.Text()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); cam.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-gone })
	dir, file := site(t, "")

	code, out, errs := invoke(t, "discover", "--config", file, "--timeout", "1s")
	line := ""
	for l := range strings.Lines(out) {
		if strings.Contains(l, cam.Name()) {
			line = l
		}
	}
	if code != exitDone || !strings.Contains(line, "unknown") || !strings.Contains(line, cam.Endpoint()) || !strings.Contains(line, "hf-fixed") || !strings.Contains(errs, "not known which of them are adopted") {
		t.Errorf("exit %d\n%s\n%s", code, out, errs)
	}

	if _, out, _ := invoke(t, "discover", "--config", file, "--timeout", "1s", "--json"); !strings.Contains(out, `"adopted":null`) || strings.Contains(out, `"adopted":false`) {
		t.Errorf("what is not known is said: %s", out)
	}

	background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	code, out, errs = invoke(t, "discover", "--config", file, "--timeout", "1s", "--json")
	d, there := found(t, out, cam.Name())
	if code != exitDone || !there || d.Adopted || d.Address != cam.ONVIF() || len(d.Profiles) == 0 {
		t.Fatalf("exit %d, %+v\n%s", code, d, errs)
	}
	l, err := dialLocal(t.Context(), filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(web.AdoptRequest{Address: d.Address, Endpoint: d.ID, Username: cam.Username(), Password: cam.Password(), Record: "off"})
	if err != nil {
		t.Fatal(err)
	}
	var adopted web.Camera
	if err := l.call(t.Context(), "POST", "/api/v1/cameras", strings.NewReader(string(body)), &adopted); err != nil {
		t.Fatal(err)
	}
	code, out, errs = invoke(t, "discover", "--config", file, "--range", "127.0.0.1-2", "--json")
	if code != exitDone || strings.Contains(out, cam.Name()) && !strings.Contains(out, adopted.ID) {
		t.Errorf("a range: exit %d\n%s\n%s", code, out, errs)
	}
	d = interrupted(t, cam.Name(), file)
	if !d.Adopted || d.Camera != adopted.ID || d.Model == "" {
		t.Errorf("once it is adopted it is %+v", d)
	}
}

// interrupted searches for a minute, and ends it as Ctrl-C does once the camera is there.
func interrupted(t *testing.T, name, file string) web.Discovered {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var o, e output
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, terminal{out: &o, err: &e}, []string{"discover", "--config", file, "--timeout", "1m", "--json"})
	}()
	tick, limit := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for !strings.Contains(o.String(), name) {
		select {
		case <-tick.C:
		case code := <-done:
			t.Fatalf("it ended with %d before its time\n%s", code, e.String())
		case <-limit:
			t.Fatal("the camera is not found")
		}
	}
	cancel()
	if code := <-done; code != exitDone {
		t.Errorf("exit %d\n%s", code, e.String())
	}
	d, _ := found(t, o.String(), name)
	return d
}

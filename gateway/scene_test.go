package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/simcam"
	"holdfast/gateway/web"
	"holdfast/onvif/onviftest"
)

// lively is a simulated camera that tells what it sees.
func lively(t *testing.T, k onviftest.Kind, name string) *simcam.Camera {
	t.Helper()
	cam, err := simcam.New(simcam.Options{Kind: k, Name: name, Lively: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- cam.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return cam
}

// scenes follows the stream of scenes of cameras until take is content.
func (r *running) scenes(cameras string, take func(web.Scene) bool) {
	r.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.e.URL+"/api/v1/scenes/stream?cameras="+cameras, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.e.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var s web.Scene
		if err := json.Unmarshal([]byte(data), &s); err != nil {
			r.t.Fatal(err)
		}
		if take(s) {
			return
		}
	}
	r.t.Fatalf("the stream ended: %s %v", res.Status, lines.Err())
}

// One gateway with two cameras that tell what they see: what comes live, what is kept, and that nothing is counted twice.
func TestWhatCamerasSeeIsToldLiveAndKept(t *testing.T) {
	t.Parallel()
	shop, yard := lively(t, onviftest.Fixed, "Shop of scenes"), lively(t, onviftest.Thermal, "Yard of scenes")
	r := start(t, onvifLine(shop, "")+strings.ReplaceAll(strings.TrimPrefix(onvifLine(yard, ""), "cameras:\n"), "id: door", "id: yard"))
	r.subscribed("door")
	first := make(map[string]web.Scene)
	r.scenes("door,yard,none", func(s web.Scene) bool {
		was, seen := first[s.Camera]
		if !seen && len(s.Objects) > 1 && (s.Camera == "door" || len(s.Temperatures) == 2) {
			first[s.Camera] = s
		}
		return seen && s.Camera == "door" && len(first) == 2 && s.Objects[0].ID == was.Objects[0].ID && s.Objects[0].Box != was.Objects[0].Box
	})
	if o := first["door"].Objects[0]; o.Class != "Human" || o.Box[0] >= o.Box[2] || o.Box[1] >= o.Box[3] || time.Until(first["door"].At).Abs() > time.Minute {
		t.Errorf("%+v", first["door"])
	}
	placed := func(item string) (box [4]float64) {
		r.scenes("yard", func(s web.Scene) bool {
			for _, h := range s.Temperatures {
				if h.Item == item && h.Box != nil && h.Frame == "normalised" {
					box = *h.Box
				}
			}
			return box != [4]float64{}
		})
		return box
	}
	if got := placed("Machine"); got != [4]float64{0.3125, -0.125, 0.625, 0.375} {
		t.Errorf("the machine is at %v", got)
	}
	if got := placed("Bearing"); got[0] != got[2] || got[1] != got[3] || got[0] != 0.46875 {
		t.Errorf("the bearing is at %v", got)
	}
	if h := first["yard"].Temperatures; h[0].Item != "Bearing" || *h[0].Spot < 300 || h[1].Item != "Machine" || *h[1].Max <= *h[1].Min {
		t.Errorf("%+v", h)
	}

	shop.Device().Crossed("one")
	shop.Device().Tamper(true)
	shop.Device().Tamper(false)
	shop.Device().Crossed("two")
	cam, _ := r.g.camera("door")
	r.await("both ways to have told", func() bool {
		cam.reports.mu.Lock()
		defer cam.reports.mu.Unlock()
		return cam.reports.twice >= 4
	})
	count := make(map[string]int)
	for _, e := range r.events("door") {
		if e.Kind != "motion" { // which comes by plan
			count[e.Kind+" "+e.Source]++
		}
	}
	if len(count) != 3 || count["line one"] != 1 || count["line two"] != 1 || count["tamper Tamper"] != 1 {
		t.Errorf("%v", count)
	}
	if c := r.cameras()["door"].Events; c.State != "subscribed" || c.Notifications == 0 {
		t.Errorf("%+v", c)
	}

	r.recorded("door", 3*time.Second)
	all := r.recordedScenes("door", "")
	if len(all) < 10 || len(all[0].Objects) < 2 || !all[0].At.Before(all[len(all)-1].At) {
		t.Fatalf("%d scenes", len(all))
	}
	box := all[len(all)/2].Objects[0].Box
	narrow := r.recordedScenes("door", fmt.Sprintf("&region=%g,%g,%g,%g", box[0], box[1], box[2], box[3]))
	none := r.recordedScenes("door", "&region=-0.01,0.98,0.01,1")
	if seldom := r.recordedScenes("door", "&every=1"); len(narrow) == 0 || len(none) != 0 || len(seldom) == 0 || len(seldom) > len(all)/3 {
		t.Errorf("%d in the region, %d in another, %d seldom, of %d", len(narrow), len(none), len(seldom), len(all))
	}
}

func (r *running) recordedScenes(camera, more string) (list []web.Scene) {
	r.t.Helper()
	now := time.Now().UTC()
	text := r.get(fmt.Sprintf("/api/v1/cameras/%s/scenes?from=%s&to=%s%s", camera, url.QueryEscape(now.Add(-time.Hour).Format(time.RFC3339)), url.QueryEscape(now.Add(time.Minute).Format(time.RFC3339)), more))
	for line := range strings.Lines(string(text)) {
		var l web.SceneLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			r.t.Fatal(err)
		}
		if l.Scene != nil {
			list = append(list, *l.Scene)
		}
	}
	return list
}

// A camera without ONVIF whose stream carries a metadata track tells of events by that alone; when the stream ends, so does what it told of.
func TestACameraWithoutONVIFTellsOfEventsInItsStream(t *testing.T) {
	t.Parallel()
	cam := lively(t, onviftest.Fixed, "Stream alone")
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q, username: %q, password: '%s', transport: tcp}\n", cam.RTSP("main"), cam.Username(), cam.Password()))
	r.await("what it tells", func() bool { return r.cameras()["door"].Events.Streamed > 0 })
	cam.Device().Tamper(true)
	r.await("an event", func() bool {
		for _, e := range r.events("door") {
			if e.Kind == "tamper" && e.End == nil {
				return true
			}
		}
		return false
	})
	cam.RTSPServer().CloseAll()
	r.await("its end", func() bool {
		for _, e := range r.events("door") {
			if e.Kind == "tamper" && e.End != nil {
				return true
			}
		}
		return false
	})
}

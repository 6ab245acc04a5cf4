package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/simcam"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// simulate runs a simulated camera until the test ends, and gives it with its line for the configuration.
func simulate(t *testing.T, id string, o simcam.Options) (*simcam.Camera, string) {
	t.Helper()
	o.Name = "Camera " + rand.Text()
	cam, err := simcam.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); cam.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-gone })
	return cam, fmt.Sprintf("  - {id: %s, name: %s, onvif: %q, username: %q, password: %q}\n", id, id, onvif.HostPort(cam.ONVIF()), simcam.DefaultUsername, simcam.DefaultPassword)
}

// send asks the API, and gives the status and the answer.
func (r *running) send(method, path, body string, into any) int {
	r.t.Helper()
	req, err := http.NewRequest(method, r.e.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.e.Token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if into != nil && len(text) > 0 {
		if err := json.Unmarshal(text, into); err != nil {
			r.t.Fatalf("%s %s: %s %s", method, path, res.Status, text)
		}
	}
	return res.StatusCode
}

// joined makes a person with a role over the camera gate, who has signed in.
func (r *running) joined(name, role string) auth.Identity {
	r.t.Helper()
	_, inv, err := r.g.auth.CreatePerson(r.g.auth.Local(), auth.NewPerson{Name: name, Grants: []auth.Grant{{Role: role, Cameras: []string{"gate"}}}})
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := r.g.auth.Join(r.t.Context(), auth.Attempt{}, inv.Token, "wet paint on the stairs of "+name)
	if err != nil {
		r.t.Fatal(err)
	}
	return s.Identity
}

// refusal is the class of a refusal.
func refusal(err error) string {
	var p *web.Problem
	if !errors.As(err, &p) {
		return fmt.Sprint(err)
	}
	return strings.TrimPrefix(p.Type, "/problems/")
}

const movePath = "/api/v1/cameras/gate/ptz/move"

// TestWhoHoldsTheStickMovesTheCameraAndNobodyElse runs a gateway with a camera that ignores its first Stop.
func TestWhoHoldsTheStickMovesTheCameraAndNobodyElse(t *testing.T) {
	t.Parallel()
	cam, line := simulate(t, "gate", simcam.Options{Kind: onviftest.PTZ, PTZ: server.PTZQuirks{IgnoredStops: 1}})
	r := start(t, "cameras:\n"+line)
	m := cam.Device().Mechanics()
	pan := func() float64 { p, _, _, _ := m.Position(); return p }
	moving := func() bool { _, _, _, moving := m.Position(); return moving }

	var can web.PTZ
	if status := r.send("GET", "/api/v1/cameras/gate/ptz", "", &can); status != 200 || can.RenewWithin != renewTime.Seconds() || can.Absolute == nil || len(can.Presets) != 2 ||
		can.Position == nil || *can.Position.PanDegrees != 0 || can.Driver != nil {
		t.Fatalf("%d %+v", status, can)
	}
	// It moves for as long as it is renewed, and stands soon after that has ceased, though it ignores a Stop.
	var moved web.Moved
	if status := r.send("POST", movePath, `{"kind":"continuous","pan":0.2}`, &moved); status != 200 || moved.Hold == "" || moved.Renewed || !moved.Driver.You {
		t.Fatalf("%d %+v", status, moved)
	}
	hold := fmt.Sprintf(`{"kind":"continuous","pan":0.2,"hold":%q}`, moved.Hold)
	last := time.Now()
	r.await("it has moved for longer than one renewal lasts", func() bool {
		if status := r.send("POST", movePath, hold, &moved); status != 200 || !moved.Renewed {
			t.Fatalf("%d %+v", status, moved)
		}
		last = time.Now()
		return pan() > 0.2*0.5*2*renewTime.Seconds()
	})
	r.await("it was stopped, twice", func() bool { stops, _ := m.Counts(); return stops > 1 && !moving() })
	t.Logf("it stood %v after the last renewal; the limit is %v, and what a camera takes to stop that ignores it once", time.Since(last), renewTime)
	var p web.Problem
	if status := r.send("POST", movePath, hold, &p); status != 409 || p.Type != "/problems/movement-over" || moving() {
		t.Errorf("a movement that is over: %d %+v", status, p)
	}
	if status := r.send("DELETE", "/api/v1/cameras/gate/ptz/driver", "", nil); status != 204 {
		t.Errorf("let go: %d", status)
	}
	r.shareTheStick(moving)

	// The gateway stops it before it ends.
	if _, err := r.g.Move(t.Context(), "gate", r.g.auth.Local(), web.Move{Kind: "continuous", Pan: new(-0.1), TakeOver: true}); err != nil || !moving() {
		t.Fatal(err)
	}
	r.end()
	if moving() {
		t.Error("the gateway has ended and the camera moves")
	}
}

// shareTheStick has people want to steer at the same time.
func (r *running) shareTheStick(moving func() bool) {
	t, g, ctx := r.t, r.g, r.t.Context()
	ada, grace := r.joined("ada", "operator"), r.joined("grace", "operator")
	slow := web.Move{Kind: "continuous", Pan: new(-0.01)}
	first, err := g.Move(ctx, "gate", ada, slow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Move(ctx, "gate", grace, web.Move{Kind: "relative", Pan: new(0.1), TakeOver: true}); refusal(err) != "driven" || !strings.Contains(err.Error(), "ada") {
		t.Errorf("somebody else moves it: %v", err)
	}
	if can, err := g.PTZ(ctx, "gate", grace); err != nil || can.Driver == nil || can.Driver.Name != "ada" || can.Driver.You {
		t.Errorf("who steers it: %+v, %v", can.Driver, err)
	}
	if s, err := g.Stop(ctx, "gate", grace); err != nil || !s.Confirmed || moving() {
		t.Errorf("anybody may stop it: %+v, %v", s, err)
	}
	again := slow
	again.Hold = first.Hold
	if _, err := g.Move(ctx, "gate", ada, again); refusal(err) != "movement-over" || moving() {
		t.Errorf("it was stopped, and is renewed: %v", err)
	}
	local := g.auth.Local()
	if _, err := g.Move(ctx, "gate", local, slow); refusal(err) != "driven" {
		t.Errorf("who may take over does not do so by accident: %v", err)
	}
	over := slow
	over.TakeOver = true
	if m, err := g.Move(ctx, "gate", local, over); err != nil || !m.Driver.You || !moving() {
		t.Errorf("who may configure takes over: %+v, %v", m, err)
	}
	if err := g.LetGo("gate", local); err != nil {
		t.Fatal(err)
	}
	r.await("who has let go moves nothing", func() bool { return !moving() })

	// The right to it is lost while the stick is held.
	first, err = g.Move(ctx, "gate", ada, slow)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.auth.ChangePerson(local, ada.Person, auth.PersonChange{Grants: &[]auth.Grant{{Role: "viewer", Cameras: []string{"gate"}}}}); err != nil {
		t.Fatal(err)
	}
	again.Hold = first.Hold
	r.await("it stands without the right", func() bool {
		if _, err := g.Move(ctx, "gate", ada, again); err == nil {
			t.Error("a movement is renewed without the right")
			return true
		}
		return !moving()
	})
	// Many who begin at once are one movement, and nothing is left of it.
	if err := g.LetGo("gate", ada); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Steer(ctx, "gate", grace, web.PTZAct{Do: "preset.goto", Token: "2"}); err != nil {
		t.Error(err)
	}
}

// TestPicturesSwitchesAndPlacesOfCameras changes them through the API.
func TestPicturesSwitchesAndPlacesOfCameras(t *testing.T) {
	t.Parallel()
	cam, door := simulate(t, "door", simcam.Options{Kind: onviftest.Fixed})
	_, oven := simulate(t, "oven", simcam.Options{Kind: onviftest.Thermal})
	r := start(t, "cameras:\n"+door+oven+"  - {id: old, name: Old, rtsp: \"rtsp://127.0.0.1:1/\"}\n")
	const api = "/api/v1/cameras/"
	var i web.Imaging
	if status := r.send("PUT", api+"door/imaging", `{"brightness":41,"ir_cut_filter":"ON","exposure":{"mode":"MANUAL","gain":6}}`, &i); status != 200 || *i.Settings.Brightness != 40 ||
		i.Settings.IrCutFilter != "ON" || *i.Settings.Exposure.Gain != 6 || *i.Settings.Exposure.MaxGain != 30 || i.Focus == nil || len(i.Presets) != 2 || len(i.Options) < 10 {
		t.Errorf("imaging: %d %+v", status, i)
	}
	var f web.Focus
	if status := r.send("POST", api+"door/imaging/focus", `{"position":0.25}`, &f); status != 200 || *f.Position != 0.25 {
		t.Errorf("focus: %d %+v", status, f)
	}
	var relay web.Relay
	if status := r.send("PUT", api+"door/relays/relay1", `{"active":true}`, &relay); status != 200 || relay.Active == nil || !*relay.Active || !cam.Device().Active()["relay1"] {
		t.Errorf("relay: %d %+v", status, relay)
	}
	if status := r.send("PUT", api+"door/relays/relay2/settings", `{"mode":"Monostable","delay":5,"idle":"closed"}`, &relay); status != 200 || relay.Delay != 5 || relay.Idle != "closed" {
		t.Errorf("relay settings: %d %+v", status, relay)
	}
	var inputs []web.Input
	var commands []string
	if r.send("GET", api+"door/inputs", "", &inputs) != 200 || len(inputs) != 2 || r.send("GET", api+"door/auxiliary", "", &commands) != 200 || len(commands) != 3 {
		t.Errorf("inputs %+v, commands %q", inputs, commands)
	}
	if status := r.send("POST", api+"door/auxiliary", `{"command":"tt:IRLamp|On"}`, nil); status != 204 || cam.Device().LastAuxiliary() != "tt:IRLamp|On" {
		t.Errorf("lamp: %d", status)
	}
	var places []web.Position
	if status := r.send("PUT", api+"door/position", `{"lat":48.1,"lon":11.5,"yaw":90}`, &places); status != 200 || len(places) != 1 || *places[0].Lat != 48.1 || places[0].Token == "" {
		t.Errorf("position: %d %+v", status, places)
	}
	if status := r.send("DELETE", api+"door/position", "", nil); status != 204 || r.send("GET", api+"door/position", "", &places) != 200 || len(places) != 0 {
		t.Errorf("position: %d %+v", status, places)
	}
	var heat web.Thermal
	if status := r.send("PUT", api+"oven/thermal", `{"palette":"iron","radiometry":{"emissivity":0.5}}`, &heat); status != 200 || heat.Palette != "iron" || heat.Radiometry == nil || *heat.Radiometry.Emissivity != 0.5 || len(heat.Palettes) != 3 {
		t.Errorf("thermal: %d %+v", status, heat)
	}
	notes, err := onvif.ReadNotifications(strings.NewReader(`<NotificationMessage><Topic>VideoAnalytics/Radiometry/BoxTemperatureReading</Topic><Message><Message UtcTime="2026-01-01T00:00:00Z"><Data><ElementItem Name="Reading">` +
		`<BoxTemperatureReading ItemID="lid" MaxTemperature="400" MinTemperature="300"/></ElementItem></Data></Message></Message></NotificationMessage>`))
	oven1, _ := r.g.camera("oven")
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	oven1.steering.read(&notes[0])
	if status := r.send("GET", api+"oven/thermal", "", &heat); status != 200 || len(heat.Readings) != 1 || heat.Readings[0].Item != "lid" || *heat.Readings[0].Max != 400 {
		t.Errorf("readings: %d %+v", status, heat.Readings)
	}
	for what, want := range map[string]struct {
		method, path, body string
		status             int
		class              string
	}{
		"a number beyond":          {"PUT", "door/imaging", `{"brightness":101}`, 422, "rule"},
		"a command that is not":    {"POST", "door/auxiliary", `{"command":"tt:Siren|On"}`, 422, "rule"},
		"a relay that is not":      {"PUT", "door/relays/relay9", `{"active":true}`, 404, "not-found"},
		"a camera that is fixed":   {"GET", "door/ptz", "", 502, "refused"},
		"one that is not thermal":  {"GET", "door/thermal", "", 502, "refused"},
		"one that is not ONVIF":    {"GET", "old/relays", "", 502, "refused"},
		"one that there is not":    {"GET", "none/relays", "", 404, "not-found"},
		"more than one distance":   {"POST", "door/imaging/focus", `{"position":1,"distance":1}`, 422, "rule"},
		"an emissivity beyond one": {"PUT", "oven/thermal", `{"radiometry":{"emissivity":2}}`, 422, "rule"},
	} {
		var p web.Problem
		if status := r.send(want.method, api+want.path, want.body, &p); status != want.status || p.Type != "/problems/"+want.class {
			t.Errorf("%s: %d %+v", what, status, p)
		}
	}
}

package web

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// What the scripted cameras do when they are controlled: door turns, and has all that there is.

func (c *cameras) PTZ(_ context.Context, _ string, who auth.Identity) (PTZ, error) {
	return PTZ{RenewWithin: 0.7, Driver: &Driver{Name: who.User, You: true}}, nil
}

func (c *cameras) Move(_ context.Context, _ string, who auth.Identity, m Move) (Moved, error) {
	if m.TakeOver {
		return Moved{}, Driven("Ada", time.Unix(1_800_000_000, 0))
	}
	if m.Hold == "old" {
		return Moved{}, MoveOver("It ended: it was not renewed.")
	}
	return Moved{Hold: "h", Renewed: m.Hold == "h", Driver: Driver{Name: who.User, You: true}}, nil
}

func (c *cameras) Stop(context.Context, string, auth.Identity) (Stopped, error) {
	return Stopped{Confirmed: true}, nil
}

func (c *cameras) Steer(_ context.Context, _ string, _ auth.Identity, a PTZAct) (PTZAct, error) {
	return a, nil
}

func (c *cameras) Drive(_ string, who auth.Identity, _ DriveRequest) (Driver, error) {
	return Driver{Name: who.User, You: true}, nil
}

func (c *cameras) LetGo(string, auth.Identity) error { return nil }

func (c *cameras) Imaging(context.Context, string) (Imaging, error) { return Imaging{}, nil }

func (c *cameras) SetImaging(context.Context, string, ImagingChange) (Imaging, error) {
	return Imaging{}, nil
}

func (c *cameras) MoveFocus(context.Context, string, FocusRequest) (Focus, error) {
	return Focus{}, nil
}

func (c *cameras) Relays(context.Context, string) ([]Relay, error) { return []Relay{}, nil }

func (c *cameras) SwitchRelay(_ context.Context, _, relay string, _ bool) (Relay, error) {
	return Relay{Token: relay}, nil
}

func (c *cameras) SetRelay(_ context.Context, _, relay string, s RelaySettings) (Relay, error) {
	return Relay{Token: relay, RelaySettings: s}, nil
}

func (c *cameras) Inputs(context.Context, string) ([]Input, error) { return []Input{}, nil }

func (c *cameras) Auxiliary(context.Context, string) ([]string, error) { return []string{}, nil }

func (c *cameras) SendAuxiliary(context.Context, string, string) error { return nil }

func (c *cameras) Thermal(context.Context, string) (Thermal, error) { return Thermal{}, nil }

func (c *cameras) SetThermal(context.Context, string, ThermalChange) (Thermal, error) {
	return Thermal{}, nil
}

func (c *cameras) Position(context.Context, string) ([]Position, error) { return []Position{}, nil }

func (c *cameras) SetPosition(context.Context, string, Position) ([]Position, error) {
	return []Position{}, nil
}

func (c *cameras) DeletePosition(context.Context, string) error { return nil }

// controlSamples are bodies with which a route does what it is for.
var controlSamples = map[string]string{
	"POST /api/v1/cameras/{id}/ptz/move":               `{"kind":"continuous","pan":0.1}`,
	"POST /api/v1/cameras/{id}/ptz/tours":              `{"spots":[{"stay":5}]}`,
	"PUT /api/v1/cameras/{id}/ptz/tours/{tour}":        `{"spots":[{"stay":5}]}`,
	"POST /api/v1/cameras/{id}/ptz/tours/{tour}":       `{"operation":"start"}`,
	"PUT /api/v1/cameras/{id}/imaging":                 `{"brightness":40}`,
	"PUT /api/v1/cameras/{id}/relays/{relay}/settings": `{"mode":"Bistable","delay":0,"idle":"open"}`,
}

func TestAMovementIsOneEntryHoweverOftenItIsRenewed(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	const path = "/api/v1/cameras/door/ptz/move"
	for _, body := range []string{`{"kind":"continuous","pan":0.5}`, `{"kind":"continuous","pan":0.5,"hold":"h"}`, `{"kind":"continuous","pan":0.6,"hold":"h"}`} {
		a := s.do("POST", path, body, p.changes())
		var m Moved
		if err := json.Unmarshal([]byte(a.text), &m); err != nil || a.StatusCode != 200 || m.Hold != "h" {
			t.Fatalf("%s: %s %s", body, a.Status, a.text)
		}
	}
	n := 0
	for _, e := range s.ledger.all(audit.ActionPTZ) {
		if e.Outcome == "" {
			n++
			if e.Camera != "door" || string(e.After) != `{"kind":"continuous","pan":0.5}` {
				t.Errorf("the entry is %+v", e)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d entries", n)
	}
}

func TestWhatIsNoMovementIsRefused(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	for body, want := range map[string]string{
		`{}`:                                     "kind",
		`{"kind":"continuous"}`:                  "pan",
		`{"kind":"geo","lat":1}`:                 "lat",
		`{"kind":"absolute","pan":0,"hold":"h"}`: "hold",
		`{"kind":"absolute","pan":0,"unit":"miles"}`: "unit",
		`{"kind":"absolute","pan":0,"speed":2}`:      "speed",
	} {
		a := s.do("POST", "/api/v1/cameras/door/ptz/move", body, p.changes())
		if got := a.problem(t); got.slug() != "rule" || got.Field != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
	for body, want := range map[string]string{`{"kind":"continuous","pan":1,"hold":"old"}`: "movement-over", `{"kind":"relative","pan":1,"take_over":true}`: "driven"} {
		if got := s.do("POST", "/api/v1/cameras/door/ptz/move", body, p.changes()).problem(t); got.slug() != want || got.Status != 409 || got.Detail == "" {
			t.Errorf("%s: %+v", body, got)
		}
	}
	if got := s.do("PUT", "/api/v1/cameras/door/ptz/tours/1", `{"spots":[]}`, p.changes()).problem(t); got.Field != "spots" {
		t.Errorf("a tour without spots: %+v", got)
	}
	if got := s.do("POST", "/api/v1/cameras/door/ptz/presets", `{"name":"a\u0007"}`, p.changes()).problem(t); got.Field != "name" {
		t.Errorf("a name that rings: %+v", got)
	}
}

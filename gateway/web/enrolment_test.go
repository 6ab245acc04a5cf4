package web

import (
	"strings"
	"testing"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// enrolmentSamples are bodies with which the routes of this file do what they are for.
var enrolmentSamples = map[string]string{
	"PATCH /api/v1/cameras/{id}":        `{"name":"Gate"}`,
	"POST /api/v1/cameras/{id}/replace": `{"address":"192.168.1.9"}`,
	"POST /api/v1/probe/picture":        `{"address":"192.168.1.9"}`,
	"POST /api/v1/plans":                `{"name":"Cellar"}`,
	"PATCH /api/v1/plans/{plan}":        `{"name":"Cellar"}`,
	"POST /api/v1/adoption":             `{"devices":[{"address":"192.168.1.9"}]}`,
}

func TestCamerasAreRenamedReplacedRemovedAndAddedInNumbers(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	const door, till = "/api/v1/cameras/door", "/api/v1/cameras/till"
	many := `{"devices":[` + strings.Repeat(`{"address":"192.168.1.9"},`, MaxAdoption) + `{"address":"192.168.1.9"}]}`
	for _, x := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PATCH", door, `{"name":"Gate"}`, 200, `"name":"Gate"`},
		{"PATCH", door, `{}`, 422, "Nothing is to be changed"},
		{"PATCH", door, `{"name":""}`, 422, `"field":"name"`},
		{"PATCH", door, `{"name":"a\u0007b"}`, 422, `"field":"name"`},
		{"PATCH", door, `{"purpose":"` + strings.Repeat("x", maxAddress+1) + `"}`, 422, `"field":"purpose"`},
		{"PATCH", till, `{"name":"Gate"}`, 409, "declared-in-file"},
		{"PATCH", "/api/v1/cameras/none", `{"name":"Gate"}`, 404, ""},
		{"POST", door + "/replace", `{"address":"192.168.1.9"}`, 200, `"serial":"2"`},
		{"POST", door + "/replace", `{"address":"u:p@192.168.1.9"}`, 422, `"field":"address"`},
		{"POST", door + "/replace", `{"address":"192.168.1.9","streams":[{"id":"fourth","profile":"p"}]}`, 422, `"field":"streams"`},
		{"POST", "/api/v1/probe/picture", `{"address":"192.168.1.9"}`, 200, `"picture":"anBlZw=="`},
		{"POST", "/api/v1/probe/picture", `{"address":"192.168.1.9","password":"wrong"}`, 502, "refused the password"},
		{"POST", "/api/v1/adoption", `{"devices":[]}`, 422, `"field":"devices"`},
		{"POST", "/api/v1/adoption", many, 422, `"field":"devices"`},
		{"POST", "/api/v1/adoption", `{"username":"u","password":"secret","devices":[{"address":"192.168.1.9"},{"address":"192.168.1.10"}]}`, 202, `"state":"running"`},
		{"DELETE", "/api/v1/adoption", "", 200, `"cancelled"`},
		{"DELETE", door, "", 200, `"footage":true`},
		{"DELETE", till, "", 409, "declared-in-file"},
	} {
		if res := s.do(x.method, x.path, x.body, p.changes()); res.StatusCode != x.status || !strings.Contains(res.text, x.says) {
			t.Errorf("%s %s %.80s: %d %s, want %d and %q", x.method, x.path, x.body, res.StatusCode, res.text, x.status, x.says)
		}
	}
	added := s.ledger.all(audit.ActionCameraAdd)
	if len(added) < 3 {
		t.Fatalf("in the log are %d entries of what was added, want the request and one of each device", len(added))
	}
	for _, e := range s.ledger.all("") {
		if strings.Contains(string(e.After), "secret") {
			t.Errorf("a password is in the log: %s", e.After)
		}
	}
	if l := s.ledger.all(audit.ActionCameraReplace); len(l) == 0 || !strings.Contains(string(l[0].Before), `"serial":"1"`) {
		t.Errorf("of the replacement the log has %+v", l)
	}
}

func TestPlansShowTheCamerasThatOneMaySee(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	for _, x := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/api/v1/plans", "", 200, `"camera":"till"`},
		{"POST", "/api/v1/plans", `{"name":"Site","kind":"geo"}`, 201, `"kind":"geo"`},
		{"POST", "/api/v1/plans", `{"name":"Site","kind":"moon"}`, 422, `"field":"kind"`},
		{"POST", "/api/v1/plans", `{"name":""}`, 422, `"field":"name"`},
		{"PATCH", "/api/v1/plans/hall", `{"name":"Lobby"}`, 200, `"name":"Lobby"`},
		{"PATCH", "/api/v1/plans/none", `{"name":"Lobby"}`, 404, ""},
		{"GET", "/api/v1/plans/hall/picture", "", 200, "PNG"},
		{"GET", "/api/v1/plans/none/picture", "", 404, ""},
		{"PUT", "/api/v1/plans/hall/cameras/door", `{"x":0.25,"y":0.75,"direction":90,"view":60,"range":0.2}`, 200, `"id":"hall"`},
		{"PUT", "/api/v1/plans/hall/cameras/door", `{"x":1.25,"y":0.75}`, 422, `"field":"x"`},
		{"PUT", "/api/v1/plans/hall/cameras/door", `{"x":0.25,"y":0.75,"view":361}`, 422, `"field":"view"`},
		{"DELETE", "/api/v1/plans/hall/cameras/door", "", 200, `"id":"hall"`},
		{"DELETE", "/api/v1/plans/hall", "", 204, ""},
	} {
		if res := s.do(x.method, x.path, x.body, p.changes()); res.StatusCode != x.status || !strings.Contains(res.text, x.says) {
			t.Errorf("%s %s %s: %d %s, want %d and %q", x.method, x.path, x.body, res.StatusCode, res.text, x.status, x.says)
		}
	}
	one := auth.Identity{}
	if list, ok := hall.shownTo(one); ok || len(list.Cameras) > 0 {
		t.Errorf("a stranger is shown %+v", list)
	}
}

func TestHealthAndPlanAreAskedFor(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	for path, want := range map[string]string{
		"/api/v1/health/cameras": `"lost_seconds":60`,
		"/api/v1/storage-plan":   `"days":30`,
		"/api/v1/storage-plan?days=90&cameras=4&bitrate=8&share=50": `"rate":4000`,
		"/api/v1/storage-plan?mirror=2":                             `"field":"mirror"`,
		"/api/v1/storage-plan?days=NaN":                             `"field":"days"`,
		"/api/v1/storage-plan?cameras=1001":                         `"field":"cameras"`,
		"/api/v1/storage-plan?days=1&days=2":                        `given twice`,
	} {
		if res := s.do("GET", path, "", p.reads()); !strings.Contains(res.text, want) {
			t.Errorf("%s: %d %s, want %s", path, res.StatusCode, res.text, want)
		}
	}
}

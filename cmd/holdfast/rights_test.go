package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

var updateRights = flag.Bool("update-rights", false, "write testdata/rights.txt anew, to be read before it is committed")

// operation is a route of the API, as its own description tells it.
type operation struct {
	method, path, permission string
	camera, public           bool
	mime                     string // of the body that it takes
	ranged                   bool   // it takes from and to
	moment                   bool   // it takes at
}

var signOut = operation{method: "DELETE", path: "/api/v1/session", permission: "self"}

// operations reads /api/v1/openapi.json.
func (s *scene) operations() (list []operation) {
	s.t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Permission string `json:"x-permission"`
			Camera     bool   `json:"x-camera"`
			Parameters []struct {
				Name     string
				Required bool
			}
			RequestBody struct{ Content map[string]any }
		}
	}
	s.must(s.process, "GET", "/api/v1/openapi.json", nil, &doc)
	for path, methods := range doc.Paths {
		for method, d := range methods {
			op := operation{method: strings.ToUpper(method), path: path, permission: d.Permission, camera: d.Camera, public: d.Permission == ""}
			for mime := range d.RequestBody.Content {
				op.mime = mime
			}
			for _, p := range d.Parameters {
				op.ranged = op.ranged || p.Name == "from"
				op.moment = op.moment || p.Name == "at" && p.Required
			}
			list = append(list, op)
		}
	}
	key := func(op operation) string {
		if op == signOut {
			return "~" // last: everybody uses the session that they have
		}
		return op.path + " " + op.method
	}
	sort.Slice(list, func(i, j int) bool { return key(list[i]) < key(list[j]) })
	return list
}

// question is an operation as it is asked: of a camera, with a body that does little, and where it removes something, of something made
// for that.
func (s *scene) question(op operation, camera string) (path, body, mime string) {
	path = op.path
	if op.camera {
		path = strings.Replace(path, "{id}", camera, 1)
	} else {
		path = strings.Replace(path, "{id}", s.fresh(op), 1)
	}
	path = strings.NewReplacer("{session}", "none", "{slug}", "csrf", "{token}", "none").Replace(path)
	if op.moment {
		path += "?at=" + s.from.UTC().Format(time.RFC3339Nano)
	}
	if op.ranged {
		path += "?" + ranged(s.from, s.to)
	}
	if strings.HasSuffix(path, "/scenes/stream") {
		path += "?cameras=" + cameraA
	}
	if op.mime == "" {
		return path, "", ""
	}
	return path, s.body(op, camera), op.mime
}

// body is one with which whoever may is not refused, unless what is done could not be borne forty times.
func (s *scene) body(op operation, camera string) string {
	switch op.method + " " + op.path {
	case "POST /api/v1/cameras/{id}/whep":
		return s.offer
	case "PUT /api/v1/events/reviewed":
		return s.text(object{"events": []object{{"camera": camera, "id": "0000000000000000"}}})
	case "POST /api/v1/locks":
		return s.text(s.lock(camera, "matrix"))
	case "POST /api/v1/erasures": // of the future: refused to whoever may
		return s.text(object{"camera": camera, "from": time.Now().Add(time.Hour).UTC(), "to": time.Now().Add(2 * time.Hour).UTC(), "ground": "test footage"})
	case "POST /api/v1/exports": // of the future: refused to whoever may
		return s.text(object{"reason": "matrix", "recipient": "nobody", "clips": []object{{"camera": camera, "from": time.Now().Add(time.Hour).UTC(), "to": time.Now().Add(2 * time.Hour).UTC()}}})
	case "POST /api/v1/approvals":
		return s.text(object{"camera": camera, "permission": "playback", "from": s.from, "to": s.to, "reason": "matrix"})
	case "PUT /api/v1/camera-groups/{id}":
		return s.text(object{"name": "Matrix", "cameras": []string{cameraA}})
	case "PUT /api/v1/roles/{id}":
		return s.text(object{"name": "Matrix", "permissions": []string{"see"}})
	case "POST /api/v1/check":
		return `{"level":"none of these"}`
	case "POST /api/v1/session", "PUT /api/v1/session/password", "DELETE /api/v1/me", "POST /api/v1/me/second-factor", "DELETE /api/v1/me/second-factor", "POST /api/v1/me/recovery-codes":
		return "[]" // whoever may is refused for that, before a password is hashed
	}
	if op.mime == "application/json" {
		return "{}"
	}
	return "none"
}

// fresh is the id of something that the operation may be done to once: made now where it is about to be removed.
func (s *scene) fresh(op operation) string {
	s.made++
	id := fmt.Sprintf("matrix-%d", s.made)
	switch {
	case strings.HasPrefix(op.path, "/api/v1/people/{id}"):
		var made struct{ Person struct{ ID string } }
		s.must(s.process, "POST", "/api/v1/people", object{"username": id, "grants": []object{}}, &made)
		return made.Person.ID
	case strings.HasPrefix(op.path, "/api/v1/roles/{id}") && op.method == "DELETE":
		s.must(s.process, "PUT", "/api/v1/roles/"+id, object{"name": id, "permissions": []string{"see"}}, nil)
		return id
	case strings.HasPrefix(op.path, "/api/v1/camera-groups/{id}") && op.method == "DELETE":
		s.must(s.process, "PUT", "/api/v1/camera-groups/"+id, object{"name": id, "cameras": []string{cameraA}}, nil)
		return id
	case strings.HasPrefix(op.path, "/api/v1/roles/{id}"), strings.HasPrefix(op.path, "/api/v1/camera-groups/{id}"):
		return "matrix"
	case strings.HasPrefix(op.path, "/api/v1/tokens/{id}"):
		var made struct{ ID string }
		s.must(s.asker("administrator"), "POST", "/api/v1/tokens", object{"kind": "device", "name": id, "until": time.Now().Add(time.Hour).UTC(), "cameras": []string{cameraA}, "permissions": []string{"see"}}, &made)
		return made.ID
	}
	return "none"
}

// try asks and gives the status.
func (s *scene) try(a *asker, op operation, camera string) int {
	s.t.Helper()
	path, body, mime := s.question(op, camera)
	if op.path == "/api/v1/locks/{id}" {
		var made struct{ ID string }
		s.must(s.process, "POST", "/api/v1/locks", s.lock(camera, "matrix"), &made)
		path = "/api/v1/locks/" + made.ID
	}
	got := s.ask(a, op.method, path, body, mime)
	s.guarded(op, got)
	return got.status
}

// guarded holds what every answer must have against pages of others.
func (s *scene) guarded(op operation, got answer) {
	h := got.header
	if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" ||
		h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Access-Control-Allow-Origin") != "" {
		s.t.Errorf("%s %s: headers %v", op.method, op.path, h)
	}
}

// beside are paths that are in no description: pages and files of the viewer, and what must not be there.
var beside = []string{"/", "/app.js", "/live", "/join", "/wall", "/index.html", "/state.db", "/endpoint.json", "/tls/ca.key", "/.git/config", "/debug/pprof/", "/api/v1/nothing", "/api/v2/cameras"}

// aboutACamera tells whether the operation is of a camera, in its path or in its body.
func (op operation) aboutACamera() bool {
	return op.camera || slices.Contains([]string{"POST /api/v1/locks", "DELETE /api/v1/locks/{id}", "POST /api/v1/erasures", "POST /api/v1/exports", "POST /api/v1/approvals"}, op.method+" "+op.path)
}

// TestRightsOfEverybodyOnEveryRoute runs every route of the API's own description, for each kind of asker and, where it is about a camera,
// for one that some of them may see and one that they may not, against the whole gateway, and compares with what a person has read and
// agreed to. A route without a line fails.
func TestRightsOfEverybodyOnEveryRoute(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	var b strings.Builder
	b.WriteString("# Who gets what: the status of every route for every kind of asker. -A has rights over camera door alone; till is the other camera.\n" +
		"# Written by go test ./cmd/holdfast -run TestRightsOfEverybody -update-rights, and read by a person before it is committed.\n")
	table := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	fmt.Fprint(table, "route\tcamera\tneeds")
	for _, a := range s.askers {
		fmt.Fprint(table, "\t", a.name)
	}
	fmt.Fprintln(table)
	for _, path := range beside {
		fmt.Fprintf(table, "GET %s\t-\t(no route)", path)
		for _, a := range s.askers {
			fmt.Fprintf(table, "\t%d", s.ask(a, "GET", path, "", "").status)
		}
		fmt.Fprintln(table)
	}
	for _, op := range s.operations() {
		cameras := []string{"-"}
		if op.aboutACamera() {
			cameras = []string{cameraA, cameraB}
		}
		for _, camera := range cameras {
			needs := op.permission
			if op.public {
				needs = "public"
			}
			fmt.Fprintf(table, "%s %s\t%s\t%s", op.method, op.path, camera, needs)
			for _, a := range s.askers {
				status := s.try(a, op, camera)
				if op.path == "/api/v1/audit/verify" && status == http.StatusConflict {
					status = http.StatusAccepted // one runs at a time: whoever may gets either
				}
				if strings.HasSuffix(op.path, "/motion") && status == http.StatusConflict {
					status = http.StatusOK // of these each person has one at a time, and what was asked for before may still be noticed to be over
				}
				if a.narrow && camera == cameraB && status < 400 {
					t.Errorf("%s gets %d from %s %s of camera B", a.name, status, op.method, op.path)
				}
				fmt.Fprintf(table, "\t%d", status)
			}
			fmt.Fprintln(table)
		}
	}
	table.Flush()
	agreed(t, "testdata/rights.txt", b.String(), *updateRights)
}

// agreed compares with a file that a person has read.
func agreed(t *testing.T, file, got string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	known := strings.Split(string(want), "\n")
	for line := range strings.Lines(got) {
		if line = strings.TrimSuffix(line, "\n"); !slices.Contains(known, line) {
			t.Errorf("not agreed to: %s", line)
		}
	}
	t.Errorf("%s is not what was agreed to; -update-rights writes it", file)
}

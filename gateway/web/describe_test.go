package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"holdfast/gateway/auth"
)

func TestEveryRouteOfTheMuxComesFromTheTable(t *testing.T) {
	s := newSite(t)
	seen := make(map[string]bool)
	for _, rt := range s.routes {
		if err := rt.check(); err != nil {
			t.Error(err)
		}
		name := rt.method + " " + rt.pattern
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		path, _, _ := sample(rt)
		r, err := http.NewRequest(rt.method, "http://localhost"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, pattern := s.mux.Handler(r); pattern != name {
			t.Errorf("%s: the mux takes %s for %s", name, path, pattern)
		}
		if rt.hidden && (rt.method != "GET" || rt.public == "" || strings.HasPrefix(rt.pattern, "/api")) {
			t.Errorf("%s is hidden from the description", name)
		}
	}
}

func TestARouteNeedsEitherAPermissionOrAReason(t *testing.T) {
	ok := func(*Server, http.ResponseWriter, *request) error { return nil }
	for _, rt := range []route{
		{method: "GET", pattern: "/x", summary: "x", serve: ok},
		{method: "GET", pattern: "/x", summary: "x", serve: ok, public: "because", needs: auth.See},
		{method: "GET", pattern: "/x", public: "because", serve: ok},
		{method: "GET", pattern: "/x", public: "because", summary: "x"},
	} {
		if rt.check() == nil {
			t.Errorf("%+v passes", rt)
		}
	}
}

// described is as much of OpenAPI as the test reads.
type described struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		Summary     string
		OperationID string
		Permission  string `json:"x-permission"`
		Security    []map[string][]string
		Parameters  []struct{ Name, In string }
		Responses   map[string]json.RawMessage
		RequestBody json.RawMessage
	}
	Components struct {
		Schemas map[string]json.RawMessage
	}
}

func TestTheDescriptionHoldsEveryRouteAndItsPermission(t *testing.T) {
	s := newSite(t)
	a := s.do("GET", "/api/v1/openapi.json", "")
	var d described
	if err := json.Unmarshal([]byte(a.text), &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatal(err, d.OpenAPI)
	}
	n, ids := 0, make(map[string]bool)
	for path, operations := range d.Paths {
		for method, op := range operations {
			n++
			if ids[op.OperationID] || op.Summary == "" || len(op.Responses) < 2 {
				t.Errorf("%s %s: %+v", method, path, op)
			}
			ids[op.OperationID] = true
			for _, p := range op.Parameters {
				if p.In == "path" && !strings.Contains(path, "{"+p.Name+"}") {
					t.Errorf("%s %s: no %s in the path", method, path, p.Name)
				}
			}
			if want := strings.Count(path, "{"); want != countIn(op.Parameters, "path") {
				t.Errorf("%s %s: %d parameters in the path", method, path, want)
			}
		}
	}
	for _, rt := range table() {
		n--
		op, ok := d.Paths[rt.pattern][strings.ToLower(rt.method)]
		if !ok || (rt.public == "") != (op.Permission == rt.needs.String()) || (rt.body == nil) != (op.RequestBody == nil) {
			t.Errorf("%s %s is described as %+v", rt.method, rt.pattern, op)
		}
	}
	if n != 0 {
		t.Errorf("%d more operations than routes", n)
	}
	for _, ref := range strings.Split(a.text, `"$ref": "#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(ref, `"`)
		if len(d.Components.Schemas[name]) < 10 {
			t.Errorf("schema %s is missing", name)
		}
	}
}

func countIn(list []struct{ Name, In string }, in string) (n int) {
	for _, p := range list {
		if p.In == in {
			n++
		}
	}
	return n
}

func TestTheViewerMustHaveAShell(t *testing.T) {
	s := newSite(t)
	o := s.o
	o.UI = emptyFS{}
	if _, err := New(o); err == nil {
		t.Error("a viewer without index.html is accepted")
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a server without anything is accepted")
	}
}

package web

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"sort"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

var update = flag.Bool("update", false, "write testdata/authorisation.txt anew, to be read before it is committed")

// askers are who asks in the matrix, and how.
func (s *site) askers(p person) []struct {
	name string
	with caller
} {
	return []struct {
		name string
		with caller
	}{
		{"nobody", header("X", "y")},
		{"session", p.changes()},
		{"no-csrf", p.reads()},
		{"foreign", both(p.changes(), header("Origin", "https://evil.example"))},
		{"bearer", s.bearer()},
		{"bad-token", header("Authorization", "Bearer hfp_wrong")},
	}
}

func both(a, b caller) caller { return func(r *http.Request) { a(r); b(r) } }

// sample gives a path and a body with which a route does what it is for.
func sample(rt route) (path, body, mime string) {
	path = strings.NewReplacer("{id}", "door", "{session}", "none", "{token}", "t", "{slug}", "csrf", "{camera}", "door", "{$}", "").Replace(rt.pattern)
	if rt.pattern == "/api/v1/sessions/{id}" {
		path = "/api/v1/sessions/none"
	}
	for _, p := range rt.params {
		if p.name == "cameras" && p.required {
			path += "?cameras=door"
		}
		if p.name == "from" {
			path += "?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z"
		}
		if p.name == "at" && p.required {
			path += "?at=2026-03-01T08:00:00Z"
		}
	}
	if rt.body != nil {
		body, mime = "{}", rt.body.mime
	}
	if rt.pattern == "/api/v1/cameras" && rt.body != nil {
		body = `{"address":"192.168.1.9"}`
	}
	if strings.HasSuffix(rt.pattern, "/{id}/record") && rt.body != nil {
		body = `{"mode":"event"}`
	}
	if given := enrolmentSamples[rt.method+" "+rt.pattern]; given != "" {
		body = given
	}
	if given := controlSamples[rt.method+" "+rt.pattern]; given != "" {
		body = given
	}
	if rt.pattern == "/api/v1/locks" && rt.body != nil {
		body = goodLock
	}
	if rt.pattern == "/api/v1/events/reviewed" {
		body = `{"events":[{"camera":"door","id":"` + newestEvent + `"}]}`
	}
	if rt.pattern == "/api/v1/erasures" && rt.body != nil {
		body = goodErasure
	}
	if rt.pattern == "/api/v1/exports" && rt.body != nil {
		body = goodExport
	}
	if rt.pattern == "/api/v1/volumes" && rt.body != nil {
		body = `{"path":"/srv/more"}`
	}
	if rt.pattern == "/api/v1/probe" {
		body = `{"address":"192.168.1.9"}`
	}
	if strings.HasSuffix(rt.pattern, "/encoders/{token}") {
		body = `{"gop":50}`
	}
	return path, body, mime
}

// TestAuthorisationMatrix runs every route of the table, and some that are not in it, against a real listener for every
// kind of asker, and compares with what a person has read and agreed to. A route without a line fails.
func TestAuthorisationMatrix(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	routes := append([]route(nil), s.routes...)
	routes = append(routes, unknownRoutes...)
	sort.SliceStable(routes, func(i, j int) bool {
		return !routes[i].hidden && routes[j].hidden || routes[i].hidden == routes[j].hidden && routes[i].hidden && routes[i].pattern < routes[j].pattern
	})
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "route\tneeds")
	for _, a := range s.askers(p) {
		fmt.Fprint(table, "\t", a.name)
	}
	fmt.Fprintln(table)
	for _, rt := range routes {
		fmt.Fprintf(table, "%s %s\t%s", rt.method, rt.pattern, neededBy(rt))
		for _, a := range s.askers(p) {
			fmt.Fprintf(table, "\t%d", s.try(rt, a.with))
		}
		fmt.Fprintln(table)
	}
	table.Flush()
	compareMatrix(t, b.String())
}

// unknownRoutes are in no table.
var unknownRoutes = []route{
	{method: "GET", pattern: "/api/v1/nothing", summary: "-"}, {method: "GET", pattern: "/api/v2/cameras", summary: "-"}, {method: "PUT", pattern: "/api/v1/cameras/door", summary: "-"},
	{method: "GET", pattern: "/debug/pprof/", summary: "-"}, {method: "GET", pattern: "/ui.go", summary: "-"}, {method: "GET", pattern: "/.secret.json", summary: "-"},
	{method: "GET", pattern: "/tls/ca.pem", summary: "-"}, {method: "GET", pattern: "/state.db", summary: "-"}, {method: "TRACE", pattern: "/", summary: "-"}, {method: "POST", pattern: "/", summary: "-"},
	{method: "GET", pattern: "/index.html", summary: "-"},
}

func neededBy(rt route) string {
	switch {
	case rt.public != "":
		return "public"
	case rt.serve == nil:
		return "(no route)"
	}
	return rt.needs.String()
}

// try asks, and signs nobody out: a route that ends the asker's session is asked with one made for it.
func (s *site) try(rt route, with caller) int {
	s.pass(5 * time.Minute) // so that nobody is throttled
	path, body, mime := sample(rt)
	if rt.method == "DELETE" && rt.pattern == "/api/v1/session" {
		own := s.signIn()
		with = replaceCookie(with, own)
	}
	if rt.streams && strings.HasPrefix(rt.pattern, "/api") && !strings.Contains(rt.pattern, "/video.") {
		return s.tryStream(rt.method, path, with)
	}
	all := []caller{with}
	if mime != "" {
		all = append(all, header("Content-Type", mime))
	}
	return s.do(rt.method, path, body, all...).StatusCode
}

// replaceCookie has the asker use another session, if they use one.
func replaceCookie(with caller, own person) caller {
	return func(r *http.Request) {
		with(r)
		if r.Header.Get("Cookie") == "" {
			return
		}
		r.Header.Del("Cookie")
		r.AddCookie(own.cookie)
		if r.Header.Get(csrfHeader) != "" {
			r.Header.Set(csrfHeader, own.info.CSRF)
		}
	}
}

// tryStream asks for an answer that does not end, and reads only how it begins. Of some a person has one at a time: the one that was asked for
// before is over once the gateway has noticed that nobody reads it.
func (s *site) tryStream(method, path string, with caller) int {
	s.t.Helper()
	limit, tick := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		got := s.beginStream(method, path, with)
		if got != http.StatusConflict {
			return got
		}
		select {
		case <-tick.C:
		case <-limit:
			return got
		}
	}
}

func (s *site) beginStream(method, path string, with caller) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	with(r)
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func compareMatrix(t *testing.T, got string) {
	t.Helper()
	const file = "testdata/authorisation.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the matrix is not the one that was agreed to (go test -run Matrix -update writes it). Now:\n%s", got)
	}
}

package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"holdfast/gateway/auth"
)

// makeRoutes makes the mux and the API description of the table.
func (s *Server) makeRoutes() error {
	files, err := staticRoutes(s.o.UI)
	if err != nil {
		return err
	}
	s.routes = append(table(), files...)
	s.mux = http.NewServeMux()
	for i := range s.routes {
		rt := &s.routes[i]
		rt.camera = strings.Contains(rt.pattern, "/cameras/{id}")
		if err := rt.check(); err != nil {
			return err
		}
		s.mux.Handle(rt.method+" "+rt.pattern, s.enter(rt))
	}
	s.mux.HandleFunc("/", s.unknown)
	s.openapi, err = describe(s.routes, s.o.Version)
	return err
}

// check holds a line of the table to its rules: a permission or a reason, never both and never neither; a change is in the audit log; and a
// permission about cameras is about one that the path names, or the route says how it keeps to those that may be seen.
func (rt *route) check() error {
	if (rt.needs == auth.None) == (rt.public == "") {
		return fmt.Errorf("route %s %s: it needs either a permission or a reason to be public", rt.method, rt.pattern)
	}
	changes := rt.method != http.MethodGet && rt.method != http.MethodOptions
	switch {
	case changes && (rt.does == "") == (rt.unlogged == ""):
		return fmt.Errorf("route %s %s: it needs either an action in the audit log or a reason to have none", rt.method, rt.pattern)
	case !rt.camera && rt.needs.OfCameras() && rt.filters == "":
		return fmt.Errorf("route %s %s: the path names no camera, so it must say how it keeps to those that may be seen", rt.method, rt.pattern)
	}
	if rt.serve == nil || rt.summary == "" {
		return fmt.Errorf("route %s %s: it is not complete", rt.method, rt.pattern)
	}
	return nil
}

// unknown answers whatever is not in the table. A stranger cannot tell it from what is.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	out := w.(*paced)
	if r.ContentLength != 0 {
		out.Header().Set("Connection", "close")
	}
	who, _ := s.identify(r)
	if !who.Known() {
		s.fail(out, r, kindSignIn.with(""))
		return
	}
	if allow := s.allowed(who, r); len(allow) > 0 {
		p := kindMethod.with("")
		p.allow = strings.Join(allow, ", ")
		s.fail(out, r, p)
		return
	}
	s.fail(out, r, kindNotFound.with(""))
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// allowed lists the methods that the table has for the path, and that somebody may use.
func (s *Server) allowed(who auth.Identity, r *http.Request) []string {
	return slices.DeleteFunc(slices.Clone(methods), func(method string) bool {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		_, pattern := s.mux.Handler(probe)
		i := slices.IndexFunc(s.routes, func(rt route) bool { return rt.method+" "+rt.pattern == pattern })
		if i < 0 {
			return true
		}
		rt := &s.routes[i]
		return !rt.opens(who, cameraIn(r.URL.Path))
	})
}

// cameraIn is the id of the camera that a path of the API names.
func cameraIn(path string) string {
	rest, _ := strings.CutPrefix(path, "/api/v1/cameras/")
	id, _, _ := strings.Cut(rest, "/")
	return id
}

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
		if err := rt.check(); err != nil {
			return err
		}
		s.mux.Handle(rt.method+" "+rt.pattern, s.enter(rt))
	}
	s.mux.HandleFunc("/", s.unknown)
	s.openapi, err = describe(s.routes, s.o.Version)
	return err
}

// check holds a line of the table to its rules: a permission or a reason, never both and never neither.
func (rt *route) check() error {
	if (rt.needs == auth.None) == (rt.public == "") {
		return fmt.Errorf("route %s %s: it needs either a permission or a reason to be public", rt.method, rt.pattern)
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
	if who, _ := s.identify(r); !who.Known() {
		s.fail(out, r, kindSignIn.with(""))
		return
	}
	if allow := s.allowed(r); len(allow) > 0 {
		p := kindMethod.with("")
		p.allow = strings.Join(allow, ", ")
		s.fail(out, r, p)
		return
	}
	s.fail(out, r, kindNotFound.with(""))
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// allowed lists the methods that the table has for the path.
func (s *Server) allowed(r *http.Request) []string {
	return slices.DeleteFunc(slices.Clone(methods), func(method string) bool {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		_, pattern := s.mux.Handler(probe)
		return pattern == "/" || pattern == ""
	})
}

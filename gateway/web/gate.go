package web

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"holdfast/gateway/auth"
)

// ServeHTTP is the way that every request takes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := newPaced(w, r)
	defer s.rescue(out, r)
	secure(out.Header())
	s.strict(out.Header(), r)
	guardBody(out, r)
	if _, local := localIdentity(r); !local && !s.knownHost(r.Host, localAddr(r)) {
		s.fail(out, r, kindHost.with(""))
		return
	}
	s.mux.ServeHTTP(out, r)
}

func localAddr(r *http.Request) net.Addr {
	a, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return a
}

// rescue turns a panic into an answer, if none was begun, and a log line.
func (s *Server) rescue(w *paced, r *http.Request) {
	p := recover()
	s.counts.answered(r.Pattern, w.status)
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler {
		s.log.Error("request panicked", "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
	}
	if w.status == 0 && p != http.ErrAbortHandler {
		kindFailed.with("").write(w)
		return
	}
	panic(http.ErrAbortHandler) // net/http closes the connection
}

// bodyTime bounds the reading of a body, and of what is left of one that was refused.
const bodyTime = 10 * time.Second

// guardBody bounds how long a body may come, from the first moment, so that a refused one cannot hold the connection.
func guardBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	}
}

// enter is what the mux calls for a route: the gate, then the route's function.
func (s *Server) enter(rt *route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out := w.(*paced)
		req, err := s.admit(rt, out, r)
		if err == nil && rt.streams {
			var stop func()
			stop, err = s.hold(rt, out, req)
			defer stop() // after a refusal was sent: nothing is, once it is called
		}
		if err == nil {
			err = s.serveRoute(rt, out, req)
		}
		if err != nil {
			s.recordRefusal(rt, req, problemOf(err))
			out.answering = nil
			s.fail(out, r, err)
		}
	}
}

// serveRoute calls the route's function, whose entry is written before it answers.
func (s *Server) serveRoute(rt *route, out *paced, req *request) error {
	req.admitted = true
	if rt.changes() && s.o.Audit.Refuses() {
		return kindUnlogged.with("")
	}
	out.answering = func() { s.record(rt, req) }
	if rt.live() && rt.streams {
		defer s.liveEnd(req)()
	}
	return rt.serve(s, out, req)
}

// hold has the answer end when the right to it does.
func (s *Server) hold(rt *route, out *paced, req *request) (stop func(), err error) {
	need := auth.Need{Permission: rt.needs}
	if rt.camera {
		need.Camera = req.PathValue("id")
	} else {
		need.Standing = s.o.Auth.Standing(req.who) // what is told depends on all of it
	}
	stop, ok := out.endWith(req.who, s.o.Auth, need)
	if !ok {
		return stop, kindNotFound.with("")
	}
	req.Request = req.WithContext(out.ctx)
	return stop, nil
}

// admit decides whether a request may reach its route. The request that it gives is good for the audit log when it may not.
func (s *Server) admit(rt *route, w http.ResponseWriter, r *http.Request) (*request, error) {
	who, secret := s.identify(r)
	req := &request{Request: r, who: who, secret: secret, entry: s.base(rt, r, who)}
	switch {
	case rt.public != "":
	case !who.Known():
		return req, kindSignIn.with("")
	case who.NeedsSecondFactor() && rt.needs != auth.Self:
		return req, kindEnrol.with("")
	case !rt.opens(who, r.PathValue("id")):
		return req, kindNotFound.with("")
	}
	if err := checkOrigin(rt, who, secret, r); err != nil {
		return req, err
	}
	body, err := readBody(rt, w, r)
	if err != nil {
		return req, err
	}
	req.body = body
	return req, nil
}

// opens tells whether somebody may use the route, for the camera that its path names. Who may not is answered as if it, or the camera, were
// not there: a camera is not looked up before that is known.
func (rt *route) opens(who auth.Identity, camera string) bool {
	switch {
	case rt.public != "":
		return true
	case rt.camera && rt.needs.OfCameras():
		return who.MayOn(rt.needs, camera)
	}
	return who.May(rt.needs)
}

// maxCookies bounds how many cookies of our name are looked at: another site of the same host may have planted some.
const maxCookies = 4

// identify tells who asks. Whoever sends an Authorization header is judged by that alone.
func (s *Server) identify(r *http.Request) (who auth.Identity, secret string) {
	if who, ok := localIdentity(r); ok {
		return who, ""
	}
	if h := r.Header.Values("Authorization"); len(h) > 0 {
		scheme, token, _ := strings.Cut(h[0], " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return auth.Identity{}, ""
		}
		who, _ = s.o.Auth.Bearer(strings.TrimSpace(token), auth.Attempt{From: peerOf(r)})
		return who, ""
	}
	cookies := r.CookiesNamed(cookieName(r))
	for _, c := range cookies[:min(len(cookies), maxCookies)] {
		if who, err := s.o.Auth.Session(c.Value); err == nil {
			return who, c.Value
		}
	}
	return auth.Identity{}, ""
}

// csrfHeader carries the token against request forgery.
const csrfHeader = "X-CSRF-Token"

// checkOrigin refuses what a page of somebody else's made the browser send: whatever a session is used for, and every
// change by somebody who may be a browser, signing in included. A session's changes also need the forgery token.
func checkOrigin(rt *route, who auth.Identity, secret string, r *http.Request) error {
	if who.Known() && who.Session == "" {
		return nil // no browser sends a token by itself
	}
	changes := rt.method != http.MethodGet && rt.method != http.MethodOptions
	if (changes || rt.public == "") && foreign(r) {
		return kindCSRF.with("It came from a page of another site.")
	}
	if changes && rt.public == "" && !auth.ValidCSRF(secret, r.Header.Get(csrfHeader)) {
		return kindCSRF.with("The " + csrfHeader + " header is missing or wrong.")
	}
	return nil
}

// foreign tells whether the browser says that another origin's page sent the request. Who sends neither header is no
// browser of this decade, and has the SameSite cookie and the forgery token to pass.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host)
}

// readBody reads what the route takes, whole, within its bounds. A route that takes nothing refuses a body.
func readBody(rt *route, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if rt.body == nil {
		if r.ContentLength != 0 && r.Body != http.NoBody {
			return nil, discard(w, kindTooLarge.with("Nothing is taken here."))
		}
		return nil, nil
	}
	mime, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(mime), rt.body.mime) {
		return nil, discard(w, kindMediaType.with("It must be "+rt.body.mime+"."))
	}
	if rt.body.streams {
		r.Body = &steady{body: http.MaxBytesReader(w, r.Body, rt.body.max), conn: http.NewResponseController(w)}
		return nil, nil
	}
	body, err := readAll(w, r, rt.body.max)
	if err == nil {
		http.NewResponseController(w).SetReadDeadline(time.Time{}) // a refused one keeps its time, to be thrown away in
	}
	return body, err
}

// discard has the connection closed after a refusal before the body was read.
func discard(w http.ResponseWriter, p *Problem) error {
	w.Header().Set("Connection", "close")
	return p
}

func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := readLimited(http.MaxBytesReader(w, r.Body, limit), r.ContentLength, limit)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, discard(w, kindTooLarge.with(sizeSentence(limit)))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, discard(w, kindTooSlow.with(""))
	case err != nil:
		return nil, discard(w, kindRequest.with("The body broke off."))
	}
	return body, nil
}

// fail answers with a problem. What is our fault goes to the log, and not to the client.
func (s *Server) fail(w *paced, r *http.Request, err error) {
	p := problemOf(err)
	if w.status != 0 { // the answer has begun: all that is left is to break it off
		if r.Context().Err() == nil && w.ctx.Err() == nil {
			s.log.Warn("answer broken off", "route", r.Pattern, "error", err)
		}
		panic(http.ErrAbortHandler)
	}
	if p.Status == http.StatusInternalServerError && r.Context().Err() == nil {
		s.log.Error("request failed", "route", r.Pattern, "error", err)
	}
	p.write(w)
}

package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// raw sends bytes on a connection of its own and gives all that comes back.
func (s *site) raw(text string) string {
	s.t.Helper()
	c, err := net.Dial("tcp", s.address())
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(deadline))
	io.WriteString(c, text)
	answer, err := io.ReadAll(c)
	if err != nil && len(answer) == 0 {
		return ""
	}
	return string(answer)
}

func TestEveryStateChangeNeedsTheForgeryToken(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	other := s.signIn()
	tried := 0
	for _, rt := range s.routes {
		if rt.method == "GET" || rt.method == "OPTIONS" || rt.public != "" {
			continue
		}
		tried++
		path, body, mime := sample(rt)
		for name, with := range map[string]caller{
			"no token":               p.reads(),
			"another's token":        both(p.reads(), header(csrfHeader, other.info.CSRF)),
			"the cookie as token":    both(p.reads(), header(csrfHeader, p.cookie.Value)),
			"foreign origin":         both(p.changes(), header("Origin", "http://evil.example")),
			"our name as a prefix":   both(p.changes(), header("Origin", s.url+".evil.example")),
			"our host, another port": both(p.changes(), header("Origin", "http://127.0.0.1:1")),
			"null origin":            both(p.changes(), header("Origin", "null")),
			"cross-site":             both(p.changes(), header("Sec-Fetch-Site", "cross-site")),
			"same-site":              both(p.changes(), header("Sec-Fetch-Site", "same-site")),
		} {
			a := s.do(rt.method, path, body, with, header("Content-Type", mime))
			if a.StatusCode != http.StatusForbidden || a.problem(t).Type != "/problems/csrf" {
				t.Errorf("%s %s with %s: %s", rt.method, rt.pattern, name, a.Status)
			}
		}
	}
	if tried < 8 {
		t.Errorf("only %d routes change anything", tried)
	}
	if a := s.do("POST", "/api/v1/check", "{}", p.changes(), header("Origin", s.url), header("Sec-Fetch-Site", "same-origin")); a.StatusCode != http.StatusAccepted {
		t.Errorf("our own page is refused: %s %s", a.Status, a.text)
	}
}

func TestAForeignPageCannotSignAnybodyIn(t *testing.T) {
	s := newSite(t)
	s.setUp()
	body := encode(Credentials{Username: adminName, Password: adminPassword})
	for _, path := range []string{"/api/v1/session", "/api/v1/session/once", "/api/v1/setup"} {
		if a := s.do("POST", path, body, header("Origin", "https://evil.example")); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	for _, mime := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""} {
		if a := s.do("POST", "/api/v1/session", body, header("Content-Type", mime)); a.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("a form of type %q is taken: %s", mime, a.Status)
		}
	}
}

func TestSigningInNeverPromotesAPlantedSession(t *testing.T) {
	s := newSite(t)
	planted := s.setUp()
	p := s.signIn(planted.reads())
	if p.cookie.Value == planted.cookie.Value {
		t.Fatal("the planted secret was kept")
	}
	if a := s.do("GET", "/api/v1/session", "", planted.reads()); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the planted session still counts: %s", a.Status)
	}
	invented := person{cookie: &http.Cookie{Name: p.cookie.Name, Value: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}
	q := s.signIn(invented.reads())
	if q.cookie.Value == invented.cookie.Value {
		t.Error("an invented secret was taken")
	}
}

func TestCookiesAreKeptFromScriptsAndOtherSites(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	c := p.cookie
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "holdfast-") {
		t.Errorf("cookie %+v", c)
	}
	a := s.do("DELETE", "/api/v1/session", "", p.changes())
	if a.StatusCode != http.StatusNoContent || len(a.Cookies()) != 1 || a.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out: %s %v", a.Status, a.Cookies())
	}
	if a := s.do("GET", "/api/v1/session", "", p.reads()); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the session outlives signing out: %s", a.Status)
	}
}

func TestACookiePlantedBesideOursDoesNotSignUsOut(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	both := header("Cookie", p.cookie.Name+"=planted; "+p.cookie.Name+"="+p.cookie.Value)
	if a := s.do("GET", "/api/v1/session", "", both); a.StatusCode != http.StatusOK {
		t.Error(a.Status)
	}
}

func TestABadTokenIsNotSavedByAGoodCookie(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	for _, h := range []string{"Bearer wrong", "Basic Z3JhY2U6eA==", "", "Bearer"} {
		if a := s.do("GET", "/api/v1/cameras", "", p.reads(), header("Authorization", h)); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q: %s", h, a.Status)
		}
	}
}

func TestTokensInTheQueryAreNotTaken(t *testing.T) {
	s := newSite(t)
	for _, q := range []string{"token=", "access_token=", "bearer="} {
		if a := s.do("GET", "/api/v1/cameras?"+q+s.auth.ProcessToken(), ""); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %s", q, a.Status)
		}
	}
}

func TestPathsLeadNowhereElse(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{
		"/../state.db", "/css/../../state.db", "/%2e%2e/state.db", "/..%2fstate.db", "/css/%2e%2e/ui.go", "/css/..%5c..%5cstate.db", "/.secret.json", "/ui.go", "/css/", "/css",
		"//state.db", "/app.js/", "/app.js%00.css", "/etc/passwd", "/tls/ca.pem", "/%2ftls/ca.pem", "/index.html", "/api/v1/cameras/../../../state.db", "/problems/../state.db", "/live/../state.db", "/live/a/b",
	} {
		for _, with := range []string{"", "Authorization: Bearer " + s.auth.ProcessToken() + "\r\n"} {
			answer := s.raw("GET " + path + " HTTP/1.1\r\nHost: " + s.address() + "\r\n" + with + "Connection: close\r\n\r\n")
			status := strings.SplitN(answer, " ", 3)
			if len(status) < 2 || status[1] != "401" && status[1] != "404" && status[1] != "307" && status[1] != "301" && status[1] != "400" {
				t.Errorf("%s: %.200s", path, answer)
			}
			if strings.Contains(answer, "Location: http") || strings.Contains(answer, "Location: //") {
				t.Errorf("%s leads away: %s", path, answer)
			}
		}
	}
}

func TestIdsInAPathReachNoOtherCamera(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"..", "%2e%2e", "..%2fdoor", "door%2f..%2ftill", "door%00", "door%0d%0aSet-Cookie:x=y", "DOOR", "door ", "*", strings.Repeat("x", 5000)} {
		for _, rest := range []string{"", "/snapshot.jpg", "/live.mp4", "/spans?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z", "/video.mp4?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z"} {
			a := s.do("GET", "/api/v1/cameras/"+strings.ReplaceAll(id, " ", "%20")+rest, "", s.bearer())
			if a.StatusCode == http.StatusOK || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%q%s: %s", id, rest, a.Status)
			}
		}
	}
}

func TestStreamIdsBecomeNoPath(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"../main", "main/../../x", "main%00", "a b", "%2e%2e", ".", "-x", "x%0d%0aX:y", strings.Repeat("x", 65)} {
		for _, path := range []string{"/spans", "/video.mp4", "/video.json", "/video.fmp4", "/snapshot.jpg", "/live.mp4"} {
			a := s.do("GET", "/api/v1/cameras/door"+path+"?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z&stream="+strings.ReplaceAll(id, " ", "+"), "", s.bearer())
			if a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s stream %q: %s", path, id, a.Status)
			}
		}
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	s := newSite(t)
	s.cameras.adopt = func(r AdoptRequest) (Camera, error) { return Camera{ID: "a\r\nSet-Cookie: x=y", Name: r.Name}, nil }
	a := s.do("POST", "/api/v1/cameras", `{"address":"192.168.1.9"}`, s.bearer())
	if a.Header.Get("Set-Cookie") != "" || strings.ContainsAny(a.Header.Get("Location"), "\r\n") {
		t.Errorf("headers %v", a.Header)
	}
	for _, path := range []string{"/a%0d%0aSet-Cookie:x=y/../b", "/%0d%0aLocation:%20http://evil.example/..//x"} {
		answer := s.raw("GET " + path + " HTTP/1.1\r\nHost: " + s.address() + "\r\nConnection: close\r\n\r\n")
		head, _, _ := strings.Cut(answer, "\r\n\r\n")
		if strings.Contains(head, "\r\nSet-Cookie:") || strings.Contains(head, "\r\nLocation: http://evil") {
			t.Errorf("%s: %s", path, head)
		}
	}
}

func TestLogLinesCannotBeForged(t *testing.T) {
	s := newSite(t)
	s.setUp()
	s.do("POST", "/api/v1/session", encode(Credentials{Username: "x\nlevel=INFO msg=\"signed in\"", Password: "y"}), header("User-Agent", "z\tlevel=INFO"))
	s.raw("GET /\nlevel=INFO HTTP/1.1\r\nHost: x\nlevel=INFO msg=\"signed in\"\r\n\r\n")
	for line := range strings.Lines(s.log.String()) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("a forged line: %s", line)
		}
	}
}

func TestANameThatIsNotOursIsRefusedWhoeverAsks(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	port := s.address()[strings.LastIndex(s.address(), ":"):]
	for _, name := range []string{"evil.example", "evil.example" + port, "127.0.0.1.evil.example", "nvr.shop.lan.evil.example", "192.168.1.5", "0.0.0.0", "[::]", "10.0.0.1" + port, "localhost.evil.example", "2130706433"} {
		for _, path := range []string{"/", "/api/v1/cameras", "/api/v1/session", "/healthz", "/ca.crt"} {
			a := s.do("GET", path, "", p.reads(), host(name))
			if a.StatusCode != http.StatusMisdirectedRequest || strings.Contains(a.text, "evil") {
				t.Errorf("%s%s: %s %s", name, path, a.Status, a.text)
			}
		}
	}
	for _, name := range []string{"localhost", "localhost" + port, "127.0.0.1", "LOCALHOST.", "nvr.shop.lan", "NVR.shop.lan:8443"} {
		if a := s.do("GET", "/healthz", "", host(name)); a.StatusCode != http.StatusOK {
			t.Errorf("%s is refused: %s", name, a.Status)
		}
	}
	if answer := s.raw("GET / HTTP/1.0\r\n\r\n"); !strings.Contains(answer, " 421 ") {
		t.Errorf("no Host header at all: %s", answer)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := newSite(t)
	s.setUp()
	huge := `{"username":"` + strings.Repeat("x", maxJSON) + `"}`
	if a := s.do("POST", "/api/v1/session", huge); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %s", a.Status)
	}
	endless := func(r *http.Request) { // no length is claimed
		r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, 10*maxJSON)), -1
	}
	if a := s.do("POST", "/api/v1/session", "x", endless); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("endless: %s", a.Status)
	}
	if a := s.do("POST", "/api/v1/cameras/door/whep", strings.Repeat("v", maxSDP+1), s.bearer(), header("Content-Type", "application/sdp")); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("offer: %s", a.Status)
	}
	if a := s.do("GET", "/api/v1/cameras", "something", s.bearer()); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body where none is taken: %s", a.Status)
	}
	for name, request := range map[string]string{
		"endless address": "GET /healthz?" + strings.Repeat("x", maxHeader*2) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"endless header":  "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("x", maxHeader*2) + "\r\n\r\n",
	} {
		// The refusal may be lost when the connection is closed on what is still being sent.
		if answer := s.raw(request); answer != "" && !strings.Contains(answer, " 431 ") {
			t.Errorf("%s: %.100s", name, answer)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBodiesThatAreNotWhatTheySay(t *testing.T) {
	s := newSite(t)
	for _, body := range []string{"", " ", "null", "[]", "{", `{"address":1}`, `{"address":"10.0.0.1"}{}`, `{"address":"10.0.0.1","colour":"red"}`, "\xff\xfe", strings.Repeat("[", 50000), `{"address":"http://u:p@10.0.0.1/"}`, `{"address":"10.0.0.1","record":"x"}`, `{"address":"10.0.0.1","name":"a\nb"}`} {
		a := s.do("POST", "/api/v1/cameras", body, s.bearer(), header("Content-Type", "application/json"))
		if a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%.60q: %s", body, a.Status)
		}
		a.problem(t)
	}
}

func TestOneAddressCannotTakeAllConnections(t *testing.T) {
	s := newSite(t)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range maxConnsPerAddress + 20 {
		c, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	until(t, "turning away", func() bool { return s.conns.turnedAway() >= 20 })
	if n := s.conns.open(); n > maxConnsPerAddress {
		t.Errorf("%v connections of one address", n)
	}
	other, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", s.address())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetDeadline(time.Now().Add(deadline))
	fmt.Fprintf(other, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(other), nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("another address is shut out: %v", err)
	}
	for _, c := range conns {
		c.Close()
	}
	conns = nil
	until(t, "counting out", func() bool { return s.conns.open() <= 1 })
}

// Slow senders are cut off by time; the bounds are read from the server rather than waited for.
func TestSlowSendersAreBounded(t *testing.T) {
	s := newSite(t)
	srv := s.httpServer(t.Context())
	if srv.ReadHeaderTimeout <= 0 || srv.ReadHeaderTimeout > 15*time.Second || srv.IdleTimeout <= 0 || srv.MaxHeaderBytes <= 0 || srv.MaxHeaderBytes > 64<<10 {
		t.Errorf("header time %s, idle time %s, header bytes %d", srv.ReadHeaderTimeout, srv.IdleTimeout, srv.MaxHeaderBytes)
	}
	for _, c := range []struct{ name, request string }{
		{"a body that does not come", "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"},
		{"a refused body that does not come", "POST /api/v1/cameras HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"},
		{"a body to where none is taken", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"},
		{"headers that do not end", "GET / HTTP/1.1\r\nHost: localhost\r\nX-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", s.address())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetReadDeadline(time.Now().Add(4 * max(bodyTime, headerTime)))
			io.WriteString(conn, c.request)
			if _, err := io.Copy(io.Discard, conn); err != nil {
				t.Errorf("the connection is held: %v", err)
			}
		})
	}
}

func TestGuessingAThousandTimesIsTurnedAwayAndCostsLittle(t *testing.T) {
	s := newSite(t)
	s.setUp()
	statuses := map[int]int{}
	var mu sync.Mutex
	var guessers sync.WaitGroup
	for g := range 4 {
		guessers.Go(func() {
			for i := range 250 {
				a := s.do("POST", "/api/v1/session", encode(Credentials{Username: adminName, Password: fmt.Sprintf("a guess, number %d of %d", i, g)}))
				mu.Lock()
				statuses[a.StatusCode]++
				mu.Unlock()
			}
		})
	}
	guessers.Wait()
	if statuses[429] < 980 || statuses[200] != 0 {
		t.Errorf("statuses %v", statuses)
	}
}

func TestSecretsAreInNoAnswerAndNoLog(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	var answers bytes.Buffer
	s.do("POST", "/api/v1/cameras", `{"address":"192.168.1.9","username":"root","password":"camera secret"}`, p.changes())
	s.do("POST", "/api/v1/cameras", `{"address":"192.168.1.9","password":"camera secret`, p.changes())
	s.do("POST", "/api/v1/cameras", `{"address":"192.168.1.9","password":["camera secret"]}`, p.changes())
	s.do("POST", "/api/v1/session", `{"username":"grace","password":"`+adminPassword+`","camera secret":1}`)
	for _, rt := range s.routes {
		if rt.method != "GET" || rt.streams && !strings.Contains(rt.pattern, "video") {
			continue
		}
		path, _, _ := sample(rt)
		a := s.do("GET", path, "", p.reads())
		a.Header.Write(&answers)
		answers.WriteString(a.text)
	}
	for name, secret := range map[string]string{"camera's password": "camera secret", "password": adminPassword, "session secret": p.cookie.Value, "process token": s.auth.ProcessToken()} {
		if strings.Contains(answers.String(), secret) {
			t.Errorf("the %s is in an answer", name)
		}
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the %s is in the log", name)
		}
	}
}

func TestEveryAnswerForbidsWhatPagesOfOthersCouldDo(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/", "/app.js", "/api/v1/cameras", "/healthz", "/nothing", "/api/v1/openapi.json"} {
		h := s.do("GET", path, "").Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "script-src 'self';", "connect-src 'self';", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: no %s in %s", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || strings.Contains(csp, "*") {
			t.Errorf("%s: policy %s", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": "DENY"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestASessionOfLiveViewBelongsToWhoBeganIt(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	q := s.signIn()
	a := s.do("POST", "/api/v1/cameras/door/whep", "v=0", p.changes(), header("Content-Type", "application/sdp"))
	if a.StatusCode != http.StatusCreated {
		t.Fatal(a.Status, a.text)
	}
	session := a.Header.Get("Location")
	for _, thief := range []caller{q.changes(), s.bearer()} {
		if a := s.do("DELETE", session, "", thief); a.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else ended it: %s", a.Status)
		}
		if a := s.do("PATCH", session, "a=x", thief, header("Content-Type", mimeFragment)); a.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else changed it: %s", a.Status)
		}
	}
	if a := s.do("PATCH", session, "a=x", p.changes(), header("Content-Type", mimeFragment), header("If-Match", `"other"`)); a.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("another entity tag: %s", a.Status)
	}
	if a := s.do("PATCH", session, "a=x", p.changes(), header("Content-Type", mimeFragment), header("If-Match", a.Header.Get("ETag"))); a.StatusCode != http.StatusNoContent {
		t.Errorf("its own entity tag: %s", a.Status)
	}
	if a := s.do("DELETE", session, "", p.changes()); a.StatusCode != http.StatusNoContent {
		t.Errorf("its owner cannot end it: %s", a.Status)
	}
}

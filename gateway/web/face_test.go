package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestATakenPortIsAnAlarmAndIsTriedAgain(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(o *Options) { o.Listen = []string{"127.0.0.1:0", taken.Addr().String()} })
	id := "face:" + taken.Addr().String()
	until(t, "the alarm", func() bool { return s.alarmed(id) })
	if a := s.do("GET", "/healthz", ""); a.StatusCode != 200 {
		t.Errorf("the other face does not serve: %s", a.Status)
	}
	taken.Close()
	until(t, "binding", func() bool { return !s.alarmed(id) })
	res, err := s.client.Get("http://" + taken.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestAnAddressThatCannotBeIsAnAlarm(t *testing.T) {
	for _, listen := range []string{"no port", "127.0.0.1:99999999", "192.0.2.1:0"} {
		s := newSite(t, func(o *Options) { o.Listen = []string{"127.0.0.1:0", listen} })
		until(t, "the alarm", func() bool { return s.alarmed("face:" + listen) })
	}
}

func TestWaitingForAFaceEndsWithTheContext(t *testing.T) {
	s := newSite(t)
	other, err := New(s.o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := other.URL(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestLoopbackSpeaksHTTPAndHasNoCertificate(t *testing.T) {
	s := newSite(t)
	if !strings.HasPrefix(s.url, "http://127.0.0.1:") || s.CAFile() != "" {
		t.Errorf("url %s, CA %q", s.url, s.CAFile())
	}
	if _, err := os.Stat(s.data + "/tls"); err == nil {
		t.Error("an authority was made for nothing")
	}
	if a := s.do("GET", "/api/v1/ca", ""); a.StatusCode != 404 {
		t.Error(a.Status)
	}
}

// lanSite listens on every address, and so speaks HTTPS also where the machine has no address but loopback.
func lanSite(t *testing.T) *site {
	return newSite(t, func(o *Options) { o.Listen = []string{":0"} })
}

func TestAnyOtherAddressSpeaksHTTPSAndHTTP2(t *testing.T) {
	s := lanSite(t)
	if want := "https://" + outward().String() + ":"; !strings.HasPrefix(s.url, want) {
		t.Fatalf("url %s, want %s…", s.url, want)
	}
	a := s.do("GET", "/healthz", "")
	if a.StatusCode != 200 || a.Proto != "HTTP/2.0" || a.TLS.Version < 0x0303 {
		t.Errorf("%s %s", a.Proto, a.Status)
	}
	var ca CA
	if err := json.Unmarshal([]byte(s.do("GET", "/api/v1/ca", "").text), &ca); err != nil || len(ca.Fingerprint) != 64 || ca.URL != "/ca.crt" || len(ca.Names) < 3 {
		t.Errorf("%+v %v", ca, err)
	}
	onDisk, err := os.ReadFile(s.CAFile())
	if got := s.do("GET", "/ca.crt", ""); err != nil || got.text != string(onDisk) || got.Header.Get("Content-Type") != "application/x-x509-ca-cert" || strings.Contains(got.text, "PRIVATE") {
		t.Errorf("ca.crt %v %v", got.Header, err)
	}
}

func TestCurlTrustsTheCertificateByNameAndAddress(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	s := lanSite(t)
	_, port, _ := net.SplitHostPort(s.address())
	for host, ok := range map[string]bool{outward().String(): true, "127.0.0.1": true, "nvr.shop.lan": true, "other.shop.lan": false} {
		out, err := exec.Command(curl, "-sS", "--noproxy", "*", "--max-time", "20", "--cacert", s.CAFile(), "--connect-to", host+":"+port+":127.0.0.1:"+port, "https://"+host+":"+port+"/healthz").CombinedOutput()
		if ok != (err == nil && string(out) == "ok\n") && !(ok && strings.Contains(string(out), "/problems/host")) {
			t.Errorf("%s: %s %v", host, out, err)
		}
	}
}

func TestTheWholeRoundOverHTTPS(t *testing.T) {
	s := lanSite(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.client.Jar = jar
	p := s.setUp()
	if !p.cookie.Secure || !strings.HasPrefix(p.cookie.Name, "__Host-holdfast-") {
		t.Errorf("cookie %+v", p.cookie)
	}
	u, _ := url.Parse(s.url)
	if len(jar.Cookies(u)) != 2 { // the session, and the browser that is known again
		t.Error("a browser does not keep the cookie")
	}
	l := s.listen(p.reads())
	l.wants("camera", "camera", "health", "ready")
	if a := s.do("DELETE", "/api/v1/session", "", p.changes(), header("Origin", s.url)); a.StatusCode != 204 {
		t.Fatal(a.Status, a.text)
	}
	l.ends(deadline)
}

func TestLivePicturesEndOverHTTP2Too(t *testing.T) {
	s := lanSite(t)
	p := s.setUp()
	r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/v1/cameras/door/live.mp4", nil)
	p.reads()(r)
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	<-s.live.playing
	s.do("DELETE", "/api/v1/session", "", p.changes())
	select {
	case <-s.live.finished:
	case <-time.After(writeTime / 2):
		t.Fatal("pictures go on after signing out")
	}
}

func TestPlainHTTPOnAnHTTPSFaceIsSentToTheRightAddress(t *testing.T) {
	s := lanSite(t)
	host := s.address()
	for request, want := range map[string]string{
		"GET /timeline?x=1 HTTP/1.1\r\nHost: " + host + "\r\n\r\n":        "307 Location: https://" + host + "/timeline",
		"HEAD / HTTP/1.1\r\nHost: " + host + "\r\n\r\n":                   "307 Location: https://" + host + "/",
		"GET //evil.example/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n":      "307 Location: https://" + host + "//evil.example/",
		"GET http://evil.example/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n": "400 ",
		"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n":                    "400 ",
		"POST /api/v1/session HTTP/1.1\r\nHost: " + host + "\r\n\r\n":     "400 ",
		"GARBAGE\r\n\r\n": "400 ",
		"GET /" + strings.Repeat("x", maxPlain) + " HTTP/1.1\r\nHost: " + host: "400 ",
	} {
		answer := s.raw(request)
		status, location, _ := strings.Cut(want, " ")
		if answer != "" && (!strings.HasPrefix(answer, "HTTP/1.1 "+status) || !strings.Contains(answer, location+"\r\n") && location != "") {
			t.Errorf("%.80q: %s", request, answer)
		}
		if status == "307" && answer == "" {
			t.Errorf("%.80q: no answer", request)
		}
	}
}

func TestTheLocalSocketKnowsItsPeer(t *testing.T) {
	s := newSite(t)
	client, path := s.localClient()
	res, err := client.Get("http://localhost/api/v1/session")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 200 || !strings.Contains(string(body), `"user":"local"`) {
		t.Errorf("%s %s", res.Status, body)
	}
	if res, err = client.Post("http://localhost/api/v1/check", "application/json", strings.NewReader("{}")); err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatal(res.Status, err)
	}
	res.Body.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestTheLocalSocketRefusesOtherUsers(t *testing.T) {
	if os.Getuid() == 0 {
		// Root is always let in; what is tried is a socket that belongs to nobody that we are.
		t.Log("running as root: the check is tried on its own")
	}
	l, err := ListenLocal(t.TempDir() + "/s")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	in := make(chan uint32, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		uid, _ := peerUID(c)
		in <- uid
	}()
	c, err := net.Dial("unix", l.(*localSocket).path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if uid := <-in; uid != uint32(os.Getuid()) {
		t.Errorf("the kernel says %d", uid)
	}
	if _, err := peerUID(&net.TCPConn{}); err == nil {
		t.Error("a TCP connection has a user")
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	path := t.TempDir() + "/s"
	first, err := ListenLocal(path)
	if err != nil {
		t.Fatal(err)
	}
	first.(*localSocket).UnixListener.Close() // as a killed process leaves it
	second, err := ListenLocal(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is left behind")
	}
}

func TestStreamsEndWhenTheGatewayStops(t *testing.T) {
	s := newSite(t)
	l := s.listen(s.bearer())
	l.wants("camera", "camera", "health", "ready")
	srv := s.httpServer(t.Context())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	srv.BaseContext = func(net.Listener) context.Context { return ctx }
	done := make(chan error, 1)
	go func() { done <- s.until(ctx, srv, func() error { return srv.Serve(ln) }) }()
	s.url = "http://" + ln.Addr().String()
	m := s.listen(s.bearer())
	m.wants("camera", "camera", "health", "ready")
	cancel()
	m.ends(deadline)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

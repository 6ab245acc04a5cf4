package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/simcam"
)

// The two cameras of a scene, and one that there is not; the names are of one length, so that answers can be compared.
const (
	cameraA = "door"
	cameraB = "till"
	noCam   = "gost"

	wordB    = "kiln" // is in whatever is known of camera B alone: a narrowed asker must never read it
	password = "a herd of green umbrellas"
)

// scene is a running gateway with two simulated cameras, recorded footage, and people of every kind.
type scene struct {
	t       *testing.T
	url     string
	process *asker
	askers  []*asker
	from    time.Time // of a stretch with footage of both cameras
	to      time.Time
	offer   string
	made    int // names given
}

// asker is somebody who asks, from an address of their own, and how.
type asker struct {
	name   string
	client *http.Client
	bearer string
	cookie *http.Cookie
	csrf   string
	person string
	narrow bool // to camera A
}

// answer is one that was read whole, or up to a bound where it does not end.
type answer struct {
	status int
	header http.Header
	body   string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var lines strings.Builder
	var street []chan struct{}
	heard := map[string]bool{cameraA: true} // its sound is recorded
	for _, id := range []string{cameraA, cameraB} {
		name := "Camera " + id
		if id == cameraB {
			name = "Camera " + wordB
		}
		c, err := simcam.New(simcam.Options{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		street = append(street, ended)
		go func() { defer close(ended); c.Run(ctx) }()
		fmt.Fprintf(&lines, "  - {id: %s, name: %q, rtsp: %q, transport: tcp, username: %q, password: %q, audio: %t}\n", id, name, c.RTSP("main"), c.Username(), c.Password(), heard[id])
	}
	t.Cleanup(func() {
		cancel()
		for _, ended := range street {
			<-ended
		}
	})
	dir, file := site(t, "cameras:\n"+lines.String())
	background(t, "serve", "--config", file)
	e := endpoint(t, filepath.Join(dir, "data"))
	s := &scene{t: t, url: e.URL}
	offer, err := os.ReadFile("testdata/offer.sdp")
	if err != nil {
		t.Fatal(err)
	}
	s.offer = strings.ReplaceAll(string(offer), "\n", "\r\n")
	s.process = s.from127("process")
	s.process.bearer = e.Token
	s.people(filepath.Join(dir, "data"))
	s.record()
	s.leaveTraces()
	return s
}

// from127 makes an asker with an address of their own: wrong passwords are counted by address.
func (s *scene) from127(name string) *asker {
	s.made++
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 7, byte(s.made))}}
	tr := &http.Transport{DialContext: d.DialContext}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &asker{name: name, client: &http.Client{Transport: tr, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// bodyBound is how much of an answer is read: all of what is no media.
const bodyBound = 1 << 20

func (s *scene) ask(a *asker, method, path, body, mime string, more ...string) answer {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	} else {
		r.Header.Set("Content-Type", mime)
	}
	a.sign(r)
	for i := 0; i+1 < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	res, err := a.client.Do(r)
	if err != nil {
		s.t.Fatalf("%s: %s %s: %v", a.name, method, path, err)
	}
	defer res.Body.Close()
	got := answer{status: res.StatusCode, header: res.Header}
	if endless(res) {
		return got
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, bodyBound))
	if err != nil {
		s.t.Fatalf("%s: %s %s: %v", a.name, method, path, err)
	}
	got.body = string(text)
	return got
}

// endless tells whether an answer goes on for as long as somebody watches.
func endless(res *http.Response) bool {
	return strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") || strings.HasSuffix(res.Request.URL.Path, "/live.mp4") && res.StatusCode == http.StatusOK
}

func (a *asker) sign(r *http.Request) {
	if a.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+a.bearer)
	}
	if a.cookie != nil {
		r.AddCookie(a.cookie)
		r.Header.Set("X-CSRF-Token", a.csrf)
	}
}

// must asks with JSON and reads the answer, which has to be a good one.
func (s *scene) must(a *asker, method, path string, body, into any) {
	s.t.Helper()
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(b)
	}
	got := s.ask(a, method, path, text, "application/json")
	if got.status >= 300 {
		s.t.Fatalf("%s: %s %s: %d %s", a.name, method, path, got.status, got.body)
	}
	for _, c := range (&http.Response{Header: got.header}).Cookies() {
		if !strings.Contains(c.Name, "device") && c.Value != "" {
			a.cookie = c
		}
	}
	if into != nil {
		if err := json.Unmarshal([]byte(got.body), into); err != nil {
			s.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

type object = map[string]any

func grant(role string, cameras ...string) object { return object{"role": role, "cameras": cameras} }

// fragment is the secret behind a link's mark.
func fragment(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	_, secret, ok := strings.Cut(u.Fragment, "=")
	if err != nil || !ok || u.RawQuery != "" {
		t.Fatalf("the link %s carries its secret elsewhere than in its fragment", link)
	}
	return secret
}

// person makes somebody who has chosen a password and signed in.
func (s *scene) person(name string, narrow bool, grants ...object) *asker {
	s.t.Helper()
	a := s.from127(name)
	a.narrow = narrow
	var made struct {
		Person     struct{ ID string }
		Invitation struct{ Link string }
	}
	s.must(s.process, "POST", "/api/v1/people", object{"username": name, "grants": grants}, &made)
	a.person = made.Person.ID
	var info struct{ CSRF string }
	s.must(a, "POST", "/api/v1/join", object{"token": fragment(s.t, made.Invitation.Link), "password": password}, &info)
	a.csrf = info.CSRF
	return a
}

// people makes one asker of each kind.
func (s *scene) people(data string) {
	s.t.Helper()
	link, err := os.ReadFile(filepath.Join(data, "setup-link"))
	if err != nil {
		s.t.Fatal(err)
	}
	admin := s.from127("administrator")
	var info struct{ CSRF string }
	s.must(admin, "POST", "/api/v1/setup", object{"token": fragment(s.t, strings.TrimSpace(string(link))), "username": "administrator", "password": password}, &info)
	admin.csrf = info.CSRF
	s.must(s.process, "PUT", "/api/v1/camera-groups/entrance", object{"name": "Entrance", "cameras": []string{cameraA}}, nil)
	s.must(s.process, "PUT", "/api/v1/camera-groups/all", object{"name": "All", "cameras": []string{cameraA, cameraB}}, nil)
	s.must(s.process, "PUT", "/api/v1/roles/guarded", object{"name": "Guarded", "permissions": []string{"see", "live", "playback", "lock"}}, nil)
	s.must(s.process, "PUT", "/api/v1/policy", object{"second_factor": []string{"guarded"}}, nil)
	later := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}[(int(time.Now().Weekday())+2)%7]
	hours := grant("operator", "*")
	hours["hours"] = []object{{"days": []string{later}, "from": "08:00", "to": "09:00"}}
	s.askers = []*asker{s.from127("nobody"), admin, s.person("operator", false, grant("operator", "*")), s.person("viewer", false, grant("viewer", "*")),
		s.person("auditor", false, grant("auditor", "*")), s.person("privacy", false, grant("privacy-officer", "*")),
		s.person("operator-A", true, grant("operator", cameraA)), s.person("viewer-A", true, grant("viewer", cameraA)), s.person("privacy-A", true, grant("privacy-officer", "group:entrance")),
		s.person("off-hours", false, hours), s.person("disabled", false, grant("operator", "*")), s.person("enrols", false, grant("guarded", "*"))}
	s.must(s.process, "PATCH", "/api/v1/people/"+s.asker("disabled").person, object{"disabled": true}, nil)
	s.tokens(admin)
	s.askers = append(s.askers, s.process)
}

func (s *scene) tokens(admin *asker) {
	s.t.Helper()
	until := time.Now().Add(time.Hour).UTC()
	token, wall := s.from127("token-A"), s.from127("wall-A")
	token.narrow, wall.narrow = true, true
	var made struct{ Token, Link string }
	s.must(admin, "POST", "/api/v1/me/tokens", object{"name": "script", "until": until, "cameras": []string{cameraA},
		"permissions": []string{"see", "live", "audio", "playback", "export", "raise", "lock", "erase", "approve", "configure", "maintain", "people", "audit", "keys", "metrics"}}, &made)
	token.bearer = made.Token
	s.must(admin, "POST", "/api/v1/tokens", object{"kind": "device", "name": "wall", "until": until, "cameras": []string{"group:entrance"}, "permissions": []string{"see", "live"}}, &made)
	wall.bearer = fragment(s.t, made.Link)
	s.askers = append(s.askers, token, wall)
}

func (s *scene) asker(name string) *asker {
	for _, a := range s.askers {
		if a.name == name {
			return a
		}
	}
	s.t.Fatalf("there is no asker %s", name)
	return nil
}

// record waits until there is footage of both cameras.
func (s *scene) record() {
	s.t.Helper()
	started := time.Now().UTC()
	for _, id := range []string{cameraA, cameraB} {
		limit := time.Now().Add(time.Minute)
		for {
			now := time.Now().UTC()
			var spans []struct {
				Kind       string
				Start, End time.Time
			}
			s.must(s.process, "GET", "/api/v1/cameras/"+id+"/spans?"+ranged(started, now), nil, &spans)
			found := false
			for _, sp := range spans {
				if sp.Kind == "recorded" && sp.End.Sub(sp.Start) > time.Second {
					found, s.from, s.to = true, sp.End.Add(-time.Second), sp.End
				}
			}
			if found {
				break
			}
			if time.Now().After(limit) {
				s.t.Fatalf("nothing is recorded of %s: %+v", id, spans)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func ranged(from, to time.Time) string {
	return url.Values{"from": {from.Format(time.RFC3339Nano)}, "to": {to.Format(time.RFC3339Nano)}}.Encode()
}

// leaveTraces has something of each kind that is of camera B alone, and says so.
func (s *scene) leaveTraces() {
	s.t.Helper()
	s.must(s.process, "POST", "/api/v1/cameras/"+cameraB+"/events", object{"kind": wordB}, nil)
	s.must(s.process, "POST", "/api/v1/locks", s.lock(cameraB, wordB), nil)
	s.must(s.process, "PUT", "/api/v1/camera-groups/"+wordB, object{"name": wordB, "cameras": []string{cameraB}}, nil)
}

func (s *scene) lock(camera, why string) object {
	return object{"camera": camera, "from": s.from, "to": s.to, "until": time.Now().Add(time.Hour).UTC(), "reason": why}
}

func (s *scene) text(v any) string {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		s.t.Fatal(err)
	}
	return b.String()
}

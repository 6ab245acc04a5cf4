package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// listening is an open event stream.
type listening struct {
	t      *testing.T
	events chan [2]string // name, data; closed when the stream ends
	cancel context.CancelFunc
}

func (s *site) listen(with caller) *listening {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/v1/events/stream", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	with(r)
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("%s %v", res.Status, res.Header)
	}
	l := &listening{t: s.t, events: make(chan [2]string, 64), cancel: cancel}
	s.t.Cleanup(func() { cancel(); l.drain() })
	go func() {
		defer close(l.events)
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		for name := ""; lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				l.events <- [2]string{name, data}
			}
		}
	}()
	return l
}

func (l *listening) drain() {
	for range l.events {
	}
}

func (l *listening) next() (name, data string) {
	l.t.Helper()
	select {
	case e, ok := <-l.events:
		if !ok {
			l.t.Fatal("the stream has ended")
		}
		return e[0], e[1]
	case <-time.After(deadline):
		l.t.Fatal("no event")
	}
	return
}

// wants reads events and compares their names.
func (l *listening) wants(names ...string) {
	l.t.Helper()
	for _, want := range names {
		if name, data := l.next(); name != want {
			l.t.Fatalf("event %s %s, want %s", name, data, want)
		}
	}
}

// ends waits for the end of the stream.
func (l *listening) ends(within time.Duration) {
	l.t.Helper()
	over := time.After(within)
	for {
		select {
		case _, ok := <-l.events:
			if !ok {
				return
			}
		case <-over:
			l.t.Fatal("the stream goes on")
		}
	}
}

func TestEventsBeginWithAllThatIsKnown(t *testing.T) {
	s := newSite(t)
	l := s.listen(s.bearer())
	name, data := l.next()
	var c Camera
	if err := json.Unmarshal([]byte(data), &c); name != "camera" || err != nil || c.ID != "door" {
		t.Fatalf("%s %s %v", name, data, err)
	}
	l.wants("camera", "health", "ready")
	s.cameras.change(t, Change{Kind: "camera", ID: "till"})
	l.wants("camera")
	s.cameras.change(t, Change{Kind: "health"})
	l.wants("health")
	s.cameras.change(t, Change{Kind: "camera", ID: "no more"})
	if name, data := l.next(); name != "camera-removed" || data != `{"id":"no more"}` {
		t.Errorf("%s %s", name, data)
	}
}

func TestEventsEndWithTheSession(t *testing.T) {
	t.Parallel()
	for how, end := range map[string]func(s *site, p person){
		"signing out": func(s *site, p person) { s.do("DELETE", "/api/v1/session", "", p.changes()) },
		"revocation":  func(s *site, p person) { s.do("DELETE", "/api/v1/sessions/"+s.auth.Sessions()[0].ID, "", s.bearer()) },
		"a new password": func(s *site, p person) {
			q := s.signIn()
			s.do("PUT", "/api/v1/session/password", encode(NewPassword{adminPassword, "dry paint on the stairs"}), q.changes())
		},
	} {
		t.Run(how, func(t *testing.T) {
			s := newSite(t)
			p := s.setUp()
			l := s.listen(p.reads())
			l.wants("camera", "camera", "health", "ready")
			end(s, p)
			l.ends(deadline)
			until(t, "freeing", func() bool { return len(s.events) == 0 })
		})
	}
}

func TestLivePicturesEndWithTheSessionThoughTheClientReadsNothing(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/v1/cameras/door/live.mp4?audio=1&evil=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.reads()(r)
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() // not read: the server's writes come to wait
	<-s.live.playing
	if !s.live.hears {
		t.Error("sound was asked for and not given")
	}
	select {
	case err := <-s.live.finished:
		t.Fatal("it ended by itself:", err)
	default:
	}
	if a := s.do("POST", "/api/v1/cameras/door/whep", "v=0\r\n", p.changes(), header("Content-Type", mimeSDP)); a.StatusCode != http.StatusCreated {
		t.Fatal(a.Status, a.text)
	}
	s.do("DELETE", "/api/v1/session", "", p.changes())
	select {
	case <-s.live.finished:
	case <-time.After(writeTime / 2):
		t.Fatal("pictures go on after signing out")
	}
	until(t, "ending live sessions", func() bool {
		s.live.mu.Lock()
		defer s.live.mu.Unlock()
		return len(s.live.revoked) == 1
	})
}

func TestEventStreamsAreBounded(t *testing.T) {
	s := newSite(t)
	for range maxEvents {
		s.events <- struct{}{}
	}
	if a := s.do("GET", "/api/v1/events/stream", "", s.bearer()); a.problem(t).Type != "/problems/busy" {
		t.Errorf("%s %s", a.Status, a.text)
	}
}

func TestEventsOfAClientThatGoesAreFreed(t *testing.T) {
	s := newSite(t)
	l := s.listen(s.bearer())
	l.wants("camera", "camera", "health", "ready")
	l.cancel()
	until(t, "freeing", func() bool { return len(s.events) == 0 })
}

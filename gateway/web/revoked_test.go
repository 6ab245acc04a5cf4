package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"holdfast/gateway/playback"
)

// endless is footage of which there is always more.
type endless struct{ clips }

func (e *endless) Clip(_ context.Context, _, _ string, from, to time.Time, _ playback.Options) (Clip, error) {
	return &endlessClip{clip: clip{from: from, to: to}}, nil
}

type endlessClip struct {
	clip
	at int64
}

const endlessSize = 1 << 40

func (c *endlessClip) Read(p []byte) (int, error) {
	c.at += int64(len(p))
	return len(p), nil
}

func (c *endlessClip) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		c.at = offset
	case io.SeekCurrent:
		c.at += offset
	case io.SeekEnd:
		c.at = endlessSize + offset
	}
	return c.at, nil
}

func (c *endlessClip) Close() error { return nil }

// running is something that somebody watches; ended is closed when it has ended.
type running struct {
	what  string
	ended chan struct{}
}

// stream asks for an answer that does not end, and reads it until it does.
func (s *site) stream(what, path string, with caller) running {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	with(r)
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", what, res.Status)
	}
	run := running{what, make(chan struct{})}
	go func() {
		defer close(run.ended)
		defer res.Body.Close()
		io.Copy(io.Discard, res.Body)
	}()
	return run
}

// watchAll has somebody watch in every way that there is.
func (s *site) watchAll(with, changes caller) []running {
	s.t.Helper()
	all := []running{s.stream("events", "/api/v1/events/stream", with), s.stream("live", "/api/v1/cameras/door/live.mp4", with)}
	<-s.live.playing
	if a := s.do("GET", "/api/v1/cameras/door", "", with); a.StatusCode == 200 && s.mayPlay(a) {
		all = append(all, s.stream("playback", "/api/v1/cameras/door/video.mp4?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z", with))
	}
	a := s.do("POST", "/api/v1/cameras/door/whep", "v=0\r\n", changes, header("Content-Type", mimeSDP))
	if a.StatusCode != http.StatusCreated {
		s.t.Fatal(a.Status, a.text)
	}
	session := a.Header.Get("ETag")
	whep := running{"whep", make(chan struct{})}
	s.live.mu.Lock()
	id := session[1 : len(session)-1]
	ended := s.live.ended[id]
	s.live.ended[id] = func(why string) { ended(why); close(whep.ended) }
	s.live.mu.Unlock()
	return append(all, whep)
}

func (s *site) mayPlay(a answered) bool {
	for _, p := range read[Camera](s, a, 200).May {
		if p == "playback" {
			return true
		}
	}
	return false
}

// TestWhatRunsEndsWhenTheRightDoes has somebody watch in every way, on a real listener, and takes their right away in every way.
func TestWhatRunsEndsWhenTheRightDoes(t *testing.T) {
	t.Parallel()
	const most = 2 * time.Second
	var worst time.Duration
	for name, take := range map[string]func(s *site, boss, ann person) answered{
		"disabled": func(s *site, boss, ann person) answered {
			return s.do("PATCH", "/api/v1/people/"+ann.info.Person, `{"disabled":true}`, boss.changes())
		},
		"deleted": func(s *site, boss, ann person) answered {
			return s.do("DELETE", "/api/v1/people/"+ann.info.Person, "", boss.changes())
		},
		"forgotten": func(s *site, boss, ann person) answered {
			return s.do("DELETE", "/api/v1/people/"+ann.info.Person+"?forget=1", "", boss.changes())
		},
		"rights": func(s *site, boss, ann person) answered {
			return s.do("PATCH", "/api/v1/people/"+ann.info.Person, `{"grants":[{"role":"operator","cameras":["till"]}]}`, boss.changes())
		},
		"group": func(s *site, boss, ann person) answered {
			return s.do("PUT", "/api/v1/camera-groups/out", `{"name":"Out","cameras":["till"]}`, boss.changes())
		},
		"role": func(s *site, boss, ann person) answered {
			return s.do("PUT", "/api/v1/roles/guard", `{"name":"Guard","permissions":["ptz"]}`, boss.changes())
		},
		"second factor": func(s *site, boss, ann person) answered {
			return s.do("PUT", "/api/v1/policy", `{"second_factor":["guard"]}`, boss.changes())
		},
		"session ended": func(s *site, boss, ann person) answered {
			list := read[[]SessionEntry](s, s.do("GET", "/api/v1/people/"+ann.info.Person+"/sessions", "", boss.reads()), 200)
			return s.do("DELETE", "/api/v1/sessions/"+list[0].ID, "", boss.changes())
		},
		"signed out": func(s *site, boss, ann person) answered { return s.do("DELETE", "/api/v1/session", "", ann.changes()) },
		"cancelled": func(s *site, boss, ann person) answered {
			return s.do("DELETE", "/api/v1/me", encode(Proof{Password: annPassword}), ann.changes())
		},
		"joined anew": func(s *site, boss, ann person) answered {
			inv := read[Invitation](s, s.do("POST", "/api/v1/people/"+ann.info.Person+"/invitation", "", boss.changes()), 201)
			_, token, _ := cutLink(inv.Link)
			return s.do("POST", "/api/v1/join", encode(Join{token, "another four loud geese"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(o *Options) { o.Footage = &endless{} })
			boss := s.setUp()
			read[Role](s, s.do("PUT", "/api/v1/roles/guard", `{"name":"Guard","permissions":["see","live","playback"]}`, boss.changes()), 200)
			read[CameraGroup](s, s.do("PUT", "/api/v1/camera-groups/out", `{"name":"Out","cameras":["door"]}`, boss.changes()), 200)
			ann := s.hire(boss, "ann", on("guard", "group:out"))
			all := s.watchAll(ann.reads(), ann.changes())
			if len(all) != 4 {
				t.Fatalf("only %d ways of watching", len(all))
			}
			other := s.stream("another's events", "/api/v1/events/stream", boss.reads())
			begun := time.Now()
			if a := take(s, boss, ann); a.StatusCode >= 300 {
				t.Fatal(a.Status, a.text)
			}
			worst = max(worst, s.allEnd(all, begun, most))
			select {
			case <-other.ended:
				t.Error("what somebody else watches ended too")
			default:
			}
		})
	}
	t.Logf("the last of what ran ended after %s", worst.Round(time.Millisecond))
}

func (s *site) allEnd(all []running, begun time.Time, most time.Duration) time.Duration {
	s.t.Helper()
	limit := time.After(most)
	for _, r := range all {
		select {
		case <-r.ended:
		case <-limit:
			s.t.Fatalf("%s goes on %s after the right was taken", r.what, most)
		}
	}
	return time.Since(begun)
}

func TestWhatATokenShowsEndsWithTheToken(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Footage = &endless{} })
	boss := s.setUp()
	until := s.clock().AddDate(0, 1, 0)
	own := read[MadeToken](s, s.do("POST", "/api/v1/me/tokens", encode(NewToken{"Script", []string{"see", "live", "playback"}, []string{"door"}, until}), boss.changes()), 201)
	wall := read[MadeDevice](s, s.do("POST", "/api/v1/tokens", encode(NewDevice{"device", NewToken{"Wall", []string{"see", "live"}, []string{"door"}, until}}), boss.changes()), 201)
	_, secret, err := cutLink(wall.Link)
	if err != nil {
		t.Fatal(err)
	}
	kiosk := s.signedIn(s.do("POST", "/api/v1/session/device", encode(DeviceToken{secret})))
	script, process := header("Authorization", "Bearer "+own.Secret), s.bearer()
	for _, c := range []struct {
		what          string
		with, changes caller
		method, path  string
		body          string
	}{
		{"the API token", script, script, "DELETE", "/api/v1/me/tokens/" + own.ID, ""},
		{"the wall", kiosk.reads(), kiosk.changes(), "DELETE", "/api/v1/tokens/" + wall.ID, ""},
		{"the process token", process, process, "PUT", "/api/v1/policy", `{"process_token":false}`},
	} {
		all := s.watchAll(c.with, c.changes)
		begun := time.Now()
		if a := s.do(c.method, c.path, c.body, boss.changes()); a.StatusCode >= 300 {
			t.Fatal(c.what, a.Status, a.text)
		}
		t.Logf("%s: %s", c.what, s.allEnd(all, begun, 2*time.Second).Round(time.Millisecond))
	}
}

// cutLink gives the address and the secret of a link.
func cutLink(link string) (base, secret string, err error) {
	for i := range link {
		if link[i] == '=' {
			return link[:i], link[i+1:], nil
		}
	}
	return "", "", errors.New("no secret in " + link)
}

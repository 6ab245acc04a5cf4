package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/auth"
)

// invited makes a person who has a link, and gives the link's secret.
func (s *site) invited(p person, name string, grants ...Grant) (id, secret string) {
	s.t.Helper()
	if grants == nil {
		grants = []Grant{}
	}
	a := s.do("POST", "/api/v1/people", encode(NewPerson{Username: name, Grants: grants}), p.changes())
	var made InvitedPerson
	if err := json.Unmarshal([]byte(a.text), &made); err != nil || a.StatusCode != http.StatusCreated {
		s.t.Fatal(a.Status, a.text)
	}
	return made.Person.ID, s.secretOf(made.Invitation.Link)
}

// secretOf is what a link carries in its fragment, which no browser sends to anybody, in a Referer least of all.
func (s *site) secretOf(link string) string {
	s.t.Helper()
	address, fragment, ok := strings.Cut(link, "#")
	_, secret, named := strings.Cut(fragment, "=")
	if !ok || !named || len(secret) < 40 || strings.ContainsAny(address, "?&=") || strings.Contains(address, secret) {
		s.t.Errorf("the link %s carries its secret elsewhere than in its fragment", link)
	}
	return secret
}

// A browser in which somebody planted a session, their own or an invented one, gets a new one by every way of signing in, and the planted
// one ends.
func TestEveryWayInEndsAPlantedSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.setUp()
	for way, in := range map[string]func(with caller) answered{
		"password": func(with caller) answered {
			return s.do("POST", "/api/v1/session", encode(Credentials{Username: adminName, Password: adminPassword}), with)
		},
		"one-time link": func(with caller) answered {
			token, err := s.auth.OnceToken(adminName)
			if err != nil {
				t.Fatal(err)
			}
			return s.do("POST", "/api/v1/session/once", encode(OnceToken{token}), with)
		},
		"invitation": func(with caller) answered {
			_, secret := s.invited(admin, "newcomer")
			return s.do("POST", "/api/v1/join", encode(Join{secret, adminPassword}), with)
		},
		"wall": func(with caller) answered {
			a := s.do("POST", "/api/v1/tokens", encode(NewDevice{auth.DeviceToken, NewToken{Name: "wall", Permissions: []string{"see"}, Cameras: []string{"*"}, Until: time.Now().Add(time.Hour)}}), admin.changes())
			var made MadeDevice
			if err := json.Unmarshal([]byte(a.text), &made); err != nil {
				t.Fatal(err)
			}
			return s.do("POST", "/api/v1/session/device", encode(DeviceToken{s.secretOf(made.Link)}), with)
		},
	} {
		planted := s.signIn()
		p := s.signedIn(in(planted.reads()))
		if p.cookie.Value == planted.cookie.Value {
			t.Errorf("%s: the planted secret was kept", way)
		}
		if a := s.do("GET", "/api/v1/session", "", planted.reads()); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: the planted session still counts: %s", way, a.Status)
		}
		invented := person{cookie: &http.Cookie{Name: p.cookie.Name, Value: strings.Repeat("A", 43)}}
		if a := s.do("GET", "/api/v1/session", "", invented.reads()); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: an invented secret is taken: %s", way, a.Status)
		}
	}
}

// Signing somebody in who does not want to be, as somebody else, is an attack too: it has no session that could carry a forgery token, so
// the origin decides.
func TestNoPublicChangeIsTakenFromAForeignPage(t *testing.T) {
	s := newSite(t)
	s.setUp()
	tried := 0
	for _, rt := range s.routes {
		if rt.public == "" || rt.method == "GET" || rt.hidden {
			continue
		}
		tried++
		path, body, mime := sample(rt)
		for name, with := range map[string]caller{"origin": header("Origin", "https://evil.example"), "null origin": header("Origin", "null"), "cross-site": header("Sec-Fetch-Site", "cross-site"), "same-site": header("Sec-Fetch-Site", "same-site")} {
			if a := s.do(rt.method, path, body, with, header("Content-Type", mime)); a.StatusCode != http.StatusForbidden || a.problem(t).Type != "/problems/csrf" {
				t.Errorf("%s %s, %s: %s", rt.method, rt.pattern, name, a.Status)
			}
		}
	}
	if tried < 6 {
		t.Errorf("only %d public routes change anything", tried)
	}
}

// What people call themselves, their cameras' footage and their tokens is shown to others and written to logs: it breaks no line, header
// or page.
func TestNamesThatArePoisonAreRefused(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	id, _ := s.invited(p, "mallory")
	for _, poison := range []string{"a\r\nSet-Cookie: x=y", "a\nlevel=INFO msg=fine", "a\x00b", "a\x1b[2J", "a\x7fb", "a\u0085b"} {
		for path, body := range map[string]any{
			"POST /api/v1/people":               NewPerson{Username: poison, Grants: []Grant{}},
			"PATCH /api/v1/people/" + id:        PersonChange{Display: &poison},
			"PATCH /api/v1/me":                  MeChange{Display: &poison},
			"PUT /api/v1/roles/x":               RoleChange{Name: poison, Permissions: []string{"see"}},
			"PUT /api/v1/camera-groups/x":       CameraGroupChange{Name: poison, Cameras: []string{"door"}},
			"POST /api/v1/me/tokens":            NewToken{Name: poison, Permissions: []string{"see"}, Cameras: []string{"*"}, Until: time.Now().Add(time.Hour)},
			"POST /api/v1/cameras/door/events":  EventRequest{Kind: poison},
			"POST /api/v1/cameras/door/events ": EventRequest{Source: poison},
		} {
			method, path, _ := strings.Cut(strings.TrimSpace(path), " ")
			a := s.do(method, path, encode(body), p.changes())
			if a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s with %q: %s %.200s", path, poison, a.Status, a.text)
			}
		}
	}
	for line := range strings.Lines(s.log.String()) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("a forged line: %s", line)
		}
	}
}

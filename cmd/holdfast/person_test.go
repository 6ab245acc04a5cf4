package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/gateway/web"
)

// shop is a gateway that a test manages by the command line.
type shop struct {
	t    *testing.T
	file string
}

// does runs a command that must go well, and reads its answer into what is given, unless that is nil.
func (s shop) does(into any, args ...string) string {
	s.t.Helper()
	code, out, errs := invoke(s.t, s.words(args, into != nil)...)
	if code != exitDone {
		s.t.Fatalf("%v: exit %d\n%s%s", args, code, out, errs)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(out), into); err != nil {
			s.t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return out
}

// words puts the options that every command takes behind its verb.
func (s shop) words(args []string, asJSON bool) []string {
	more := []string{"--config", s.file}
	if asJSON {
		more = append(more, "--json")
	}
	return slices.Concat(args[:2], more, args[2:])
}

// fails runs a command that must not go well, and say why in words.
func (s shop) fails(want string, args ...string) {
	s.t.Helper()
	code, out, errs := invoke(s.t, s.words(args, false)...)
	if code != exitFailed || !strings.Contains(errs, want) {
		s.t.Errorf("%v: exit %d, and not %q\n%s%s", args, code, want, out, errs)
	}
}

// join takes an invitation, as a browser would.
func (s shop) join(link, password string) int {
	s.t.Helper()
	base, token, ok := strings.Cut(link, "/join#invite=")
	if !ok {
		s.t.Fatalf("no invitation: %s", link)
	}
	body, _ := json.Marshal(web.Join{Token: token, Password: password})
	res, err := http.Post(base+"/api/v1/join", "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

const shopPassword = "wet paint on the stairs"

func TestPeopleByTheCommandLine(t *testing.T) {
	t.Parallel()
	dir, file := site(t, "cameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/none\"}\n  - {id: till, name: Till, rtsp: \"rtsp://127.0.0.1:9/none\"}\n")
	s := shop{t, file}
	s.fails("no gateway is running", "person", "list")
	background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))

	// Before there is anybody: the machine makes the first administrator.
	var boss, ann web.InvitedPerson
	s.does(&boss, "person", "add", "--name", "The boss", "--grant", "administrator", "boss")
	if code := s.join(boss.Invitation.Link, shopPassword); code != http.StatusOK || s.join(boss.Invitation.Link, shopPassword) != http.StatusUnauthorized {
		t.Fatalf("the invitation: %d", code)
	}
	var g web.CameraGroup
	s.does(&g, "group", "set", "--name", "Tills", "--cameras", "till", "tills")
	var r web.Role
	s.does(&r, "role", "set", "--name", "Guard", "--permissions", "see,live", "guard")
	s.does(&ann, "person", "add", "--grant", "guard on group:tills at mon-fri 08:00-18:00", "--grant", "viewer on door", "ann")
	if len(ann.Person.Grants) != 2 || ann.Person.State != "invited" || ann.Person.Grants[0].Hours[0].From != "08:00" {
		t.Errorf("made %+v", ann.Person)
	}
	if out := s.does(nil, "person", "list"); !strings.Contains(out, "guard on group:tills at mon+tue+wed+thu+fri 08:00-18:00; viewer on door") {
		t.Errorf("the list:\n%s", out)
	}
	link := strings.TrimSpace(s.does(nil, "person", "invite", "ann"))
	if s.join(ann.Invitation.Link, shopPassword) != http.StatusUnauthorized || s.join(link, shopPassword) != http.StatusOK {
		t.Error("the new invitation does not replace the former")
	}

	var p web.Person
	if s.does(&p, "person", "change", "--name", "Ann", "--grant", "viewer on till", "ann"); p.Display != "Ann" || len(p.Grants) != 1 {
		t.Errorf("changed %+v", p)
	}
	var sessions []web.SessionEntry
	if s.does(&sessions, "session", "list"); len(sessions) != 2 {
		t.Errorf("sessions %+v", sessions)
	}
	if s.does(&p, "person", "disable", "ann"); p.State != "disabled" {
		t.Errorf("disabled %+v", p)
	}
	if s.does(&sessions, "session", "list"); len(sessions) != 1 || sessions[0].User != "boss" {
		t.Errorf("sessions of who was disabled: %+v", sessions)
	}
	if s.does(&p, "person", "enable", ann.Person.ID); p.State != "active" {
		t.Errorf("enabled %+v", p)
	}
	s.does(nil, "session", "end", sessions[0].ID)

	s.fails("One active administrator must remain", "person", "disable", "boss")
	s.fails("there is no person", "person", "change", "--name", "x", "nobody")
	s.fails("nothing is said to be changed", "person", "change", "ann")
	s.fails("There is no such role", "person", "add", "--grant", "king", "eve")
	s.fails("is no day", "person", "add", "--grant", "viewer at noon 1-2", "eve")
	s.fails("name one user name", "person", "add")
	s.does(nil, "person", "delete", "ann")
	s.fails("there is no person", "person", "delete", "ann")
	s.does(nil, "role", "remove", "guard")
	s.does(nil, "group", "remove", "tills")
	var people []web.Person
	if s.does(&people, "person", "list"); len(people) != 1 {
		t.Errorf("left are %+v", people)
	}
}

func TestTokensPolicyAndApprovalsByTheCommandLine(t *testing.T) {
	dir, file := site(t, "cameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/none\"}\n")
	s := shop{t, file}
	background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	var wall web.MadeDevice
	s.does(&wall, "token", "device", "--cameras", "door", "Wall by the door")
	if !strings.Contains(wall.Link, "/wall#device=hfd_") || wall.By != "local" {
		t.Errorf("the wall is %+v", wall)
	}
	s.fails("A wall or kiosk may see", "token", "device", "--permissions", "see,playback", "Wall")
	s.fails("no time of RFC 3339", "token", "device", "--until", "soon", "Wall")
	var tokens []web.Token
	if s.does(&tokens, "token", "list"); len(tokens) != 1 || tokens[0].ID != wall.ID || tokens[0].Used != nil {
		t.Errorf("tokens %+v", tokens)
	}
	s.does(nil, "token", "revoke", wall.ID)
	s.fails("There is no such thing", "token", "revoke", wall.ID)

	var p web.Policy
	s.does(&p, "policy", "set", "--two-people", "playback,export on door", "--second-factor", "administrator,operator", "--process-token", "off")
	if len(p.TwoPeople) != 1 || len(p.SecondFactor) != 2 || p.ProcessToken {
		t.Errorf("set %+v", p)
	}
	if s.does(&p, "policy", "set", "--second-factor", "none"); len(p.TwoPeople) != 1 || len(p.SecondFactor) != 0 {
		t.Errorf("what was not named changed: %+v", p)
	}
	if out := s.does(nil, "policy", "show"); !strings.Contains(out, "playback,export on door") || !strings.Contains(out, "process token:  off") {
		t.Errorf("shown as\n%s", out)
	}
	if s.does(&p, "policy", "set", "--one-person"); len(p.TwoPeople) != 0 {
		t.Errorf("set %+v", p)
	}
	s.fails("say what is to be changed", "policy", "set")
	s.fails("on or off", "policy", "set", "--process-token", "maybe")
	var approvals []web.Approval
	if s.does(&approvals, "approval", "list"); len(approvals) != 0 {
		t.Errorf("approvals %+v", approvals)
	}
	s.fails("A person decides, who can be named", "approval", "give", "a-0123456789abcdef")
	s.fails("A person decides, who can be named", "approval", "decline", "a-0123456789abcdef")
	var roles []web.Role
	if s.does(&roles, "role", "list"); len(roles) < 5 || !roles[0].Ready {
		t.Errorf("roles %+v", roles)
	}
	var groups []web.CameraGroup
	if s.does(&groups, "group", "list"); groups == nil || len(groups) != 0 {
		t.Errorf("groups %+v", groups)
	}
}

package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"holdfast/gateway/audit"
)

const annPassword = "four loud geese at dawn"

// read reads an answer that must have a status.
func read[T any](s *site, a answered, status int) (v T) {
	s.t.Helper()
	if a.StatusCode != status {
		s.t.Fatalf("%s, and not %d: %s", a.Status, status, a.text)
	}
	if status == http.StatusNoContent {
		return v
	}
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		s.t.Fatalf("%v: %s", err, a.text)
	}
	return v
}

// invite makes a person by an administrator.
func (s *site) invite(boss person, name string, grants ...Grant) InvitedPerson {
	s.t.Helper()
	return read[InvitedPerson](s, s.do("POST", "/api/v1/people", encode(NewPerson{Username: name, Grants: append([]Grant{}, grants...)}), boss.changes()), 201)
}

// hire makes a person who has joined.
func (s *site) hire(boss person, name string, grants ...Grant) person {
	s.t.Helper()
	_, token, _ := strings.Cut(s.invite(boss, name, grants...).Invitation.Link, "#invite=")
	return s.signedIn(s.do("POST", "/api/v1/join", encode(Join{Token: token, Password: annPassword})))
}

func on(role string, cameras ...string) Grant { return Grant{Role: role, Cameras: cameras} }

// lastEntry is the newest entry of an action.
func (s *site) lastEntry(action string) audit.Entry {
	s.t.Helper()
	list := s.ledger.all(action)
	if len(list) == 0 {
		s.t.Fatalf("no entry %s", action)
	}
	return list[len(list)-1]
}

func TestSomebodyIsInvitedAndJoinsOnce(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	made := s.invite(boss, "Ann", on("viewer", "door"))
	base, token, ok := strings.Cut(made.Invitation.Link, "/join#invite=")
	if !ok || base != s.url || made.Person.State != "invited" || made.Person.Username != "ann" || made.Person.PasswordChanged != nil {
		t.Fatalf("made %+v", made)
	}
	if e := s.lastEntry(audit.ActionPersonCreate); e.Target != made.Person.ID || e.Personal.Subject != "ann" || e.Person != boss.info.Person || !strings.Contains(string(e.After), `"viewer"`) || strings.Contains(string(e.After), "ann") {
		t.Errorf("the log: %+v %s", e, e.After)
	}
	if who := read[Invited](s, s.do("POST", "/api/v1/join/look", encode(InviteToken{token})), 200); who.Username != "ann" {
		t.Errorf("the invitation is for %+v", who)
	}
	if a := s.do("POST", "/api/v1/join", encode(Join{token, "short"})); a.StatusCode != 422 || a.problem(t).Field != "password" {
		t.Errorf("a short password: %s", a.text)
	}
	ann := s.signedIn(s.do("POST", "/api/v1/join", encode(Join{token, annPassword})))
	if e := s.lastEntry(audit.ActionSignIn); e.Person != made.Person.ID || e.Reason != "invitation" || ann.info.Person != made.Person.ID {
		t.Errorf("the log: %+v", e)
	}
	for _, path := range []string{"/api/v1/join", "/api/v1/join/look"} {
		body := encode(InviteToken{token})
		if path == "/api/v1/join" {
			body = encode(Join{token, annPassword})
		}
		if a := s.do("POST", path, body); a.StatusCode != 401 || a.problem(t).Type != "/problems/one-time-link" {
			t.Errorf("%s once more: %s", path, a.text)
		}
	}
	named := s.do("POST", "/api/v1/people/"+made.Person.ID+"/invitation", "", boss.changes(), host("nvr.shop.lan"))
	if inv := read[Invitation](s, named, 201); !strings.HasPrefix(inv.Link, "http://nvr.shop.lan/join#invite=hfi_") {
		t.Errorf("a link of the face that was asked: %s", inv.Link)
	}
	for _, secret := range []string{token, annPassword} {
		if strings.Contains(encode(s.ledger.all("")), secret) || strings.Contains(s.log.String(), secret) {
			t.Error("a secret is in a log")
		}
	}
}

func TestAPersonIsChangedDisabledDeletedAndForgotten(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	ann := s.hire(boss, "ann", on("viewer", "door"))
	path := "/api/v1/people/" + ann.info.Person
	p := read[Person](s, s.do("PATCH", path, `{"display":"Ann","grants":[{"role":"operator","cameras":["till"],"hours":[{"days":["mon","tue","wed","thu","fri","sat","sun"],"from":"00:00","to":"24:00"}],"until":"2199-01-01T00:00:00Z"}]}`, boss.changes()), 200)
	if p.Display != "Ann" || len(p.Grants) != 1 || p.Grants[0].Until == nil || len(p.Grants[0].Hours[0].Days) != 7 || p.LastSignIn == nil {
		t.Errorf("changed %+v", p)
	}
	if e := s.lastEntry(audit.ActionPersonChange); !strings.Contains(string(e.Before), `"viewer"`) || !strings.Contains(string(e.After), `"operator"`) || e.Target != p.ID || e.Personal.Subject != "ann" {
		t.Errorf("the log: %s %s", e.Before, e.After)
	}
	if list := read[[]Camera](s, s.do("GET", "/api/v1/cameras", "", ann.reads()), 200); len(list) != 1 || list[0].ID != "till" {
		t.Errorf("ann sees %+v", list)
	}
	for _, bad := range []string{`{"grants":[{"role":"king","cameras":["*"]}]}`, `{"grants":[{"role":"viewer","cameras":[]}]}`, `{"grants":[{"role":"viewer","cameras":["group:none"]}]}`,
		`{"grants":[{"role":"viewer","cameras":["*"],"hours":[{"days":["someday"],"from":"08:00","to":"09:00"}]}]}`, `{"username":"with space"}`, `{"display":"a\nb"}`} {
		if a := s.do("PATCH", path, bad, boss.changes()); a.StatusCode != 422 {
			t.Errorf("%s: %s", bad, a.Status)
		}
	}
	if a := s.do("PATCH", path, `{"username":"`+adminName+`"}`, boss.changes()); a.StatusCode != 409 || a.problem(t).Type != "/problems/name-taken" {
		t.Errorf("another's name: %s", a.text)
	}
	read[Person](s, s.do("PATCH", path, `{"disabled":true}`, boss.changes()), 200)
	if a := s.do("GET", "/api/v1/session", "", ann.reads()); a.StatusCode != 401 {
		t.Errorf("a disabled person: %s", a.Status)
	}
	if e := s.lastEntry(audit.ActionPersonDisable); e.Target != p.ID {
		t.Errorf("the log: %+v", e)
	}
	if a := s.do("PATCH", "/api/v1/people/"+boss.info.Person, `{"disabled":true}`, boss.changes()); a.StatusCode != 409 || a.problem(t).Type != "/problems/last-administrator" {
		t.Errorf("the last administrator: %s", a.text)
	}
	if a := s.do("POST", path+"/forget", "", boss.changes()); a.StatusCode != 409 {
		t.Errorf("forgetting who is there: %s", a.Status)
	}
	read[struct{}](s, s.do("DELETE", path, "", boss.changes()), 204)
	if e := s.lastEntry(audit.ActionPersonDelete); e.Personal.Subject != "ann" || e.Target != p.ID || len(e.After) != 0 {
		t.Errorf("the log: %+v", e)
	}
	if a := s.do("GET", path, "", boss.reads()); a.StatusCode != 404 {
		t.Errorf("who was deleted: %s", a.Status)
	}
	bob := s.hire(boss, "bob")
	read[struct{}](s, s.do("DELETE", "/api/v1/people/"+bob.info.Person+"?forget=1", "", boss.changes()), 204)
	if e := s.lastEntry(audit.ActionPersonDelete); e.Personal.Subject != "" || e.Target != bob.info.Person || e.Reason != "forgotten" {
		t.Errorf("the entry of forgetting names who is forgotten: %+v", e)
	}
}

func TestWhatSomebodyMayNotManageIsNotThere(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	ann := s.hire(boss, "ann", on("operator", "*"))
	for _, rt := range s.routes {
		if rt.needs.String() != "people" {
			continue
		}
		path, body, mime := sample(rt)
		there := s.do(rt.method, path, body, ann.changes(), header("Content-Type", mime))
		none := s.do(rt.method, "/api/v1/nothing", body, ann.changes(), header("Content-Type", mime))
		if there.StatusCode != 404 || there.text != none.text {
			t.Errorf("%s %s: %s, and what is not there %s", rt.method, rt.pattern, there.text, none.text)
		}
	}
}

// TestARoleOfTheSiteKeepsItsNameInEveryLanguage: what is shown in its form is saved with it, so it may be nothing but what somebody wrote.
func TestARoleOfTheSiteKeepsItsNameInEveryLanguage(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	german := header("Accept-Language", "de")
	own := RoleChange{Name: "Viewer", Says: "Watches live pictures, and nothing else.", Permissions: []string{"see"}}
	if r := read[Role](s, s.do("PUT", "/api/v1/roles/own", encode(own), boss.changes(), german), 200); r.Name != own.Name || r.Says != own.Says {
		t.Errorf("made as %+v", r)
	}
	names := make(map[string]string)
	for _, r := range read[[]Role](s, s.do("GET", "/api/v1/roles", "", boss.reads(), german), 200) {
		names[r.ID] = r.Name
	}
	if names["own"] != "Viewer" || names["viewer"] != "Betrachter" {
		t.Errorf("listed as %v", names)
	}
	for role, want := range map[string]string{"own": "Viewer", "viewer": "Betrachter"} {
		p := s.hire(boss, "of-"+role, on(role, "*"))
		if me := read[Me](s, s.do("GET", "/api/v1/me", "", p.reads(), german), 200); me.Grants[0].RoleName != want {
			t.Errorf("%s is told of %q", role, me.Grants[0].RoleName)
		}
	}
}

func TestRolesGroupsAndThePolicyAreManaged(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	guard := RoleChange{Name: "Guard", Says: "Walks at night.", Permissions: []string{"see", "live"}}
	r := read[Role](s, s.do("PUT", "/api/v1/roles/guard", encode(guard), boss.changes()), 200)
	g := read[CameraGroup](s, s.do("PUT", "/api/v1/camera-groups/out", encode(CameraGroupChange{Name: "Outside", Cameras: []string{"door"}}), boss.changes()), 200)
	ann := s.hire(boss, "ann", on("guard", "group:out"))
	if r.Ready || g.ID != "out" || s.lastEntry(audit.ActionRoleChange).Target != "guard" || s.lastEntry(audit.ActionGroupChange).Target != "out" {
		t.Errorf("made %+v %+v", r, g)
	}
	roles := read[[]Role](s, s.do("GET", "/api/v1/roles", "", boss.reads()), 200)
	if last := roles[len(roles)-1]; len(roles) != 6 || last.ID != "guard" || last.Holders != 1 || !roles[0].Ready {
		t.Errorf("roles %+v", roles)
	}
	read[CameraGroup](s, s.do("PUT", "/api/v1/camera-groups/in", encode(CameraGroupChange{Name: "Inside", Cameras: []string{"till"}}), boss.changes()), 200)
	if groups := read[[]CameraGroup](s, s.do("GET", "/api/v1/camera-groups", "", ann.reads()), 200); len(groups) != 1 || groups[0].ID != "out" {
		t.Errorf("ann is told of %+v", groups)
	}
	for path, want := range map[string]int{"/api/v1/roles/guard": 409, "/api/v1/roles/viewer": 409, "/api/v1/roles/none": 404, "/api/v1/camera-groups/out": 409, "/api/v1/camera-groups/in": 204, "/api/v1/camera-groups/none": 404} {
		if a := s.do("DELETE", path, "", boss.changes()); a.StatusCode != want {
			t.Errorf("DELETE %s: %s", path, a.Status)
		}
	}
	for path, body := range map[string]string{"/api/v1/roles/x": `{"name":"x","permissions":["fly"]}`, "/api/v1/roles/X": encode(guard), "/api/v1/camera-groups/x": `{"name":"x","cameras":["cellar"]}`} {
		if a := s.do("PUT", path, body, boss.changes()); a.StatusCode != 422 {
			t.Errorf("PUT %s: %s", path, a.Status)
		}
	}
	p := read[Policy](s, s.do("PUT", "/api/v1/policy", `{"second_factor":["guard"]}`, boss.changes()), 200)
	if len(p.SecondFactor) != 1 || !p.ProcessToken || p.TwoPeople == nil {
		t.Errorf("policy %+v", p)
	}
	if e := s.lastEntry(audit.ActionPolicyChange); !strings.Contains(string(e.After), "guard") || strings.Contains(string(e.Before), "guard") {
		t.Errorf("the log: %s %s", e.Before, e.After)
	}
	if a := s.do("GET", "/api/v1/cameras", "", ann.reads()); a.StatusCode != 403 || a.problem(t).Type != "/problems/second-factor-required" {
		t.Errorf("before the second factor is set up: %s", a.text)
	}
	read[Me](s, s.do("GET", "/api/v1/me", "", ann.reads()), 200)
	bearer := s.bearer()
	read[Policy](s, s.do("PUT", "/api/v1/policy", `{"process_token":false}`, boss.changes()), 200)
	if a := s.do("GET", "/api/v1/cameras", "", bearer); a.StatusCode != 401 {
		t.Errorf("the process token: %s", a.Status)
	}
	list := read[[]PermissionEntry](s, s.do("GET", "/api/v1/permissions", "", boss.reads()), 200)
	for _, e := range list {
		if e.Says == "" {
			t.Errorf("%s is not put in words", e.ID)
		}
	}
}

func TestTokensAreMadeTheyWorkAndAreRevoked(t *testing.T) {
	s := newSite(t)
	boss := s.setUp()
	own := NewToken{Name: "Script", Permissions: []string{"see", "live"}, Cameras: []string{"door"}, Until: s.clock().AddDate(0, 1, 0)}
	made := read[MadeToken](s, s.do("POST", "/api/v1/me/tokens", encode(own), boss.changes()), 201)
	script := header("Authorization", "Bearer "+made.Secret)
	if list := read[[]Camera](s, s.do("GET", "/api/v1/cameras", "", script), 200); len(list) != 1 || list[0].ID != "door" || strings.Join(list[0].May, " ") != "see live" {
		t.Errorf("the token sees %+v", list)
	}
	for _, path := range []string{"/api/v1/people", "/api/v1/me", "/api/v1/cameras/till", "/api/v1/me/log"} {
		if a := s.do("GET", path, "", script); a.StatusCode != 404 {
			t.Errorf("%s by the token: %s", path, a.Status)
		}
	}
	if a := s.do("POST", "/api/v1/me/tokens", encode(own), script); a.StatusCode != 404 {
		t.Errorf("a token makes a token: %s", a.Status)
	}
	wall := read[MadeDevice](s, s.do("POST", "/api/v1/tokens", encode(NewDevice{"device", NewToken{Name: "Wall", Permissions: []string{"see", "live"}, Cameras: []string{"*"}, Until: own.Until}}), boss.changes()), 201)
	_, secret, ok := strings.Cut(wall.Link, "/wall#device=")
	if !ok || wall.By != adminName || wall.Person != "" {
		t.Fatalf("the wall is %+v", wall)
	}
	a := s.do("POST", "/api/v1/session/device", encode(DeviceToken{secret}))
	w := s.signedIn(a)
	if w.info.Kind != "device" || w.info.User != "Wall" || len(read[[]Camera](s, s.do("GET", "/api/v1/cameras", "", w.reads()), 200)) != 2 {
		t.Errorf("the wall is signed in as %+v", w.info)
	}
	if a := s.do("GET", "/api/v1/me", "", w.reads()); a.StatusCode != 404 {
		t.Errorf("a wall has a page of its own: %s", a.Status)
	}
	sessions := read[[]SessionEntry](s, s.do("GET", "/api/v1/sessions", "", boss.reads()), 200)
	if len(sessions) != 2 || sessions[0].Kind == sessions[1].Kind {
		t.Errorf("sessions %+v", sessions)
	}
	if a := s.do("POST", "/api/v1/tokens", encode(NewDevice{"api", own}), boss.changes()); a.StatusCode != 422 {
		t.Errorf("an API token for another: %s", a.Status)
	}
	for _, id := range []string{made.ID, wall.ID} {
		read[struct{}](s, s.do("DELETE", "/api/v1/tokens/"+id, "", boss.changes()), 204)
		if e := s.lastEntry(audit.ActionTokenRevoke); e.Target != id || strings.Contains(string(e.Before), "Script") {
			t.Errorf("the log: %+v %s", e, e.Before)
		}
	}
	if a := s.do("GET", "/api/v1/cameras", "", script); a.StatusCode != 401 {
		t.Errorf("a revoked token: %s", a.Status)
	}
	if a := s.do("GET", "/api/v1/cameras", "", w.reads()); a.StatusCode != 401 {
		t.Errorf("a revoked wall: %s", a.Status)
	}
	for _, secret := range []string{made.Secret, secret} {
		if strings.Contains(encode(s.ledger.all("")), secret) || strings.Contains(s.log.String(), secret) {
			t.Error("a token is in a log")
		}
	}
}

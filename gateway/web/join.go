package web

import (
	"net/http"

	"holdfast/gateway/audit"
)

// InviteToken is a link's.
type InviteToken struct {
	Token string `json:"token" doc:"What follows #invite= in an invitation."`
}

// Invited is whom an invitation is for.
type Invited struct {
	Username string `json:"username"`
	Display  string `json:"display"`
}

// Join takes an invitation.
type Join struct {
	Token    string `json:"token" doc:"What follows #invite= in an invitation."`
	Password string `json:"password" doc:"At least 12 characters."`
}

// DeviceToken begins the session of a wall or kiosk.
type DeviceToken struct {
	Token string `json:"token" doc:"What follows #device= in the link of a wall or kiosk."`
}

func joinRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "POST", pattern: v1 + "/session/device", does: audit.ActionSignIn, public: "it is how a wall or kiosk signs in", serve: (*Server).postSessionDevice,
			summary: "Begin the session of a wall or kiosk, which lasts as long as its token", body: jsonBody[DeviceToken](), answers: gives[SessionInfo](200, "Signed in; a cookie is set.")},
		{method: "POST", pattern: v1 + "/join/look", unlogged: "nothing changes", public: "whoever has an invitation cannot sign in yet", serve: (*Server).postJoinLook,
			summary: "Whom an invitation is for", body: jsonBody[InviteToken](), answers: gives[Invited](200, "The person.")},
		{method: "POST", pattern: v1 + "/join", does: audit.ActionSignIn, public: "whoever has an invitation cannot sign in yet", serve: (*Server).postJoin,
			summary: "Choose a password by an invitation, once", body: jsonBody[Join](), answers: gives[SessionInfo](200, "Signed in; a cookie is set.")},
	}
}

func (s *Server) postSessionDevice(w http.ResponseWriter, r *request) error {
	var t DeviceToken
	if err := decode(r.body, &t); err != nil {
		return err
	}
	session, err := s.o.Auth.LoginDevice(attempt(r), t.Token)
	if err != nil {
		return err
	}
	return s.signedIn(w, r, session)
}

func (s *Server) postJoinLook(w http.ResponseWriter, r *request) error {
	var t InviteToken
	if err := decode(r.body, &t); err != nil {
		return err
	}
	name, display, err := s.o.Auth.InvitedName(t.Token)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, Invited{Username: name, Display: display})
}

func (s *Server) postJoin(w http.ResponseWriter, r *request) error {
	var j Join
	if err := decode(r.body, &j); err != nil {
		return err
	}
	if name, _, err := s.o.Auth.InvitedName(j.Token); err == nil {
		r.entry.Personal.Name, r.entry.Person = name, s.o.Auth.NameOf(name)
	}
	session, err := s.o.Auth.Join(r.Context(), attempt(r), j.Token, j.Password)
	if err != nil {
		return err
	}
	r.entry.Reason = "invitation"
	return s.signedIn(w, r, session)
}

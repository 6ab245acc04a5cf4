package web

import (
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Token is what may be told of a token: never the token.
type Token struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind" enum:"api,device" doc:"api: it acts for a person, within what they may. device: a wall or kiosk."`
	Name        string     `json:"name"`
	Person      string     `json:"person" doc:"Id of whose it is; empty for a device's."`
	PersonName  string     `json:"person_name" doc:"User name of whose it is."`
	Permissions []string   `json:"permissions"`
	Cameras     []string   `json:"cameras"`
	Created     time.Time  `json:"created"`
	By          string     `json:"by" doc:"User name of who made it; empty when they are no more."`
	Until       time.Time  `json:"until"`
	Used        *time.Time `json:"used" doc:"Last use since the gateway started; null: none."`
	From        string     `json:"from" doc:"Address of the last use."`
}

// NewToken asks for a token.
type NewToken struct {
	Name        string    `json:"name" doc:"What it is for, at most 80 bytes."`
	Permissions []string  `json:"permissions" doc:"What it may do; of a device see, and live and audio."`
	Cameras     []string  `json:"cameras" doc:"Ids of cameras, group: and the id of a group, or * for all."`
	Until       time.Time `json:"until" doc:"When it ends: an API token within a year, a device's within five."`
}

// NewDevice asks for the token of a wall or kiosk.
type NewDevice struct {
	Kind string `json:"kind" enum:"device"`
	NewToken
}

// MadeToken is an API token that was made. The token itself is told once.
type MadeToken struct {
	Secret string `json:"token" doc:"To be sent as Authorization: Bearer."`
	Token
}

// MadeDevice is the token of a wall or kiosk that was made. The link is told once.
type MadeDevice struct {
	Link string `json:"link" doc:"To be opened once on the wall or kiosk."`
	Token
}

// paramToken names a token.
var paramToken = param{"id", "path", true, "string", "Id of the token."}

func tokenRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "GET", pattern: v1 + "/tokens", needs: auth.People, serve: (*Server).getTokens,
			summary: "Everybody's API tokens, and those of walls and kiosks", answers: gives[[]Token](200, "The tokens, the newest first.")},
		{method: "POST", pattern: v1 + "/tokens", does: audit.ActionTokenCreate, needs: auth.People, serve: (*Server).postTokens,
			summary: "Make the token of a wall or kiosk", body: jsonBody[NewDevice](), answers: gives[MadeDevice](201, "The token, with a link that is told once.")},
		{method: "DELETE", pattern: v1 + "/tokens/{id}", does: audit.ActionTokenRevoke, needs: auth.People, serve: (*Server).deleteToken,
			summary: "Revoke a token; what goes on by it ends", params: []param{paramToken}, answers: done("Revoked.")},
		{method: "POST", pattern: v1 + "/me/tokens", does: audit.ActionTokenCreate, needs: auth.Tokens, serve: (*Server).postOwnToken,
			summary: "Make an API token for oneself", body: jsonBody[NewToken](), answers: gives[MadeToken](201, "The token, told once.")},
		{method: "DELETE", pattern: v1 + "/me/tokens/{id}", does: audit.ActionTokenRevoke, needs: auth.Self, serve: (*Server).deleteOwnToken,
			summary: "Revoke one of one's own tokens; what goes on by it ends", params: []param{paramToken}, answers: done("Revoked.")},
	}
}

func (s *Server) tokenOf(t auth.Token) Token {
	return Token{ID: t.ID, Kind: t.Kind, Name: t.Name, Person: t.Person, PersonName: s.nameOf(t.Person), Permissions: namesOf(t.Permissions), Cameras: orEmpty(t.Cameras),
		Created: t.Created.UTC(), By: s.nameOf(t.By), Until: t.Until.UTC(), Used: timeOf(t.Used), From: t.From}
}

// nameOf is the user name of a person, "" when there is none any more. What is no person's id, such as local, is its own name.
func (s *Server) nameOf(id string) string {
	if p, err := s.o.Auth.Person(id); err == nil {
		return p.Name
	}
	if auth.IsPerson(id) {
		return ""
	}
	return id
}

func (s *Server) tokensOf(person string) []Token {
	list := []Token{}
	for _, t := range s.o.Auth.TokensOf(person) {
		list = append(list, s.tokenOf(t))
	}
	return list
}

func (s *Server) getTokens(w http.ResponseWriter, _ *request) error {
	return reply(w, http.StatusOK, s.tokensOf(""))
}

func (n NewToken) asked() (auth.NewToken, error) {
	set, err := setOf(n.Permissions)
	return auth.NewToken{Name: n.Name, Permissions: set, Cameras: n.Cameras, Until: n.Until}, err
}

// tokenFacts is what the audit log keeps in clear of a token: not what it is called, which may be a person's telephone.
type tokenFacts struct {
	Kind        string    `json:"kind"`
	Person      string    `json:"person"`
	Permissions []string  `json:"permissions"`
	Cameras     []string  `json:"cameras"`
	Until       time.Time `json:"until"`
}

func factsOfToken(t auth.Token) tokenFacts {
	return tokenFacts{Kind: t.Kind, Person: t.Person, Permissions: namesOf(t.Permissions), Cameras: orEmpty(t.Cameras), Until: t.Until.UTC()}
}

func (s *Server) postTokens(w http.ResponseWriter, r *request) error {
	var n NewDevice
	if err := decode(r.body, &n); err != nil {
		return err
	}
	if n.Kind != auth.DeviceToken {
		return field(kindRule.with("Here tokens of walls and kiosks are made: device. An API token is made by the person whose it is."), "kind")
	}
	base, err := s.linkBase(r)
	if err != nil {
		return err
	}
	asked, err := n.asked()
	if err != nil {
		return err
	}
	t, secret, err := s.o.Auth.MakeDeviceToken(r.who, asked)
	if err != nil {
		return err
	}
	r.entry.Target = t.ID
	r.changed(nil, factsOfToken(t))
	return reply(w, http.StatusCreated, MadeDevice{Link: base + "/wall#device=" + secret, Token: s.tokenOf(t)})
}

func (s *Server) postOwnToken(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	var n NewToken
	if err := decode(r.body, &n); err != nil {
		return err
	}
	asked, err := n.asked()
	if err != nil {
		return err
	}
	t, secret, err := s.o.Auth.MakeAPIToken(r.who, asked)
	if err != nil {
		return err
	}
	r.entry.Target = t.ID
	r.changed(nil, factsOfToken(t))
	return reply(w, http.StatusCreated, MadeToken{Secret: secret, Token: s.tokenOf(t)})
}

func (s *Server) deleteToken(w http.ResponseWriter, r *request) error {
	return s.revoke(w, r, "")
}

func (s *Server) deleteOwnToken(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	return s.revoke(w, r, r.who.Person)
}

func (s *Server) revoke(w http.ResponseWriter, r *request, person string) error {
	r.entry.Target = clipID(r.PathValue("id"))
	gone, err := s.o.Auth.RevokeToken(r.PathValue("id"), person)
	if err != nil {
		return err
	}
	r.changed(factsOfToken(gone), nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

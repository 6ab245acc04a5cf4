package web

import (
	"context"
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Me is everything that is held about whoever asks.
type Me struct {
	ID              string         `json:"id"`
	Username        string         `json:"username"`
	Display         string         `json:"display"`
	Created         time.Time      `json:"created"`
	PasswordChanged time.Time      `json:"password_changed"`
	LastSignIn      *time.Time     `json:"last_sign_in"`
	SecondFactor    bool           `json:"second_factor"`
	RecoveryCodes   int            `json:"recovery_codes" doc:"That are left."`
	WrongCodes      int            `json:"wrong_codes" doc:"Of the authenticator, that no right one has forgiven yet."`
	Networks        []Network      `json:"networks" doc:"From where one signed in during the last 90 days."`
	Grants          []NamedGrant   `json:"grants"`
	Sessions        []SessionEntry `json:"sessions"`
	Tokens          []Token        `json:"tokens"`
	Locks           []Lock         `json:"locks" doc:"Footage that one has kept from deletion."`
	Approvals       []Approval     `json:"approvals" doc:"What one asked another person for."`
	AuditEntries    int            `json:"audit_entries" doc:"Entries of the audit log that name one as who acts."`
	Held            []Held         `json:"held" doc:"Each thing that is held about one: where, why and for how long."`
}

// Network is where somebody signed in from.
type Network struct {
	Network string    `json:"network" doc:"An address, or an IPv6 network of 64 bits."`
	Last    time.Time `json:"last"`
}

// NamedGrant is a grant with what its role is called.
type NamedGrant struct {
	Grant
	RoleName string `json:"role_name" people:"read if ready"`

	ready bool // the role comes with the program, and so its name is a sentence of ours
}

// MeChange is what somebody changes of what is held about themselves; what is left out stays.
type MeChange struct {
	Username *string `json:"username,omitempty"`
	Display  *string `json:"display,omitempty"`
}

// Proof is what somebody proves once more who they are with.
type Proof struct {
	Password string `json:"password"`
	Code     string `json:"code,omitempty" doc:"Of the authenticator, or a recovery code, where there is a second factor."`
}

func meRoutes() []route {
	const v1 = "/api/v1/me"
	return []route{
		{method: "GET", pattern: v1, needs: auth.Self, serve: (*Server).getMe,
			summary: "Everything that is held about oneself", answers: gives[Me](200, "All of it.")},
		{method: "PATCH", pattern: v1, does: audit.ActionPersonChange, needs: auth.Self, serve: (*Server).patchMe,
			summary: "Change one's names", body: jsonBody[MeChange](), answers: gives[Me](200, "All that is held, as changed.")},
		{method: "DELETE", pattern: v1, does: audit.ActionPersonDelete, needs: auth.Self, serve: (*Server).deleteMe,
			summary: "Cancel one's account: what is held about it can be read no more", body: jsonBody[Proof](), answers: done("Cancelled; all sessions and tokens have ended.")},
		{method: "DELETE", pattern: v1 + "/networks", does: audit.ActionPersonChange, needs: auth.Self, serve: (*Server).deleteNetworks,
			summary: "Forget from where one signed in", answers: done("Forgotten.")},
		{method: "GET", pattern: v1 + "/export", needs: auth.Self, does: audit.ActionAuditExport, serve: (*Server).getMeExport,
			summary: "A copy of everything that is held about oneself", answers: gives[MeCopy](200, "A file.")},
		{method: "GET", pattern: v1 + "/log", needs: auth.Self, serve: (*Server).getMeLog,
			summary: "One's own entries of the audit log, the newest first", params: []param{{"cursor", "query", false, "string", "What next said before; the newest when left out."}}, answers: gives[OwnLog](200, "At most 200 entries.")},
		{method: "DELETE", pattern: v1 + "/sessions/{id}", does: audit.ActionSessionEnd, needs: auth.Self, serve: (*Server).deleteOwnSession,
			summary: "End one of one's own sessions", params: []param{{"id", "path", true, "string", "Id of the session."}}, answers: done("Ended; what streams with it ends.")},
	}
}

// signedInPerson lets only a person pass who is signed in. For a device and a program there is no page of their own.
func signedInPerson(r *request) error {
	if r.who.Kind != auth.BySession || r.who.Person == "" {
		return kindNotFound.with("")
	}
	return nil
}

// me gathers all that is held about whoever asks.
func (s *Server) me(ctx context.Context, who auth.Identity) (m Me, err error) {
	p, err := s.o.Auth.Person(who.Person)
	if err != nil {
		return m, err
	}
	m = Me{ID: p.ID, Username: p.Name, Display: p.Display, Created: p.Created.UTC(), PasswordChanged: p.Changed.UTC(), LastSignIn: timeOf(p.Seen), SecondFactor: p.SecondFactor,
		RecoveryCodes: p.RecoveryCodes, WrongCodes: p.WrongCodes, Networks: []Network{}, Grants: s.namedGrants(p.Grants), Sessions: entriesOf(s.o.Auth.SessionsOf(p.ID), who), Tokens: s.tokensOf(p.ID),
		Approvals: []Approval{}, Held: s.held()}
	for _, n := range p.Networks {
		m.Networks = append(m.Networks, Network(n))
	}
	for _, x := range s.o.Auth.Approvals(who) {
		if x.By == who.Person {
			m.Approvals = append(m.Approvals, s.approvalOf(x, who))
		}
	}
	if m.Locks, err = s.locksOf(who.Person); err != nil {
		return m, err
	}
	m.AuditEntries, err = s.countOwn(ctx, who.Person)
	return m, err
}

func (s *Server) namedGrants(grants []auth.Grant) []NamedGrant {
	roles := make(map[string]auth.Role)
	for _, r := range s.o.Auth.Roles() {
		roles[r.ID] = r
	}
	list := []NamedGrant{}
	for _, g := range grants {
		list = append(list, NamedGrant{Grant: grantOf(g), RoleName: roles[g.Role].Name, ready: roles[g.Role].Ready})
	}
	return list
}

// locksOf lists the locks that somebody made.
func (s *Server) locksOf(person string) ([]Lock, error) {
	all, err := s.o.Cameras.FootageLocks("", time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return nil, err
	}
	list := []Lock{}
	for _, l := range all {
		if l.Person == person {
			list = append(list, l)
		}
	}
	return list, nil
}

func (s *Server) getMe(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	m, err := s.me(r.Context(), r.who)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, m)
}

func (s *Server) patchMe(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	var c MeChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	r.upon(r.who.Person, r.who.User)
	_, after, err := s.o.Auth.ChangePerson(r.who, r.who.Person, auth.PersonChange{Name: c.Username, Display: c.Display})
	if err != nil {
		return err
	}
	r.upon(after.ID, after.Name)
	m, err := s.me(r.Context(), r.who)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, m)
}

func (s *Server) deleteMe(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	var p Proof
	if err := decode(r.body, &p); err != nil {
		return err
	}
	r.upon(r.who.Person, r.who.User)
	gone, err := s.o.Auth.CancelAccount(r.Context(), r.who, attempt(r), p.Password, p.Code)
	if err != nil {
		return err
	}
	r.changed(factsOf(gone), nil)
	setCookie(w, r.Request, "", time.Time{})
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) deleteNetworks(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	r.upon(r.who.Person, r.who.User)
	r.entry.Reason = "networks"
	if err := s.o.Auth.ForgetNetworks(r.who.Person); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) deleteOwnSession(w http.ResponseWriter, r *request) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	r.upon(r.who.Person, r.who.User)
	r.entry.Session = clipID(r.PathValue("id"))
	found, err := s.o.Auth.EndOwn(r.who.Person, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !found {
		return kindNotFound.with("")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

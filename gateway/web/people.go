package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Person is somebody who may sign in, or was invited to.
type Person struct {
	ID              string     `json:"id"`
	Username        string     `json:"username" doc:"What they sign in with."`
	Display         string     `json:"display" doc:"What they want to be called; empty: as the user name."`
	State           string     `json:"state" enum:"invited,active,disabled"`
	Grants          []Grant    `json:"grants"`
	SecondFactor    bool       `json:"second_factor" doc:"Signing in takes a code beside the password."`
	RecoveryCodes   int        `json:"recovery_codes" doc:"That are left."`
	Created         time.Time  `json:"created"`
	PasswordChanged *time.Time `json:"password_changed,omitempty"`
	LastSignIn      *time.Time `json:"last_sign_in,omitempty"`
	InvitedUntil    *time.Time `json:"invited_until,omitempty" doc:"A link that was given out is good until then."`
}

// NewPerson is asked for.
type NewPerson struct {
	Username string  `json:"username" doc:"Letters, digits and marks like . _ - @, at most 64 bytes."`
	Display  string  `json:"display,omitempty" doc:"What they are called; empty: as the user name."`
	Grants   []Grant `json:"grants" doc:"What they may do; none: nothing yet."`
}

// Invitation is a link with which a person chooses their password, once. It is told to nobody a second time.
type Invitation struct {
	Link  string    `json:"link"`
	Until time.Time `json:"until"`
}

// InvitedPerson is a person who was made, and the link to give to them.
type InvitedPerson struct {
	Person     Person     `json:"person"`
	Invitation Invitation `json:"invitation"`
}

// PersonChange is what is changed of a person; what is left out stays.
type PersonChange struct {
	Username         *string  `json:"username,omitempty"`
	Display          *string  `json:"display,omitempty"`
	Grants           *[]Grant `json:"grants,omitempty" doc:"All of them: what is not listed is taken away."`
	Disabled         *bool    `json:"disabled,omitempty" doc:"true: the person cannot sign in, and what they are doing ends."`
	DropSecondFactor bool     `json:"drop_second_factor,omitempty" doc:"The person lost their authenticator and their recovery codes."`
}

// paramPerson names a person.
var paramPerson = param{"id", "path", true, "string", "Id of the person."}

func peopleRoutes() []route {
	const v1 = "/api/v1/people"
	forget := param{"forget", "query", false, "flag", "1: the audit log's name, address and browser of the person can be read no more either."}
	days := param{"days", "query", false, "string", "How many days, 1 to 3650; 90 when left out."}
	return []route{
		{method: "GET", pattern: v1, needs: auth.People, serve: (*Server).getPeople,
			summary: "Everybody who may sign in, or was invited", answers: gives[[]Person](200, "The people, by user name.")},
		{method: "POST", pattern: v1, does: audit.ActionPersonCreate, needs: auth.People, serve: (*Server).postPeople,
			summary: "Make a person, who chooses a password by the invitation", body: jsonBody[NewPerson](), answers: gives[InvitedPerson](201, "The person, and the link to give to them.")},
		{method: "GET", pattern: v1 + "/unused", needs: auth.People, serve: (*Server).getUnused,
			summary: "Accounts with which nobody has signed in for long", params: []param{days}, answers: gives[[]Person](200, "The people, by user name.")},
		{method: "GET", pattern: v1 + "/{id}", needs: auth.People, serve: (*Server).getPerson,
			summary: "One person", params: []param{paramPerson}, answers: gives[Person](200, "The person.")},
		{method: "PATCH", pattern: v1 + "/{id}", does: audit.ActionPersonChange, needs: auth.People, serve: (*Server).patchPerson,
			summary: "Change a person; what they may do no more ends at once", params: []param{paramPerson}, body: jsonBody[PersonChange](), answers: gives[Person](200, "The person, as changed.")},
		{method: "DELETE", pattern: v1 + "/{id}", does: audit.ActionPersonDelete, needs: auth.People, serve: (*Server).deletePerson,
			summary: "Delete a person: their sessions and tokens end, and what is held about them can be read no more", params: []param{paramPerson, forget}, answers: done("Deleted.")},
		{method: "POST", pattern: v1 + "/{id}/forget", does: audit.ActionPersonForget, needs: auth.People, serve: (*Server).postForget,
			summary: "Have the audit log forget the name of a person who was deleted", params: []param{paramPerson}, answers: done("Forgotten; what they did stays in the log.")},
		{method: "POST", pattern: v1 + "/{id}/invitation", does: audit.ActionPersonInvite, needs: auth.People, serve: (*Server).postInvitation,
			summary: "Make a new link with which a person chooses a password; earlier ones are worth nothing", params: []param{paramPerson}, answers: gives[Invitation](201, "The link, told once.")},
		{method: "GET", pattern: v1 + "/{id}/sessions", needs: auth.People, serve: (*Server).getPersonSessions,
			summary: "A person's sessions", params: []param{paramPerson}, answers: gives[[]SessionEntry](200, "The sessions, last used first.")},
	}
}

func personOf(p auth.Person) Person {
	told := Person{ID: p.ID, Username: p.Name, Display: p.Display, State: p.State, Grants: grantsOf(p.Grants), SecondFactor: p.SecondFactor, RecoveryCodes: p.RecoveryCodes,
		Created: p.Created.UTC(), LastSignIn: timeOf(p.Seen), InvitedUntil: timeOf(p.InvitedUntil)}
	if p.State != auth.Invited {
		told.PasswordChanged = timeOf(p.Changed)
	}
	return told
}

func peopleOf(list []auth.Person) []Person {
	told := make([]Person, 0, len(list))
	for _, p := range list {
		told = append(told, personOf(p))
	}
	return told
}

// personFacts is what the audit log keeps in clear of a person who was changed: nothing that names them.
type personFacts struct {
	State        string  `json:"state"`
	Grants       []Grant `json:"grants"`
	SecondFactor bool    `json:"second_factor"`
}

func factsOf(p auth.Person) personFacts {
	return personFacts{State: p.State, Grants: grantsOf(p.Grants), SecondFactor: p.SecondFactor}
}

// upon has the entry of a request name the person acted on.
func (r *request) upon(id, name string) { r.entry.Target, r.entry.Personal.Subject = id, name }

func (s *Server) getPeople(w http.ResponseWriter, _ *request) error {
	return reply(w, http.StatusOK, peopleOf(s.o.Auth.People()))
}

// Bounds of the age of unused accounts, days.
const (
	unusedDays    = 90
	maxUnusedDays = 3650
)

func (s *Server) getUnused(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	days := unusedDays
	if text := q.Get("days"); text != "" {
		if days, err = strconv.Atoi(text); err != nil || days < 1 || days > maxUnusedDays {
			return field(kindRequest.with("It is a number of days from 1 to 3650."), "days")
		}
	}
	return reply(w, http.StatusOK, peopleOf(s.o.Auth.Unused(time.Duration(days)*24*time.Hour)))
}

func (s *Server) getPerson(w http.ResponseWriter, r *request) error {
	p, err := s.o.Auth.Person(r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, personOf(p))
}

func (s *Server) postPeople(w http.ResponseWriter, r *request) error {
	var n NewPerson
	if err := decode(r.body, &n); err != nil {
		return err
	}
	base, err := s.linkBase(r)
	if err != nil {
		return err // before anybody is made whom no link reaches
	}
	p, inv, err := s.o.Auth.CreatePerson(r.who, auth.NewPerson{Name: n.Username, Display: n.Display, Grants: askedGrants(n.Grants)})
	if err != nil {
		return err
	}
	r.upon(p.ID, p.Name)
	r.changed(nil, factsOf(p))
	return reply(w, http.StatusCreated, InvitedPerson{Person: personOf(p), Invitation: invitationOf(base, inv)})
}

func invitationOf(base string, inv auth.Invitation) Invitation {
	return Invitation{Link: base + "/join#invite=" + inv.Token, Until: inv.Until.UTC()}
}

func (s *Server) postInvitation(w http.ResponseWriter, r *request) error {
	p, err := s.o.Auth.Person(r.PathValue("id"))
	if err != nil {
		return err
	}
	r.upon(p.ID, p.Name)
	base, err := s.linkBase(r)
	if err != nil {
		return err
	}
	inv, err := s.o.Auth.Invite(r.who, p.ID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, invitationOf(base, inv))
}

func (s *Server) patchPerson(w http.ResponseWriter, r *request) error {
	var c PersonChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	p, err := s.o.Auth.Person(r.PathValue("id"))
	if err != nil {
		return err
	}
	r.upon(p.ID, p.Name)
	switch {
	case c.Disabled != nil && *c.Disabled:
		r.entry.Action = audit.ActionPersonDisable
	case c.DropSecondFactor:
		r.entry.Action = audit.ActionTOTPRemove
	}
	before, after, err := s.o.Auth.ChangePerson(r.who, p.ID, c.asked())
	if err != nil {
		return err
	}
	r.upon(after.ID, after.Name)
	r.changed(factsOf(before), factsOf(after))
	return reply(w, http.StatusOK, personOf(after))
}

func (c PersonChange) asked() auth.PersonChange {
	asked := auth.PersonChange{Name: c.Username, Display: c.Display, Disabled: c.Disabled, DropFactor: c.DropSecondFactor}
	if c.Grants != nil {
		grants := askedGrants(*c.Grants)
		asked.Grants = &grants
	}
	return asked
}

func (s *Server) deletePerson(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	forget, err := parseFlag(q, "forget")
	if err != nil {
		return err
	}
	p, err := s.o.Auth.Person(r.PathValue("id"))
	if err != nil {
		return err
	}
	r.upon(p.ID, p.Name)
	gone, err := s.o.Auth.DeletePerson(r.who, p.ID)
	if err != nil {
		return err
	}
	r.changed(factsOf(gone), nil)
	if forget {
		r.entry.Personal.Subject = "" // nothing must name them after their key is gone
		r.entry.Reason = "forgotten"
		if err := s.forget(r, p.ID); err != nil && !errors.Is(err, auth.ErrNone) { // the log may never have named them
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postForget(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	r.entry.Target = clipID(id)
	if err := s.forget(r, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) forget(r *request, id string) error {
	if r.who.Person == id { // they cannot be named by the entry of having done it either
		r.entry.Personal.Name, r.entry.Personal.Address, r.entry.Personal.Agent = "", "", ""
	}
	return s.o.Auth.ForgetPerson(r.who, id)
}

func (s *Server) getPersonSessions(w http.ResponseWriter, r *request) error {
	if _, err := s.o.Auth.Person(r.PathValue("id")); err != nil {
		return err
	}
	return reply(w, http.StatusOK, entriesOf(s.o.Auth.SessionsOf(r.PathValue("id")), r.who))
}

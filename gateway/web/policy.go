package web

import (
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Policy is what the site asks of everybody.
type Policy struct {
	TwoPeople    []TwoPeople `json:"two_people" doc:"What nobody does alone."`
	SecondFactor []string    `json:"second_factor" doc:"Ids of roles: whoever has one of them needs a second factor."`
	ProcessToken bool        `json:"process_token" doc:"Programs of the user who runs the gateway may use the token of endpoint.json, which may do everything."`
}

// TwoPeople says what takes another person's approval.
type TwoPeople struct {
	Permissions []string `json:"permissions" doc:"playback, export"`
	Cameras     []string `json:"cameras" doc:"Ids of cameras, group: and the id of a group, or * for all."`
}

// PolicyChange changes it; what is left out stays.
type PolicyChange struct {
	TwoPeople    *[]TwoPeople `json:"two_people,omitempty" doc:"All of the rules: what is not listed one person does alone."`
	SecondFactor *[]string    `json:"second_factor,omitempty" doc:"Ids of roles, all of them."`
	ProcessToken *bool        `json:"process_token,omitempty"`
}

func policyRoutes() []route {
	const v1 = "/api/v1/policy"
	return []route{
		{method: "GET", pattern: v1, needs: auth.People, serve: (*Server).getPolicy,
			summary: "What the site asks of everybody", answers: gives[Policy](200, "The policy.")},
		{method: "PUT", pattern: v1, does: audit.ActionPolicyChange, needs: auth.People, serve: (*Server).putPolicy,
			summary: "Change that; it takes an administrator", body: jsonBody[PolicyChange](), answers: gives[Policy](200, "The policy, as changed.")},
	}
}

func policyOf(p auth.Policy) Policy {
	told := Policy{TwoPeople: []TwoPeople{}, SecondFactor: orEmpty(p.SecondFactor), ProcessToken: !p.NoProcessToken}
	for _, e := range p.TwoPeople {
		told.TwoPeople = append(told.TwoPeople, TwoPeople{Permissions: namesOf(e.Permissions), Cameras: orEmpty(e.Cameras)})
	}
	return told
}

func (s *Server) getPolicy(w http.ResponseWriter, _ *request) error {
	return reply(w, http.StatusOK, policyOf(s.o.Auth.Policy()))
}

func (s *Server) putPolicy(w http.ResponseWriter, r *request) error {
	var c PolicyChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	asked, err := c.over(s.o.Auth.Policy())
	if err != nil {
		return err
	}
	before, err := s.o.Auth.SetPolicy(r.who, asked)
	if err != nil {
		return err
	}
	after := policyOf(asked)
	r.changed(policyOf(before), after)
	return reply(w, http.StatusOK, after)
}

// over is the policy with what is changed of it.
func (c PolicyChange) over(p auth.Policy) (auth.Policy, error) {
	if c.SecondFactor != nil {
		p.SecondFactor = *c.SecondFactor
	}
	if c.ProcessToken != nil {
		p.NoProcessToken = !*c.ProcessToken
	}
	if c.TwoPeople == nil {
		return p, nil
	}
	p.TwoPeople = nil
	for _, e := range *c.TwoPeople {
		set, err := setOf(e.Permissions)
		if err != nil {
			return p, err
		}
		p.TwoPeople = append(p.TwoPeople, auth.TwoPeople{Permissions: set, Cameras: e.Cameras})
	}
	return p, nil
}

package web

import (
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Approval is what somebody asked another person for.
type Approval struct {
	ID          string     `json:"id"`
	Permission  string     `json:"permission" enum:"playback,export"`
	Camera      string     `json:"camera"`
	From        time.Time  `json:"from"`
	To          time.Time  `json:"to"`
	Reason      string     `json:"reason"`
	By          string     `json:"by" doc:"Id of who asks."`
	ByName      string     `json:"by_name" doc:"User name of who asks; empty when they are no more."`
	Asked       time.Time  `json:"asked"`
	State       string     `json:"state" enum:"asked,given,declined,over"`
	Decider     string     `json:"decider" doc:"Id of who decided; empty while nobody has."`
	DeciderName string     `json:"decider_name"`
	Decided     *time.Time `json:"decided" doc:"null while nobody has."`
	Until       time.Time  `json:"until" doc:"When it is over by itself."`
	Before      float64    `json:"before" doc:"Of an export: by how many seconds bit-exact copies reach back before from, to the fragment with the key frame at which decoding can start, as far as is recorded now. A redacted clip is cut exactly."`
	After       float64    `json:"after" doc:"Of an export: by how many seconds bit-exact copies go on behind to, to the end of the last fragment."`
	Mine        bool       `json:"mine" doc:"Whoever reads this asked for it."`
	Decidable   bool       `json:"decidable" doc:"Whoever reads this may give or decline it."`
}

// NewApproval asks for an approval.
type NewApproval struct {
	Permission string    `json:"permission" enum:"playback,export"`
	Camera     string    `json:"camera" doc:"Id of the camera."`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Reason     string    `json:"reason" doc:"For whoever decides, at most 400 bytes. It is not kept."`
}

func approvalRoutes() []route {
	const v1 = "/api/v1/approvals"
	approval := []param{{"id", "path", true, "string", "Id of the approval."}}
	const filters = "it is one's own, or of a camera for which one may approve"
	return []route{
		{method: "GET", pattern: v1, filters: "those of others are left out, but for cameras for which one may approve", needs: auth.See, serve: (*Server).getApprovals,
			summary: "What one asked another person for, and what one may decide", answers: gives[[]Approval](200, "The approvals, the newest first.")},
		{method: "POST", pattern: v1, does: audit.ActionApprovalAsk, filters: "the camera is one whose footage may be played or exported", needs: auth.See, serve: (*Server).postApprovals,
			summary: "Ask another person to approve that footage is played or exported", body: jsonBody[NewApproval](), answers: gives[Approval](201, "It waits for somebody to decide.")},
		{method: "POST", pattern: v1 + "/{id}/give", does: audit.ActionApprovalGive, filters: filters, needs: auth.See, serve: (*Server).giveApproval,
			summary: "Approve; it holds for an hour", params: approval, answers: gives[Approval](200, "The approval.")},
		{method: "POST", pattern: v1 + "/{id}/decline", does: audit.ActionApprovalRefuse, filters: filters, needs: auth.See, serve: (*Server).declineApproval,
			summary: "Decline", params: approval, answers: gives[Approval](200, "The approval.")},
		{method: "DELETE", pattern: v1 + "/{id}", does: audit.ActionApprovalRefuse, filters: filters, needs: auth.See, serve: (*Server).deleteApproval,
			summary: "Take back what one asked for, or an approval that was given; what plays by it ends", params: approval, answers: done("It is over.")},
	}
}

func (s *Server) approvalOf(x auth.Approval, who auth.Identity) Approval {
	before, after := s.reach(&x)
	return Approval{Before: before, After: after, ID: x.ID, Permission: x.Permission.String(), Camera: x.Camera, From: x.From, To: x.To, Reason: x.Reason, By: x.By, ByName: s.nameOf(x.By), Asked: x.Asked, State: x.State,
		Decider: x.Decider, DeciderName: s.nameOf(x.Decider), Decided: timeOf(x.Decided), Until: x.Until, Mine: who.Person != "" && x.By == who.Person, Decidable: x.MayDecide(who)}
}

// reach is by how many seconds bit-exact copies go beyond an approval to export, at each end, by what is recorded.
func (s *Server) reach(x *auth.Approval) (before, after float64) {
	c, err := s.recordedCamera(x.Camera)
	if err != nil || s.o.Exports == nil || x.Permission != auth.Export || x.State != auth.Asked && x.State != auth.Given {
		return 0, 0
	}
	streams := c.Record.Streams
	if len(streams) == 0 {
		streams = []string{"main"}
	}
	first, last, err := s.o.Exports.Reach(x.Camera, streams, x.From, x.To)
	if err != nil {
		return 0, 0
	}
	return x.From.Sub(first).Seconds(), last.Sub(x.To).Seconds()
}

func (s *Server) getApprovals(w http.ResponseWriter, r *request) error {
	list := []Approval{}
	for _, x := range s.o.Auth.Approvals(r.who) {
		list = append(list, s.approvalOf(x, r.who))
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) postApprovals(w http.ResponseWriter, r *request) error {
	var n NewApproval
	if err := decode(r.body, &n); err != nil {
		return err
	}
	p, err := auth.ParsePermission(n.Permission)
	if err != nil {
		return field(kindRule.with("Playback or export is approved."), "permission")
	}
	if n.From.Year() < firstYear || n.To.Year() > lastYear {
		return field(kindRule.with("It is no time that can be recorded."), "to")
	}
	if _, err := s.recordedCamera(n.Camera); err != nil || !r.who.MayOn(p, n.Camera) {
		return field(kindRule.with("There is no such camera."), "camera")
	}
	r.entry.Camera, r.entry.From, r.entry.To = n.Camera, n.From, n.To
	x, err := s.o.Auth.Ask(r.who, p, n.Camera, n.From, n.To, n.Reason)
	if err != nil {
		return err
	}
	s.noteApproval(r, x)
	return reply(w, http.StatusCreated, s.approvalOf(x, r.who))
}

// noteApproval has the entry of a request say which approval, and of whom, it was about. Why it was asked is not kept: it may name
// people.
func (s *Server) noteApproval(r *request, x auth.Approval) {
	r.entry.Camera, r.entry.From, r.entry.To, r.entry.Session = x.Camera, x.From, x.To, x.ID
	r.upon(x.By, s.nameOf(x.By))
	r.changed(nil, map[string]string{"permission": x.Permission.String(), "state": x.State})
}

func (s *Server) giveApproval(w http.ResponseWriter, r *request) error { return s.decide(w, r, true) }

func (s *Server) declineApproval(w http.ResponseWriter, r *request) error {
	return s.decide(w, r, false)
}

func (s *Server) decide(w http.ResponseWriter, r *request, give bool) error {
	r.entry.Session = clipID(r.PathValue("id"))
	if r.who.Person == "" {
		return kindForbidden.with("A person decides, who can be named in the audit log, and not the machine or a program. Sign in to the viewer and decide there.")
	}
	x, err := s.o.Auth.Decide(r.who, r.PathValue("id"), give)
	if err != nil {
		return err
	}
	s.noteApproval(r, x)
	return reply(w, http.StatusOK, s.approvalOf(x, r.who))
}

func (s *Server) deleteApproval(w http.ResponseWriter, r *request) error {
	r.entry.Session = clipID(r.PathValue("id"))
	x, err := s.o.Auth.EndApproval(r.who, r.PathValue("id"))
	if err != nil {
		return err
	}
	s.noteApproval(r, x)
	r.entry.Reason = "ended"
	w.WriteHeader(http.StatusNoContent)
	return nil
}

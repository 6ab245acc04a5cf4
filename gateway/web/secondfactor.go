package web

import (
	"encoding/base64"
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Enrolment is what an authenticator is set up with. It is told once.
type Enrolment struct {
	URI  string `json:"uri" doc:"otpauth:// and so on, to open on the telephone itself."`
	Text string `json:"text" doc:"The secret, to type."`
	QR   string `json:"qr" doc:"A picture of uri as a data: address, for the authenticator's camera."`
}

// PasswordProof is what somebody proves once more who they are with.
type PasswordProof struct {
	Password string `json:"password"`
}

// CodeProof is a first code of the authenticator that is being set up.
type CodeProof struct {
	Code string `json:"code"`
}

// RecoveryCodes each stand in for a code of the authenticator, once. They are told once.
type RecoveryCodes struct {
	Codes []string `json:"recovery_codes"`
}

func factorRoutes() []route {
	const v1 = "/api/v1/me"
	return []route{
		{method: "POST", pattern: v1 + "/second-factor", does: audit.ActionTOTPEnrol, needs: auth.Self, serve: (*Server).postFactor,
			summary: "Begin to set up a second factor", body: jsonBody[PasswordProof](), answers: gives[Enrolment](200, "What the authenticator is set up with. It counts once a first code was confirmed.")},
		{method: "POST", pattern: v1 + "/second-factor/confirm", does: audit.ActionTOTPEnrol, needs: auth.Self, serve: (*Server).postFactorConfirm,
			summary: "Confirm a second factor by a first code", body: jsonBody[CodeProof](), answers: gives[RecoveryCodes](200, "It counts from now on. The recovery codes are told once.")},
		{method: "DELETE", pattern: v1 + "/second-factor", does: audit.ActionTOTPRemove, needs: auth.Self, serve: (*Server).deleteFactor,
			summary: "Do without the second factor", body: jsonBody[Proof](), answers: done("Removed.")},
		{method: "POST", pattern: v1 + "/recovery-codes", does: audit.ActionTOTPEnrol, needs: auth.Self, serve: (*Server).postRecoveryCodes,
			summary: "Make new recovery codes; the former are worth nothing", body: jsonBody[Proof](), answers: gives[RecoveryCodes](200, "Told once.")},
	}
}

// ownAct begins what somebody does with their own account, and reads what they sent.
func ownAct(r *request, reason string, into any) error {
	if err := signedInPerson(r); err != nil {
		return err
	}
	r.upon(r.who.Person, r.who.User)
	r.entry.Reason = reason
	return decode(r.body, into)
}

func (s *Server) postFactor(w http.ResponseWriter, r *request) error {
	var p PasswordProof
	if err := ownAct(r, "begun", &p); err != nil {
		return err
	}
	e, err := s.o.Auth.BeginFactor(r.Context(), r.who, attempt(r), p.Password)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, Enrolment{URI: e.URI, Text: e.Text, QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(e.QR)})
}

func (s *Server) postFactorConfirm(w http.ResponseWriter, r *request) error {
	var p CodeProof
	if err := ownAct(r, "", &p); err != nil {
		return err
	}
	codes, err := s.o.Auth.ConfirmFactor(r.who, attempt(r), p.Code)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, RecoveryCodes{Codes: codes})
}

func (s *Server) deleteFactor(w http.ResponseWriter, r *request) error {
	var p Proof
	if err := ownAct(r, "", &p); err != nil {
		return err
	}
	if err := s.o.Auth.DropFactor(r.Context(), r.who, attempt(r), p.Password, p.Code); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postRecoveryCodes(w http.ResponseWriter, r *request) error {
	var p Proof
	if err := ownAct(r, "recovery-codes", &p); err != nil {
		return err
	}
	codes, err := s.o.Auth.RenewRecovery(r.Context(), r.who, attempt(r), p.Password, p.Code)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, RecoveryCodes{Codes: codes})
}

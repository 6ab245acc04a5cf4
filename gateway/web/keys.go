package web

import (
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/storage/keyring"
)

// Keys is the root key of the gateway, and what lies under it.
type Keys interface {
	KeyStatus() KeyStatus
	RecoveryKey() string
	ConfirmKey(recovery string) error
	UnlockKeys(recovery string) error
	RotateKey() error
	SegmentKey(camera string, day time.Time, id keyring.ID) (keyring.Key, error)
}

// KeyStatus is how the keys are.
type KeyStatus struct {
	keyring.Status
	Footage bool     `json:"footage"`          // it is encrypted
	Sealed  []string `json:"sealed,omitempty"` // fingerprints of the root keys under which what is kept of cameras and people is locked
}

// RecoveryKey is the root key as people keep it: 14 groups of four letters and digits.
type RecoveryKey struct {
	Recovery string `json:"recovery" doc:"Case, spaces and hyphens do not matter."`
}

func keyRoutes() []route {
	const v1 = "/api/v1/keys"
	return []route{
		{method: "GET", pattern: v1, needs: auth.Keys, serve: (*Server).getKeys,
			summary: "How the root key is kept, and what lies under it", answers: gives[any](200, "Whether the recovery key is confirmed, whether footage is encrypted, generation, copies, what is locked, what is still to be destroyed, and the last receipt.")},
		{method: "POST", pattern: v1 + "/confirm", does: audit.ActionKeyConfirm, needs: auth.Keys, serve: (*Server).postKeysConfirm,
			summary: "Confirm that the recovery key is kept, by typing it", body: jsonBody[RecoveryKey](), answers: done("It is the recovery key of the present root key.")},
		{method: "POST", pattern: v1 + "/unlock", does: audit.ActionKeyUnlock, needs: auth.Keys, serve: (*Server).postKeysUnlock,
			summary: "Open what was recorded or sealed under another root key", body: jsonBody[RecoveryKey](), answers: done("It is open, and stays so.")},
		{method: "POST", pattern: v1 + "/rotate", does: audit.ActionKeyRotate, needs: auth.Keys, serve: (*Server).postKeysRotate,
			summary: "Change the root key; the former recovery key opens nothing any more", answers: done("Changed; the new recovery key waits to be confirmed.")},
		{method: "GET", pattern: v1 + "/recovery", does: audit.ActionKeysShown, needs: auth.Keys, serve: (*Server).getKeysRecovery,
			summary: "The recovery key, through the local socket only", answers: gives[RecoveryKey](200, "It opens all footage of this gateway, and what is sealed of cameras and people.")},
	}
}

func (s *Server) getKeys(w http.ResponseWriter, _ *request) error {
	return reply(w, http.StatusOK, s.o.Keys.KeyStatus())
}

func (s *Server) postKeysConfirm(w http.ResponseWriter, r *request) error {
	return s.withRecovery(w, r, s.o.Keys.ConfirmKey)
}

func (s *Server) postKeysUnlock(w http.ResponseWriter, r *request) error {
	return s.withRecovery(w, r, s.o.Keys.UnlockKeys)
}

// withRecovery does what a recovery key is sent for.
func (s *Server) withRecovery(w http.ResponseWriter, r *request, do func(string) error) error {
	var req RecoveryKey
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if root, err := keyring.ParseRecovery(req.Recovery); err == nil {
		r.entry.Target = root.Fingerprint()
	}
	if err := do(req.Recovery); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postKeysRotate(w http.ResponseWriter, r *request) error {
	before := s.o.Keys.KeyStatus().Root
	if err := s.o.Keys.RotateKey(); err != nil {
		return err
	}
	r.changed(before, s.o.Keys.KeyStatus().Root)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// getKeysRecovery tells the key to whom the kernel vouches for, and to no network.
func (s *Server) getKeysRecovery(w http.ResponseWriter, r *request) error {
	if _, local := localIdentity(r.Request); !local {
		return kindForbidden.with("The recovery key is told on the machine itself only.").hinting("Run holdfast keys recovery there.")
	}
	w.Header().Set("Cache-Control", "no-store")
	return reply(w, http.StatusOK, RecoveryKey{Recovery: s.o.Keys.RecoveryKey()})
}

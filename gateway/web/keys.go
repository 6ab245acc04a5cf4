package web

import (
	"net/http"
	"time"

	"holdfast/gateway/auth"
	"holdfast/storage/keyring"
)

// Keys is the keyring of encryption at rest.
type Keys interface {
	KeyStatus() keyring.Status
	RecoveryKey() string
	ConfirmKey(recovery string) error
	UnlockKeys(recovery string) error
	RotateKey() error
	SegmentKey(camera string, day time.Time, id keyring.ID) (keyring.Key, error)
}

// RecoveryKey is the root key as people keep it: 14 groups of four letters and digits.
type RecoveryKey struct {
	Recovery string `json:"recovery" doc:"Case, spaces and hyphens do not matter."`
}

func keyRoutes() []route {
	const v1 = "/api/v1/keys"
	return []route{
		{method: "GET", pattern: v1, needs: auth.Keys, serve: (*Server).getKeys,
			summary: "How the keyring of encryption at rest is", answers: gives[any](200, "Generation, copies, what is locked, what is still to be destroyed, and the last receipt.")},
		{method: "POST", pattern: v1 + "/confirm", needs: auth.Keys, serve: (*Server).postKeysConfirm,
			summary: "Confirm that the recovery key is kept, by typing it", body: jsonBody[RecoveryKey](), answers: done("It is the recovery key of the present root key.")},
		{method: "POST", pattern: v1 + "/unlock", needs: auth.Keys, serve: (*Server).postKeysUnlock,
			summary: "Open footage that was recorded under another root key", body: jsonBody[RecoveryKey](), answers: done("It is open, and stays so.")},
		{method: "POST", pattern: v1 + "/rotate", needs: auth.Keys, serve: (*Server).postKeysRotate,
			summary: "Change the root key; the former recovery key opens nothing any more", answers: done("Changed; the new recovery key waits to be confirmed.")},
		{method: "GET", pattern: v1 + "/recovery", needs: auth.Keys, serve: (*Server).getKeysRecovery,
			summary: "The recovery key, through the local socket only", answers: gives[RecoveryKey](200, "It opens all footage of this gateway.")},
	}
}

// ring gives the keyring, or says that there is none.
func (s *Server) ring() (Keys, error) {
	if s.o.Keys == nil {
		return nil, kindNotFound.with("Footage is kept in clear here: encryption.at_rest is false in the configuration.")
	}
	return s.o.Keys, nil
}

func (s *Server) getKeys(w http.ResponseWriter, _ *request) error {
	keys, err := s.ring()
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, keys.KeyStatus())
}

func (s *Server) postKeysConfirm(w http.ResponseWriter, r *request) error {
	return s.withRecovery(w, r, Keys.ConfirmKey)
}

func (s *Server) postKeysUnlock(w http.ResponseWriter, r *request) error {
	return s.withRecovery(w, r, Keys.UnlockKeys)
}

// withRecovery does what a recovery key is sent for.
func (s *Server) withRecovery(w http.ResponseWriter, r *request, do func(Keys, string) error) error {
	var req RecoveryKey
	if err := decode(r.body, &req); err != nil {
		return err
	}
	keys, err := s.ring()
	if err != nil {
		return err
	}
	if err := do(keys, req.Recovery); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postKeysRotate(w http.ResponseWriter, _ *request) error {
	keys, err := s.ring()
	if err != nil {
		return err
	}
	if err := keys.RotateKey(); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// getKeysRecovery tells the key to whom the kernel vouches for, and to no network.
func (s *Server) getKeysRecovery(w http.ResponseWriter, r *request) error {
	if _, local := localIdentity(r.Request); !local {
		return kindForbidden.with("The recovery key is told on the machine itself only.").hinting("Run holdfast keys recovery there.")
	}
	keys, err := s.ring()
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return reply(w, http.StatusOK, RecoveryKey{Recovery: keys.RecoveryKey()})
}

package web

import (
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Trust is how cameras are known again over TLS. *gateway.Gateway implements it.
type Trust interface {
	// CameraCertificate gives the keys that a camera is known by; ErrNotFound when there is no such camera.
	CameraCertificate(camera string) (CameraCertificate, error)
	// ForgetCertificate forgets them, so that the camera is known from then on by what it shows next. It is said of cameras from the
	// configuration file too: what is forgotten was learned, and does not stand there.
	ForgetCertificate(camera string) error
}

// CameraCertificate is what a camera is known by over TLS.
type CameraCertificate struct {
	Camera string      `json:"camera" doc:"Id of the camera."`
	Host   string      `json:"host" doc:"The host that it was declared at; the keys count for it only."`
	Keys   []CameraKey `json:"keys" doc:"The key of each protocol that TLS was spoken in; none where the camera was not reached over TLS yet."`
}

// CameraKey is the public key of the certificate that a camera showed first.
type CameraKey struct {
	Protocol string `json:"protocol" enum:"https,rtsps"`
	SHA256   string `json:"sha256" doc:"Of the public key (SubjectPublicKeyInfo), hexadecimal."`
}

func trustRoutes() []route {
	const path = "/api/v1/cameras/{id}/certificate"
	return []route{
		{method: "GET", pattern: path, needs: auth.Configure, serve: (*Server).getCameraCertificate,
			summary: "The keys that a camera is known by over TLS", params: []param{paramCamera}, answers: gives[CameraCertificate](200, "The keys.")},
		{method: "DELETE", pattern: path, does: audit.ActionCameraTrust, needs: auth.Configure, serve: (*Server).deleteCameraCertificate,
			summary: "Forget them, of all cameras of its device; the key that the device shows next is the one that it is known by", params: []param{paramCamera}, answers: done("Forgotten.")},
	}
}

func (s *Server) getCameraCertificate(w http.ResponseWriter, r *request) error {
	c, err := s.o.Cameras.CameraCertificate(r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, c)
}

func (s *Server) deleteCameraCertificate(w http.ResponseWriter, r *request) error {
	before, err := s.o.Cameras.CameraCertificate(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.o.Cameras.ForgetCertificate(before.Camera); err != nil {
		return err
	}
	r.changed(before, nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

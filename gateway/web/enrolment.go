package web

import (
	"context"
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Adopting changes which cameras there are, and what they are called. *gateway.Gateway implements it. Of a camera from the
// configuration file the error is InFile.
type Adopting interface {
	ChangeCamera(ctx context.Context, camera string, ch CameraChange) (Camera, error)
	RemoveCamera(ctx context.Context, camera string) (RemovedCamera, error)
	ReplaceCamera(ctx context.Context, camera string, req ReplaceRequest) (ReplacedCamera, error)
	// TestPicture connects to a stream of a device that need not be a camera here, and gives what it sends first.
	TestPicture(ctx context.Context, req TestRequest) (TestPicture, error)
	Adoptions
}

// CameraChange changes what a camera is called and for; what is left out stays.
type CameraChange struct {
	Name       *string `json:"name,omitempty" doc:"For people; at most 128 bytes."`
	Purpose    *string `json:"purpose,omitempty" doc:"What it is there for, for whoever asks about it."`
	LegalBasis *string `json:"legal_basis,omitempty" doc:"On what ground it records."`
	Audio      *bool   `json:"audio,omitempty" doc:"Whether its sound is recorded and may be heard. It is connected anew for that."`
	Disabled   *bool   `json:"disabled,omitempty" doc:"Switched off: no connection, no recording; its footage stays as long as it would."`
}

// RemovedCamera is what stays of a camera that was removed.
type RemovedCamera struct {
	ID      string `json:"id"`
	Footage bool   `json:"footage" doc:"There is footage of it, which is kept until its age ends: see removed-cameras. It is the camera's again when the same device is added again."`
}

// ReplaceRequest says which device a camera is from now on. Its id, name, settings, rights and footage stay.
type ReplaceRequest struct {
	Address  string         `json:"address" doc:"Host, host:port or address of the ONVIF device, or an rtsp:// address."`
	Username string         `json:"username,omitempty"`
	Password string         `json:"password,omitempty"`
	Endpoint string         `json:"endpoint,omitempty" doc:"The new device's id from discovery, unless that is shared. Empty: the device is asked."`
	Source   string         `json:"source,omitempty" doc:"Token of its video source, of a device with several; empty: the first."`
	Streams  []StreamChoice `json:"streams,omitempty" doc:"Which of its profiles are which stream; left out: chosen by what they carry."`
}

// StreamChoice says which profile of a device is a stream.
type StreamChoice struct {
	ID      string `json:"id" enum:"main,sub,third"`
	Profile string `json:"profile" doc:"Token of the media profile."`
}

// ReplacedCamera is a camera whose device was replaced.
type ReplacedCamera struct {
	Camera
	Before DeviceIdentity `json:"before" doc:"The device that it was."`
	After  DeviceIdentity `json:"after" doc:"The one that it is."`
	Notes  []string       `json:"notes" doc:"What is otherwise than before, in sentences."`
}

// DeviceIdentity is who a device is.
type DeviceIdentity struct {
	Manufacturer string `json:"manufacturer"`
	Model        string `json:"model"`
	Serial       string `json:"serial"`
	Address      string `json:"address"`
}

func enrolmentRoutes() []route {
	const camera = "/api/v1/cameras/{id}"
	routes := []route{
		{method: "PATCH", pattern: camera, does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).patchCamera,
			summary: "Rename a camera, say what it is for, switch its sound or all of it on or off; of cameras that were added here", params: []param{paramCamera},
			body: jsonBody[CameraChange](), answers: gives[Camera](200, "The camera, as changed.")},
		{method: "DELETE", pattern: camera, does: audit.ActionCameraRemove, needs: auth.Configure, serve: (*Server).deleteCamera,
			summary: "Remove a camera that was added here. Its footage stays until its age ends, and is the camera's again when the same device is added again", params: []param{paramCamera},
			answers: gives[RemovedCamera](200, "What stays of it.")},
		{method: "POST", pattern: camera + "/replace", does: audit.ActionCameraReplace, needs: auth.Configure, serve: (*Server).postReplace,
			summary: "Put another device in a camera's place: id, name, settings, rights and footage stay, and the timeline goes on", params: []param{paramCamera},
			body: jsonBody[ReplaceRequest](), answers: gives[ReplacedCamera](200, "The camera, with what it was and is.")},
		{method: "POST", pattern: "/api/v1/probe/picture", does: audit.ActionCameraSearch, needs: auth.Configure, serve: (*Server).postTestPicture,
			summary: "Connect to a stream of a device before it is added, and give the first picture that it sends; at most ten seconds", body: jsonBody[TestRequest](), answers: gives[TestPicture](200, "The picture, and how long it took.")},
	}
	return append(routes, adoptionRoutes()...)
}

func (c CameraChange) check() error {
	switch {
	case c == CameraChange{}:
		return kindRule.with("Nothing is to be changed.")
	case c.Name != nil && (*c.Name == "" || len(*c.Name) > maxCameraName || hasControl(*c.Name)):
		return field(kindRule.with("The name is missing, too long, or holds characters that cannot be shown."), "name")
	case c.Purpose != nil && (len(*c.Purpose) > maxAddress || hasControl(*c.Purpose)):
		return field(kindRule.with("It is too long, or holds characters that cannot be shown."), "purpose")
	case c.LegalBasis != nil && (len(*c.LegalBasis) > maxAddress || hasControl(*c.LegalBasis)):
		return field(kindRule.with("It is too long, or holds characters that cannot be shown."), "legal_basis")
	}
	return nil
}

func (s *Server) patchCamera(w http.ResponseWriter, r *request) error {
	var ch CameraChange
	if err := decode(r.body, &ch); err != nil {
		return err
	}
	if err := ch.check(); err != nil {
		return err
	}
	before, err := s.camera(r)
	if err != nil {
		return err
	}
	c, err := s.o.Cameras.ChangeCamera(r.Context(), before.ID, ch)
	if err != nil {
		return err
	}
	r.changed(before.settings(), c.settings())
	return reply(w, http.StatusOK, c.shownTo(r.who))
}

// settings is what CameraChange changes, for the audit log.
func (c Camera) settings() map[string]any {
	return map[string]any{"name": c.Name, "purpose": c.Purpose, "legal_basis": c.LegalBasis, "audio": c.Audio, "disabled": c.State == "disabled"}
}

func (s *Server) deleteCamera(w http.ResponseWriter, r *request) error {
	before, err := s.camera(r)
	if err != nil {
		return err
	}
	gone, err := s.o.Cameras.RemoveCamera(r.Context(), before.ID)
	if err != nil {
		return err
	}
	r.changed(map[string]string{"name": before.Name, "address": before.Address}, nil)
	return reply(w, http.StatusOK, gone)
}

func (q ReplaceRequest) check() error {
	if err := (AdoptRequest{Address: q.Address, Username: q.Username, Password: q.Password, Endpoint: q.Endpoint, Streams: q.Streams}).check(); err != nil {
		return err
	}
	if len(q.Source) > maxCameraName || hasControl(q.Source) {
		return field(kindRule.with("It is no video source."), "source")
	}
	return nil
}

func (s *Server) postReplace(w http.ResponseWriter, r *request) error {
	var req ReplaceRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	c, err := s.o.Cameras.ReplaceCamera(r.Context(), r.PathValue("id"), req)
	if err != nil {
		return err
	}
	r.changed(c.Before, c.After)
	c.Camera, c.Notes = c.shownTo(r.who), listed(c.Notes)
	return reply(w, http.StatusOK, c)
}

// TestRequest asks for the picture of a stream.
type TestRequest struct {
	ProbeRequest
	Source  string `json:"source,omitempty" doc:"Token of the video source; empty: the first."`
	Profile string `json:"profile,omitempty" doc:"Token of the media profile; empty: that of the sub stream, or of the main one where there is no sub stream."`
}

// TestPicture is what a stream sent first.
type TestPicture struct {
	Mime      string  `json:"mime" doc:"image/jpeg where a decoder is installed, else video/mp4 of the one frame."`
	Picture   string  `json:"picture" doc:"In base64, at most 8 MB."`
	Codec     string  `json:"codec"`
	Width     int     `json:"width" doc:"Pixels."`
	Height    int     `json:"height" doc:"Pixels."`
	Audio     string  `json:"audio" doc:"Codec of the sound that comes with it; empty without."`
	Transport string  `json:"transport"`
	Seconds   float64 `json:"seconds" doc:"From asking for the stream until its first key frame had come."`
	Profile   string  `json:"profile" doc:"Token of the media profile that was tried."`
}

func (q TestRequest) check() error {
	if err := q.ProbeRequest.check(); err != nil {
		return err
	}
	for name, v := range map[string]string{"source": q.Source, "profile": q.Profile} {
		if len(v) > maxCameraName || hasControl(v) {
			return field(kindRule.with("It is no token."), name)
		}
	}
	return nil
}

func (s *Server) postTestPicture(w http.ResponseWriter, r *request) error {
	var req TestRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	r.changed(nil, map[string]string{"address": req.Address, "test": "picture"})
	p, err := s.o.Cameras.TestPicture(r.Context(), req)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

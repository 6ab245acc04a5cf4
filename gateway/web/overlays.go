package web

import (
	"context"
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Overlays is what a device paints into a camera's pictures before they leave it, and how its video source works. No token makes
// a new one.
type Overlays interface {
	OSDs(ctx context.Context, camera string) (OSDs, error)
	PutOSD(ctx context.Context, camera string, o OSD) (OSD, error)
	DeleteOSD(ctx context.Context, camera, token string) error
	Masks(ctx context.Context, camera string) (Masks, error)
	PutMask(ctx context.Context, camera string, m Mask) (Mask, error)
	DeleteMask(ctx context.Context, camera, token string) error
	Modes(ctx context.Context, camera string) ([]SourceMode, error)
	SetMode(ctx context.Context, camera, token string) (ModeSet, error)
}

// OSD is text that a device shows in its pictures.
type OSD struct {
	Token      string  `json:"token,omitempty"`
	Image      bool    `json:"image,omitempty" doc:"It is an image, which can be changed at the device only."`
	Position   string  `json:"position" enum:"UpperLeft,UpperRight,LowerLeft,LowerRight,Custom"`
	X          float64 `json:"x,omitempty" doc:"Of Custom: -1 is left, 1 right."`
	Y          float64 `json:"y,omitempty" doc:"Of Custom: -1 is bottom, 1 top."`
	Show       string  `json:"show" enum:"Plain,Date,Time,DateAndTime"`
	Text       string  `json:"text,omitempty" doc:"Of Plain."`
	DateFormat string  `json:"date_format,omitempty" doc:"Empty: yyyy-MM-dd."`
	TimeFormat string  `json:"time_format,omitempty" doc:"Empty: HH:mm:ss."`
	FontSize   int     `json:"font_size,omitempty" doc:"Points; 0: the device's."`
}

// OSDs are the texts of a camera, and what there can be.
type OSDs struct {
	Displays  []OSD    `json:"displays"`
	Most      int      `json:"most" doc:"How many there can be; 0 where the device does not say."`
	Positions []string `json:"positions"`
	Shows     []string `json:"shows"`
	Dates     []string `json:"date_formats"`
	Times     []string `json:"time_formats"`
}

// Mask is a privacy mask that a device paints over its pictures.
type Mask struct {
	Token   string  `json:"token,omitempty"`
	Points  []Point `json:"points"`
	Type    string  `json:"type" enum:"Color,Pixelated,Blurred" doc:"A Color is black."`
	Enabled bool    `json:"enabled"`
}

// Point is a place in the picture.
type Point struct {
	X float64 `json:"x" doc:"-1 is left, 1 right."`
	Y float64 `json:"y" doc:"-1 is bottom, 1 top."`
}

// Masks are the masks of a camera, and what there can be.
type Masks struct {
	Masks      []Mask   `json:"masks"`
	Most       int      `json:"most" doc:"How many there can be; 0 where the device does not say."`
	MostPoints int      `json:"most_points"`
	Types      []string `json:"types"`
	Rectangles bool     `json:"rectangles_only"`
}

// SourceMode is a way in which a video source can work.
type SourceMode struct {
	Token       string   `json:"token"`
	Enabled     bool     `json:"enabled"`
	Description string   `json:"description"`
	Width       int      `json:"width" doc:"At most, pixels."`
	Height      int      `json:"height" doc:"At most, pixels."`
	FPS         float64  `json:"fps" doc:"At most."`
	Codecs      []string `json:"codecs"`
	Reboot      bool     `json:"reboot" doc:"The device restarts to switch to it."`
}

// ModeSet is what came of switching.
type ModeSet struct {
	Reboots bool `json:"reboots" doc:"The device restarts now: the camera is offline meanwhile."`
}

func overlayRoutes() []route {
	const camera = "/api/v1/cameras/{id}"
	token := param{"token", "path", true, "string", "Token at the device."}
	return []route{
		{method: "GET", pattern: camera + "/osd", needs: auth.Configure, serve: (*Server).getOSDs,
			summary: "Texts that a camera shows in its pictures", params: []param{paramCamera}, answers: gives[OSDs](200, "The texts, and what there can be.")},
		{method: "POST", pattern: camera + "/osd", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postOSD,
			summary: "Have a camera show a text in its pictures", params: []param{paramCamera}, body: jsonBody[OSD](), answers: gives[OSD](201, "The text, as the device has it.")},
		{method: "PUT", pattern: camera + "/osd/{token}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putOSD,
			summary: "Change a text in a camera's pictures", params: []param{paramCamera, token}, body: jsonBody[OSD](), answers: gives[OSD](200, "The text, as the device has it.")},
		{method: "DELETE", pattern: camera + "/osd/{token}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).deleteOSD,
			summary: "Take a text out of a camera's pictures", params: []param{paramCamera, token}, answers: done("It is not shown any more.")},
		{method: "GET", pattern: camera + "/masks", needs: auth.Configure, serve: (*Server).getMasks,
			summary: "Privacy masks that a camera paints itself", params: []param{paramCamera}, answers: gives[Masks](200, "The masks, and what there can be.")},
		{method: "POST", pattern: camera + "/masks", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postMask,
			summary: "Have a camera paint a privacy mask", params: []param{paramCamera}, body: jsonBody[Mask](), answers: gives[Mask](201, "The mask, as the device has it.")},
		{method: "PUT", pattern: camera + "/masks/{token}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putMask,
			summary: "Change a camera's privacy mask", params: []param{paramCamera, token}, body: jsonBody[Mask](), answers: gives[Mask](200, "The mask, as the device has it.")},
		{method: "DELETE", pattern: camera + "/masks/{token}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).deleteMask,
			summary: "Take a camera's privacy mask away", params: []param{paramCamera, token}, answers: done("It is not painted any more.")},
		{method: "GET", pattern: camera + "/modes", needs: auth.Configure, serve: (*Server).getModes,
			summary: "The modes of a camera's video source", params: []param{paramCamera}, answers: gives[[]SourceMode](200, "The modes.")},
		{method: "PUT", pattern: camera + "/modes/{token}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putMode,
			summary: "Switch a camera's video source to a mode; some devices restart for it", params: []param{paramCamera, token}, answers: gives[ModeSet](200, "It is switched.")},
	}
}

func (s *Server) getOSDs(w http.ResponseWriter, r *request) error {
	o, err := s.o.Cameras.OSDs(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	o.Displays, o.Positions, o.Shows, o.Dates, o.Times = listed(o.Displays), listed(o.Positions), listed(o.Shows), listed(o.Dates), listed(o.Times)
	return reply(w, http.StatusOK, o)
}

// put reads what is to be made or changed, does it, and says so in the audit log.
func put[T any](w http.ResponseWriter, r *request, status int, do func(token string, v T) (T, error)) error {
	var v T
	if err := decode(r.body, &v); err != nil {
		return err
	}
	r.entry.Target = clipID(r.PathValue("token"))
	now, err := do(r.PathValue("token"), v)
	if err != nil {
		return err
	}
	r.changed(nil, now)
	return reply(w, status, now)
}

// maxOverlay bounds a text in a picture, bytes.
const maxOverlay = 256

func (s *Server) setOSD(r *request) func(token string, o OSD) (OSD, error) {
	return func(token string, o OSD) (OSD, error) {
		o.Token = token
		if len(o.Text) > maxOverlay || hasControl(o.Text+o.DateFormat+o.TimeFormat) {
			return o, field(kindRule.with("The text is too long, or holds characters that cannot be shown."), "text")
		}
		return s.o.Cameras.PutOSD(r.Context(), r.PathValue("id"), o)
	}
}

func (s *Server) postOSD(w http.ResponseWriter, r *request) error {
	return put(w, r, http.StatusCreated, s.setOSD(r))
}

func (s *Server) putOSD(w http.ResponseWriter, r *request) error {
	return put(w, r, http.StatusOK, s.setOSD(r))
}

func (s *Server) deleteOSD(w http.ResponseWriter, r *request) error {
	return remove(w, r, s.o.Cameras.DeleteOSD)
}

// remove takes away what the path names.
func remove(w http.ResponseWriter, r *request, do func(ctx context.Context, camera, token string) error) error {
	r.entry.Target, r.entry.Reason = clipID(r.PathValue("token")), "removed"
	if err := do(r.Context(), r.PathValue("id"), r.PathValue("token")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) getMasks(w http.ResponseWriter, r *request) error {
	m, err := s.o.Cameras.Masks(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	m.Masks, m.Types = listed(m.Masks), listed(m.Types)
	for i := range m.Masks {
		m.Masks[i].Points = listed(m.Masks[i].Points)
	}
	return reply(w, http.StatusOK, m)
}

func (s *Server) setMask(r *request) func(token string, m Mask) (Mask, error) {
	return func(token string, m Mask) (Mask, error) {
		m.Token = token
		return s.o.Cameras.PutMask(r.Context(), r.PathValue("id"), m)
	}
}

func (s *Server) postMask(w http.ResponseWriter, r *request) error {
	return put(w, r, http.StatusCreated, s.setMask(r))
}

func (s *Server) putMask(w http.ResponseWriter, r *request) error {
	return put(w, r, http.StatusOK, s.setMask(r))
}

func (s *Server) deleteMask(w http.ResponseWriter, r *request) error {
	return remove(w, r, s.o.Cameras.DeleteMask)
}

func (s *Server) getModes(w http.ResponseWriter, r *request) error {
	l, err := s.o.Cameras.Modes(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	for i := range l {
		l[i].Codecs = listed(l[i].Codecs)
	}
	return reply(w, http.StatusOK, listed(l))
}

func (s *Server) putMode(w http.ResponseWriter, r *request) error {
	r.entry.Target = clipID(r.PathValue("token"))
	m, err := s.o.Cameras.SetMode(r.Context(), r.PathValue("id"), r.PathValue("token"))
	if err != nil {
		return err
	}
	r.changed(nil, map[string]string{"mode": r.PathValue("token")})
	return reply(w, http.StatusOK, m)
}

package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"holdfast/gateway/auth"
	"holdfast/gateway/stream"
)

func (s *Server) getCameras(w http.ResponseWriter, r *request) error {
	list := []Camera{}
	for _, c := range s.o.Cameras.Cameras() {
		if r.who.MayOn(auth.See, c.ID) {
			list = append(list, c.shownTo(r.who))
		}
	}
	return reply(w, http.StatusOK, list)
}

// shownTo is the camera as somebody may see it, with what they may do with it.
func (c Camera) shownTo(who auth.Identity) Camera {
	c = c.complete()
	c.May = []string{}
	for _, p := range auth.Permissions() {
		if who.MayOn(p, c.ID) {
			c.May = append(c.May, p.String())
		}
	}
	if !who.MayOn(auth.Live, c.ID) && !who.MayOn(auth.Playback, c.ID) {
		c.Happening = []Happening{}
	}
	c.Talker = c.Talker.shownTo(who, c.ID)
	if !who.May(auth.Configure) {
		c.Address = "" // where it is reached helps only who mends it
	}
	return c
}

// complete has lists that are empty, not null.
func (c Camera) complete() Camera {
	if c.Streams == nil {
		c.Streams = []Stream{}
	}
	if c.Happening == nil {
		c.Happening = []Happening{}
	}
	if c.Record.Streams == nil {
		c.Record.Streams = []string{}
	}
	return c
}

func (h Health) complete() Health {
	if h.Alarms == nil {
		h.Alarms = []Alarm{}
	}
	if h.Volumes == nil {
		h.Volumes = []Volume{}
	}
	return h
}

func (s *Server) getCamera(w http.ResponseWriter, r *request) error {
	c, err := s.camera(r)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, c.shownTo(r.who))
}

// camera is the camera that the path names.
func (s *Server) camera(r *request) (Camera, error) {
	c, ok := s.o.Cameras.Camera(r.PathValue("id"))
	if !ok {
		return Camera{}, kindNotFound.with("")
	}
	return c.complete(), nil
}

// watched is the stream that path and query name.
func (s *Server) watched(r *request) (c Camera, id string, st *stream.Stream, q url.Values, err error) {
	if q, err = parseQuery(r.URL.RawQuery); err != nil {
		return c, "", nil, q, err
	}
	if id, err = parseStream(q); err != nil {
		return c, "", nil, q, err
	}
	if c, err = s.camera(r); err != nil {
		return c, "", nil, q, err
	}
	st, err = s.o.Cameras.Stream(c.ID, id)
	return c, id, st, q, err
}

// Bounds of a request to add a camera, bytes.
const (
	maxAddress    = 2048
	maxCameraName = 128
	maxSources    = 256 // video sources
)

func (s *Server) postCameras(w http.ResponseWriter, r *request) error {
	var req AdoptRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	c, err := s.o.Cameras.Adopt(r.Context(), req)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/cameras/"+url.PathEscape(c.ID))
	r.entry.Camera = c.ID
	if len(c.Also) > 0 {
		r.changed(nil, map[string][]string{"also": c.Also})
	}
	return reply(w, http.StatusCreated, AddedCamera{Camera: c.shownTo(r.who), Also: listed(c.Also)})
}

func (r AdoptRequest) check() error {
	switch {
	case r.Address == "" || len(r.Address) > maxAddress || hasControl(r.Address):
		return field(kindRule.with("The address of the device is missing or no address."), "address")
	case strings.Contains(r.Address, "@"):
		return field(kindRule.with("User name and password have fields of their own, and do not belong in the address."), "address")
	case len(r.Name) > maxCameraName || hasControl(r.Name):
		return field(kindRule.with("The name is too long, or holds characters that cannot be shown."), "name")
	case len(r.Username) > maxCameraName || len(r.Password) > maxAddress:
		return field(kindRule.with("It is longer than any camera takes."), "username")
	case len(r.Endpoint) > maxAddress || hasControl(r.Endpoint):
		return field(kindRule.with("It is no endpoint address."), "endpoint")
	case len(r.Sources) > maxSources || slices.ContainsFunc(r.Sources, func(s string) bool { return s == "" || len(s) > maxCameraName || hasControl(s) }):
		return field(kindRule.with("These are no video sources."), "sources")
	case !streamsFit(r.Streams):
		return field(kindRule.with("Each names a profile that is main, sub or third, at most 256 of them."), "streams")
	case r.Record != "" && r.Record != "continuous" && r.Record != "event" && r.Record != "off":
		return field(kindRule.with("It is continuous, event or off."), "record")
	}
	return nil
}

// streamsFit tells whether a choice of streams can be one.
func streamsFit(list []StreamChoice) bool {
	return len(list) <= maxSources && !slices.ContainsFunc(list, func(c StreamChoice) bool {
		return c.ID != "main" && c.ID != "sub" && c.ID != "third" || c.Profile == "" || len(c.Profile) > maxCameraName || hasControl(c.Profile)
	})
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, unicode.IsControl)
}

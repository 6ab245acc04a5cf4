package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/gateway/stream"
)

func (s *Server) getCameras(w http.ResponseWriter, _ *request) error {
	list := s.o.Cameras.Cameras()
	if list == nil {
		list = []Camera{}
	}
	for i := range list {
		list[i] = list[i].complete()
	}
	return reply(w, http.StatusOK, list)
}

// complete has lists that are empty, not null.
func (c Camera) complete() Camera {
	if c.Streams == nil {
		c.Streams = []Stream{}
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
	return reply(w, http.StatusOK, c)
}

// camera is the camera that the path names.
func (s *Server) camera(r *request) (Camera, error) {
	c, ok := s.o.Cameras.Camera(r.PathValue("id"))
	if !ok {
		return Camera{}, kindNotFound.with("There is no such camera.")
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
	return reply(w, http.StatusCreated, c.complete())
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
	case r.Record != "" && r.Record != "continuous" && r.Record != "event" && r.Record != "off":
		return field(kindRule.with("It is continuous, event or off."), "record")
	}
	return nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func (s *Server) getDiscover(w http.ResponseWriter, r *request) error {
	leave, err := enterOnce(s.probing, "The networks are being asked already.")
	if err != nil {
		return err
	}
	defer leave()
	list, err := s.o.Cameras.Discover(r.Context())
	if err != nil {
		return err
	}
	if list == nil {
		list = []Discovered{}
	}
	for i := range list {
		if list[i].XAddrs == nil {
			list[i].XAddrs = []string{}
		}
	}
	return reply(w, http.StatusOK, list)
}

// enterOnce takes the one token of something that must not run twice at once.
func enterOnce(token chan struct{}, taken string) (leave func(), err error) {
	select {
	case token <- struct{}{}:
		return func() { <-token }, nil
	default:
		p := kindRunning.with(taken)
		p.after = time.Second
		return nil, p
	}
}

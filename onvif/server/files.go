package server

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// filesPath is below what a managed device serves and takes files, by HTTP.
const filesPath = "/files/"

// maxUpload bounds a file that is sent to the device, bytes.
const maxUpload = 64 << 20

// serveFile answers for the addresses that GetSystemUris, StartFirmwareUpgrade and StartSystemRestore give.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	m, ok := s.o.Device.(Managed)
	if !ok && !strings.HasPrefix(r.URL.Path, filesPath+clipPath) {
		http.NotFound(w, r)
		return
	}
	if s.o.Username != "" && !s.gate.digest(r) {
		w.Header().Set("WWW-Authenticate", s.gate.challenge())
		http.Error(w, "who asks?", http.StatusUnauthorized)
		return
	}
	if token, is := strings.CutPrefix(r.URL.Path, filesPath+clipPath); is {
		s.takeClip(w, r, token)
		return
	}
	var body []byte
	if r.Method == http.MethodPost {
		var err error
		if body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpload)); err != nil {
			http.Error(w, "too much", http.StatusRequestEntityTooLarge)
			return
		}
	}
	restart := false
	err := m.Manage(func(g *Management) error {
		switch name := strings.TrimPrefix(r.URL.Path, filesPath); {
		case r.Method == http.MethodGet && name == "log":
			io.WriteString(w, g.Log)
		case r.Method == http.MethodGet && name == "backup":
			w.Write(g.Settings)
		case r.Method == http.MethodPost && name == "firmware":
			g.Firmware, restart = body, true
		case r.Method == http.MethodPost && name == "restore":
			g.Settings, restart = body, true
		default:
			return errors.New("there is no such file")
		}
		return nil
	})
	switch {
	case err != nil:
		http.NotFound(w, r)
	case restart:
		m.Reboot()
	}
}

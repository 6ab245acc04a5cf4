package web

import (
	"strings"
)

// linkBase is the address that links are made of: that of the face that was asked. The gate has seen to it that its Host header names this
// gateway. Who asks through the local socket gets a face that others reach, where there is one.
func (s *Server) linkBase(r *request) (string, error) {
	if _, local := localIdentity(r.Request); !local {
		if r.TLS != nil {
			return "https://" + r.Host, nil
		}
		return "http://" + r.Host, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	base := ""
	for _, listen := range s.o.Listen {
		url, ok := s.bound[listen]
		if ok && (base == "" || strings.HasPrefix(url, "https://") && !strings.HasPrefix(base, "https://")) {
			base = url
		}
	}
	if base == "" {
		return "", kindBusy.with("No address of the gateway can be reached at this moment, so no link can be made.")
	}
	return base, nil
}

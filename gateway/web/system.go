package web

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"holdfast/gateway/egress"
)

// Egress is what was refused on the way out.
type Egress struct {
	Refused  uint64           `json:"refused" doc:"Connections and datagrams refused since the gateway started."`
	Refusals []egress.Refusal `json:"refusals" doc:"The last different ones, newest first."`
}

// Connections is every connection that the program can make, and what was refused.
type Connections struct {
	Connections []egress.Connection `json:"connections" doc:"Every class of connection, and of each what it is used for now. There are no others: nothing dials without being listed."`
	Refused     uint64              `json:"refused" doc:"What was refused since the gateway started."`
	Refusals    []egress.Refusal    `json:"refusals" doc:"The last different refusals, newest first, at most 64 of a kind."`
}

// CA is the certificate of the gateway's own authority.
type CA struct {
	Subject     string    `json:"subject"`
	Fingerprint string    `json:"fingerprint_sha256" doc:"SHA-256 of the certificate, as devices show it, in hexadecimal."`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Names       []string  `json:"names" doc:"The only names and addresses that it can vouch for."`
	URL         string    `json:"url" doc:"Where to download it."`
}

func (s *Server) getHealth(w http.ResponseWriter, r *request) error {
	return reply(w, http.StatusOK, s.o.Cameras.Health().shownTo(r.who))
}

func (s *Server) getEgress(w http.ResponseWriter, _ *request) error {
	e := Egress{Refusals: []egress.Refusal{}}
	if s.o.Egress != nil {
		e = Egress{Refused: s.o.Egress.Refused(), Refusals: s.o.Egress.Refusals()}
	}
	return reply(w, http.StatusOK, e)
}

func (s *Server) getConnections(w http.ResponseWriter, _ *request) error {
	c := Connections{Connections: []egress.Connection{}, Refusals: []egress.Refusal{}}
	if s.o.Egress != nil {
		c = Connections{Connections: s.o.Egress.Connections(), Refused: s.o.Egress.Refused(), Refusals: s.o.Egress.Refusals()}
	}
	return reply(w, http.StatusOK, c)
}

func (s *Server) getOpenAPI(w http.ResponseWriter, _ *request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, err := w.Write(s.openapi)
	return err
}

func (s *Server) getCA(w http.ResponseWriter, _ *request) error {
	a := s.currentAuthority()
	if a == nil {
		return kindNotFound.with("This gateway is reached by loopback only and has no certificate.")
	}
	cert := a.Certificate()
	names := slices.Clone(cert.PermittedDNSDomains)
	for _, n := range cert.PermittedIPRanges {
		names = append(names, n.IP.String())
	}
	return reply(w, http.StatusOK, CA{Subject: cert.Subject.CommonName, Fingerprint: a.Fingerprint(),
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, Names: names, URL: "/ca.crt"})
}

func (s *Server) getCACert(w http.ResponseWriter, _ *request) error {
	a := s.currentAuthority()
	if a == nil {
		return kindNotFound.with("This gateway is reached by loopback only and has no certificate.")
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-x509-ca-cert")
	h.Set("Content-Disposition", `attachment; filename="holdfast-ca.crt"`)
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(a.PEM())
	return err
}

func (s *Server) getProblem(w http.ResponseWriter, r *request) error {
	for _, k := range kinds {
		if k.slug == r.PathValue("slug") {
			return reply(w, http.StatusOK, k.with(""))
		}
	}
	return kindNotFound.with("")
}

func (s *Server) getHealthz(w http.ResponseWriter, _ *request) error {
	return plainText(w, http.StatusOK, "ok\n")
}

func (s *Server) getReadyz(w http.ResponseWriter, _ *request) error {
	if s.o.Ready != nil && !s.o.Ready() {
		return plainText(w, http.StatusServiceUnavailable, "not ready\n")
	}
	return plainText(w, http.StatusOK, "ready\n")
}

func plainText(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, err := io.WriteString(w, text)
	return err
}

// getMetrics writes the counters. It needs a permission, so Prometheus is given the process token, or asks through the
// local socket: how many people watch which camera is nobody else's business.
func (s *Server) getMetrics(w http.ResponseWriter, _ *request) error {
	var b bytes.Buffer
	s.gauges.WritePrometheus(&b)
	if s.o.Metrics != nil {
		s.o.Metrics(&b)
	}
	metrics.WriteProcessMetrics(&b)
	metrics.WriteFDMetrics(&b)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write(b.Bytes())
	return err
}

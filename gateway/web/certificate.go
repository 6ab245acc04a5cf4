package web

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"

	"holdfast/config"
	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/egress"
	"holdfast/gateway/web/authority"
	"holdfast/gateway/web/certificate"
)

// Certificate is what the HTTPS faces present.
type Certificate struct {
	Source      string     `json:"source" enum:"own,files,acme" doc:"Where what is presented comes from: this gateway's own authority, the operator's files, or an ACME authority."`
	Wanted      string     `json:"wanted" enum:"own,files,acme" doc:"Where the configuration says that it comes from. While the two differ, the own authority's stands in."`
	From        string     `json:"from,omitempty" doc:"The file, or the directory of the ACME authority."`
	Subject     string     `json:"subject"`
	Issuer      string     `json:"issuer"`
	Names       []string   `json:"names" doc:"Host names and addresses that it is good for."`
	NotBefore   time.Time  `json:"not_before"`
	NotAfter    time.Time  `json:"not_after"`
	Fingerprint string     `json:"fingerprint_sha256" doc:"SHA-256 of the certificate, in hexadecimal."`
	Renews      *time.Time `json:"renews,omitempty" doc:"When it is renewed by itself; left out of the operator's files."`
	Error       string     `json:"error,omitempty" people:"read" doc:"Why the last try to take over or renew it did not work; left out when it did."`
	Tried       *time.Time `json:"tried,omitempty" doc:"When that was."`
	Next        *time.Time `json:"next,omitempty" doc:"When it is tried again."`
	HSTS        bool       `json:"hsts" doc:"Whether browsers that come by one of its names are told to come by HTTPS only."`
}

func certificateRoutes() []route {
	const v1 = "/api/v1/certificate"
	return []route{
		{method: "GET", pattern: v1, needs: auth.Maintain, serve: (*Server).getCertificate,
			summary: "The certificate of the HTTPS addresses, and how its renewal goes", answers: gives[Certificate](200, "The certificate that is presented.")},
		{method: "POST", pattern: v1 + "/renew", does: audit.ActionSettingChange, needs: auth.Maintain, serve: (*Server).postCertificateRenew,
			summary: "Renew it now: issue, read or order it again; what runs goes on", answers: gives[Certificate](200, "The certificate that is presented from now on.")},
	}
}

// certificateEvery is how often clock, addresses and the operator's files are looked at.
const certificateEvery = 30 * time.Second

// keepCertificate keeps the certificate good until ctx ends. It begins when a face is there, since an ACME authority
// comes to look.
func (s *Server) keepCertificate(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-s.first:
	}
	tick := time.NewTicker(certificateEvery)
	defer tick.Stop()
	for {
		if h := s.holder(); h != nil {
			h.Keep(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.renew:
		case <-tick.C:
		}
	}
}

// holder gives what keeps the certificate, nil while no face speaks HTTPS.
func (s *Server) holder() *certificate.Holder {
	s.certMu.Lock()
	defer s.certMu.Unlock()
	return s.cert
}

func (s *Server) currentAuthority() *authority.Authority {
	if h := s.holder(); h != nil {
		return h.Authority()
	}
	return nil
}

// openCertificate gives what keeps the certificate, reading or making it the first time.
func (s *Server) openCertificate() (*certificate.Holder, error) {
	s.certMu.Lock()
	defer s.certMu.Unlock()
	if s.cert != nil {
		return s.cert, nil
	}
	dir := filepath.Join(s.o.Data, "tls")
	a, err := authority.Open(authority.Options{Dir: dir, Names: s.o.Names, Required: s.listened(), Log: s.log, Now: s.o.Now})
	if err != nil {
		return nil, err
	}
	o := certificate.Options{Dir: dir, Own: a, TLS: s.tls, Names: s.o.Names, Alarm: s.alarm, Clear: s.clear, Log: s.log, Now: s.o.Now}
	if s.o.Egress != nil {
		o.Dial = s.o.Egress.For(egress.Authorities, egress.Use{}).DialContext
	}
	s.cert = certificate.Open(o)
	return s.cert, nil
}

// SetTLS takes over what the configuration says of the certificate, while everything goes on. It gives what is wrong
// with it as a sentence, "" when nothing is; the alarms say the same. Which faces speak HTTPS stays as it is.
func (s *Server) SetTLS(t config.TLS) string {
	s.certMu.Lock()
	s.tls = t
	h := s.cert
	s.certMu.Unlock()
	if h == nil {
		return ""
	}
	err := h.Configure(t)
	select {
	case s.renew <- struct{}{}: // an order may be due
	default:
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// listened are the addresses that faces listen on by name.
func (s *Server) listened() (list []netip.Addr) {
	for _, listen := range s.o.Listen {
		host, _, _ := net.SplitHostPort(listen)
		if ip, err := netip.ParseAddr(host); err == nil && !ip.IsUnspecified() {
			list = append(list, ip)
		}
	}
	return list
}

// CAFile is the file with the certificates that a client must trust, "" while no face speaks HTTPS.
func (s *Server) CAFile() string {
	if h := s.holder(); h != nil {
		return h.TrustFile()
	}
	return ""
}

// strict tells browsers to come by HTTPS only, where that cannot lock anybody out. Without includeSubDomains and preload:
// what other machines of the site speak is not ours to say.
func (s *Server) strict(h http.Header, r *http.Request) {
	if r.TLS == nil {
		return
	}
	holder := s.holder()
	if holder == nil {
		return
	}
	if d := holder.Strict(r.Context(), hostOnly(r.Host)); d > 0 {
		h.Set("Strict-Transport-Security", fmt.Sprintf("max-age=%d", int(d.Seconds())))
	}
}

func (s *Server) getCertificate(w http.ResponseWriter, _ *request) error {
	h := s.holder()
	if h == nil {
		return kindNotFound.with("This gateway is reached by loopback only and has no certificate.")
	}
	return reply(w, http.StatusOK, certificateOf(h.State()))
}

func (s *Server) postCertificateRenew(w http.ResponseWriter, r *request) error {
	h := s.holder()
	if h == nil {
		return kindNotFound.with("This gateway is reached by loopback only and has no certificate.")
	}
	if err := h.Renew(r.Context()); err != nil {
		return kindCertificate.with(err.Error() + ".")
	}
	return reply(w, http.StatusOK, certificateOf(h.State()))
}

func certificateOf(st certificate.State) Certificate {
	c := Certificate{Source: st.Source, Wanted: st.Wanted, From: st.From, Subject: title(st.Leaf), Issuer: st.Leaf.Issuer.String(), Names: certificate.Names(st.Leaf),
		NotBefore: st.Leaf.NotBefore, NotAfter: st.Leaf.NotAfter, Fingerprint: certificate.Fingerprint(st.Leaf), Renews: moment(st.Renews), HSTS: st.HSTS}
	if st.Error != nil {
		c.Error, c.Tried, c.Next = st.Error.Error(), moment(st.Tried), moment(st.Next)
	}
	return c
}

// title is what people call a certificate: its subject, which newer authorities leave out, or its first name.
func title(leaf *x509.Certificate) string {
	if cn := leaf.Subject.CommonName; cn != "" {
		return cn
	}
	if names := certificate.Names(leaf); len(names) > 0 {
		return names[0]
	}
	return leaf.Subject.String()
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// certificateEnds is when what is presented ends, seconds since 1970; 0 without HTTPS.
func (s *Server) certificateEnds() float64 {
	h := s.holder()
	if h == nil {
		return 0
	}
	return float64(h.State().Leaf.NotAfter.Unix())
}

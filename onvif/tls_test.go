package onvif_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// certificate makes one as cameras show them.
func certificate(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "camera"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func elliptical(t *testing.T) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaKey(t *testing.T, bits int) crypto.Signer {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A camera vouches for itself: what counts is whether its key is the one that it showed first, which the gateway's settings look at.
// What cannot be spoken to ends in words that say what to do.
func TestCamerasWithOddCertificatesAreSpokenToOrSayWhy(t *testing.T) {
	behind := device(t, onviftest.Fixed, 0, server.Options{Username: "u", Password: "p"})
	for name, c := range map[string]struct {
		cert   func(*testing.T) tls.Certificate
		server *tls.Config
		client *tls.Config
		hint   string // "": it is spoken to
		plain  bool   // no TLS is spoken there
	}{
		"self-signed": {},
		"expired": {cert: func(t *testing.T) tls.Certificate {
			return certificate(t, elliptical(t), func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Unix(0, 0), time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
			})
		}},
		"not valid yet, as the clock is wrong": {cert: func(t *testing.T) tls.Certificate {
			return certificate(t, elliptical(t), func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(year), time.Now().Add(2*year) })
		}},
		"of another name": {cert: func(t *testing.T) tls.Certificate {
			return certificate(t, elliptical(t), func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"elsewhere.example"} })
		}},
		"RSA of 1024 bits": {cert: func(t *testing.T) tls.Certificate { return certificate(t, rsaKey(t, 1024), nil) }},
		"RSA key exchange alone": {cert: func(t *testing.T) tls.Certificate { return certificate(t, rsaKey(t, 2048), nil) },
			server: &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}},
			client: &tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA}}},
		"asks for a certificate and goes on without": {server: &tls.Config{ClientAuth: tls.RequestClientCert}},
		"TLS 1.0 alone":                 {server: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, hint: "TLS 1.0 or 1.1"},
		"TLS 1.1 alone":                 {server: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, hint: "TLS 1.0 or 1.1"},
		"wants a certificate (TLS 1.3)": {server: &tls.Config{ClientAuth: tls.RequireAnyClientCert}, hint: "mutual TLS"},
		"wants a certificate (TLS 1.2)": {server: &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, hint: "mutual TLS"},
		"another certificate than before": {client: &tls.Config{VerifyConnection: func(tls.ConnectionState) error {
			return errors.New("the camera shows another certificate than at first")
		}}, hint: "not known by the certificate"},
		"no authority vouches, and one is asked": {client: &tls.Config{RootCAs: x509.NewCertPool()}, hint: "not known by the certificate"},
		"no TLS at the port":                     {plain: true, hint: "No TLS is spoken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.TLS != nil && r.TLS.ServerName != "" {
					t.Errorf("a server name was sent for an address: %s", r.TLS.ServerName)
				}
				behind.ServeHTTP(w, r)
			}))
			s.Config.ErrorLog = quiet()
			defer s.Close()
			if c.plain {
				s.Start()
			} else {
				s.TLS = orNone(c.server)
				if c.cert == nil {
					s.TLS.Certificates = []tls.Certificate{certificate(t, elliptical(t), nil)}
				} else {
					s.TLS.Certificates = []tls.Certificate{c.cert(t)}
				}
				s.StartTLS()
			}
			conf := orNone(c.client)
			conf.MinVersion, conf.InsecureSkipVerify = tls.VersionTLS12, conf.RootCAs == nil
			d, err := probe(t, onvif.Options{Address: "https://" + strings.SplitN(s.URL, "://", 2)[1] + "/onvif/device_service", Username: "u", Password: "p", TLS: conf})
			var e *onvif.Error
			switch {
			case c.hint == "" && (err != nil || len(d.Profiles) == 0):
				t.Errorf("%+v, %v", d, err)
			case c.hint != "" && (!errors.As(err, &e) || e.Class != onvif.Offline || !strings.Contains(e.Hint, c.hint)):
				t.Errorf("%v, %+v", err, e)
			}
		})
	}
}

func orNone(c *tls.Config) *tls.Config {
	if c == nil {
		return &tls.Config{}
	}
	return c.Clone()
}

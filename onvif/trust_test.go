package onvif_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// notes is what our side says that it refused.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) refused(kind, address, _ string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, kind+" "+address)
}

func (n *notes) has(what string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.list, what)
}

// stranger is another host, as far as a name tells, at which nothing may arrive.
func stranger(t *testing.T) (host string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was asked of it", r.Method, r.URL) }))
	t.Cleanup(srv.Close)
	return strings.Replace(strings.TrimPrefix(srv.URL, "http://"), "127.0.0.1", "localhost", 1)
}

func TestAPasswordIsNeverSentInClear(t *testing.T) {
	const password = "hunter2-in-clear"
	forms := []string{password, base64.StdEncoding.EncodeToString([]byte(password)), base64.StdEncoding.EncodeToString([]byte("operator:" + password))}
	for _, challenge := range [][]string{{`Basic realm="cam"`}, {`BASIC realm="cam"`}, {`Basic realm="cam"`, `Negotiate`}} {
		cam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			said := r.Header.Get("Authorization") + string(body) + r.URL.String()
			for _, f := range forms {
				if strings.Contains(said, f) {
					t.Errorf("it was sent: %s", said)
				}
			}
			for _, c := range challenge {
				w.Header().Add("WWW-Authenticate", c)
			}
			w.WriteHeader(http.StatusUnauthorized)
		}))
		var n notes
		_, err := probe(t, onvif.Options{Address: cam.URL, Username: "operator", Password: password, Refused: n.refused})
		cam.Close()
		if err == nil || !strings.Contains(err.Error(), "in clear") || strings.Contains(err.Error(), password) {
			t.Errorf("%v: %v", challenge, err)
		}
		if !n.has("password " + strings.TrimPrefix(cam.URL, "http://")) {
			t.Errorf("refusals %q", n.list)
		}
	}
}

func TestAddressesInAnswersLeadToTheDeviceItself(t *testing.T) {
	host := stranger(t)
	s := device(t, onviftest.Fixed, 0, server.Options{Username: "u", Password: "p", Host: host})
	var n notes
	d, err := probe(t, onvif.Options{Address: s.Addr(), Username: "u", Password: "p", Refused: n.refused})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Profiles {
		if !strings.HasPrefix(p.StreamURI, "rtsp://127.0.0.1:554/") {
			t.Errorf("a stream is at %s", p.StreamURI)
		}
	}
	if !n.has("answer "+host) || !n.has("answer 10.9.8.7:554") {
		t.Errorf("refusals %q", n.list)
	}
}

func TestRedirectionsAreFollowedNowhereElseAndNotOutOfTLS(t *testing.T) {
	host := stranger(t)
	plain := strings.Replace(host, "localhost", "127.0.0.1", 1)
	for name, c := range map[string]struct {
		make func(http.Handler) *httptest.Server
		to   string
	}{
		"another host": {httptest.NewServer, host}, "another host, from TLS": {httptest.NewTLSServer, host}, "out of TLS": {httptest.NewTLSServer, plain},
	} {
		t.Run(name, func(t *testing.T) {
			cam := c.make(http.RedirectHandler("http://"+c.to+"/onvif/device_service", http.StatusTemporaryRedirect))
			defer cam.Close()
			o := onvif.Options{Address: cam.URL + "/onvif/device_service", Username: "u", Password: "p"}
			if cam.TLS != nil {
				o.TLS = cam.Client().Transport.(*http.Transport).TLSClientConfig
			}
			var n notes
			o.Refused = n.refused
			if _, err := probe(t, o); err == nil || !strings.Contains(err.Error(), "not followed") {
				t.Errorf("%v", err)
			}
			if !n.has("redirect " + c.to) {
				t.Errorf("refusals %q", n.list)
			}
		})
	}
}

package onvif_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/onvif"
)

// hostile is a camera that was taken over: it answers every request in the same way.
func hostile(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func zipped(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text)
	w.Close()
	return b.Bytes()
}

// callLimit is how long a probe of a camera that answers nothing useful may take: a call of eight seconds, and another.
const callLimit = 20 * time.Second

func TestAHostileCamerasAnswersAreBounded(t *testing.T) {
	bomb := zipped(bytes.Repeat([]byte("<a>"), 8<<20/3))
	endless := func(w io.Writer, unit string) {
		for {
			if _, err := io.WriteString(w, unit); err != nil {
				return
			}
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"endless body": func(w http.ResponseWriter, _ *http.Request) { endless(w, strings.Repeat("<a></a>", 1000)) },
		"endless text": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "<a>")
			endless(w, strings.Repeat("x", 1000))
		},
		"compressed bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		},
		"endless header": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
			endless(conn, strings.Repeat("x", 1000))
		},
		"redirects for ever": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again/"+fmt.Sprint(time.Now().UnixNano()), http.StatusTemporaryRedirect)
		},
		"a length that is not kept": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "4000000000") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			_, err := probe(t, onvif.Options{Address: hostile(t, answer), Username: "u", Password: "secret"})
			var e *onvif.Error
			if !errors.As(err, &e) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(started); took > callLimit {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// A camera names addresses of its services and streams, sends us elsewhere, and asks for the password in clear. Nobody but itself is
// asked, and nobody gets the password.
func TestACamerasAnswersLeadToNoOtherHost(t *testing.T) {
	var asked atomic.Int32
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer inner.Close()
	elsewhere := strings.Replace(inner.URL, "127.0.0.1", "localhost", 1)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(inner.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	var clear atomic.Int32
	for name, answer := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+"/admin", http.StatusTemporaryRedirect)
		},
		"redirect by http.StatusSeeOther": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+"/admin", http.StatusSeeOther)
		},
		"services elsewhere": func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			switch {
			case bytes.Contains(body, []byte("GetServices")):
				fmt.Fprintf(w, `<Envelope><Body><R><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>%s/media</XAddr></Service></R></Body></Envelope>`, elsewhere)
			case bytes.Contains(body, []byte("GetProfiles")):
				io.WriteString(w, `<Envelope><Body><R><Profiles token="a"><VideoEncoderConfiguration><Encoding>H264</Encoding></VideoEncoderConfiguration></Profiles></R></Body></Envelope>`)
			case bytes.Contains(body, []byte("GetStreamUri")):
				fmt.Fprintf(w, `<Envelope><Body><R><MediaUri><Uri>rtsp://u:p@198.51.100.7:%s/x</Uri></MediaUri></R></Body></Envelope>`, port)
			default:
				io.WriteString(w, `<Envelope><Body><R/></Body></Envelope>`)
			}
		},
		"asks for Basic": func(w http.ResponseWriter, r *http.Request) {
			if _, password, ok := r.BasicAuth(); ok && password != "" {
				clear.Add(1)
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		},
		"addresses that are none": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `<Envelope><Body><R><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>file:///etc/passwd</XAddr></Service><Profiles token="a"><VideoEncoderConfiguration><Encoding>H264</Encoding></VideoEncoderConfiguration></Profiles><MediaUri><Uri>file:///etc/passwd</Uri></MediaUri></R></Body></Envelope>`)
		},
	} {
		d, _ := probe(t, onvif.Options{Address: hostile(t, answer), Username: "u", Password: "secret"})
		if d == nil {
			continue
		}
		for _, p := range d.Profiles {
			if p.StreamURI != "" && !strings.HasPrefix(p.StreamURI, "rtsp://127.0.0.1") || strings.Contains(p.StreamURI, "@") {
				t.Errorf("%s: the stream is at %s", name, p.StreamURI)
			}
		}
	}
	if asked.Load() != 0 {
		t.Errorf("another host was asked %d times", asked.Load())
	}
	if clear.Load() != 0 {
		t.Error("the password was sent in clear")
	}
}

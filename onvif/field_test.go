package onvif_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// front passes questions to a simulated camera and its answers through something that changes them.
func front(t *testing.T, change func(w http.ResponseWriter, r *http.Request, answer string)) http.Handler {
	t.Helper()
	behind := device(t, onviftest.PTZ, 0, server.Options{Username: "u", Password: "right"})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		behind.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			io.WriteString(w, rec.Body.String())
			return
		}
		change(w, r, rec.Body.String())
	})
}

// all answers every question in the same way.
func all(answer http.HandlerFunc) func(*testing.T) http.Handler {
	return func(*testing.T) http.Handler { return answer }
}

// changed answers as a camera does, but for a change.
func changed(change func(w http.ResponseWriter, r *http.Request, answer string)) func(*testing.T) http.Handler {
	return func(t *testing.T) http.Handler { return front(t, change) }
}

// rewritten answers as a camera does, in another text.
func rewritten(change func(answer string) string) func(*testing.T) http.Handler {
	return changed(func(w http.ResponseWriter, _ *http.Request, answer string) { io.WriteString(w, change(answer)) })
}

// taken is how many bytes a server could write before its client hung up.
var taken atomic.Int64

func flood(w http.ResponseWriter, begin, unit string, total int64) {
	n, _ := io.WriteString(w, begin)
	taken.Store(int64(n))
	for total == 0 || taken.Load() < total {
		n, err := io.WriteString(w, unit)
		taken.Add(int64(n))
		if err != nil {
			return
		}
	}
}

const named = "Tür 大门"

// rename gives the camera a name that needs more than ASCII, and its message an encoding.
func rename(declared, name string) func(string) string {
	return func(answer string) string {
		answer = strings.Replace(answer, `encoding="UTF-8"`, `encoding="`+declared+`"`, 1)
		return strings.Replace(answer, ">Holdfast simulator<", ">"+name+"<", 1)
	}
}

// devicesOfTheField are cameras as they are met. Each ends in a probed device or in an error of a class, with words.
var devicesOfTheField = map[string]struct {
	camera func(*testing.T) http.Handler
	class  onvif.Class // 0: it is understood
	says   string      // part of the error or of its hint; of what is understood, the maker
}{
	"white space before the declaration": {camera: rewritten(func(a string) string { return "\r\n \n" + a })},
	"a mark before it":                   {camera: rewritten(func(a string) string { return "\xef\xbb\xbf" + a })},
	"names in UTF-8":                     {camera: rewritten(rename("UTF-8", named)), says: named},
	"names in UTF-16": {says: named, camera: rewritten(func(a string) string {
		s, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(rename("UTF-16", named)(a))
		return s
	})},
	"names in GBK": {says: "大门", camera: rewritten(func(a string) string {
		s, _ := simplifiedchinese.GBK.NewEncoder().String(rename("GB2312", "大门")(a))
		return s
	})},
	"names in GBK that is called UTF-8": {says: "大门", camera: rewritten(func(a string) string {
		s, _ := simplifiedchinese.GBK.NewEncoder().String(rename("UTF-8", "大门")(a))
		return s
	})},
	"names in ISO-8859-1": {says: "Tür", camera: rewritten(func(a string) string {
		s, _ := charmap.ISO8859_1.NewEncoder().String(rename("ISO-8859-1", "Tür")(a))
		return s
	})},
	"zeros behind the message":  {camera: rewritten(func(a string) string { return a + "\x00\x00\x00" })},
	"addresses without escapes": {camera: rewritten(func(a string) string { return strings.ReplaceAll(a, "main?x=1", "main?x=1&y=2&z") })},
	"compressed, though nobody asked for it": {camera: changed(func(w http.ResponseWriter, _ *http.Request, a string) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped([]byte(a)))
	})},
	"in several parts": {camera: changed(func(w http.ResponseWriter, _ *http.Request, a string) {
		w.Header().Set("Content-Type", `multipart/related; type="application/xop+xml"; boundary="b"; start="<x>"`)
		fmt.Fprintf(w, "--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <x>\r\n\r\n%s\r\n--b--\r\n", a)
	})},
	"HTTP/1.0 without a length": {camera: changed(func(w http.ResponseWriter, _ *http.Request, a string) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		io.WriteString(conn, "HTTP/1.0 200 OK\r\nServer: gSOAP/2.8\r\n\r\n"+a)
		conn.Close()
	})},
	"chunk by chunk": {camera: changed(func(w http.ResponseWriter, _ *http.Request, a string) {
		for len(a) > 0 {
			n := min(7, len(a))
			io.WriteString(w, a[:n])
			http.NewResponseController(w).Flush()
			a = a[n:]
		}
	})},
	"text/xml alone (415)": {camera: func(t *testing.T) http.Handler {
		behind := front(t, func(w http.ResponseWriter, _ *http.Request, a string) { io.WriteString(w, a) })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") {
				w.WriteHeader(http.StatusUnsupportedMediaType)
				return
			}
			behind.ServeHTTP(w, r)
		})
	}},
	"sends on to another path by 302": {camera: func(t *testing.T) http.Handler {
		behind := front(t, func(w http.ResponseWriter, _ *http.Request, a string) { io.WriteString(w, a) })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if at, there := strings.CutPrefix(r.URL.Path, "/elsewhere"); there {
				r.URL.Path = at
				r.RequestURI = ""
				behind.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, "/elsewhere"+r.URL.Path, http.StatusFound)
		})
	}},
	"addresses behind translation": {camera: rewritten(func(a string) string { return strings.ReplaceAll(a, "127.0.0.1", "192.0.2.77") })},

	"a web page with status 200": {class: onvif.Protocol, says: "web page", camera: all(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><head><title>404 File Not Found</title></head>\n<body>The requested URL was not found<br></body></html>\n")
	})},
	"a web page that is XML":          {class: onvif.Protocol, says: `the answer is "html"`, camera: all(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html><body/></html>") })},
	"something else with status 200":  {class: onvif.Protocol, says: "ONVIF port", camera: all(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"error":"no"}`) })},
	"nothing with status 200":         {class: onvif.Protocol, says: "EOF", camera: all(func(http.ResponseWriter, *http.Request) {})},
	"an empty envelope":               {class: onvif.Protocol, says: "no body", camera: all(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<Envelope><Body/></Envelope>") })},
	"half a message":                  {class: onvif.Protocol, says: "EOF", camera: rewritten(func(a string) string { return a[:len(a)/2] })},
	"bytes":                           {class: onvif.Protocol, says: "ONVIF port", camera: all(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0, 1, 2, 3, 0xff, 0xfe, 0x80}) })},
	"404":                             {class: onvif.Protocol, says: "404", camera: all(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })},
	"405":                             {class: onvif.Protocol, says: "405", camera: all(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) })},
	"415 whatever is sent":            {class: onvif.Protocol, says: "415", camera: all(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnsupportedMediaType) })},
	"500 without a word":              {class: onvif.Refused, says: "500", camera: all(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })},
	"503 as there are too many users": {class: onvif.Refused, says: "too much to do", camera: all(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })},
	"hangs up": {class: onvif.Offline, says: "EOF", camera: all(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.Close()
		}
	})},
	"speaks no HTTP": {class: onvif.Offline, says: "malformed", camera: all(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			io.WriteString(conn, "220 camera FTP server ready\r\n")
			conn.Close()
		}
	})},
	"sends round and round": {class: onvif.Protocol, says: "round and round", camera: all(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})},
	"sends to another host": {class: onvif.Protocol, says: "not followed", camera: all(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://198.51.100.7/", http.StatusTemporaryRedirect)
	})},
	"XML bomb": {class: onvif.Protocol, says: "document types", camera: all(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Envelope><Body>&b;</Body></Envelope>`)
	})},
	"compressed bomb": {class: onvif.Protocol, says: "longer than", camera: all(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb())
	})},
	"100 MB": {class: onvif.Protocol, says: "longer than", camera: all(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(100<<20))
		flood(w, "<Envelope>", strings.Repeat("<a>x</a>", 4096), 100<<20)
	})},
	"100 MB after a refusal": {class: onvif.Unauthorized, says: "user name or password", camera: all(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		flood(w, "", strings.Repeat("x", 32<<10), 100<<20)
	})},
	"endless chunks": {class: onvif.Protocol, says: "longer than", camera: all(func(w http.ResponseWriter, _ *http.Request) { flood(w, "<Envelope>", strings.Repeat("<a/>", 4096), 0) })},
}

var bomb = sync.OnceValue(func() []byte { return zipped([]byte("<Envelope>" + strings.Repeat("<a>x</a>", 1<<20))) })

// Not in parallel: how much was taken of a flood is counted in one place.
func TestDevicesOfTheField(t *testing.T) {
	for name, c := range devicesOfTheField {
		t.Run(name, func(t *testing.T) {
			taken.Store(0)
			s := httptest.NewUnstartedServer(c.camera(t))
			s.Config.ErrorLog = quiet()
			s.Start()
			defer s.Close()
			began := time.Now()
			d, err := probe(t, onvif.Options{Address: s.URL + "/onvif/device_service", Username: "u", Password: "right"})
			if took := time.Since(began); took > callLimit {
				t.Errorf("it took %s", took)
			}
			if n := taken.Load(); n > 16<<20 {
				t.Errorf("%d bytes were taken", n)
			}
			var e *onvif.Error
			switch {
			case c.class == 0 && err != nil:
				t.Errorf("%v", err)
			case c.class == 0:
				probedWhole(t, d, c.says)
			case !errors.As(err, &e) || e.Class != c.class || e.Hint == "" || !strings.Contains(err.Error()+e.Hint, c.says) || strings.Contains(err.Error(), "right"):
				t.Errorf("%v (%+v), want %v and %q", err, e, c.class, c.says)
			}
		})
	}
}

func probedWhole(t *testing.T, d *onvif.Device, maker string) {
	t.Helper()
	main, sub := d.Stream("", onvif.Main), d.Stream("", onvif.Sub)
	if main == nil || sub == nil || !d.PTZ || !strings.HasPrefix(main.StreamURI, "rtsp://127.0.0.1:554/main?x=1") {
		t.Errorf("%+v", d)
	}
	if maker != "" && d.Manufacturer != maker || !utf8.ValidString(d.Manufacturer) {
		t.Errorf("the maker is %q, want %q", d.Manufacturer, maker)
	}
}

// A camera with two stacks names its addresses of both, or only of the other one than we reach it by.
func TestCamerasOfTwoStacksAreAskedWhereTheyWereReached(t *testing.T) {
	for name, host := range map[string]string{"IPv4 alone": "192.0.2.9:PORT", "both, IPv4 first": "192.0.2.9:PORT/onvif/x http://[::1]:PORT", "that of a link": "[fe80::1]:PORT"} {
		t.Run(name, func(t *testing.T) {
			lis, err := net.Listen("tcp", "[::1]:0")
			if err != nil {
				t.Skipf("this machine has no IPv6: %v", err)
			}
			_, port, _ := net.SplitHostPort(lis.Addr().String())
			s := httptest.NewUnstartedServer(device(t, onviftest.Fixed, 0, server.Options{Username: "u", Password: "p", Host: strings.ReplaceAll(host, "PORT", port)}))
			s.Listener.Close()
			s.Listener = lis
			s.Start()
			defer s.Close()
			d, err := probe(t, onvif.Options{Address: lis.Addr().String(), Username: "u", Password: "p"})
			if err != nil {
				t.Fatal(err)
			}
			if main := d.Stream("", onvif.Main); main == nil || !strings.HasPrefix(main.StreamURI, "rtsp://[::1]:554/") {
				t.Errorf("%+v", d)
			}
		})
	}
}

// Some cameras serve what is not the device service at a port of its own. Behind translation the port is that which translation gave
// the device service.
func TestServicesAtAPortOfTheirOwnAreAskedThere(t *testing.T) {
	behind := device(t, onviftest.Fixed, 0, server.Options{})
	var media atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { media.Add(1); behind.ServeHTTP(w, r) }))
	defer other.Close()
	_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
	for name, host := range map[string]string{"as it is reached": "127.0.0.1", "by another name": "camera.example"} {
		media.Store(0)
		cam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			behind.ServeHTTP(rec, r)
			a := strings.ReplaceAll(rec.Body.String(), behind.Addr()+"/onvif/media", host+":"+port+"/onvif/media")
			io.WriteString(w, strings.ReplaceAll(a, behind.Addr(), host+":80"))
		}))
		d, err := probe(t, onvif.Options{Address: cam.URL})
		cam.Close()
		if err != nil || len(d.Profiles) == 0 || media.Load() == 0 {
			t.Errorf("%s: %+v, %v, %d questions there", name, d, err, media.Load())
		}
	}
}

package web

import (
	"io"
	"io/fs"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
)

type emptyFS struct{ fstest.MapFS }

var _ fs.FS = emptyFS{}

func FuzzRange(f *testing.F) {
	for _, q := range []string{"from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z", "from=2026-03-01T08:00:00%2B01:00&to=9999-12-31T23:59:60Z", "from=&to=", "a=%zz", "from=1&from=2", "stream=../x&audio=2"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			problemOf(err).write(httptest.NewRecorder())
			return
		}
		if id, err := parseStream(q); err == nil && strings.ContainsAny(id, "./\\\x00\r\n ") {
			t.Errorf("stream %q", id)
		}
		parseFlag(q, "audio")
		from, to, err := parseRange(q)
		if err == nil && (!to.After(from) || from.Year() < firstYear || to.Year() > lastYear || from.Location() != to.Location()) {
			t.Errorf("range %s %s of %q", from, to, raw)
		}
		if err != nil {
			problemOf(err).write(httptest.NewRecorder())
		}
	})
}

func FuzzBody(f *testing.F) {
	for _, b := range []string{`{"address":"10.0.0.1"}`, `{"address":"rtsp://10.0.0.1/"}`, "null", "[[[[", "{}{}", `{"address":"x","name":"\u0000"}`} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var req AdoptRequest
		err := decode(body, &req)
		if err == nil {
			err = req.check()
		}
		if err == nil && (req.Address == "" || hasControl(req.Address+req.Name)) {
			t.Errorf("%q is accepted", body)
		}
		if err != nil && problemOf(err).Status >= 500 {
			t.Errorf("%q: %v", body, err)
		}
		for _, into := range []any{new(Credentials), new(Setup), new(OnceToken), new(NewPassword), new(CheckRequest)} {
			if err := decode(body, into); err != nil && problemOf(err).Status >= 500 {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}

func FuzzHost(f *testing.F) {
	for _, h := range []string{"localhost:80", "[::1]:80", "127.0.0.1", "evil.example", "[fe80::1%eth0]", "nvr.shop.lan.", "a:b:c", "[", "]:", ""} {
		f.Add(h)
	}
	s := &Server{o: Options{Names: []string{"nvr.shop.lan"}}}
	local := &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 443}
	f.Fuzz(func(t *testing.T, host string) {
		if !s.knownHost(host, local) {
			return
		}
		name := strings.ToLower(strings.TrimSuffix(hostOnly(host), "."))
		for _, ok := range append([]string{"localhost", "nvr.shop.lan", "192.168.1.5", "::ffff:192.168.1.5"}, machineNames...) {
			if name == ok || strings.HasPrefix(name, "::ffff:") {
				return
			}
		}
		t.Errorf("%q is taken for ours", host)
	})
}

func FuzzPlainRedirect(f *testing.F) {
	for _, r := range []string{"GET / HTTP/1.1\r\nHost: nvr.shop.lan\r\n\r\n", "GET //x HTTP/1.0\r\n\r\n", "GET http://u:p@evil/ HTTP/1.1\r\nHost: nvr.shop.lan\r\n\r\n", "POST / HTTP/1.1\r\n\r\n"} {
		f.Add([]byte(r))
	}
	s := &Server{o: Options{Names: []string{"nvr.shop.lan"}}}
	f.Fuzz(func(t *testing.T, request []byte) {
		here, there := net.Pipe()
		answer := make(chan string)
		go func() {
			b, _ := io.ReadAll(there)
			answer <- string(b)
		}()
		c := &caught{Conn: here, known: s.knownHost}
		c.Conn = fixedConn{here}
		c.redirect(request)
		here.Close()
		text := <-answer
		head, _, _ := strings.Cut(text, "\r\n\r\n")
		_, location, ok := strings.Cut(head, "Location: ")
		if !ok {
			return
		}
		location, _, _ = strings.Cut(location, "\r\n")
		u, err := url.Parse(location)
		if err != nil || u.Scheme != "https" || !s.knownHost(u.Host, nil) || u.User != nil || strings.Count(head, "\r\n") != 3 {
			t.Errorf("%q is sent to %q", request, text)
		}
	})
}

// fixedConn has nothing more to read.
type fixedConn struct{ net.Conn }

func (fixedConn) Read([]byte) (int, error) { return 0, io.EOF }

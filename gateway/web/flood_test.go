package web

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// flooder is one connection that speaks HTTP/2 frame by frame, and need not keep to any rule of it.
type flooder struct {
	*http2.Framer
	t    *testing.T
	conn net.Conn
	to   *bufio.Writer
}

// flood opens a connection from another address of this machine than everybody else uses.
func (s *site) flood() *flooder {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.address())
	narrow := func(_, _ string, c syscall.RawConn) error { // so that what is not read soon fills what is between
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}
	d := tls.Dialer{NetDialer: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 66)}, Control: narrow}, Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}}
	conn, err := d.DialContext(s.t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * deadline))
	f := &flooder{t: s.t, conn: conn, to: bufio.NewWriterSize(conn, 64<<10)}
	f.Framer = http2.NewFramer(f.to, conn)
	io.WriteString(f.to, http2.ClientPreface)
	f.WriteSettings()
	f.WriteSettingsAck()
	return f
}

// headers is a request for a path, as a block of headers.
func headers(method, path string, more ...string) []byte {
	var b strings.Builder
	e := hpack.NewEncoder(&b)
	fields := append([]string{":method", method, ":scheme", "https", ":authority", "localhost", ":path", path}, more...)
	for i := 0; i < len(fields); i += 2 {
		e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return []byte(b.String())
}

// ends sends the n frames that write makes, and reads what comes. It tells whether the server ended the connection, before which it may
// have said why.
func (f *flooder) ends(n int, read bool, write func(i int) error) bool {
	f.t.Helper()
	cut := make(chan struct{})
	if read {
		go func() {
			io.Copy(io.Discard, f.conn)
			close(cut)
		}()
	}
	for i := range n {
		err := write(i)
		if err == nil && i%64 == 63 {
			err = f.to.Flush()
		}
		if err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
	if f.to.Flush() != nil {
		return true
	}
	if !read {
		_, err := io.Copy(io.Discard, f.conn)
		return !errors.Is(err, os.ErrDeadlineExceeded)
	}
	select {
	case <-cut:
		return true
	case <-time.After(deadline):
		return false
	}
}

// answersOthers tells with an error that somebody else waits, or is not answered.
func (s *site) answersOthers() {
	s.t.Helper()
	for range 5 {
		started := time.Now()
		if a := s.do("GET", "/healthz", ""); a.StatusCode != http.StatusOK {
			s.t.Errorf("somebody else gets %s", a.Status)
		}
		if took := time.Since(started); took > deadline/2 {
			s.t.Errorf("somebody else waits for %s", took)
		}
	}
}

// Each flood is of frames that cost the sender nothing and the server work, or an answer that is not read. The server ends the
// connection; nobody else notices.
func TestHTTP2FloodsEndTheirConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		frames int
		read   bool // the answers are read
		stays  bool // it may go on: what is asked for costs no more than answering it does, and the server ends it only when too much waits
		frame  func(f *flooder, i int) error
	}{
		"settings whose acknowledgements are not read": {frames: 50_000, stays: true, frame: func(f *flooder, _ int) error {
			return f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1})
		}},
		"pings whose answers are not read": {frames: 1_000_000, frame: func(f *flooder, _ int) error {
			return f.WritePing(false, [8]byte{1})
		}},
		"requests that are given up at once": {frames: 20_000, stays: true, frame: func(f *flooder, i int) error {
			id := uint32(2*i + 1)
			if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: headers("GET", "/api/v1/openapi.json"), EndStream: true, EndHeaders: true}); err != nil {
				return err
			}
			return f.WriteRSTStream(id, http2.ErrCodeCancel)
		}},
		"headers that go on for ever": {frames: 20_000, read: true, frame: func(f *flooder, i int) error {
			if i == 0 {
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers("GET", "/healthz"), EndStream: true})
			}
			return f.WriteContinuation(1, false, headers("GET", "/healthz", "x-"+fmt.Sprint(i), strings.Repeat("x", 1000)))
		}},
		"headers that swell when they are read": {frames: 2000, read: true, frame: func(f *flooder, i int) error {
			if i == 0 { // a large field goes into the table once, and is then named by one byte
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers("GET", "/healthz", "x-large", strings.Repeat("x", 3000)), EndStream: true})
			}
			return f.WriteContinuation(1, false, []byte(strings.Repeat("\xbe", 1000)))
		}},
		"more streams than are allowed": {frames: 20 * maxH2Streams, read: true, frame: func(f *flooder, i int) error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: headers("POST", "/api/v1/session", "content-type", "application/json"), EndHeaders: true})
		}},
		"window updates beyond any window": {frames: 2000, read: true, frame: func(f *flooder, _ int) error {
			return f.WriteWindowUpdate(0, 1<<31-1)
		}},
		"frames of no stream": {frames: 2000, read: true, frame: func(f *flooder, _ int) error {
			return f.WriteData(0, false, []byte("x"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := lanSite(t)
			f := s.flood()
			ended := make(chan bool, 1)
			go func() { ended <- f.ends(c.frames, c.read, func(i int) error { return c.frame(f, i) }) }()
			s.answersOthers()
			if n := runtime.NumGoroutine(); n > 10*maxH2Streams {
				t.Errorf("what was asked piles up: %d goroutines", n)
			}
			if c.stays {
				f.conn.Close()
			}
			if !<-ended && !c.stays {
				t.Error("the connection goes on")
			}
			until(t, "counting out", func() bool { return s.conns.open() <= 1 })
		})
	}
}

// A client that takes nothing of what it asked for holds no more than its own connection, and not for ever.
func TestHTTP2StreamsWithoutAWindowHoldNobodyUp(t *testing.T) {
	s := lanSite(t)
	f := s.flood()
	f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	for i := range maxH2Streams {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: headers("GET", "/api/v1/openapi.json"), EndStream: true, EndHeaders: true})
	}
	if err := f.to.Flush(); err != nil {
		t.Fatal(err)
	}
	s.answersOthers()
	if n := s.conns.open(); n > 2 {
		t.Errorf("%v connections", n)
	}
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, f.conn)
		done <- err
	}()
	f.conn.Close()
	<-done
	until(t, "counting out", func() bool { return s.conns.open() <= 1 })
}

// Over TLS too, whoever sends nothing, or half of something, is cut off, and a request whose body does not come is answered.
func TestSlowSendersAreBoundedOverTLSToo(t *testing.T) {
	t.Parallel()
	s := lanSite(t)
	_, port, _ := net.SplitHostPort(s.address())
	var all sync.WaitGroup
	for name, first := range map[string]string{"silence": "", "half a hello": "\x16\x03\x01\x02\x00\x01", "half a plain request": "GET / HT"} {
		all.Go(func() {
			conn, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			conn.SetReadDeadline(time.Now().Add(4 * headerTime))
			io.WriteString(conn, first)
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: the connection is held", name)
			}
		})
	}
	all.Go(func() {
		f := s.flood()
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers("POST", "/api/v1/session", "content-type", "application/json", "content-length", "100"), EndHeaders: true})
		f.WriteData(1, false, []byte("{"))
		f.to.Flush()
		f.conn.SetReadDeadline(time.Now().Add(4 * bodyTime))
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				t.Errorf("a body that does not come over HTTP/2 is not answered: %v", err)
				return
			}
			if id := frame.Header().StreamID; id == 1 && (frame.Header().Type == http2.FrameHeaders || frame.Header().Type == http2.FrameRSTStream) {
				return
			}
		}
	})
	all.Wait()
}

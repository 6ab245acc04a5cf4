package rtsp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/rtsp"
)

// liar is a camera that does as a test says, and notes what it is told.
type liar struct {
	scripted
	mu      sync.Mutex
	auth    []string // Authorization headers
	refused []string // what our side says that it refused
}

func newLiar(answer func(method, uri string) (string, bool)) *liar {
	l := &liar{scripted: scripted{sdp: sdpHead + sdpVideo, answer: answer}}
	l.hears = func(_ string, head textproto.MIMEHeader) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.auth = append(l.auth, head["Authorization"]...)
	}
	return l
}

// meet runs a session with the camera until it ends by itself, and gives its error.
func (l *liar) meet(t *testing.T, o rtsp.Options) *rtsp.Error {
	t.Helper()
	o.URL, o.Dial, o.Username, o.Password = l.start(t), dial, "operator", "hunter2"
	o.Refused = func(kind, address, why string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.refused = append(l.refused, kind+" "+address)
	}
	s, err := rtsp.NewSession(o, newKept())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = s.Run(ctx)
	var e *rtsp.Error
	if !errors.As(err, &e) {
		t.Fatalf("the session ended with %v", err)
	}
	return e
}

func (l *liar) told(prefix string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.auth {
		if strings.HasPrefix(strings.ToLower(a), prefix) {
			n++
		}
	}
	return n
}

// asks answers every request with 401 and these challenges.
func asks(challenges ...string) func(method, uri string) (string, bool) {
	text := "RTSP/1.0 401 Unauthorized\r\nCSeq: CSEQ\r\n"
	for _, c := range challenges {
		text += "WWW-Authenticate: " + c + "\r\n"
	}
	return func(method, _ string) (string, bool) { return text + "\r\n", method == "DESCRIBE" }
}

const aDigest = `Digest realm="cam", nonce="n"`

func TestThePasswordIsSentInClearOnlyWhereThatIsAllowed(t *testing.T) {
	var asked []string
	allow := func(peer net.Addr, secure bool) error {
		asked = append(asked, fmt.Sprint(peer.(*net.TCPAddr).IP, secure))
		return nil
	}
	never := func(net.Addr, bool) error { return errors.New("this address is new") }
	for _, c := range []struct {
		name          string
		challenges    []string
		basic         func(net.Addr, bool) error
		clear, digest bool
	}{
		{"Basic where it may be", []string{`Basic realm="cam"`}, allow, true, false},
		{"Basic where it may not be", []string{`Basic realm="cam"`}, never, false, false},
		{"Basic where nobody said", []string{`Basic realm="cam"`}, nil, false, false},
		{"in capitals", []string{`BASIC realm="cam"`}, never, false, false},
		{"before Digest", []string{`Basic realm="cam"`, aDigest}, allow, false, true},
		{"after Digest", []string{aDigest, `Basic realm="cam"`}, never, false, true},
		{"and Digest in one line", []string{`Basic realm="cam", ` + aDigest}, never, false, false},
		{"something unheard of", []string{`Negotiate abc`, `Basic realm="cam"`}, never, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cam := newLiar(asks(c.challenges...))
			toldDigest := false
			e := cam.meet(t, rtsp.Options{Transport: rtsp.TCP, Basic: c.basic, Digest: func() { toldDigest = true }})
			if e.Class != rtsp.Unauthorized || e.Hint == "" || strings.Contains(e.Error(), "hunter2") {
				t.Errorf("the error is %v, %s: %s", e.Class, e, e.Hint)
			}
			if got := cam.told("basic") > 0; got != c.clear {
				t.Errorf("the password was sent in clear: %t", got)
			}
			if got := cam.told("digest") > 0; got != c.digest || toldDigest != c.digest {
				t.Errorf("Digest was sent: %t, and told of: %t", got, toldDigest)
			}
			if withheld := !c.clear && !c.digest; withheld != (len(cam.refused) == 1 && strings.HasPrefix(cam.refused[0], "password 127.0.0.1:")) {
				t.Errorf("refusals %q", cam.refused)
			} else if withheld && (e.Hint != rtsp.ClearHint || !strings.Contains(e.Error(), "in clear")) {
				t.Errorf("the cause is not said: %v: %s", e, e.Hint)
			}
		})
	}
	if len(asked) == 0 || slices.ContainsFunc(asked, func(a string) bool { return a != "127.0.0.1 false" }) {
		t.Errorf("asked about %q", asked)
	}
}

// port opens a UDP port that notes whether anything comes.
func port(t *testing.T, address string) (net.PacketConn, <-chan struct{}) {
	t.Helper()
	pc, err := net.ListenPacket("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	came, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 1500); ; {
			if _, _, err := pc.ReadFrom(buf); err != nil {
				return
			}
			select {
			case came <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() { pc.Close(); <-done })
	return pc, came
}

func TestNothingIsSentToTheSourceThatACameraNames(t *testing.T) {
	t.Parallel()
	own, atOwn := port(t, "127.0.0.1:0")
	at := own.LocalAddr().(*net.UDPAddr).Port
	_, elsewhere := port(t, fmt.Sprintf("127.0.0.2:%d", at))
	cam := newLiar(func(method, _ string) (string, bool) {
		return fmt.Sprintf("RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nSession: 1\r\nTransport: RTP/AVP;unicast;client_port=1-2;source=127.0.0.2;server_port=%d-%d\r\n\r\n", at, at+1), method == "SETUP"
	})
	cam.meet(t, rtsp.Options{Transport: rtsp.UDP, ListenPacket: net.ListenPacket})
	select {
	case <-atOwn:
	default:
		t.Error("nothing was sent to the camera either: the test shows nothing")
	}
	select {
	case <-elsewhere:
		t.Error("a datagram went to the host that the camera named")
	default:
	}
	if len(cam.refused) != 1 || cam.refused[0] != "answer 127.0.0.2" {
		t.Errorf("refusals %q", cam.refused)
	}
}

func TestAGroupThatMayNotBeJoinedIsNot(t *testing.T) {
	for _, group := range []string{"224.0.1.129", "8.8.8.8", "127.0.0.2", "", "camera.example"} {
		cam := newLiar(func(method, _ string) (string, bool) {
			return "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nSession: 1\r\nTransport: RTP/AVP;multicast;destination=" + group + ";port=28000-28001;ttl=1\r\n\r\n", method == "SETUP"
		})
		var asked []netip.Addr
		e := cam.meet(t, rtsp.Options{Transport: rtsp.Multicast, ListenPacket: net.ListenPacket, Group: func(ip netip.Addr) error {
			asked = append(asked, ip)
			return errors.New("not a group of this site")
		}})
		if e.Class != rtsp.Refused || len(cam.refused) != 1 || cam.refused[0] != "group "+group {
			t.Errorf("%s: %v, %v, refusals %q", group, e.Class, e, cam.refused)
		}
		if _, err := netip.ParseAddr(group); (err == nil) != (len(asked) == 1) {
			t.Errorf("asked about %v", asked)
		}
	}
}

func TestARedirectionToAnotherHostIsCountedAndNotFollowed(t *testing.T) {
	other := newLiar(nil)
	elsewhere := strings.Replace(other.start(t), "127.0.0.1", "localhost", 1)
	cam := newLiar(func(method, _ string) (string, bool) {
		return "RTSP/1.0 302 Found\r\nCSeq: CSEQ\r\nLocation: " + elsewhere + "\r\n\r\n", method == "DESCRIBE"
	})
	var heard atomic.Bool
	other.hears = func(string, textproto.MIMEHeader) { heard.Store(true) }
	cam.meet(t, rtsp.Options{Transport: rtsp.TCP})
	if heard.Load() || len(cam.refused) != 1 || cam.refused[0] != "redirect "+elsewhere {
		t.Errorf("asked there: %t; refusals %q", heard.Load(), cam.refused)
	}
}

// A description may name other hosts for the whole, for a base and for each track; all is asked of the camera itself.
func TestHostsInADescriptionAreNotAsked(t *testing.T) {
	t.Parallel()
	other := newLiar(nil)
	elsewhere := strings.Replace(other.start(t), "127.0.0.1", "localhost", 1)
	var heard, setUp atomic.Bool
	other.hears = func(string, textproto.MIMEHeader) { heard.Store(true) }
	sdp := strings.ReplaceAll(sdpHead, "IN IP4 127.0.0.1", "IN IP4 198.51.100.7") + "c=IN IP4 198.51.100.7\r\na=control:" + elsewhere + "\r\n" +
		strings.Replace(sdpVideo, "a=control:track1", "a=control:"+elsewhere+"/track1", 1)
	cam := newLiar(func(method, _ string) (string, bool) {
		return fmt.Sprintf("RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Base: %s\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", elsewhere, len(sdp), sdp), method == "DESCRIBE"
	})
	cam.hears = func(method string, _ textproto.MIMEHeader) {
		if method == "SETUP" {
			setUp.Store(true)
		}
	}
	cam.meet(t, rtsp.Options{Transport: rtsp.TCP})
	if !setUp.Load() || heard.Load() {
		t.Errorf("the camera was asked: %t, and the host that it named: %t", setUp.Load(), heard.Load())
	}
}

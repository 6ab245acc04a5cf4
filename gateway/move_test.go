package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/gateway/simcam"
	"holdfast/onvif"
	"holdfast/onvif/discovery"
	"holdfast/onvif/onviftest"
	"holdfast/rtsp"
	"holdfast/storage"
)

// appear runs a simulated camera until it is told to go, or the test ends.
func appear(t *testing.T, o simcam.Options) (cam *simcam.Camera, leave func()) {
	t.Helper()
	cam, err := simcam.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); cam.Run(ctx) }()
	leave = func() { cancel(); <-gone }
	t.Cleanup(leave)
	return cam, leave
}

// logLines is a log that is read while it is written.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logLines) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), s)
}

// A camera is given new addresses by its router. It was added by its address alone. It is found again, once because it says
// Hello, once because the gateway asks, and recorded on; a stranger that says that it is the camera is not followed, and what
// asks for the password in clear at a new address is not told it.
func TestACameraThatIsGivenAnotherAddressIsFoundAgainAndRecordedOn(t *testing.T) {
	t.Parallel()
	log := &logLines{}
	r := startWith(t, t.TempDir(), "", Options{miss: 200 * time.Millisecond, Log: slog.New(slog.NewTextHandler(log, nil))})
	o := simcam.Options{Name: "Moving " + rand.Text(), Host: "127.0.0.2"}
	cam, leave := appear(t, o)
	id, err := r.g.Enrol(t.Context(), Adoption{Address: onvif.HostPort(cam.ONVIF()), Username: cam.Username(), Password: cam.Password()})
	if err != nil {
		t.Fatal(err)
	}
	r.recorded(id, time.Second)
	at := func(host string) bool {
		c, there := r.cameras()[id]
		return there && strings.HasPrefix(c.Address, host+":")
	}

	leave()
	stranger := o
	stranger.Host, stranger.Serial = "127.0.0.4", "another"
	appear(t, stranger)
	r.await("the stranger is asked, and not followed", func() bool { return log.has(errOther.Error()) })
	if !at("127.0.0.2") {
		t.Fatalf("the camera is at %s", r.cameras()[id].Address)
	}

	o.Host, o.Announce = "127.0.0.3", true
	_, leave = appear(t, o)
	r.await("the camera at its new address", func() bool { return at("127.0.0.3") })
	list := r.until(id, "footage of both addresses, and why there is none between", func(l []span) bool {
		return len(l) >= 3 && l[len(l)-1].Kind == "recorded" && l[len(l)-1].End.Sub(l[len(l)-1].Start) >= time.Second
	})
	named := false
	for _, s := range list {
		named = named || s.Kind == "gap" && s.Cause == string(storage.CauseOffline)
		if s.Kind == "gap" && s.Cause == "" {
			t.Errorf("a gap without a cause: %+v", s)
		}
	}
	if !named {
		t.Errorf("no gap says that the camera was offline: %+v", list)
	}
	r.g.goodbye(discovery.Found{From: netip.MustParseAddrPort("127.0.0.3:3702")}) // by anybody
	if c := r.cameras()[id]; c.State != string(Online) || c.Record.State != "recording" || !strings.Contains(c.Detail, "said goodbye") {
		t.Errorf("a goodbye made it %s, recording %s, %q", c.State, c.Record.State, c.Detail)
	}
	r.g.heard(discovery.Found{From: netip.MustParseAddrPort("127.0.0.3:3702")})
	if c := r.cameras()[id]; c.Detail != "" {
		t.Errorf("after a Hello it is %q", c.Detail)
	}

	leave()
	r.await("the goodbye beside the state", func() bool {
		c := r.cameras()[id]
		return c.State == string(Offline) && strings.Contains(c.Detail, "said goodbye")
	})
	o.Host, o.Announce, o.Basic = "127.0.0.5", false, true
	appear(t, o)
	r.await("the camera at the address where nobody has announced it", func() bool { return at("127.0.0.5") })
	r.await("an alarm that the password was not sent there in clear", func() bool { _, there := r.alarm("password:" + id); return there })
	if !log.has("its password is not sent there in clear") {
		t.Error("the log does not say so")
	}
}

// Anybody can announce a camera anywhere, and learns by it what a device that is asked learns: a digest of the password.
func TestLooksForACameraAreFew(t *testing.T) {
	var s seeks
	now := time.Now()
	n := 0
	for i := range 100 {
		if s.begin("door", "10.0.0."+string(rune('a'+i%26)), now) {
			n++
			s.end("door", now, nil)
		}
	}
	if n != seekAddresses {
		t.Errorf("it was looked for at %d addresses at once", n)
	}
	if s.begin("gate", "10.0.0.1", now) != true || s.begin("gate", "10.0.0.1", now.Add(seekPeriod-1)) || !s.begin("gate", "10.0.0.1", now.Add(seekPeriod)) {
		t.Error("another is not looked for, or too often at one address")
	}
	s.end("gate", now, &rtsp.Error{Class: rtsp.Unauthorized, Err: errors.New("refused")})
	if s.begin("gate", "10.0.0.2", now.Add(refusedPeriod-1)) || !s.begin("gate", "10.0.0.2", now.Add(refusedPeriod)) {
		t.Error("credentials that were refused are shown again sooner than to the camera itself")
	}
}

// What somebody asks for is refused as a whole before anything is sent, where a part of it is outside the premises.
func TestOnlyThePremisesAreSearched(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	for _, ranges := range [][]string{{"198.51.100.1"}, {"127.0.9.1", "198.51.100.0/30"}, {"169.254.169.254"}, {"2001:db8::1"}, {"10.0.0.0/8"}, {"camera"}} {
		if err := r.g.Search(t.Context(), Search{Ranges: ranges}); err == nil {
			t.Errorf("%v were searched", ranges)
		}
	}
	for _, c := range r.g.guard.Connections() {
		for _, target := range c.Targets {
			if c.Class == "discovery" && (strings.Contains(target.Address, "198.51") || strings.Contains(target.Address, "127.0.9")) {
				t.Errorf("something was sent to %s", target.Address)
			}
		}
	}
	if n := r.g.guard.Refused(); n != 0 {
		t.Errorf("%d datagrams or connections were tried", n)
	}
}

// A device of two video sources is given another address: it is found again by one of its cameras, and the other goes with it.
func TestTheOtherSourcesOfADeviceMoveWithIt(t *testing.T) {
	t.Parallel()
	r := startWith(t, t.TempDir(), "", Options{miss: 200 * time.Millisecond})
	o := simcam.Options{Kind: onviftest.BiSpectrum, Name: "Two eyes " + rand.Text(), Host: "127.0.0.6"}
	cam, leave := appear(t, o)
	ids, err := r.g.EnrolSources(t.Context(), Adoption{Address: cam.ONVIF(), Endpoint: cam.Endpoint(), Username: cam.Username(), Password: cam.Password(), Name: "Two eyes", Sources: []string{AllSources}})
	if err != nil || len(ids) != 2 {
		t.Fatal(ids, err)
	}
	at := func(host string) bool {
		all := r.cameras()
		for _, id := range ids {
			if c := all[id]; !strings.HasPrefix(c.Address, host+":") || c.State != string(Online) {
				return false
			}
		}
		return true
	}
	r.await("both cameras", func() bool { return at("127.0.0.6") })
	leave()
	o.Host, o.Announce = "127.0.0.7", true
	appear(t, o)
	r.await("both at the new address", func() bool { return at("127.0.0.7") })
}

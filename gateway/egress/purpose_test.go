package egress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// echo gives the address of a listener that sends back what it is sent.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.Copy(c, c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestConnectionsAreListedWithWhatWentThroughThem(t *testing.T) {
	g := New(Options{})
	at := echo(t)
	p := g.For(Cameras, Use{Camera: "door", Targets: []string{at, "127.0.0.1:554"}, Only: true})
	conn, err := p.DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	row := func() Connection {
		for _, c := range g.Connections() {
			if c.Camera == "door" {
				return c
			}
		}
		t.Fatal("the purpose is not listed")
		return Connection{}
	}
	r := row()
	if r.Open != 1 || len(r.Targets) != 2 || r.Targets[0].Sent != 5 || r.Targets[0].Received != 5 || r.Targets[0].Last.IsZero() || r.Targets[1].Opened != 0 {
		t.Errorf("listed as %+v", r)
	}
	conn.Close()
	conn.Close()
	if r = row(); r.Open != 0 || r.Targets[0].Opened != 1 {
		t.Errorf("after closing it twice: %+v", r)
	}
	p.Close()
	for _, c := range g.Connections() {
		if c.Camera == "door" {
			t.Error("a closed purpose is listed")
		}
	}
}

func TestEveryClassIsListedThoughNothingUsesIt(t *testing.T) {
	list := New(Options{Lookup: answers()}).Connections()
	if len(list) != len(Classes()) {
		t.Fatalf("%d rows of %d classes", len(list), len(Classes()))
	}
	for i, c := range Classes() {
		if r := list[i]; r.Class != c.Slug() || r.Name == "" || !strings.HasSuffix(r.Why, ".") || !strings.HasSuffix(r.How, ".") {
			t.Errorf("%+v", r)
		}
	}
}

func TestThereIsNoPurposeWithoutAClass(t *testing.T) {
	for _, c := range []*Class{nil, {}, {slug: "telemetry"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is taken for a class", c)
				}
			}()
			New(Options{}).For(c, Use{})
		}()
	}
}

func TestACamerasPurposeLeadsToThatCameraOnly(t *testing.T) {
	at := echo(t)
	g := New(Options{})
	p := g.For(Cameras, Use{Camera: "door", Targets: []string{"192.168.1.20:80"}, Only: true})
	_, err := p.DialContext(t.Context(), "tcp", at)
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("another host on the premises: %v", err)
	}
	if r := g.Refusals(); len(r) != 1 || r[0].Camera != "door" || r[0].Class != "camera" || r[0].Kind != Dial || r[0].Address != at {
		t.Errorf("refusals %+v", r)
	}
}

func TestTargetsAreBounded(t *testing.T) {
	p := New(Options{}).For(Enrolment, Use{})
	for i := range 3 * maxTargets {
		p.target(fmt.Sprintf("10.0.0.%d:80", i)).open()
	}
	list := p.describe(nil)
	if len(list.Targets) != maxTargets+1 || list.Open != 3*maxTargets || list.Targets[maxTargets].Opened != 2*maxTargets {
		t.Errorf("%d targets, %d open, others %+v", len(list.Targets), list.Open, list.Targets[len(list.Targets)-1])
	}
}

func TestGroupsAndPeersAreJudgedAndCounted(t *testing.T) {
	g := New(Options{})
	p := g.For(Cameras, Use{Camera: "door"})
	for ip, want := range map[string]bool{"239.1.2.3": true, "224.0.1.129": false, "192.168.1.1": false, "ff02::c": true, "ff0e::1": false, "8.8.8.8": false} {
		if err := p.Group(netip.MustParseAddr(ip)); (err == nil) != want {
			t.Errorf("group %s: %v", ip, err)
		}
	}
	for ip, want := range map[string]bool{"192.168.1.1": true, "::ffff:10.0.0.1": true, "8.8.8.8": false, "239.1.2.3": false} {
		if got := p.Peer(netip.MustParseAddr(ip)); got != want {
			t.Errorf("peer %s: %t", ip, got)
		}
	}
	if g.Refused() != 6 {
		t.Errorf("%d refused", g.Refused())
	}
}

// Anybody can send packets from any address: what is kept and logged of them has a bound, and does not displace refusals of
// other kinds.
func TestAFloodOfStrangersIsBoundedAndHidesNothing(t *testing.T) {
	var log bytes.Buffer
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }})
	g.For(Cameras, Use{Camera: "door"}).Refuse(Redirect, "198.51.100.7", "another host")
	p := g.For(Viewers, Use{})
	const flood = 20_000
	for i := range flood {
		now = now.Add(time.Millisecond)
		p.Peer(netip.AddrFrom4([4]byte{8, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	list := g.Refusals()
	if len(list) != maxRecent+1 || list[maxRecent].Kind != Redirect || g.Refused() != flood+1 {
		t.Errorf("%d kept, the oldest %+v; %d counted", len(list), list[len(list)-1], g.Refused())
	}
	if n := strings.Count(log.String(), "\n"); n > maxLines {
		t.Errorf("%d log lines", n)
	}
}

// The resolver asks over a connection of the Guard, and must see that it is UDP: over what it takes for a stream it would
// speak otherwise.
func TestNameServersAreAskedThroughTheGuardAndListed(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			pc.WriteTo(answerTo(buf[:n]), from)
		}
	}()
	t.Cleanup(func() { pc.Close(); <-done })
	p := New(Options{}).For(Names, Use{})
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return p.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
	found, err := r.LookupNetIP(t.Context(), "ip4", "camera.holdfast.example.")
	if err != nil || len(found) != 1 || !found[0].Unmap().IsLoopback() {
		t.Fatalf("%v, %v", found, err)
	}
	if c := p.describe(nil); c.Open != 0 || len(c.Targets) != 1 || c.Targets[0].Sent == 0 || c.Targets[0].Received == 0 {
		t.Errorf("listed as %+v", c)
	}
}

func answerTo(question []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil {
		return nil
	}
	m.Response = true
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}})
		}
	}
	m.Additionals = nil
	b, _ := m.Pack()
	return b
}

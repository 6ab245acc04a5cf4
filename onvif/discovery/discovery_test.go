package discovery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddr("127.0.0.1")

// respond runs a responder until the test ends.
func respond(t *testing.T, r *Responder) {
	t.Helper()
	r.Interface = loopback
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func envelope(action, header, body string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/%s</a:Action>%s</s:Header><s:Body>%s</s:Body></s:Envelope>`, action, header, body)
}

func match(id, xaddrs string) string {
	return `<a:EndpointReference><a:Address>` + id + `</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>` +
		`<d:Scopes>onvif://www.onvif.org/name/Gate%20camera onvif://www.onvif.org/hardware/X1</d:Scopes><d:XAddrs>` + xaddrs + `</d:XAddrs>`
}

func TestProbeFindsEachDeviceOnceWithAllItsAddresses(t *testing.T) {
	a, b := "urn:uuid:"+uuid.NewString(), "urn:uuid:"+uuid.NewString()
	respond(t, &Responder{Endpoint: a, XAddrs: "http://192.168.7.7/onvif/device_service http://127.0.0.1:81/onvif/device_service", Scopes: []string{"onvif://www.onvif.org/name/Gate%20camera"}})
	respond(t, &Responder{Endpoint: b, XAddrs: "http://127.0.0.1:82/onvif/device_service"})
	respond(t, &Responder{Endpoint: b, XAddrs: "http://127.0.0.1:83/onvif/device_service"}) // its other network
	found := map[string]Found{}
	for try := 0; len(found[b].XAddrs) < 2 || len(found[a].XAddrs) == 0; try++ {
		if try == 10 {
			t.Fatalf("found %v", found)
		}
		list, err := Probe(t.Context(), Options{Timeout: time.Second, Open: net.ListenPacket})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, f := range list {
			if seen[f.ID] {
				t.Errorf("%s is there twice", f.ID)
			}
			seen[f.ID] = true
			found[f.ID] = f
		}
	}
	if f := found[a]; f.Name != "Gate camera" || f.Address() != "http://127.0.0.1:81/onvif/device_service" {
		t.Errorf("found %+v: the address on the network of the answer comes first", f)
	}
}

func TestResponderAnswersWhatMeansIt(t *testing.T) {
	r := &Responder{Endpoint: "urn:uuid:x", Scopes: []string{"onvif://www.onvif.org/name/Gate", "onvif://www.onvif.org/location/city/Graz"}}
	probe := func(types, scopes string) []byte {
		return envelope("Probe", "<a:MessageID>urn:uuid:q</a:MessageID>", "<d:Probe><d:Types>"+types+"</d:Types><d:Scopes>"+scopes+"</d:Scopes></d:Probe>")
	}
	for _, c := range []struct {
		data []byte
		want bool
	}{
		{probe("", ""), true},
		{probe("dn:NetworkVideoTransmitter", ""), true},
		{probe("tds:Device dn:NetworkVideoTransmitter", ""), true},
		{probe("dn:Printer", ""), false},
		{probe("tds:Device dn:Printer", ""), false},
		{probe("", "onvif://www.onvif.org/name/Gate"), true},
		{probe("", "onvif://www.onvif.org/location/city"), true},
		{probe("", "onvif://www.onvif.org/location/cit"), false},
		{probe("", "onvif://www.onvif.org/name/Door"), false},
		{envelope("Hello", "", "<d:Hello/>"), false},
		{[]byte("GET / HTTP/1.1\r\n\r\n"), false},
		{nil, false},
		{probe("", "")[:200], false},
	} {
		id, got := r.asked(c.data)
		if got != c.want || got && id != "urn:uuid:q" {
			t.Errorf("%.400s: %v, id %q", c.data, got, id)
		}
	}
	// Who forges the sender of a probe must not gain much by it: an answer is about as large as a question.
	if q, a := len(question(uuid.NewString(), "tds:Device")), len(r.answer("urn:uuid:q")); a > 3*q {
		t.Errorf("an answer of %d bytes to a question of %d", a, q)
	}
}

func TestWhatAnswersIsBoundedAndChecked(t *testing.T) {
	from := netip.MustParseAddrPort("192.168.1.9:3702")
	p, err := parse(envelope("ProbeMatches", "", "<d:ProbeMatches><d:ProbeMatch>"+
		match("urn:uuid:1", "ftp://x http://u:p@192.168.1.9/ javascript:1 http://10.0.0.1/a http://192.168.1.9/b "+strings.Repeat("http://10.0.0.1/c ", 100)+"http://"+strings.Repeat("x", 500))+
		"</d:ProbeMatch><d:ProbeMatch>"+match("", "http://10.0.0.2/")+"</d:ProbeMatch></d:ProbeMatches>"), from)
	if err != nil || p.kind != "ProbeMatches" || len(p.devices) != 1 {
		t.Fatalf("%s, %d devices, %v", p.kind, len(p.devices), err)
	}
	g := newGathering(nil)
	g.add(p.devices[0], "eth0")
	f := g.list()[0]
	if f.Address() != "http://192.168.1.9/b" || len(f.XAddrs) > maxXAddrs || f.Hardware != "X1" {
		t.Errorf("found %+v", f)
	}
	for _, a := range f.XAddrs {
		if strings.Contains(a, "@") || !strings.HasPrefix(a, "http") {
			t.Errorf("address %q was kept", a)
		}
	}
	g = newGathering(nil)
	for i := range 3 * MaxFound {
		g.add(Found{ID: fmt.Sprint(i), XAddrs: []string{"http://10.0.0.1/"}, From: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), port)}, "eth0")
	}
	for i := range 100 {
		g.add(Found{ID: "0", XAddrs: []string{fmt.Sprintf("http://10.0.0.1/%d", i)}, From: netip.MustParseAddrPort("10.1.0.0:3702")}, "eth0")
	}
	if list := g.list(); len(list) != MaxFound || len(list[0].XAddrs) > maxXAddrs {
		t.Errorf("%d devices, %d addresses", len(list), len(list[0].XAddrs))
	}
	g = newGathering(nil)
	for i := range MaxFound {
		g.add(Found{ID: fmt.Sprint(i), From: from}, "eth0")
	}
	if n := len(g.list()); n != maxPerSender {
		t.Errorf("one sender told of %d devices", n)
	}
}

// TestWhatIsAnnouncedIsHeard has a device come and go on loopback.
func TestWhatIsAnnouncedIsHeard(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	heard := make(chan Announcement, 10)
	done := make(chan error, 1)
	go func() {
		done <- Listen(ctx, func(a Announcement) {
			select {
			case heard <- a:
			default:
			}
		})
	}()
	defer func() { cancel(); <-done }()
	id := "urn:uuid:" + uuid.NewString()
	// The listener may not have joined yet, and from one host no more than one a second is handed on: so it comes and goes again.
	for _, bye := range []bool{false, true} {
		limit := time.After(20 * time.Second)
		for got := false; !got; {
			comeAndGo(t, id)
			for waiting := true; waiting && !got; {
				select {
				case a := <-heard:
					if got = a.ID == id && a.Bye == bye; got && a.From.Addr() != loopback {
						t.Errorf("heard %+v", a)
					}
				case <-time.After(50 * time.Millisecond):
					waiting = false
				case <-limit:
					t.Fatalf("nothing was heard, bye %v", bye)
				}
			}
		}
	}
}

// comeAndGo announces a device as one that comes, and at once as one that goes.
func comeAndGo(t *testing.T, id string) {
	t.Helper()
	r := &Responder{Endpoint: id, XAddrs: "http://127.0.0.1/onvif", Interface: loopback, Announce: true}
	conns, err := r.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.announce(conns[0], "Hello")
	r.announce(conns[0], "Bye")
	for _, c := range conns {
		c.Close()
	}
}

func FuzzDatagram(f *testing.F) {
	f.Add(envelope("ProbeMatches", "", "<d:ProbeMatches><d:ProbeMatch>"+match("urn:uuid:1", "http://10.0.0.1/")+"</d:ProbeMatch></d:ProbeMatches>"))
	f.Add(envelope("Hello", "", "<d:Hello>"+match("urn:uuid:1", "http://[fe80::1%25eth0]/ http://[::")+"</d:Hello>"))
	f.Add(question(uuid.NewString(), "tds:Device"))
	f.Add([]byte("<"))
	r := &Responder{Endpoint: "urn:uuid:x", Scopes: []string{"onvif://www.onvif.org/name/Gate"}}
	from := netip.MustParseAddrPort("192.168.1.9:3702")
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := parse(data, from); err == nil {
			g := newGathering(nil)
			for _, d := range p.devices {
				if d.ID == "" || len(d.ID) > maxText || len(d.XAddrs) > maxXAddrs || len(d.Scopes) > maxScopes || d.Address() == "" {
					t.Fatalf("%+v", d)
				}
				g.add(d, "eth0")
			}
			for _, d := range g.list() {
				if len(d.XAddrs) > maxXAddrs || d.Address() == "" || d.Key == "" {
					t.Fatalf("%+v", d)
				}
			}
		}
		if id, ok := r.asked(data); ok && len(r.answer(id)) > 64<<10 {
			t.Fatal("an answer that is no datagram")
		}
	})
}

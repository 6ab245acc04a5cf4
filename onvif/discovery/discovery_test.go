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
		list, err := Probe(t.Context(), Options{Timeout: time.Second})
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
	if q, a := len(question("tds:Device")), len(r.answer("urn:uuid:q")); a > 3*q {
		t.Errorf("an answer of %d bytes to a question of %d", a, q)
	}
}

func TestWhatAnswersIsBoundedAndChecked(t *testing.T) {
	from := netip.MustParseAddrPort("192.168.1.9:3702")
	kind, list, err := parse(envelope("ProbeMatches", "", "<d:ProbeMatches><d:ProbeMatch>"+
		match("urn:uuid:1", "ftp://x http://u:p@192.168.1.9/ javascript:1 http://10.0.0.1/a http://192.168.1.9/b "+strings.Repeat("http://10.0.0.1/c ", 100)+"http://"+strings.Repeat("x", 500))+
		"</d:ProbeMatch><d:ProbeMatch>"+match("", "http://10.0.0.2/")+"</d:ProbeMatch></d:ProbeMatches>"), from)
	if err != nil || kind != "ProbeMatches" || len(list) != 1 {
		t.Fatalf("%s, %d devices, %v", kind, len(list), err)
	}
	f := list[0]
	if f.Address() != "http://192.168.1.9/b" || len(f.XAddrs) > maxXAddrs || f.Hardware != "X1" {
		t.Errorf("found %+v", f)
	}
	for _, a := range f.XAddrs {
		if strings.Contains(a, "@") || !strings.HasPrefix(a, "http") {
			t.Errorf("address %q was kept", a)
		}
	}
	g := gathering{byID: map[string]int{}}
	for i := range 3 * MaxFound {
		g.add(Found{ID: fmt.Sprint(i), XAddrs: []string{"http://10.0.0.1/"}})
	}
	for i := range 100 {
		g.add(Found{ID: "0", XAddrs: []string{fmt.Sprintf("http://10.0.0.1/%d", i)}})
	}
	if len(g.list) != MaxFound || len(g.list[0].XAddrs) > maxXAddrs {
		t.Errorf("%d devices, %d addresses", len(g.list), len(g.list[0].XAddrs))
	}
}

// TestHelloIsHeard announces a device on loopback, as one that comes up does.
func TestHelloIsHeard(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	heard := make(chan Found, 10)
	done := make(chan error, 1)
	go func() {
		done <- Listen(ctx, func(f Found) {
			select {
			case heard <- f:
			default:
			}
		})
	}()
	defer func() { cancel(); <-done }()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sendFrom(conn, loopback); err != nil {
		t.Fatal(err)
	}
	id := "urn:uuid:" + uuid.NewString()
	tick := time.NewTicker(50 * time.Millisecond) // the listener may not have joined yet
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for {
		conn.WriteToUDPAddrPort(envelope("Bye", "", "<d:Bye>"+match(id+"x", "")+"</d:Bye>"), netip.AddrPortFrom(group4, port))
		conn.WriteToUDPAddrPort(envelope("Hello", "", "<d:Hello>"+match(id, "http://127.0.0.1/onvif")+"</d:Hello>"), netip.AddrPortFrom(group4, port))
		select {
		case f := <-heard:
			if f.ID == id+"x" {
				t.Fatal("a Bye was taken for a Hello")
			}
			if f.ID == id {
				if f.From.Addr() != loopback {
					t.Errorf("heard %+v", f)
				}
				return
			}
		case <-tick.C:
		case <-limit:
			t.Fatal("nothing was heard")
		}
	}
}

func TestAFloodOfHellosIsDropped(t *testing.T) {
	h := &hearing{left: helloBurst, since: time.Now().Add(time.Hour)}
	n := 0
	for range 10_000 {
		if h.may() {
			n++
		}
	}
	if n != helloBurst {
		t.Errorf("%d were handed on", n)
	}
}

func FuzzDatagram(f *testing.F) {
	f.Add(envelope("ProbeMatches", "", "<d:ProbeMatches><d:ProbeMatch>"+match("urn:uuid:1", "http://10.0.0.1/")+"</d:ProbeMatch></d:ProbeMatches>"))
	f.Add(envelope("Hello", "", "<d:Hello>"+match("urn:uuid:1", "http://[fe80::1%25eth0]/ http://[::")+"</d:Hello>"))
	f.Add(question("tds:Device"))
	f.Add([]byte("<"))
	r := &Responder{Endpoint: "urn:uuid:x", Scopes: []string{"onvif://www.onvif.org/name/Gate"}}
	from := netip.MustParseAddrPort("192.168.1.9:3702")
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, list, err := parse(data, from); err == nil {
			for _, d := range list {
				if d.ID == "" || len(d.ID) > maxText || len(d.XAddrs) > maxXAddrs || len(d.Scopes) > maxScopes || d.Address() == "" {
					t.Fatalf("%+v", d)
				}
			}
		}
		if id, ok := r.asked(data); ok && len(r.answer(id)) > 64<<10 {
			t.Fatal("an answer that is no datagram")
		}
	})
}

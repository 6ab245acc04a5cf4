package discovery

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// heardAs gives what an answer from an address says.
func heardAs(id, from string, xaddrs ...string) Found {
	a := netip.MustParseAddr(from)
	return Found{ID: id, XAddrs: webAddresses(xaddrs, a), From: netip.AddrPortFrom(a, port)}
}

// TestWhichAnswersAreOfOneDevice is the rule of the package comment, as a table: answers in the order in which they come, the
// network of this machine that each came by, and the devices that they are of, with their addresses.
func TestWhichAnswersAreOfOneDevice(t *testing.T) {
	type heard struct {
		f       Found
		network string
	}
	const one, other = "urn:uuid:1", "urn:uuid:2"
	for _, c := range []struct {
		what    string
		answers []heard
		want    []string
	}{
		{"on two networks", []heard{{heardAs(one, "10.0.0.5", "http://10.0.0.5/d"), "eth0"}, {heardAs(one, "10.0.1.5", "http://10.0.1.5/d"), "eth1"}},
			[]string{"http://10.0.0.5/d http://10.0.1.5/d"}},
		{"by IPv6 first", []heard{{heardAs(one, "fe80::5%eth0", "http://[fe80::5]/d"), "eth0"}, {heardAs(one, "10.0.0.5", "http://10.0.0.5/d"), "eth0"}},
			[]string{"http://10.0.0.5/d http://[fe80::5%25eth0]/d"}},
		{"a link-local address beside its own", []heard{{heardAs(one, "169.254.3.4", "http://169.254.3.4/d"), "eth0"}, {heardAs(one, "10.0.0.5", "http://10.0.0.5/d"), "eth0"}},
			[]string{"http://10.0.0.5/d http://169.254.3.4/d"}},
		{"two addresses, and it names both", []heard{{heardAs(one, "10.0.0.5", "http://10.0.0.5/d", "http://10.0.0.6/d"), "eth0"}, {heardAs(one, "10.0.0.6", "http://10.0.0.5/d", "http://10.0.0.6/d"), "eth0"}},
			[]string{"http://10.0.0.5/d http://10.0.0.6/d"}},
		{"two that share an endpoint address", []heard{{heardAs(one, "10.0.0.5", "http://10.0.0.5/d"), "eth0"}, {heardAs(one, "10.0.0.6", "http://10.0.0.6/d"), "eth0"},
			{heardAs(one, "fe80::6%eth0", "http://[fe80::6]/d", "http://10.0.0.6/d"), "eth0"}},
			[]string{"http://10.0.0.5/d", "http://10.0.0.6/d http://[fe80::6%25eth0]/d"}},
		{"another endpoint address in each answer", []heard{{heardAs(one, "10.0.0.5", "http://10.0.0.5/d"), "eth0"}, {heardAs(other, "10.0.0.5", "http://10.0.0.5/d"), "eth0"}},
			[]string{"http://10.0.0.5/d"}},
		{"somebody names the address of another", []heard{{heardAs(one, "10.0.0.5", "http://10.0.0.5/d"), "eth0"}, {heardAs(other, "10.0.0.66", "http://10.0.0.5/d"), "eth0"}},
			[]string{"http://10.0.0.5/d", "http://10.0.0.5/d"}},
		{"two services of one host", []heard{{heardAs(one, "10.0.0.5", "http://10.0.0.5:81/d"), "eth0"}, {heardAs(other, "10.0.0.5", "http://10.0.0.5:82/d"), "eth0"}},
			[]string{"http://10.0.0.5:81/d", "http://10.0.0.5:82/d"}},
		{"it does not know its address", []heard{{heardAs(one, "10.0.0.5", "http://0.0.0.0:8080/d", "http://127.0.0.1/d"), "eth0"}},
			[]string{"http://10.0.0.5:8080/d http://10.0.0.5/d"}},
		{"no endpoint address", []heard{{heardAs("", "10.0.0.5", "http://10.0.0.5/d"), ""}, {heardAs("", "10.0.0.5", "http://10.0.0.5:8080/d"), ""}},
			[]string{"http://10.0.0.5/d", "http://10.0.0.5:8080/d"}},
	} {
		told := make(map[string]Found)
		g := newGathering(func(f Found) { told[f.Key] = f })
		for _, h := range c.answers {
			for range 2 { // each question is answered
				g.add(h.f, h.network)
			}
		}
		var got []string
		for _, f := range g.list() {
			got = append(got, strings.Join(f.XAddrs, " "))
			if last := told[f.Key]; !slices.Equal(last.XAddrs, f.XAddrs) {
				t.Errorf("%s: told last of %v", c.what, last.XAddrs)
			}
		}
		if !slices.Equal(got, c.want) || len(told) != len(c.want) {
			t.Errorf("%s: %q, want %q; told of %d", c.what, got, c.want, len(told))
		}
		if shared := slices.ContainsFunc(g.list(), func(f Found) bool { return f.Shared }); shared != (c.what == "two that share an endpoint address") {
			t.Errorf("%s: shared %v", c.what, shared)
		}
	}
}

func TestScopesAreReadAsDevicesWriteThem(t *testing.T) {
	for _, c := range []struct{ scopes, want string }{
		{"onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/location/country/china onvif://www.onvif.org/Profile/Streaming onvif://www.onvif.org/Profile/T onvif://www.onvif.org/name/IPC-BO onvif://www.onvif.org/hardware/E1Zoom onvif://www.onvif.org/name/IPC",
			"IPC-BO||E1Zoom|country/china|[S T]"},
		{"onvif://www.onvif.org/Profile/G onvif://www.onvif.org/Profile/M onvif://www.onvif.org/hardware/P3818-PVE onvif://www.onvif.org/name/AXIS%20P3818-PVE onvif://www.onvif.org/location/",
			"AXIS P3818-PVE|AXIS|P3818-PVE||[G M]"},
		{"onvif://www.onvif.org/name/Bosch onvif://www.onvif.org/profile/g onvif://www.onvif.org/Profile/Q/Operational", "Bosch|Bosch|||[G]"},
		{"onvif://www.onvif.org/manufacturer/Acme%0A onvif://www.onvif.org/name/Boschung", "Boschung|Acme|||[]"},
		{"onvif://www.onvif.org/name/%zz", "||||[]"},
	} {
		var f Found
		f.describe(strings.Fields(c.scopes))
		if got := fmt.Sprintf("%s|%s|%s|%s|%v", f.Name, f.Maker, f.Hardware, f.Location, f.Profiles); got != c.want {
			t.Errorf("%s: %s, want %s", c.scopes, got, c.want)
		}
	}
}

func TestEndpointAddressesAreOneHoweverTheyAreSpelled(t *testing.T) {
	const want = "urn:uuid:15020314-0204-0408-1500-ec71db465af7"
	for _, s := range []string{want, "uuid:15020314-0204-0408-1500-ec71db465af7", "urn:uuid:15020314-0204-0408-1500-EC71DB465AF7", "15020314-0204-0408-1500-ec71db465af7"} {
		if got := endpoint(s); got != want {
			t.Errorf("%s: %s", s, got)
		}
	}
	if got := endpoint("urn:uuid:camera-1"); got != "urn:uuid:camera-1" {
		t.Errorf("what is no UUID is %s", got)
	}
}

// answerOf makes a ProbeMatches that answers a question.
func answerOf(relates, types, scopes, body string) []byte {
	return envelope("ProbeMatches", "<a:RelatesTo>"+relates+"</a:RelatesTo>", "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference><d:Types>"+types+
		"</d:Types><d:Scopes>"+scopes+"</d:Scopes>"+body+"</d:ProbeMatch></d:ProbeMatches>")
}

func TestComputersAndPrintersThatAnswerAreLeftOut(t *testing.T) {
	from := netip.MustParseAddrPort("192.168.1.9:3702")
	for _, c := range []struct {
		question, types, scopes string
		want                    bool
	}{
		{"", "wsdp:Device pub:Computer", "", false},
		{"", "wsdp:Device", "ldap:///ou=x", false},
		{"", "tdn:NetworkVideoTransmitter", "", true},
		{"", "", "onvif://www.onvif.org/type/video_encoder", true},
		{"tds:Device", "tds:Device", "", true},
		{"tds:Device", "", "", true}, // it knows its type, and does not say it
	} {
		e := newExchange(ByMulticast, newGathering(nil))
		q := string(e.question(c.question))
		_, id, _ := strings.Cut(q, "<a:MessageID>")
		id, _, _ = strings.Cut(id, "<")
		if got := e.take(answerOf(id, c.types, c.scopes, ""), from, "eth0") == 1; got != c.want {
			t.Errorf("%+v: kept %v", c, got)
		}
	}
}

// WS-Discovery 1.1 has names of its own for the same things.
func TestAnswersOfWSDiscovery11AreRead(t *testing.T) {
	data := strings.NewReplacer("http://schemas.xmlsoap.org/ws/2005/04/discovery", "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01",
		"http://schemas.xmlsoap.org/ws/2004/08/addressing", "http://www.w3.org/2005/08/addressing").Replace(string(answerOf("urn:uuid:q", "dn:NetworkVideoTransmitter", "onvif://www.onvif.org/name/Gate", "<d:XAddrs>http://192.168.1.9/onvif</d:XAddrs>")))
	e := newExchange(ByMulticast, newGathering(nil))
	if e.take([]byte(data), netip.MustParseAddrPort("192.168.1.9:3702"), "eth0") != 1 || e.found.list()[0].Name != "Gate" {
		t.Errorf("it is read as %+v", e.found.list())
	}
}

// A sender's allowance is its own: one that floods takes nothing of what others may, and forged ones share a bound.
func TestWhoFloodsUsesUpOnlyTheirOwnAllowance(t *testing.T) {
	now := time.Now()
	m := newMeter(hellosOfOne, hellosOfAll, now)
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	n := 0
	for range 10_000 {
		if m.takes(a, now) {
			n++
		}
	}
	if n != hellosOfOne.burst || !m.takes(b, now) {
		t.Errorf("the flood got %d; another is heard after it: %v", n, m.takes(b, now))
	}
	if !m.takes(a, now.Add(hellosOfOne.every)) {
		t.Error("the sender is never heard again")
	}
	n = 0
	for i := range 100_000 {
		if m.takes(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), now) {
			n++
		}
	}
	if n > hellosOfAll.burst || len(m.senders) > maxMetered {
		t.Errorf("forged senders got %d, and %d are remembered", n, len(m.senders))
	}
}

// Well-formed answers to no question of ours enter as few devices as the allowance for them.
func TestForgedAnswersFillNoList(t *testing.T) {
	e := newExchange(ByMulticast, newGathering(nil))
	from := netip.MustParseAddrPort("192.168.1.66:3702")
	for i := range 10_000 {
		e.take([]byte(strings.Replace(string(answerOf("urn:uuid:q", "dn:NetworkVideoTransmitter", "", "")), "urn:uuid:1", fmt.Sprint("urn:uuid:", i), 1)), from, "eth0")
	}
	if n := len(e.found.list()); n > strangeOfOne.burst+8 { // the test takes some time
		t.Errorf("%d devices were entered", n)
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		s           string
		n           int
		first, last string
	}{
		{"192.168.1.7", 1, "192.168.1.7", "192.168.1.7"},
		{"192.168.1.0/24", 254, "192.168.1.1", "192.168.1.254"},
		{"192.168.1.9/30", 2, "192.168.1.9", "192.168.1.10"},
		{"192.168.1.8/31", 2, "192.168.1.8", "192.168.1.9"},
		{"192.168.1.8/32", 1, "192.168.1.8", "192.168.1.8"},
		{"192.168.1.10-50", 41, "192.168.1.10", "192.168.1.50"},
		{" 192.168.1.250 - 192.168.2.5 ", 12, "192.168.1.250", "192.168.2.5"},
		{"10.0.0.0/20", 4094, "10.0.0.1", "10.0.15.254"},
		{"fd77::/120", 256, "fd77::", "fd77::ff"},
		{"fe80::1%eth0", 1, "fe80::1%eth0", "fe80::1%eth0"},
		{"255.255.255.250-255.255.255.255", 6, "255.255.255.250", "255.255.255.255"},
		{"10.0.0.0/19", 0, "", ""}, {"fd77::/64", 0, "", ""}, {"192.168.1.50-10", 0, "", ""}, {"192.168.1.1-fd77::1", 0, "", ""}, {"0.0.0.0-255.255.255.255", 0, "", ""},
		{"", 0, "", ""}, {"camera.lan", 0, "", ""}, {"192.168.1.0/33", 0, "", ""}, {"192.168.1.1-", 0, "", ""}, {"192.168.1.1-300", 0, "", ""},
	} {
		list, err := ParseRange(c.s)
		if len(list) != c.n || (err == nil) != (c.n > 0) {
			t.Errorf("%q: %d addresses, %v", c.s, len(list), err)
			continue
		}
		if c.n > 0 && (list[0].String() != c.first || list[c.n-1].String() != c.last) {
			t.Errorf("%q: %s to %s", c.s, list[0], list[c.n-1])
		}
	}
	if list, err := ParseRanges([]string{"10.0.0.1-20", "10.0.0.10-30", "10.0.0.7"}); len(list) != 30 || err != nil {
		t.Errorf("%d addresses, %v", len(list), err)
	}
	if _, err := ParseRanges([]string{"10.0.0.0/21", "10.0.8.0/21", "10.0.16.0/21"}); err == nil {
		t.Error("more than the bound are taken")
	}
}

// TestMessagesAreValid checks what is sent against the official schemas, which are not part of the repository.
func TestMessagesAreValid(t *testing.T) {
	validate := filepath.Join(cmp.Or(os.Getenv("HOLDFAST_SHARED"), "../../../shared"), "onvif", "validate")
	if _, err := os.Stat(validate); err != nil {
		t.Skipf("the official schemas and their validator are not at %s", validate)
	}
	r := &Responder{Endpoint: "urn:uuid:" + uuid.NewString(), XAddrs: "http://192.168.1.9/onvif/device_service", Scopes: []string{"onvif://www.onvif.org/name/Gate"}, Interface: loopback}
	messages := [][]byte{question(uuid.NewString(), "tds:Device"), question(uuid.NewString(), ""), r.answer("urn:uuid:q"), r.announcement("Hello"), r.announcement("Bye")}
	for _, operation := range []string{"GetSystemDateAndTime", "GetEndpointReference", "GetScopes"} {
		messages = append(messages, []byte(asking(operation)))
	}
	dir := t.TempDir()
	var files []string
	for i, m := range messages {
		file := filepath.Join(dir, fmt.Sprint(i, ".xml"))
		if err := os.WriteFile(file, m, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if out, err := exec.Command(validate, files...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

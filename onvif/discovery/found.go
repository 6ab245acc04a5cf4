package discovery

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"holdfast/onvif/internal/soap"
)

const (
	maxXAddrs = 8
	maxScopes = 64
	maxText   = 256 // bytes of one address, scope or id
)

// How a device was found.
const (
	ByMulticast = "multicast"
	ByUnicast   = "unicast"
	ByHTTP      = "http" // it does not answer WS-Discovery
)

// Found is a device that answered.
type Found struct {
	Key      string   // tells devices of one search apart: the ID, or where that does not tell them apart, with an address
	ID       string   // endpoint address, urn:uuid:…: the device, whatever its addresses; "" of one that does not tell it
	Shared   bool     // another device has the same ID
	Types    []string // local names: Device, NetworkVideoTransmitter
	Scopes   []string
	XAddrs   []string // addresses of its device service, the best to reach it by first
	Name     string   // from its scopes, as are those that follow
	Maker    string   // "" where the scopes do not tell
	Hardware string   // its model
	Location string
	Profiles []string       // of ONVIF, by their letters
	By       string         // ByMulticast, ByUnicast or ByHTTP
	From     netip.AddrPort // of the first datagram
	Senders  []netip.Addr   // hosts that answered for it, at most maxSenders
}

// Address is the device service's address to hand to onvif.New: the first.
func (f Found) Address() string {
	if len(f.XAddrs) == 0 {
		return hostOf(f.From.Addr())
	}
	return f.XAddrs[0]
}

// hostOf writes an address as the host of a URL.
func hostOf(a netip.Addr) string {
	if !a.Is6() || a.Is4In6() {
		return a.Unmap().String()
	}
	return "[" + strings.Replace(a.String(), "%", "%25", 1) + "]"
}

// parsed is a message of WS-Discovery.
type parsed struct {
	kind    string // local name of the body's element
	relates string // id of the message that it answers
	devices []Found
}

// parse reads a ProbeMatches, Hello or Bye.
func parse(data []byte, from netip.AddrPort) (parsed, error) {
	root, err := soap.Parse(bytes.NewReader(data))
	if err != nil {
		return parsed{}, err
	}
	body, err := soap.Body(root)
	if err != nil {
		return parsed{}, err
	}
	p := parsed{kind: body.Name, relates: root.Get("Header", "RelatesTo")}
	entries := []*soap.Node{body}
	if body.Name == "ProbeMatches" {
		entries = body.All("ProbeMatch")
	}
	for _, e := range entries {
		if f, ok := read(e, from); ok {
			p.devices = append(p.devices, f)
		}
	}
	if len(p.devices) == 0 {
		return p, errors.New("it names no device")
	}
	return p, nil
}

func read(e *soap.Node, from netip.AddrPort) (Found, bool) {
	f := Found{ID: endpoint(e.Get("EndpointReference", "Address")), From: from, Senders: []netip.Addr{from.Addr()}}
	for _, t := range words(e.Get("Types"), maxScopes) {
		if i := strings.LastIndexByte(t, ':'); i >= 0 {
			t = t[i+1:]
		}
		f.Types = append(f.Types, t)
	}
	f.XAddrs = webAddresses(words(e.Get("XAddrs"), maxXAddrs), from.Addr())
	f.describe(words(e.Get("Scopes"), maxScopes))
	return f, f.ID != ""
}

// endpoint gives an endpoint address in the form urn:uuid:…, since devices spell their own in several ways; what is no UUID
// stays as it is.
func endpoint(s string) string {
	if len(s) > maxText {
		return ""
	}
	if id, err := uuid.Parse(strings.TrimPrefix(strings.ToLower(s), "uuid:")); err == nil {
		return "urn:uuid:" + id.String()
	}
	return printable(s)
}

func words(s string, limit int) (list []string) {
	for w := range strings.FieldsSeq(s) {
		if len(list) == limit {
			break
		}
		if len(w) <= maxText {
			list = append(list, w)
		}
	}
	return list
}

// webAddresses keeps of a device's addresses what can be asked, in the form in which it can. A device that does not know its
// own address names one that leads to whoever asks; the sender is meant. A link-local IPv6 address means the network that
// the answer came by.
func webAddresses(list []string, from netip.Addr) (kept []string) {
	for _, a := range list {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		ip, err := netip.ParseAddr(u.Hostname())
		switch {
		case err != nil:
		case ip.IsUnspecified(), ip.IsLoopback() && !from.IsLoopback():
			u.Host = rehost(u, from)
		case ip.Is6() && ip.IsLinkLocalUnicast() && ip.Zone() == "" && from.Zone() != "":
			u.Host = rehost(u, ip.WithZone(from.Zone()))
		}
		if s := u.String(); !slices.Contains(kept, s) && len(s) <= maxText {
			kept = append(kept, s)
		}
	}
	return kept
}

// rehost gives the host of an address with another IP address. The zone is escaped when the URL is written.
func rehost(u *url.URL, ip netip.Addr) string {
	host := ip.String()
	if p := u.Port(); p != "" {
		return net.JoinHostPort(host, p)
	}
	if ip.Is6() {
		return "[" + host + "]"
	}
	return host
}

// hostIP is the IP address that an address leads to; invalid where it names a host.
func hostIP(address string) netip.Addr {
	u, err := url.Parse(address)
	if err != nil {
		return netip.Addr{}
	}
	ip, _ := netip.ParseAddr(u.Hostname())
	return ip.Unmap()
}

// rank sorts addresses of a device service: those on a host that the device has answered from lead to it from here, and one
// that is not link-local goes on doing so.
func rank(address string, senders []netip.Addr) int {
	ip := hostIP(address)
	switch {
	case !ip.IsValid() || !slices.ContainsFunc(senders, func(s netip.Addr) bool { return s.WithZone("") == ip.WithZone("") }):
		return 4
	case ip.Is4() && !ip.IsLinkLocalUnicast():
		return 0
	case !ip.IsLinkLocalUnicast():
		return 1
	case ip.Is4():
		return 2
	}
	return 3
}

// camera tells whether what answered a question for anything is a device of ONVIF: computers and printers answer it too.
func (f *Found) camera() bool {
	return slices.ContainsFunc(f.Types, func(t string) bool { return strings.HasPrefix(t, "NetworkVideo") }) ||
		slices.ContainsFunc(f.Scopes, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), "onvif://") })
}

// describe reads the scopes (Core specification section 7.3.3.2).
func (f *Found) describe(scopes []string) {
	f.Scopes = scopes
	f.Name, f.Hardware, f.Location = scope(scopes, "name"), scope(scopes, "hardware"), scope(scopes, "location")
	f.Maker = maker(f.Name, scope(scopes, "manufacturer"), scope(scopes, "mfr"))
	f.Profiles = profiles(scopes)
}

// scope gives the value of a scope, onvif://www.onvif.org/NAME/VALUE. Of several the longest is taken: devices have a general
// one beside their own.
func scope(list []string, name string) (value string) {
	for _, s := range list {
		i := strings.Index(strings.ToLower(s), "onvif.org/"+name+"/")
		if i < 0 {
			continue
		}
		rest := s[i+len("onvif.org/"+name+"/"):]
		if v, err := url.PathUnescape(rest); err == nil && len(v) > len(value) {
			value = printable(v)
		}
	}
	return value
}

// makers are names that devices begin their own name with.
var makers = []string{"ACTi", "Amcrest", "Arecont", "Avigilon", "AXIS", "Basler", "Bosch", "Canon", "Dahua", "D-Link", "DLINK", "EZVIZ", "FLIR", "Foscam",
	"GeoVision", "Geutebrueck", "Grandstream", "GRUNDIG", "Hanwha", "HIKVISION", "Honeywell", "i-PRO", "IndigoVision", "JVC", "LILIN", "Milesight", "MOBOTIX",
	"Panasonic", "Pelco", "Reolink", "Samsung", "Siemens", "Sony", "SUNBA", "Tapo", "Tiandy", "TP-LINK", "TRENDnet", "Ubiquiti", "Uniview", "UNV", "Vicon", "VIVOTEK", "Wisenet"}

// maker is what the scopes say of who made the device. ONVIF has no scope for it: some devices have one of their own, and many
// put it before their name.
func maker(name string, said ...string) string {
	for _, s := range said {
		if s != "" {
			return s
		}
	}
	for _, m := range makers {
		if len(name) >= len(m) && strings.EqualFold(name[:len(m)], m) && (len(name) == len(m) || strings.ContainsRune(" _-", rune(name[len(m)]))) {
			return name[:len(m)]
		}
	}
	return ""
}

// profiles gives the letters of the profiles that the scopes name; the scope of profile S is Streaming.
func profiles(scopes []string) (list []string) {
	for _, s := range scopes {
		i := strings.Index(strings.ToLower(s), "onvif.org/profile/")
		if i < 0 {
			continue
		}
		p := s[i+len("onvif.org/profile/"):]
		if strings.EqualFold(p, "Streaming") {
			p = "S"
		}
		if len(p) == 1 && !slices.Contains(list, strings.ToUpper(p)) {
			list = append(list, strings.ToUpper(p))
		}
	}
	slices.Sort(list)
	return list
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

package discovery

import (
	"bytes"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
)

const (
	maxXAddrs = 8
	maxScopes = 64
	maxText   = 256 // bytes of one address, scope or id
)

// Found is a device that answered.
type Found struct {
	ID       string   // endpoint address, urn:uuid:…: the device, whatever its addresses
	Types    []string // local names: Device, NetworkVideoTransmitter
	Scopes   []string
	XAddrs   []string // addresses of its device service, the one on the network that it answered from first
	Name     string   // from its scopes
	Hardware string
	Location string
	From     netip.AddrPort // of the datagram
}

// Address is the device service's address to hand to onvif.New: the first.
func (f Found) Address() string {
	if len(f.XAddrs) == 0 {
		return f.From.Addr().String()
	}
	return f.XAddrs[0]
}

// parse reads a ProbeMatches, Hello or Bye. kind is the local name of the body's element.
func parse(data []byte, from netip.AddrPort) (kind string, list []Found, err error) {
	root, err := soap.Parse(bytes.NewReader(data))
	if err != nil {
		return "", nil, err
	}
	body, err := soap.Body(root)
	if err != nil {
		return "", nil, err
	}
	entries := []*soap.Node{body}
	if body.Name == "ProbeMatches" {
		entries = body.All("ProbeMatch")
	}
	for _, e := range entries {
		if f, ok := read(e, from); ok {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return body.Name, nil, errors.New("it names no device")
	}
	return body.Name, list, nil
}

func read(e *soap.Node, from netip.AddrPort) (Found, bool) {
	f := Found{ID: short(e.Get("EndpointReference", "Address")), From: from}
	for _, t := range words(e.Get("Types"), maxScopes) {
		if i := strings.LastIndexByte(t, ':'); i >= 0 {
			t = t[i+1:]
		}
		f.Types = append(f.Types, t)
	}
	f.Scopes = words(e.Get("Scopes"), maxScopes)
	f.XAddrs = nearest(words(e.Get("XAddrs"), maxXAddrs), from.Addr())
	f.Name, f.Hardware, f.Location = scope(f.Scopes, "name"), scope(f.Scopes, "hardware"), scope(f.Scopes, "location")
	return f, f.ID != ""
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

func short(s string) string {
	if len(s) > maxText {
		return ""
	}
	return s
}

// nearest keeps web addresses and puts the one whose host answered first: of a device with several networks, that one
// leads to it from here.
func nearest(list []string, from netip.Addr) []string {
	kept := slices.DeleteFunc(list, func(a string) bool {
		u, err := url.Parse(a)
		return err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https"
	})
	slices.SortStableFunc(kept, func(a, b string) int { return rank(a, from) - rank(b, from) })
	return kept
}

func rank(address string, from netip.Addr) int {
	u, err := url.Parse(address)
	if err == nil && u.Hostname() == from.Unmap().WithZone("").String() {
		return 0
	}
	return 1
}

// scope gives the value of a fixed scope, onvif://www.onvif.org/NAME/VALUE.
func scope(list []string, name string) string {
	for _, s := range list {
		_, rest, ok := strings.Cut(s, "onvif.org/"+name+"/")
		if !ok || rest == "" {
			continue
		}
		if v, err := url.PathUnescape(rest); err == nil {
			return printable(v)
		}
	}
	return ""
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

package onvif

import (
	"net"
	"net/url"
	"strings"
)

// own turns an address of the device's answer into one at the host and port where we reached the device. Devices behind address
// translation, and those with several networks, name hosts that lead nowhere, or elsewhere. nil: it is no address.
//
// A port other than that which the device names for its device service is kept, since some serve events or snapshots at another one;
// but then translation would have to keep it too.
func (c *Client) own(address string) *url.URL {
	u := c.choose(address)
	if u == nil || u.Path == "" {
		return nil
	}
	c.note(u)
	at := &url.URL{Scheme: c.device.Scheme, Host: c.device.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	c.mu.Lock()
	named := c.named
	c.mu.Unlock()
	if named == nil && strings.EqualFold(u.Hostname(), c.device.Hostname()) {
		named = c.device
	}
	if named != nil && u.Scheme == c.device.Scheme && u.Hostname() != "" && portOf(u) != portOf(named) {
		at.Host = net.JoinHostPort(c.device.Hostname(), portOf(u))
	}
	return at
}

// choose takes of the addresses that a device names, separated by spaces (one for each of its networks), that at the host where we
// reached it, else the first.
func (c *Client) choose(addresses string) (first *url.URL) {
	for i, a := range strings.Fields(addresses) {
		u, err := url.Parse(a)
		if err != nil || i >= maxAddresses {
			continue
		}
		if strings.EqualFold(u.Hostname(), c.device.Hostname()) {
			return u
		}
		if first == nil {
			first = u
		}
	}
	return first
}

// maxAddresses bounds the addresses of one service.
const maxAddresses = 16

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// note tells of an address that a device names with another host than its own.
func (c *Client) note(u *url.URL) {
	if h := u.Hostname(); h != "" && !strings.EqualFold(h, c.device.Hostname()) {
		c.refused("answer", u.Host, "another host than the device's; it was asked at its own")
	}
}

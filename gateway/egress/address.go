package egress

import (
	"net/netip"
	"strings"
)

// Allowed tells whether a host at ip may be connected to. A multicast group is not a host.
func (g *Guard) Allowed(ip netip.Addr) bool { return g.refuses("tcp", ip) == "" }

// AllowedDatagram tells whether a datagram may be sent to ip: a host as in Allowed, or a group that stays in the site.
func (g *Guard) AllowedDatagram(ip netip.Addr) bool { return g.refuses("udp", ip) == "" }

// metadata is where clouds hand out credentials to whoever asks from the machine itself.
var metadata = netip.MustParseAddr("169.254.169.254")

// refuses says why ip is refused, "" when it is let through.
func (g *Guard) refuses(network string, ip netip.Addr) string {
	ip = plain(ip)
	switch {
	case !ip.IsValid():
		return "no address"
	case ip.IsUnspecified():
		return "the unspecified address"
	case ip.IsMulticast():
		return g.refusesGroup(network, ip)
	case g.listed(ip):
		return ""
	case ip == metadata:
		return "a cloud metadata address"
	case ip.IsLoopback(), ip.IsPrivate(), ip.IsLinkLocalUnicast():
		return ""
	}
	return "a public address"
}

func (g *Guard) refusesGroup(network string, ip netip.Addr) string {
	switch {
	case !strings.HasPrefix(network, "udp"):
		return "a multicast group"
	case g.listed(ip), siteGroup(ip):
		return ""
	}
	return "a multicast group beyond the site"
}

var (
	localControl = netip.MustParsePrefix("224.0.0.0/24") // RFC 5771 section 4: never forwarded
	adminScoped  = netip.MustParsePrefix("239.0.0.0/8")  // RFC 2365
)

// siteGroup tells whether routers keep the group inside the site.
func siteGroup(ip netip.Addr) bool {
	if ip.Is4() {
		return localControl.Contains(ip) || adminScoped.Contains(ip)
	}
	const siteLocal = 5 // RFC 7346 section 2
	scope := ip.As16()[1] & 0x0f
	return scope > 0 && scope <= siteLocal
}

func (g *Guard) listed(ip netip.Addr) bool {
	ip = ip.WithZone("")
	for _, p := range g.allow {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// plain takes an IPv4 address out of its IPv6 wrapping (RFC 4291 section 2.5.5.2); the zone of such an address means nothing.
func plain(ip netip.Addr) netip.Addr { return ip.Unmap() }

func plainPrefix(p netip.Prefix) netip.Prefix {
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(a.Unmap(), p.Bits()-96).Masked()
	}
	return p.Masked()
}

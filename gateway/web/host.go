package web

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// knownHost tells whether a Host header names this gateway: a loopback name, a configured name, the machine's own name,
// or the address that the connection came to. Any other name is somebody else's that was pointed here (DNS rebinding):
// a page of theirs would be same-origin with us.
func (s *Server) knownHost(host string, local net.Addr) bool {
	name := hostOnly(host)
	if ip, err := netip.ParseAddr(name); err == nil {
		return s.knownAddr(ip.Unmap().WithZone(""), local)
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == "" {
		return false
	}
	return name == "localhost" || slices.Contains(machineNames, name) ||
		slices.ContainsFunc(s.o.Names, func(n string) bool { return strings.EqualFold(n, name) })
}

func (s *Server) knownAddr(ip netip.Addr, local net.Addr) bool {
	return ip == peer(local) || slices.Contains(s.o.Names, ip.String())
}

// hostOnly takes a port and brackets off.
func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// machineNames are the names that this machine gives itself.
var machineNames = func() []string {
	name, err := os.Hostname()
	if name = strings.ToLower(name); err != nil || name == "" {
		return nil
	}
	if strings.Contains(name, ".") {
		return []string{name}
	}
	return []string{name, name + ".local"}
}()

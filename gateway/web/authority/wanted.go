package authority

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// maxNames bounds the names, and the addresses, of one certificate.
const maxNames = 64

// wanted is a set of names and addresses, each once.
type wanted struct {
	names []string
	addrs []netip.Addr
}

// wantedOf sorts what the configuration lists into names and addresses.
func wantedOf(names []string, addrs []netip.Addr) (w wanted, err error) {
	for _, n := range names {
		if ip, err := netip.ParseAddr(n); err == nil {
			w.add(nil, []netip.Addr{ip})
			continue
		}
		name, err := cleanName(n)
		if err != nil {
			return w, fmt.Errorf("certify name %q: %w", n, err)
		}
		w.add([]string{name}, nil)
	}
	w.add(nil, addrs)
	if len(w.names) > maxNames || len(w.addrs) > maxNames {
		return w, fmt.Errorf("certify names: at most %d names and as many addresses", maxNames)
	}
	return w, nil
}

func (w *wanted) add(names []string, addrs []netip.Addr) {
	for _, n := range names {
		if !slices.Contains(w.names, n) {
			w.names = append(w.names, n)
		}
	}
	for _, ip := range addrs {
		if ip = ip.Unmap().WithZone(""); certifiable(ip) && !slices.Contains(w.addrs, ip) {
			w.addrs = append(w.addrs, ip)
		}
	}
}

// certifiable leaves out what no URL can hold or every machine has.
func certifiable(ip netip.Addr) bool {
	return ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() && !ip.IsLinkLocalUnicast()
}

func (w wanted) empty() bool { return len(w.names) == 0 && len(w.addrs) == 0 }

// inside is the part of w that the authority may certify, within the bounds.
func (w wanted) inside(ca *x509.Certificate) (in wanted) {
	for _, n := range w.names {
		if permitsName(ca, n) && len(in.names) < maxNames {
			in.names = append(in.names, n)
		}
	}
	for _, ip := range w.addrs {
		if permitsAddr(ca, ip) && len(in.addrs) < maxNames {
			in.addrs = append(in.addrs, ip)
		}
	}
	return in
}

// bounded drops what is beyond the bounds, what was added last first.
func (w wanted) bounded() wanted {
	return wanted{names: w.names[:min(len(w.names), maxNames)], addrs: w.addrs[:min(len(w.addrs), maxNames)]}
}

func (w wanted) within(ca *x509.Certificate) bool { return len(w.without(w.inside(ca))) == 0 }

// without lists what is in w and not in other, as text.
func (w wanted) without(other wanted) (out []string) {
	for _, n := range w.names {
		if !slices.Contains(other.names, n) {
			out = append(out, n)
		}
	}
	for _, ip := range w.addrs {
		if !slices.Contains(other.addrs, ip) {
			out = append(out, ip.String())
		}
	}
	return out
}

func (w wanted) coveredBy(leaf *x509.Certificate) bool {
	for _, n := range w.names {
		if !slices.Contains(leaf.DNSNames, n) {
			return false
		}
	}
	for _, ip := range w.addrs {
		if !slices.ContainsFunc(leaf.IPAddresses, net.IP(ip.AsSlice()).Equal) {
			return false
		}
	}
	return true
}

func permitsName(ca *x509.Certificate, name string) bool {
	return slices.ContainsFunc(ca.PermittedDNSDomains, func(d string) bool {
		return name == d || strings.HasSuffix(name, "."+d)
	})
}

func permitsAddr(ca *x509.Certificate, ip netip.Addr) bool {
	return slices.ContainsFunc(ca.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip.Unmap().AsSlice()) })
}

var hostName = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// cleanName brings a host name into the form that certificates hold.
func cleanName(name string) (string, error) {
	return hostName.ToASCII(strings.TrimSuffix(strings.ToLower(name), "."))
}

// hostNames are the names by which a machine is reached without anybody configuring one.
func hostNames(host string) []string {
	if host == "" {
		host, _ = os.Hostname()
	}
	names := []string{"localhost"}
	name, err := cleanName(host)
	if err != nil || name == "" || name == "localhost" {
		return names
	}
	names = append(names, name)
	if !strings.Contains(name, ".") {
		names = append(names, name+".local") // RFC 6762
	}
	return names
}

func interfaceAddrs() (list []netip.Addr) {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				list = append(list, ip.Unmap())
			}
		}
	}
	return list
}

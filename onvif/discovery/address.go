package discovery

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// MaxAddresses bounds the addresses of one sweep.
const MaxAddresses = 4096

// ParseRange gives the addresses that a person means: one address, first-last where last may be written as its last number
// alone, or a prefix in CIDR notation, without its network and broadcast addresses where it is IPv4. Of IPv6 link-local
// addresses the zone is taken. An error says what is wrong with it; more than MaxAddresses are refused.
func ParseRange(s string) ([]netip.Addr, error) {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no range: write it as 192.168.1.0/24", cut(s))
		}
		return ofPrefix(p)
	}
	from, to, ranged := strings.Cut(s, "-")
	first, err := netip.ParseAddr(strings.TrimSpace(from))
	if err != nil {
		return nil, fmt.Errorf("%q is neither an address nor a range: write 192.168.1.7, 192.168.1.10-50 or 192.168.1.0/24", cut(s))
	}
	if !ranged {
		return []netip.Addr{first.Unmap()}, nil
	}
	last, err := lastOf(first, strings.TrimSpace(to))
	if err != nil {
		return nil, fmt.Errorf("%q is no range: %w", cut(s), err)
	}
	return between(s, first, last)
}

func cut(s string) string { return s[:min(len(s), maxText)] }

// lastOf reads the end of a range.
func lastOf(first netip.Addr, s string) (netip.Addr, error) {
	if n, err := strconv.ParseUint(s, 10, 8); err == nil && first.Is4() {
		b := first.As4()
		b[3] = byte(n)
		return netip.AddrFrom4(b), nil
	}
	last, err := netip.ParseAddr(s)
	if err != nil || last.Is4() != first.Is4() || last.Zone() != "" {
		return last, fmt.Errorf("%q is not where one that begins with %s can end", cut(s), first)
	}
	return last.WithZone(first.Zone()), nil
}

func between(s string, first, last netip.Addr) (list []netip.Addr, err error) {
	if last.Less(first) {
		return nil, fmt.Errorf("%q ends before it begins", cut(s))
	}
	for a := first; ; a = a.Next() {
		if len(list) == MaxAddresses {
			return nil, tooMany(s)
		}
		list = append(list, a)
		if a == last || !a.Next().IsValid() {
			return list, nil
		}
	}
}

func tooMany(s string) error {
	return fmt.Errorf("%q has more than %d addresses: ask for a part of it at a time", cut(s), MaxAddresses)
}

func ofPrefix(p netip.Prefix) ([]netip.Addr, error) {
	host := p.Addr().BitLen() - p.Bits()
	if host > 12 { // 4096 addresses
		return nil, tooMany(p.String())
	}
	p = p.Masked()
	list := make([]netip.Addr, 0, 1<<host)
	for a := p.Addr(); p.Contains(a); a = a.Next() {
		list = append(list, a)
	}
	if p.Addr().Is4() && host > 1 {
		list = list[1 : len(list)-1]
	}
	return list, nil
}

// ParseRanges gives the addresses of several ranges, each once, in their order.
func ParseRanges(ranges []string) (list []netip.Addr, err error) {
	seen := make(map[netip.Addr]bool)
	for _, s := range ranges {
		part, err := ParseRange(s)
		if err != nil {
			return nil, err
		}
		for _, a := range part {
			if !seen[a] {
				seen[a] = true
				list = append(list, a)
			}
		}
		if len(list) > MaxAddresses {
			return nil, fmt.Errorf("these are more than %d addresses: ask for a part of them at a time", MaxAddresses)
		}
	}
	return list, nil
}

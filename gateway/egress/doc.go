// Package egress is the one way out: every outbound connection of the gateway is dialled by a Guard, which lets through
// only what stays on the premises.
//
// # What is let through
//
// Loopback, private (RFC 1918, and RFC 4193 unique local), link-local (RFC 3927, RFC 4291) addresses, and the prefixes
// that the operator listed. For datagrams also the multicast groups that routers keep inside a site (RFC 2365, and RFC
// 7346 scopes up to site-local), since discovery and multicast cameras need them. Everything else is refused: public
// and shared (RFC 6598) addresses, the unspecified address (which the kernel takes for "this host"), broadcast, global
// multicast, and the link-local address at which clouds serve credentials.
//
// # How
//
// A name is resolved first, each address is checked, and the very address that was checked is dialled: a name server
// that changes its mind between check and dial (DNS rebinding) gains nothing. The socket is checked once more by a
// control function just before it connects. An IPv4 address inside an IPv6 one is judged as the IPv4 address that it
// is; notations that only some parsers take for an address (octal, hexadecimal, one number) are names here and end in
// the same check. Names are resolved by Go's own resolver, whose questions pass the Guard too: a name server outside
// the premises is not asked.
//
// # Bounds
//
// At most maxAddresses of a name are tried, each for connectTime; resolving takes resolveTime. The last maxRecent
// different refusals are kept, and each is logged at most once in logEvery.
//
// # What it does not do
//
// It does not look at listening sockets or at what the kernel, systemd or another program sends. It is not a firewall:
// the service unit's IPAddressAllow= is the second wall.
package egress

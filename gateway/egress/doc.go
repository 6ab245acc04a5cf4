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
// # Purposes
//
// A Guard does not dial; a Purpose of it does. A purpose is of one Class, says what it is for, and counts what goes through
// it: Connections lists them all, so the list cannot fall behind what the program does. A camera's purpose leads to the hosts
// that the operator named for it and to no other, whatever its answers say. A test parses the source of the program and
// fails on any other way to a network (cmd/holdfast/egress_test.go).
//
// What is refused is counted with its kind and the camera that caused it: connections and datagrams here, and what others
// tell by Refuse: redirections, addresses in answers, candidates that a browser claims, passwords asked for in clear.
//
// Children get pipes and no socket: Run starts a program under a filter of system calls (seccomp).
//
// # Bounds
//
// At most maxAddresses of a name are tried, each for connectTime; resolving takes resolveTime. The last maxRecent
// different refusals of each kind are kept, each is logged at most once in logEvery, and at most maxLines in that time. Of a
// purpose maxTargets addresses are told apart. Of refusals that strangers cause maxNoted a second are looked at; the rest
// is only counted.
//
// # What it does not do
//
// It does not look at what listening sockets receive or at what the kernel, systemd or another program sends. ListenUDP
// gives a socket that it does not check, for the RTSP library: rtsp sees to where that sends. It is not a firewall:
// the service unit's IPAddressAllow= is the second wall.
package egress

// Package discovery finds ONVIF devices by WS-Discovery (Web Services Dynamic Discovery, April 2005, as the ONVIF Core
// specification section 7 uses it).
//
// Probe asks every network of this machine, loopback included, by IPv4 and IPv6, again and again with jitter, for
// tds:Device, for dn:NetworkVideoTransmitter and for anything. Listen hears who comes (Hello) and goes (Bye). Sweep asks
// given addresses one by one, for networks that drop multicast: by a Probe to each, and where that is not answered by a
// question over HTTP that needs no credentials. Responder is the other side: it answers for a device. Answers in the
// namespaces of WS-Discovery 1.1 (2009/01) are read too, since names are compared without their namespace.
//
// # One device is found once
//
// A device is told by its endpoint address, whatever addresses it answers from. Devices are not all so:
//
//   - Some make a new endpoint address at each start, or for each answer. Two answers with the same device service address,
//     on the host that each came from, are of one device; it keeps the endpoint address that it gave first.
//   - Some share one endpoint address, as cloned firmware does. Two answers with one endpoint address are of two devices
//     where both came by IPv4 over the same network of this machine, from two hosts of which neither is among the addresses
//     that the other names, and no address is link-local (a device may have one beside its own). Such devices are marked
//     Shared: their endpoint address does not tell who they are.
//
// # What others can do
//
// Anybody on the network can answer, and announce, and forge the sender. So nothing that is heard is believed but that it
// may be worth asking. A datagram is looked at for a word before it is parsed. What answers a question of ours is
// told from the rest by the question's id, and has a larger allowance. Each sender, and all together, may cost so many
// parses (see meter); what is beyond is dropped without a word. At most MaxFound devices are kept, maxPerSender that one
// sender told of. Whoever hears our questions and forges many senders can fill that list.
//
// It sends by the sockets and connections that it is given only; those that hear announcements send nothing.
//
// It does not follow the addresses that it finds: that is the client's, through its own dial function.
package discovery

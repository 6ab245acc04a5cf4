// Package discovery finds ONVIF devices by WS-Discovery (Web Services Dynamic Discovery, October 2005 draft, as the ONVIF
// Core specification section 7 uses it): a Probe sent by multicast on every network of this machine, loopback included,
// and the answers gathered for a while.
//
// Anybody on the network can answer. A datagram costs a bounded parse and at most one entry; what is not understood is
// dropped without a word; at most MaxFound devices are kept. A device that answers on several addresses is one: it is
// told by its endpoint address.
//
// It does not follow the addresses that it finds: that is the client's, through its own dial function.
package discovery

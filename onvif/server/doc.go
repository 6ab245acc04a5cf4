// Package server is an ONVIF device: it answers SOAP over HTTP and WS-Discovery probes for a Device that its user
// supplies. It begins with what simulated cameras need: the Device, Media, Media2 and PTZ services as far as finding,
// understanding and steering a camera takes, and the Thermal service's capabilities.
//
// # Access
//
// Operations of access class PRE_AUTH (Core specification, section 5.9.4) are answered to anybody; every other wants a
// WS-UsernameToken with nonce and creation time, made within tokenAge and never seen before, or HTTP Digest. A refusal is
// HTTP 401 with a Digest challenge and the fault ter:NotAuthorized.
//
// # Bounds
//
// A request is at most soap.MaxMessage bytes and headers headerLimit; nonces are remembered for tokenAge, at most maxNonces.
//
// # What it does not do yet
//
// Events, imaging, recording, replay; changing the device. An operation that is not there gives the fault
// ter:ActionNotSupported.
package server

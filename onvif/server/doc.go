// Package server is an ONVIF device: it answers SOAP over HTTP and WS-Discovery probes for a Device that its user
// supplies. It begins with what simulated cameras need: the Device, Media, Media2, PTZ, Imaging, DeviceIO and Thermal services as
// far as finding, understanding and steering a camera takes, and the event service of an Eventful device: pull points and base
// notification, without message content filters and without persistent storage. What not every device has (several video sources, encoders that can
// be set, pictures, texts, masks, modes, sound, metadata) a Device implements beside: see Sourced and the types after it. What
// of it can be controlled beside its movement it says by the interface Controllable. A Managed device is set up by the operations of the
// Device service, among them files over HTTP; a Recorded one lists, searches and names what it keeps (Search and Replay services).
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
// A subscription's queue has maxQueue messages, a long poll lasts maxPullWait, a subscription maxTerm; a consumer of base
// notification must be at the host that subscribes.
//
// # What it does not do yet
//
// The Recording service; search by metadata or position. A device that is told to use another address or port says that it does and
// stays where it is. An operation that is not there gives the fault
// ter:ActionNotSupported.
package server

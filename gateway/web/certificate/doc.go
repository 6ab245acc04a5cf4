// Package certificate keeps the certificate that the HTTPS faces present: the operator's own files, or one that an ACME
// certificate authority on the premises (RFC 8555) issues and renews, or the leaf of the gateway's own authority.
//
// # What is presented
//
// The gateway's own authority is always there, and its leaf is presented wherever nothing better is: while the operator's
// certificate cannot be read, is expired or has not been issued yet, and to whoever asks by an address or a name that
// only the own leaf is good for. So programs on this machine, which come by address, keep their trust, and a face never
// goes dark for want of a certificate. Whoever asks by a name that neither is good for gets the operator's.
//
// A new certificate is for new connections. What runs (pictures, event streams, kept connections, sessions) goes on with
// the one that it began with.
//
// # Layout
//
// In the authority's directory, mode 0700, beside its files, ID being of the directory's address:
//
//	acme-ID.key   key of the account at an ACME authority, 0600. Lost: a new account is made.
//	acme-ID.pem   certificate, chain and key that it issued, 0600. Lost: a new one is ordered.
//	trust.crt     what a program has to trust to be sure of this gateway: the own authority and the certificates that are
//	              presented. Rebuilt.
//
// The operator's files stay where they are. They are read, and never written.
//
// # When
//
// Keep is to be called every half minute or so. Files are looked at each time and read when one of them was changed. A pair
// that does not fit is tried again at the next look before it is an alarm, since two files cannot be replaced at once. An
// ACME certificate is renewed after two thirds of its life. What fails leaves what is presented as it is, is an alarm
// that says what to do, and, with ACME, is tried again after a minute, then twice as long each time, at most maxWait.
//
// # Bounds
//
// A certificate file has at most maxFile bytes and maxChain certificates. An order takes at most orderTime, each of its
// answers maxAnswer bytes; it is for at most maxNames names. While an order is checked the proof is given to whoever asks
// for it: it is worth nothing to anybody else. For http-01 a port is open meanwhile, for at most maxAsking connections.
//
// # What it does not do
//
// It accepts no terms of service that the operator has not accepted, follows no redirect of the authority's, asks for no
// revocation, and speaks to nobody but the given directory, through the dialer that it was given.
package certificate

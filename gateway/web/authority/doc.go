// Package authority is the gateway's own small certificate authority: it makes the certificate that people install once
// on their devices, and the short-lived leaf that the gateway's HTTPS faces present.
//
// # What it promises to whoever installs the certificate
//
// The authority is constrained by name (RFC 5280 section 4.2.1.10, critical) to the names and addresses that the gateway
// had when it was made, to server authentication, and to no further authorities. Somebody who steals its key can pretend
// to be this gateway and nobody else. That has a price: a gateway that moves to an address outside the constraint needs a
// new authority, which people must install again. It is made only when it must be: when a name or address from the
// configuration is outside, or, with none configured, when no address of the machine is inside any more. Addresses that
// merely come (a VPN, a container bridge) are left out of the leaf. A configured name spares people all of this.
//
// # Layout
//
// In the directory, mode 0700:
//
//	ca.pem      certificate and key of the authority, 0600. Lost: a new one is made, people install it again.
//	ca.crt      the certificate alone, for people and programs. Rebuilt from ca.pem.
//	ca-ID.crt   certificates of earlier authorities, whose keys are gone. May be deleted.
//	leaf.pem    certificate and key that is presented, 0600. Lost: a new one is made, nobody notices.
//
// Each file is replaced in one step: temporary file, fsync, rename, fsync of the directory.
//
// # Bounds
//
// Keys are ECDSA P-256. The authority lasts caLife and is replaced when caRenew is left, a leaf leafLife and leafRenew
// (browsers refuse leaves of more than 825 days). At most maxNames names and as many addresses are certified.
package authority

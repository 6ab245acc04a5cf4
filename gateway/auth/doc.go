// Package auth knows who somebody is and what they may do. It keeps users and sessions in the gateway's state.db, which
// it is handed, and imports nothing of ours.
//
// # Who
//
// There is one administrator for now, and no account that anybody is born with: while no user exists, the gateway makes
// a set-up token, and whoever presents it names the administrator. Everyone else is nobody and may do nothing. An
// Identity comes from one of three places: a session (a browser that signed in, by password or by a one-time token),
// the process token (a bearer token made anew each time the gateway starts, for programs of the user who runs it), or
// the local socket (the kernel says who asks).
//
// # Passwords
//
// argon2id (RFC 9106) with 64 MiB, 2 passes, 1 lane, 16 bytes of salt and 32 of hash, kept as a PHC string; a password
// kept with other parameters is hashed anew at the next sign-in. At most maxHashing are computed at once, so signing in
// never takes more than 128 MiB, and at most maxWaiting wait for their turn. Names and passwords are prepared by RFC
// 8265 (UsernameCaseMapped, OpaqueString). The rules for new ones
// are in name.go.
//
// # Sessions
//
// A session's secret is 32 random bytes that only the browser keeps; the database holds its SHA-256. The token against
// cross-site request forgery is derived from the secret, so the two cannot be mixed. A session ends after idleLife
// without use, after wholeLife in any case, when it is revoked, or when its user's password changes. Whoever serves a
// stream waits on Identity.Ended and stops. A user has at most maxSessions; the one unused for longest makes room.
//
// # Guessing
//
// Wrong tries are counted per address (an IPv6 network of 64 bits counts as one) and per account. An address that has
// used up its tries waits, whatever account it aims at. An account under attack from everywhere makes strange addresses
// wait, but never one from which its owner signed in before: an attacker cannot lock the shop out. Tries are counted
// before the password is looked at, so a thousand a second cost a thousand map look-ups. An unknown name costs the same
// time as a wrong password and gets the same answer.
//
// # Layout in state.db
//
// Bucket "auth.users": prepared name → JSON record (password hash, role, addresses signed in from). Bucket
// "auth.sessions": SHA-256 of the secret → JSON record. Set-up token, one-time tokens, the process token and the counts
// of wrong tries live in memory alone.
//
// # What it does not do
//
// It does not speak HTTP: cookies, Origin and headers are gateway/web's. It has no second factor and no roles but the
// administrator's.
package auth

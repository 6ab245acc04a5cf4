// Package auth knows who somebody is and what they may do. It keeps people, their rights, sessions and tokens in the
// gateway's state.db, which it is handed, and imports nothing of ours but statedb, which tells of a write whether it counts.
//
// # Who
//
// No account is born with the program: while nobody exists, the gateway makes a set-up token, and whoever presents it names
// the administrator; or the local socket makes somebody. Everyone else is made by somebody who manages people, and chooses a
// password by an invitation that is good once and for inviteLife. An Identity comes from a session (a browser that signed
// in), an API token (acts for its person, within its scope and what the person has), a device's token (a wall or kiosk:
// deviceMay, on given cameras), the process token (made anew each time the gateway starts; the policy can do without it), or
// the local socket (the kernel says who asks).
//
// # What they may
//
// A grant gives a person a role over cameras, at hours of the week in the site's time zone, until a time. A permission about
// cameras counts for the cameras of its grant; one about the site only from a grant over all cameras. What no grant gives is
// denied. Nobody gives, changes or takes away more than they have for good: rights that end, or have hours, are not passed
// on, and whoever changes a role or a group must have all that it gives to others. One active administrator remains.
// The policy may ask holders of roles for a second factor, without which they may nothing but set it up, and a second person
// before footage is shown (approvals, in memory; nobody approves what they asked for themselves).
//
// # While they watch
//
// Whoever streams holds a lease (Hold): it is looked at after every change, and at the beginning of each minute, since hours
// end with minutes, and tells once when the right is gone. An end of a grant or token within a minute counts at the next.
//
// # Passwords
//
// argon2id (RFC 9106) with 64 MiB, 2 passes, 1 lane, 16 bytes of salt and 32 of hash, kept as a PHC string; a password
// kept with other parameters is hashed anew at the next sign-in. At most maxHashing are computed at once, so signing in
// never takes more than 128 MiB, and at most maxWaiting wait for their turn. Names and passwords are prepared by RFC
// 8265 (UsernameCaseMapped, OpaqueString). A new password has at least 12 characters and takes ten thousand million guesses
// at least, by an estimate that knows leaked passwords, the words and names of five languages, keyboards, dates, and the
// names of the person, the site and the machine (strength.go); and it is not in the operator's list of leaked passwords,
// if there is one (breached.go). Nothing about it leaves the machine.
//
// # Second factor
//
// Codes by RFC 6238 (totp.go), and ten recovery codes of 80 bits, each good once (recovery.go). A code is asked for after
// the right password alone. Its step and the count of wrong ones are in the person's record, written before anybody is
// answered: a code is good once, a restart gives no new guesses, and of two who use one code at once, one signs in. What a
// guess is worth is said at TOTP.
//
// # Sessions
//
// A session's secret is 32 random bytes that only the browser keeps; the database holds its SHA-256. The token against
// cross-site request forgery is derived from the secret, so the two cannot be mixed. A session ends after idleLife
// without use, after wholeLife in any case, when it is revoked, or when its person's password changes; a device's lasts as
// long as its token. A person has at most maxSessions; the one unused for longest makes room.
//
// # Guessing
//
// Wrong tries are counted before anything of them is looked at, in leaking buckets (throttle.go has the sizes):
//
//   - per address and account, and more widely per address: one guesser does not use up what a whole shop behind one
//     address has. An IPv6 network of 64 bits is one address, and a public one of 48 bits is counted beside it;
//   - per account, for strangers: who guesses from everywhere has 8,600 tries a day, for passwords of ten thousand million;
//   - for all strangers together, two a second: nobody has more than a fifth of a core spent on hashes.
//
// A stranger is whoever does not come from an address from which the account's owner signed in before. The owner's own
// browsers are known by a device cookie (device.go) and have tries of their own: neither a guesser behind the same address,
// nor one at the account from everywhere, keeps them out. A stolen cookie is worth ten tries, and two a minute. Links from
// the console, invitations and tokens are 256 bits, which nobody guesses, and are not counted: they work under any attack.
//
// A thousand tries a second cost 2 µs each and at most maxCounted entries in each count, whatever addresses and names they
// use. An unknown name costs the same time as a wrong password and gets the same answer. Counts live in memory, except
// those of codes.
//
// # Layout in state.db
//
// Buckets "auth.people" (id → record), "auth.sessions2" (SHA-256 of the secret → record), "auth.tokens" (id → record) and
// "auth.reviewed" (person, camera and day → the events of that day that the person has reviewed) hold records sealed by AES-256-GCM under the key of the person, or device, whose they are, and bound to where they lie: without
// the key they cannot be read, which is how somebody is forgotten. "auth.roles", "auth.groups" and "auth.policy" hold nothing
// personal, in clear. Bucket "auth.users" of the first releases, in clear, is sealed at the start, and the pages that it
// leaves are overwritten. Where somebody's key is missing they are locked: nobody is set up anew. Set-up token, one-time
// tokens, approvals, the process token and the counts of wrong tries live in memory alone.
//
// # When the database fails
//
// What is in memory follows what counts in the database, by the error of each write (package statedb): of one that fails nothing is
// changed and the error is told; of one that counts, and that the disk did not confirm, the change takes effect and ErrUnconfirmed is told.
// What ends somebody's access (a token revoked, a session ended) ends it in memory first. Should the database not take that, it is
// ErrUnconfirmed too, the removal is owed and tried again with each Sweep; a restart before that brings it back, but for a device's token,
// whose key is destroyed. A key that cannot be destroyed with its person or wall, because the vault is locked or its disk full, is named in
// "auth.forgotten" (its id, in clear) and destroyed by a later Sweep, after a restart too. A password or an invitation that is used, and an
// account that is disabled, end the person's sessions in the same transaction. A code that is used, and a wrong one that is counted, is written before anybody is answered: without that nobody is let in.
// The tests have each transaction of each kind of write fail in both ways (stood_test.go).
//
// # Bounds
//
// maxPeople people, maxGrants grants of each and maxHours stretches of each grant, maxRoles own roles, maxGroups groups,
// maxSessions sessions and maxAPITokens tokens of each person, maxDeviceTokens devices, maxApprovals approvals,
// maxReviewedOfDay reviewed events of each person, camera and day, maxReviewedDays such days of each person.
//
// # What it does not do
//
// It does not speak HTTP: cookies, Origin and headers are gateway/web's. It does not know which cameras there are. It writes
// no audit log: what is kept of names there has a key of its own, which ForgetPerson destroys.
package auth

// Package audit is the log of who did and saw what: append-only, tamper-evident, and made to outlive the people in it.
//
// # What it owns
//
// One directory. Entries are canonical JSON lines and the leaves of an RFC 6962 hash tree, whose size and root are signed
// every minute in which something was added, or every thousand entries, as a checkpoint (a signed note, Ed25519). FORMAT.md
// says how they lie on disk, in which order they are written, and what a crash at each step leaves.
//
// # What is promised
//
// An entry that Write returned for is there after a power cut, whole. An entry cannot be changed, dropped, moved or cut off
// without Verify naming it, as far back as there is a checkpoint that the one who changed it could not sign or replace: who
// has the machine, its key and every witness copy can write another history, and whoever keeps a copy of one checkpoint
// elsewhere can tell. What names a human being is sealed under a key of their own: once that key is destroyed the entry says
// what was done and not who it was, and the tree is as it was.
//
// # What it does not do
//
// It does not decide who may read it, and it does not know what a camera is. It holds nothing up: Add never waits.
package audit

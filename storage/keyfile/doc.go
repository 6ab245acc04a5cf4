// Package keyfile keeps a small secret in a file that is replaced whole, and leaves nothing of what it held.
//
// # Layout
//
// A Chest is the files NAME-NNNNNNNN of one directory, where NNNNNNNN is a number of eight hex digits that grows by one with
// each state. The highest holds. There is one, but for the moments of a replacement and for what a crash left of one.
//
// # Order of operations
//
//	Replace   NAME-<n+1>.new created, written, fsynced, renamed to NAME-<n+1>; the directory fsynced: this is the commit
//	          every other NAME-* overwritten with zeros, fsynced, removed; the directory fsynced
//
// A crash before the commit leaves the former state, and perhaps a file ending in .new. A crash after it leaves the new state and
// the former file, whole or overwritten in part. Whoever opens the chest next reads the highest number, and after that has shown itself to be
// sound calls Clean, which destroys the rest: never before, so that the last sound state is not destroyed for a damaged one.
//
// # Invariants
//
//   - A state is there whole or not at all.
//   - After Replace returned nil no file of the directory holds a former state. What the drive itself keeps of overwritten blocks is out of reach.
//   - An error that is ErrResidue says that the new state holds and a former one is not destroyed yet. After any other error either state
//     may be found by the next Open; this Chest goes on with the former one.
//
// # Rights
//
// Files are made with mode 0600. Own looks whether a file is its owner's alone, as OpenSSH does with keys.
//
// A Chest is not safe for concurrent use. The size of a state is bounded by MaxSize.
package keyfile

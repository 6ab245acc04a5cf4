// Package keyring keeps the keys of encrypted footage, and destroys those that are to be forgotten.
//
// # What it is for
//
// Every segment is encrypted under a key of its own (ISO Common Encryption). Destroying that key erases the segment on
// whatever disk, snapshot or backup its bytes still lie. So keys must never be lost, and must be gone when they are to go:
// both are promises of this package. KEYRING.md has every byte that it writes, the order of each operation and what a crash
// leaves behind.
//
// # Hierarchy
//
//	root        32 bytes, outside of everything else: a systemd credential, a TPM, a key file
//	generation  one key for the whole ring, sealed under the root; new after every erasure
//	camera-day  one key per camera and UTC day, sealed under the generation's key
//	segment     one AES-128 key per segment, sealed under the key of its camera-day
//
// Keys are random and explicit, never derived from one another: an erasure removes exactly what it names, and no key is lost
// that the index did not know of.
//
// # Copies
//
// The same files lie in the primary copy (the data directory) and on every volume. Each copy stands for itself: whatever
// copy is left, with the root it opens the footage that lies beside it. Copies that were away are merged when they come
// back; what is forgotten anywhere stays forgotten, and an older state never replaces a newer one.
//
// # Invariants
//
//   - A key that Make returned is on every volume that was named, synced.
//   - After Forget returned, Find says ErrErased, now and after every restart.
//   - After Sweep returned without an error, no attached copy holds the forgotten keys, nor a key that opens them.
//   - A ring whose root is missing is left as it is, told (Status, ErrLocked), and never stands in the way of recording.
//   - A copy that hangs is waited for by those who need it alone; others go on without it after five seconds.
//
// # Bounds
//
// A shard (one camera-day) has at most MaxKeys keys, a file at most 64 MiB, the cache the keys of 512 camera-days. 524 288 of the
// last tombstones are kept; a copy that is older than those gives nothing back that is not known already.
//
// All methods of Ring may be called from several goroutines at once.
package keyring

// Package vault seals what the gateway keeps of cameras and people, and destroys the keys of people who are to be forgotten.
//
// # What it is for
//
// A copy of state.db, of the audit log or of the whole data directory opens nothing without the root key, which is a credential of
// systemd or lies in a file of its own (package keyring). The vault stands between the two: what is sealed stays as it is when
// the root changes.
//
// # Hierarchy
//
//	root        32 bytes, outside (keyring.Root)
//	vault key   random; wrapped under a key that is derived from the root (HKDF-SHA256); a new one after every change of the root
//	purpose     derived from a vault key: one for each purpose that Seal is called with, and for Key
//	person      random; the keys of all people in one file, sealed under the vault key
//
// # Layout
//
// <data>/vault holds two kinds of files, each replaced whole, with nothing left of what it was before (package keyfile):
//
//	keys-<n>            "HFVK", format (1 byte: 1), 0, number of keys (2), then each key, then a CRC-32C of all before (4). A key: id (4, random),
//	                    two wraps: fingerprint of a root (8, zeros: none), key sealed under what derives from that root (60)
//	people-<id>-<n>     "HFVP", format (1), 0, 0, 0, and sealed under the vault key of that id: number of keys (1) whose
//	                    files it replaced and their ids (4 each), then for each key of a person, in the order of ids, length of the id (1), id, key (32)
//
// Integers are big-endian. Sealed is AES-256-GCM: nonce (12, random), ciphertext, tag (16). What Seal gives begins with its format
// (1 byte: 1) and the id of the vault key (4).
//
// # Order of operations
//
//	Rotate    keys-<n+1>: every key wrapped under both roots, with a new key that seals from now on; the caller puts the next root in its place;
//	          keys-<n+2>: wrapped under the next root alone; people sealed under the new key. A crash anywhere leaves a vault that opens with
//	          whichever root is found; Open finishes the rest.
//	Forget    people-<n+1> without the person; the former one is overwritten and removed.
//
// # A lost root
//
// Keys that the root does not open stay as they are and are told (Locked); what is sealed from then on is sealed under a new key, so that the
// gateway goes on. Unlock with the recovery key of the former root opens them, wraps them under the present one, and joins the people of both.
// Who got a key in both times has two: People gives all.
//
// # Invariants
//
//   - A key is there whole or not at all, whatever call fails or is the last before a power cut.
//   - A key that PersonKey returned is durable.
//   - After Forget returned nil the person's key is in no file of the vault, nor is a file that held it.
//   - Nothing in print, logs or errors shows a key.
//
// # What it does not do
//
// It does not undo backups: a copy of the data directory from before Forget still has the key, sealed. It does not protect from who
// has the root key, and from who can write the directory it protects what they can read, not what they can destroy or bring back of an older day.
//
// # Bounds
//
// 250 vault keys: as many changes of the root. 100 000 keys of people. An id has 1 to 64 bytes, a purpose 1 to 64.
//
// All methods may be called from several goroutines at once.
package vault

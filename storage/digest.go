package storage

import (
	"crypto/rand"
	"crypto/sha256"
	"hash"

	"holdfast/storage/fmp4"
)

// The domain prefixes of RFC 6962, section 2.1, keep a leaf from being taken for a node.
const (
	leafPrefix = 0
	nodePrefix = 1
)

// hasher computes digest leaves without allocating.
type hasher struct {
	h   hash.Hash
	sum []byte
}

func newHasher() *hasher { return &hasher{h: sha256.New(), sum: make([]byte, 0, sha256.Size)} }

// leaf is SHA-256(0 ‖ salt ‖ sample bytes of a fragment).
func (d *hasher) leaf(salt [16]byte, payload []byte) (leaf [32]byte) {
	d.h.Reset()
	d.h.Write([]byte{leafPrefix})
	d.h.Write(salt[:])
	d.h.Write(payload)
	d.sum = d.h.Sum(d.sum[:0])
	copy(leaf[:], d.sum)
	return leaf
}

// root is the Merkle tree hash over leaves, RFC 6962 section 2.1. No leaves give the hash of nothing.
func root(leaves [][32]byte) [32]byte {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	left, right := root(leaves[:k]), root(leaves[k:])
	var b [65]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// rootOf is the digest that a table's leaves give, with those of what was erased.
func rootOf(t *fmp4.Table) [32]byte {
	return root(t.Leaves())
}

// newSalt gives a fragment a salt of its own.
func newSalt(f *fmp4.Fragment) { rand.Read(f.Salt[:]) }

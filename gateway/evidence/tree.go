package evidence

import "crypto/sha256"

// Leaf is a fragment's digest leaf: SHA-256 over 00, its salt and its sample bytes (storage/FORMAT.md, Digest and checksum).
func Leaf(salt [16]byte, payload []byte) (leaf [32]byte) {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(salt[:])
	h.Write(payload)
	h.Sum(leaf[:0])
	return leaf
}

func node(left, right [32]byte) [32]byte {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// split is where RFC 6962, section 2.1, parts a list of n > 1: the largest power of two below n.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// Root is the tree hash over leaves (RFC 6962, section 2.1).
func Root(leaves [][32]byte) [32]byte {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := split(len(leaves))
	return node(Root(leaves[:k]), Root(leaves[k:]))
}

// Siblings gives, left to right, the roots of the subtrees that have none of the leaves [first, end): with those leaves they give the
// root over all.
func Siblings(leaves [][32]byte, first, end int) (list [][32]byte) {
	switch n := len(leaves); {
	case n == 0 || first <= 0 && end >= n:
		return nil
	case end <= 0 || first >= n:
		return [][32]byte{Root(leaves)}
	default:
		k := split(n)
		return append(Siblings(leaves[:k], first, end), Siblings(leaves[k:], first-k, end-k)...)
	}
}

// climb is the root that some leaves of a tree of n, from first on, give with their siblings. rest are siblings that are not used.
func climb(n, first int, known, siblings [][32]byte) (root [32]byte, rest [][32]byte, ok bool) {
	end := first + len(known)
	switch {
	case n < 1 || first < 0 || end > n || len(known) == 0:
		return root, siblings, false
	case n == len(known):
		return Root(known), siblings, true
	}
	k := split(n)
	side := func(n, first, end int) (h [32]byte, ok bool) {
		if end <= 0 || first >= n || end <= first {
			if len(siblings) == 0 {
				return h, false
			}
			h, siblings = siblings[0], siblings[1:]
			return h, true
		}
		from, to := max(first, 0), min(end, n)
		h, siblings, ok = climb(n, from, known[from-first:to-first], siblings)
		return h, ok
	}
	left, ok := side(k, first, end)
	if !ok {
		return root, siblings, false
	}
	right, ok := side(n-k, first-k, end-k)
	return node(left, right), siblings, ok
}

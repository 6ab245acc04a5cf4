package fmp4

import (
	"fmt"
	"slices"
)

// leafBytes is the size of a digest leaf.
const leafBytes = 32

// SetKin gives a table the leaves of fragments that were in the segment that this one is what is left of, and are not in
// this file: those before its first fragment and those behind its last one. The digest of all together is still the
// one that was noted when the footage was recorded.
func (t *Table) SetKin(before, after [][32]byte) error {
	if len(before)+len(after)+len(t.frags) > MaxFragments {
		return fmt.Errorf("set kin leaves: %d and %d, with %d fragments more than %d", len(before), len(after), len(t.frags), MaxFragments)
	}
	t.before, t.after = before, after
	return nil
}

// Kin are the leaves of what was erased around the table's own fragments. Read-only.
func (t *Table) Kin() (before, after [][32]byte) { return t.before, t.after }

// Leaves are all that the segment's digest is made of: the kin's before, the fragments' own, the kin's behind.
func (t *Table) Leaves() [][32]byte {
	leaves := slices.Grow(slices.Clone(t.before), len(t.frags)+len(t.after))
	for i := range t.frags {
		leaves = append(leaves, t.frags[i].Leaf)
	}
	return append(leaves, t.after...)
}

// leaves reads a list of leaves, of at most limit.
func (c *cursor) leaves(limit int) (list [][32]byte) {
	n := int(c.uvarint(uint64(limit)))
	b := c.bytes(n * leafBytes)
	for k := 0; k < n && b != nil; k++ {
		list = append(list, [32]byte(b[k*leafBytes:]))
	}
	return list
}

package storage

import "testing"

// BenchmarkLeaf is the digest of a second of 4 Mbit/s.
func BenchmarkLeaf(b *testing.B) {
	h, payload := newHasher(), make([]byte, 500_000)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		h.leaf([16]byte{}, payload)
	}
}

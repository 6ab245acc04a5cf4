package fmp4

import (
	"encoding/binary"
	"hash/crc32"
)

// The extended types of our own boxes.
var (
	uuidHeader = [16]byte{0x99, 0x35, 0x84, 0x38, 0x8e, 0x68, 0x44, 0x3a, 0xab, 0x4e, 0xcb, 0x01, 0x99, 0x87, 0xea, 0x01}
	uuidSeal   = [16]byte{0x99, 0x35, 0x84, 0x38, 0x8e, 0x68, 0x44, 0x3a, 0xab, 0x4e, 0xcb, 0x01, 0x99, 0x87, 0xea, 0x02}
	uuidTable  = [16]byte{0x99, 0x35, 0x84, 0x38, 0x8e, 0x68, 0x44, 0x3a, 0xab, 0x4e, 0xcb, 0x01, 0x99, 0x87, 0xea, 0x03}
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var be = binary.BigEndian

// openBox appends a box header of unknown size and returns where the box begins.
func openBox(dst []byte, kind string) ([]byte, int) {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, kind...), at
}

// openUUID appends the header of a uuid box of unknown size.
func openUUID(dst []byte, id [16]byte) ([]byte, int) {
	dst, at := openBox(dst, "uuid")
	return append(dst, id[:]...), at
}

// openFull appends the header of a full box of unknown size.
func openFull(dst []byte, kind string, version byte, flags uint32) ([]byte, int) {
	dst, at := openBox(dst, kind)
	return be.AppendUint32(dst, uint32(version)<<24|flags), at
}

// closeBox writes the size of the box that begins at at and ends with dst.
func closeBox(dst []byte, at int) { be.PutUint32(dst[at:], uint32(len(dst)-at)) }

// box is one box inside a slice.
type box struct {
	kind string
	body []byte // after the header
	size int    // with the header
}

// nextBox takes the first box off b; ok is false when b does not begin with a whole box of 32-bit size.
func nextBox(b []byte) (x box, rest []byte, ok bool) {
	if len(b) < boxHeader {
		return box{}, b, false
	}
	n := int64(be.Uint32(b))
	if n < boxHeader || n > int64(len(b)) {
		return box{}, b, false
	}
	return box{kind: string(b[4:8]), body: b[boxHeader:n], size: int(n)}, b[n:], true
}

// isUUID returns the payload of a uuid box of the given extended type.
func (x box) isUUID(id [16]byte) ([]byte, bool) {
	if x.kind != "uuid" || len(x.body) < 16 || [16]byte(x.body[:16]) != id {
		return nil, false
	}
	return x.body[16:], true
}

// child finds the first child box of a kind along a path; nil when there is none.
func child(b []byte, path ...string) []byte {
	for _, kind := range path {
		var found []byte
		for {
			x, rest, ok := nextBox(b)
			if !ok {
				return nil
			}
			if x.kind == kind {
				found = x.body
				break
			}
			b = rest
		}
		b = found
	}
	return b
}

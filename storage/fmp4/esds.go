package fmp4

import "github.com/Eyevinn/mp4ff/mp4"

// Descriptor tags (ISO/IEC 14496-1, 7.2.2.1).
const (
	tagES       = 3
	tagDecoder  = 4
	tagSpecific = 5
	tagSL       = 6

	esFixed      = 3  // ES_ID and flags
	decoderFixed = 13 // object type, stream type, buffer size, bit rates
	maxASC       = 1 << 10
)

// esds is an ESDBox with an AudioSpecificConfig (ISO/IEC 14496-14, 5.6), its lengths in four bytes:
// mp4ff v0.50.0 writes them in one, which is wrong from 128 bytes on. A longer configuration than
// maxASC is no configuration.
func esds(asc []byte) mp4.Box {
	if len(asc) > maxASC {
		asc = nil
	}
	specific := descriptor(tagSpecific, asc)
	decoder := append([]byte{0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, specific...)
	es := append([]byte{0, 0, 0}, descriptor(tagDecoder, decoder)...)
	es = append(es, descriptor(tagSL, []byte{2})...)
	b := append([]byte{0, 0, 0, 0}, descriptor(tagES, es)...)
	return mp4.CreateUnknownBox("esds", uint64(boxHeader+len(b)), b)
}

func descriptor(tag byte, body []byte) []byte {
	n := len(body)
	return append([]byte{tag, 0x80 | byte(n>>21), 0x80 | byte(n>>14), 0x80 | byte(n>>7), byte(n) & 0x7f}, body...)
}

// parseEsds finds the AudioSpecificConfig in the payload of an esds that was written here.
func parseEsds(b []byte) (asc []byte, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	b = b[4:]
	for _, d := range []struct {
		tag  byte
		skip int
	}{{tagES, esFixed}, {tagDecoder, decoderFixed}, {tagSpecific, 0}} {
		if b, ok = takeDescriptor(b, d.tag); !ok || len(b) < d.skip {
			return nil, false
		}
		b = b[d.skip:]
	}
	return b, len(b) <= maxASC
}

// takeDescriptor returns the body of the descriptor that b begins with.
func takeDescriptor(b []byte, tag byte) ([]byte, bool) {
	const lengthBytes = 4
	if len(b) == 0 || b[0] != tag {
		return nil, false
	}
	n := 0
	for i, c := range b[1:min(len(b), 1+lengthBytes)] {
		if n = n<<7 | int(c&0x7f); c&0x80 == 0 {
			body := b[2+i:]
			return body[:min(n, len(body))], n <= len(body)
		}
	}
	return nil, false
}

package fmp4

import (
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"time"
)

// Version is the format version that this package writes.
const Version = 1

// Header is what a segment says of itself.
type Header struct {
	Camera, Stream string // at most MaxName bytes each
	Run            uint32
	Start          time.Time // wall time of the movie's time zero, UTC
	Version        uint16    // of the format; 0 means Version when writing

	Protected bool     // samples are encrypted (Common Encryption, cenc)
	KID       [16]byte // then: names the key

	Filled Filled // footage that did not come from the stream; zero: it did
}

// Filled says of footage that it was put into a gap afterwards, from what the camera had kept itself.
type Filled struct {
	Card   bool          `json:"card"`             // it came from the camera's own card
	Before bool          `json:"before,omitempty"` // the last picture recorded before the gap was found there, and what follows on it was taken
	After  bool          `json:"after,omitempty"`  // the first picture recorded after the gap was
	Within time.Duration `json:"within,omitempty"` // how far its times may be off, where one of both was not, and the camera's clock stood in; whole milliseconds
}

// filledBytes is the length of Filled in a header and in the index.
const filledBytes = 5

const (
	filledCard   = 1
	filledBefore = 2
	filledAfter  = 4
)

// Append appends the five bytes of f: flags (bit 0 card, 1 before, 2 after), milliseconds of Within (4).
func (f Filled) Append(dst []byte) []byte {
	flags := byte(0)
	for _, x := range []struct {
		set bool
		bit byte
	}{{f.Card, filledCard}, {f.Before, filledBefore}, {f.After, filledAfter}} {
		if x.set {
			flags |= x.bit
		}
	}
	return be.AppendUint32(append(dst, flags), uint32(min(max(f.Within.Milliseconds(), 0), math.MaxUint32)))
}

// ParseFilled reads what Append wrote. ok is false when b is too short.
func ParseFilled(b []byte) (f Filled, ok bool) {
	if len(b) < filledBytes {
		return f, false
	}
	return Filled{Card: b[0]&filledCard != 0, Before: b[0]&filledBefore != 0, After: b[0]&filledAfter != 0, Within: time.Duration(be.Uint32(b[1:])) * time.Millisecond}, true
}

const (
	headerFixed     = 16 // bytes before the names
	headerProtected = 1  // flag: the KID follows the names
	headerFilled    = 2  // flag: Filled follows those
)

// appendHeader appends the header box.
func appendHeader(dst []byte, h *Header) []byte {
	version := h.Version
	if version == 0 {
		version = Version
	}
	dst, at := openUUID(dst, uuidHeader)
	dst = be.AppendUint16(dst, version)
	flags := uint16(0)
	if h.Protected {
		flags |= headerProtected
	}
	if h.Filled != (Filled{}) {
		flags |= headerFilled
	}
	dst = be.AppendUint16(dst, flags)
	dst = be.AppendUint32(dst, h.Run)
	dst = be.AppendUint64(dst, uint64(h.Start.UnixNano()))
	for _, name := range []string{h.Camera, h.Stream} {
		name = name[:min(len(name), MaxName)]
		dst = be.AppendUint16(dst, uint16(len(name)))
		dst = append(dst, name...)
	}
	if h.Protected {
		dst = append(dst, h.KID[:]...)
	}
	if flags&headerFilled != 0 {
		dst = h.Filled.Append(dst)
	}
	dst = be.AppendUint32(dst, crc32.Checksum(dst[at+uuidBytes:], castagnoli))
	closeBox(dst, at)
	return dst
}

// parseHeader reads the payload of a header box. Extensions after the names are skipped.
func parseHeader(b []byte) (*Header, error) {
	if len(b) < headerFixed+8 {
		return nil, fmt.Errorf("parse segment header: %d bytes are too few", len(b))
	}
	body, sum := b[:len(b)-4], be.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, fmt.Errorf("parse segment header: checksum differs")
	}
	h := &Header{Version: be.Uint16(b), Run: be.Uint32(b[4:]), Start: time.Unix(0, int64(be.Uint64(b[8:]))).UTC()}
	if h.Version == 0 || h.Version > Version {
		return nil, fmt.Errorf("parse segment header: version %d is not known", h.Version)
	}
	flags := be.Uint16(b[2:])
	if flags&^(headerProtected|headerFilled) != 0 {
		return nil, fmt.Errorf("parse segment header: flags %#x are not known", flags)
	}
	rest := body[headerFixed:]
	for _, name := range []*string{&h.Camera, &h.Stream} {
		if len(rest) < 2 || len(rest)-2 < int(be.Uint16(rest)) || be.Uint16(rest) > MaxName {
			return nil, fmt.Errorf("parse segment header: a name is cut off")
		}
		n := 2 + int(be.Uint16(rest))
		*name, rest = string(rest[2:n]), rest[n:]
	}
	if h.Protected = flags&headerProtected != 0; h.Protected {
		if len(rest) < len(h.KID) {
			return nil, fmt.Errorf("parse segment header: the name of the key is cut off")
		}
		rest = rest[copy(h.KID[:], rest):]
	}
	if flags&headerFilled != 0 {
		var ok bool
		if h.Filled, ok = ParseFilled(rest); !ok {
			return nil, fmt.Errorf("parse segment header: where it was filled from is cut off")
		}
	}
	return h, nil
}

// ReadHeader reads the beginning of a segment of size bytes: what it says of itself, its tracks, and
// the offset of its first fragment. At most maxHeader bytes are read.
func ReadHeader(r io.ReaderAt, size int64) (h *Header, tracks []Track, end int64, err error) {
	b, err := readInit(r, size)
	if err != nil {
		return nil, nil, 0, err
	}
	for rest := b; ; {
		x, after, ok := nextBox(rest)
		if !ok {
			return nil, nil, 0, fmt.Errorf("read segment header: no moov in the first %d bytes", len(b))
		}
		rest = after
		if payload, ok := x.isUUID(uuidHeader); ok && h == nil {
			if h, err = parseHeader(payload); err != nil {
				return nil, nil, 0, err
			}
		}
		if x.kind != "moov" {
			continue
		}
		if h == nil {
			return nil, nil, 0, fmt.Errorf("read segment header: no header box before moov")
		}
		tracks, err = parseMoov(x.body)
		return h, tracks, int64(len(b) - len(rest)), err
	}
}

// readInit reads ftyp to moov: box by box, so that a small file costs a small read.
func readInit(r io.ReaderAt, size int64) ([]byte, error) {
	const first = 4096 // holds all of an ordinary segment's beginning
	b, err := readAtMost(r, 0, min(size, first))
	if err != nil {
		return nil, fmt.Errorf("read segment header: %w", err)
	}
	var at int64
	for at+boxHeader <= int64(len(b)) {
		n, kind := int64(be.Uint32(b[at:])), string(b[at+4:at+8])
		if n < boxHeader || at+n > min(size, maxHeader) {
			return nil, fmt.Errorf("read segment header: box %q at %d does not fit", kind, at)
		}
		if at += n; at+boxHeader > int64(len(b)) || kind == "moov" {
			if at > int64(len(b)) || kind != "moov" {
				if b, err = readAtMost(r, 0, min(size, max(at+first, int64(len(b))))); err != nil {
					return nil, fmt.Errorf("read segment header: %w", err)
				}
			}
			if kind == "moov" {
				return b[:min(at, int64(len(b)))], nil
			}
		}
	}
	return nil, fmt.Errorf("read segment header: no moov in %d bytes", size)
}

// readAtMost reads n bytes at off, or fewer where the file ends.
func readAtMost(r io.ReaderAt, off, n int64) ([]byte, error) {
	b := make([]byte, max(n, 0))
	k, err := r.ReadAt(b, off)
	if err == io.EOF {
		err = nil
	}
	return b[:k], err
}

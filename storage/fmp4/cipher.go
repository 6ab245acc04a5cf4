package fmp4

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

const (
	ivBytes = 8 // of a sample's initialization vector; the other half of the counter block counts from 0
	// maxSubsamples is how many fit the one byte that saiz has for the size of a sample's information.
	maxSubsamples = (1<<8 - 1 - ivBytes - 2) / subsampleBytes
	// maxClear is how many clear bytes a subsample can count.
	maxClear = 1<<16 - 1

	subsampleBytes = 2 + 4
	cipherBlock    = 16

	saltsInfo = "holdfast: salts of a segment" // what the key that seals the salts is derived for
)

// ErrKey says that a key is not the one that a segment was written under.
var ErrKey = errors.New("the key is not that of the segment")

// Cipher protects one segment under its key: samples by the scheme cenc of Common Encryption (ISO/IEC 23001-7, 10.1:
// AES-128 in counter mode), the digest's salts by AES-256-GCM under a key derived from it. Every sample has a counter of its
// own, made of its track and its number, so a key must never be used for a second segment. It is safe for
// concurrent use.
type Cipher struct {
	kid   [16]byte
	block cipher.Block
	salts cipher.AEAD
}

// NewCipher makes the cipher of a segment's key, which kid names.
func NewCipher(kid, key [16]byte) (*Cipher, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	derived, err := hkdf.Key(sha256.New, key[:], kid[:], saltsInfo, 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of salts: %w", err)
	}
	sealing, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(sealing)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return &Cipher{kid: kid, block: block, salts: aead}, nil
}

// KID names the key.
func (c *Cipher) KID() [16]byte { return c.kid }

// sampleIV is the initialization vector of sample n of the track at an index.
func sampleIV(track int, n uint64) uint64 { return uint64(track)<<48 | n }

// crypt encrypts or decrypts a sample in place. whole says that a picture's structure is not looked at.
func (c *Cipher) crypt(b []byte, iv uint64, codec Codec, whole bool) {
	var counter [cipherBlock]byte
	be.PutUint64(counter[:], iv)
	stream := cipher.NewCTR(c.block, counter[:])
	if whole || !codec.Video() {
		stream.XORKeyStream(b, b)
		return
	}
	for len(b) >= nalLength {
		n := int64(be.Uint32(b))
		if n > int64(len(b)-nalLength) {
			return // what a disk made of it: nobody can tell what was protected
		}
		unit := b[nalLength : nalLength+n]
		hidden := unit[len(unit)-protectedBytes(codec, unit):]
		stream.XORKeyStream(hidden, hidden)
		b = b[nalLength+n:]
	}
}

// protectedBytes is how many of the last bytes of a NAL unit are protected. It depends on the unit's length and type
// alone, which stay clear: whole blocks, with at least the header before them, and nothing of what a player
// has to read before it decodes (parameter sets, delimiters, filler). Everything else is protected: pictures, SEI, which may tell
// the time and what a camera saw, and types that only the camera's maker knows.
func protectedBytes(codec Codec, unit []byte) int {
	header := 1
	if codec == H265 {
		header = 2
	}
	if len(unit) < header+cipherBlock || staysClear(codec, unit[0]) {
		return 0
	}
	return (len(unit) - header) &^ (cipherBlock - 1)
}

// staysClear tells by the first byte of a NAL unit whether all of it is clear (ISO/IEC 14496-10, table 7-1; ISO/IEC
// 23008-2, table 7-1).
func staysClear(codec Codec, first byte) bool {
	if codec == H265 {
		kind := first >> 1 & 0x3f
		return kind >= 32 && kind <= 38 // VPS, SPS, PPS, delimiter, ends of sequence and stream, filler
	}
	switch first & 0x1f {
	case 7, 8, 9, 10, 11, 12, 13, 15: // SPS, PPS, delimiter, ends of sequence and stream, filler, extension and subset of SPS
		return true
	}
	return false
}

// subsample is a stretch of clear bytes and the protected ones that follow.
type subsample struct {
	clear     uint16
	protected uint32
}

// subsamples gives the stretches of a picture. More than maxSubsamples, or none, mean that the sample is protected whole, as
// sound is: a standard reader could not be told where its stretches are.
func subsamples(dst []subsample, codec Codec, s *Sample) []subsample {
	clear := 0
	for _, unit := range s.Data {
		hidden := protectedBytes(codec, unit)
		clear += nalLength + len(unit) - hidden
		if hidden == 0 {
			continue
		}
		dst, clear = splitClear(dst, clear)
		dst, clear = append(dst, subsample{uint16(clear), uint32(hidden)}), 0
	}
	if clear > 0 {
		dst, clear = splitClear(dst, clear)
		dst = append(dst, subsample{clear: uint16(clear)})
	}
	return dst
}

// splitClear takes off what the count of one subsample does not hold.
func splitClear(dst []subsample, clear int) ([]subsample, int) {
	for clear > maxClear {
		dst, clear = append(dst, subsample{clear: maxClear}), clear-maxClear
	}
	return dst, clear
}

// isWhole tells whether a sample is protected without regard to its structure though it is a picture.
func isWhole(codec Codec, s *Sample) bool {
	if !codec.Video() {
		return false
	}
	var room [maxSubsamples + 1]subsample
	n := len(subsamples(room[:0], codec, s))
	return n == 0 || n > maxSubsamples
}

// sealSalts appends the sealed salts: a random nonce, then the ciphertext with its tag.
func (c *Cipher) sealSalts(dst []byte, frags []Fragment) []byte {
	plain := make([]byte, 0, len(frags)*saltBytes)
	for i := range frags {
		plain = append(plain, frags[i].Salt[:]...)
	}
	nonce := make([]byte, c.salts.NonceSize())
	rand.Read(nonce)
	return c.salts.Seal(append(dst, nonce...), nonce, plain, c.kid[:])
}

// openSalts sets the salts of fragments from what sealSalts wrote.
func (c *Cipher) openSalts(frags []Fragment, sealed []byte) error {
	n := c.salts.NonceSize()
	if len(sealed) != sealedSalts(len(frags)) {
		return fmt.Errorf("open salts: %d bytes for %d fragments", len(sealed), len(frags))
	}
	plain, err := c.salts.Open(nil, sealed[:n], sealed[n:], c.kid[:])
	if err != nil {
		return fmt.Errorf("open salts: %w", ErrKey)
	}
	for i := range frags {
		copy(frags[i].Salt[:], plain[i*saltBytes:])
	}
	return nil
}

const (
	saltBytes  = 16
	nonceBytes = 12
	tagBytes   = 16
)

// sealedSalts is the size of the sealed salts of n fragments.
func sealedSalts(n int) int { return nonceBytes + n*saltBytes + tagBytes }

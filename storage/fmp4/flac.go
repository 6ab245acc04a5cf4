package fmp4

import (
	"math/bits"
	"slices"

	"github.com/Eyevinn/mp4ff/mp4"
)

// G.711 becomes FLAC as it is read (RFC 9639): each stored packet is one frame of verbatim subframes,
// 16 bits. Nothing is compressed, so the size of a frame follows from the packet's size and the
// number of its first sample alone, and the size of a movie is exact before any sound is read.

// maxFLACBlock is the most samples of a channel in a frame; what a longer packet has beyond is left
// out (a packet of RTP cannot be so long).
const maxFLACBlock = 1<<16 - 1

// sound is a run of G.711 packets that lie together in a source.
type sound struct {
	law      Codec // PCMU or PCMA
	channels int
	rate     int    // Hz
	number   uint64 // of the first sample in the movie
	n        int    // packets
	first    uint32 // bytes of the first packet
	sizes    []uint32
}

// add appends a packet. Sizes are kept only when they differ, which is rare.
func (s *sound) add(size uint32) {
	switch {
	case s.n == 0:
		s.first = size
	case s.sizes == nil && size != s.first:
		s.sizes = slices.Repeat([]uint32{s.first}, s.n)
		fallthrough
	case s.sizes != nil:
		s.sizes = append(s.sizes, size)
	}
	s.n++
}

// soundWalk goes over the packets of a sound.
type soundWalk struct {
	sound       // number: of the first sample of the packet at hand
	off   int64 // of the packet in the source
	i     int   // index of the packet
}

// size is the packet's bytes.
func (w *soundWalk) size() int {
	if w.sizes != nil {
		return int(w.sizes[w.i])
	}
	return int(w.first)
}

// made is the size of the frame that is made of the packet.
func (w *soundWalk) made() int64 {
	return int64(flacSize(flacBlock(w.size(), w.channels), w.channels, w.number))
}

func (w *soundWalk) next() {
	w.number += uint64(flacBlock(w.size(), w.channels))
	w.off += int64(w.size())
	w.i++
}

// stored is how many bytes of packets make the next n bytes of frames.
func (w soundWalk) stored(n int64) (total int64) {
	for n > 0 && w.i < w.n {
		n -= w.made()
		total += int64(w.size())
		w.next()
	}
	return total
}

// flacBlock is the number of samples of each channel in a frame made of size bytes. An empty packet
// becomes one sample of silence, because a frame cannot be empty.
func flacBlock(size, channels int) int {
	return min(max(size/channels, 1), maxFLACBlock)
}

// flacSize is the size of the frame that appendFLAC makes.
func flacSize(block, channels int, number uint64) int {
	const header, blockSize, crc8, crc16, subframe = 4, 2, 1, 2, 1
	return header + codedLength(number) + blockSize + crc8 + channels*(subframe+2*block) + crc16
}

// codedLength is the length of a coded number: UTF-8 stretched to 36 bits (RFC 9639, 9.1.5).
func codedLength(v uint64) int {
	if v < 0x80 {
		return 1
	}
	return (bits.Len64(v) + 3) / 5 // n bytes hold 5n+1 bits
}

func appendCoded(dst []byte, v uint64) []byte {
	n := codedLength(v)
	if n == 1 {
		return append(dst, byte(v))
	}
	shift := 6 * (n - 1)
	dst = append(dst, byte(0xff<<(8-n))|byte(v>>shift))
	for shift > 0 {
		shift -= 6
		dst = append(dst, 0x80|byte(v>>shift)&0x3f)
	}
	return dst
}

// appendFLAC appends a frame of the G.711 bytes in src, samples of several channels interleaved.
func appendFLAC(dst, src []byte, s *sound, number uint64) []byte {
	channels := s.channels
	block, at := flacBlock(len(src), channels), len(dst)
	dst = append(dst, 0xff, 0xf9, 0x70|flacRate(s.rate), byte(channels-1)<<4|0x08)
	dst = appendCoded(dst, number)
	dst = be.AppendUint16(dst, uint16(block-1))
	dst = append(dst, crc8(dst[at:]))
	table := &ulaw
	if s.law == PCMA {
		table = &alaw
	}
	for c := range channels {
		dst = append(dst, 0x02) // verbatim
		dst = appendPCM(dst, src, table, c, channels, block)
	}
	return be.AppendUint16(dst, crc16(dst[at:]))
}

// appendPCM appends block samples of channel c, with silence where src ends.
func appendPCM(dst, src []byte, table *[256]uint16, c, channels, block int) []byte {
	at := len(dst)
	dst = slices.Grow(dst, 2*block)[:at+2*block]
	out := dst[at:]
	clear(out)
	for k := c; k < len(src) && len(out) >= 2; k += channels {
		be.PutUint16(out, table[src[k]])
		out = out[2:]
	}
	return dst
}

func flacChannels(t *Track) int { return min(max(t.Channels, 1), 8) }

// flacRate is the code of a sample rate; 0 refers to the stream's header.
func flacRate(rate int) byte {
	return map[int]byte{8000: 4, 16000: 5, 22050: 6, 24000: 7, 32000: 8, 44100: 9, 48000: 10}[rate]
}

// flacEntry is a FLACSampleEntry with its STREAMINFO.
func flacEntry(t *Track) mp4.Box {
	const streamInfo, minBlock = 34, 16
	b := []byte{0, 0, 0, 0, 0x80, 0, 0, streamInfo}
	b = be.AppendUint16(b, minBlock)
	b = be.AppendUint16(b, maxFLACBlock)
	b = append(b, 0, 0, 0, 0, 0, 0) // frame sizes not told
	rate, channels := uint64(t.SampleRate)&0xfffff, uint64(flacChannels(t))
	b = be.AppendUint64(b, rate<<44|(channels-1)<<41|(16-1)<<36)
	b = append(b, make([]byte, 16)...) // no MD5
	return audioEntry("fLaC", t, mp4.CreateUnknownBox("dfLa", uint64(boxHeader+len(b)), b))
}

// The tables of ITU-T G.711, to 16 bits.
var ulaw, alaw = g711Tables()

func g711Tables() (u, a [256]uint16) {
	for i := range 256 {
		u[i] = uint16(decodeULaw(byte(i)))
		a[i] = uint16(decodeALaw(byte(i)))
	}
	return u, a
}

func decodeULaw(b byte) int16 {
	const bias = 0x84
	b = ^b
	v := (int16(b&0x0f)<<3+bias)<<(b>>4&7) - bias
	if b&0x80 != 0 {
		return -v
	}
	return v
}

func decodeALaw(b byte) int16 {
	b ^= 0x55
	v, segment := int16(b&0x0f)<<4+8, b>>4&7
	if segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

// The checksums of a frame (RFC 9639, 9.1.8 and 9.3). CRC-16 goes over every byte of the sound, so it
// takes eight at a time: crc16Tables[k][x] is the checksum of x with k zero bytes behind it. Byte by
// byte it was a quarter of the time to read a clip with sound.
var crc8Table, crc16Tables = crcTables()

func crcTables() (t8 [256]byte, t16 [8][256]uint16) {
	for i := range 256 {
		a, b := byte(i), uint16(i)<<8
		for range 8 {
			a = a<<1 ^ byte(0x07*int(a>>7))
			b = b<<1 ^ uint16(0x8005*int(b>>15))
		}
		t8[i], t16[0][i] = a, b
	}
	for k := 1; k < len(t16); k++ {
		for i, c := range t16[k-1] {
			t16[k][i] = c<<8 ^ t16[0][c>>8]
		}
	}
	return t8, t16
}

func crc8(b []byte) (c byte) {
	for _, x := range b {
		c = crc8Table[c^x]
	}
	return c
}

func crc16(b []byte) (c uint16) {
	t := &crc16Tables
	for ; len(b) >= 8; b = b[8:] {
		c ^= be.Uint16(b)
		c = t[7][c>>8] ^ t[6][c&0xff] ^ t[5][b[2]] ^ t[4][b[3]] ^ t[3][b[4]] ^ t[2][b[5]] ^ t[1][b[6]] ^ t[0][b[7]]
	}
	for _, x := range b {
		c = c<<8 ^ t[0][byte(c>>8)^x]
	}
	return c
}

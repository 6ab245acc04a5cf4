package fmp4

// Coder turns the packets of a G.711 track into FLAC, for fragments that a browser plays as they are made. Each packet becomes
// one sample of the same duration. Nothing of the sound is lost: FLAC holds the 16-bit samples of ITU-T G.711. It is not
// safe for several goroutines.
type Coder struct{ s sound }

// NewCoder gives a coder, and the track as it is with FLAC. t.Codec must be PCMU or PCMA.
func NewCoder(t Track) (*Coder, Track) {
	c := &Coder{sound{law: t.Codec, channels: flacChannels(&t), rate: t.SampleRate}}
	t.Codec = FLAC
	return c, t
}

// Append appends the frame of the next packet, of which at most 65,535 samples of each channel are taken. An empty packet
// becomes one sample of silence.
func (c *Coder) Append(dst, packet []byte) []byte {
	dst = appendFLAC(dst, packet, &c.s, c.s.number)
	c.s.number += uint64(flacBlock(len(packet), c.s.channels))
	return dst
}

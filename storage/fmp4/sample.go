package fmp4

// Codec names what a track carries. The values are part of the file format.
type Codec uint8

// The codecs of a segment, in the order of the RTSP session's.
const (
	H264 Codec = iota + 1
	H265
	AAC
	PCMU
	PCMA
	Opus
	Metadata
)

// Video tells whether c carries pictures.
func (c Codec) Video() bool { return c == H264 || c == H265 }

// Audio tells whether c carries sound.
func (c Codec) Audio() bool { return c >= AAC && c <= Opus }

// Track describes one track of a movie.
type Track struct {
	ID        uint32 // track_ID, from 1
	Codec     Codec
	Timescale uint32 // ticks per second

	VPS, SPS, PPS []byte // video parameter sets without start codes
	Width, Height int    // video, pixels

	ASC        []byte // AAC: AudioSpecificConfig
	Channels   int    // audio
	SampleRate int    // audio, Hz
}

// Sample is one access unit, sound packet or metadata document.
type Sample struct {
	Track uint32   // track_ID
	DTS   int64    // decode time in the track's ticks since the movie's origin
	CTO   int32    // composition offset: PTS - DTS, ticks
	Dur   uint32   // ticks to the next sample of the track; 0 in the last of a movie when not known
	Sync  bool     // decoding can start here
	Data  [][]byte // video: NAL units, written with 4-byte lengths; else one element written as it is
}

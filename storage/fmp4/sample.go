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

	// FLAC is what G.711 becomes where browsers play it (see Coder). No segment holds it.
	FLAC
)

// Video tells whether c carries pictures.
func (c Codec) Video() bool { return c == H264 || c == H265 }

// Audio tells whether c carries sound.
func (c Codec) Audio() bool { return c >= AAC && c <= Opus || c == FLAC }

// G711 tells whether c is sound that browsers cannot play in an MP4.
func (c Codec) G711() bool { return c == PCMU || c == PCMA }

// String is the codec's name as the RTP payload formats spell it.
func (c Codec) String() string {
	names := [...]string{"unknown", "H264", "H265", "AAC", "PCMU", "PCMA", "Opus", "Metadata", "FLAC"}
	if int(c) >= len(names) {
		return names[0]
	}
	return names[c]
}

// Track describes one track of a movie.
type Track struct {
	ID        uint32 // track_ID, from 1; a movie's tracks are in ascending order of it
	Codec     Codec
	Timescale uint32 // ticks per second

	// Origin is the DTS, in ticks, that is the movie's time zero: the presentation time of a
	// sample is (DTS + CTO - Origin) / Timescale seconds after Header.Start. AppendInit writes
	// it as an edit list. A segment that starts with a picture of composition offset c at DTS d
	// has Origin d + c; a sound track may have an Origin large enough that a sample captured a
	// little before the first picture, but received after it, still has a DTS of 0 or more.
	Origin int64

	VPS, SPS, PPS []byte // video parameter sets without start codes
	Width, Height int    // video, pixels

	ASC        []byte // AAC: AudioSpecificConfig
	Channels   int    // audio
	SampleRate int    // audio, Hz
}

// Sample is one access unit, sound packet or metadata document.
type Sample struct {
	Track uint32   // track_ID
	DTS   int64    // decode time in the track's ticks, 0 or more (see Track.Origin)
	CTO   int32    // composition offset: PTS - DTS, ticks
	Dur   uint32   // ticks to the next sample of the track; 0 in the last of a fragment or movie when not known
	Sync  bool     // decoding can start here; not looked at for sound and metadata
	Data  [][]byte // video: NAL units, written with 4-byte lengths; else one element written as it is
}

// size is the number of bytes of the sample in the file.
func (s *Sample) size(video bool) int64 {
	var n int64
	for _, d := range s.Data {
		n += int64(len(d))
	}
	if video {
		n += nalLength * int64(len(s.Data))
	}
	return n
}

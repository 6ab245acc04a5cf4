package rtsp

import "time"

// Codec names what a track carries.
type Codec uint8

// The codecs that a session takes; anything else a camera offers is not set up.
const (
	H264 Codec = iota + 1
	H265
	AAC
	PCMU
	PCMA
	Opus
	Metadata // ONVIF metadata stream (application/vnd.onvif.metadata)
)

var codecNames = [...]string{"", "H264", "H265", "AAC", "PCMU", "PCMA", "Opus", "Metadata"}

// String gives the name as RFC 3551 and the RTP payload format registrations spell it.
func (c Codec) String() string {
	if int(c) < len(codecNames) {
		return codecNames[c]
	}
	return "unknown"
}

// Video tells whether c carries pictures.
func (c Codec) Video() bool { return c == H264 || c == H265 }

// Audio tells whether c carries sound.
func (c Codec) Audio() bool { return c >= AAC && c <= Opus }

// Ticks is RTP time: unwrapped, in units of Track.ClockRate, 0 at the first frame of the session's track.
// It counts the camera's clock and is never compared with wall or arrival time.
type Ticks int64

// Mono is monotonic arrival time since the process started. It is never stored.
type Mono time.Duration

var processStart = time.Now()

// MonoNow reads the monotonic clock.
func MonoNow() Mono { return Mono(time.Since(processStart)) }

// Track describes one medium of a run. It is immutable once published: changed parameter sets publish a new
// Track with the same ID.
type Track struct {
	ID        int // position among the tracks that were set up, stable in a session
	Codec     Codec
	ClockRate int // Hz, the unit of Ticks

	VPS, SPS, PPS []byte // video: current parameter sets without start codes, nil until seen
	Width, Height int    // video: cropped picture size in pixels, 0 until an SPS was seen
	Reorder       bool   // video: frames are not sent in presentation order (B-frames)

	ASC        []byte // AAC: AudioSpecificConfig, ISO/IEC 14496-3
	Channels   int    // audio
	SampleRate int    // audio, Hz
}

// Run is one unbroken stretch of a session on one clock. A session starts a new run when the host clock steps.
type Run struct {
	ID        uint32    // random, part of the names of the files recorded from it
	Start     time.Time // wall-clock anchor, UTC
	Tracks    []*Track  // at the start of the run
	Transport string    // "tcp", "udp" or "multicast"
	After     string    // why the previous run of this session ended: "" for the first, else "clock step"
}

// Frame is one access unit of video, one packet's worth of sound, or one metadata document. Whoever holds it
// reads only: it is shared by every reader of the stream.
type Frame struct {
	Run   *Run
	Track *Track

	PTS, DTS Ticks     // DTS rises strictly on each track
	Wall     time.Time // wall time of PTS on the run's clock, UTC, see TIME.md
	Arrival  Mono      // when the frame's last packet was read

	Key     bool     // decoding can start here
	Lost    uint32   // packets lost on this track since its previous frame
	Payload [][]byte // video: NAL units as sent, without start codes; else one element
	Size    int      // sum of the payload's lengths, bytes
}

// Sink takes what a session produces, from one goroutine at a time. It must not block, but in a Replay, which goes as fast as it does.
type Sink interface {
	Begin(*Run)   // a run begins; its frames follow
	Frame(*Frame) // in the order of arrival
}

package live

import (
	"holdfast/gateway/stream"
	"holdfast/rtsp"
	"holdfast/storage/fmp4"
)

// Way is one way in which a stream can be shown, or why it cannot.
type Way struct {
	Kind       string // WebRTC or MP4
	Transcoded bool   // made with ffmpeg
	Codec      string // of the picture
	Codecs     string // of the picture, as RFC 6381 writes them
	Audio      string // the sound that can come with it: PCMU, PCMA, Opus, AAC, FLAC; "" none
	Why        string // why it cannot be, one plain sentence; "" when it can
}

// What is said of ways that there are not.
const (
	sayReordered = "The stream has reordered frames (B-frames), which WebRTC shows in the wrong order."
	sayNoPort    = "The gateway has no port for WebRTC; its health says why."
)

// Ways lists the ways in which a stream can be shown, those that cost least first, and says of the others why not. A browser
// takes the first that it can play. A stream that never ran has none.
func (s *Server) Ways(info stream.Info) []Way {
	video := info.Video()
	if video == nil {
		return nil
	}
	codecs := fmp4.CodecString(movieTrack(1, video))
	w := Way{Kind: WebRTC, Codec: video.Codec.String(), Codecs: codecs, Audio: soundOver(WebRTC, info.Audio())}
	switch {
	case s.udp == nil && s.tcpMux == nil:
		w.Why = sayNoPort
	case video.Reorder:
		w.Why = sayReordered
	}
	made := Way{Kind: WebRTC, Transcoded: true, Codec: rtsp.H264.String(), Codecs: madeCodecs, Why: s.transcoders.refuses()}
	if info.Audio() != nil {
		made.Audio = rtsp.Opus.String()
	}
	madeMP4 := made
	madeMP4.Kind = MP4
	if made.Why == "" && s.udp == nil && s.tcpMux == nil {
		made.Why = sayNoPort
	}
	return []Way{w, {Kind: MP4, Codec: w.Codec, Codecs: codecs, Audio: soundOver(MP4, info.Audio())}, made, madeMP4}
}

// soundOver is the codec that a camera's sound has in a view of a kind, "" where it cannot come with it.
func soundOver(kind string, t *rtsp.Track) string {
	switch {
	case t == nil || kind == WebRTC && t.Codec == rtsp.AAC:
		return ""
	case kind == MP4 && (t.Codec == rtsp.PCMU || t.Codec == rtsp.PCMA):
		return fmp4.FLAC.String()
	}
	return t.Codec.String()
}

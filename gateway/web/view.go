package web

import (
	"net/http"
	"strings"
	"time"

	"holdfast/gateway/live"
)

// LiveView is how it is with one live picture that somebody watches.
type LiveView struct {
	ID            string     `json:"id"`
	Stream        string     `json:"stream"`
	Kind          string     `json:"kind" enum:"webrtc,mp4"`
	Transport     string     `json:"transport" enum:",udp,tcp,http" doc:"How it goes to the viewer; empty before it is connected."`
	Since         time.Time  `json:"since"`
	Bytes         uint64     `json:"bytes" doc:"Sent."`
	Packets       uint64     `json:"packets" doc:"Sent, without those sent again. Of webrtc."`
	Resent        uint64     `json:"resent" doc:"Packets sent again because the viewer asked for them."`
	Restarts      uint64     `json:"restarts" doc:"How often the picture began anew because the viewer had lost it."`
	Skipped       uint64     `json:"skipped" doc:"Frames not sent because the viewer was behind."`
	Loss          float64    `json:"loss" doc:"Share of the packets that was lost on the way, 0 to 1, as the viewer said last. Of webrtc."`
	KeyFramesOnly bool       `json:"key_frames_only" doc:"Whether only key frames are sent now, because the connection does not carry the stream."`
	Carries       float64    `json:"carries" doc:"What the connection was seen to carry, bits per second; 0 as long as it was never less than the stream."`
	Rate          float64    `json:"rate" doc:"What the stream takes, bits per second."`
	Media         uint32     `json:"media" doc:"A media time: of webrtc an RTP timestamp, 90 kHz; of mp4 0, its beginning."`
	Wall          *time.Time `json:"wall" doc:"The moment that it is of, by the clock of the gateway; null before the first picture."`
	Now           time.Time  `json:"now" doc:"The moment of this answer, by the same clock."`
}

// getView tells of a view of the asker's own.
func (s *Server) getView(w http.ResponseWriter, r *request) error {
	c, err := s.camera(r)
	if err != nil {
		return err
	}
	st, err := s.o.Live.View(r.PathValue("view"), r.who.Owner())
	if err != nil || st.Camera != c.ID {
		return kindNotFound.with("")
	}
	return reply(w, http.StatusOK, s.viewOf(st, c))
}

func (s *Server) viewOf(st live.SessionStatus, c Camera) LiveView {
	v := LiveView{ID: st.ID, Stream: st.Stream, Kind: st.Kind, Since: st.Since, Bytes: st.Bytes, Packets: st.Packets, Resent: st.Resent, Restarts: st.Restarts,
		Skipped: st.Skipped, Loss: st.Loss, KeyFramesOnly: st.KeyFramesOnly, Carries: st.Carries, Now: s.o.Now().UTC()}
	if _, transport, ok := strings.Cut(st.Peer, "/"); ok {
		v.Transport = transport
	}
	if st.Kind == live.MP4 {
		v.Transport = "http"
	}
	if !st.Clock.Wall.IsZero() {
		v.Media, v.Wall = st.Clock.Media, &st.Clock.Wall
	}
	for _, x := range c.Streams {
		if x.ID == st.Stream {
			v.Rate = x.Bitrate
		}
	}
	return v
}

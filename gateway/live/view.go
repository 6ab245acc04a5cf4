package live

import (
	"fmt"
	"sync/atomic"
	"time"
)

// The kinds of a view.
const (
	WebRTC = "webrtc"
	MP4    = "mp4" // endless fragmented MP4 over HTTP
)

// SessionStatus is one viewer as it is now.
type SessionStatus struct {
	ID, Owner, Camera, Stream string
	Kind                      string // WebRTC or MP4
	Since                     time.Time
	Connected                 bool
	Peer                      string  // WebRTC: address and transport, "" before it is connected
	Packets, Bytes            uint64  // sent, without resent ones; MP4 has no packets
	Resent                    uint64  // packets sent again
	Restarts                  uint64  // times the picture was started again because the viewer had lost it
	Skipped                   uint64  // frames and marks not sent because the viewer was behind
	KeyFramesOnly             bool    // now, because the viewer's connection does not carry the stream
	Loss                      float64 // share of packets that the viewer said were lost, in its last report
	Carries                   float64 // what the viewer's connection was seen to carry, bit/s; 0: never less than the stream
	Clock                     Clock   // zero before the first frame
}

// Clock says which moment a media time is: what a viewer needs to tell how late a picture is. The moment is that of the
// gateway's clock for the run (rtsp/TIME.md): what the camera took to make and send the picture is not in it.
type Clock struct {
	Media uint32    // WebRTC: RTP timestamp, 90 kHz; MP4: 0, the beginning
	Wall  time.Time // UTC
}

// counts is what a view's status shows. Its viewer writes it.
type counts struct {
	packets, bytes, resent, restarts, skipped atomic.Uint64
	thin                                      atomic.Bool
	carries, loss                             atomic.Uint64 // bit/s; of 256
	clock                                     atomic.Pointer[Clock]
}

// into fills a status.
func (c *counts) into(st *SessionStatus) {
	st.Packets, st.Bytes, st.Resent, st.Restarts = c.packets.Load(), c.bytes.Load(), c.resent.Load(), c.restarts.Load()
	st.Skipped, st.KeyFramesOnly = c.skipped.Load(), c.thin.Load()
	st.Carries, st.Loss = float64(c.carries.Load()), float64(c.loss.Load())/256
	if clock := c.clock.Load(); clock != nil {
		st.Clock = *clock
	}
}

// Sessions lists the WebRTC viewers, in no order.
func (s *Server) Sessions() []SessionStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]SessionStatus, 0, len(s.sessions))
	for _, x := range s.sessions {
		out = append(out, x.status())
	}
	return out
}

// View tells of one viewer, of either kind, of its owner's. Error: ErrNotFound.
func (s *Server) View(id, owner string) (SessionStatus, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.sessions[id]; x != nil && x.owner == owner {
		return x.status(), nil
	}
	if m := s.movies[id]; m != nil && m.ask.Owner == owner {
		return m.status(), nil
	}
	return SessionStatus{}, fmt.Errorf("%w: view %s", ErrNotFound, id)
}

package rtsp

import (
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/pion/rtp"
)

// Stats are the counters of a session.
type Stats struct {
	Transport string // "tcp", "udp", "multicast"; "" before it is known
	Tracks    []TrackStats

	// CameraOffset is how far the camera's clock is ahead of the host's by its sender reports. It is shown, never
	// used as time.
	CameraOffset      time.Duration
	CameraOffsetKnown bool

	Foreign uint64 // packets of another session or of an unknown kind, dropped
}

// TrackStats are the counters of one track.
type TrackStats struct {
	Codec   Codec
	Packets uint64
	Bytes   uint64 // of payload
	Frames  uint64
	Lost    uint64 // packets, by sequence number
	Damaged uint64 // packets that could not be put together
	Jumps   uint64 // steps of the camera's RTP time that were smoothed
}

// Stats gives the present counters. It may be called from any goroutine.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Tracks = make([]TrackStats, len(s.lanes))
	for i, l := range s.lanes {
		st.Tracks[i] = l.stats
		st.Tracks[i].Codec = l.track.Codec
	}
	return st
}

// ntpMark pairs the camera's clock with the run's.
type ntpMark struct {
	ntp  time.Time
	wall time.Time
	some bool
}

// reports looks at what the camera's sender reports say, once a second: the offset of its clock, and where sound belongs
// beside the picture. Guarded by Session.mu.
func (s *Session) reports(client *gortsplib.Client, l *lane, pkt *rtp.Packet, arrival Mono) {
	if time.Duration(arrival-l.aligned) < alignEvery {
		return
	}
	l.aligned = arrival
	ntp, ok := client.PacketNTP(l.media, pkt)
	if !ok {
		return
	}
	wall := l.clock.at(l.line.duration(l.line.at))
	s.stats.CameraOffset, s.stats.CameraOffsetKnown = ntp.Sub(s.now()), true
	s.mark = ntpMark{ntp: ntp, wall: wall, some: true}
}

// align moves sound to where the sender reports put it beside the picture: at once the first time, slowly after.
func (s *Session) align(client *gortsplib.Client, l *lane, pkt *rtp.Packet, arrival Mono) {
	if !s.mark.some || !l.begun || time.Duration(arrival-l.aligned) < alignEvery {
		return
	}
	l.aligned = arrival
	ntp, ok := client.PacketNTP(l.media, pkt)
	if !ok {
		return
	}
	pos := l.line.duration(l.line.at)
	target := s.mark.wall.Add(ntp.Sub(s.mark.ntp)).Sub(l.clock.anchor.Add(pos))
	if target.Abs() > maxAlign {
		return // the camera's reports contradict each other
	}
	if l.clock.reports == nil {
		l.clock.step(target)
	}
	l.clock.reported(target)
}

// maxAlign is how far sound is moved on the word of sender reports.
const maxAlign = 2 * time.Second

package rtsptest

import (
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/pion/rtp"
)

// fault is what is wrong with a path at the moment.
type fault struct {
	stalled  bool
	constant bool          // the time stamp does not move
	shift    time.Duration // added to time stamps
	drop     int           // video packets to drop
	swap     bool          // send each second packet before its predecessor
	held     *rtp.Packet
	frozen   map[*lane]uint32
}

func (f *fault) jump(l *lane) uint32 {
	return uint32(int64(f.shift) / int64(time.Millisecond) * l.clock / 1000)
}

func (f *fault) drops(l *lane) bool {
	if !l.video || f.drop == 0 {
		return false
	}
	f.drop--
	return true
}

// write sends a packet as the faults have it. Errors are the sessions' own affair.
func (f *fault) write(s *gortsplib.ServerStream, l *lane, pkt *rtp.Packet, now time.Time) {
	if f.constant {
		pkt.Timestamp = f.freeze(l, pkt.Timestamp)
	}
	if !f.swap || !l.video {
		s.WritePacketRTPWithNTP(l.media, pkt, now)
		return
	}
	if f.held == nil {
		f.held = pkt
		return
	}
	s.WritePacketRTPWithNTP(l.media, pkt, now)
	s.WritePacketRTPWithNTP(l.media, f.held, now)
	f.held = nil
}

func (f *fault) freeze(l *lane, stamp uint32) uint32 {
	if f.frozen == nil {
		f.frozen = map[*lane]uint32{}
	}
	if _, ok := f.frozen[l]; !ok {
		f.frozen[l] = stamp
	}
	return f.frozen[l]
}

// with changes the faults of every path.
func (s *Server) with(change func(*fault)) {
	for _, p := range s.paths {
		p.mu.Lock()
		change(&p.fault)
		p.mu.Unlock()
	}
}

// Stall stops sending media; the connections stay.
func (s *Server) Stall() { s.with(func(f *fault) { f.stalled = true }) }

// Resume ends Stall and ConstantTimestamp.
func (s *Server) Resume() {
	s.with(func(f *fault) { f.stalled, f.constant, f.frozen = false, false, nil })
}

// DropPackets loses the next n video packets of every path.
func (s *Server) DropPackets(n int) { s.with(func(f *fault) { f.drop += n }) }

// JumpTimestamp moves the camera's RTP clock by d, forward or back.
func (s *Server) JumpTimestamp(d time.Duration) { s.with(func(f *fault) { f.shift += d }) }

// ConstantTimestamp sends every packet with the same RTP time.
func (s *Server) ConstantTimestamp() { s.with(func(f *fault) { f.constant = true }) }

// ForeignSSRC slips n packets of another session into the video of TCP sessions.
func (s *Server) ForeignSSRC(n int) { s.wire.foreign.Store(int64(n)) }

// Reorder swaps neighbouring video packets.
func (s *Server) Reorder(on bool) { s.with(func(f *fault) { f.swap, f.held = on, nil }) }

// RefuseSessions answers DESCRIBE and SETUP with an RTSP status; 0 ends it.
func (s *Server) RefuseSessions(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = status
}

// NoKeepalive makes the camera answer nothing once media flow over TCP.
func (s *Server) NoKeepalive() { s.wire.mute.Store(true) }

// CloseAll drops every connection.
func (s *Server) CloseAll() {
	s.mu.Lock()
	conns := s.conns
	s.conns = map[*gortsplib.ServerConn]struct{}{}
	s.mu.Unlock()
	for c := range conns {
		c.Close()
	}
}

// Cut takes the camera off the network, and puts it back: every connection is dropped, and none is taken meanwhile. What it sees goes on.
func (s *Server) Cut(cut bool) {
	s.wire.cut.Store(cut)
	if cut {
		s.CloseAll()
	}
}

// Connections is how many clients are connected.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Sent is how many video access units of a path were sent since the start, whoever listened.
func (s *Server) Sent(path string) uint64 {
	p := s.paths[path]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// ChangeParameters makes a path play another clip of the same codec, with its own parameter sets in-band, from the
// next unit on: what a camera does when somebody changes the resolution.
func (s *Server) ChangeParameters(path string, clip *Clip) error {
	l, err := videoLane(clip.inBand())
	if err != nil {
		return err
	}
	p := s.paths[path]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes[0].next = l // video is the first lane
	return nil
}

// inBand gives the clip with its parameter sets in front of each key frame.
func (c *Clip) inBand() *Clip {
	out := *c
	out.Units = append([]Unit(nil), c.Units...)
	for i := range out.Units {
		u := &out.Units[i]
		if !u.Sync {
			continue
		}
		var nals [][]byte
		for _, set := range [][]byte{c.VPS, c.SPS, c.PPS} {
			if len(set) > 0 {
				nals = append(nals, set)
			}
		}
		u.NALs = append(nals, u.NALs...)
	}
	return &out
}

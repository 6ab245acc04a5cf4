package rtsp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtp"
)

// Replay asks a camera for a stretch of what it keeps on its own card (ONVIF Streaming specification, chapter Playback). Times
// are by the camera's clock.
//
// Frames come as fast as the sink takes them. Their Wall is the time that the camera gives each of them, and their PTS follows it; where
// the camera's own recording has a gap a new run begins, After "gap". Session.Run returns nil once the stretch was played.
type Replay struct{ From, To time.Time }

const (
	replayProfile = 0xABAC // of the RTP header extension
	replayLength  = 12     // bytes of it
	replayFeature = "onvif-replay"
	// replayGap is a step between frames that is a gap, should the camera not say so.
	replayGap = 10 * time.Second
	ntpEpoch  = 2208988800 // seconds from 1900 to 1970
)

// replayStamp is what the header extension says of an access unit.
type replayStamp struct {
	at            time.Time // UTC, by the camera's clock
	clean         bool      // C: decoding can start here
	end           bool      // E: the last of a contiguous section
	discontinuity bool      // D: not what follows on the unit before
	last          bool      // T: nothing follows
}

// readReplayStamp reads the extension of a packet; ok is false when it has none. A length beyond what the specification says is taken:
// cameras pad it, and put a JPEG extension behind it.
func readReplayStamp(h *rtp.Header) (v replayStamp, ok bool) {
	if !h.Extension || h.ExtensionProfile != replayProfile {
		return v, false
	}
	b := h.GetExtension(0)
	if len(b) < replayLength {
		return v, false
	}
	seconds, fraction := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	v.at = time.Unix(int64(seconds)-ntpEpoch, int64((uint64(fraction)*1e9+1<<31)>>32)).UTC()
	v.clean, v.end, v.discontinuity, v.last = b[8]&0x80 != 0, b[8]&0x40 != 0, b[8]&0x20 != 0, b[8]&0x10 != 0
	return v, true
}

// replayTime writes a time of a Range header (RFC 2326 section 3.7).
func replayTime(t time.Time) string { return t.UTC().Format("20060102T150405.000Z") }

// demand makes requests those of a replay.
func (c *connection) demand(req *base.Request) {
	switch req.Method {
	case base.Setup:
		req.Header["Require"] = base.HeaderValue{replayFeature}
	case base.Play:
		req.Header["Require"] = base.HeaderValue{replayFeature}
		req.Header["Range"] = base.HeaderValue{"clock=" + replayTime(c.s.o.Replay.From) + "-" + replayTime(c.s.o.Replay.To)}
		req.Header["Rate-Control"] = base.HeaderValue{"no"}
	}
}

// from is what the library is told to play from; what is really asked for stands in demand, since it writes whole seconds.
func (s *Session) from() *headers.Range {
	if s.o.Replay == nil {
		return nil
	}
	return &headers.Range{Value: &headers.RangeUTC{Start: s.o.Replay.From}}
}

// replaying is the state of a replay. Guarded by Session.mu.
type replaying struct {
	origin time.Time     // of Ticks: the time of the first frame
	ended  bool          // the stretch was played, or cannot be
	fault  error         // why it cannot
	done   chan struct{} // closed when it has ended
}

// finish ends a replay. Caller holds mu.
func (s *Session) finish(fault error) {
	if !s.replay.ended {
		s.replay.ended, s.replay.fault = true, fault
		close(s.replay.done)
	}
}

const (
	// unstamped is how many packets without a time may come before the first with one: parameter sets have packets of their own.
	unstamped = 64
	// nearEnd is how long before the end of the stretch its last picture may be, and quietEnd how long the camera must have been
	// silent then: not every camera says that it has nothing more.
	nearEnd  = time.Second
	quietEnd = time.Second
)

// stamped notes the time of the unit that a packet begins.
func (l *lane) stamped(pkt *rtp.Packet) {
	if m, ok := readReplayStamp(&pkt.Header); ok {
		l.mark = m
		return
	}
	if l.mark.at.IsZero() && l.stats.Packets > unstamped {
		l.s.finish(fail(Protocol, errors.New("the camera does not say when its recordings are of: it plays something else")))
	}
}

// ending tells whether a replay that is silent has reached its end. Caller holds mu.
func (s *Session) ending(silent time.Duration) bool {
	return silent > quietEnd && s.picture != nil && s.picture.framed && s.o.Replay.To.Sub(s.picture.before) < nearEnd
}

// replayed is how a replay ended.
func (s *Session) replayed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replay.fault
}

// played tells by nil that a replay which fell silent had nothing more, and else says why it is none. Caller holds mu.
func (s *Session) played() error {
	for _, l := range s.lanes {
		if l.video != nil && l.some && (l.mark.end || l.mark.last) {
			return nil
		}
	}
	if s.run == nil {
		return fail(Refused, errors.New("the camera has nothing recorded there"))
	}
	return fail(Stalled, fmt.Errorf("the camera stopped in the middle of its recording, after %v without media", StallTime))
}

// emitReplayed stamps a unit of a replay and hands it to the sink.
func (l *lane) emitReplayed(arrival Mono, u unit) {
	s, m := l.s, l.mark
	switch {
	case m.at.IsZero():
		l.stats.Damaged++ // it was never said when it was
		return
	case s.replay.ended || !m.at.Before(s.o.Replay.To):
		if l.video != nil {
			s.finish(nil)
		}
		return
	case s.run == nil:
		s.replay.origin = m.at
		s.beginAt("", m.at)
	case l.video != nil && u.key && l.framed && (m.discontinuity || m.at.Sub(l.before).Abs() > replayGap):
		s.beginAt("gap", m.at)
	}
	pts := l.line.ticks(m.at.Sub(s.replay.origin))
	dts := pts
	if l.video != nil {
		dts = l.video.decodeTime(u, pts)
		l.track = l.video.track
	}
	if l.framed && dts <= l.dts {
		dts = l.dts + 1
	}
	l.dts, l.framed, l.before = dts, true, m.at
	f := &Frame{Run: s.run, Track: l.track, PTS: pts, DTS: dts, Wall: m.at, Arrival: arrival, Key: u.key, Lost: l.lost, Payload: u.nals, Size: u.size}
	l.lost = 0
	l.stats.Frames++
	s.sink.Frame(f)
	if l.video != nil && m.last {
		s.finish(nil)
	}
}

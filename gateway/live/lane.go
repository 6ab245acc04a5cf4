package live

import (
	"math/rand/v2"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"holdfast/rtsp"
)

// lane is one track on its way to one viewer: RTP headers, and timestamps that go on from run to run.
type lane struct {
	track  *rtsp.Track // when the session began
	writer webrtc.TrackLocalWriter
	header rtp.Header // SSRC is constant
	split  bool       // a frame's payloads follow one another in time (sound by the byte)

	run      *rtsp.Run
	offset   int64 // timestamp minus PTS, in this run
	started  bool
	last     uint32    // timestamp sent last
	arrival  rtsp.Mono // of the frame sent last
	wall     time.Time // of the frame sent last
	interval uint32    // between the last two frames

	packets, octets uint32 // for sender reports
	history         []sent // by sequence number; nil: nothing is sent again
}

// sent is a packet that can be sent again.
type sent struct {
	payload []byte
	ts      uint32
	seq     uint16
	marker  bool
}

func newLane(o *outlet) *lane {
	writer, ssrc := o.to()
	l := &lane{track: o.track, writer: writer, split: o.track.Codec == rtsp.PCMU || o.track.Codec == rtsp.PCMA}
	l.header = rtp.Header{
		Version: 2, PayloadType: uint8(o.codec.PayloadType), SSRC: ssrc, SequenceNumber: uint16(rand.Uint32()),
	}
	return l
}

// timestamp maps a frame's PTS. A new run goes on as much later as its first frame arrived later.
func (l *lane) timestamp(f *rtsp.Frame) uint32 {
	if f.Run != l.run {
		l.run = f.Run
		if !l.started {
			l.offset = int64(rand.Uint32()) - int64(f.PTS)
		} else {
			elapsed := time.Duration(f.Arrival-l.arrival).Seconds() * float64(l.track.ClockRate)
			l.offset = int64(l.last) + max(1, int64(elapsed)) - int64(f.PTS)
		}
	}
	return uint32(int64(f.PTS) + l.offset)
}

// note remembers what was sent.
func (l *lane) note(f *rtsp.Frame, ts uint32) {
	if d := ts - l.last; l.started && d > uint32(l.track.ClockRate)/1000 && d < uint32(l.track.ClockRate) {
		l.interval = d
	}
	l.started, l.last, l.arrival, l.wall = true, ts, f.Arrival, f.Wall
}

// write sends one packet and gives its length, 0 if it was not taken. (The ICE agent tells a refusal by the length
// alone.)
func (l *lane) write(payload []byte, ts uint32, marker bool) int {
	l.header.SequenceNumber++
	l.header.Timestamp, l.header.Marker = ts, marker && !l.track.Codec.Audio()
	if l.writer == nil {
		return 0
	}
	n, err := l.writer.WriteRTP(&l.header, payload)
	if err != nil {
		return 0
	}
	l.packets++
	l.octets += uint32(len(payload))
	if l.history != nil {
		seq := l.header.SequenceNumber
		l.history[seq%remembered] = sent{payload, ts, seq, l.header.Marker}
	}
	return n
}

// again sends a remembered packet again and gives its length, 0 when it is not remembered or was not taken.
func (l *lane) again(seq uint16) int {
	p := &l.history[seq%remembered]
	if p.seq != seq || p.payload == nil || l.writer == nil {
		return 0
	}
	header := l.header
	header.SequenceNumber, header.Timestamp, header.Marker = p.seq, p.ts, p.marker
	n, err := l.writer.WriteRTP(&header, p.payload)
	if err != nil {
		return 0
	}
	return n
}

func (l *lane) report() *rtcp.SenderReport {
	return &rtcp.SenderReport{
		SSRC: l.header.SSRC, NTPTime: ntp(l.wall), RTPTime: l.last, PacketCount: l.packets, OctetCount: l.octets,
	}
}

// ntp gives a time as NTP writes it: seconds since 1900 and their fraction (RFC 3550, 4).
func ntp(t time.Time) uint64 {
	const from1900 = 2208988800
	s := uint64(t.Unix()+from1900) << 32
	return s | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

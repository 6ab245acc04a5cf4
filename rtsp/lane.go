package rtsp

import (
	"errors"
	"runtime/debug"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtpmpeg4audio"
	"github.com/pion/rtp"
)

const (
	// maxDocument bounds a metadata document, bytes. Scenes with a hundred objects take 60 KiB.
	maxDocument = 1 << 20
	// aacFrame is the samples of an AAC access unit.
	aacFrame = 1024
	// alignEvery is how often sound is aligned with the picture by sender reports.
	alignEvery = time.Second
)

// lane is one track of a session on its way from packets to frames. Guarded by Session.mu.
type lane struct {
	s     *Session
	media *description.Media
	form  format.Format
	track *Track // newest description

	line  timeline
	clock wallClock
	begun bool // the clock is anchored in the present run

	video *video
	aac   *rtpmpeg4audio.Decoder
	doc   []byte

	seq     uint16
	some    bool // a packet was seen
	lost    uint32
	dts     Ticks // of the newest frame
	framed  bool
	aligned Mono // when sender reports were last looked at
	stats   TrackStats
	told    bool // of a parser that panicked

	mark   replayStamp // of the unit that is being put together, in a replay
	before time.Time   // when the newest frame of a replay was
}

// packet takes one RTP packet, in order. It runs on gortsplib's reader.
func (l *lane) packet(client *gortsplib.Client, pkt *rtp.Packet) {
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	defer l.survive()
	arrival := MonoNow()
	s.heard = arrival
	l.count(pkt)
	if s.o.Replay != nil {
		l.stamped(pkt)
	}
	switch {
	case l.video != nil:
		l.picture(client, pkt, arrival)
	case l.aac != nil:
		l.aacUnits(pkt, arrival)
		s.align(client, l, pkt, arrival)
	case l.track.Codec == Metadata:
		l.document(pkt, arrival)
	default:
		l.emit(pkt.Timestamp, 0, arrival, unit{nals: [][]byte{pkt.Payload}, size: len(pkt.Payload), key: true})
		s.align(client, l, pkt, arrival)
	}
}

// survive keeps a packet that a parser panics at from ending the recording of every camera. The parsers of packets and
// parameter sets are libraries', and fuzzing them has found such packets.
func (l *lane) survive() {
	if l.s.strict {
		return
	}
	what := recover()
	if what == nil {
		return
	}
	l.stats.Damaged++
	if !l.told {
		l.told = true
		l.s.log.Error("packet could not be read", "codec", l.track.Codec.String(), "panic", what, "stack", string(debug.Stack()))
	}
}

func (l *lane) count(pkt *rtp.Packet) {
	if l.some {
		if gap := pkt.SequenceNumber - l.seq - 1; gap < 1<<15 {
			l.lost += uint32(gap)
			l.stats.Lost += uint64(gap)
		}
	}
	l.some, l.seq = true, pkt.SequenceNumber
	l.stats.Packets++
	l.stats.Bytes += uint64(len(pkt.Payload))
}

func (l *lane) picture(client *gortsplib.Client, pkt *rtp.Packet, arrival Mono) {
	stamp := pkt.Timestamp
	au, err := l.video.unpack.Decode(pkt)
	if err != nil {
		if !isMore(err) {
			l.stats.Damaged++
		}
		return
	}
	u, ok := l.video.take(au)
	if !ok {
		return
	}
	l.emit(stamp, 0, arrival, u)
	l.s.reports(client, l, pkt, arrival)
}

func (l *lane) aacUnits(pkt *rtp.Packet, arrival Mono) {
	units, err := l.aac.Decode(pkt)
	if err != nil {
		if !errors.Is(err, rtpmpeg4audio.ErrMorePacketsNeeded) {
			l.stats.Damaged++
		}
		return
	}
	for i, au := range units {
		l.emit(pkt.Timestamp, Ticks(i*aacFrame), arrival, unit{nals: [][]byte{au}, size: len(au), key: true})
	}
}

// document gathers a metadata document up to the packet with the marker.
func (l *lane) document(pkt *rtp.Packet, arrival Mono) {
	if len(l.doc)+len(pkt.Payload) > maxDocument {
		l.doc = nil
		l.stats.Damaged++
		return
	}
	l.doc = append(l.doc, pkt.Payload...)
	if !pkt.Marker {
		return
	}
	doc := l.doc
	l.doc = nil
	l.emit(pkt.Timestamp, 0, arrival, unit{nals: [][]byte{doc}, size: len(doc), key: true})
}

// emit stamps a unit and hands it to the sink.
func (l *lane) emit(stamp uint32, plus Ticks, arrival Mono, u unit) {
	s := l.s
	if s.o.Replay != nil {
		l.emitReplayed(arrival, u)
		return
	}
	wall := s.now()
	if s.host.read(wall, arrival) {
		s.stepped = true
	}
	pts := l.line.next(stamp, arrival) + plus
	l.stats.Jumps = l.line.jumps
	if s.stepped && (u.key && l.video != nil || s.picture == nil) {
		s.stepped = false
		s.begin("clock step")
	}
	dts := pts
	if l.video != nil {
		dts = l.video.decodeTime(u, pts)
		l.track = l.video.track
	}
	if l.framed && dts <= l.dts {
		dts = l.dts + 1
	}
	l.dts, l.framed = dts, true
	// Frames arrive in the order and at the pace of decoding: a reordered picture is shown later than it arrives, and
	// would look as if it came from the future.
	pos := l.line.duration(dts)
	switch {
	case !l.begun:
		l.clock.start(pos, wall, arrival)
		l.begun = true
	case !s.stepped: // between a step and the run that it begins, the host clock says nothing of this run
		l.clock.observe(pos, wall, arrival)
	}
	if s.run == nil {
		s.begin("")
	}
	f := &Frame{Run: s.run, Track: l.track, PTS: pts, DTS: dts, Wall: l.clock.at(l.line.duration(pts)), Arrival: arrival,
		Key: u.key, Lost: l.lost, Payload: u.nals, Size: u.size}
	l.lost = 0
	l.stats.Frames++
	s.sink.Frame(f)
}

package rtsp

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
	"github.com/pion/rtp"
)

// counted is a sink that checks what every sink may rely on.
type counted struct {
	t    *testing.T
	run  *Run
	last map[int]Ticks
	n    int
}

func (c *counted) Begin(r *Run) { c.run = r }

func (c *counted) Frame(f *Frame) {
	if f.Run == nil || f.Run != c.run {
		c.t.Fatal("a frame of no run, or of one that has not begun")
	}
	if last, seen := c.last[f.Track.ID]; seen && f.DTS <= last {
		c.t.Fatalf("DTS %d after %d", f.DTS, last)
	}
	size := 0
	for _, p := range f.Payload {
		size += len(p)
	}
	if size != f.Size {
		c.t.Fatalf("a frame of %d bytes says %d", size, f.Size)
	}
	c.last[f.Track.ID] = f.DTS
	c.n++
}

func fuzzSession(t testing.TB, sink Sink) *Session {
	s, err := NewSession(Options{URL: "rtsp://127.0.0.1/", Audio: true, Metadata: true,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}, sink)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	headOfSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
	mediaSDP  = headOfSDP + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\na=control:1\r\n" +
		"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000/1\r\na=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408\r\na=control:2\r\n" +
		"m=application 0 RTP/AVP 98\r\na=rtpmap:98 vnd.onvif.metadata/90000\r\na=control:3\r\n"
	h265SDP = headOfSDP + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:1\r\nm=audio 0 RTP/AVP 0\r\na=control:2\r\n"
)

// describe reads a description the way a session does.
func describe(s *Session, body []byte) ([]*lane, error) {
	var text sdp.SessionDescription
	if err := text.Unmarshal(repairSDP(body)); err != nil {
		return nil, err
	}
	var desc description.Session
	if err := desc.Unmarshal(&text); err != nil {
		return nil, err
	}
	return s.choose(&desc)
}

func FuzzDescription(f *testing.F) {
	for _, seed := range []string{mediaSDP, h265SDP, "v=0\r\no=- 1001 1 IN \r\ns=\r\n", "v=\x00", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := fuzzSession(t, &counted{t: t})
		lanes, err := describe(s, body)
		if err != nil {
			return
		}
		if len(lanes) == 0 || len(lanes) > maxTracks || !lanes[0].track.Codec.Video() {
			t.Fatalf("%d lanes", len(lanes))
		}
		for _, l := range lanes {
			if l.track.ClockRate <= 0 {
				t.Fatalf("a clock rate of %d", l.track.ClockRate)
			}
		}
	})
}

// FuzzPackets gives a session any packets: what comes out keeps the rules, and what is held has its bounds.
func FuzzPackets(f *testing.F) {
	packet := func(b []byte, lane byte, seq uint16, stamp uint32, marker bool, payload ...byte) []byte {
		flags := lane
		if marker {
			flags |= 0x80
		}
		b = append(b, flags)
		b = binary.BigEndian.AppendUint16(b, seq)
		b = binary.BigEndian.AppendUint32(b, stamp)
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
		return append(b, payload...)
	}
	var seed []byte
	for i := range uint16(6) {
		seed = packet(seed, 0, 3*i, uint32(i)*3600, false, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 3)
		seed = packet(seed, 0, 3*i+1, uint32(i)*3600, false, 0x7c, 0x85, 1, 2, 3)
		seed = packet(seed, 0, 3*i+2, uint32(i)*3600, true, 0x7c, 0x45, 4, 5, 6)
		seed = packet(seed, 1, i, uint32(i)*1024, true, 0, 16, 0, 24, 1, 2, 3)
		seed = packet(seed, 2, i, uint32(i)*90000, i%2 == 1, '<', 'x', '/', '>')
	}
	f.Add(false, seed)
	f.Add(true, seed)
	f.Add(true, packet(packet(nil, 0, 1, 2, false, 0x62, 1, 0x93, 1), 0, 9, 2, true, 0x62, 1, 0x53, 1))
	f.Fuzz(func(t *testing.T, second bool, data []byte) {
		sink := &counted{t: t, last: map[int]Ticks{}}
		s := fuzzSession(t, sink)
		body := mediaSDP
		if second {
			body = h265SDP
		}
		s.strict = true
		lanes, err := describe(s, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		s.adopt(lanes)
		for _, l := range lanes {
			l.aligned = MonoNow() + Mono(time.Hour) // no sender reports: there is no client
		}
		for len(data) >= 9 {
			head, rest := data[:9], data[9:]
			n := min(int(binary.BigEndian.Uint16(head[7:])), len(rest))
			l := lanes[int(head[0]&0x7f)%len(lanes)]
			l.packet(nil, &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: binary.BigEndian.Uint16(head[1:]),
				Timestamp: binary.BigEndian.Uint32(head[3:]), Marker: head[0]&0x80 != 0}, Payload: bytes.Clone(rest[:n])})
			data = rest[n:]
			if len(l.doc) > maxDocument || l.video != nil && len(l.video.held) > maxHeld {
				t.Fatal("more is held than may be")
			}
		}
	})
}

func FuzzTransportHeader(f *testing.F) {
	f.Add("RTP/AVP;unicast;client_port=1-2;source=198.51.100.1;server_port=3-4")
	f.Add(" SOURCE = x ; source=;;")
	f.Add("RTP/AVP;multicast;destination=224.0.1.129;port=1-2")
	f.Fuzz(func(t *testing.T, line string) {
		c := &connection{s: &Session{}, client: &gortsplib.Client{Transport: wire(Multicast)}}
		for _, v := range c.repairTransport(base.HeaderValue{line}) {
			for part := range strings.SplitSeq(v, ";") {
				name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "=")
				if name == "source" || name == "destination" {
					t.Fatalf("%q still leads elsewhere", v)
				}
			}
		}
	})
}

type panicking struct{}

func (panicking) Decode(*rtp.Packet) ([][]byte, error) { panic("index out of range") }

func TestPacketThatAParserPanicsAtIsDamagedAndNoMore(t *testing.T) {
	s := fuzzSession(t, &counted{t: t, last: map[int]Ticks{}})
	lanes, err := describe(s, []byte(mediaSDP))
	if err != nil {
		t.Fatal(err)
	}
	s.adopt(lanes)
	lanes[0].video.unpack = panicking{}
	for i := range uint16(3) {
		lanes[0].packet(nil, &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: i}, Payload: []byte{0x65}})
	}
	if n := lanes[0].stats.Damaged; n != 3 {
		t.Errorf("%d packets are damaged", n)
	}
}

func FuzzReplayStamp(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xab, 0xac, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 0xf0, 1, 0, 0})
	f.Add(bytes.Repeat([]byte{0x9f}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p rtp.Packet
		if p.Unmarshal(data) == nil {
			readReplayStamp(&p.Header)
		}
	})
}

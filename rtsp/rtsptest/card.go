package rtsptest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/pion/rtp"
)

// Card is what a camera keeps of a clip that it loops: the picture, for the stretches that Spans gives.
type Card struct {
	Clip   *Clip
	Origin time.Time // when the loop began, by the camera's clock
	Spans  func() []CardSpan

	// NoFlags is a quirk: no unit is marked as the last of a section, or of all.
	NoFlags bool
}

// CardSpan is a stretch for which there are pictures. To is zero when it goes on.
type CardSpan struct{ From, To time.Time }

// ntpEpoch is the seconds from 1900 to 1970.
const ntpEpoch = 2208988800

// pace is how much faster than life a card is played: reading a card has bounds too, and the queue to a client is finite.
const pace = 20

// cards are the recordings of a camera, and who plays them.
type cards struct {
	described map[*Card]*gortsplib.ServerStream // for descriptions; nobody reads them
	playing   sync.WaitGroup
	stop      chan struct{} // closed at the end

	mu       sync.Mutex // guards what follows
	sessions map[*gortsplib.ServerSession]*gortsplib.ServerStream
}

// card gives the recording of a path.
func (s *Server) card(name string) *Card { return s.o.Cards[trimSlash(name)] }

// lane packs the picture that a card keeps.
func (c *Card) lane() (*lane, error) { return videoLane(c.Clip) }

// describe makes a stream of a card, for one client.
func (s *Server) describe(c *Card) (*gortsplib.ServerStream, error) {
	l, err := c.lane()
	if err != nil {
		return nil, err
	}
	st := &gortsplib.ServerStream{Server: s.server, Desc: &description.Session{Title: "replay", Medias: []*description.Media{l.media}}}
	return st, st.Initialize()
}

// set is called at the SETUP of a card: each client has a stream of its own.
func (s *Server) set(session *gortsplib.ServerSession, c *Card) (*gortsplib.ServerStream, error) {
	st, err := s.describe(c)
	if err != nil {
		return nil, err
	}
	s.cards.mu.Lock()
	defer s.cards.mu.Unlock()
	s.cards.sessions[session] = st
	return st, nil
}

// unset ends what a client had.
func (s *Server) unset(session *gortsplib.ServerSession) {
	s.cards.mu.Lock()
	st := s.cards.sessions[session]
	delete(s.cards.sessions, session)
	s.cards.mu.Unlock()
	if st != nil {
		st.Close()
	}
}

// playCard plays what a PLAY request asks for.
func (s *Server) playCard(c *Card, st *gortsplib.ServerStream, req *base.Request) (*base.Response, error) {
	if strings.Join(req.Header["Require"], "") != "onvif-replay" || strings.Join(req.Header["Rate-Control"], "") != "no" {
		return &base.Response{StatusCode: base.StatusOptionNotSupported}, nil
	}
	from, to, err := clockRange(strings.Join(req.Header["Range"], ""))
	if err != nil {
		return &base.Response{StatusCode: base.StatusInvalidRange}, nil
	}
	l, err := c.lane()
	if err != nil {
		return nil, err
	}
	list := c.asked(l, from, to)
	if len(list) == 0 {
		return &base.Response{StatusCode: base.StatusInvalidRange}, nil
	}
	s.cards.playing.Go(func() { s.playUnits(c, l, st, list) })
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// clockRange reads clock=FROM-TO (RFC 2326 section 3.7).
func clockRange(v string) (from, to time.Time, err error) {
	v, ok := strings.CutPrefix(v, "clock=")
	first, last, both := strings.Cut(v, "-")
	if !ok || !both {
		return from, to, fmt.Errorf("range %q", v)
	}
	const form = "20060102T150405.999Z"
	if from, err = time.Parse(form, first); err != nil {
		return from, to, err
	}
	to, err = time.Parse(form, last)
	return from, to, err
}

// asked gives the units of a range, from the clean point at or before its begin (Streaming specification, "Initiating replay").
func (c *Card) asked(l *lane, from, to time.Time) (list []cardUnit) {
	for _, v := range c.Spans() {
		list = append(list, c.within(l, v, from, to)...)
	}
	return list
}

func (s *Server) playUnits(c *Card, l *lane, st *gortsplib.ServerStream, list []cardUnit) {
	sent := uint64(0)
	ssrc, seq := rand.Uint32(), uint16(rand.Uint32())
	timer := time.NewTimer(0)
	defer timer.Stop()
	begin := time.Now()
	for i, u := range list {
		timer.Reset(time.Until(begin.Add(u.at.Sub(list[0].at) / pace)))
		select {
		case <-s.cards.stop:
			return
		case <-timer.C:
		}
		flags := byte(0)
		if c.Clip.Units[u.n].Sync {
			flags |= 0x80
		}
		if !c.NoFlags && (i+1 == len(list) || list[i+1].first) {
			flags |= 0x40
		}
		if u.first && i > 0 {
			flags |= 0x20
		}
		if !c.NoFlags && i+1 == len(list) {
			flags |= 0x10
		}
		if !s.taken(st, sent) {
			return
		}
		for k, payload := range l.units[u.n].packets {
			seq++
			sent++
			h := rtp.Header{Version: 2, PayloadType: l.payload, SequenceNumber: seq, Timestamp: uint32(u.at.Sub(c.Origin) * videoClock / time.Second), SSRC: ssrc, Marker: k == len(l.units[u.n].packets)-1}
			if k == 0 {
				h.Extension, h.ExtensionProfile = true, 0xABAC
				h.SetExtension(0, replayExtension(u.at, flags, byte(i)))
			}
			pkt := &rtp.Packet{Header: h, Payload: payload}
			if st.WritePacketRTP(st.Desc.Medias[0], pkt); i == 0 && k == 0 {
				s.until(st, pkt)
			}
		}
	}
}

// maxQueued is how many packets may wait for a client that reads slower than the card does; the queue has room for more.
const maxQueued = 256

// taken waits until a client has read of what was sent to it, as a camera does that is not to lose anything. It gives false when the
// client is gone.
func (s *Server) taken(st *gortsplib.ServerStream, sent uint64) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		n := uint64(0)
		for _, f := range st.Stats().Medias[st.Desc.Medias[0]].Formats {
			n += f.RTPPacketsSent
		}
		if sent < n+maxQueued {
			return true
		}
		select {
		case <-s.cards.stop:
			return false
		case <-tick.C:
		}
		if !s.plays(st) {
			return false
		}
	}
}

// plays tells whether a client still has the stream.
func (s *Server) plays(st *gortsplib.ServerStream) bool {
	s.cards.mu.Lock()
	defer s.cards.mu.Unlock()
	for _, x := range s.cards.sessions {
		if x == st {
			return true
		}
	}
	return false
}

// until repeats the first packet until it is sent: the library has a client a moment after its PLAY was answered, and tells nobody.
func (s *Server) until(st *gortsplib.ServerStream, pkt *rtp.Packet) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for st.Stats().Medias[st.Desc.Medias[0]].BytesSent == 0 {
		select {
		case <-s.cards.stop:
			return
		case <-tick.C:
		}
		if st.WritePacketRTP(st.Desc.Medias[0], pkt) != nil {
			return // the client is gone
		}
	}
}

func replayExtension(at time.Time, flags, cseq byte) []byte {
	b := make([]byte, 12)
	binary.BigEndian.PutUint32(b, uint32(at.Unix()+ntpEpoch))
	binary.BigEndian.PutUint32(b[4:], uint32((uint64(at.Nanosecond())<<32)/1e9))
	b[8], b[9] = flags, cseq
	return b
}

// cardUnit is one unit on a card.
type cardUnit struct {
	n     int // in the clip
	at    time.Time
	first bool // of its span
}

// within gives the units of a span that a range asks for: from the key frame at or before its begin.
func (c *Card) within(l *lane, v CardSpan, from, to time.Time) (list []cardUnit) {
	end := to
	if !v.To.IsZero() && v.To.Before(to) {
		end = v.To
	}
	begin := from
	if v.From.After(from) {
		begin = v.From
	}
	if !begin.Before(end) {
		return nil
	}
	round := v.From.Sub(c.Origin) / l.loop
	for ; ; round++ {
		for n, u := range l.units {
			at := c.Origin.Add(round*l.loop + u.pts)
			switch {
			case at.Before(v.From):
				continue
			case !at.Before(end):
				return list
			case c.Clip.Units[n].Sync && !at.After(begin):
				list = list[:0] // a later clean point
			}
			if len(list) > 0 || c.Clip.Units[n].Sync {
				list = append(list, cardUnit{n: n, at: at, first: len(list) == 0})
			}
		}
	}
}

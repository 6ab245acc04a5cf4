package rtsp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/pion/rtp"
)

const (
	// speechRate is of G.711, samples and bytes a second.
	speechRate = 8000
	// speechPacket is the sound of one packet, as cameras expect it.
	speechPacket = speechRate / 50
)

// ErrNoSpeaker says that the camera offers no back channel, or none with G.711.
var ErrNoSpeaker = errors.New("the camera offers no back channel that takes G.711")

// Speaker is a camera's loudspeaker: the back channel of the ONVIF Streaming specification, section 5.3, on a connection of its own, so that
// talking never disturbs what is recorded. It takes G.711, which every such camera has to.
type Speaker struct {
	Codec Codec // PCMU or PCMA: what Write takes

	s     *Session
	conn  *connection
	media *description.Media
	ended chan struct{} // closed when the connection has ended
	err   error         // why; set before

	mu   sync.Mutex // guards what follows
	pkt  rtp.Header
	left []byte // less than a packet
}

// OpenSpeaker connects to a camera's loudspeaker. The caller closes it.
func OpenSpeaker(ctx context.Context, o Options) (*Speaker, error) {
	s, err := NewSession(o, nil)
	if err != nil {
		return nil, err
	}
	for _, t := range s.transports() {
		if t == Multicast {
			continue
		}
		var p *Speaker
		if p, err = s.speaker(ctx, t); err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !wantsOther(err) {
			break
		}
	}
	return nil, err
}

func (s *Session) speaker(ctx context.Context, t Transport) (*Speaker, error) {
	s.reset(t)
	c := s.newConnection(t)
	c.client.RequestBackChannels = true
	if err := c.client.Start2(); err != nil {
		c.release()
		return nil, classify("connect", err)
	}
	p := &Speaker{s: s, conn: c, ended: make(chan struct{})}
	stop := context.AfterFunc(ctx, c.client.Close)
	err := p.setUp()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		c.client.Close()
		c.release()
		if errors.Is(err, ErrNoSpeaker) {
			return nil, err
		}
		return nil, c.blame(err)
	}
	p.pkt = rtp.Header{Version: 2, PayloadType: p.media.Formats[0].PayloadType(), SSRC: rand.Uint32(), SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32(), Marker: true}
	go func() {
		p.err = c.client.Wait()
		close(p.ended)
	}()
	return p, nil
}

// setUp finds the back channel, sets up nothing else, and starts it.
func (p *Speaker) setUp() error {
	desc, _, err := p.conn.client.Describe(&p.s.url)
	var bad liberrors.ErrClientBadStatusCode
	if errors.As(err, &bad) && bad.Code == base.StatusOptionNotSupported {
		return fail(Refused, ErrNoSpeaker)
	}
	if err != nil {
		return err
	}
	for _, m := range desc.Medias {
		if codec := speech(m); m.IsBackChannel && codec != 0 {
			p.media, p.Codec = m, codec
			break
		}
	}
	if p.media == nil {
		return fail(Refused, ErrNoSpeaker)
	}
	port := 0
	if p.s.stats.Transport == string(UDP) {
		if port, err = p.conn.ports.pair(); err != nil {
			return err
		}
	}
	second := port
	if port != 0 {
		second++
	}
	if _, err = p.conn.client.Setup(desc.BaseURL, p.media, port, second); err != nil {
		return err
	}
	_, err = p.conn.client.Play(nil)
	return err
}

// speech moves the first G.711 of a medium to its front and tells which; 0 when there is none.
func speech(m *description.Media) Codec {
	for _, f := range m.Formats {
		if g, ok := f.(*format.G711); ok && g.SampleRate == speechRate && g.ChannelCount <= 1 {
			m.Formats = []format.Format{g}
			if g.MULaw {
				return PCMU
			}
			return PCMA
		}
	}
	return 0
}

// Write sends sound, 8000 bytes a second, in packets of 20 ms; what is less waits for more. It does not pace: whoever records or plays
// sound does. Not for several goroutines at once.
func (p *Speaker) Write(sound []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
		return 0, p.conn.blame(p.err)
	default:
	}
	taken := len(sound)
	for p.left = append(p.left, sound...); len(p.left) >= speechPacket; p.left = p.left[speechPacket:] {
		if err := p.send(p.left[:speechPacket]); err != nil {
			return 0, err
		}
	}
	p.left = append([]byte(nil), p.left...)
	return taken, nil
}

// Encode gives linear sound, 16 bits a sample, as Write takes it.
func (p *Speaker) Encode(samples []int16) []byte {
	linear := make([]byte, 2*len(samples))
	for i, v := range samples {
		binary.BigEndian.PutUint16(linear[2*i:], uint16(v))
	}
	if p.Codec == PCMA {
		coded, _ := g711.Alaw(linear).Marshal()
		return coded
	}
	coded, _ := g711.Mulaw(linear).Marshal()
	return coded
}

// send sends one packet. Caller holds mu.
func (p *Speaker) send(payload []byte) error {
	err := p.conn.client.WritePacketRTP(p.media, &rtp.Packet{Header: p.pkt, Payload: append([]byte(nil), payload...)})
	if err != nil {
		return fail(Offline, fmt.Errorf("send sound: %w", err))
	}
	p.pkt.SequenceNumber++
	p.pkt.Timestamp += uint32(len(payload))
	p.pkt.Marker = false // the first of a talkspurt has it
	return nil
}

// Done is closed when the connection has ended, by the camera or by Close.
func (p *Speaker) Done() <-chan struct{} { return p.ended }

// Close sends what is left and ends the connection.
func (p *Speaker) Close() error {
	p.mu.Lock()
	var err error
	if len(p.left) > 0 {
		err = p.send(p.left)
		p.left = nil
	}
	p.mu.Unlock()
	p.conn.client.Close()
	<-p.ended
	p.conn.release()
	return err
}

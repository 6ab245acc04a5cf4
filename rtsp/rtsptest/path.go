package rtsptest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"
)

const (
	videoClock = 90000
	// maxPayload keeps packets within an Ethernet frame, as cameras do.
	maxPayload   = 1400
	soundPacket  = 20 * time.Millisecond // of PCMU
	metaInterval = time.Second
)

// path plays one clip to everyone who asks for it.
type path struct {
	name   string
	stream *gortsplib.ServerStream
	phase  func() time.Duration
	told   func(unit int, at time.Time) // of every video unit that was sent; nil: nobody asks
	lanes  []*lane

	mu    sync.Mutex // guards what follows
	fault fault
	sent  uint64 // video units sent since the start
}

// lane is one medium of a path: what is sent, in order, and when.
type lane struct {
	media   *description.Media
	clock   int64         // Hz
	loop    time.Duration // of one round
	units   []unit
	video   bool
	payload uint8
	ssrc    uint32
	seq     uint16
	base    uint32 // RTP time of the clip's origin

	document func(at time.Time) string // makes what is sent, in the place of a unit's packets; nil: those are
	next     *lane                     // guarded by path.mu: plays from the next unit on
}

// unit is what one point in time sends.
type unit struct {
	at      time.Duration // when, in the loop
	pts     time.Duration // its RTP time, in the loop
	packets [][]byte      // payloads; the last carries the marker
}

func newPath(server *gortsplib.Server, name string, clip *Clip, o Options) (*path, error) {
	lanes, err := lanesOf(clip)
	if err != nil {
		return nil, fmt.Errorf("path %s: %w", name, err)
	}
	p := &path{name: name, phase: o.Phase, lanes: lanes}
	if o.Sent != nil {
		p.told = func(unit int, at time.Time) { o.Sent(name, unit, at) }
	}
	desc := &description.Session{Title: name}
	for _, l := range lanes {
		l.ssrc, l.seq, l.base = rand.Uint32(), uint16(rand.Uint32()), rand.Uint32()
		desc.Medias = append(desc.Medias, l.media)
	}
	p.stream = &gortsplib.ServerStream{Server: server, Desc: desc}
	if err := p.stream.Initialize(); err != nil {
		return nil, fmt.Errorf("path %s: %w", name, err)
	}
	return p, nil
}

func lanesOf(c *Clip) ([]*lane, error) {
	v, err := videoLane(c)
	if err != nil {
		return nil, err
	}
	lanes := []*lane{v}
	if len(c.PCMU) > 0 {
		lanes = append(lanes, pcmuLane(c))
	}
	if len(c.AACUnits) > 0 {
		a, err := aacLane(c)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, a)
	}
	if len(c.Metadata) > 0 || c.Document != nil {
		lanes = append(lanes, metadataLane(c))
	}
	return lanes, nil
}

// packer is what both video payload formats offer.
type packer interface {
	Init() error
	Encode([][]byte) ([]*rtp.Packet, error)
}

func videoLane(c *Clip) (*lane, error) {
	l := &lane{clock: videoClock, loop: c.Duration, video: true, payload: 96}
	var pack packer
	var form format.Format
	if c.Codec == "H265" {
		form = &format.H265{PayloadTyp: 96, VPS: c.VPS, SPS: c.SPS, PPS: c.PPS}
		pack = &rtph265.Encoder{PayloadType: 96, PayloadMaxSize: maxPayload}
	} else {
		form = &format.H264{PayloadTyp: 96, SPS: c.SPS, PPS: c.PPS, PacketizationMode: 1}
		pack = &rtph264.Encoder{PayloadType: 96, PayloadMaxSize: maxPayload, PacketizationMode: 1}
	}
	if err := pack.Init(); err != nil {
		return nil, err
	}
	for _, u := range c.Units {
		pkts, err := pack.Encode(u.NALs)
		if err != nil {
			return nil, err
		}
		l.units = append(l.units, unit{at: u.DTS, pts: u.PTS, packets: payloads(pkts)})
	}
	l.media = &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{form}}
	return l, nil
}

func payloads(pkts []*rtp.Packet) [][]byte {
	l := make([][]byte, len(pkts))
	for i, p := range pkts {
		l[i] = p.Payload
	}
	return l
}

func pcmuLane(c *Clip) *lane {
	const rate, n = 8000, int(8000 * soundPacket / time.Second)
	l := &lane{clock: rate, payload: 0, loop: time.Duration(len(c.PCMU)/n) * soundPacket}
	for i := 0; i+n <= len(c.PCMU); i += n {
		at := time.Duration(i/n) * soundPacket
		l.units = append(l.units, unit{at: at, pts: at, packets: [][]byte{c.PCMU[i : i+n]}})
	}
	l.media = &description.Media{Type: description.MediaTypeAudio,
		Formats: []format.Format{&format.G711{PayloadTyp: 0, MULaw: true, SampleRate: rate, ChannelCount: 1}}}
	return l
}

func aacLane(c *Clip) (*lane, error) {
	conf := &mpeg4audio.AudioSpecificConfig{}
	if err := conf.Unmarshal(c.AAC); err != nil {
		return nil, err
	}
	form := &format.MPEG4Audio{PayloadTyp: 97, Config: conf, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3}
	pack, err := form.CreateEncoder()
	if err != nil {
		return nil, err
	}
	l := &lane{clock: int64(c.AACRate), payload: 97, loop: ticks(int64(len(c.AACUnits))*1024, int64(c.AACRate))}
	for i, au := range c.AACUnits {
		pkts, err := pack.Encode([][]byte{au})
		if err != nil {
			return nil, err
		}
		at := ticks(int64(i)*1024, int64(c.AACRate))
		l.units = append(l.units, unit{at: at, pts: at, packets: payloads(pkts)})
	}
	l.media = &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{form}}
	return l, nil
}

func metadataLane(c *Clip) *lane {
	form := &format.Generic{PayloadTyp: 107, RTPMa: "vnd.onvif.metadata/90000"}
	form.Init()
	l := &lane{clock: videoClock, payload: 107, loop: time.Duration(len(c.Metadata)) * metaInterval}
	for i, doc := range c.Metadata {
		at := time.Duration(i) * metaInterval
		l.units = append(l.units, unit{at: at, pts: at, packets: chunks([]byte(doc))})
	}
	if c.Document != nil {
		l.document, l.loop, l.units = c.Document, c.DocumentEvery, []unit{{}}
	}
	l.media = &description.Media{Type: description.MediaTypeApplication, Formats: []format.Format{form}}
	return l
}

func documentAt(l *lane, now time.Time) [][]byte {
	if text := l.document(now); text != "" {
		return chunks([]byte(text))
	}
	return nil
}

// chunks cuts a document into packets.
func chunks(b []byte) (l [][]byte) {
	for len(b) > maxPayload {
		l = append(l, b[:maxPayload])
		b = b[maxPayload:]
	}
	return append(l, b)
}

// play sends every lane at its own rate until ctx ends.
func (p *path) play(ctx context.Context) {
	start := time.Now()
	var phase time.Duration
	if p.phase != nil {
		phase = p.phase()
	}
	var wg sync.WaitGroup
	for _, l := range p.lanes {
		wg.Go(func() { p.playLane(ctx, l, start, phase) })
	}
	wg.Wait()
}

// playLane sends one lane, beginning at the position phase of its loop.
func (p *path) playLane(ctx context.Context, l *lane, start time.Time, phase time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	round, next := phase/l.loop, l.find(phase%l.loop)
	for {
		if p.changed(l) {
			phase = time.Since(start).Truncate(time.Millisecond) * -1 // the new clip begins now
			round, next = 0, 0
		}
		if next == len(l.units) {
			next, round = 0, round+1
		}
		u := &l.units[next]
		due := round*l.loop + u.at - phase
		timer.Reset(time.Until(start.Add(due)))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if at, sent := p.send(l, u, due+u.pts-u.at); sent && l.video && p.told != nil {
			p.told(next, at)
		}
		next++
	}
}

// find gives the first unit at or after a position of the loop.
func (l *lane) find(at time.Duration) (n int) {
	for n < len(l.units) && l.units[n].at < at {
		n++
	}
	return n
}

// changed puts a clip that was given by ChangeParameters in the place of the old one.
func (p *path) changed(l *lane) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.next == nil {
		return false
	}
	l.units, l.loop, l.next = l.next.units, l.next.loop, nil
	return true
}

// send writes a unit's packets and tells when, unless the camera is stalled. pts is its time since the camera started, as
// its own clock sees it.
func (p *path) send(l *lane, u *unit, pts time.Duration) (now time.Time, sent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &p.fault
	if f.stalled {
		return now, false
	}
	stamp := l.base + uint32(int64(pts)/int64(time.Millisecond)*l.clock/1000+int64(pts)%int64(time.Millisecond)*l.clock/1e9) + f.jump(l)
	now = time.Now()
	packets := u.packets
	if l.document != nil {
		packets = documentAt(l, now)
	}
	for i, payload := range packets {
		l.seq++
		if f.drops(l) {
			continue
		}
		pkt := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: l.payload, SequenceNumber: l.seq,
			Timestamp: stamp, SSRC: l.ssrc, Marker: i == len(packets)-1}, Payload: payload}
		f.write(p.stream, l, pkt, now)
	}
	if l.video {
		p.sent++
	}
	return now, true
}

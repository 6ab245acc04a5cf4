package live

import (
	"context"
	"errors"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
)

const (
	// burst and pause pace catching up and large key frames: 160 Mbit/s, in portions that fit a receiver's socket
	// buffer (212,992 bytes by default on Linux) even when it is not scheduled for a few pauses.
	burst = 40 << 10
	pause = 2 * time.Millisecond

	// batchItems is how many items are taken from the stream at once.
	batchItems = 32

	// remembered is how many video packets can be sent again, a power of two: over a second of an 8 Mbit/s stream.
	// The payloads are shared with the stream and the other viewers.
	remembered = 1024

	// maxResent bounds the packets sent again in one tick; so does half of what was sent in the last one, and leastResent: what is
	// lost because too much was sent is not to be made up for by sending more.
	maxResent   = 1000
	leastResent = 100

	// tick is how often sender reports go out and the loss is judged.
	tick = time.Second

	// restartGap is the least time between two restarts at the newest key frame that the viewer asks for.
	restartGap = time.Second

	// A viewer that loses more than thinLoss (of 256) in two reports running gets key frames only, for thinFirst, and
	// twice as long each time it happens again, up to thinLongest; a minute without it forgets.
	thinLoss    = 38 // 15 %
	thinFirst   = 5 * time.Second
	thinLongest = time.Minute
	thinForget  = time.Minute

	// Key frames for a viewer that is thinned go out as fast as its connection was seen to carry, but for thinSpare, in portions of
	// thinBurst bytes, and not slower than thinLeast (bit/s).
	thinSpare = 0.8
	thinBurst = 6 << 10
	thinLeast = 100_000
)

// errChanged ends a session: what was negotiated is not what the camera sends now.
var errChanged = errors.New("stream changed")

// viewer sends a stream to one connected browser. Its fields belong to the goroutine in run, but for the channels.
type viewer struct {
	session *session
	reader  *stream.Reader
	video   *lane
	audio   *lane // nil: picture alone
	batch   *batch
	counts  *counts

	items    []*stream.Item
	shown    uint64    // video item sent last
	behind   bool      // packets were refused: nothing is sent up to the next key frame
	unpaused int       // bytes sent since the last pause
	sentAt   rtsp.Mono // when the last frame had been
	pausing  *time.Timer

	restarted   time.Time
	squeezed    uint64 // items up to here are sent again, with timestamps squeezed in by step
	step        uint32
	resentTick  int
	mayResend   int       // in this tick
	tickPackets uint32    // sent when it began
	measured    time.Time // when the stretch began that reports on loss are of
	last        heard     // then
	packetsAt   uint32    // packets sent then
	lossSum     int       // of the reports in it
	lossReports int
	resentLen   uint64 // bytes sent again, ever
	lag         lag
	refused     time.Time // when TCP refused packets before
	refusedAt   uint64    // bytes sent then
	lossy       int       // reports running with too much loss
	thinUntil   time.Time
	thinFor     time.Duration
	thinEnded   time.Time

	nacks chan []rtcp.NackPair
	lost  chan struct{} // the browser lost its picture
	heard chan heard
}

func newViewer(x *session, m *media) *viewer {
	v := &viewer{
		session: x, reader: x.stream.Lossy(), counts: &x.counts, batch: x.follow(nil), pausing: time.NewTimer(0),
		mayResend: maxResent, nacks: make(chan []rtcp.NackPair, 8), lost: make(chan struct{}, 1), heard: make(chan heard, 4),
	}
	v.video = newLane(m.video)
	v.video.history = make([]sent, remembered)
	if m.audio != nil {
		v.audio = newLane(m.audio)
	}
	return v
}

func (v *viewer) close() {
	v.reader.Close()
	if v.batch != nil {
		v.batch.close()
	}
}

// run sends until ctx ends, which is no error, or the stream cannot be sent on.
func (v *viewer) run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-v.reader.Wake():
			if err := v.take(ctx); err != nil {
				return err
			}
		case pairs := <-v.nacks:
			v.resend(pairs)
		case <-v.lost:
			v.restart()
		case r := <-v.heard:
			now := time.Now()
			if loss, due := v.measure(r, now); due {
				v.judge(loss, now)
			}
		case <-ticker.C:
			v.resentTick, v.mayResend = 0, min(maxResent, leastResent+int(v.video.packets-v.tickPackets)/2)
			v.tickPackets = v.video.packets
			v.report()
		}
	}
}

// take sends what the stream has.
func (v *viewer) take(ctx context.Context) error {
	var err error
	v.items, err = v.reader.Take(v.items[:0], batchItems)
	v.counts.skipped.Store(v.reader.Skipped())
	if err != nil {
		return err
	}
	for i, it := range v.items {
		if ctx.Err() != nil {
			return nil // a right revoked counts from now
		}
		if err := v.show(ctx, it); err != nil {
			return err
		}
		v.items[i] = nil
	}
	return nil
}

// show sends one item.
func (v *viewer) show(ctx context.Context, it *stream.Item) error {
	switch {
	case it.Frame == nil:
		return nil // a run's end or beginning: timestamps go on with its first frame
	case it.Frame.Track.Codec.Video():
		return v.showVideo(ctx, it)
	case v.audio != nil && it.Frame.Track.Codec == v.audio.track.Codec && !v.behind && it.Seq > v.squeezed:
		return v.send(ctx, v.audio, it, v.audio.timestamp(it.Frame))
	}
	return nil
}

func (v *viewer) showVideo(ctx context.Context, it *stream.Item) error {
	f := it.Frame
	if f.Track.Codec != v.video.track.Codec || f.Track.Reorder {
		return errChanged
	}
	if !f.Key && (v.behind || v.thinning()) {
		return nil
	}
	v.behind = false
	ts := v.video.timestamp(f)
	if it.Seq <= v.squeezed {
		ts = v.video.last + v.step
	} else if v.video.started && int32(ts-v.video.last) <= 0 {
		ts = v.video.last + 1
	}
	v.shown = max(v.shown, it.Seq)
	if it.Seq > v.squeezed && !v.thinning() {
		v.attend(f, time.Now())
	}
	return v.send(ctx, v.video, it, ts)
}

// thinning tells whether only key frames are sent. It ends at a key frame, or the pictures after would have no base.
func (v *viewer) thinning() bool { return v.counts.thin.Load() }

// send writes a frame's packets. A packet that TCP refuses (the viewer's buffer is full) ends the frame: the viewer is
// behind, and goes on at a key frame. One that UDP refuses is lost on the way like others, and asked for again.
func (v *viewer) send(ctx context.Context, l *lane, it *stream.Item, ts uint32) error {
	payloads := it.Payloads(pack)
	if len(payloads) == 0 {
		return nil
	}
	if it.Frame.Key && v.thinning() && time.Now().After(v.thinUntil) {
		v.counts.thin.Store(false)
		v.thinEnded, v.lag = time.Now(), lag{}
		if !v.refused.IsZero() {
			v.refused, v.refusedAt = v.thinEnded, v.counts.bytes.Load() // what it carries is measured from here
		}
	}
	l.note(it.Frame, ts)
	if rtsp.MonoNow()-v.sentAt > rtsp.Mono(pause) {
		v.unpaused = 0 // there was a pause anyway
	}
	v.batch.hold()
	defer v.batch.release()
	for i, p := range payloads {
		n := l.write(p, ts, i == len(payloads)-1)
		if n == 0 && v.batch == nil {
			v.refuse(time.Now())
			return nil
		}
		if l.split {
			ts += uint32(len(p))
		}
		v.counts.packets.Add(1)
		v.counts.bytes.Add(uint64(n))
		if v.unpaused += n; v.unpaused >= v.portion() {
			v.batch.release()
			if !v.rest(ctx) {
				return nil
			}
			v.batch.hold()
		}
	}
	v.sentAt = rtsp.MonoNow()
	return nil
}

// portion is how much is sent without a pause, bytes.
func (v *viewer) portion() int {
	if v.thinning() {
		return thinBurst
	}
	return burst
}

// pauses is how long the pause after that is.
func (v *viewer) pauses() time.Duration {
	if !v.thinning() {
		return pause
	}
	rate := max(thinSpare*float64(v.counts.carries.Load()), thinLeast)
	return time.Duration(float64(v.unpaused) * 8 / rate * float64(time.Second))
}

// rest pauses, and answers meanwhile what the viewer misses. It tells whether the session goes on.
func (v *viewer) rest(ctx context.Context) bool {
	v.pausing.Reset(v.pauses())
	v.unpaused = 0
	for {
		select {
		case <-v.pausing.C:
			return true
		case pairs := <-v.nacks:
			v.resend(pairs)
		case <-ctx.Done():
			return false
		}
	}
}

// resend answers a NACK (RFC 4585, 6.2.1) from the history. Retransmissions are the same packets under the same
// numbers, with no stream of their own.
func (v *viewer) resend(pairs []rtcp.NackPair) {
	v.batch.hold()
	defer v.batch.release()
	for _, pair := range pairs {
		pair.Range(func(seq uint16) bool {
			if v.resentTick >= v.mayResend {
				return false
			}
			if n := v.video.again(seq); n > 0 {
				v.resentTick++
				v.resentLen += uint64(n)
				v.counts.resent.Add(1)
			}
			return true
		})
	}
}

// restart sends the current group of pictures again, for a viewer that has lost its picture (PLI, RFC 4585, 6.3.1).
// A decoder takes no frame older than the last, so the frames that were sent before get timestamps squeezed in
// between the last frame's and the next one's.
func (v *viewer) restart() {
	now := time.Now()
	if !v.video.started || now.Sub(v.restarted) < restartGap || v.thinning() {
		return
	}
	v.restarted = now
	key, ok := v.session.stream.KeyFrame()
	if !ok || key.Seq > v.shown || !v.reader.Restart() {
		return // the next key frame comes anyway
	}
	v.counts.restarts.Add(1)
	v.squeezed = v.shown
	v.step = max(1, v.video.interval/uint32(v.shown-key.Seq+2))
}

// heard is what a browser reports of the picture (RFC 3550, 6.4.1).
type heard struct {
	loss    uint8  // of 256, since its last report
	highest uint32 // sequence number that came, with its cycles
	lost    uint32 // packets, ever
}

// measure takes a report together with others of the same stretch, because a browser that loses much reports often. When the
// stretch is over, due, it gives the loss, and knows what the connection carried: what came of the picture. More than a second of
// packets that are still on the way count as too much loss: a long queue says the same sooner, unless it gets shorter.
func (v *viewer) measure(r heard, now time.Time) (loss uint8, due bool) {
	v.lossSum, v.lossReports = v.lossSum+int(r.loss), v.lossReports+1
	since := now.Sub(v.measured)
	if since < tick/2 {
		return 0, false
	}
	loss = uint8(v.lossSum / v.lossReports)
	v.counts.loss.Store(uint64(loss))
	came := int32(r.highest-v.last.highest) - int32(r.lost-v.last.lost)
	sent := v.video.packets - v.packetsAt
	underway := uint16(v.video.header.SequenceNumber - uint16(r.highest))
	v.measured, v.last, v.packetsAt, v.lossSum, v.lossReports = now, r, v.video.packets, 0, 0
	if since > 10*tick || v.video.packets == 0 {
		return loss, true
	}
	if came < int32(sent) && float64(underway) > max(32, float64(sent)/since.Seconds()) {
		loss = max(loss, thinLoss+1)
	}
	size := float64(v.video.octets) / float64(v.video.packets)
	switch {
	case v.thinning():
	case loss > thinLoss:
		v.counts.carries.Store(uint64(max(0, float64(came)) * size * 8 / since.Seconds()))
	default:
		v.counts.carries.Store(0)
	}
	return loss, true
}

// attend thins out a viewer to whom frames go too late: the way out of this machine does not take what is sent.
func (v *viewer) attend(f *rtsp.Frame, now time.Time) {
	rate := v.lag.see(f, v.counts.bytes.Load()+v.resentLen, now)
	if rate == 0 {
		return
	}
	if info := v.session.stream.Info(); rate < info.Bitrate {
		v.counts.carries.Store(uint64(rate))
		v.thinOut(now)
	}
}

// refuse is told that TCP refused packets. A connection on which that happens again within thinForget, a tick later at least, does not
// carry the stream: what it took meanwhile is what it carries. What is refused sooner is the same trouble: a camera with several key
// frames a second would begin it anew with each.
func (v *viewer) refuse(now time.Time) {
	v.behind = true
	since := now.Sub(v.refused)
	if since <= tick || v.thinning() {
		return
	}
	at := v.refusedAt
	v.refused, v.refusedAt = now, v.counts.bytes.Load()
	if since < thinForget {
		v.counts.carries.Store(uint64(float64(v.refusedAt-at) * 8 / since.Seconds()))
		v.thinOut(now)
	}
}

// judge decides by the loss that the browser reports.
func (v *viewer) judge(loss uint8, now time.Time) {
	if loss <= thinLoss || v.thinning() {
		v.lossy = 0
		return
	}
	if v.lossy++; v.lossy < 2 {
		return
	}
	v.thinOut(now)
}

// thinOut sends key frames only, for a while.
func (v *viewer) thinOut(now time.Time) {
	v.lossy = 0
	v.thinFor = lengthen(v.thinFor, v.thinEnded, now)
	v.thinUntil = now.Add(v.thinFor)
	v.counts.thin.Store(true)
}

// report sends sender reports (RFC 3550, 6.4.1), by which a browser lines sound up with the picture, and looks where
// the viewer is now.
func (v *viewer) report() {
	var reports []rtcp.Packet
	for _, l := range []*lane{v.video, v.audio} {
		if l != nil && l.started {
			reports = append(reports, l.report())
		}
	}
	if v.video.started {
		v.counts.clock.Store(&Clock{Media: v.video.last, Wall: v.video.wall.UTC()})
	}
	if len(reports) > 0 {
		_ = v.session.pc.WriteRTCP(reports)
	}
	if now := v.session.follow(v.batch); now != v.batch {
		if v.batch != nil {
			v.batch.close()
		}
		v.batch = now
	}
}

// readReports passes on what the browser says about one track, until the connection is closed.
func (v *viewer) readReports(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			v.heed(p)
		}
	}
}

// heed passes one report to run, or drops it if run is busy: the browser will say it again.
func (v *viewer) heed(p rtcp.Packet) {
	switch p := p.(type) {
	case *rtcp.TransportLayerNack:
		if p.MediaSSRC == v.video.header.SSRC {
			offer(v.nacks, p.Nacks)
		}
	case *rtcp.PictureLossIndication:
		offer(v.lost, struct{}{})
	case *rtcp.ReceiverReport:
		for _, r := range p.Reports {
			if r.SSRC == v.video.header.SSRC {
				offer(v.heard, heard{r.FractionLost, r.LastSequenceNumber, r.TotalLost})
			}
		}
	}
}

func offer[T any](to chan T, value T) {
	select {
	case to <- value:
	default:
	}
}

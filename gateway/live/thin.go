package live

import (
	"time"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
)

const (
	// A viewer is on time while frames are sent within onTime of their arrival, and behind beyond tooLate: then its connection does not
	// carry the stream. Who begins gets what is stored first, and has catchUp for it.
	onTime  = 300 * time.Millisecond
	tooLate = time.Second
	catchUp = 5 * time.Second

	// stuck is how long a write takes that waits for the viewer, at least.
	stuck = 5 * time.Millisecond
)

// lag watches how late frames are sent, and so what a connection carries. The zero value is ready.
type lag struct {
	from   time.Time // since when it is measured: when frames were on time last
	sent   uint64    // bytes sent by then
	caught bool      // what was stored is sent
}

// see is told of a frame that is about to be sent, and of the bytes sent so far. It gives what the connection carries, bit/s, once
// the viewer is behind; else 0.
func (l *lag) see(f *rtsp.Frame, sent uint64, now time.Time) float64 {
	late := time.Duration(rtsp.MonoNow() - f.Arrival)
	if l.from.IsZero() || late <= onTime {
		l.caught = l.caught || late <= onTime
		l.from, l.sent = now, sent
		return 0
	}
	since := now.Sub(l.from)
	if l.caught = l.caught || since > catchUp; !l.caught || late < tooLate || since < tooLate/2 {
		return 0
	}
	return max(1, float64(sent-l.sent)*8/since.Seconds())
}

// thinner decides whether a viewer over HTTP gets key frames only: while its connection does not carry the stream. It comes
// back when a key frame goes out fast enough, after thinFirst at the soonest, and twice as long each time it happens again.
type thinner struct {
	lag
	on      bool
	until   time.Time
	ended   time.Time
	length  time.Duration
	rate    float64 // what the connection carries, bit/s
	keyRate float64 // what it took of the last key frame, bit/s; 0: it did not have to wait
	bitrate float64 // of the stream, when it was thinned out
}

// sent is told of a write.
func (t *thinner) sent(n int, from, to time.Time) {
	t.keyRate = 0
	if d := to.Sub(from); d >= stuck {
		t.keyRate = float64(n) * 8 / d.Seconds()
	}
}

// judge looks at a frame that is about to be sent.
func (t *thinner) judge(it *stream.Item, st *stream.Stream, sent uint64, now time.Time) {
	if t.on || it.Frame == nil || !it.Frame.Track.Codec.Video() {
		return
	}
	rate := t.see(it.Frame, sent, now)
	if rate == 0 {
		return
	}
	info := st.Info()
	if rate >= info.Bitrate {
		return // it was away for a moment, and catches up
	}
	t.on, t.rate, t.bitrate, t.length = true, rate, info.Bitrate, lengthen(t.length, t.ended, now)
	t.until = now.Add(t.length)
}

// wants tells whether an item is for this viewer now. Thinning ends at a key frame.
func (t *thinner) wants(it *stream.Item, now time.Time) bool {
	if !t.on || it.Frame.Track.Codec.Audio() {
		return true
	}
	if !it.KeyFrame() {
		return false
	}
	if now.After(t.until) {
		if t.keyRate == 0 || t.keyRate > t.bitrate {
			t.on, t.ended, t.lag = false, now, lag{}
		} else {
			t.until = now.Add(thinFirst)
		}
	}
	return true
}

// portion is how many items are taken at once: few while writes wait, so that it is soon seen how far behind the viewer is.
func (t *thinner) portion() int {
	if t.keyRate > 0 {
		return 2
	}
	return batchItems
}

// carries is what the connection carries, bit/s; 0 as long as it was never less than the stream.
func (t *thinner) carries() float64 {
	if t.on {
		return t.rate
	}
	return 0
}

// lengthen gives how long a viewer is thinned out that was for was, until ended.
func lengthen(was time.Duration, ended, now time.Time) time.Duration {
	if was == 0 || now.Sub(ended) > thinForget {
		return thinFirst
	}
	return min(2*was, thinLongest)
}

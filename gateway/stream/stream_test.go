package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/rtsp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	video = &rtsp.Track{ID: 0, Codec: rtsp.H264, ClockRate: 90000}
	audio = &rtsp.Track{ID: 1, Codec: rtsp.PCMU, ClockRate: 8000}
)

const frameTime = 40 * time.Millisecond

// camera writes a stream on a clock of its own.
type camera struct {
	*Stream
	now atomic.Int64
	run *rtsp.Run
	dts rtsp.Ticks
}

func newCamera(o Options) *camera {
	c := &camera{}
	if o.Keep == 0 {
		o.Keep = time.Hour // MaxTime alone rules, but where a test says otherwise
	}
	o.Mono = func() rtsp.Mono { return rtsp.Mono(c.now.Load()) }
	c.Stream = New(o)
	return c
}

func (c *camera) begin(id uint32, tracks ...*rtsp.Track) {
	if len(tracks) == 0 {
		tracks = []*rtsp.Track{video}
	}
	c.run = &rtsp.Run{ID: id, Start: c.wall(), Tracks: tracks}
	c.Begin(c.run)
}

func (c *camera) wall() time.Time { return time.Unix(1e9, c.now.Load()).UTC() }

// frame writes one frame of a track and lets a frame's time pass.
func (c *camera) frame(t *rtsp.Track, key bool, size int) {
	c.now.Add(int64(frameTime))
	c.dts += rtsp.Ticks(frameTime * 90000 / time.Second)
	c.Frame(&rtsp.Frame{
		Run: c.run, Track: t, PTS: c.dts, DTS: c.dts, Wall: c.wall(), Arrival: rtsp.Mono(c.now.Load()),
		Key: key, Payload: [][]byte{make([]byte, size)}, Size: size,
	})
}

func (c *camera) gop(frames, size int) {
	for i := range frames {
		c.frame(video, i == 0, size)
	}
}

func seqs(items []*Item) (out []uint64) {
	for _, it := range items {
		out = append(out, it.Seq)
	}
	return out
}

func mustTake(t *testing.T, r *Reader, max int) []*Item {
	t.Helper()
	got, err := r.Take(nil, max)
	if err != nil {
		t.Fatalf("take: %v", err)
	}
	return got
}

func wantSeqs(t *testing.T, got []*Item, first, last uint64) {
	t.Helper()
	s := seqs(got)
	if uint64(len(s)) != last-first+1 || s[0] != first || s[len(s)-1] != last {
		t.Fatalf("items %v, want %d to %d", s, first, last)
	}
}

func TestViewerStartsAtTheNewestKeyFrame(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1) // 1
	c.gop(10, 100)
	c.gop(5, 100) // 12 … 16
	wantSeqs(t, mustTake(t, c.Lossy(), 0), 12, 16)
}

func TestViewerOfAStreamWithoutKeyFrameGetsMarksAndWaitsForOne(t *testing.T) {
	c := newCamera(Options{})
	r := c.Lossy()
	c.begin(1)
	c.frame(video, false, 10)
	c.frame(audio, false, 10)
	got := mustTake(t, r, 0)
	wantSeqs(t, got, 1, 1)
	if !got[0].Begins() {
		t.Fatal("not the mark of the run's beginning")
	}
	c.frame(video, true, 10)
	wantSeqs(t, mustTake(t, r, 0), 4, 4)
	if r.Skipped() != 2 {
		t.Fatalf("skipped %d", r.Skipped())
	}
}

func TestSoundAloneIsNotHeldBackForAKeyFrame(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1, audio)
	r := c.Lossy()
	c.frame(audio, false, 10)
	wantSeqs(t, mustTake(t, r, 0), 2, 2)
}

func TestViewerThatFallsBehindJumpsToTheNewestKeyFrame(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1)
	c.gop(25, 100) // 2 …
	r := c.Lossy()
	mustTake(t, r, 1)
	for range 3 {
		c.gop(25, 100)
	}
	wantSeqs(t, mustTake(t, r, 0), 77, 101)
	if r.Skipped() != 74 {
		t.Fatalf("skipped %d", r.Skipped())
	}
}

func TestViewerLittleBehindDoesNotJump(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1)
	c.gop(1, 100)
	r := c.Lossy()
	for range 20 {
		c.gop(1, 100)
	}
	wantSeqs(t, mustTake(t, r, 0), 2, 22)
}

func TestOverwrittenViewerWithoutKeyFrameWaitsForTheNext(t *testing.T) {
	var log strings.Builder
	c := newCamera(Options{MaxBytes: 10 * (1000 + itemCost), Log: slog.New(slog.NewTextHandler(&log, nil))})
	c.begin(1)
	c.gop(1, 1000)
	r := c.Lossy()
	for range 30 {
		c.frame(video, false, 1000)
	}
	if got := mustTake(t, r, 0); len(got) != 0 {
		t.Fatalf("got %v", seqs(got))
	}
	if key, ok := c.KeyFrame(); !ok || key.Seq != 2 {
		t.Fatal("the newest key frame is no longer reachable")
	}
	c.gop(2, 1000)
	wantSeqs(t, mustTake(t, r, 0), 33, 34)
	if n := strings.Count(log.String(), "does not fit"); n != 1 {
		t.Fatalf("told %d times", n)
	}
}

func TestRestartGoesBackToTheKeyFrame(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1)
	c.gop(10, 100)
	r := c.Lossy()
	mustTake(t, r, 0)
	if !r.Restart() {
		t.Fatal("no key frame")
	}
	wantSeqs(t, mustTake(t, r, 0), 2, 11)
}

func TestRecorderStartsAtTheKeyFrameAtOrBeforeThePreroll(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1)
	for range 10 {
		c.gop(25, 100) // keys at 2, 27, …, 227; one second each
	}
	r := c.Lossless(4500 * time.Millisecond) // 5 s ago lies 127; 4.5 s ago inside its group
	wantSeqs(t, mustTake(t, r, 0), 127, 251)
	wantSeqs(t, mustTake(t, c.Lossless(0), 0), 227, 251)
	wantSeqs(t, mustTake(t, c.Lossless(time.Hour), 0), 2, 251)
}

func TestWhatIsSafeIsHeldForThePrerollOnly(t *testing.T) {
	c := newCamera(Options{Keep: 5 * time.Second})
	r := c.Lossless(0)
	defer r.Close()
	c.begin(1)
	for range 20 {
		c.gop(25, 100) // one second each
	}
	if n := c.Info().Items; n != 501 {
		t.Fatalf("%d items are held that nobody confirmed", n)
	}
	got := mustTake(t, r, 0)
	r.Confirm(got[len(got)-51].Seq) // but for two seconds
	c.gop(25, 100)
	if i := c.Info(); i.Items != 126 || i.Duration != 5*time.Second {
		t.Errorf("%d items of %v are held", i.Items, i.Duration)
	}
	for range 7 {
		c.gop(25, 100)
	}
	if d := c.Info().Duration; d != 10*time.Second-frameTime {
		t.Errorf("%v are held of the ten seconds that are not confirmed", d)
	}
	r.Rewind()
	wantSeqs(t, mustTake(t, r, 0), 452, 701)
}

func TestPrerollDoesNotReachBehindAnEndThatLiesFurtherBack(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1)
	c.gop(25, 100) // 2 … 26
	c.End("camera offline")
	c.now.Add(int64(10 * time.Second))
	if got := mustTake(t, c.Lossless(5*time.Second), 0); len(got) != 0 {
		t.Fatalf("got %v from an ended session", seqs(got))
	}
	c.begin(2) // 28
	wantSeqs(t, mustTake(t, c.Lossless(5*time.Second), 0), 28, 28)
	c.frame(video, false, 10)
	c.gop(5, 100) // 30
	wantSeqs(t, mustTake(t, c.Lossless(5*time.Second), 0), 30, 34)
}

func TestRecorderThatIsOverrunLearnsWhatItLostAndGoesOn(t *testing.T) {
	c := newCamera(Options{MaxBytes: 10 * (1000 + itemCost)})
	c.begin(1)
	r := c.Lossless(0)
	mustTake(t, r, 0)
	c.frame(video, true, 1000)
	first := c.wall()
	for range 4 {
		c.gop(5, 1000)
	}
	_, err := r.Take(nil, 0)
	var o *Overrun
	if !errors.As(err, &o) || !errors.Is(err, ErrOverrun) {
		t.Fatalf("error %v", err)
	}
	if o.Seq != 2 || !o.Wall.Equal(first) || o.Lost != 11 || !o.Next.Equal(c.wall().Add(-9*frameTime)) {
		t.Fatalf("overrun %+v", o)
	}
	if _, again := r.Take(nil, 0); again != err {
		t.Fatalf("then %v", again)
	}
	r.Resume()
	wantSeqs(t, mustTake(t, r, 0), 13, 22)
	r.Rewind()
	wantSeqs(t, mustTake(t, r, 0), 13, 22)
}

func TestRewindGoesBackToTheFirstUnconfirmedItem(t *testing.T) {
	c := newCamera(Options{MaxBytes: 10 * (1000 + itemCost)})
	c.begin(1)
	r := c.Lossless(0)
	c.gop(5, 1000)
	wantSeqs(t, mustTake(t, r, 0), 1, 6)
	r.Confirm(3)
	r.Rewind()
	wantSeqs(t, mustTake(t, r, 0), 4, 6)
	r.Confirm(100) // counts as 6
	r.Confirm(2)
	r.Rewind()
	if got := mustTake(t, r, 0); len(got) != 0 {
		t.Fatalf("got %v", seqs(got))
	}
	c.gop(5, 1000)
	lost := c.wall().Add(-4 * frameTime)
	mustTake(t, r, 0)
	c.gop(20, 1000)
	mustTakeFails := func() *Overrun {
		r.Rewind()
		_, err := r.Take(nil, 0)
		var o *Overrun
		if !errors.As(err, &o) {
			t.Fatalf("error %v", err)
		}
		return o
	}
	if o := mustTakeFails(); o.Seq != 7 || !o.Wall.Equal(lost) {
		t.Fatalf("overrun %+v", o)
	}
}

func TestEndMarksCarryTheirCauseOnce(t *testing.T) {
	c := newCamera(Options{})
	r := c.Lossless(0)
	c.End("camera offline")
	c.End("camera offline")
	c.begin(1)
	c.gop(2, 10)
	if i := c.Info(); !i.Online || i.Cause != "" || i.KeyFrame.IsZero() {
		t.Fatalf("info %+v", i)
	}
	c.End("camera stalled")
	c.End("camera offline")
	got := ""
	for _, it := range mustTake(t, r, 0) {
		got += fmt.Sprintf("%s/%v ", it.End, it.Begins())
	}
	if want := "camera offline/false /true /false /false camera stalled/false camera offline/false "; got != want {
		t.Fatalf("items %q", got)
	}
	if _, ok := c.KeyFrame(); ok || c.Info().Online {
		t.Fatal("an ended session still shows a key frame")
	}
	if got := mustTake(t, c.Lossy(), 0); len(got) != 0 {
		t.Fatal("a viewer of an ended session gets old pictures")
	}
}

func TestMarksOfALongOutageOutliveTheFramesBeforeThem(t *testing.T) {
	c := newCamera(Options{MaxTime: 10 * time.Second})
	c.begin(1)
	r := c.Lossless(0)
	c.gop(5, 10)
	mustTake(t, r, 0)
	c.End("camera offline")
	c.now.Add(int64(time.Hour))
	c.begin(2)
	c.gop(2, 10)
	// The end was written an hour ago and never collected: that is an overrun, and it says from when on.
	_, err := r.Take(nil, 0)
	if !errors.Is(err, ErrOverrun) {
		t.Fatalf("error %v", err)
	}
	r.Resume()
	wantSeqs(t, mustTake(t, r, 0), 9, 10)
}

func TestCloseLetsReadersFinish(t *testing.T) {
	c := newCamera(Options{})
	r := c.Lossless(0)
	c.begin(1)
	c.Close()
	c.gop(3, 10)
	wantSeqs(t, mustTake(t, r, 0), 1, 1)
	if _, err := r.Take(nil, 0); !errors.Is(err, ErrClosed) {
		t.Fatalf("error %v", err)
	}
	if err := r.Wait(t.Context()); err != nil {
		t.Fatalf("wait: %v", err)
	}
}

func TestClosingAReaderEndsItsWait(t *testing.T) {
	c := newCamera(Options{})
	r := c.Lossy()
	done := make(chan error)
	go func() { _, err := r.Next(context.Background()); done <- err }()
	r.Close()
	r.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Fatalf("error %v", err)
	}
	if n := c.Info().Readers; n != 0 {
		t.Fatalf("%d readers", n)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(Options{}).Lossy().Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
}

func TestAWaitThatWasGivenUpDoesNotDisturbTheNext(t *testing.T) {
	c := newCamera(Options{})
	r := c.Lossy()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		_ = r.Wait(ctx)
	}
	c.begin(1)
	c.gop(1, 10)
	for want := range 2 {
		if it, err := r.Next(t.Context()); err != nil || it.Seq != uint64(want+1) {
			t.Fatalf("item %v, %v", it, err)
		}
	}
	wake := r.Wake()
	c.frame(video, false, 10)
	<-wake
	wantSeqs(t, mustTake(t, r, 0), 3, 3)
}

func TestAFrameIsPacketisedOnceForAllReaders(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1)
	c.gop(1, 10)
	key, _ := c.KeyFrame()
	var packed atomic.Int32
	pack := func(f *rtsp.Frame) [][]byte { packed.Add(1); return f.Payload }
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for _, it := range mustTakeAll(c.Lossy()) {
				it.Payloads(pack)
			}
		})
	}
	wg.Wait()
	if n := packed.Load(); n != 1 {
		t.Fatalf("packetised %d times", n)
	}
	for range 3 {
		c.gop(25, 10)
	}
	if key.payloads.Load() != nil {
		t.Fatal("payloads are kept for frames no viewer will get")
	}
}

func mustTakeAll(r *Reader) []*Item {
	got, err := r.Take(nil, 0)
	if err != nil {
		panic(err)
	}
	return got
}

func TestInfoMeasuresTheCamerasClock(t *testing.T) {
	c := newCamera(Options{})
	c.begin(1, video, audio)
	for range 500 {
		c.frame(video, c.dts%90000 == 0, 10000)
	}
	i := c.Info()
	if i.FPS != 25 || i.Bitrate != 25*10000*8 {
		t.Fatalf("%v fps, %v bit/s", i.FPS, i.Bitrate)
	}
	if i.Video() != video || i.Audio() != audio || i.Items != 501 || i.Bytes != 500*(10000+itemCost)+itemCost {
		t.Fatalf("info %+v", i)
	}
	better := &rtsp.Track{ID: 0, Codec: rtsp.H264, ClockRate: 90000, Width: 1920}
	c.frame(better, true, 10000)
	if i = c.Info(); i.Video() != better {
		t.Fatal("changed parameters do not show")
	}
	c.now.Add(int64(3 * time.Second))
	if i = c.Info(); i.FPS != 0 || i.Bitrate != 0 {
		t.Fatalf("a stalled camera shows %v fps, %v bit/s", i.FPS, i.Bitrate)
	}
}

func TestManyReadersSeeEveryFrameInOrderUnderRace(t *testing.T) {
	const frames = 3000
	s := New(Options{MaxBytes: 64 << 20})
	var wg sync.WaitGroup
	for i := range 30 {
		open := s.Lossy
		if i%3 != 0 {
			open = func() *Reader { return s.Lossless(0) }
		}
		r := open()
		wg.Go(func() { defer r.Close(); drain(t, r, i) })
	}
	wg.Go(func() {
		for range 200 {
			_ = s.Info()
			_, _ = s.KeyFrame()
			s.Lossy().Close()
		}
	})
	run := &rtsp.Run{ID: 1, Tracks: []*rtsp.Track{video}}
	s.Begin(run)
	for i := range frames {
		s.Frame(&rtsp.Frame{Run: run, Track: video, Key: i%25 == 0, Arrival: rtsp.MonoNow(), Size: 1000})
	}
	s.End("camera offline")
	s.Close()
	wg.Wait()
	if n := s.Info().Readers; n != 0 {
		t.Fatalf("%d readers left", n)
	}
}

// drain reads to the end: without a hole if lossless, going on only at key frames if lossy.
func drain(t *testing.T, r *Reader, i int) {
	var last uint64
	for {
		it, err := r.Next(t.Context())
		if errors.Is(err, ErrClosed) {
			return
		}
		if err != nil {
			t.Errorf("reader %d: %v", i, err)
			return
		}
		if it.Seq <= last || (it.Seq != last+1 && (!r.lossy || (it.Frame != nil && !it.Frame.Key))) {
			t.Errorf("reader %d: item %d after %d", i, it.Seq, last)
		}
		last = it.Seq
		if it.Frame != nil {
			it.Payloads(func(f *rtsp.Frame) [][]byte { return f.Payload })
		}
		if !r.lossy && it.Seq%16 == 0 {
			r.Confirm(it.Seq)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	for _, readers := range []int{0, 1, 50} {
		b.Run(fmt.Sprintf("waiting=%d", readers), func(b *testing.B) { benchmarkFrame(b, readers) })
	}
	b.Run("batching=50", benchmarkBatching)
}

// benchmarkFrame measures a frame from the writer into every reader's hands: each reader waits for each frame.
func benchmarkFrame(b *testing.B, readers int) {
	s := New(Options{})
	run := &rtsp.Run{ID: 1, Tracks: []*rtsp.Track{video}}
	s.Begin(run)
	taken := make(chan struct{}, readers)
	var wg sync.WaitGroup
	for range readers {
		r := s.Lossless(0)
		wg.Go(func() {
			var buf []*Item
			for {
				got, err := r.Take(buf[:0], 0)
				if err != nil {
					return
				}
				buf = got
				for _, it := range got {
					if it.Frame != nil {
						taken <- struct{}{}
					}
				}
				if r.Wait(context.Background()) != nil {
					return
				}
			}
		})
	}
	frames := benchFrames(run)
	b.ReportAllocs()
	for i := range b.N {
		f := &frames[i%len(frames)]
		f.Arrival = rtsp.Mono(i) * rtsp.Mono(frameTime)
		s.Frame(f)
		for range readers {
			<-taken
		}
	}
	b.StopTimer()
	s.Close()
	wg.Wait()
}

// benchmarkBatching measures the writer with readers that come twelve frames at a time.
func benchmarkBatching(b *testing.B) {
	s := New(Options{})
	run := &rtsp.Run{ID: 1, Tracks: []*rtsp.Track{video}}
	s.Begin(run)
	var readers []*Reader
	for range 50 {
		readers = append(readers, s.Lossless(0))
	}
	frames := benchFrames(run)
	var buf []*Item
	b.ReportAllocs()
	for i := range b.N {
		f := &frames[i%len(frames)]
		f.Arrival = rtsp.Mono(i) * rtsp.Mono(frameTime)
		s.Frame(f)
		if i%12 != 11 {
			continue
		}
		for _, r := range readers {
			buf, _ = r.Take(buf[:0], 0)
			r.Confirm(buf[len(buf)-1].Seq)
		}
	}
}

func benchFrames(run *rtsp.Run) []rtsp.Frame {
	frames := make([]rtsp.Frame, 1024) // more than the ring holds
	for i := range frames {
		frames[i] = rtsp.Frame{Run: run, Track: video, Key: i%50 == 0, Size: 40000}
	}
	return frames
}

package record

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
	"holdfast/storage"
	"holdfast/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const frameTime = 40 * time.Millisecond

// kit is a camera's stream, a disk that can be broken, and the recorder between them. It lives in a synctest bubble: a
// minute passes at once.
type kit struct {
	t      *testing.T
	disk   *hangs
	store  *storage.Store
	stream *stream.Stream
	rec    *Recorder
	began  time.Time

	run   *rtsp.Run
	track *rtsp.Track
	dts   rtsp.Ticks
	sent  uint32
	large int // bytes of a picture beyond the usual
	end   func()
	over  time.Time       // when end was called
	lags  []time.Duration // of the batches; read after end

	recording     context.Context // the recorder's
	stopRecording context.CancelFunc
}

// hangs is a disk on which no new name becomes durable while it is stuck.
type hangs struct {
	*storagetest.Disk
	mu    sync.Mutex // guards stuck
	stuck chan struct{}
}

func (h *hangs) SyncDir(path string) error {
	h.mu.Lock()
	stuck := h.stuck
	h.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	return h.Disk.SyncDir(path)
}

func (h *hangs) hang() (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	stuck := make(chan struct{})
	h.stuck = stuck
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.stuck = nil
		close(stuck)
	}
}

// recordWith runs f with a kit.
func recordWith(t *testing.T, f func(*kit)) {
	t.Helper()
	recordAfter(t, func(*kit) {}, f)
}

// recordAfter calls before when nothing runs yet, then f.
func recordAfter(t *testing.T, before, f func(*kit)) {
	index := filepath.Join(t.TempDir(), "index.db")
	synctest.Test(t, func(t *testing.T) {
		k := &kit{t: t, disk: &hangs{Disk: storagetest.New(1 << 30)}, began: time.Now().UTC()}
		var err error
		k.store, err = storage.Open(storage.Options{Index: index, FS: k.disk, Synchronised: func() bool { return true },
			Volumes: []storage.VolumeOptions{{Path: "/disk/volume", MinFree: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		mono := func() rtsp.Mono { return rtsp.Mono(time.Since(start)) }
		k.stream = stream.New(stream.Options{Mono: mono})
		k.rec = New(Options{Camera: "door", Stream: "main", From: k.stream, Store: k.store, Mono: mono,
			Synced: func(lag time.Duration) { k.lags = append(k.lags, lag) }})
		before(k)
		k.live(f)
	})
}

func (k *kit) live(f func(*kit)) {
	ctx, cancel := context.WithCancel(context.Background())
	k.recording, k.stopRecording = context.WithCancel(context.Background())
	defer k.stopRecording()
	keeping, recording := make(chan struct{}), make(chan error, 1)
	go func() { defer close(keeping); k.store.Run(ctx) }()
	go func() { recording <- k.rec.Run(k.recording) }()
	ended := false
	k.end = func() {
		if ended {
			return
		}
		ended = true
		k.over = time.Now()
		k.stream.Close()
		if err := <-recording; err != nil && k.recording.Err() == nil {
			k.t.Errorf("the recorder ended with %v", err)
		}
		cancel()
		<-keeping
	}
	f(k)
	k.end()
	if report, err := k.store.Check(context.Background(), storage.LevelHash, nil); err != nil || len(report.Findings) > 0 {
		k.t.Errorf("check: %+v, %v", report.Findings, err)
	}
	if err := k.store.Close(); err != nil {
		k.t.Error(err)
	}
}

func track(sps string) *rtsp.Track {
	b, _ := hex.DecodeString(sps)
	pps, _ := hex.DecodeString("68ebe3cb22c0")
	return &rtsp.Track{ID: 0, Codec: rtsp.H264, ClockRate: 90000, SPS: b, PPS: pps, Width: 320, Height: 240}
}

const (
	oneSPS     = "6764000dacd94141fb011000000300100000030320f1429960"
	anotherSPS = "67640028acd940780227e5c05a808080a0000003002000000651e30632c0"
)

func (k *kit) begin(id uint32, after string) {
	k.track = track(oneSPS)
	k.run = &rtsp.Run{ID: id, Start: time.Now().UTC(), Tracks: []*rtsp.Track{k.track}, After: after}
	k.dts = 0
	k.stream.Begin(k.run)
}

// play lets a time of pictures pass, a key frame each second.
func (k *kit) play(d time.Duration) {
	for n := range int(d / frameTime) {
		k.sent++
		payload := [][]byte{append(binary.BigEndian.AppendUint32([]byte{0x65}, k.sent), make([]byte, 400+k.large)...)}
		k.stream.Frame(&rtsp.Frame{Run: k.run, Track: k.track, PTS: k.dts, DTS: k.dts, Wall: time.Now().UTC(), Arrival: rtsp.Mono(time.Since(k.began)),
			Key: n%25 == 0, Payload: payload, Size: len(payload[0])})
		k.dts += rtsp.Ticks(frameTime * 90000 / time.Second)
		time.Sleep(frameTime)
	}
}

// expect compares the timeline, in seconds since the beginning.
func (k *kit) expect(want string) {
	k.t.Helper()
	spans, err := k.store.Spans("door", "main", k.began, k.over)
	if err != nil {
		k.t.Fatal(err)
	}
	var words []string
	for _, s := range spans {
		what := "recorded"
		if s.Gap {
			what = string(s.Cause)
		}
		words = append(words, fmt.Sprintf("%.2f-%.2f %s", s.Start.Sub(k.began).Seconds(), s.End.Sub(k.began).Seconds(), what))
	}
	if got := strings.Join(words, ", "); got != want {
		k.t.Errorf("the timeline is\n%s\nnot\n%s", got, want)
	}
}

// once wants every picture that was sent to be stored, once.
func (k *kit) once() {
	k.t.Helper()
	segments, err := k.store.Segments("door", "main", k.began, time.Now())
	if err != nil {
		k.t.Fatal(err)
	}
	seen := map[uint32]int{}
	for _, seg := range segments {
		m, err := k.store.Media(seg)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, s := range m.Table().Samples(0, 0) {
			b := make([]byte, 9)
			if _, err := m.ReadAt(b, s.Offset); err != nil {
				k.t.Fatal(err)
			}
			seen[binary.BigEndian.Uint32(b[5:])]++
		}
		m.Close()
	}
	for id := uint32(1); id <= k.sent; id++ {
		if seen[id] != 1 {
			k.t.Errorf("picture %d of %d is stored %d times", id, k.sent, seen[id])
			return
		}
	}
}

func TestInterruptionsAreGapsWithTheirCause(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		k.play(5 * time.Second)
		k.stream.End(string(storage.CauseOffline))
		time.Sleep(3 * time.Second)
		k.stream.End(string(storage.CauseAuth))
		time.Sleep(2 * time.Second)
		k.begin(2, "")
		k.play(2 * time.Second)
		k.end()
		k.expect("0.00-5.00 recorded, 5.00-8.00 camera offline, 8.00-10.00 authentication refused, 10.00-12.00 recorded")
		spans, err := k.store.Spans("door", "main", k.over, time.Now())
		if err != nil || len(spans) != 1 || spans[0].Cause != storage.CauseStopped {
			t.Errorf("after the end: %v, %v", spans, err)
		}
		k.once()
	})
}

func TestWhatIsRecordedIsSafeWithinASecond(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		for range 10 {
			k.play(time.Second)
			last := k.rec.Status().LastSynced
			if age := time.Since(last); age > storage.BatchTime+2*frameTime {
				t.Errorf("the newest picture that is safe is %v old", age)
			}
		}
		if st := k.rec.Status(); st.State != Recording || st.Unsynced != 0 {
			t.Errorf("status %+v", st)
		}
		k.end()
		if len(k.lags) < 10 || slices.Max(k.lags) > storage.BatchTime+2*frameTime || slices.Min(k.lags) < 0 {
			t.Errorf("%d batches waited %v", len(k.lags), k.lags)
		}
	})
}

func TestNothingIsRecordedBeforeAKeyFrame(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		k.track = track(oneSPS)
		for range 50 {
			payload := [][]byte{{0x41, 1, 2, 3}}
			k.stream.Frame(&rtsp.Frame{Run: k.run, Track: k.track, PTS: k.dts, DTS: k.dts, Wall: time.Now().UTC(), Arrival: rtsp.Mono(time.Since(k.began)), Payload: payload, Size: 4})
			k.dts += 3600
			time.Sleep(frameTime)
		}
		if st := k.rec.Status(); st.State != Waiting || !st.LastSynced.IsZero() {
			t.Errorf("status %+v without a key frame", st)
		}
		k.play(2 * time.Second)
		if st := k.rec.Status(); st.State != Recording {
			t.Errorf("status %+v", st)
		}
		k.end()
		k.expect("2.00-4.00 recorded")
		k.once()
	})
}

func TestClockStepIsNamed(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		k.play(2 * time.Second)
		time.Sleep(time.Second)
		k.begin(2, string(storage.CauseClock))
		k.play(2 * time.Second)
		k.end()
		k.expect("0.00-2.00 recorded, 2.00-3.00 clock step, 3.00-5.00 recorded")
		k.once()
	})
}

func TestChangedParametersAreASegmentWithoutAGap(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		k.play(2 * time.Second)
		k.track = track(anotherSPS)
		k.play(2 * time.Second)
		k.end()
		k.expect("0.00-4.00 recorded")
		k.once()
		if list, _ := k.store.Segments("door", "main", k.began, time.Now()); len(list) != 2 {
			t.Errorf("%d segments", len(list))
		}
	})
}

func TestFailureThatMemoryCoversLosesNothing(t *testing.T) {
	full := func(k *kit) func() { k.disk.Resize(1); return func() { k.disk.Resize(1 << 30) } }
	for name, breakIt := range map[string]func(*kit) (mend func()){
		"errors": func(k *kit) func() { k.disk.Break(syscall.EIO); return k.disk.Mend },
		"unmounted": func(k *kit) func() {
			k.disk.Unmount("/disk/volume")
			return func() { k.disk.Mount("/disk/volume") }
		},
		"full, without room reserved": full,
		"full, beyond what was reserved": func(k *kit) func() {
			k.large = 80 << 10 // 16 MiB in eight seconds
			mend := full(k)
			return func() { mend(); k.large = 0 }
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := func(k *kit) {
				if strings.Contains(name, "without room") {
					k.disk.Unreserved()
				}
			}
			recordAfter(t, before, func(k *kit) {
				k.begin(1, "")
				k.play(3 * time.Second)
				mend := breakIt(k)
				k.play(10 * time.Second)
				if st := k.rec.Status(); st.State != Failing || st.Cause == "" {
					t.Errorf("status %+v", st)
				}
				mend()
				k.play(8 * time.Second)
				if st := k.rec.Status(); st.State != Recording {
					t.Errorf("status %+v", st)
				}
				k.end()
				k.expect("0.00-21.00 recorded")
				k.once()
			})
		})
	}
}

func TestFailureThatMemoryDoesNotCoverIsAGapWithItsCause(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		k.play(3 * time.Second)
		k.disk.Break(syscall.EIO)
		k.play(60 * time.Second)
		k.disk.Mend()
		k.play(10 * time.Second)
		k.end()
		spans, err := k.store.Spans("door", "main", k.began, k.over)
		if err != nil || len(spans) != 3 || !spans[1].Gap || spans[1].Cause != storage.CauseFailing {
			t.Fatalf("spans %v, %v", spans, err)
		}
		if lost := spans[1].End.Sub(spans[1].Start); lost > 34*time.Second {
			t.Errorf("%v of 60 s are lost although memory holds 30", lost)
		}
	})
}

// A gateway that stops while its volume is away must not say that the footage before is missing because it stopped.
func TestStoppingWhileTheVolumeFailsNamesBothCauses(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		k.play(3 * time.Second)
		k.disk.Break(syscall.EIO)
		k.play(10 * time.Second)
		k.stopRecording()
		k.end()
		k.expect("0.00-2.88 recorded, 2.88-13.00 volume failing")
		k.disk.Mend()
		time.Sleep(5 * time.Second)
		spans, err := k.store.Spans("door", "main", k.over, time.Now())
		if err != nil || len(spans) != 1 || spans[0].Cause != storage.CauseStopped {
			t.Errorf("after the end: %v, %v", spans, err)
		}
	})
}

func TestRecorderWaitsForTheOneBeforeItToEnd(t *testing.T) {
	var before *storage.Writer
	recordAfter(t, func(k *kit) {
		var err error
		if before, err = k.store.Writer("door", "main"); err != nil {
			t.Fatal(err)
		}
	}, func(k *kit) {
		k.begin(1, "")
		k.play(5 * time.Second)
		if st := k.rec.Status(); st.State != Failing {
			t.Errorf("status %+v while another has the stream", st)
		}
		if err := before.Close(storage.CauseStopped); err != nil {
			t.Fatal(err)
		}
		k.play(5 * time.Second)
		k.end()
		k.once()
	})
}

func TestVolumeThatDoesNotAnswerIsSaidAndItsGapNamed(t *testing.T) {
	recordWith(t, func(k *kit) {
		k.begin(1, "")
		k.play(3 * time.Second)
		release := k.disk.hang()
		k.track = track(anotherSPS) // a new file is needed
		k.play(10 * time.Second)
		if st := k.rec.Status(); st.State != Recording {
			t.Errorf("a disk that has to spin up is a failure: %+v", st)
		}
		k.play(50 * time.Second)
		if st := k.rec.Status(); st.State != Failing || st.Cause != storage.CauseSlow || st.Since.Sub(k.began) > 5*time.Second {
			t.Errorf("status %+v of a volume that does not answer", st)
		}
		release()
		k.play(10 * time.Second)
		if st := k.rec.Status(); st.State != Recording || st.Cause != "" {
			t.Errorf("status %+v", st)
		}
		k.end()
		spans, err := k.store.Spans("door", "main", k.began, k.over)
		if err != nil || len(spans) != 3 || spans[1].Cause != storage.CauseSlow || !spans[1].Start.Before(k.began.Add(5*time.Second)) {
			t.Errorf("spans %v, %v", spans, err)
		}
	})
}

// What a reader lost may be known without its time.
func TestLossOfUnknownTimeBeginsWhereSafetyEnds(t *testing.T) {
	recordWith(t, func(k *kit) {
		writer, err := k.store.Writer("gate", "main")
		if err != nil {
			t.Fatal(err)
		}
		r := New(Options{Camera: "gate", Stream: "main", From: k.stream, Store: k.store})
		defer r.reader.Close()
		r.writer = writer
		safe := time.Now()
		r.synced(safe)
		time.Sleep(10 * time.Second)
		r.overrun(&stream.Overrun{Seq: 1, Lost: 5, Next: time.Now()})
		if err := writer.Close(storage.CauseStopped); err != nil {
			t.Fatal(err)
		}
		spans, err := k.store.Spans("gate", "main", safe.Add(-time.Hour), time.Now())
		if err != nil || len(spans) != 1 || !spans[0].Start.Equal(safe) || spans[0].Cause != storage.CauseSlow {
			t.Errorf("spans %v, %v", spans, err)
		}
	})
}

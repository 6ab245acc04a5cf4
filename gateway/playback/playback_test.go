package playback

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/storage"
	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 10, 25, 0, 59, 50, 250_000_000, time.UTC)

// archive is a store with a camera's footage in it.
type archive struct {
	t      testing.TB
	dir    string
	store  *storage.Store
	writer *storage.Writer
	play   *Playback
}

// slew is how much faster the host's clock runs than the camera's.
const slew = 300e-6

func newArchive(t testing.TB) *archive {
	t.Helper()
	a := &archive{t: t, dir: t.TempDir()}
	log := slog.New(slog.DiscardHandler)
	volume := filepath.Join(a.dir, "volume")
	if err := os.MkdirAll(volume, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	a.store, err = storage.Open(storage.Options{Index: filepath.Join(a.dir, "index.db"), Log: log,
		Now:     func() time.Time { return begin.Add(time.Hour) },
		Volumes: []storage.VolumeOptions{{Path: volume, Adopt: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if a.writer, err = a.store.Writer("door", "main"); err != nil {
		t.Fatal(err)
	}
	a.play = New(a.store, log)
	t.Cleanup(func() {
		a.play.Close()
		if err := errors.Join(a.writer.Close(storage.CauseStopped), a.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// record writes footage that starts at a wall time, in segments that begin with every n-th key frame.
func (a *archive) record(f *fmp4test.Footage, run uint32, at time.Time, keys int) {
	a.t.Helper()
	seen, pending := 0, []storage.Sample(nil)
	for _, s := range f.Samples {
		if s.Track == 1 && s.Sync {
			a.write(pending)
			pending = nil
			if seen%keys == 0 {
				a.must(a.writer.Begin(run, at, f.Tracks))
			}
			seen++
		}
		pending = append(pending, storage.Sample{Sample: s, Wall: at.Add(wallOf(f, &s))})
	}
	a.write(pending)
}

func (a *archive) write(s []storage.Sample) {
	a.t.Helper()
	if len(s) > 0 {
		a.must(a.writer.Write(s))
		a.must(a.writer.Flush(context.Background()))
	}
}

func (a *archive) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// wallOf is when a sample was captured, after the first picture.
func wallOf(f *fmp4test.Footage, s *fmp4.Sample) time.Duration {
	tr := f.Tracks[s.Track-1]
	d := float64(s.DTS+int64(s.CTO))/float64(tr.Timescale) - float64(f.Tracks[0].Origin)/float64(f.Tracks[0].Timescale)
	return time.Duration(math.Round(d * (1 + slew) * 1e9))
}

func (a *archive) clip(from, to time.Time, o Options) *Clip {
	a.t.Helper()
	c, err := a.play.Clip(context.Background(), "door", "main", from, to, o)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { c.Close() })
	return c
}

// file reads a clip to its end into a file.
func (a *archive) file(c *Clip) string {
	a.t.Helper()
	b, err := io.ReadAll(c)
	if err != nil || int64(len(b)) != c.Size() {
		a.t.Fatalf("read %d bytes of %d: %v", len(b), c.Size(), err)
	}
	path := filepath.Join(a.t.TempDir(), "clip.mp4")
	a.must(os.WriteFile(path, b, 0o600))
	return path
}

func TestClipHoldsEveryFrameOfTheRun(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]fmp4test.Options{
		"B-frames and G.711": {B: 2, Audio: fmp4.PCMU},
		"H.265":              {Codec: "libx265", B: 1},
		"AAC":                {Audio: fmp4.AAC},
		"Opus":               {Audio: fmp4.Opus},
	} {
		t.Run(name, func(t *testing.T) {
			o.Seconds, o.GOP = 12, 25
			f := fmp4test.Make(t, o)
			a := newArchive(t)
			a.record(f, 1, begin, 4)
			c := a.clip(begin.Add(-time.Minute), begin.Add(time.Minute), Options{})
			path := a.file(c)
			if c.Duration() != 12*time.Second {
				t.Errorf("lasts %v", c.Duration())
			}
			if got := len(fmp4test.Hashes(t, path, "v:0")); got != 300 {
				t.Errorf("%d pictures decoded of 300", got)
			}
			pts, _ := fmp4test.Packets(t, path, "v:0")
			for i, s := range f.Of(1) {
				want := begin.Add(wallOf(f, &s))
				if got := c.Map().WallAt(pts[i]); got.Sub(want).Abs() > time.Millisecond {
					t.Fatalf("picture %d: the map says %v, it was taken at %v", i, got, want)
				}
			}
			if len(f.Tracks) > 1 {
				fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-map", "0:a", "-f", "null", "-")
			}
		})
	}
}

// A segment that is being recorded is longer when it is opened than it was when it was found, a reel's last one by as much as its viewer
// took for what comes before. Held against the end that it had then, its pictures were said to be of times long before theirs.
func TestASegmentThatGrewSinceItWasFoundKeepsItsTimes(t *testing.T) {
	t.Parallel()
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 8, GOP: 25})
	for name, closed := range map[string]bool{"still recorded": false, "closed meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			a := newArchive(t)
			a.must(a.writer.Begin(1, begin, f.Tracks))
			var samples []storage.Sample
			for _, s := range f.Samples {
				samples = append(samples, storage.Sample{Sample: s, Wall: begin.Add(wallOf(f, &s))})
			}
			a.write(samples[:25])
			found, err := a.store.Segments("door", "main", begin, begin.Add(time.Hour))
			if err != nil || len(found) != 1 || !found[0].Open {
				t.Fatalf("%+v %v", found, err)
			}
			for s := range slices.Chunk(samples[25:], 25) {
				a.write(s)
			}
			if closed {
				a.must(a.writer.Gap(storage.CauseOffline, begin.Add(8*time.Second)))
			}
			until := begin.Add(6 * time.Second)
			x, err := a.play.part(key{camera: "door", stream: "main", from: begin, to: until}, found, 0)
			if err != nil {
				t.Fatal(err)
			}
			tr := f.Tracks[0]
			for i, s := range f.Of(1) {
				at, want := x.wallAt(x.since(s.DTS+int64(s.CTO), tr)), begin.Add(wallOf(f, &s))
				if at.Sub(want).Abs() > time.Millisecond {
					t.Fatalf("picture %d is said to be of %v, and is of %v", i, at.Sub(begin), want.Sub(begin))
				}
			}
			if at := x.wallAt(x.to); at.Sub(until).Abs() > time.Millisecond {
				t.Errorf("it is shown until %v, and was asked for until %v", at.Sub(begin), until.Sub(begin))
			}
		})
	}
}

func TestClipShowsExactlyTheFramesOfItsRange(t *testing.T) {
	t.Parallel()
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25, B: 2, Audio: fmp4.PCMA})
	a := newArchive(t)
	a.record(f, 1, begin, 4)
	all := fmp4test.Hashes(t, a.file(a.clip(begin, begin.Add(time.Minute), Options{})), "v:0")
	var walls []time.Duration
	for _, s := range f.Of(1) {
		walls = append(walls, wallOf(f, &s))
	}
	slices.Sort(walls)
	random := rand.New(rand.NewPCG(7, 8))
	for range 12 {
		from := time.Duration(random.Int64N(int64(11 * time.Second)))
		to := from + time.Duration(random.Int64N(int64(12*time.Second-from))) + 50*time.Millisecond
		c := a.clip(begin.Add(from), begin.Add(to), Options{})
		var want []string
		for i, w := range walls {
			if w >= from && w < to {
				want = append(want, all[i])
			}
		}
		if got := fmp4test.Hashes(t, a.file(c), "v:0"); !near(got, want) {
			t.Errorf("[%v, %v): shows %d pictures, want %d", from, to, len(got), len(want))
		}
		m := c.Map()
		if m.From.Sub(begin.Add(from)).Abs() > time.Millisecond || m.WallAt(0) != m.From {
			t.Errorf("[%v, %v): the map begins at %v", from, to, m.From.Sub(begin))
		}
	}
}

// near allows for the first or last picture when its time is the range's to the microsecond, which
// ticks of 90 kHz cannot tell.
func near(got, want []string) bool {
	return slices.Equal(got, want) || len(want) > 0 && (slices.Equal(got, want[1:]) || slices.Equal(got, want[:len(want)-1]))
}

func TestClipSkipsGapsAndSaysWhy(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 4, GOP: 25, Audio: fmp4.PCMU})
	a := newArchive(t)
	a.record(f, 1, begin, 100)
	a.must(a.writer.Gap(storage.CauseOffline, begin.Add(4*time.Second)))
	again := begin.Add(14 * time.Second)
	a.record(f, 2, again, 100)
	c := a.clip(begin.Add(2*time.Second), begin.Add(16*time.Second), Options{})
	m := c.Map()
	if math.Abs(m.Duration-4) > 0.01 {
		t.Errorf("lasts %v", m.Duration)
	}
	var gap *Gap
	for i := range m.Gaps {
		if m.Gaps[i].Cause == storage.CauseOffline {
			gap = &m.Gaps[i]
		}
	}
	if gap == nil || math.Abs(gap.Media-2) > 0.01 || gap.End.Sub(again).Abs() > 50*time.Millisecond {
		t.Fatalf("gaps: %+v", m.Gaps)
	}
	for _, x := range []struct {
		media float64
		wall  time.Time
	}{{0, begin.Add(2 * time.Second)}, {1, begin.Add(3 * time.Second)}, {2.01, again.Add(10 * time.Millisecond)}, {4, again.Add(2 * time.Second)}} {
		if got := m.WallAt(x.media); got.Sub(x.wall).Abs() > 5*time.Millisecond {
			t.Errorf("second %v is %v, want %v", x.media, got.Sub(begin), x.wall.Sub(begin))
		}
	}
	if got := len(fmp4test.Hashes(t, a.file(c), "v:0")); got < 99 || got > 101 {
		t.Errorf("%d pictures", got)
	}
}

func TestClipKeepsChangedParametersOfARun(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2, GOP: 25})
	g := fmp4test.Make(t, fmp4test.Options{Seconds: 2, GOP: 25, Size: "192x108"})
	a := newArchive(t)
	a.record(f, 1, begin, 100)
	for i := range g.Samples {
		g.Samples[i].DTS += 2 * 90000
	}
	a.record(g, 1, begin, 100)
	path := a.file(a.clip(begin, begin.Add(time.Minute), Options{}))
	if got := len(fmp4test.Hashes(t, path, "v:0")); got != 100 {
		t.Errorf("%d pictures decoded of 100", got)
	}
	if pts, _ := fmp4test.Packets(t, path, "v:0"); len(pts) != 100 || math.Abs(pts[99]-3.96) > 1e-4 {
		t.Errorf("%d pictures, the last at %v", len(pts), pts[len(pts)-1])
	}
}

func TestClipIsClampedToWhatIsSynced(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 4, GOP: 25})
	a := newArchive(t)
	half := len(f.Samples) / 2
	a.record(&fmp4test.Footage{Tracks: f.Tracks, Samples: f.Samples[:half]}, 1, begin, 100)
	first := a.clip(begin, begin.Add(time.Minute), Options{})
	if got := first.Map().To.Sub(begin); (got-2*time.Second).Abs() > 5*time.Millisecond || first.Duration() != 2*time.Second {
		t.Errorf("ends at %v after %v", got, first.Duration())
	}
	var rest []storage.Sample
	for _, s := range f.Samples[half:] {
		rest = append(rest, storage.Sample{Sample: s, Wall: begin.Add(wallOf(f, &s))})
	}
	a.write(rest)
	if c := a.clip(begin, begin.Add(time.Minute), Options{}); c.Duration() != 4*time.Second || c.ETag() == first.ETag() {
		t.Errorf("what was recorded since is not in the clip: %v", c.Duration())
	}
	if got := len(fmp4test.Hashes(t, a.file(first), "v:0")); got != 50 {
		t.Errorf("the first clip has %d pictures of 50", got)
	}
}

func TestClipGoesOnWhileItsEndIsRecorded(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 4, GOP: 25})
	a := newArchive(t)
	half := len(f.Samples) / 2
	a.record(&fmp4test.Footage{Tracks: f.Tracks, Samples: f.Samples[:half]}, 1, begin, 100)
	first := a.clip(begin, begin.Add(time.Minute), Options{})
	var rest []storage.Sample
	for _, s := range f.Samples[half:] {
		rest = append(rest, storage.Sample{Sample: s, Wall: begin.Add(wallOf(f, &s))})
	}
	a.write(rest)
	if c := a.clip(begin, begin.Add(time.Minute), Options{Continue: true}); c.ETag() != first.ETag() {
		t.Error("a request for more of a clip got another one")
	}
}

func TestRangesThatGiveNoClip(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2})
	a := newArchive(t)
	a.record(f, 1, begin, 100)
	for name, x := range map[string]struct {
		from, to time.Time
		want     error
	}{
		"before":    {begin.Add(-time.Hour), begin.Add(-time.Minute), ErrNoFootage},
		"after":     {begin.Add(10 * time.Second), begin.Add(time.Minute), ErrNoFootage},
		"empty":     {begin, begin, ErrRange},
		"backwards": {begin.Add(time.Second), begin, ErrRange},
		"too long":  {begin, begin.Add(MaxRange + 1), ErrRange},
	} {
		if _, err := a.play.Clip(context.Background(), "door", "main", x.from, x.to, Options{}); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
	if _, err := a.play.Clip(context.Background(), "gate", "main", begin, begin.Add(time.Second), Options{}); !errors.Is(err, ErrNoFootage) {
		t.Errorf("unknown camera: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.play.Clip(ended, "door", "main", begin, begin.Add(time.Second), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func (a *archive) server(from, to time.Time) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := a.play.Clip(r.Context(), "door", "main", from, to, Options{Continue: Continues(r)})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer c.Close()
		c.ServeHTTP(w, r)
	}))
	a.t.Cleanup(s.Close)
	return s
}

func TestHTTPRangesAreTheBytesOfTheWhole(t *testing.T) {
	t.Parallel()
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 8, GOP: 25, B: 1, Audio: fmp4.PCMU})
	a := newArchive(t)
	a.record(f, 1, begin, 2)
	s := a.server(begin.Add(1300*time.Millisecond), begin.Add(6700*time.Millisecond))
	whole, head := get(t, s, "")
	tag := head.Header.Get("ETag")
	if head.StatusCode != 200 || head.ContentLength != int64(len(whole)) || !strings.HasPrefix(tag, `"`) || !strings.HasPrefix(head.Header.Get("Content-Type"), `video/mp4; codecs="avc1.`) {
		t.Fatalf("%d %v", head.StatusCode, head.Header)
	}
	random := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		x := random.IntN(len(whole))
		y := x + random.IntN(len(whole)-x)
		part, head := get(t, s, "bytes="+strconv.Itoa(x)+"-"+strconv.Itoa(y))
		if head.StatusCode != 206 || head.Header.Get("ETag") != tag || !bytes.Equal(part, whole[x:y+1]) {
			t.Fatalf("bytes %d to %d: %d, %d bytes", x, y, head.StatusCode, len(part))
		}
	}
	if part, head := get(t, s, "bytes=-100"); head.StatusCode != 206 || !bytes.Equal(part, whole[len(whole)-100:]) {
		t.Errorf("the last 100 bytes: %d, %d bytes", head.StatusCode, len(part))
	}
	if _, head := get(t, s, "bytes="+strconv.Itoa(len(whole))+"-"); head.StatusCode != 416 {
		t.Errorf("beyond the end: %d", head.StatusCode)
	}
}

func get(t *testing.T, s *httptest.Server, ranges string) ([]byte, *http.Response) {
	t.Helper()
	r, _ := http.NewRequest("GET", s.URL, nil)
	if ranges != "" {
		r.Header.Set("Range", ranges)
	}
	w, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b, w
}

func TestReadAtEqualsReading(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 8, GOP: 25, Audio: fmp4.PCMA})
	a := newArchive(t)
	a.record(f, 1, begin, 2)
	c := a.clip(begin, begin.Add(time.Minute), Options{})
	whole, err := io.ReadAll(c)
	a.must(err)
	random := rand.New(rand.NewPCG(11, 12))
	for range 2000 {
		off := random.Int64N(c.Size())
		b := make([]byte, 1+random.IntN(3000))
		n, err := c.ReadAt(b, off)
		if (err != nil && err != io.EOF) || !bytes.Equal(b[:n], whole[off:min(off+int64(len(b)), c.Size())]) {
			t.Fatalf("%d bytes at %d: %v", n, off, err)
		}
	}
}

// segmentFiles are the archive's segment files.
func (a *archive) segmentFiles() (paths []string) {
	a.must(filepath.WalkDir(filepath.Join(a.dir, "volume"), func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".mp4") {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

func TestDeletedFootageIsSaidToBeGone(t *testing.T) {
	t.Parallel()
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2, GOP: 25})
	a := newArchive(t)
	for run := range uint32(MaxOpen + 10) {
		a.record(f, run+1, begin.Add(time.Duration(run)*3*time.Second), 100)
	}
	c := a.clip(begin, begin.Add(time.Hour), Options{})
	want, err := io.ReadAll(c)
	a.must(err)
	if n := openFiles(t, a.dir); n > MaxOpen+5 {
		t.Errorf("%d files are open, at most %d are kept", n, MaxOpen)
	}
	// The last part has been read last: its file is still open, and stays readable.
	for _, path := range a.segmentFiles() {
		a.must(os.Remove(path))
	}
	tail := make([]byte, 1000)
	if _, err := c.ReadAt(tail, c.Size()-1000); err != nil || !bytes.Equal(tail, want[len(want)-1000:]) {
		t.Errorf("a file that is open is not read after its deletion: %v", err)
	}
	_, err = c.Seek(0, io.SeekStart)
	a.must(err)
	if b, err := io.ReadAll(c); !errors.Is(err, ErrGone) || !bytes.Equal(b, want[:len(b)]) {
		t.Errorf("read %d bytes of deleted footage: %v", len(b), err)
	}
}

func openFiles(t *testing.T, under string) (n int) {
	t.Helper()
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc to count open files in")
	}
	for _, l := range links {
		if to, err := os.Readlink("/proc/self/fd/" + l.Name()); err == nil && strings.HasPrefix(to, under) && strings.HasSuffix(to, ".mp4") {
			n++
		}
	}
	return n
}

func TestCutShortAnswerIsNotTakenForWhole(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 4, GOP: 25, Size: "640x360"})
	a := newArchive(t)
	a.record(f, 1, begin, 2)
	c := a.clip(begin, begin.Add(time.Minute), Options{})
	a.play.Close()
	s := httptest.NewUnstartedServer(http.HandlerFunc(c.ServeHTTP))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.Start()
	defer s.Close()
	w, err := s.Client().Get(s.URL)
	if err == nil {
		_, err = io.Copy(io.Discard, w.Body)
		w.Body.Close()
	}
	if err == nil {
		t.Error("an answer that was cut short looks whole")
	}
}

func TestMapPointsRunFromStartToEnd(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 8, GOP: 25})
	a := newArchive(t)
	a.record(f, 1, begin, 2)
	m, err := a.play.Map(context.Background(), "door", "main", begin, begin.Add(time.Minute), Options{})
	a.must(err)
	if m.Points[0].Media != 0 || m.Points[len(m.Points)-1].Media != m.Duration || len(m.Points) > 5 {
		t.Errorf("%+v", m)
	}
	if got := m.To.Sub(m.From).Seconds(); math.Abs(got-8*(1+slew)) > 0.001 {
		t.Errorf("8 seconds of the camera are %v of the host", got)
	}
}

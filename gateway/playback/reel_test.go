package playback

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"holdfast/storage/fmp4/fmp4test"
)

func (a *archive) reel(from, to time.Time, keys int) (path string) {
	a.t.Helper()
	r, err := a.play.Reel(context.Background(), "door", "main", from, to, ReelOptions{Keys: keys})
	a.must(err)
	var b bytes.Buffer
	a.must(r.Write(context.Background(), &b))
	path = filepath.Join(a.t.TempDir(), "reel.mp4")
	a.must(os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

// walls are the wall times of what a player reads from a reel.
func walls(t *testing.T, path string) (list []time.Time) {
	pts, _ := fmp4test.Packets(t, path, "v:0")
	slices.Sort(pts)
	for _, s := range pts {
		whole := math.Floor(s)
		list = append(list, time.Unix(int64(whole), int64((s-whole)*1e9)).UTC())
	}
	return list
}

func TestReelTellsTheWallTimeOfEveryPictureOverGaps(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25, B: 2})
	a := newArchive(t)
	a.record(f, 1, begin, 4)
	a.record(f, 2, begin.Add(30*time.Second), 4)
	var want []time.Time
	for _, at := range []time.Time{begin, begin.Add(30 * time.Second)} {
		for _, s := range f.Of(1) {
			want = append(want, at.Add(wallOf(f, &s)))
		}
	}
	slices.SortFunc(want, time.Time.Compare)
	path := a.reel(begin.Add(-time.Minute), begin.Add(time.Minute), 0)
	same(t, walls(t, path), want)
	if n := len(fmp4test.Hashes(t, path, "v:0")); n != len(want) {
		t.Errorf("%d pictures decoded of %d", n, len(want))
	}

	// From the key frame before to the key frame behind: what has to be decoded, and no more.
	same(t, walls(t, a.reel(begin.Add(2500*time.Millisecond), begin.Add(4100*time.Millisecond), 0)), want[50:125])
	if _, err := a.play.Reel(context.Background(), "door", "main", begin.Add(20*time.Second), begin.Add(25*time.Second), ReelOptions{}); !errors.Is(err, ErrNoFootage) {
		t.Errorf("a reel of a gap: %v", err)
	}
	if _, err := a.play.Reel(context.Background(), "door", "main", begin, begin.Add(MaxReel+1), ReelOptions{}); !errors.Is(err, ErrRange) {
		t.Errorf("a reel that is too long: %v", err)
	}
}

func TestReelOfKeyFramesSpreadsThemOverTheRange(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25})
	a := newArchive(t)
	a.record(f, 1, begin, 4)
	a.record(f, 2, begin.Add(30*time.Second), 4)
	all := walls(t, a.reel(begin, begin.Add(time.Minute), MaxKeys))
	if len(all) != 24 {
		t.Fatalf("%d key frames of 24", len(all))
	}
	few := walls(t, a.reel(begin, begin.Add(time.Minute), 12))
	if len(few) < 5 || len(few) > 12 {
		t.Fatalf("%d key frames, 12 were asked for", len(few))
	}
	for i := range few[1:] {
		if d := few[i+1].Sub(few[i]); d < 4*time.Second {
			t.Errorf("key frames %v apart", d)
		}
	}
	if path := a.reel(begin, begin.Add(time.Minute), 12); len(fmp4test.Hashes(t, path, "v:0")) != len(few) {
		t.Error("not every key frame decodes")
	}
}

func TestStillIsTheKeyFrameShownAtAMoment(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 6, GOP: 25})
	a := newArchive(t)
	a.record(f, 1, begin, 3)
	s, err := a.play.Still(context.Background(), "door", "main", begin.Add(2700*time.Millisecond), 0)
	a.must(err)
	near := func(at time.Time, want time.Duration) bool { return at.Sub(begin.Add(want)).Abs() < 2*time.Millisecond }
	if !near(s.At, 2*time.Second) || !near(s.Until, 3*time.Second) || len(s.Units) == 0 {
		t.Errorf("still of %v to %v, %d units", s.At.Sub(begin), s.Until.Sub(begin), len(s.Units))
	}
	if _, err := a.play.Still(context.Background(), "door", "main", begin.Add(time.Minute), 0); !errors.Is(err, ErrNoFootage) {
		t.Errorf("a still of a gap: %v", err)
	}
}

func TestCurveSeesEveryPictureOnceAndIsKept(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25})
	a := newArchive(t)
	a.record(f, 1, begin, 4)
	seen, measured := 0, 0
	measure := func(from, to time.Time, pictures iter.Seq[Size]) []byte {
		measured++
		for p := range pictures {
			if p.At.Before(from.Add(-time.Millisecond)) || !p.At.Before(to) || p.Bytes == 0 {
				t.Errorf("picture of %v, %d bytes, in [%v, %v)", p.At, p.Bytes, from, to)
			}
			seen++
		}
		return []byte{1}
	}
	for range 2 {
		told := 0
		a.must(a.play.Curve(context.Background(), "door", "main", begin, begin.Add(time.Minute), measure, func(_, _ time.Time, curve []byte) { told += len(curve) }))
		if told != 3 {
			t.Errorf("%d curves of 3 segments", told)
		}
	}
	if measured > 4 || seen < 300 { // the last segment is open and measured again
		t.Errorf("%d segments measured, %d pictures seen", measured, seen)
	}
}

func same(t *testing.T, got, want []time.Time) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d pictures, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Sub(want[i]).Abs() > time.Millisecond {
			t.Fatalf("picture %d is of %v, was taken at %v", i, got[i], want[i])
		}
	}
}

// TestTheRunThatIsAskedForIsShownAlone: of two recordings of the same times, whichever is shown otherwise.
func TestTheRunThatIsAskedForIsShownAlone(t *testing.T) {
	t.Parallel()
	one := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25})
	two := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25, Pattern: "testsrc"})
	back := begin.Add(5300 * time.Millisecond)
	a := newArchive(t)
	a.record(one, 1, begin, 2)
	a.record(two, 2, back, 2)
	for run, f := range map[uint32]*fmp4test.Footage{1: one, 2: two} {
		starts := map[uint32]time.Time{1: begin, 2: back}[run]
		from, to := begin.Add(-time.Second), begin.Add(time.Minute)
		var want []time.Time
		for _, s := range f.Of(1) {
			want = append(want, starts.Add(wallOf(f, &s)))
		}
		slices.SortFunc(want, time.Time.Compare)
		r, err := a.play.Reel(t.Context(), "door", "main", from, to, ReelOptions{Run: run})
		a.must(err)
		var b bytes.Buffer
		a.must(r.Write(t.Context(), &b))
		path := filepath.Join(t.TempDir(), "reel.mp4")
		a.must(os.WriteFile(path, b.Bytes(), 0o600))
		same(t, walls(t, path), want)

		clip := a.clip(from, to, Options{Run: run})
		m := clip.Map()
		if len(m.Gaps) != 0 || m.From.Sub(want[0]).Abs() > time.Millisecond || clip.Duration().Round(time.Second) != 12*time.Second {
			t.Errorf("the clip of run %d lasts %v from %v, gaps %v", run, clip.Duration(), m.From, m.Gaps)
		}
		if got, of := fmp4test.Hashes(t, a.file(clip), "v:0"), fmp4test.Hashes(t, path, "v:0"); !slices.Equal(got, of) {
			t.Errorf("the clip of run %d has %d pictures, the reel %d, or others", run, len(got), len(of))
		}

		at := begin.Add(8 * time.Second)
		s, err := a.play.Still(t.Context(), "door", "main", at, run)
		a.must(err)
		if into := s.At.Sub(starts) % time.Second; min(into, time.Second-into) > 20*time.Millisecond || s.At.After(at) || s.Until.Before(at) { // each has a key frame every second
			t.Errorf("the still of run %d is of %v to %v", run, s.At, s.Until)
		}
	}
	if _, err := a.play.Reel(t.Context(), "door", "main", begin, begin.Add(time.Second), ReelOptions{Run: 2}); !errors.Is(err, ErrNoFootage) {
		t.Errorf("a reel of a run before its beginning: %v", err)
	}
	if _, err := a.play.Clip(t.Context(), "door", "main", begin, begin.Add(time.Minute), Options{Run: 3}); !errors.Is(err, ErrNoFootage) {
		t.Errorf("a clip of a run that is not there: %v", err)
	}
	spans, err := a.store.Spans("door", "main", begin, begin.Add(time.Minute))
	a.must(err)
	seen := map[uint32]bool{}
	for _, s := range spans {
		if s.Gap != (s.Run == 0) {
			t.Errorf("span %+v", s)
		}
		seen[s.Run] = true
	}
	if !seen[1] || !seen[2] {
		t.Errorf("spans name the runs %v", seen)
	}
}

// TestReelShowsOneRunWhereTheClockWasSetBack: no time twice, no picture that cannot be decoded, no gap, and the same run whatever is asked for.
func TestReelShowsOneRunWhereTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	for _, ids := range [][2]uint32{{1, 2}, {2, 1}} {
		one := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25})
		two := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25, Pattern: "testsrc"})
		a := newArchive(t)
		a.record(one, ids[0], begin, 2)
		a.record(two, ids[1], begin.Add(5300*time.Millisecond), 2)
		path := a.reel(begin.Add(-time.Second), begin.Add(time.Minute), 0)
		seen := walls(t, path)
		if n := len(fmp4test.Hashes(t, path, "v:0")); n != len(seen) {
			t.Errorf("runs %v: %d pictures decoded of %d", ids, n, len(seen))
		}
		for i := 1; i < len(seen); i++ {
			if d := seen[i].Sub(seen[i-1]); d <= 0 || d > 1100*time.Millisecond { // at most until the next key frame
				t.Errorf("runs %v: %v between the pictures at %v", ids, d, seen[i])
			}
		}
		all := map[time.Time]bool{}
		for _, at := range seen {
			all[at.Truncate(10*time.Millisecond)] = true
		}
		for _, at := range walls(t, a.reel(begin.Add(8*time.Second), begin.Add(9*time.Second), 0)) { // where both are
			if !all[at.Truncate(10*time.Millisecond)] && !all[at.Add(time.Millisecond).Truncate(10*time.Millisecond)] && !all[at.Add(-time.Millisecond).Truncate(10*time.Millisecond)] {
				t.Errorf("runs %v: the picture at %v is of the other run when less is asked for", ids, at)
			}
		}
	}
}

package fmp4_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

// cut takes footage apart into segments at the n-th key frames, each with its own origin, as a
// recorder does: sound goes where it arrives, and is timed from the segment's first picture.
func cut(t testing.TB, f *fmp4test.Footage, keys int) []*segment {
	t.Helper()
	var groups [][]fmp4.Sample
	seen := 0
	for _, s := range f.Samples {
		if s.Track == 1 && s.Sync {
			if seen%keys == 0 {
				groups = append(groups, nil)
			}
			seen++
		}
		if len(groups) > 0 {
			groups[len(groups)-1] = append(groups[len(groups)-1], s)
		}
	}
	var out []*segment
	for _, g := range groups {
		out = append(out, asSegment(t, f.Tracks, g))
	}
	return out
}

// asSegment rebases samples on the first picture.
func asSegment(t testing.TB, tracks []fmp4.Track, samples []fmp4.Sample) *segment {
	t.Helper()
	tracks, samples = slices.Clone(tracks), slices.Clone(samples)
	zero := samples[0].DTS
	tracks[0].Origin = int64(samples[0].CTO)
	shown := float64(zero+int64(samples[0].CTO)) / float64(tracks[0].Timescale)
	base := []int64{zero, 0}
	for i := 1; i < len(tracks); i++ {
		// Half a second of room for sound that was captured before the first picture.
		tracks[i].Origin = int64(tracks[i].Timescale / 2)
		base[i] = int64(math.Round(shown*float64(tracks[i].Timescale))) - tracks[i].Origin
	}
	for i := range samples {
		samples[i].DTS -= base[samples[i].Track-1]
	}
	return makeSegment(t, tracks, bySecond(&fmp4test.Footage{Tracks: tracks, Samples: samples}))
}

func partsOf(segments []*segment) []fmp4.Part {
	var parts []fmp4.Part
	for i, s := range segments {
		parts = append(parts, fmp4.Part{Table: s.table, Source: bytes.NewReader(s.closed), Seed: []byte{byte(i)}, Joined: i > 0})
	}
	return parts
}

func newMovie(t testing.TB, parts []fmp4.Part, o fmp4.MovieOptions) (*fmp4.Movie, []byte) {
	t.Helper()
	m, err := fmp4.NewMovie(parts, o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(m, 0, m.Size()+1))
	if err != nil || int64(len(b)) != m.Size() {
		t.Fatalf("read %d bytes of %d: %v", len(b), m.Size(), err)
	}
	return m, b
}

func TestMovieOfJoinedSegmentsIsWhatTheCameraSent(t *testing.T) {
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) {
			o.Seconds, o.GOP = 6, 25
			f := fmp4test.Make(t, o)
			whole := write(t, makeSegment(t, f.Tracks, bySecond(f)).closed)
			m, b := newMovie(t, partsOf(cut(t, f, 2)), fmp4.MovieOptions{})
			path := write(t, b)
			video := f.Of(1)
			pts, dts := fmp4test.Packets(t, path, "v:0")
			if len(pts) != len(video) {
				t.Fatalf("%d pictures of %d", len(pts), len(video))
			}
			for i, s := range video {
				p := float64(s.DTS+int64(s.CTO)-f.Tracks[0].Origin) / 90000
				d := float64(s.DTS-f.Tracks[0].Origin) / 90000
				if math.Abs(pts[i]-p) > 1e-5 || math.Abs(dts[i]-d) > 1e-5 {
					t.Fatalf("picture %d at %v/%v, sent at %v/%v", i, pts[i], dts[i], p, d)
				}
			}
			if want := time.Duration(len(video)) * time.Second / time.Duration(max(o.FPS, 25)); o.FPS == 0 && m.Duration() != want {
				t.Errorf("lasts %v, want %v", m.Duration(), want)
			}
			if got, want := fmp4test.Hashes(t, path, "v:0"), fmp4test.Hashes(t, whole, "v:0"); !slices.Equal(got, want) {
				t.Errorf("%d pictures decoded differ from the %d of the camera", len(got), len(want))
			}
			if len(f.Tracks) > 1 {
				sameSound(t, path, whole)
			}
		})
	}
}

// sameSound compares decoded samples. A movie's sound begins and ends with its pictures (of which
// reordered ones are shown later than they are decoded), give or take how exactly ffmpeg cuts a packet.
func sameSound(t *testing.T, path, whole string) {
	t.Helper()
	const packet = 1024 * 2
	decode := func(path string) []byte {
		return fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-")
	}
	got, all := decode(path), decode(whole)
	if !bytes.Contains(all, got) || len(all)-len(got) > 5*packet {
		t.Errorf("sound differs: %d bytes of %d", len(got), len(all))
	}
}

func TestMovieShowsExactlyTheRange(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 8, GOP: 25, B: 2, Audio: fmp4.PCMU})
	segments := cut(t, f, 2)
	all := fmp4test.Hashes(t, write(t, makeSegment(t, f.Tracks, bySecond(f)).closed), "v:0")
	random := rand.New(rand.NewPCG(3, 4))
	for range 12 {
		from := time.Duration(random.Int64N(int64(7 * time.Second)))
		to := from + time.Duration(random.Int64N(int64(8*time.Second-from))) + time.Millisecond
		parts := rangeOf(segments, from, to)
		m, b := newMovie(t, parts, fmp4.MovieOptions{})
		// A player shows the pictures whose time lies in [from, to), and a browser also the rest of
		// the one before.
		first, last := int((from+40*time.Millisecond-1)/(40*time.Millisecond)), int((to+40*time.Millisecond-1)/(40*time.Millisecond))
		want := all[first:min(last, len(all))]
		if d := m.Duration() - (min(to, 8*time.Second) - from); d.Abs() > 12*time.Microsecond {
			t.Errorf("[%v, %v) lasts %v", from, to, m.Duration())
		}
		if got := fmp4test.Hashes(t, write(t, b), "v:0"); !slices.Equal(got, want) {
			t.Errorf("[%v, %v): shows %d pictures, want %d (%d to %d)", from, to, len(got), len(want), first, last)
		}
	}
}

// rangeOf takes the parts of [from, to) from segments of two seconds each.
func rangeOf(segments []*segment, from, to time.Duration) []fmp4.Part {
	var parts []fmp4.Part
	for i, p := range partsOf(segments) {
		at := time.Duration(i) * 2 * time.Second
		if at+2*time.Second <= from || at >= to {
			continue
		}
		p.From = max(0, from-at)
		if to < at+2*time.Second {
			p.To = to - at
		}
		p.Joined = len(parts) > 0
		parts = append(parts, p)
	}
	return parts
}

func TestMovieOverGapsGoesOnWithoutOne(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 8, GOP: 50, Audio: fmp4.AAC})
	other := fmp4test.Make(t, fmp4test.Options{Seconds: 2, GOP: 50, Size: "160x120", B: 2})
	segments := cut(t, f, 1)
	parts := partsOf([]*segment{segments[0], segments[2], asSegment(t, other.Tracks, other.Samples), segments[3]})
	for i := range parts {
		parts[i].Joined = false
	}
	m, b := newMovie(t, parts, fmp4.MovieOptions{})
	if got := m.Duration(); (got-8*time.Second).Abs() > 200*time.Millisecond || len(m.Placed()) != 4 {
		t.Errorf("lasts %v in %d parts", got, len(m.Placed()))
	}
	for i, p := range m.Placed()[1:] {
		if p.Start < m.Placed()[i].End-time.Microsecond || p.Start > m.Placed()[i].End+100*time.Millisecond {
			t.Errorf("part %d is shown from %v, the one before ends at %v", i+1, p.Start, m.Placed()[i].End)
		}
	}
	path := write(t, b)
	if got := len(fmp4test.Hashes(t, path, "v:0")); got != 200 {
		t.Errorf("%d pictures decoded of 200", got)
	}
	if pts, dts := fmp4test.Packets(t, path, "v:0"); !slices.IsSorted(dts) || len(pts) != 200 || distinct(pts) != 200 {
		t.Errorf("%d packets, %d times", len(pts), distinct(pts))
	}
	fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-map", "0:a:0", "-f", "null", "-")
}

func distinct(v []float64) int {
	v = slices.Sorted(slices.Values(v))
	return len(slices.Compact(v))
}

func TestMovieKeepsCodecsApart(t *testing.T) {
	a := fmp4test.Make(t, fmp4test.Options{Seconds: 2})
	b := fmp4test.Make(t, fmp4test.Options{Seconds: 2, Codec: "libx265"})
	parts := partsOf([]*segment{asSegment(t, a.Tracks, a.Samples), asSegment(t, b.Tracks, b.Samples)})
	parts[1].Joined = false
	m, data := newMovie(t, parts, fmp4.MovieOptions{})
	path := write(t, data)
	if m.Duration() != 4*time.Second {
		t.Errorf("lasts %v", m.Duration())
	}
	for _, stream := range []string{"v:0", "v:1"} {
		if got := len(fmp4test.Hashes(t, path, stream)); got != 50 {
			t.Errorf("%s: %d pictures", stream, got)
		}
	}
	if pts, _ := fmp4test.Packets(t, path, "v:1"); pts[0] != 2 {
		t.Errorf("the second codec begins at %v", pts[0])
	}
}

func TestMovieReadsTheSameEverywhere(t *testing.T) {
	for _, audio := range []fmp4.Codec{fmp4.PCMA, fmp4.AAC} {
		f := fmp4test.Make(t, fmp4test.Options{Seconds: 4, GOP: 25, Audio: audio})
		parts := rangeOf(cut(t, f, 2), 1100*time.Millisecond, 3300*time.Millisecond)
		m, want := newMovie(t, parts, fmp4.MovieOptions{})
		random := rand.New(rand.NewPCG(5, 6))
		for range 3000 {
			off := random.Int64N(m.Size())
			got := make([]byte, random.IntN(5000)+1)
			n, err := m.ReadAt(got, off)
			end := min(off+int64(len(got)), m.Size())
			if int64(n) != end-off || !bytes.Equal(got[:n], want[off:end]) || (err == io.EOF) != (n < len(got)) {
				t.Fatalf("read of %d at %d: %d, %v", len(got), off, n, err)
			}
		}
	}
}

func TestMovieSaysWhenASourceEndsEarly(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2})
	parts := partsOf(cut(t, f, 1))
	parts[0].Source = bytes.NewReader(nil)
	m, err := fmp4.NewMovie(parts, fmp4.MovieOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(io.NewSectionReader(m, 0, m.Size())); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read of a source that is gone: %v", err)
	}
}

func TestMovieOfNothingIsEmpty(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2})
	parts := partsOf(cut(t, f, 1))
	parts = parts[:1]
	for name, p := range map[string]fmp4.Part{
		"after":     {From: time.Hour},
		"before":    {From: -time.Hour, To: -time.Minute},
		"no length": {From: time.Second, To: time.Second},
	} {
		p.Table, p.Source = parts[0].Table, parts[0].Source
		if _, err := fmp4.NewMovie([]fmp4.Part{p}, fmp4.MovieOptions{}); !errors.Is(err, fmp4.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fmp4.NewMovie(nil, fmp4.MovieOptions{}); !errors.Is(err, fmp4.ErrEmpty) {
		t.Errorf("no part: %v", err)
	}
}

func TestMovieNamesItsCodecs(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2, Audio: fmp4.PCMU})
	m, _ := newMovie(t, partsOf(cut(t, f, 1)), fmp4.MovieOptions{})
	if got := m.MediaType(); got != fmt.Sprintf("video/mp4; codecs=\"%s, flac\"", fmp4.CodecString(f.Tracks[0])) {
		t.Error(got)
	}
}

// TestSoundThatComesLateIsNotCut records sound that arrives 300 ms after the pictures of its time, as
// cameras send it: at each cut the next segment begins with sound from before its first picture.
func TestSoundThatComesLateIsNotCut(t *testing.T) {
	for _, audio := range []fmp4.Codec{fmp4.PCMU, fmp4.AAC} {
		f := fmp4test.Make(t, fmp4test.Options{Seconds: 6, GOP: 25, Audio: audio})
		whole := write(t, makeSegment(t, f.Tracks, bySecond(f)).closed)
		arrival := func(s *fmp4.Sample) float64 {
			at := float64(s.DTS) / float64(f.Tracks[s.Track-1].Timescale)
			if s.Track == 2 {
				at += 0.3
			}
			return at
		}
		slices.SortStableFunc(f.Samples, func(a, b fmp4.Sample) int { return cmp.Compare(arrival(&a), arrival(&b)) })
		_, b := newMovie(t, partsOf(cut(t, f, 1)), fmp4.MovieOptions{})
		sameSound(t, write(t, b), whole)
	}
}

func TestMovieOfSoundAlone(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 4, Audio: fmp4.PCMA})
	tracks := []fmp4.Track{f.Tracks[1]}
	sound := &fmp4test.Footage{Tracks: tracks, Samples: f.Of(2)}
	s := makeSegment(t, tracks, bySecond(sound))
	m, b := newMovie(t, []fmp4.Part{{Table: s.table, Source: bytes.NewReader(s.closed), From: time.Second, To: 3 * time.Second}}, fmp4.MovieOptions{})
	out := fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-err_detect", "+crccheck+explode", "-i", write(t, b), "-f", "s16le", "-")
	if m.Duration() != 2*time.Second || len(out) != 2*2*8000 {
		t.Errorf("lasts %v, %d bytes decoded", m.Duration(), len(out))
	}
}

func TestMetadataIsKeptWhenAskedFor(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2})
	f.Tracks = append(f.Tracks, fmp4.Track{ID: 2, Codec: fmp4.Metadata, Timescale: 90000})
	for i := range 10 {
		f.Samples = append(f.Samples, fmp4.Sample{Track: 2, DTS: int64(i * 15000), Dur: 15000, Data: [][]byte{[]byte("<tt:MetadataStream/>")}})
	}
	s := makeSegment(t, f.Tracks, bySecond(f))
	for _, keep := range []bool{false, true} {
		_, b := newMovie(t, []fmp4.Part{{Table: s.table, Source: bytes.NewReader(s.closed)}}, fmp4.MovieOptions{Metadata: keep})
		if got := bytes.Count(b, []byte("<tt:MetadataStream/>")); got != map[bool]int{true: 10}[keep] {
			t.Errorf("asked for it: %v: %d documents", keep, got)
		}
		if got := len(fmp4test.Hashes(t, write(t, b), "v:0")); got != 50 {
			t.Errorf("%d pictures", got)
		}
	}
}

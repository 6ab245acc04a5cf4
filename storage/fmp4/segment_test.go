package fmp4_test

import (
	"bytes"
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

var start = time.Date(2026, 3, 29, 0, 59, 58, 123456789, time.UTC)

// segment is a segment made in memory.
type segment struct {
	header fmp4.Header
	tracks []fmp4.Track
	table  *fmp4.Table
	init   []byte
	open   []byte // without trailer
	closed []byte
}

// second groups samples into fragments of a second.
func bySecond(f *fmp4test.Footage) [][]fmp4.Sample {
	var out [][]fmp4.Sample
	scale := map[uint32]int64{}
	for _, t := range f.Tracks {
		scale[t.ID] = int64(t.Timescale)
	}
	for _, s := range f.Samples {
		for int(s.DTS/scale[s.Track]) >= len(out) {
			out = append(out, nil)
		}
		out[s.DTS/scale[s.Track]] = append(out[s.DTS/scale[s.Track]], s)
	}
	return out
}

func makeSegment(t testing.TB, tracks []fmp4.Track, groups [][]fmp4.Sample) *segment {
	t.Helper()
	s := &segment{header: fmp4.Header{Camera: "door", Stream: "main", Run: 7, Start: start, Version: fmp4.Version}, tracks: tracks}
	s.init = fmp4.AppendInit(nil, &s.header, tracks)
	var err error
	if s.table, err = fmp4.NewTable(tracks, int64(len(s.init))); err != nil {
		t.Fatal(err)
	}
	s.open = bytes.Clone(s.init)
	for i, group := range groups {
		if len(group) == 0 {
			continue
		}
		at := len(s.open)
		wall := start.Add(time.Duration(i) * time.Second)
		if s.open, err = s.table.AppendSealed(s.open, uint32(i+1), wall, group, nil); err != nil {
			t.Fatal(err)
		}
		f := fmp4.Fragment{Length: int64(len(s.open) - at), Wall: wall, Salt: [16]byte{byte(i)}}
		f.Leaf = sha256.Sum256(s.open[len(s.open)-int(fmp4.PayloadSize(tracks, group)):])
		if err := s.table.Append(f, group); err != nil {
			t.Fatal(err)
		}
	}
	s.closed = fmp4.AppendTrailer(bytes.Clone(s.open), s.table)
	return s
}

func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.mp4")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var kinds = map[string]fmp4test.Options{
	"H264":          {},
	"H264 B-frames": {B: 2, GOP: 30},
	"H264 odd size": {Size: "322x178", FPS: 7},
	"H265":          {Codec: "libx265"},
	"H265 B-frames": {Codec: "libx265", B: 3},
	"AAC":           {Audio: fmp4.AAC, B: 1},
	"Opus":          {Audio: fmp4.Opus},
	"PCMU":          {Audio: fmp4.PCMU},
	"PCMA":          {Audio: fmp4.PCMA},
}

func TestSegmentIsReadByFFmpegToTheFrame(t *testing.T) {
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) {
			f := fmp4test.Make(t, o)
			s := makeSegment(t, f.Tracks, bySecond(f))
			for form, b := range map[string][]byte{"open": s.open, "closed": s.closed} {
				path := write(t, b)
				for i, stream := range []string{"v:0", "a:0"}[:len(f.Tracks)] {
					samePackets(t, form, path, stream, f.Tracks[i], f.Of(f.Tracks[i].ID))
				}
				if got := len(fmp4test.Hashes(t, path, "v:0")); got != len(f.Of(1)) {
					t.Errorf("%s: %d pictures decoded of %d", form, got, len(f.Of(1)))
				}
			}
		})
	}
}

// samePackets compares what ffprobe sees with what was written.
func samePackets(t *testing.T, form, path, stream string, track fmp4.Track, want []fmp4.Sample) {
	t.Helper()
	pts, dts := fmp4test.Packets(t, path, stream)
	if track.Codec.G711() {
		// ffmpeg joins G.711 packets of a run as it likes: only where it starts and ends is compared.
		if len(pts) == 0 || math.Abs(pts[0]) > 1e-6 {
			t.Errorf("%s %s: starts at %v", form, stream, pts)
		}
		return
	}
	if len(pts) != len(want) {
		t.Fatalf("%s %s: %d packets of %d", form, stream, len(pts), len(want))
	}
	for i, s := range want {
		p := float64(s.DTS+int64(s.CTO)-track.Origin) / float64(track.Timescale)
		d := float64(s.DTS-track.Origin) / float64(track.Timescale)
		if math.Abs(p-pts[i]) > 1e-5 || math.Abs(d-dts[i]) > 1e-5 {
			t.Fatalf("%s %s: packet %d at %v/%v, wrote %v/%v", form, stream, i, pts[i], dts[i], p, d)
		}
	}
}

func TestHeaderAndTracksSurviveTheFile(t *testing.T) {
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) {
			f := fmp4test.Make(t, o)
			f.Tracks[len(f.Tracks)-1].Origin += 4800
			s := makeSegment(t, f.Tracks, bySecond(f))
			h, tracks, end, err := fmp4.ReadHeader(bytes.NewReader(s.closed), int64(len(s.closed)))
			if err != nil {
				t.Fatal(err)
			}
			if *h != s.header || end != int64(len(s.init)) || !reflect.DeepEqual(tracks, f.Tracks) {
				t.Errorf("read %+v %+v %d\nwrote %+v %+v %d", h, tracks, end, s.header, f.Tracks, len(s.init))
			}
		})
	}
}

func TestTableHoldsEverySampleInFewBytes(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Audio: fmp4.PCMU, B: 2, Seconds: 8})
	s := makeSegment(t, f.Tracks, bySecond(f))
	got, err := fmp4.ReadTable(bytes.NewReader(s.closed), int64(len(s.closed)))
	if err != nil {
		t.Fatal(err)
	}
	sameTable(t, got, s.table)
	for i, track := range f.Tracks {
		want := f.Of(track.ID)
		for n, m := range got.Samples(i, 0) {
			data := s.closed[m.Offset : m.Offset+int64(m.Size)]
			if m.DTS != want[n].DTS || m.CTO != want[n].CTO || m.Sync != want[n].Sync || !bytes.Equal(data, flat(track, want[n])) {
				t.Fatalf("track %d sample %d is %+v, wrote %+v", track.ID, n, m, want[n])
			}
		}
		if got.Len(i) != len(want) {
			t.Fatalf("track %d: %d samples of %d", track.ID, got.Len(i), len(want))
		}
	}
	perSample := float64(len(s.closed)-len(s.open)-48*len(s.table.Fragments())) / float64(len(f.Samples))
	t.Logf("%.2f bytes per sample, mfra and tracks included, leaves and salts not", perSample)
	if perSample > 5 {
		t.Errorf("the trailer costs %.2f bytes per sample", perSample)
	}
}

// flat is a sample as it lies in the file.
func flat(track fmp4.Track, s fmp4.Sample) []byte {
	var b []byte
	for _, d := range s.Data {
		if track.Codec.Video() {
			b = append(b, byte(len(d)>>24), byte(len(d)>>16), byte(len(d)>>8), byte(len(d)))
		}
		b = append(b, d...)
	}
	return b
}

func sameTable(t *testing.T, got, want *fmp4.Table) {
	t.Helper()
	if !reflect.DeepEqual(got.Tracks(), want.Tracks()) || !reflect.DeepEqual(got.Fragments(), want.Fragments()) || got.Next() != want.Next() {
		t.Fatalf("table is of %+v\n%+v, want %+v\n%+v", got.Tracks(), got.Fragments(), want.Tracks(), want.Fragments())
	}
	for i := range want.Tracks() {
		var a, b []fmp4.Meta
		for _, m := range got.Samples(i, 0) {
			a = append(a, m)
		}
		for _, m := range want.Samples(i, 0) {
			b = append(b, m)
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("samples of track %d differ", i)
		}
	}
}

func TestScanRebuildsTheTableOfAnOpenSegment(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Audio: fmp4.AAC, B: 2})
	s := makeSegment(t, f.Tracks, bySecond(f))
	n := byte(0)
	scan, err := fmp4.ScanFragments(bytes.NewReader(s.open), f.Tracks, int64(len(s.init)), int64(len(s.open)), fmp4.ScanOptions{
		Leaf: func(f *fmp4.Fragment, payload []byte) { f.Leaf, f.Salt, n = sha256.Sum256(payload), [16]byte{n}, n+1 },
	})
	if err != nil || scan.Stop != nil {
		t.Fatal(err, scan.Stop)
	}
	sameTable(t, scan.Table, s.table)
	if again := fmp4.AppendTrailer(bytes.Clone(s.open), scan.Table); !bytes.Equal(again, s.closed) {
		t.Error("a recovered segment is not the one that would have been closed")
	}
}

func TestScanFindsTheWholePrefixOfATornFile(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Audio: fmp4.PCMA})
	s := makeSegment(t, f.Tracks, bySecond(f))
	scan := func(b []byte) *fmp4.Scan {
		got, err := fmp4.ScanFragments(bytes.NewReader(b), f.Tracks, int64(len(s.init)), int64(len(b)), fmp4.ScanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	whole := func(at int) (end int64) {
		end = int64(len(s.init))
		for _, f := range s.table.Fragments() {
			if f.End() <= int64(at) {
				end = f.End()
			}
		}
		return end
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		at := len(s.init) + random.IntN(len(s.closed)-len(s.init))
		if got := scan(s.closed[:at]); got.End != whole(at) {
			t.Fatalf("cut at %d: %d bytes are whole, want %d", at, got.End, whole(at))
		}
		if at >= len(s.open) {
			continue
		}
		flipped := bytes.Clone(s.closed)
		flipped[at] ^= 1 << random.IntN(8)
		if got := scan(flipped); got.End != whole(at) || got.Stop == nil {
			t.Fatalf("bit changed at %d: %d bytes are whole, want %d", at, got.End, whole(at))
		}
		zeroed := append(bytes.Clone(s.closed[:at]), make([]byte, 10000)...)
		if got := scan(zeroed); got.End > whole(at+1) {
			t.Fatalf("zeros from %d: %d bytes are whole, want %d", at, got.End, whole(at))
		}
	}
}

func TestSnapshotStaysWhileTheTableGrows(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{B: 2})
	groups := bySecond(f)
	s := makeSegment(t, f.Tracks, groups)
	table, _ := fmp4.NewTable(f.Tracks, 100)
	var snaps []*fmp4.Table
	for i, g := range groups {
		if err := table.Append(fmp4.Fragment{Length: s.table.Fragments()[i].Length}, g); err != nil {
			t.Fatal(err)
		}
		snaps = append(snaps, table.Snapshot())
	}
	n := 0
	for i, snap := range snaps {
		n += len(groups[i])
		last := -1
		for k, m := range snap.Samples(0, 0) {
			if last = k; m.Dur != 3600 {
				t.Fatalf("snapshot %d sample %d lasts %d", i, k, m.Dur)
			}
		}
		if last != n-1 || snap.Len(0) != n {
			t.Fatalf("snapshot %d has %d samples, want %d", i, last+1, n)
		}
	}
}

func TestFragmentRefusesWhatCannotBeWritten(t *testing.T) {
	tracks := []fmp4.Track{{ID: 1, Codec: fmp4.PCMU, Timescale: 8000}}
	one := func(id uint32, dts int64) fmp4.Sample {
		return fmp4.Sample{Track: id, DTS: dts, Data: [][]byte{{1}}}
	}
	for name, samples := range map[string][]fmp4.Sample{
		"nothing":       {},
		"unknown track": {one(2, 0)},
		"negative":      {one(1, -1)},
		"repeated":      {one(1, 5), one(1, 5)},
		"backwards":     {one(1, 5), one(1, 4)},
		"far apart":     {one(1, 0), one(1, 1<<32)},
		"too large":     {{Track: 1, Data: [][]byte{make([]byte, fmp4.MaxFragment+1)}}},
	} {
		if out, err := fmp4.AppendFragment([]byte("kept"), 1, tracks, samples); err == nil || string(out) != "kept" {
			t.Errorf("%s: %v %d bytes", name, err, len(out))
		}
	}
}

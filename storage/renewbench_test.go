package storage

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
	"holdfast/storage/keyring"
)

// BenchmarkRebuild makes the index of five-minute segments of 4 Mbit/s again, from files of the file system below the
// temporary directory: beginning and table of each are real, what lies between is a hole.
func BenchmarkRebuild(b *testing.B) {
	const segments = 2000
	dir := b.TempDir()
	o := Options{Index: filepath.Join(dir, "index.db"), Volumes: []VolumeOptions{{Path: filepath.Join(dir, "volume"), MinFree: 1}},
		Now: func() time.Time { return began.Add(segments*SegmentTime + time.Hour) }, Synchronised: func() bool { return true }}
	s, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	size := hollow(b, o.Volumes[0].Path, segments)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	var n int
	for b.Loop() {
		r, err := Rebuild(b.Context(), o, nil)
		if err != nil || r.Segments != segments {
			b.Fatal(r, err)
		}
		n++
		b.StopTimer()
		os.Remove(r.Aside)
		b.StartTimer()
	}
	s2 := b.Elapsed().Seconds()
	b.ReportMetric(float64(n*segments)/s2, "segments/s")
	b.ReportMetric(float64(n)*float64(size)/1e9/s2, "GB/s")
}

// hollow writes segments of which only beginning and end are there, and gives their size in all.
func hollow(b *testing.B, volume string, segments int) (size int64) {
	b.Helper()
	tracks := testTracks()
	frame := make([]byte, 20_000)
	for i := range segments {
		start := began.Add(time.Duration(i) * SegmentTime)
		head := fmp4.AppendInit(nil, &fmp4.Header{Camera: "door", Stream: "main", Run: 1, Start: start}, tracks)
		t, err := fmp4.NewTable(tracks, int64(len(head)))
		if err != nil {
			b.Fatal(err)
		}
		for f := range 300 {
			var list []fmp4.Sample
			for k := range 25 {
				list = append(list, fmp4.Sample{Track: 1, DTS: int64(f*25+k) * 3600, Sync: k == 0, Data: [][]byte{frame}})
			}
			if err := t.Append(fmp4.Fragment{Length: 25*20_004 + 500, Wall: start.Add(time.Duration(f) * time.Second)}, list); err != nil {
				b.Fatal(err)
			}
		}
		tail := fmp4.AppendTrailer(nil, t)
		seg := Segment{Camera: "door", Stream: "main", Run: 1, Start: start}
		path := filepath.Join(volume, seg.relative())
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			b.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		f.Write(head)
		f.WriteAt(tail, t.Next())
		f.Close()
		size += t.Next() + int64(len(tail))
	}
	return size
}

// BenchmarkFirstByte finds the segment of a random moment, opens it and reads its first picture: index, table and one read.
// The files are in the page cache: it is our own time.
func BenchmarkFirstByte(b *testing.B) {
	const segments = 500
	dir := b.TempDir()
	o := Options{Index: filepath.Join(dir, "index.db"), Volumes: []VolumeOptions{{Path: filepath.Join(dir, "volume"), MinFree: 1}},
		Now: func() time.Time { return began.Add(segments*SegmentTime + time.Hour) }, Synchronised: func() bool { return true }}
	s, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	hollow(b, o.Volumes[0].Path, segments)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	if _, err := Rebuild(b.Context(), o, nil); err != nil {
		b.Fatal(err)
	}
	if s, err = Open(o); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	benchFirstByte(b, s, segments)
}

// benchFirstByte finds random moments of so many segments of five minutes.
func benchFirstByte(b *testing.B, s *Store, segments int) {
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		at := began.Add(time.Duration(random.Int64N(int64(segments-1) * int64(SegmentTime))))
		list, err := s.Segments("door", "main", at, at.Add(10*time.Second))
		if err != nil || len(list) == 0 {
			b.Fatal(len(list), err)
		}
		m, err := s.Media(list[0])
		if err != nil {
			b.Fatal(err)
		}
		for _, x := range m.Table().Samples(0, 150) {
			if _, err := m.ReadAt(make([]byte, x.Size), x.Offset); err != nil {
				b.Fatal(err)
			}
			break
		}
		m.Close()
	}
}

// BenchmarkFirstByteEncrypted does the same in footage that was recorded and encrypted: the table, too, is opened with a key. Pictures
// are a tenth of the size; there are as many of them.
func BenchmarkFirstByteEncrypted(b *testing.B) {
	const segments = 20
	dir, err := os.MkdirTemp(fastDir(), "holdfast-bench-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	now := began
	o := Options{Index: filepath.Join(dir, "index.db"), Volumes: []VolumeOptions{{Path: filepath.Join(dir, "volume"), MinFree: 1}},
		Now: func() time.Time { return now }, Synchronised: func() bool { return true }}
	if o.Keys, err = keyring.Open(keyring.Options{FS: durable.OS, Dir: filepath.Join(dir, "keyring"), Root: keyring.NewRoot(), Now: o.Now}); err != nil {
		b.Fatal(err)
	}
	s, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	w, err := s.Writer("door", "main")
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Begin(1, began, testTracks()); err != nil {
		b.Fatal(err)
	}
	frame := append([]byte{0x65}, make([]byte, 2000)...)
	for second := range segments * int(SegmentTime/time.Second) {
		var list []Sample
		for k := range 25 {
			at := time.Duration(second)*time.Second + time.Duration(k)*40*time.Millisecond
			list = append(list, Sample{Wall: began.Add(at), Sample: fmp4.Sample{Track: 1, DTS: int64(at * 90000 / time.Second), Sync: k == 0, Data: [][]byte{frame}}})
		}
		now = list[24].Wall
		if err := errors.Join(w.Write(list), w.Flush(b.Context())); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(CauseStopped); err != nil {
		b.Fatal(err)
	}
	benchFirstByte(b, s, segments)
}

package fmp4_test

import (
	"bytes"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"holdfast/storage/fmp4"
)

// second is one second of 4 Mbit/s in 25 pictures, and of G.711.
func second() ([]fmp4.Track, []fmp4.Sample) {
	tracks := []fmp4.Track{{ID: 1, Codec: fmp4.H264, Timescale: 90000}, {ID: 2, Codec: fmp4.PCMU, Timescale: 8000}}
	var samples []fmp4.Sample
	for i := range 50 {
		if i%2 == 0 {
			// Arrival jitter of a real camera: no two steps are the same.
			samples = append(samples, fmp4.Sample{Track: 1, DTS: int64(i*1800 + i%7), Sync: i == 0, Data: [][]byte{make([]byte, 20000+i)}})
		}
		samples = append(samples, fmp4.Sample{Track: 2, DTS: int64(i * 160), Dur: 160, Data: [][]byte{make([]byte, 160)}})
	}
	return tracks, samples
}

func BenchmarkAppendFragment(b *testing.B) {
	tracks, samples := second()
	b.Run("ours", func(b *testing.B) {
		buf := make([]byte, 0, fmp4.FragmentSize(tracks, samples))
		b.SetBytes(fmp4.PayloadSize(tracks, samples))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := fmp4.AppendFragment(buf, 1, tracks, samples); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sealed", func(b *testing.B) {
		benchmarkSealed(b, nil)
	})
	b.Run("protected", func(b *testing.B) {
		benchmarkSealed(b, newCipher(b))
	})
	b.Run("mp4ff", func(b *testing.B) {
		b.SetBytes(fmp4.PayloadSize(tracks, samples))
		b.ReportAllocs()
		var out bytes.Buffer
		for b.Loop() {
			out.Reset()
			libraryFragment(b, &out, tracks, samples)
		}
	})
}

func benchmarkSealed(b *testing.B, c *fmp4.Cipher) {
	tracks, samples := second()
	table, err := fmp4.NewTable(tracks, 0)
	if err != nil {
		b.Fatal(err)
	}
	if c != nil {
		table.Protect(c)
	}
	buf := make([]byte, 0, fmp4.ProtectedSize(tracks, samples))
	b.SetBytes(fmp4.PayloadSize(tracks, samples))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.AppendSealed(buf, 1, start, samples, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// libraryFragment writes the same fragment with mp4ff alone.
func libraryFragment(b *testing.B, out *bytes.Buffer, tracks []fmp4.Track, samples []fmp4.Sample) {
	f, err := mp4.CreateMultiTrackFragment(1, []uint32{1, 2})
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range samples {
		data := flat(tracks[s.Track-1], s)
		full := mp4.FullSample{DecodeTime: uint64(s.DTS), Data: data,
			Sample: mp4.Sample{Flags: mp4.NonSyncSampleFlags, Dur: 1800, Size: uint32(len(data))}}
		if err := f.AddFullSampleToTrack(full, s.Track); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Encode(out); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkParseTable(b *testing.B) {
	tracks, samples := second()
	table, _ := fmp4.NewTable(tracks, 1000)
	length := fmp4.PayloadSize(tracks, samples) + 1000
	for range 300 {
		if err := table.Append(fmp4.Fragment{Length: length}, samples); err != nil {
			b.Fatal(err)
		}
		for i := range samples {
			samples[i].DTS += int64(tracks[samples[i].Track-1].Timescale)
		}
	}
	trailer := fmp4.AppendTrailer(nil, table)
	boxed := trailer[:be32(trailer)]
	b.SetBytes(int64(len(boxed)))
	b.ReportMetric(float64(len(boxed))/float64(300*len(samples)), "bytes/sample")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fmp4.ParseTable(boxed); err != nil {
			b.Fatal(err)
		}
	}
}

func be32(b []byte) int { return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }

// BenchmarkSound reads a movie of G.711 alone, which becomes FLAC on the way.
func BenchmarkSound(b *testing.B) {
	tracks := []fmp4.Track{{ID: 1, Codec: fmp4.PCMU, Timescale: 8000, Channels: 1, SampleRate: 8000}}
	var samples []fmp4.Sample
	for i := range 3000 {
		samples = append(samples, fmp4.Sample{Track: 1, DTS: int64(i * 160), Dur: 160, Data: [][]byte{make([]byte, 160)}})
	}
	s := makeSegment(b, tracks, [][]fmp4.Sample{samples})
	m, err := fmp4.NewMovie([]fmp4.Part{{Table: s.table, Source: bytes.NewReader(s.closed)}}, fmp4.MovieOptions{})
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, m.Size())
	b.SetBytes(m.Size())
	for b.Loop() {
		if _, err := m.ReadAt(buf, 0); err != nil {
			b.Fatal(err)
		}
	}
}

package playback

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

// BenchmarkClip reads clips to their end and prints how long that takes against reading the same
// segment files plainly (ratio/read: time of clip by time of cat; 1 is as fast), what laying a clip
// out costs, and what a Range of it costs once it is cached.
func BenchmarkClip(b *testing.B) {
	f := fmp4test.Make(b, fmp4test.Options{Seconds: 40, GOP: 50, Size: "64x64", Audio: fmp4.PCMU})
	fill(f, 20000)
	a := newArchive(b)
	a.record(f, 1, begin, 5)
	from, to := begin.Add(-time.Second), begin.Add(time.Minute)
	buf := make([]byte, 32<<10) // as net/http copies
	plain := func() (n int64) {
		for _, path := range a.segmentFiles() {
			r, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			k, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf)
			if err != nil {
				b.Fatal(err)
			}
			n += k
			r.Close()
		}
		return n
	}
	b.Run("read", func(b *testing.B) {
		c := a.clip(from, to, Options{})
		b.SetBytes(c.Size())
		var clip, cat time.Duration
		var clipBytes, catBytes int64
		for b.Loop() {
			start := time.Now()
			if _, err := c.Seek(0, io.SeekStart); err != nil {
				b.Fatal(err)
			}
			n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, buf)
			if err != nil {
				b.Fatal(err)
			}
			clip, clipBytes = clip+time.Since(start), clipBytes+n
			start = time.Now()
			catBytes += plain()
			cat += time.Since(start)
		}
		perByte := clip.Seconds() / float64(clipBytes)
		b.ReportMetric(perByte/(cat.Seconds()/float64(catBytes)), "ratio/read")
		b.ReportMetric(float64(clipBytes)/clip.Seconds()/1e6, "clipMB/s")
	})
	b.Run("layout", func(b *testing.B) {
		for b.Loop() {
			a.play.cache.entries = nil
			c, err := a.play.Clip(context.Background(), "door", "main", from, to, Options{})
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
	})
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			c, err := a.play.Clip(context.Background(), "door", "main", from, to, Options{})
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
	})
}

// fill makes every picture at least size bytes, with filler data that decoders skip.
func fill(f *fmp4test.Footage, size int) {
	filler := append(append([]byte{12}, bytes.Repeat([]byte{0xff}, size)...), 0x80)
	for i := range f.Samples {
		if f.Samples[i].Track == 1 {
			f.Samples[i].Data = append(f.Samples[i].Data, filler)
		}
	}
}

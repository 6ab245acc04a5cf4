package fmp4_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

// TestMovieOfADayIsOpenedByAPlayer plays the last second of a day of 4 Mbit/s: over 4 GiB, so with
// 64-bit offsets and durations, and with a moov of megabytes. Every segment is the same minute.
func TestMovieOfADayIsOpenedByAPlayer(t *testing.T) {
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2, GOP: 50, Audio: fmp4.PCMU})
	padded(f, 20000)
	var minute []fmp4.Sample
	for i := range 30 {
		for _, s := range f.Samples {
			s.DTS += int64(i) * 2 * int64(f.Tracks[s.Track-1].Timescale)
			minute = append(minute, s)
		}
	}
	s := asSegment(t, f.Tracks, minute)
	parts := make([]fmp4.Part, 24*60)
	for i := range parts {
		parts[i] = fmp4.Part{Table: s.table, Source: bytes.NewReader(s.closed), Joined: i > 0}
	}
	m, err := fmp4.NewMovie(parts, fmp4.MovieOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Duration() != 24*time.Hour || m.Size() < 1<<32 {
		t.Fatalf("lasts %v, %d bytes", m.Duration(), m.Size())
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x.mp4", time.Time{}, io.NewSectionReader(m, 0, m.Size()))
	}))
	defer server.Close()
	out := fmp4test.Run(t, nil, "ffprobe", "-v", "error", "-show_entries", "stream=nb_frames,codec_name,duration", "-of", "csv=p=0", server.URL)
	if want := "h264,86400.000000,2160000\nflac,86400.000000,4320000\n"; string(out) != want {
		t.Errorf("ffprobe sees %q, want %q", out, want)
	}
	out = fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-ss", "86399", "-i", server.URL, "-map", "0:v", "-f", "framehash", "-hash", "md5", "-")
	if n := strings.Count(string(out), "\n0,"); n != 25 {
		t.Errorf("the last second has %d pictures", n)
	}
}

// padded makes every picture size bytes with filler data (NAL type 12), which decoders skip.
func padded(f *fmp4test.Footage, size int) {
	for i := range f.Samples {
		if s := &f.Samples[i]; s.Track == 1 {
			n := 0
			for _, d := range s.Data {
				n += 4 + len(d)
			}
			filler := bytes.Repeat([]byte{0xff}, max(size-n-4, 3))
			filler[0], filler[len(filler)-1] = 12, 0x80
			s.Data = append(s.Data, filler)
		}
	}
}

func BenchmarkLayOutAnHour(b *testing.B) {
	f := fmp4test.Make(b, fmp4test.Options{Seconds: 2, GOP: 50, Audio: fmp4.PCMU})
	var minutes []fmp4.Sample
	for i := range 150 {
		for _, s := range f.Samples {
			s.DTS += int64(i) * 2 * int64(f.Tracks[s.Track-1].Timescale)
			minutes = append(minutes, s)
		}
	}
	s := asSegment(b, f.Tracks, minutes)
	parts := make([]fmp4.Part, 12)
	for i := range parts {
		parts[i] = fmp4.Part{Table: s.table, Source: bytes.NewReader(s.closed), Joined: i > 0}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fmp4.NewMovie(parts, fmp4.MovieOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

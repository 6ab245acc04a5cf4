package live

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/rtsp"
	"holdfast/storage/fmp4"
)

// movies serves a stream's live MP4 on a real HTTP server.
func movies(t *testing.T, s *Server, c *camera) *httptest.Server {
	t.Helper()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.ServeMP4(w, r, asked(c, r)); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// asked is what a request to a test's server asks for.
func asked(c *camera, r *http.Request) Ask {
	return Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna", Audio: r.URL.Query().Get("audio") == "1"}
}

// open begins to watch a live MP4.
func open(t *testing.T, url string) (r *bufio.Reader, mime string, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	leave = func() { cancel(); _ = resp.Body.Close(); http.DefaultClient.CloseIdleConnections() }
	t.Cleanup(leave)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %s", resp.Status)
	}
	return bufio.NewReader(resp.Body), resp.Header.Get("Content-Type"), leave
}

// box reads one box of an MP4 stream.
func box(t *testing.T, r io.Reader) (kind string, whole []byte) {
	t.Helper()
	head := make([]byte, 8)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatalf("read box: %v", err)
	}
	size := int(head[0])<<24 | int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	body := make([]byte, size-8)
	if _, err := io.ReadFull(r, body); err != nil {
		t.Fatalf("read box: %v", err)
	}
	return string(head[4:]), append(head, body...)
}

func TestMovieStartsWithTheStoredPicturesAndThenFlushesEachFrame(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(10, 2000)
	r, mime, leave := open(t, movies(t, s, c).URL)
	if mime != `video/mp4; codecs="avc1.42c01f"` {
		t.Errorf("content type %s", mime)
	}
	for _, want := range []string{"ftyp", "moov", "moof"} {
		if kind, _ := box(t, r); kind != want {
			t.Fatalf("box %s, want %s", kind, want)
		}
	}
	if kind, b := box(t, r); kind != "mdat" || len(b) != 8+2004 {
		t.Fatalf("%s of %d bytes", kind, len(b))
	}
	box(t, r)
	if kind, b := box(t, r); kind != "mdat" || len(b) != 8+9*2004 {
		t.Fatalf("%s of %d bytes", kind, len(b))
	}
	for range 3 { // each is readable before the next is written
		c.picture(false, 500)
		box(t, r)
		if kind, b := box(t, r); kind != "mdat" || len(b) != 8+504 {
			t.Fatalf("%s of %d bytes", kind, len(b))
		}
	}
	leave()
	eventually(t, "reader gone", func() bool { return c.Info().Readers == 0 })
}

func TestMovieEndsWhenTheSessionDoes(t *testing.T) {
	s := serve(t, Options{MaxSessions: 1})
	c := newCamera()
	c.gop(2, 2000)
	h := movies(t, s, c)
	r, _, _ := open(t, h.URL)
	box(t, r)
	resp, err := http.Get(h.URL)
	must(t, err)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("status %s for one too many", resp.Status)
	}
	c.End("camera offline")
	if _, err := io.ReadAll(r); err != nil {
		t.Fatalf("ends with %v", err)
	}
	eventually(t, "place free", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.movies) == 0 })
	isErr(t, s.ServeMP4(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), Ask{Stream: c.Stream}), ErrOffline)
}

func TestMovieAnnouncesChangedParametersAndGoesOn(t *testing.T) {
	s := serve(t, Options{})
	c := newCamera()
	c.gop(2, 2000)
	r, _, _ := open(t, movies(t, s, c).URL)
	for range 6 {
		box(t, r)
	}
	other := *c.track
	other.Width, other.Height = 640, 360
	c.track = &other
	c.gop(1, 2000)
	for _, want := range []string{"ftyp", "moov", "moof", "mdat"} {
		if kind, _ := box(t, r); kind != want {
			t.Fatalf("box %s, want %s", kind, want)
		}
	}
}

// record writes a stream's movie to a file until the camera goes offline.
func record(t *testing.T, c *camera, query string) (file, mime string) {
	t.Helper()
	s := serve(t, Options{})
	w := httptest.NewRecorder()
	done := make(chan error)
	go func() {
		done <- s.ServeMP4(w, httptest.NewRequest("GET", "/live.mp4", nil), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna", Audio: query != ""})
	}()
	eventually(t, "reader", func() bool { return c.Info().Readers == 1 })
	c.End("camera offline")
	must(t, <-done)
	file = filepath.Join(t.TempDir(), "live.mp4")
	must(t, os.WriteFile(file, w.Body.Bytes(), 0o600))
	return file, w.Header().Get("Content-Type")
}

// probe lists the presentation times of a file's video packets, sorted, and decodes every frame.
func probe(t *testing.T, file string) (frames int, times []string) {
	t.Helper()
	out, err := exec.Command(need(t, "ffmpeg"), "-v", "error", "-xerror", "-i", file, "-f", "null", "-").CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("decode: %v %s", err, out)
	}
	out, err = exec.Command(need(t, "ffprobe"), "-v", "error", "-select_streams", "v", "-show_entries",
		"frame=pts_time", "-of", "csv=p=0", file).Output()
	must(t, err)
	times = strings.Fields(strings.ReplaceAll(string(out), ",", ""))
	return len(times), times
}

func TestMovieOfRealFramesDecodesToTheFrame(t *testing.T) {
	for _, codec := range []rtsp.Codec{rtsp.H264, rtsp.H265} {
		t.Run(codec.String(), func(t *testing.T) {
			us := encode(t, codec, "50", "keyint=100:bframes=0")
			c := newCamera(describe(codec, us[0]))
			c.play(us, nil)
			file, mime := record(t, c, "")
			want := map[rtsp.Codec]string{rtsp.H264: "avc1.", rtsp.H265: "hvc1"}[codec]
			if !strings.Contains(mime, want) {
				t.Errorf("content type %s", mime)
			}
			if n, _ := probe(t, file); n != 50 {
				t.Fatalf("%d frames of 50", n)
			}
		})
	}
}

func TestMovieShowsReorderedFramesInOrder(t *testing.T) {
	us := encode(t, rtsp.H264, "41", "keyint=100:bframes=1:b-adapt=0:b-pyramid=0:scenecut=0:weightp=0")
	order := make([]int, len(us)) // I P B P B …: one B-frame between references
	for i := range us {
		switch {
		case i == 0:
		case i%2 == 1 && i+1 < len(us):
			order[i] = i + 1
		case i%2 == 0:
			order[i] = i - 1
		default:
			order[i] = i
		}
	}
	c := newCamera(describe(rtsp.H264, us[0]))
	c.play(us, order)
	file, _ := record(t, c, "")
	n, times := probe(t, file)
	if n != len(us) {
		t.Fatalf("%d frames of %d", n, len(us))
	}
	for i := range times[1:] {
		var a, b float64
		_, _ = fmt.Sscan(times[i], &a)
		_, _ = fmt.Sscan(times[i+1], &b)
		if d := b - a; d < 0.0399 || d > 0.0401 {
			t.Fatalf("frame %d is shown %.3f s after the last: %v", i+1, d, times)
		}
	}
}

func TestMovieTakesSoundOnlyWhenAskedFor(t *testing.T) {
	aac := &rtsp.Track{ID: 1, Codec: rtsp.AAC, ClockRate: 48000, SampleRate: 48000, Channels: 1, ASC: []byte{0x11, 0x88}}
	for query, want := range map[string]string{"": `"avc1.42c01f"`, "?audio=1": `"avc1.42c01f,mp4a.40.2"`} {
		c := newCamera(h264Track(), aac)
		c.gop(5, 1000)
		c.Frame(&rtsp.Frame{Run: c.run, Track: aac, Wall: c.run.Start, Payload: [][]byte{{1}}, Size: 1}) // too old
		c.gop(5, 1000)
		if _, mime := record(t, c, query); !strings.HasSuffix(mime, want) {
			t.Errorf("%q: content type %s", query, mime)
		}
	}
}

// G.711 is told from FLAC by nothing but its size: each sample that comes out is the one that went in.
func TestMovieGivesG711AsFLACThatLosesNothing(t *testing.T) {
	us := encode(t, rtsp.H264, "50", "keyint=100:bframes=0")
	c := newCamera(describe(rtsp.H264, us[0]), pcmuTrack)
	c.play(us[:1], nil)
	rnd := rand.New(rand.NewPCG(1, 2))
	var sent []byte
	for i := range 50 {
		packet := make([]byte, 160+i%3)
		for k := range packet {
			packet[k] = byte(rnd.Uint32())
		}
		pts := rtsp.Ticks(len(sent))
		c.Frame(&rtsp.Frame{Run: c.run, Track: pcmuTrack, PTS: pts, DTS: pts, Wall: time.Now().UTC().Add(time.Second), Arrival: rtsp.MonoNow(), Payload: [][]byte{packet}, Size: len(packet)})
		sent = append(sent, packet...)
	}
	c.play(us[1:], nil)
	file, mime := record(t, c, "?audio=1")
	if !strings.HasSuffix(mime, `,flac"`) {
		t.Errorf("content type %s", mime)
	}
	raw := filepath.Join(t.TempDir(), "sent.ulaw")
	must(t, os.WriteFile(raw, sent, 0o600))
	ffmpeg := need(t, "ffmpeg")
	want, err := exec.Command(ffmpeg, "-v", "error", "-f", "mulaw", "-ar", "8000", "-ac", "1", "-i", raw, "-f", "s16le", "-").Output()
	must(t, err)
	got, err := exec.Command(ffmpeg, "-v", "error", "-xerror", "-i", file, "-map", "0:a", "-f", "s16le", "-").Output()
	must(t, err)
	if len(want) != 2*len(sent) || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes of sound of %d, or others", len(got), len(want))
	}
}

func TestMovieGoesOnAcrossAClockStep(t *testing.T) {
	m := &movie{w: httptest.NewRecorder()}
	c := newCamera()
	p := &part{track: c.track, last: -1}
	m.parts, m.tracks, m.begun = []*part{p}, []fmp4.Track{movieTrack(1, c.track)}, true
	first := &rtsp.Frame{Run: c.run, Track: c.track, DTS: 1000, Arrival: 0}
	m.add(first)
	m.add(&rtsp.Frame{Run: c.run, Track: c.track, DTS: 4600})
	m.add(&rtsp.Frame{Run: &rtsp.Run{ID: 2}, Track: c.track, DTS: 0, Arrival: 0}) // arrives as if not later
	m.add(&rtsp.Frame{Run: &rtsp.Run{ID: 3}, Track: c.track, DTS: 0, Arrival: rtsp.Mono(1e9)})
	var got []int64
	for _, s := range m.samples {
		got = append(got, s.DTS)
	}
	if fmt.Sprint(got) != "[0 3600 3601 90000]" {
		t.Fatalf("decode times %v", got)
	}
}

func TestSnapshotIsTheNewestKeyFrame(t *testing.T) {
	for _, codec := range []rtsp.Codec{rtsp.H264, rtsp.H265} {
		us := encode(t, codec, "3", "keyint=100:bframes=0")
		c := newCamera(describe(codec, us[0]))
		s := serve(t, Options{FFmpeg: need(t, "ffmpeg")})
		_, _, err := s.Snapshot(t.Context(), c.Stream)
		isErr(t, err, ErrOffline)
		c.play(us, nil)
		mime, body, err := s.Snapshot(t.Context(), c.Stream)
		must(t, err)
		picture, err := jpeg.Decode(bytes.NewReader(body))
		must(t, err)
		if b := picture.Bounds(); mime != "image/jpeg" || b.Dx() != 320 || b.Dy() != 240 {
			t.Fatalf("%s of %v", mime, b)
		}
		again, _ := s.pictures.claim(c.Stream, mustKey(t, c), time.Now())
		if !bytes.Equal(again.jpeg, body) {
			t.Fatal("the picture is not kept for its key frame")
		}
		c.End("camera offline")
		_, _, err = s.Snapshot(t.Context(), c.Stream)
		isErr(t, err, ErrOffline)
	}
}

func TestSnapshotWithoutDecoderIsAnMP4ThatPlays(t *testing.T) {
	us := encode(t, rtsp.H264, "3", "keyint=100:bframes=0")
	c := newCamera(describe(rtsp.H264, us[0]))
	c.play(us, nil)
	s := serve(t, Options{FFmpeg: filepath.Join(t.TempDir(), "none")}) // installed once, gone since
	mime, body, err := s.Snapshot(t.Context(), c.Stream)
	must(t, err)
	if !strings.HasPrefix(mime, "video/mp4") {
		t.Fatalf("type %s", mime)
	}
	file := filepath.Join(t.TempDir(), "still.mp4")
	must(t, os.WriteFile(file, body, 0o600))
	if n, _ := probe(t, file); n != 1 {
		t.Fatalf("%d frames", n)
	}
}

func TestSnapshotOfNoiseFallsBackToTheFrame(t *testing.T) {
	s := serve(t, Options{FFmpeg: need(t, "ffmpeg")})
	c := newCamera()
	c.picture(true, 5000)
	mime, _, err := s.Snapshot(t.Context(), c.Stream)
	must(t, err)
	if !strings.HasPrefix(mime, "video/mp4") && mime != "image/jpeg" { // a decoder may make a picture of anything
		t.Fatalf("type %s", mime)
	}
}

func TestDecoderThatWritesForEverIsEnded(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "ffmpeg")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nexec cat /dev/zero\n"), 0o700))
	s := serve(t, Options{FFmpeg: script})
	c := newCamera()
	f := c.picture(true, 5000)
	_, err := s.pictures.decode(t.Context(), f)
	isErr(t, err, errTooLarge)
	if mime, _, err := s.Snapshot(t.Context(), c.Stream); err != nil || !strings.HasPrefix(mime, "video/mp4") {
		t.Fatalf("type %s, error %v", mime, err)
	}
}

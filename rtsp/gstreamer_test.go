package rtsp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"holdfast/rtsp"
	"holdfast/rtsp/rtsptest"
)

// pictures gives the slices of an access unit: what comes before them (parameter sets, delimiters) servers add as they
// like.
func pictures(c rtsp.Codec, nals [][]byte) (list [][]byte) {
	for _, n := range nals {
		if len(n) == 0 {
			continue
		}
		if c == rtsp.H265 && n[0]>>1&0x3f < 32 || c == rtsp.H264 && n[0]&0x1f >= 1 && n[0]&0x1f <= 5 {
			list = append(list, n)
		}
	}
	return list
}

// TestPicturesOfGStreamersCamera compares every slice received with the file that GStreamer played.
func TestPicturesOfGStreamersCamera(t *testing.T) {
	for _, c := range []struct {
		codec     string
		b         int
		transport rtsp.Transport
		name      rtsp.Codec
	}{
		{"libx264", 0, rtsp.TCP, rtsp.H264}, {"libx264", 0, rtsp.UDP, rtsp.H264}, {"libx264", 3, rtsp.TCP, rtsp.H264},
		{"libx265", 0, rtsp.TCP, rtsp.H265}, {"libx265", 3, rtsp.UDP, rtsp.H265},
	} {
		t.Run(fmt.Sprintf("%s-%db-%s", c.codec, c.b, c.transport), func(t *testing.T) {
			t.Parallel()
			file := rtsptest.MakeFile(t, rtsptest.Make{Codec: c.codec, B: c.b, Seconds: 4})
			url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{File: file, Codec: c.name.String(), Username: "viewer", Password: oddPassword})
			clip := load(t, file)
			k := newKept()
			_, end := pull(t, rtsp.Options{URL: url, Username: "viewer", Password: oddPassword, Transport: c.transport}, k)
			k.until(t, "all frames", frames(len(clip.Units), c.name))
			end()
			if len(k.frames) != len(clip.Units) {
				t.Fatalf("%d frames came, %d were sent", len(k.frames), len(clip.Units))
			}
			for i, f := range k.frames {
				if !equalNALs(pictures(c.name, f.Payload), pictures(c.name, clip.Units[i].NALs)) {
					t.Fatalf("frame %d differs from the file", i)
				}
				if f.Key != clip.Units[i].Sync {
					t.Errorf("frame %d: key is %v", i, f.Key)
				}
			}
			spacing(t, k.frames, clip)
		})
	}
}

// spacing checks that presentation times are the file's.
func spacing(t *testing.T, got []*rtsp.Frame, clip *rtsptest.Clip) {
	t.Helper()
	for i, f := range got {
		want := (clip.Units[i].PTS - clip.Units[0].PTS).Microseconds()
		have := int64(f.PTS-got[0].PTS) * 1_000_000 / 90000
		if d := have - want; d > 50 || d < -50 {
			t.Fatalf("frame %d is shown at %d µs, in the file at %d µs", i, have, want)
		}
		if i > 0 && f.DTS <= got[i-1].DTS || f.DTS > f.PTS {
			t.Fatalf("frame %d is decoded at %d, shown at %d", i, f.DTS, f.PTS)
		}
	}
}

func load(t *testing.T, file string) *rtsptest.Clip {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := rtsptest.LoadClip(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAutomaticTransportFallsBackToUDP(t *testing.T) {
	t.Parallel()
	file := rtsptest.MakeFile(t, rtsptest.Make{})
	url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{File: file, Codec: "H264", Protocols: "udp"})
	k := newKept()
	s, _ := pull(t, rtsp.Options{URL: url}, k)
	k.until(t, "frames", frames(10, rtsp.H264))
	if tr := s.Stats().Transport; tr != "udp" {
		t.Errorf("transport is %q", tr)
	}
}

func TestSoundOfGStreamersCamera(t *testing.T) {
	t.Parallel()
	file := rtsptest.MakeFile(t, rtsptest.Make{Seconds: 4})
	url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{File: file, Codec: "H264", Sound: true})
	k := newKept()
	pull(t, rtsp.Options{URL: url, Audio: true}, k)
	k.until(t, "sound", frames(50, rtsp.PCMA))
	k.until(t, "pictures", frames(25, rtsp.H264))
}

// A camera that sends only MJPEG says so, and what to do: nothing of it is recorded in silence.
func TestMJPEGOfGStreamersCameraIsNamed(t *testing.T) {
	t.Parallel()
	url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{Codec: "JPEG"})
	session, err := rtsp.NewSession(rtsp.Options{URL: url, Dial: dial}, newKept())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = session.Run(ctx)
	var e *rtsp.Error
	if !errors.As(err, &e) || e.Class != rtsp.Media || !strings.Contains(e.Error(), "only MJPEG") || !strings.Contains(e.Hint, "H.264 or H.265") {
		t.Errorf("%v", err)
	}
}

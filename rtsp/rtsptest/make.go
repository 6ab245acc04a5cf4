package rtsptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Make says what clip to encode; the zero value is a small H.264 clip of two seconds.
type Make struct {
	Codec   string // libx264 (default) or libx265
	Size    string // "320x240"
	Seconds int    // 2
	FPS     int    // 25
	GOP     int    // pictures, 25
	B       int    // B-frames in a row
	Bitrate string // "": by quality
	AAC     bool
}

// Tool finds a program that tests need. Without it the test is skipped, or fails where HOLDFAST_CI is 1.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("HOLDFAST_CI") == "1" {
		t.Fatalf("%s is needed and not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// MakeFile encodes a clip with ffmpeg and returns the file's path.
func MakeFile(t testing.TB, m Make) string {
	t.Helper()
	m.defaults()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	out, err := exec.Command(Tool(t, "ffmpeg"), m.arguments(path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

// MakeClip encodes a clip with ffmpeg and loads it.
func MakeClip(t testing.TB, m Make) *Clip {
	t.Helper()
	f, err := os.Open(MakeFile(t, m))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := LoadClip(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (m *Make) defaults() {
	if m.Codec == "" {
		m.Codec = "libx264"
	}
	if m.Size == "" {
		m.Size = "320x240"
	}
	if m.Seconds == 0 {
		m.Seconds = 2
	}
	if m.FPS == 0 {
		m.FPS = 25
	}
	if m.GOP == 0 {
		m.GOP = 25
	}
}

func (m *Make) arguments(path string) []string {
	a := []string{"-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=%d:duration=%d", m.Size, m.FPS, m.Seconds)}
	if m.AAC {
		a = append(a, "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=48000:duration=%d", m.Seconds), "-c:a", "aac")
	}
	a = append(a, "-c:v", m.Codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1",
		"-g", strconv.Itoa(m.GOP), "-bf", strconv.Itoa(m.B), "-video_track_timescale", "90000")
	if m.Bitrate != "" {
		a = append(a, "-b:v", m.Bitrate, "-minrate", m.Bitrate, "-maxrate", m.Bitrate, "-bufsize", m.Bitrate)
	}
	if m.Codec == "libx265" {
		a = append(a, "-tag:v", "hvc1", "-x265-params",
			fmt.Sprintf("log-level=none:keyint=%d:min-keyint=%d:scenecut=0:open-gop=0:bframes=%d:pools=1", m.GOP, m.GOP, m.B))
	} else {
		a = append(a, "-keyint_min", strconv.Itoa(m.GOP), "-sc_threshold", "0")
		if m.Bitrate != "" {
			a = append(a, "-x264-params", "nal-hrd=cbr")
		}
	}
	return append(a, "-y", path)
}

package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/web"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

const oddPassword = "p@ss:w/ö?rd#1"

// running is a gateway under test, seen from outside.
type running struct {
	t   *testing.T
	g   *Gateway
	e   Endpoint
	dir string
	end func()
}

// start runs a gateway with the cameras of a piece of configuration until the test ends.
func start(t *testing.T, cameras string) *running {
	t.Helper()
	return startIn(t, t.TempDir(), cameras)
}

// startIn runs a gateway whose files are in a directory.
func startIn(t *testing.T, dir, more string) *running {
	t.Helper()
	return startWith(t, dir, more, Options{})
}

// startWith runs a gateway with options of its own.
func startWith(t *testing.T, dir, more string, o Options) *running {
	t.Helper()
	yaml := fmt.Sprintf("data: %s/data\nvolumes:\n  - path: %s/volume\n%s", dir, dir, more)
	if !strings.Contains(more, "listen:") {
		yaml = "listen: 127.0.0.1:0\n" + yaml
	}
	if !strings.Contains(more, "webrtc:") {
		yaml = "webrtc: {udp: \"127.0.0.1:0\", tcp: \"127.0.0.1:0\"}\n" + yaml
	}
	conf, err := config.Parse("test", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	o.Config = conf
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	confirmKeys(t, conf)
	g := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	r := &running{t: t, g: g, dir: dir}
	ended := false
	r.end = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("gateway ended with %v", err)
		}
	}
	t.Cleanup(r.end)
	select {
	case <-g.Ready():
	case err := <-done:
		t.Fatal(err)
	}
	if r.e, err = ReadEndpoint(conf.Data); err != nil {
		t.Fatal(err)
	}
	return r
}

// get asks the API and gives the body.
func (r *running) get(path string) []byte {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.e.URL+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.e.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s %v %.300s", path, res.Status, err, body)
	}
	return body
}

type span struct {
	Start, End  time.Time
	Kind, Cause string
	Filled      *web.Filled
}

func (r *running) spans(camera string) (list []span) {
	r.t.Helper()
	now := time.Now().UTC()
	path := fmt.Sprintf("/api/v1/cameras/%s/spans?from=%s&to=%s", camera, now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339))
	if err := json.Unmarshal(r.get(path), &list); err != nil {
		r.t.Fatal(err)
	}
	return list
}

// until waits for a condition on a camera's spans.
func (r *running) until(camera, what string, ok func([]span) bool) []span {
	r.t.Helper()
	limit := time.After(2 * time.Minute)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		list := r.spans(camera)
		if ok(list) {
			return list
		}
		select {
		case <-tick.C:
		case <-limit:
			r.t.Fatalf("did not come: %s; spans %+v", what, list)
		}
	}
}

// video stores the clip of a span.
func (r *running) video(camera string, s span) string {
	r.t.Helper()
	body := r.get(fmt.Sprintf("/api/v1/cameras/%s/video.mp4?from=%s&to=%s", camera, s.Start.Format(time.RFC3339Nano), s.End.Format(time.RFC3339Nano)))
	file := filepath.Join(r.t.TempDir(), "video.mp4")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return file
}

// decoded decodes every frame of a file, fails at the first complaint, and counts the frames.
func decoded(t *testing.T, file string) (frames int, length time.Duration) {
	t.Helper()
	var complaints bytes.Buffer
	cmd := exec.Command(rtsptest.Tool(t, "ffmpeg"), "-v", "warning", "-i", file, "-map", "0:v", "-f", "null", "-")
	cmd.Stderr = &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("ffmpeg: %v\n%s", err, complaints.String())
	}
	out, err := exec.Command(rtsptest.Tool(t, "ffprobe"), "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
		"stream=nb_read_frames,duration", "-of", "csv=p=0", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	seconds, count, _ := strings.Cut(strings.TrimSpace(string(out)), ",")
	frames, _ = strconv.Atoi(strings.TrimSpace(count))
	s, _ := strconv.ParseFloat(seconds, 64)
	return frames, time.Duration(s * float64(time.Second))
}

// TestFootageOfForeignCamerasIsWhole records GStreamer's RTSP server, which plays a file once, and takes the footage
// back through the API: every frame decodes, and their number and length are those of the file. HOLDFAST_SECONDS makes
// the file longer.
func TestFootageOfForeignCamerasIsWhole(t *testing.T) {
	seconds := 6
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_SECONDS")); err == nil {
		seconds = n
	}
	cases := []struct {
		id, codec, name, transport string
		b                          int
	}{
		{"h264-tcp", "libx264", "H264", "tcp", 0}, {"h264-udp", "libx264", "H264", "udp", 0}, {"h264b-tcp", "libx264", "H264", "tcp", 3},
		{"h265-tcp", "libx265", "H265", "tcp", 3}, {"h265-udp", "libx265", "H265", "udp", 0},
	}
	yaml := "cameras:\n"
	for _, c := range cases {
		file := rtsptest.MakeFile(t, rtsptest.Make{Codec: c.codec, B: c.b, Seconds: seconds, GOP: 50})
		url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{File: file, Codec: c.name, Username: "viewer", Password: oddPassword})
		yaml += fmt.Sprintf("  - {id: %s, name: %s, rtsp: %q, username: viewer, password: %q, transport: %s}\n", c.id, c.id, url, oddPassword, c.transport)
	}
	r := start(t, yaml)
	for _, c := range cases {
		t.Run(c.id, func(t *testing.T) {
			r.t = t
			list := r.until(c.id, "the end of the first playing", func(l []span) bool {
				return len(l) > 1 && l[0].Kind == "recorded" && l[1].Kind == "gap" && l[0].End.Sub(l[0].Start) > time.Duration(seconds-1)*time.Second
			})
			if cause := list[1].Cause; cause != string(storage.CauseStalled) && cause != string(storage.CauseOffline) {
				t.Errorf("the gap after it is for %q", cause)
			}
			frames, length := decoded(t, r.video(c.id, list[0]))
			if want := seconds * 25; frames != want {
				t.Errorf("%d frames came back of %v, %d were sent", frames, list[0].End.Sub(list[0].Start), want)
			}
			if off := (length - time.Duration(seconds)*time.Second).Abs(); off > 40*time.Millisecond {
				t.Errorf("footage is %v long", length)
			}
		})
	}
	r.t = t
	if body := r.get("/api/v1/cameras"); bytes.Contains(body, []byte(oddPassword)) || bytes.Contains(body, []byte("viewer")) {
		t.Error("credentials are in an answer of the API")
	}
}

// TestRestartIsAGapWithItsCause ends a gateway in order and starts another on the same files.
func TestRestartIsAGapWithItsCause(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam, err := rtsptest.New(rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); cam.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-gone })
	r := start(t, fmt.Sprintf("cameras:\n  - {id: cam, name: Cam, rtsp: %q}\n", cam.URL("main")))
	r.until("cam", "footage", func(l []span) bool {
		return len(l) > 0 && l[0].Kind == "recorded" && l[0].End.Sub(l[0].Start) > 2*time.Second
	})
	cam.CloseAll()
	r.until("cam", "a gap and footage after it", func(l []span) bool {
		return len(l) >= 3 && l[len(l)-2].Cause == string(storage.CauseOffline) && l[len(l)-1].Kind == "recorded"
	})
	r.end()
	conf, err := config.Parse("test", fmt.Appendf(nil, "listen: 127.0.0.1:0\ndata: %s/data\nvolumes:\n  - path: %s/volume\n", r.dir, r.dir))
	if err != nil {
		t.Fatal(err)
	}
	report, err := CheckFiles(t.Context(), conf, storage.LevelHash, nil, slog.New(slog.DiscardHandler))
	if err != nil || len(report.Findings) > 0 || report.Segments < 2 {
		t.Errorf("check: %+v, %v", report, err)
	}
}

// realFootage cuts a real camera's footage, as it was encoded there, from the shared test material, which is not part of
// the repository.
func realFootage(t *testing.T, seconds int) string {
	t.Helper()
	root := os.Getenv("HOLDFAST_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	files, _ := filepath.Glob(filepath.Join(root, "footage", "*.mp4"))
	if len(files) == 0 {
		t.Skipf("there is no footage of real cameras in %s; HOLDFAST_SHARED names another place", root)
	}
	cut := filepath.Join(t.TempDir(), "cut.mp4")
	out, err := exec.Command(rtsptest.Tool(t, "ffmpeg"), "-v", "error", "-i", files[0], "-t", strconv.Itoa(seconds), "-c", "copy", "-an", cut).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return cut
}

// TestFootageOfARealCameraIsWhole records what a real camera encoded, from GStreamer's server.
func TestFootageOfARealCameraIsWhole(t *testing.T) {
	file := realFootage(t, 8)
	want, length := decoded(t, file)
	url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{File: file, Codec: "H264", Username: "viewer", Password: oddPassword})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: real, name: Real, rtsp: %q, username: viewer, password: %q}\n", url, oddPassword))
	list := r.until("real", "the end of the first playing", func(l []span) bool {
		return len(l) > 1 && l[0].Kind == "recorded" && l[1].Kind == "gap" && l[0].End.Sub(l[0].Start) > length-time.Second
	})
	frames, got := decoded(t, r.video("real", list[0]))
	if frames != want || (got-length).Abs() > 100*time.Millisecond {
		t.Errorf("%d frames of %v came back, %d of %v were sent", frames, got, want, length)
	}
}

package rtsptest

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

//go:embed gstcamera.py
var gstCamera string

// python is Debian's own: its GStreamer bindings are not in any other.
const python = "/usr/bin/python3"

// GStreamer says what GStreamer's RTSP server plays.
type GStreamer struct {
	File               string `json:"file"`  // an MP4, see MakeFile; none of JPEG, whose picture is drawn
	Codec              string `json:"codec"` // H264, H265 or JPEG
	Username, Password string // "": no authentication; else Digest
	Protocols          string // "udp": nothing else; "": all
	Sound              bool   // A-law beside the picture
}

// StartGStreamer starts GStreamer's RTSP server, which plays the file once to each client, and returns the address. It
// ends with the test.
func StartGStreamer(t testing.TB, o GStreamer) string {
	t.Helper()
	needGStreamer(t)
	conf, err := json.Marshal(map[string]any{"file": o.File, "codec": o.Codec, "username": o.Username, "password": o.Password,
		"protocols": o.Protocols, "sound": o.Sound})
	if err != nil {
		t.Fatal(err)
	}
	return startPython(t, gstCamera, "CAMERA="+string(conf)) + "/stream"
}

// startPython runs a script that serves RTSP and prints its port, and returns its address. It ends with the test.
func startPython(t testing.TB, script, environment string) string {
	t.Helper()
	cmd := exec.Command(python, "-c", script)
	cmd.Env = append(os.Environ(), environment)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("GStreamer camera did not start: %v", err)
	}
	return "rtsp://127.0.0.1:" + strings.TrimSpace(line)
}

// needGStreamer skips the test where GStreamer's RTSP server is not installed, and fails it where HOLDFAST_CI is 1.
func needGStreamer(t testing.TB) {
	t.Helper()
	probe := "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
	if err := exec.Command(python, "-c", probe).Run(); err == nil {
		return
	}
	if os.Getenv("HOLDFAST_CI") == "1" {
		t.Fatal("GStreamer's RTSP server is needed and not installed")
	}
	t.Skip("GStreamer's RTSP server is not installed")
}

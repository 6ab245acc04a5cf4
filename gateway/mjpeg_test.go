package gateway

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/rtsp/rtsptest"
)

// A camera that sends nothing but MJPEG is no camera that cannot be reached: its state and health say what it sends, and what to choose.
func TestACameraThatSendsOnlyMJPEGSaysSo(t *testing.T) {
	t.Parallel()
	url := rtsptest.StartGStreamer(t, rtsptest.GStreamer{Codec: "JPEG"})
	r := start(t, fmt.Sprintf("cameras:\n  - id: old\n    name: Old\n    rtsp: %s\n", url))
	r.await("the camera to be understood", func() bool {
		c, _ := r.g.camera("old")
		return strings.Contains(c.leading().Detail, "only MJPEG")
	})
	h, err := r.g.CameraHealth("old", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range h.Findings {
		if f.Severity == "alarm" && strings.Contains(f.What, "only MJPEG") && strings.Contains(f.Do, "H.264 or H.265") {
			return
		}
	}
	t.Errorf("nothing is said of it: %+v", h.Findings)
}

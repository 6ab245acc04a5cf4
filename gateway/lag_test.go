package gateway

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"holdfast/rtsp/rtsptest"
)

var lagCount = regexp.MustCompile(`(?m)^holdfast_recording_lag_seconds_count (\d+)$`)

func TestMetricsCountHowLongFramesWaitUntilTheyAreSafe(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q}\n", cam.URL("main")))
	r.recorded("door", time.Second)
	text := r.get("/metrics")
	m := lagCount.FindSubmatch(text)
	if m == nil {
		t.Fatalf("the histogram is missing from\n%s", text)
	}
	if n, err := strconv.Atoi(string(m[1])); err != nil || n == 0 {
		t.Errorf("no batch was counted in\n%s", text)
	}
}

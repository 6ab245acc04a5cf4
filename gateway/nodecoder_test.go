package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"holdfast/gateway/web"
	"holdfast/rtsp/rtsptest"
)

// Footage of a camera that draws no boxes is looked through by its pictures. A gateway that cannot decode them says so in a class of its own
// that programs, and the viewer, can tell from others.
func TestLookingForMotionWithoutADecoderSaysWhatIsMissing(t *testing.T) {
	cam, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": rtsptest.MakeClip(t, rtsptest.Make{})}})
	t.Setenv("PATH", t.TempDir()) // nothing is installed
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q}\n", cam.URL("main")))
	r.recorded("door", 3*time.Second)
	l := r.spans("door")
	q := url.Values{"from": {l[0].Start.Format(time.RFC3339Nano)}, "to": {l[0].End.Format(time.RFC3339Nano)}}
	req, err := http.NewRequest(http.MethodGet, r.e.URL+"/api/v1/cameras/door/motion?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.e.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p web.Problem
	if err := json.Unmarshal(text, &p); err != nil || res.StatusCode != http.StatusConflict || p.Type != "/problems/no-decoder" || p.Detail == "" || p.Hint == "" {
		t.Errorf("%d, %v: %s", res.StatusCode, err, text)
	}
}

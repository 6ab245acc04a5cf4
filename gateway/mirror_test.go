package gateway

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

func TestMirroredCameraIsRecordedTwiceAndSaysSo(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	dir := t.TempDir()
	r := startIn(t, dir, fmt.Sprintf("  - path: %s/other\ncameras:\n  - {id: door, name: Door, rtsp: %q, record: {mirror: true}}\n", dir, cam.URL("main")))
	r.recorded("door", time.Second)
	c := r.cameras()["door"]
	if c.Record.Mirror != "mirrored" || c.Record.MirrorWhy != "" || len(c.Streams[0].Recording.Volumes) != 2 {
		t.Errorf("recorded as %+v on %v", c.Record, c.Streams[0].Recording)
	}
	r.await("the alarm of two copies on one disk", func() bool {
		a, ok := r.alarm("mirror:door")
		return ok && strings.Contains(a.What, "one file system")
	})
	other, away := filepath.Join(dir, "other"), filepath.Join(dir, "away")
	if err := os.Rename(other, away); err != nil {
		t.Fatal(err)
	}
	r.await("the camera's word", func() bool { return r.cameras()["door"].Record.Mirror == "not_mirrored" })
	if c := r.cameras()["door"]; !strings.Contains(c.Record.MirrorWhy, "other") || c.Record.State != "recording" || len(c.Streams[0].Recording.Volumes) != 1 {
		t.Errorf("recorded as %+v on %v", c.Record, c.Streams[0].Recording)
	}
	if l := r.spans("door"); len(l) != 1 {
		t.Errorf("the timeline is %+v", l)
	}
	r.end() // before the volume is back: this process would make the copy, or the next one
	if err := os.Rename(away, other); err != nil {
		t.Fatal(err)
	}
	r = startIn(t, dir, fmt.Sprintf("  - path: %s/other\ncameras:\n  - {id: door, name: Door, rtsp: %q, record: {mirror: true}}\n", dir, cam.URL("main")))
	r.await("the second copy", func() bool { return r.g.Health().Copies.Copied >= 1 && r.g.Health().Copies.Waiting == 0 })
	if r.pairs(filepath.Join(dir, "volume"), other) == 0 {
		t.Error("no file is on both volumes")
	}
	var b bytes.Buffer
	if r.g.writeMetrics(&b); !strings.Contains(b.String(), `holdfast_camera_mirrored{camera="door"} `) || !strings.Contains(b.String(), "holdfast_second_copies_made_total 1\n") {
		t.Errorf("metrics: %s", b.String())
	}
}

// pairs counts the segments that have the same bytes on two volumes.
func (r *running) pairs(one, other string) (n int) {
	files, err := filepath.Glob(filepath.Join(one, "door", "main", "*", "*.mp4"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, path := range files {
		a, _ := os.ReadFile(path)
		b, _ := os.ReadFile(strings.Replace(path, one, other, 1))
		if len(a) > 0 && bytes.Equal(a, b) {
			n++
		}
	}
	return n
}

func TestCameraIsNotMirroredOnOneVolume(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	if _, err := r.g.Enrol(t.Context(), Adoption{Address: "rtsp://127.0.0.1:9/", Mirror: true}); err == nil {
		t.Error("a camera is mirrored on one volume")
	}
}

// An adopted camera is mirrored from its next segment on, without another connection, and stays so when its age is changed.
func TestMirroringIsSwitchedOnWhileTheCameraIsRecorded(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	r := startIn(t, t.TempDir(), "")
	id, err := r.g.Enrol(t.Context(), Adoption{Address: cam.URL("main"), Name: "Till"})
	if err != nil {
		t.Fatal(err)
	}
	r.recorded(id, time.Second)
	if _, err := r.g.SetRecordSettings(t.Context(), id, web.RecordSettings{Mirror: true}); err == nil || !strings.Contains(err.Error(), "add a volume") {
		t.Errorf("on one volume: %v", err)
	}
	if _, err := r.g.store.AddVolume(storage.VolumeOptions{Path: filepath.Join(t.TempDir(), "other"), MinFree: 1}); err != nil {
		t.Fatal(err)
	}
	before, _ := r.g.camera(id)
	for _, s := range []web.RecordSettings{{Mirror: true}, {Mirror: true, MaxAge: "5d"}} {
		if got, err := r.g.SetRecordSettings(t.Context(), id, s); err != nil || !got.Mirror || !r.g.store.Mirroring(id).Wanted {
			t.Errorf("set to %+v, %v", got, err)
		}
	}
	if now, _ := r.g.camera(id); now != before {
		t.Error("the camera was connected anew")
	}
	if _, err := r.g.SetRecordSettings(t.Context(), id, web.RecordSettings{}); err != nil || r.g.store.Mirroring(id).Wanted {
		t.Errorf("switched off: %v", err)
	}
}

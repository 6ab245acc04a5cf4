package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
)

// volumesOf asks for the volumes of a data directory.
func volumesOf(t *testing.T, dir string) (list []web.Volume) {
	t.Helper()
	code, out, errs := invoke(t, "volume", "list", "--data", dir, "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != exitDone {
		t.Fatalf("volume list: exit %d, %v\n%s%s", code, err, out, errs)
	}
	return list
}

// recordedOn tells whether something is recorded yet. The local socket may come a moment after the endpoint.
func recordedOn(t *testing.T, dir string) bool {
	t.Helper()
	var list []web.Volume
	code, out, _ := invoke(t, "volume", "list", "--data", dir, "--json")
	return code == exitDone && json.Unmarshal([]byte(out), &list) == nil && len(list) > 0 && list[0].Streams > 0
}

func awaitRecording(t *testing.T, dir string) {
	t.Helper()
	limit := time.After(time.Minute)
	for !recordedOn(t, dir) {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-limit:
			t.Fatal("nothing is recorded")
		}
	}
}

// A volume is added, the first one emptied while recording goes on, and both outlive the gateway.
func TestVolumesAreAddedAndDrainedWhileItRunsAndAfter(t *testing.T) {
	t.Parallel()
	dir, more := t.TempDir(), filepath.Join(t.TempDir(), "more")
	end := background(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", "1")
	endpoint(t, dir)
	awaitRecording(t, dir)
	first := volumesOf(t, dir)[0].Path
	expect := func(want int, text string, args ...string) {
		t.Helper()
		code, out, errs := invoke(t, append(append([]string{"volume"}, args[0], "--data", dir), args[1:]...)...)
		if code != want || !strings.Contains(out+errs, text) {
			t.Errorf("volume %v: exit %d\n%s%s", args, code, out, errs)
		}
	}
	expect(exitFailed, "no other volume", "drain", first)
	expect(exitDone, more, "add", more)
	expect(exitFailed, "already", "add", more)
	expect(exitFailed, "configuration", "remove", first)
	expect(exitDone, "draining", "drain", "--wait", first)
	list := volumesOf(t, dir)
	if len(list) != 2 || list[0].Segments != 0 || list[0].Streams != 0 || !list[0].Draining.Done || list[1].Streams == 0 || list[1].Segments == 0 || list[1].Source != "added" {
		t.Errorf("%+v %+v", list[0], list[1])
	}
	expect(exitFailed, "recorded on it", "remove", more)
	if code, out, errs := invoke(t, "check", "--data", dir, "--level", "hash"); code != exitDone {
		t.Errorf("check while it runs: exit %d\n%s%s", code, out, errs)
	}
	if code, _ := end(); code != exitDone {
		t.Errorf("demo ended with %d", code)
	}
	list = volumesOf(t, dir)
	if len(list) != 2 || list[0].Draining == nil || list[1].Source != "added" || list[1].Segments == 0 {
		t.Errorf("after the gateway: %+v", list)
	}
	if code, out, errs := invoke(t, "check", "--data", dir, "--level", "hash"); code != exitDone {
		t.Errorf("check: exit %d\n%s%s", code, out, errs)
	}
	expect(exitDone, "", "drain", "--cancel", first)
	expect(exitDone, more, "drain", more) // on the files it waits
	expect(exitDone, "", "remove", more)
	if list = volumesOf(t, dir); len(list) != 1 || list[0].Segments == 0 {
		t.Errorf("after removing: %+v", list)
	}
}

// A volume that was added at run time is read too when the index is made again.
func TestRebuildReadsVolumesThatWereAdded(t *testing.T) {
	dir, file := site(t, "")
	more := filepath.Join(dir, "more")
	if err := os.Mkdir(more, 0o700); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := invoke(t, "volume", "add", "--config", file, more); code != exitDone {
		t.Fatalf("add: exit %d, %s", code, errs)
	}
	code, out, errs := invoke(t, "check", "--rebuild", "--config", file, "--json")
	var report struct{ Volumes int }
	if err := json.Unmarshal([]byte(out), &report); code != exitDone || err != nil || report.Volumes != 2 {
		t.Errorf("rebuild: exit %d, %v, %s%s", code, err, out, errs)
	}
}

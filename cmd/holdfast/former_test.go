package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/exports"
	"holdfast/gateway/web"
)

// What a camera left is found, kept, taken out and erased by command once the camera is removed, and who watched it stands in the audit log.
func TestARemovedCamerasFootageIsReachedByTheCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := background(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", "1")
	defer end()
	endpoint(t, dir)
	awaitRecording(t, dir)
	run := func(into any, verb ...string) string {
		t.Helper()
		words := 2
		if verb[0] == "erase" {
			words = 1
		}
		args := slices.Insert(slices.Clone(verb), words, "--data", dir) // options stand before what is named
		if into != nil {
			args = slices.Insert(args, words, "--json")
		}
		code, out, errs := invoke(t, args...)
		if code != exitDone {
			t.Fatalf("%v: exit %d\n%s%s", verb, code, out, errs)
		}
		if into != nil {
			if err := json.Unmarshal([]byte(out), into); err != nil {
				t.Fatalf("%v: %v\n%s", verb, err, out)
			}
		}
		return out
	}
	var cameras []web.Camera
	run(&cameras, "camera", "list")
	id := cameras[0].ID
	awaitFootage(t, dir, id)
	run(nil, "event", "raise", "--camera", id, "--text", "A parcel")
	run(nil, "camera", "remove", "--camera", id, "--yes")

	var gone []web.FormerCamera
	run(&gone, "camera", "list", "--removed")
	if len(gone) != 1 || gone[0].ID != id || gone[0].Name != cameras[0].Name || gone[0].Until == nil || !gone[0].Oldest.Before(gone[0].Newest) {
		t.Fatalf("those that were removed are %+v", gone)
	}
	if out := run(nil, "camera", "list", "--removed"); !strings.Contains(out, gone[0].Says) {
		t.Errorf("it is listed as\n%s", out)
	}
	var files []web.SegmentFile
	if run(&files, "recordings", "list", "--camera", id); len(files) == 0 {
		t.Error("no file of it is listed")
	}
	for removed, want := range map[bool]int{false: 0, true: 1} {
		var all []web.ListedEvent
		var axis web.Overview
		events, overview := []string{"event", "list", "--kinds", "mark"}, []string{"recordings", "overview"}
		if removed {
			events, overview = append(events, "--removed"), append(overview, "--removed")
		}
		if run(&all, events...); len(all) != want || want > 0 && all[0].Text != "A parcel" {
			t.Errorf("events, those of removed cameras %v: %+v", removed, all)
		}
		if run(&axis, overview...); len(axis.Cameras) != want {
			t.Errorf("the axis, removed cameras on it %v: %+v", removed, axis.Cameras)
		}
	}
	run(nil, "recordings", "video", "--camera", id, "--out", filepath.Join(t.TempDir(), "it.mp4"))
	if log := run(nil, "audit", "show", "--camera", id); !strings.Contains(log, "playback") || !strings.Contains(log, "camera.remove") {
		t.Errorf("the audit log has of it\n%s", log)
	}
	from, to := gone[0].Oldest.Format(time.RFC3339Nano), gone[0].Newest.Format(time.RFC3339Nano)
	var lock []web.Lock
	run(&lock, "lock", "add", "--camera", id, "--from", from, "--to", to, "--until", time.Now().Add(time.Hour).Format(time.RFC3339), "--reason", "Police")
	var x exports.Export
	if run(&x, "export", "create", "--camera", id, "--from", from, "--to", to, "--reason", "Theft", "--recipient", "Police", "--output", filepath.Join(t.TempDir(), "it.zip")); x.State != exports.Done || x.Parts == 0 {
		t.Errorf("it is taken out as %+v", x)
	}
	run(nil, "lock", "remove", lock[0].ID)
	run(nil, "erase", "--camera", id, "--from", from, "--to", gone[0].Newest.Add(time.Nanosecond).Format(time.RFC3339Nano), "--reason", "purpose ended", "--now")
	if run(&gone, "camera", "list", "--removed"); len(gone) > 0 {
		t.Errorf("what was erased is still to be had: %+v", gone)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
)

// The device of a demo's camera is set up from the command line.
func TestACamerasDeviceIsSetUpByCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := background(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", "1")
	defer end()
	endpoint(t, dir)
	awaitRecording(t, dir)
	var cameras []web.Camera
	code, out, errs := invoke(t, "camera", "list", "--data", dir, "--json")
	if err := json.Unmarshal([]byte(out), &cameras); err != nil || code != exitDone || len(cameras) != 1 {
		t.Fatalf("camera list: exit %d, %v\n%s%s", code, err, out, errs)
	}
	expect := func(want int, text string, args ...string) {
		t.Helper()
		all := append([]string{"camera", args[0], "--data", dir, "--camera", cameras[0].ID}, args[1:]...)
		if code, out, errs := invoke(t, all...); code != want || !strings.Contains(out+errs, text) {
			t.Errorf("%v: exit %d; want %d with %q\n%s%s", args, code, want, text, out, errs)
		}
	}
	taken := func(name, box string, args ...string) {
		t.Helper()
		to := filepath.Join(t.TempDir(), name)
		all := append([]string{"recordings", args[0], "--data", dir, "--camera", cameras[0].ID, "--out", to}, args[1:]...)
		if code, out, errs := invoke(t, all...); code != exitDone || !strings.Contains(out, to) {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
		if b, err := os.ReadFile(to); err != nil || !bytes.Contains(b, []byte(box)) {
			t.Errorf("%v: %d bytes without %s: %v", args, len(b), box, err)
		}
		if code, _, errs := invoke(t, all...); code != exitFailed || !strings.Contains(errs, "exists") {
			t.Errorf("%v writes over a file: exit %d, %s", args, code, errs)
		}
	}
	awaitFootage(t, dir, cameras[0].ID)
	taken("whole.mp4", "stsz", "video")
	taken("wall.mp4", "moof", "video", "--wall")
	taken("keys.mp4", "moof", "video", "--wall", "--keys", "3")
	expect(exitDone, "has not allowed the gateway to transcode", "ways")
	expect(exitDone, `"kind": "webrtc"`, "ways", "--json")
	file := filepath.Join(t.TempDir(), "settings")
	expect(exitDone, "till-7", "name", "--hostname", "till-7", "--location", "Shop")
	expect(exitDone, `"location": "Shop"`, "name", "--json")
	expect(exitFailed, "no host name", "name", "--hostname", "till 7")
	expect(exitDone, "192.168.1.9", "clock", "--servers", "192.168.1.9", "--zone", "CET-1CEST", "--daylight")
	expect(exitDone, "set by hand", "clock", "--now")
	expect(exitFailed, "not both", "clock", "--now", "--servers", "dhcp")
	expect(exitDone, "192.168.1.2", "network", "--gateways", "192.168.1.2", "--dns", "dhcp", "--port", "rtsp=8554")
	expect(exitDone, "8554", "network")
	expect(exitFailed, "name both", "network", "--address", "dhcp")
	expect(exitDone, "camera restart", "network", "--interface", "eth0", "--address", "192.168.1.7/24")
	expect(exitDone, "the gateway's own", "account")
	expect(exitFailed, "no such account", "account", "--remove", "nobody")
	expect(exitDone, "restarts", "restart")
	expect(exitFailed, "--yes", "reset")
	expect(exitDone, "", "reset", "--yes")
	expect(exitDone, "started", "log")
	expect(exitDone, "signed in", "log", "--kind", "access", "--json")
	expect(exitFailed, "neither system nor access", "log", "--kind", "other")
	expect(exitDone, file, "backup", "--to", file)
	expect(exitFailed, "exists", "backup", "--to", file)
	expect(exitDone, "restarts", "restore", "--file", file)
	if err := os.WriteFile(file, bytes.Repeat([]byte("firmware"), 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(exitDone, "about 30 s", "firmware", "--file", file)
	clips := func(want int, text string, args ...string) {
		t.Helper()
		all := append(append([]string{"camera", "clip"}, args...), "--data", dir, "--camera", cameras[0].ID)
		if code, out, errs := invoke(t, all...); code != want || !strings.Contains(out+errs, text) {
			t.Errorf("%v: exit %d; want %d with %q\n%s%s", all, code, want, text, out, errs)
		}
	}
	clips(exitFailed, "no sound", "add", "--name", "Leave", "--file", file)
	if err := os.WriteFile(file, append([]byte("ID3"), make([]byte, 1<<10)...), 0o600); err != nil {
		t.Fatal(err)
	}
	clips(exitDone, "clip1", "add", "--name", "Leave", "--file", file)
	clips(exitDone, "", "play", "clip1")
	clips(exitDone, "plays", "list")
	clips(exitDone, `"repeats": 2`, "set", "clip1", "--name", "Go", "--repeats", "2", "--json")
	clips(exitDone, "", "stop", "clip1")
	clips(exitDone, "", "remove", "clip1")
	clips(exitDone, "room for 4")
	clips(exitFailed, "which clip", "play")
	expect(exitFailed, "1 to", "firmware", "--file", os.DevNull)
	if code, _, errs := invoke(t, "camera", "clock", "--data", dir); code != exitFailed || !strings.Contains(errs, "--camera ID") {
		t.Errorf("without a camera: exit %d %s", code, errs)
	}
}

// awaitFootage waits until a camera has footage that can be played: a segment is begun before its first pictures are safe.
func awaitFootage(t *testing.T, dir, camera string) {
	t.Helper()
	for begun := time.Now(); ; {
		code, out, errs := invoke(t, "recordings", "video", "--data", dir, "--camera", camera, "--out", filepath.Join(t.TempDir(), "any.mp4"))
		if code == exitDone {
			return
		}
		if !strings.Contains(errs, "Nothing is recorded there") || time.Since(begun) > time.Minute {
			t.Fatalf("exit %d\n%s%s", code, out, errs)
		}
	}
}

// Every verb is in the help, and nothing else is.
func TestTheHelpOfCameraIsWhole(t *testing.T) {
	var helped, known []string
	for _, h := range cameraHelp {
		helped = append(helped, strings.Fields(h.verbs)...)
	}
	for _, v := range cameraVerbs {
		known = append(known, v.name)
	}
	slices.Sort(helped)
	slices.Sort(known)
	if !slices.Equal(helped, known) {
		t.Errorf("helped with are %v of %v", helped, known)
	}
	if code, out, _ := invoke(t, "camera", "-h"); code != exitDone || !strings.Contains(out, "firmware") {
		t.Errorf("help: exit %d\n%s", code, out)
	}
	if code, _, errs := invoke(t, "camera", "burn"); code != exitFailed || !strings.Contains(errs, "camera -h") {
		t.Errorf("a verb that is none: exit %d\n%s", code, errs)
	}
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/gateway/simcam"
	"holdfast/onvif/onviftest"
)

// What a demo's camera has is shown, and its encoders and texts are changed, from the command line.
func TestACamerasPicturesAreSetByCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := background(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", "1")
	defer end()
	endpoint(t, dir)
	awaitRecording(t, dir)
	_, out, _ := invoke(t, "camera", "list", "--data", dir)
	id, _, _ := strings.Cut(strings.Split(out, "\n")[1], " ")
	expect := func(want int, text string, args ...string) (out string) {
		t.Helper()
		all := append([]string{"camera", args[0], "--data", dir}, args[1:]...)
		code, out, errs := invoke(t, all...)
		if code != want || !strings.Contains(out+errs, text) {
			t.Errorf("%v: exit %d; want %d with %q\n%s%s", args, code, want, text, out, errs)
		}
		return out
	}
	expect(exitDone, "camera "+id, "show", "--camera", id)
	expect(exitDone, `"role": "sub"`, "show", "--camera", id, "--json", "--fresh")
	expect(exitDone, "vec-main", "encoder", "--camera", id)
	expect(exitDone, "asked for 777, the device has 700", "encoder", "--camera", id, "--profile", "sub", "--bitrate", "777")
	expect(exitFailed, "it offers", "encoder", "--camera", id, "--width", "99", "--height", "99")
	expect(exitFailed, "no encoder", "encoder", "--camera", id, "--profile", "fourth", "--gop", "10")
	expect(exitDone, "Till 4", "osd", "--camera", id, "--text", "Till 4", "--position", "0.5,-0.5")
	expect(exitDone, "osd-1", "osd", "--camera", id, "--set", "osd-1", "--show", "DateAndTime")
	expect(exitFailed, "no such thing", "osd", "--camera", id, "--remove", "osd-9")
	if out := expect(exitDone, "TOKEN", "osd", "--camera", id, "--remove", "osd-1"); strings.Contains(out, "osd-1") {
		t.Errorf("it is still there: %s", out)
	}
	expect(exitFailed, "not", "mask", "--camera", id, "--points", "-1,-1 0,-1 0,0")
	expect(exitFailed, "no point", "mask", "--camera", id, "--points", "here")
	file := filepath.Join(t.TempDir(), "picture.jpg")
	expect(exitDone, "bytes", "snapshot", "--camera", id, "--to", file)
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "\xff\xd8\xff") {
		t.Errorf("the picture: %d bytes, %v", len(data), err)
	}
	expect(exitFailed, "exists", "snapshot", "--camera", id, "--to", file)
}

// A device is asked what it has, and its sources are added, from the command line; its password comes from a file.
func TestADeviceIsProbedAndAddedByCommand(t *testing.T) {
	dir := t.TempDir()
	end := background(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", "1")
	defer end()
	endpoint(t, dir)
	cam := playDevice(t, "Fence")
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(simcam.DefaultPassword+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := func(verb string, more ...string) []string {
		return append([]string{"camera", verb, "--data", dir, "--address", cam.ONVIF(), "--username", simcam.DefaultUsername, "--password-file", secret}, more...)
	}
	if code, _, errs := invoke(t, args("probe")...); code != exitFailed || !strings.Contains(errs, "chmod 600") {
		t.Errorf("a file that others may read: exit %d, %s", code, errs)
	}
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := invoke(t, args("probe")...); code != exitDone || !strings.Contains(out, "Source thermal") || !strings.Contains(out, "not added") {
		t.Errorf("probe: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := invoke(t, args("add", "--name", "Fence", "--sources", "all", "--record", "off")...); code != exitDone || out != "fence-1\nfence-thermal\n" {
		t.Errorf("add: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := invoke(t, args("probe")...); code != exitDone || !strings.Contains(out, "camera fence-thermal") {
		t.Errorf("probe: exit %d\n%s%s", code, out, errs)
	}
	listIsAdopted(t, dir, secret, cam)
}

// listIsAdopted adds the devices of a list, and changes, replaces and removes what came of one, by command.
func listIsAdopted(t *testing.T, dir, secret string, known *simcam.Camera) {
	t.Helper()
	cam := playDevice(t, "Dock")
	list := filepath.Join(t.TempDir(), "list.csv")
	text := "address,name,sources,password,username\n" + cam.ONVIF() + ",Dock {nn},thermal,,\n127.0.0.1:9,Nobody,,secret,who\n"
	if err := os.WriteFile(list, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	mapIsDrawn(t, dir)
	if code, out, errs := invoke(t, "health", "--data", dir); code == exitFailed || !strings.Contains(out, "GAPS OF A WEEK") || !strings.Contains(out, "fence-1") {
		t.Errorf("health: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := invoke(t, "plan", "--data", dir, "--days", "3650", "--cameras", "1000", "--bitrate", "100000", "--mirror", "yes"); code != exitFindings || !strings.Contains(out, "the volumes lack") {
		t.Errorf("plan: exit %d\n%s%s", code, out, errs)
	}
	login := []string{"--username", simcam.DefaultUsername, "--password-file", secret}
	for _, x := range []struct {
		want int
		says string
		args []string
	}{
		{exitFailed, "chmod 600", append([]string{"adopt", "--file", list}, login...)},
		{exitFailed, "which devices", append([]string{"adopt"}, login...)},
		{exitFindings, "dock-03", append([]string{"adopt", "--file", list, "--record", "off", "--first", "3"}, login...)},
		{exitDone, "Ramp", []string{"change", "--camera", "dock-03", "--name", "Ramp", "--purpose", "Theft"}},
		{exitFailed, "what is to be changed", []string{"change", "--camera", "dock-03"}},
		{exitFailed, "already", append([]string{"replace", "--camera", "dock-03", "--address", known.ONVIF(), "--source", "thermal"}, login...)},
		{exitDone, "Is ", append([]string{"replace", "--camera", "dock-03", "--address", cam.ONVIF()}, login...)},
		{exitFailed, "--yes", []string{"remove", "--camera", "dock-03"}},
		{exitDone, `"id": "dock-03"`, []string{"remove", "--camera", "dock-03", "--yes", "--json"}},
		{exitFailed, "no such thing", []string{"remove", "--camera", "dock-03", "--yes"}},
	} {
		code, out, errs := invoke(t, append([]string{"camera", x.args[0], "--data", dir}, x.args[1:]...)...)
		if code != x.want || !strings.Contains(out+errs, x.says) {
			t.Errorf("%v: exit %d; want %d with %q\n%s%s", x.args, code, x.want, x.says, out, errs)
		}
		os.Chmod(list, 0o600)
	}
}

// playDevice runs a simulated device with a visible and a thermal source until the test ends.
func playDevice(t *testing.T, name string) *simcam.Camera {
	t.Helper()
	cam, err := simcam.New(simcam.Options{Kind: onviftest.BiSpectrum, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); cam.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-gone })
	return cam
}

// mapIsDrawn makes a plan and puts a camera on it, by command.
func mapIsDrawn(t *testing.T, dir string) {
	t.Helper()
	for _, x := range []struct {
		want int
		says string
		args []string
	}{
		{exitDone, "site", []string{"add", "--geo", "Site"}},
		{exitDone, "1 cameras", []string{"place", "--camera", "fence-1", "--at", "52.5,13.4", "--direction", "90", "--view", "60", "--range", "30", "site"}},
		{exitFailed, "there is no plan", []string{"place", "--camera", "fence-1", "--at", "0.5,0.5", "none"}},
		{exitFailed, "not X,Y", []string{"place", "--camera", "fence-1", "--at", "here", "site"}},
		{exitDone, `"x": 13.4`, []string{"list", "--json"}},
		{exitDone, "0 cameras", []string{"unplace", "--camera", "fence-1", "site"}},
		{exitDone, "", []string{"remove", "site"}},
		{exitFailed, "no such thing", []string{"remove", "site"}},
	} {
		code, out, errs := invoke(t, append([]string{"map", x.args[0], "--data", dir}, x.args[1:]...)...)
		if code != x.want || !strings.Contains(out+errs, x.says) {
			t.Errorf("map %v: exit %d; want %d with %q\n%s%s", x.args, code, x.want, x.says, out, errs)
		}
	}
}

package main

import (
	"strings"
	"testing"
	"time"
)

// The demo's second camera turns: it is steered, and what it keeps is changed, from the command line.
func TestCamerasAreSteeredByCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := background(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", "3")
	defer end()
	endpoint(t, dir)
	var lines []string
	for limit := time.After(time.Minute); len(lines) != 4; {
		_, out, _ := invoke(t, "camera", "list", "--data", dir)
		lines = strings.Split(strings.TrimSpace(out), "\n")
		select {
		case <-time.After(100 * time.Millisecond):
		case <-limit:
			t.Fatalf("the demo's cameras are not there: %s", out)
		}
	}
	var gate, shop, yard string
	for _, line := range lines[1:] {
		id, _, _ := strings.Cut(line, " ")
		switch {
		case strings.Contains(line, "Gate"):
			gate = id
		case strings.Contains(line, "thermal"):
			yard = id
		default:
			shop = id
		}
	}
	expect := func(want int, text string, args ...string) {
		t.Helper()
		code, out, errs := invoke(t, append([]string{"camera", args[0], "--data", dir}, args[1:]...)...)
		if code != want || !strings.Contains(out+errs, text) {
			t.Errorf("%v: exit %d; want %d with %q\n%s%s", args, code, want, text, out, errs)
		}
	}
	expect(exitDone, "presets     2 of 32", "ptz", "--camera", gate)
	expect(exitDone, "", "ptz", "to", "-0.5", "0.25", "--camera", gate)
	expect(exitDone, "pan -0.500 tilt 0.250", "ptz", "--camera", gate)
	expect(exitDone, "pan 3 was cut to 1", "ptz", "by", "3", "0", "--camera", gate)
	expect(exitDone, "", "ptz", "--camera", gate, "left", "--for", "100ms", "--speed", "0.1")
	expect(exitDone, `"done": true`, "ptz", "stop", "--camera", gate, "--json")
	expect(exitDone, "", "ptz", "goto", "entrance", "--camera", gate)
	expect(exitDone, "pan -0.400 tilt 0.100", "ptz", "--camera", gate)
	expect(exitFailed, `no preset "nowhere"`, "ptz", "goto", "nowhere", "--camera", gate)
	expect(exitFailed, "no number", "ptz", "to", "far", "away", "--camera", gate)
	expect(exitDone, "3", "preset", "set", "Ramp", "--camera", gate)
	expect(exitDone, "3\tRamp", "preset", "--camera", gate)
	expect(exitDone, "tour4", "tour", "set", "Round", "ramp@5,home@2", "--camera", gate)
	expect(exitDone, "", "tour", "start", "tour4", "--camera", gate)
	expect(exitDone, "Touring\t2 spots", "tour", "--camera", gate)
	expect(exitDone, "tt:Wiper|On", "aux", "--camera", gate)
	expect(exitFailed, "It is one of", "aux", "tt:Siren|On", "--camera", gate)
	expect(exitDone, `"brightness": 40`, "imaging", "--camera", shop, "--brightness", "41", "--day-night", "OFF")
	expect(exitFailed, "not from 0 to 100", "imaging", "--camera", shop, "--brightness", "101")
	expect(exitDone, "relay1\tactive", "relay", "on", "relay1", "--camera", shop)
	expect(exitDone, "closed while idle", "input", "--camera", shop)
	expect(exitDone, "lat 48.100 lon 11.500", "position", "set", "48.1", "11.5", "--camera", shop)
	expect(exitDone, `"palette": "iron"`, "thermal", "--camera", yard, "--palette", "iron", "--emissivity", "0.9")
	expect(exitFailed, "cannot be turned", "ptz", "--camera", shop)
	expect(exitFailed, "Say --camera", "ptz", "stop")
}

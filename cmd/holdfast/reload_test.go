package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holdfast/gateway/web"
)

// rewrite changes a configuration file.
func rewrite(t *testing.T, file, old, now string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%q is not in %s", old, data)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), old, now, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// listed are the cameras of the running gateway.
func listed(t *testing.T, file string) (list []web.Camera) {
	t.Helper()
	code, out, errs := invoke(t, "camera", "list", "--config", file, "--json")
	if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil {
		t.Fatalf("list: exit %d, %v\n%s%s", code, err, out, errs)
	}
	return list
}

// The configuration is read again on demand and by SIGHUP; what of a camera is recorded is shown and changed.
func TestConfigurationAndCamerasByTheCommandLine(t *testing.T) {
	t.Parallel()
	dir, file := site(t, "cameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/none\"}\n")
	if code, _, errs := invoke(t, "reload", "--config", file); code != exitFailed || !strings.Contains(errs, "no gateway is running") {
		t.Errorf("without a gateway: exit %d, %s", code, errs)
	}
	background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	rewrite(t, file, "name: Door", "name: Front door")
	if code, out, errs := invoke(t, "reload", "--config", file); code != exitDone || !strings.Contains(out, "without an interruption: door") {
		t.Errorf("reload: exit %d\n%s%s", code, out, errs)
	}
	if list := listed(t, file); len(list) != 1 || list[0].Name != "Front door" {
		t.Errorf("cameras are %+v", list)
	}
	rewrite(t, file, "cameras:\n", "cameras:\n  - {id: yard, name: Yard, rtsp: \"rtsp://127.0.0.1:9/other\", disabled: true}\n")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for len(listed(t, file)) != 2 {
		if t.Context().Err() != nil {
			t.Fatal("SIGHUP does nothing")
		}
	}
	rewrite(t, file, "name: Yard", "nmae: Yard")
	if code, _, errs := invoke(t, "reload", "--data", filepath.Join(dir, "data")); code != exitFailed || !strings.Contains(errs, "nmae") {
		t.Errorf("a wrong file: exit %d, %s", code, errs)
	}
	rewrite(t, file, "nmae: Yard", "name: Yard")

	var s web.RecordSettings
	code, out, errs := invoke(t, "camera", "record", "--config", file, "--camera", "door")
	if err := json.Unmarshal([]byte(out), &s); code != exitDone || err != nil || s.Mode != "continuous" || s.MaxAge == "" {
		t.Errorf("record: exit %d, %v\n%s%s", code, err, out, errs)
	}
	if code, _, errs := invoke(t, "camera", "record", "--config", file, "--camera", "door", "--mode", "event"); code != exitFailed || !strings.Contains(errs, "configuration file") {
		t.Errorf("a camera of the file: exit %d, %s", code, errs)
	}
	adoptBy(t, file, "rtsp://127.0.0.1:9/adopted", "Till")
	schedule := filepath.Join(dir, "schedule.yaml")
	if err := os.WriteFile(schedule, []byte("rules:\n  - {days: [mon-fri], from: \"08:00\", to: \"18:00\", mode: continuous}\notherwise: event\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(dir, "record.yaml")
	if err := os.WriteFile(whole, []byte("mode: event\npre_roll: 7s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want web.RecordSettings
	}{
		{[]string{"--mode", "event", "--max-age", "5d", "--post-roll", "20s"}, web.RecordSettings{Mode: "event", MaxAge: "5d", PostRoll: "20s", PreRoll: "5s"}},
		{[]string{"--max-age", "site"}, web.RecordSettings{Mode: "event", PostRoll: "20s", PreRoll: "5s"}},
		{[]string{"--mode", "schedule", "--schedule", schedule}, web.RecordSettings{Mode: "schedule", PostRoll: "20s", PreRoll: "5s", Schedule: &web.Schedule{Otherwise: "event"}}},
		{[]string{"--from", whole}, web.RecordSettings{Mode: "event", PreRoll: "7s", PostRoll: "10s"}},
	} {
		var got web.RecordSettings
		code, out, errs := invoke(t, append([]string{"camera", "record", "--config", file, "--camera", "till"}, c.args...)...)
		if err := json.Unmarshal([]byte(out), &got); code != exitDone || err != nil || got.Mode != c.want.Mode || got.MaxAge != c.want.MaxAge || got.PreRoll != c.want.PreRoll || got.PostRoll != c.want.PostRoll ||
			(got.Schedule == nil) != (c.want.Schedule == nil) || got.Schedule != nil && got.Schedule.Otherwise != c.want.Schedule.Otherwise {
			t.Errorf("%v: exit %d, %v\n%s%s", c.args, code, err, out, errs)
		}
	}
	for _, bad := range [][]string{{"camera"}, {"camera", "record", "--config", file}, {"camera", "record", "--config", file, "--camera", "till", "--mode", "sometimes"},
		{"camera", "record", "--config", file, "--camera", "till", "--mirror", "yes"}, {"camera", "record", "--config", file, "--camera", "till", "--mirror", "perhaps"},
		{"camera", "record", "--config", file, "--camera", "till", "--from", whole, "--mode", "off"}, {"camera", "record", "--config", file, "--camera", "till", "--from", file}} {
		if code, _, errs := invoke(t, bad...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", bad, code, errs)
		}
	}
}

// adoptBy has the running gateway adopt a camera.
func adoptBy(t *testing.T, file, address, name string) {
	t.Helper()
	conf, err := loadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	l, err := dialLocal(t.Context(), conf.Data)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(web.AdoptRequest{Address: address, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.call(t.Context(), "POST", "/api/v1/cameras", strings.NewReader(string(body)), nil); err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
)

// Locks are made, listed and ended, and what is kept is told, through the running gateway and on its files.
func TestLocksAndRetentionByTheCommandLine(t *testing.T) {
	t.Parallel()
	dir, file := site(t, "retention: {max_age: 20d, min_age: 10d}\ncameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/none\"}\n")
	until := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	args := func(camera, until string) []string {
		return []string{"lock", "add", "--config", file, "--camera", camera, "--from", "2026-03-01T08:00:00Z", "--to", "2026-03-01T09:00:00Z", "--until", until, "--reason", "Case 12", "--json"}
	}
	locks := func() (list []web.Lock) {
		t.Helper()
		code, out, errs := invoke(t, "lock", "list", "--config", file, "--json")
		if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil {
			t.Fatalf("list: exit %d, %v\n%s%s", code, err, out, errs)
		}
		return list
	}
	if code, _, errs := invoke(t, "clock", "confirm", "--config", file); code != exitFailed || !strings.Contains(errs, "no gateway is running") {
		t.Errorf("the clock without a gateway: exit %d, %s", code, errs)
	}
	end := background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	if code, out, errs := invoke(t, args("door", until)...); code != exitDone {
		t.Fatalf("add: exit %d\n%s%s", code, out, errs)
	}
	if list := locks(); len(list) != 1 || list[0].Owner != localOwner || list[0].Reason != "Case 12" {
		t.Fatalf("locks are %+v", list)
	}
	for _, bad := range [][]string{args("cellar", until), args("door", "2020-01-01T00:00:00Z"), args("door", "2099-01-01T00:00:00Z"), args("door", "soon"), {"lock"}, {"lock", "burn"},
		{"lock", "remove", "--config", file, "NONE"}, {"lock", "remove", "--config", file}, {"clock"}} {
		if code, _, errs := invoke(t, bad...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", bad, code, errs)
		}
	}
	var kept []web.Kept
	code, out, errs := invoke(t, "retention", "--config", file, "--json")
	if err := json.Unmarshal([]byte(out), &kept); code != exitDone || err != nil || len(kept) != 1 || kept[0].Camera != "door" || kept[0].MaxAge != 20*86400 || kept[0].MinAge != 10*86400 || kept[0].Says == "" {
		t.Errorf("retention: exit %d, %v\n%s%s", code, err, out, errs)
	}
	if code, out, errs := invoke(t, "clock", "confirm", "--config", file); code != exitDone {
		t.Errorf("confirm: exit %d\n%s%s", code, out, errs)
	}
	end()
	if code, out, errs := invoke(t, args("door", until)...); code != exitDone {
		t.Errorf("add on the files: exit %d\n%s%s", code, out, errs)
	}
	for _, l := range locks() {
		if code, out, errs := invoke(t, "lock", "remove", "--config", file, l.ID); code != exitDone {
			t.Errorf("remove on the files: exit %d\n%s%s", code, out, errs)
		}
	}
	if list := locks(); len(list) != 0 {
		t.Errorf("left: %+v", list)
	}
	if code, out, errs := invoke(t, "retention", "--config", file); code != exitDone || !strings.Contains(out, "CAMERA") {
		t.Errorf("retention on the files: exit %d\n%s%s", code, out, errs)
	}
}

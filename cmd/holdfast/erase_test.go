package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/storage"
)

// Footage is erased, and the receipt read again, through the running gateway and on its files.
func TestErasureByTheCommandLine(t *testing.T) {
	t.Parallel()
	dir, file := site(t, "cameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/none\"}\n")
	args := func(camera, reason string, more ...string) []string {
		return append([]string{"erase", "--config", file, "--camera", camera, "--from", "2026-03-01T08:00:00Z", "--to", "2026-03-01T09:00:00Z", "--reason", reason}, more...)
	}
	end := background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	code, out, errs := invoke(t, args("door", "subject request", "--now", "--json")...)
	if code != exitDone {
		t.Fatalf("erase: exit %d\n%s%s", code, out, errs)
	}
	var e storage.Erasure
	if err := json.Unmarshal([]byte(out), &e); err != nil || e.Done.IsZero() || e.Segments != 0 || e.Means == "" || e.Ground != storage.GroundRequest {
		t.Errorf("the receipt is %s (%v)", out, err)
	}
	for _, bad := range [][]string{args("cellar", "unlawful"), args("door", "because"), args("door", ""), {"erase"}, {"erase", "list"}, {"erase", "--config", file, "--camera", "door", "--from", "soon"}} {
		if code, _, errs := invoke(t, bad...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", bad, code, errs)
		}
	}
	if code, out, errs := invoke(t, "erase", "list", "--config", file); code != exitDone || !strings.Contains(out, e.ID) {
		t.Errorf("list: exit %d\n%s%s", code, out, errs)
	}
	end()
	if code, out, errs := invoke(t, args("door", "test footage")...); code != exitDone || !strings.Contains(out, "Erased: 0 segments") {
		t.Errorf("erase on the files: exit %d\n%s%s", code, out, errs)
	}
	var list []storage.Erasure
	code, out, errs = invoke(t, "erase", "list", "--config", file, "--camera", "door", "--json")
	if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil || len(list) != 2 || list[1].ID != e.ID {
		t.Errorf("list on the files: exit %d, %v\n%s%s", code, err, out, errs)
	}
}

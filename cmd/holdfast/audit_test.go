package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/gateway/audit"
	"holdfast/gateway/web"
)

// The log is shown, verified and exported through the running gateway and on its files, and what was done to it is found.
func TestTheAuditLogByTheCommandLine(t *testing.T) {
	dir, file := site(t, "")
	end := background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	shown := func() (list []web.AuditEntry) {
		t.Helper()
		code, out, errs := invoke(t, "audit", "show", "--config", file, "--json", "--action", "st")
		if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil {
			t.Fatalf("show: exit %d, %v\n%s%s", code, err, out, errs)
		}
		return list
	}
	exported := func(name string) {
		t.Helper()
		out := filepath.Join(dir, name)
		if code, text, errs := invoke(t, "audit", "export", "--config", file, "--output", out); code != exitDone {
			t.Fatalf("export: exit %d\n%s%s", code, text, errs)
		}
		if code, text, errs := invoke(t, "audit", "verify", out); code != exitDone || !strings.Contains(text, "0 findings") {
			t.Errorf("verify the export: exit %d\n%s%s", code, text, errs)
		}
	}
	exported("running") // whose checkpoint has all that was done written
	if list := shown(); len(list) != 1 || list[0].Action != audit.ActionStart {
		t.Errorf("while it runs: %+v", list)
	}
	end()
	if list := shown(); len(list) != 2 || list[0].Action != audit.ActionStop {
		t.Errorf("on the files: %+v", list)
	}
	exported("stopped")
	if code, out, errs := invoke(t, "audit", "show", "--config", file, "--watched", "door", "--at", "2026-03-01T08:00:00Z"); code != exitDone || !strings.Contains(out, "Watched live then: 0") {
		t.Errorf("watched: exit %d\n%s%s", code, out, errs)
	}
	for _, bad := range [][]string{{"audit"}, {"audit", "burn"}, {"audit", "show", "--config", file, "--from", "today"}, {"audit", "show", "--config", file, "--watched", "door"}, {"audit", "export", "--config", file},
		{"audit", "verify", filepath.Join(dir, "nowhere")}, {"audit", "verify", "a", "b"}, {"audit", "export", "--config", file, "--output", dir}} {
		if code, _, errs := invoke(t, bad...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", bad, code, errs)
		}
	}
	path := filepath.Join(dir, "stopped", "entries", "0000000000000000.jsonl")
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.Replace(string(data), `"start"`, `"stark"`, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := invoke(t, "audit", "verify", filepath.Join(dir, "stopped"), "--json"); code != exitFindings || !strings.Contains(out, `"altered"`) {
		t.Errorf("verify what was altered: exit %d\n%s%s", code, out, errs)
	}
}

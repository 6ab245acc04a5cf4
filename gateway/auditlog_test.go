package gateway

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/gateway/audit"
	"holdfast/gateway/web"
)

// audited are the actions in the log of a gateway that has ended, oldest first, each with its outcome. The log is sound.
func audited(t *testing.T, data string, o audit.VerifyOptions) (actions []string) {
	t.Helper()
	report, err := audit.Verify(context.Background(), AuditPath(data), o)
	if err != nil || !report.Sound() || report.Signed != report.Entries {
		t.Errorf("verify: %+v, %v", report, err)
	}
	r, err := audit.OpenReader(AuditPath(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.Search(t.Context(), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range page.Records {
		actions = append([]string{rec.Action + " " + string(rec.Outcome)}, actions...)
	}
	return actions
}

// The key that signs the log comes from the vault: another start goes on with the same.
func TestTheAuditLogGoesOnWithTheNextStart(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		startIn(t, dir, "").end()
	}
	if got := strings.Join(audited(t, filepath.Join(dir, "data"), audit.VerifyOptions{}), ", "); got != "start done, key.use done, stop done, start done, key.use done, stop done" {
		t.Errorf("the log says %s", got)
	}
}

// What was done to the log shows as an alarm at the next start, and recording goes on.
func TestAChangedAuditLogIsAnAlarm(t *testing.T) {
	dir := t.TempDir()
	startIn(t, dir, "").end()
	path := filepath.Join(AuditPath(filepath.Join(dir, "data")), "entries", "0000000000000000.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)/3], 0o600); err != nil {
		t.Fatal(err)
	}
	r := startIn(t, dir, "")
	r.await("the alarm", func() bool { _, ok := r.alarm("audit:damaged"); return ok })
}

// A witness is written to at the next checkpoint, which a thousand entries bring about.
func TestAWitnessThatIsNotThereIsAnAlarm(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	r := startIn(t, t.TempDir(), "audit:\n  witness:\n    - "+missing+"\n")
	for range 1000 {
		if err := r.g.audit.Write(t.Context(), audit.Entry{Action: audit.ActionSnapshot, Kind: audit.ByLocal}); err != nil {
			t.Fatal(err)
		}
	}
	r.await("the alarm", func() bool { _, ok := r.alarm("audit:witness:" + missing); return ok })
}

func TestStartReloadAndStopAreInTheAuditLog(t *testing.T) {
	dir, usb := t.TempDir(), t.TempDir()
	r := startIn(t, dir, "audit:\n  witness:\n    - "+usb+"\n    - "+filepath.Join(usb, "missing")+"\n")
	if metrics := string(r.get("/metrics")); !strings.Contains(metrics, "holdfast_audit_failing 0\n") || !strings.Contains(metrics, "holdfast_audit_entries_total") {
		t.Errorf("the counters do not tell of the log:\n%s", metrics)
	}
	r.g.auditReload(web.Reload{Added: []string{"till"}}, nil)
	r.g.auditReload(web.Reload{}, os.ErrInvalid)
	r.end()
	got := strings.Join(audited(t, filepath.Join(dir, "data"), audit.VerifyOptions{Witness: []string{usb}}), ", ")
	if want := "start done, key.use done, config.reload done, config.reload failed, stop done"; got != want {
		t.Errorf("the log says %s; want %s", got, want)
	}
}

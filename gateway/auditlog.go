package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/vault"
	"holdfast/gateway/web"
)

// auditPurpose is what the key that signs the audit log is derived from the vault for.
const auditPurpose = "audit log"

// AuditPath is where the audit log of a data directory lies.
func AuditPath(data string) string { return filepath.Join(data, "audit") }

// openAudit opens the log of who did and saw what. The vault is open.
func (g *Gateway) openAudit() (err error) {
	g.audit, err = audit.Open(audit.Options{Dir: AuditPath(g.conf.Data), Seed: g.vault.Key(auditPurpose), Keys: personKeys{g.vault, func() *auth.Auth { return g.auth }},
		Policy: audit.Policy(g.conf.Audit.WhenFailing), Keep: time.Duration(g.conf.Audit.Keep), Witness: g.conf.Audit.Witness,
		MayPrune: func() bool { return g.store.ClockTrusted() }, Forget: g.forgetDays, OnChange: func(audit.Status) { g.lookSoon() }, Log: g.log, Now: g.now})
	return err
}

// forgetDays destroys the keys of what is personal in entries of nobody, once those entries are too old.
func (g *Gateway) forgetDays(before time.Time) error {
	_, err := g.vault.ForgetDaysBefore(before)
	if errors.Is(err, vault.ErrLocked) {
		return nil // the vault's own alarm says so
	}
	return err
}

// auditStarted says in the log that the program runs, from which on earlier sessions have ended.
func (g *Gateway) auditStarted() {
	g.audit.Add(audit.Entry{Action: audit.ActionStart, Kind: audit.ByProcess, After: auditValue(map[string]string{"version": g.version})})
	g.audit.Add(g.rootUsed())
}

// rootUsed is the entry about the root key, under which everything secret is sealed: which it was, where it came from, and whether all
// that is sealed opens with it.
func (g *Gateway) rootUsed() audit.Entry {
	s := g.keys.Status()
	e := audit.Entry{Action: audit.ActionKeyUse, Kind: audit.ByProcess, Target: "root",
		After: auditValue(map[string]string{"fingerprint": s.Root, "strength": string(s.Strength)})}
	if len(g.vault.Locked()) > 0 {
		e.Outcome, e.Reason = audit.Failed, "locked"
	}
	return e
}

// auditReload says in the log that a signal had the configuration read again, and what came of it.
func (g *Gateway) auditReload(r web.Reload, err error) {
	e := audit.Entry{Action: audit.ActionConfigReload, Kind: audit.ByProcess}
	if err != nil {
		e.Outcome, e.Reason = audit.Failed, "not-valid"
	} else {
		e.After = auditValue(map[string]any{"added": r.Added, "removed": r.Removed, "restarted": r.Restarted, "adapted": r.Adapted, "pending": r.Pending})
	}
	g.audit.Add(e)
}

func auditValue(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

// auditAlarms raises and ends the alarms of the audit log. The health goroutine calls it.
func (g *Gateway) auditAlarms() {
	s := g.audit.Status()
	means := "Recording and watching go on. What is done now waits in memory to be written."
	if s.Policy == audit.Refuse {
		means = "Recording and watching go on. Exports, erasures, and changes of people, rights and settings are refused until it can be written, as audit.when_failing says."
	}
	g.when(s.Failing != "", Alarm{ID: "audit:failing", Severity: "alarm", What: fmt.Sprintf("The audit log cannot be written: %s.", s.Failing), Means: means,
		Do: "See to the disk of the data directory: is it full, read-only, or failing? The log goes on by itself."})
	g.when(s.Lost > 0, Alarm{ID: "audit:lost", Severity: "alarm", What: fmt.Sprintf("%d entries of the audit log are lost: they found no room while it could not be written.", s.Lost),
		Means: "What was done then cannot be shown. The log says how many entries, and between when and when.", Do: "Find out what kept the log from being written. This alarm lasts until the gateway is started again."})
	g.when(s.Dropped > 0, Alarm{ID: "audit:personal", Severity: "alarm", What: fmt.Sprintf("Of %d entries of the audit log it is not known whose name, address and browser they were of: there was no key to seal that with.", s.Dropped),
		Means: "What was done is in the log, with the ids of people.", Do: "See to the disk of the data directory. This alarm lasts until the gateway is started again."})
	g.when(s.Checkpoint != "", Alarm{ID: "audit:checkpoint", Severity: "warning", What: fmt.Sprintf("The audit log cannot be signed: %s.", s.Checkpoint),
		Means: "Entries are written. Whoever cuts off those since the last checkpoint leaves no trace.", Do: "See to the disk of the data directory. It is tried again by itself."})
	g.when(len(s.Damage) > 0, Alarm{ID: "audit:damaged", Severity: "alarm", What: "The audit log is not what it was. " + strings.Join(s.Damage, " "),
		Means: "Somebody changed it, or its disk has lost something. What was done since goes on being written behind it.",
		Do:    "Copy the directory " + AuditPath(g.conf.Data) + " away as it is, then run holdfast audit verify: it names each entry that is missing or altered."})
	for _, w := range s.Witness {
		g.when(w.Fault != "", Alarm{ID: "audit:witness:" + w.Dir, Severity: "warning", What: fmt.Sprintf("The witness %s does not get the audit log's checkpoints: %s.", w.Dir, w.Fault),
			Means: "The log is written. If it were rewritten now, this witness could not tell.", Do: "Is the disk there, and may it be written? It is tried again every minute."})
		g.when(w.Beside, Alarm{ID: "audit:beside:" + w.Dir, Severity: "warning", What: fmt.Sprintf("The witness %s is on the disk that the audit log is on.", w.Dir),
			Means: "Who has that disk can change both, and when it fails both are gone.", Do: "Name a directory on another volume, a USB stick or another machine under audit.witness in the configuration file."})
	}
}

// writeAuditMetrics writes how the audit log is.
func (g *Gateway) writeAuditMetrics(w io.Writer) {
	s := g.audit.Status()
	fmt.Fprintf(w, "holdfast_audit_entries_total %d\n", s.Entries)
	fmt.Fprintf(w, "holdfast_audit_pruned_total %d\n", s.Pruned)
	fmt.Fprintf(w, "holdfast_audit_queue %d\n", s.Queue)
	fmt.Fprintf(w, "holdfast_audit_lost_total %d\n", s.Lost)
	fmt.Fprintf(w, "holdfast_audit_failing %d\n", boolean(s.Failing != ""))
	fmt.Fprintf(w, "holdfast_audit_damaged %d\n", boolean(len(s.Damage) > 0))
	fmt.Fprintf(w, "holdfast_audit_unsigned %d\n", s.Entries-s.Signed)
	if !s.SignedAt.IsZero() {
		fmt.Fprintf(w, "holdfast_audit_checkpoint_age_seconds %.0f\n", g.now().Sub(s.SignedAt).Seconds())
	}
	for _, c := range s.Witness {
		fmt.Fprintf(w, "holdfast_audit_witness_behind{witness=%q} %d\n", c.Dir, s.Signed-c.Signed)
	}
}

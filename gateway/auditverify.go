package gateway

import (
	"context"
	"sync"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/web"
)

// auditReader is the audit log as it is read through the API, with verifications in the background, one at a time.
type auditReader struct {
	*audit.Log

	mu      sync.Mutex // guards what follows
	job     *web.AuditVerification
	cancel  context.CancelFunc // of the one that runs, or ran last
	ended   chan struct{}      // closed when it has ended
	stopped bool
}

// StartVerification begins to verify the log.
func (a *auditReader) StartVerification() (web.AuditVerification, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped || a.job != nil && a.job.State == "running" {
		return web.AuditVerification{}, web.Running("The audit log is being verified already.")
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.job, a.cancel, a.ended = &web.AuditVerification{State: "running", Started: time.Now().UTC()}, cancel, make(chan struct{})
	go a.verify(ctx, cancel, a.ended)
	return *a.job, nil
}

func (a *auditReader) verify(ctx context.Context, cancel context.CancelFunc, ended chan struct{}) {
	defer close(ended)
	defer cancel()
	report, err := a.Log.Verify(ctx, func(done, of int64) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.job.Entries, a.job.Of = done, of
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.job.State, a.job.Error = "failed", err.Error()
		return
	}
	a.job.State, a.job.Report, a.job.Sound, a.job.Entries, a.job.Of = "done", report, report.Sound(), report.Entries, report.Entries
}

// Verification gives the one that runs, or that ran last.
func (a *auditReader) Verification() (web.AuditVerification, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.job == nil {
		return web.AuditVerification{}, false
	}
	return *a.job, true
}

// stop ends what runs, for good.
func (a *auditReader) stop() {
	a.mu.Lock()
	a.stopped = true
	cancel, ended := a.cancel, a.ended
	a.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
}

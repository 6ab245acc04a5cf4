package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// statusInterval is how often the service manager is told the state, where its watchdog does not ask for more.
const statusInterval = 10 * time.Second

// notifier tells the service manager (systemd's sd_notify(3)) that the daemon is ready, how it does, and that it lives.
// The watchdog is fed only while Healthy finds nothing: a daemon that no longer records is restarted. Healthy is called
// on the notifier's own goroutine, so one that never returns starves the watchdog too.
type notifier struct {
	Ready   <-chan struct{}   // closed once the daemon is ready
	Healthy func() error      // nil while the parts that must not stop are at work
	Status  func() string     // one line for people
	Log     *slog.Logger      // required
	send    func(string) bool // tells whether a service manager took the message; nil: to $NOTIFY_SOCKET
}

// Run notifies until ctx ends. Without a service manager it only waits.
func (n notifier) Run(ctx context.Context) error {
	if n.send == nil {
		n.send = n.toManager
	}
	select {
	case <-n.Ready:
		n.send(daemon.SdNotifyReady)
		n.beat(ctx)
	case <-ctx.Done():
	}
	n.send(daemon.SdNotifyStopping)
	return nil
}

// beat sends the state and feeds the watchdog, at least twice in each period that the service manager allows.
func (n notifier) beat(ctx context.Context) {
	period := statusInterval
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		n.Log.Warn("watchdog setting not understood; it is not fed", "error", err)
	}
	if limit > 0 {
		period = min(period, limit/2)
	}
	tick := time.NewTicker(period)
	defer tick.Stop()
	var healthy error
	told := ""
	for {
		was := healthy
		healthy = n.Healthy()
		n.logChange(was, healthy)
		if status := n.status(healthy); status != told && n.send("STATUS="+status) {
			told = status
		}
		if healthy == nil && limit > 0 {
			n.send(daemon.SdNotifyWatchdog)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// status is one line; a line end would begin another field of the protocol.
func (n notifier) status(healthy error) string {
	s := n.Status()
	if healthy != nil {
		s = "not healthy: " + healthy.Error()
	}
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\r' {
			return ' '
		}
		return c
	}, s)
}

func (n notifier) logChange(was, is error) {
	switch {
	case was == nil && is != nil:
		n.Log.Error("not healthy; the watchdog is not fed", "error", is)
	case was != nil && is == nil:
		n.Log.Info("healthy again")
	}
}

func (n notifier) toManager(state string) bool {
	sent, err := daemon.SdNotify(false, state)
	if err != nil {
		n.Log.Warn("service manager not reached", "error", err)
	}
	return sent
}

package gateway

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	// healthPeriod is how often health is told anew: free space and rates change without an event.
	healthPeriod = 5 * time.Second
	// beatLimit is how old the supervisor's last round may be before the watchdog is withheld.
	beatLimit = 30 * time.Second
)

// watchHealth tells listeners of changes that nobody announces, and is the supervisor's heartbeat.
func (g *Gateway) watchHealth(ctx context.Context) error {
	tick := time.NewTicker(healthPeriod)
	defer tick.Stop()
	remembered := map[string]string{}
	for {
		g.beat()
		g.rememberVolumes(remembered)
		g.dropSetupLink()
		g.keyAlarms()
		g.auditAlarms()
		changed := g.store.Changed()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-g.look:
			g.keyAlarms()
			g.auditAlarms()
		case <-tick.C:
			if g.now().Sub(g.texts) >= textPeriod {
				if err := g.store.ForgetEvents(); err != nil {
					g.log.Error("look for events that are older than footage gets", "error", err)
				}
				if err := g.dropLooseTexts(true); err != nil {
					g.log.Error("look for what is said of events that are no more", "error", err)
				}
				if err := g.dropReviewed(); err != nil {
					g.log.Error("look for reviewed events that are no more", "error", err)
				}
			}
			for _, c := range g.list() {
				c.endOverdue()
				c.changed()
			}
		}
		g.changes.publish(Change{Kind: "health"})
	}
}

// lookSoon has the health looked at now. It never blocks.
func (g *Gateway) lookSoon() {
	select {
	case g.look <- struct{}{}:
	default:
	}
}

// beats is when the supervisor last went round, in nanoseconds of the monotonic clock since the start.
type beats struct {
	start time.Time
	last  atomic.Int64
}

func (g *Gateway) beat() { g.beats.last.Store(int64(time.Since(g.beats.start))) }

// Healthy says whether the watchdog may be fed: the supervisor goes round and asks the index. A camera or a volume that
// hangs is not a reason to restart everything.
func (g *Gateway) Healthy() error {
	if !g.isReady() {
		return nil // starting has a limit of its own
	}
	if old := time.Since(g.beats.start) - time.Duration(g.beats.last.Load()); old > beatLimit {
		return fmt.Errorf("the supervisor has not gone round for %v", old.Round(time.Second))
	}
	return g.store.Alive()
}

// StatusLine is the sentence that the service manager shows.
func (g *Gateway) StatusLine() string {
	if !g.isReady() {
		return "Starting."
	}
	_, sentence := g.summary(nil)
	return sentence
}

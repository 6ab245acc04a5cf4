package gateway

import (
	"context"
	"time"

	"holdfast/onvif/discovery"
)

const (
	// missTime is how long an adopted camera is gone before the networks are asked for it: one that restarts is back by then at
	// the address that it had.
	missTime = 20 * time.Second
	// longestLook is the longest time between two looks for a camera that stays away. Each is twice as long as the one before.
	longestLook = 10 * time.Minute
)

// lookForMoved asks the networks for adopted cameras that are gone, since not all say Hello where they come up at another
// address, and a datagram may be lost. One look is for all of them, and there are none while all are there.
func (g *Gateway) lookForMoved(ctx context.Context) {
	l := lookout{gateway: g, pause: g.miss}
	tick := time.NewTicker(g.miss / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			l.look(ctx, time.Now())
		}
	}
}

// lookout is the state of the looks for cameras that are gone.
type lookout struct {
	gateway *Gateway
	missing map[string]time.Time // since when they are, by id
	pause   time.Duration        // until the next look
	next    time.Time
}

// look asks the networks if a camera has been gone long enough and it is time. One that has gone since the last look is looked
// for soon, however long the pause has become for another that stays away.
func (l *lookout) look(ctx context.Context, now time.Time) {
	g := l.gateway
	missing, due, fresh := make(map[string]time.Time), false, false
	for _, c := range g.list() {
		if c.origin != originAdopted || c.spec().ONVIF == "" || c.spec().Disabled || c.leading().State != Offline {
			continue
		}
		id := c.spec().ID
		since, known := l.missing[id]
		if !known {
			since, fresh = now, true
		}
		missing[id] = since
		due = due || now.Sub(since) >= g.miss
	}
	l.missing = missing
	if fresh {
		l.pause = g.miss
		l.next = min2(l.next, now.Add(g.miss))
	}
	if !due || now.Before(l.next) {
		return
	}
	l.next = now.Add(l.pause)
	l.pause = min(2*l.pause, longestLook)
	_, err := discovery.Probe(ctx, discovery.Options{Timeout: discoveryTime, Open: g.searching.ListenPacket, Found: func(f discovery.Found) { g.seek(ctx, f) }})
	if err != nil {
		g.log.Debug("cameras that are gone are not looked for", "error", err)
	}
}

// min2 is the earlier of two times.
func min2(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

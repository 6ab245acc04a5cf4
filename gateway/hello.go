package gateway

import (
	"context"
	"net"
	"net/url"
	"time"

	"holdfast/onvif/discovery"
)

// hear waits for cameras that announce themselves. What cannot be heard is no fault: the wait for a camera that is gone is
// at most ten seconds without it.
func (g *Gateway) hear(ctx context.Context) error {
	defer g.seeking.wg.Wait()
	g.seeking.wg.Go(func() { g.lookForMoved(ctx) })
	err := discovery.Listen(ctx, func(a discovery.Announcement) {
		if a.Bye {
			g.goodbye(a.Found)
			return
		}
		g.heard(a.Found)
		g.seek(ctx, a.Found)
	})
	if ctx.Err() == nil {
		g.log.Warn("announcements of cameras are not heard", "error", err)
		<-ctx.Done()
	}
	return ctx.Err()
}

// goneTime is how long a goodbye is shown.
const goneTime = 2 * time.Minute

// goodbye notes that a camera said that it goes. Anybody can say so for it: it is words beside its state, and nothing else.
func (g *Gateway) goodbye(f discovery.Found) {
	for _, c := range g.meant(f) {
		c.mu.Lock()
		c.bye = c.now()
		c.mu.Unlock()
		c.changed()
	}
}

// heard ends the wait for the camera that announced itself: it is told by its endpoint, or by the host of an address. Anybody
// can announce anything, so nothing is believed but that it may be worth trying now; credentials have a gate of their own.
func (g *Gateway) heard(f discovery.Found) {
	for _, c := range g.meant(f) {
		c.mu.Lock()
		c.bye = time.Time{}
		c.mu.Unlock()
		c.retry()
	}
}

// meant lists the cameras that an announcement may be of.
func (g *Gateway) meant(f discovery.Found) (list []*Camera) {
	hosts := map[string]bool{f.From.Addr().Unmap().String(): true}
	for _, a := range f.XAddrs {
		if u, err := url.Parse(a); err == nil {
			hosts[u.Hostname()] = true
		}
	}
	known, err := g.knownDevices()
	if err != nil {
		g.log.Error("read adopted cameras", "error", err)
	}
	id := known.of(f)
	for _, c := range g.list() {
		host, _, err := net.SplitHostPort(c.hostPort())
		if err != nil {
			host = c.hostPort()
		}
		if id == c.spec().ID || hosts[host] {
			list = append(list, c)
		}
	}
	return list
}

// going is what is said of a camera that said goodbye lately, "" of others.
func (c *Camera) going() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bye.IsZero() || c.now().Sub(c.bye) > goneTime {
		return ""
	}
	return "The camera said goodbye: it restarts or is switched off."
}

// retry ends the wait of every feed that is down.
func (c *Camera) retry() {
	for _, f := range c.feeds {
		if s := f.State().State; s == Offline || s == Starting {
			f.poke()
		}
	}
}

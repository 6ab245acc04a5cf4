package gateway

import (
	"context"
	"net"
	"net/url"

	"holdfast/onvif"
	"holdfast/onvif/discovery"
)

// hear waits for cameras that announce themselves. What cannot be heard is no fault: the wait for a camera that is gone is
// at most ten seconds without it.
func (g *Gateway) hear(ctx context.Context) error {
	err := discovery.Listen(ctx, g.heard)
	if ctx.Err() == nil {
		g.log.Warn("announcements of cameras are not heard", "error", err)
		<-ctx.Done()
	}
	return ctx.Err()
}

// heard ends the wait for the camera that announced itself: it is told by its endpoint, or by the host of an address. Anybody
// can announce anything, so nothing is believed but that it may be worth trying now; credentials have a gate of their own.
func (g *Gateway) heard(f discovery.Found) {
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
	for _, c := range g.list() {
		host, _, err := net.SplitHostPort(c.hostPort())
		if err != nil {
			host = c.hostPort()
		}
		if known[f.ID] == c.spec.ID || known[onvif.HostPort(f.Address())] == c.spec.ID || hosts[host] {
			c.retry()
		}
	}
}

// retry ends the wait of every feed that is down.
func (c *Camera) retry() {
	for _, f := range c.feeds {
		if s := f.State().State; s == Offline || s == Starting {
			f.poke()
		}
	}
}

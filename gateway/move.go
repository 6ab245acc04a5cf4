package gateway

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/config"
	"holdfast/gateway/egress"
	"holdfast/gateway/statedb"
	"holdfast/onvif"
	"holdfast/onvif/discovery"
	"holdfast/rtsp"
)

const (
	// seekPeriod is how often one camera is looked for at one address, and seekAddresses at how many in that time: anybody can
	// announce anything.
	seekPeriod    = 30 * time.Second
	seekAddresses = 4
	// seekTime bounds one look.
	seekTime = 20 * time.Second
	// maxSeeks bounds the looks under way at once.
	maxSeeks = 4
)

// seeks are the looks for cameras at new addresses.
type seeks struct {
	mu    sync.Mutex             // guards what follows
	began map[string][]seekBegun // by camera, at most seekAddresses of each; as many cameras as are adopted
	until map[string]time.Time   // cameras whose credentials were refused by what was asked, and how long nothing is asked of them
	now   int                    // under way
	wg    sync.WaitGroup
}

// seekBegun is one look.
type seekBegun struct {
	host string
	at   time.Time
}

// begin tells whether a camera may be looked for at a host now.
func (s *seeks) begin(id, host string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began == nil {
		s.began, s.until = make(map[string][]seekBegun), make(map[string]time.Time)
	}
	late := slices.DeleteFunc(s.began[id], func(b seekBegun) bool { return now.Sub(b.at) >= seekPeriod })
	s.began[id] = late
	if s.now >= maxSeeks || now.Before(s.until[id]) || len(late) >= seekAddresses || slices.ContainsFunc(late, func(b seekBegun) bool { return b.host == host }) {
		return false
	}
	s.now++
	s.began[id] = append(late, seekBegun{host, now})
	return true
}

// end ends a look. What refused the credentials is asked no sooner than the camera itself would be.
func (s *seeks) end(id string, now time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
	if classOf(err) == rtsp.Unauthorized {
		s.until[id] = now.Add(refusedPeriod)
	}
}

// seek follows an adopted camera that is gone from its address and is heard of at another: routers give addresses anew.
// The device there must take the credentials, which are shown to it as a digest only, and be of the make, model and serial
// number that the camera had when it was added, and when it was last asked. That it is the camera cannot be proven so, which is
// why its password is not sent in clear there (see trust). A camera of the configuration file is where the file says.
func (g *Gateway) seek(ctx context.Context, f discovery.Found) {
	a, c, ok := g.movedTo(f)
	if !ok || !g.seeking.begin(a.ID, onvif.HostPort(ownAddress(f)), time.Now()) {
		return
	}
	g.seeking.wg.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, seekTime)
		defer cancel()
		err := g.follow(ctx, a, c, ownAddress(f))
		g.seeking.end(a.ID, time.Now(), err)
		if err != nil && ctx.Err() == nil {
			c.log.Warn("camera not followed to a new address", "address", onvif.HostPort(ownAddress(f)), "error", err)
		}
	})
}

// ownAddress is the address of a device's answer that is on a host that it answered from; "" when there is none. Others could be
// anybody's. A link-local one is taken where the device names no others: those it will answer from too.
func ownAddress(f discovery.Found) string {
	senders := append([]netip.Addr{f.From.Addr()}, f.Senders...)
	local, others := "", false
	for _, a := range f.XAddrs {
		ip, err := netip.ParseAddr(hostOf(config.Camera{ONVIF: a}))
		if err != nil {
			continue
		}
		ip = ip.Unmap()
		own := slices.ContainsFunc(senders, func(s netip.Addr) bool { return s.Unmap().WithZone("") == ip.WithZone("") })
		switch {
		case own && !ip.IsLinkLocalUnicast():
			return a
		case own:
			local = cmp.Or(local, a)
		case !ip.IsLinkLocalUnicast():
			others = true
		}
	}
	if others {
		return ""
	}
	return local
}

// movedTo finds the adopted camera that a device is, if that is gone from its address and the device is at another.
func (g *Gateway) movedTo(f discovery.Found) (Adopted, *Camera, bool) {
	if f.ID == "" || ownAddress(f) == "" {
		return Adopted{}, nil, false
	}
	list, _, err := g.state.adopted()
	if err != nil {
		return Adopted{}, nil, false
	}
	for _, a := range list {
		if a.Endpoint != f.ID || a.ONVIF == "" {
			continue
		}
		c, runs := g.camera(a.ID)
		if !runs || c.origin != originAdopted || c.leading().State != Offline || hostOf(config.Camera{ONVIF: a.ONVIF}) == hostOf(config.Camera{ONVIF: ownAddress(f)}) {
			continue
		}
		if f.Shared && a.Serial == "" {
			continue // nothing would tell which of them it is
		}
		return a, c, !g.taken(ownAddress(f))
	}
	return Adopted{}, nil, false
}

// taken tells whether a camera is known to be at an address: one with the same endpoint address as another, by cloned firmware.
func (g *Gateway) taken(address string) bool {
	return slices.ContainsFunc(g.list(), func(c *Camera) bool {
		return c.spec().ONVIF != "" && onvif.HostPort(c.spec().ONVIF) == onvif.HostPort(address)
	})
}

var errOther = errors.New("the device there is another one")

// follow asks the device at a new address who it is, and takes it for the camera from then on.
func (g *Gateway) follow(ctx context.Context, a Adopted, c *Camera, address string) error {
	way := g.guard.For(egress.Cameras, egress.Use{Camera: a.ID, Targets: []string{onvif.HostPort(address)}, Only: true})
	defer way.Close()
	client, err := onvif.New(onvif.Options{Address: address, Username: a.Username, Password: a.Password,
		Dial: way.DialContext, TLS: anyCertificate(), Refused: refusedBy(way), Log: c.log, Now: g.now})
	if err != nil {
		return err
	}
	there, err := client.Probe(ctx)
	if err != nil {
		return err
	}
	if differs(a.Manufacturer, there.Manufacturer) || differs(a.Model, there.Model) || differs(a.Serial, there.Serial) {
		return errOther
	}
	if was := c.Device(); was != nil && (was.Manufacturer != there.Manufacturer || was.Model != there.Model || was.Serial != there.Serial) {
		return errOther
	}
	return g.moveTo(a, address)
}

func (g *Gateway) moveTo(a Adopted, address string) error {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	now, err := g.state.adoptedOf(a.ID)
	if err != nil || now.ONVIF != a.ONVIF {
		return err // it was added anew, or removed, meanwhile
	}
	if now.Named == "" {
		now.Named = now.ONVIF
	}
	if strings.EqualFold(onvif.HostPort(now.Named), onvif.HostPort(address)) {
		now.Named = "" // it is back
	}
	from := onvif.HostPort(now.ONVIF)
	now.ONVIF = address
	kept := wrap(g.state.adopt(now), "keep camera "+a.ID)
	if !statedb.Counts(kept) {
		return kept
	}
	host, _, _ := net.SplitHostPort(onvif.HostPort(address))
	g.join(g.specOf(now), true)
	g.takeAlong(now, a.ONVIF)
	g.log.Warn("camera followed to a new address; its password is not sent there in clear", "camera", a.ID, "from", from, "to", host)
	g.cameraChanged(a.ID)
	return kept
}

// takeAlong moves the other video sources of a device that has moved. Caller holds enrolling.
func (g *Gateway) takeAlong(moved Adopted, from string) {
	list, _, err := g.state.adopted()
	if err != nil {
		g.log.Error("read adopted cameras", "error", err)
	}
	for _, b := range list {
		if b.ID == moved.ID || moved.Endpoint == "" || b.Endpoint != moved.Endpoint || b.ONVIF != from {
			continue
		}
		b.ONVIF, b.Named = moved.ONVIF, moved.Named
		if err := g.state.adopt(b); err != nil {
			g.log.Error("keep camera", "camera", b.ID, "error", err)
			if !statedb.Counts(err) {
				continue
			}
		}
		g.join(g.specOf(b), true)
		g.cameraChanged(b.ID)
	}
}

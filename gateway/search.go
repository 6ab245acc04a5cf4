package gateway

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"holdfast/gateway/egress"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/onvif/discovery"
)

// Discovery is one device that answered a search.
type Discovery struct {
	discovery.Found
	Adopted string // id of the camera that it is, "" when it is not adopted
}

// Search says where to look for devices: on the networks of this machine, or, where there are any, at given addresses.
type Search struct {
	Interfaces []string                        // names of the networks to ask; none: every one
	Ranges     []string                        // as discovery.ParseRange takes them
	Time       time.Duration                   // how long answers of the networks are gathered; 0: discoveryTime
	Found      func(Discovery)                 // told of each device, and again when more is known of it, by its Key
	Progress   func(done, of int, unit string) // "seconds" or "addresses"; told at the begin, and then at most every progressTime
}

const (
	// discoveryTime is how long answers are waited for: devices spread theirs over up to half a second, slow ones take two.
	discoveryTime = discovery.DefaultTimeout
	// longestSearch bounds what somebody may ask for.
	longestSearch = time.Minute
	progressTime  = 250 * time.Millisecond
)

// Find asks every network of this machine for ONVIF devices.
func (g *Gateway) Find(ctx context.Context) (list []Discovery, err error) {
	at := make(map[string]int)
	err = g.Search(ctx, Search{Found: func(d Discovery) {
		i, there := at[d.Key]
		if !there {
			i = len(list)
			at[d.Key] = i
			list = append(list, d)
		}
		list[i] = d
	}})
	return list, err
}

// Search looks for ONVIF devices until everybody had the time to answer, or ctx ends. It sends nothing but to where it is
// told to look; addresses outside the premises are refused, all of them, before anything is sent.
func (g *Gateway) Search(ctx context.Context, s Search) error {
	known, err := g.knownDevices()
	if err != nil {
		return err
	}
	addresses, err := discovery.ParseRanges(s.Ranges)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if !g.guard.Allowed(a) {
			return fmt.Errorf("%s is outside the premises: only private addresses are searched, and those whose prefix is listed under egress.allow", a)
		}
	}
	found := func(f discovery.Found) {
		if s.Found != nil {
			s.Found(Discovery{Found: f, Adopted: known.of(f)})
		}
	}
	tell := progressOf(s.Progress)
	if len(s.Ranges) > 0 {
		way := g.guard.For(egress.Discovery, egress.Use{})
		defer way.Close()
		tell(0, len(addresses), "addresses")
		_, err = discovery.Sweep{Addresses: addresses, Open: way.ListenPacket, Dial: way.DialContext, Found: found,
			Progress: func(done, of int) { tell(done, of, "addresses") }}.Run(ctx)
		return err
	}
	return g.askNetworks(ctx, s, found, tell)
}

// askNetworks is a search on the networks of this machine.
func (g *Gateway) askNetworks(ctx context.Context, s Search, found func(discovery.Found), tell func(done, of int, unit string)) error {
	o := discovery.Options{Interfaces: s.Interfaces, Open: g.searching.ListenPacket, Found: found}
	if err := o.Check(); err != nil {
		return err
	}
	length := min(cmp.Or(s.Time, discoveryTime), longestSearch)
	of := int((length + time.Second - 1) / time.Second)
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	var telling sync.WaitGroup
	defer telling.Wait()
	defer cancel()
	tell(0, of, "seconds")
	telling.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				tell(min(int(time.Since(began)/time.Second), of), of, "seconds")
			}
		}
	})
	o.Timeout = length
	_, err := discovery.Probe(ctx, o)
	return err
}

// progressOf makes of what is told of progress one that may be called often, and of none one that does nothing.
func progressOf(told func(done, of int, unit string)) func(done, of int, unit string) {
	var last time.Time
	return func(done, of int, unit string) {
		if told == nil || time.Since(last) < progressTime && done < of {
			return
		}
		last = time.Now()
		told(done, of, unit)
	}
}

// knownDevices are the cameras by what they are told by.
type knownDevices struct {
	byEndpoint, byAddress map[string]string // ids
}

// of gives the id of the camera that a device is, "" where it is none. An endpoint address that several devices share does not
// tell which one it is.
func (k knownDevices) of(f discovery.Found) string {
	if id := k.byEndpoint[f.ID]; id != "" && f.ID != "" && !f.Shared {
		return id
	}
	if len(f.XAddrs) == 0 {
		return k.byAddress[onvif.HostPort(f.Address())]
	}
	for _, a := range f.XAddrs {
		if id := k.byAddress[onvif.HostPort(a)]; id != "" {
			return id
		}
	}
	return ""
}

// knownDevices maps endpoints and addresses to the ids of the cameras that have them.
func (g *Gateway) knownDevices() (knownDevices, error) {
	known := knownDevices{make(map[string]string), make(map[string]string)}
	for _, c := range g.list() {
		if c.spec().ONVIF != "" {
			known.byAddress[onvif.HostPort(c.spec().ONVIF)] = c.spec().ID
		}
	}
	list, _, err := g.state.adopted()
	for _, a := range list {
		if a.Endpoint != "" {
			known.byEndpoint[a.Endpoint] = a.ID
		}
	}
	return known, err
}

// Discover searches for the web.
func (g *Gateway) Discover(ctx context.Context, req web.SearchRequest, tell func(web.SearchLine)) error {
	var mu sync.Mutex // progress and findings come from goroutines of their own
	one := func(f web.SearchLine) {
		mu.Lock()
		defer mu.Unlock()
		tell(f)
	}
	err := g.Search(ctx, Search{Interfaces: req.Interfaces, Ranges: req.Ranges, Time: time.Duration(req.Seconds) * time.Second,
		Found: func(d Discovery) { one(web.SearchLine{Found: g.discovered(d)}) },
		Progress: func(done, of int, unit string) {
			one(web.SearchLine{Progress: &web.SearchProgress{Done: done, Of: of, Unit: unit}})
		}})
	switch {
	case err == nil:
		return nil
	case len(req.Ranges) > 0:
		return web.Rejected("ranges", err.Error())
	case len(req.Interfaces) > 0:
		return web.Rejected("interfaces", err.Error())
	}
	return web.Refused("The networks could not be asked for cameras: "+err.Error(), "Check that this machine has a network; a camera can also be added by its address.")
}

// discovered is a device as the web tells it. What is known of an adopted camera is better than what its scopes say.
func (g *Gateway) discovered(d Discovery) *web.Discovered {
	w := &web.Discovered{Key: d.Key, ID: d.ID, Shared: d.Shared, Name: d.Name, Maker: d.Maker, Model: d.Hardware, Hardware: d.Hardware, Location: d.Location,
		Profiles: d.Profiles, Address: d.Address(), XAddrs: d.XAddrs, By: d.By, Adopted: d.Adopted != "", Camera: d.Adopted}
	if c, there := g.camera(d.Adopted); there {
		if dev := c.Device(); dev != nil {
			w.Maker, w.Model = cmp.Or(dev.Manufacturer, w.Maker), cmp.Or(dev.Model, w.Model)
		}
	}
	return w
}

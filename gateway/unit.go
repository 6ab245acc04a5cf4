package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"holdfast/config"
	"holdfast/onvif"
)

// unit is one device with all the cameras that are its video sources: an encoder, a recorder, a camera with several lenses. They
// share the gate, so that a wrong password is one count; the client, since some devices have one worker; and what was learned.
type unit struct {
	gate    *gate         // constant
	probing chan struct{} // holds one token while somebody asks what the device is
	key     string        // constant

	listening chan struct{} // holds one token while one of the cameras listens to the device's events

	fetching chan struct{} // holds one token while one of the cameras fetches what the device kept

	mu      sync.Mutex    // guards what follows
	cameras []*Camera     // that are of it
	coming  int           // cameras that are being made
	onvif   *onvif.Client // nil until something is asked
	by      *Camera       // whose connections the client makes; it does not outlive that camera
	device  *onvif.Device // nil until probed
}

// units are the devices of a gateway's cameras, by address and credentials: with others they are asked anew.
type units struct {
	mu  sync.Mutex // guards what follows
	all map[string]*unit
}

// of gives the unit of a camera that is being made. It is one of the unit's cameras once it is whole: see join.
func (u *units) of(spec config.Camera) *unit {
	key := unitKey(spec)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = make(map[string]*unit)
	}
	d := u.all[key]
	if d == nil {
		d = &unit{gate: newGate(time.Now), probing: make(chan struct{}, 1), listening: make(chan struct{}, 1), fetching: make(chan struct{}, 1), key: key}
		u.all[key] = d // at most as many as there are cameras
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.coming++
	return d
}

// join makes a camera one of its unit's, which others ask from then on.
func (d *unit) join(c *Camera) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.coming--
	d.cameras = append(d.cameras, c)
}

// leave takes a camera out of its unit. The last one takes the unit along.
func (u *units) leave(c *Camera) {
	u.mu.Lock()
	defer u.mu.Unlock()
	d := c.unit
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cameras = slices.DeleteFunc(d.cameras, func(x *Camera) bool { return x == c })
	if d.by == c {
		d.by, d.onvif = nil, nil
	}
	if len(d.cameras)+d.coming == 0 && u.all[d.key] == d {
		delete(u.all, d.key)
	}
}

// unitKey is who a camera's device is: its ONVIF address and the credentials, of which the password is not kept. A camera that is
// reached by RTSP alone is a device of its own.
func unitKey(spec config.Camera) string {
	where := "camera " + spec.ID
	if spec.ONVIF != "" {
		where = "device " + onvif.HostPort(spec.ONVIF)
	}
	sum := sha256.Sum256([]byte(spec.Username + "\x00" + spec.Password.Reveal()))
	return where + " " + hex.EncodeToString(sum[:])
}

// siblings are the cameras of the unit.
func (d *unit) siblings() []*Camera {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.cameras)
}

// probe asks the device what it is, once; forgetSource makes it ask again. Whoever asks meanwhile waits for the same answer.
func (c *Camera) probe(ctx context.Context) (*onvif.Device, error) {
	if d := c.Device(); d != nil {
		return d, nil
	}
	select {
	case c.unit.probing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.unit.probing }()
	if d := c.Device(); d != nil {
		return d, nil
	}
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	d, err := client.Probe(ctx)
	if err != nil {
		return nil, err
	}
	c.unit.mu.Lock()
	c.unit.device = d
	c.unit.mu.Unlock()
	for _, x := range c.unit.siblings() {
		x.changed()
	}
	return d, nil
}

// Device is what the ONVIF probe found; nil before, and for cameras without ONVIF.
func (c *Camera) Device() *onvif.Device {
	c.unit.mu.Lock()
	defer c.unit.mu.Unlock()
	return c.unit.device
}

func (c *Camera) forgetSource() {
	c.unit.mu.Lock()
	c.unit.device = nil
	c.unit.mu.Unlock()
}

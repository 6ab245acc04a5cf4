package gateway

import (
	"context"
	"slices"
	"sync"

	"holdfast/config"
	"holdfast/storage"
)

// cameraGroup runs the cameras of a gateway. Cameras may join and leave while it runs.
type cameraGroup struct {
	ctx context.Context
	wg  sync.WaitGroup
}

// runCameras runs the cameras of the file and the adopted ones until ctx ends and all have closed what they record.
func (g *Gateway) runCameras(ctx context.Context) error {
	group := &cameraGroup{ctx: ctx}
	g.mu.Lock()
	g.group = group
	for _, c := range g.cameras {
		group.start(c)
	}
	g.mu.Unlock()
	<-ctx.Done()
	g.mu.Lock()
	g.group = nil
	g.mu.Unlock()
	group.wg.Wait()
	return ctx.Err()
}

func (r *cameraGroup) start(c *Camera) {
	ctx, stop := context.WithCancel(r.ctx)
	c.stop, c.done = stop, make(chan struct{})
	r.wg.Go(func() {
		defer close(c.done)
		defer stop()
		c.run(ctx)
	})
}

// loadCameras makes the cameras that are declared.
func (g *Gateway) loadCameras() error {
	g.declared, g.site = g.conf.Cameras, g.conf.Retention
	list, err := g.wantedCameras()
	for _, w := range list {
		g.cameras = append(g.cameras, g.newCamera(w.spec, w.origin))
	}
	return err
}

// Where a camera is declared.
const (
	originConfig  = "config"
	originAdopted = "adopted"
)

// maxCameras bounds the cameras of one gateway.
const maxCameras = 512

// join adds a camera to the running set, in the place of the one with its id when it replaces that.
func (g *Gateway) join(spec config.Camera, replaces bool) {
	place := -1
	if replaces {
		place = g.leave(spec.ID, whyReplaced(spec))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.newCamera(spec, originAdopted)
	if place < 0 {
		place = len(g.cameras)
	}
	g.cameras = slices.Insert(g.cameras, min(place, len(g.cameras)), c)
	if g.group != nil {
		g.group.start(c)
	}
}

// whyReplaced is why nothing follows the footage of a camera that is ended to be declared anew, until there is a picture again.
func whyReplaced(by config.Camera) storage.Cause {
	if by.Disabled {
		return storage.CauseDisabled
	}
	return storage.CauseStarting
}

// parting is why nothing follows the footage of a camera that is ended.
func (c *Camera) parting() storage.Cause {
	if why := c.leaves.Load(); why != nil {
		return *why
	}
	return storage.CauseStopped
}

// leave stops a camera for a reason, waits until it has closed what it records, and takes it out of the set. It gives its place there; -1: it
// was not there.
func (g *Gateway) leave(id string, why storage.Cause) (place int) {
	c, there := g.camera(id)
	if !there {
		return -1
	}
	c.leaves.Store(&why)
	c.end()
	g.mu.Lock()
	defer g.mu.Unlock()
	if place = slices.Index(g.cameras, c); place >= 0 {
		g.cameras = slices.Delete(g.cameras, place, place+1)
	}
	return place
}

// end stops a camera, and waits until it has closed what it records. It makes no connection after that.
func (c *Camera) end() {
	defer c.way.Close()
	defer c.apart()
	c.steering.shut()
	if c.done != nil {
		c.stop()
		<-c.done
	}
}

// camera finds a camera by id.
func (g *Gateway) camera(id string) (*Camera, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.cameras {
		if c.spec().ID == id {
			return c, true
		}
	}
	return nil, false
}

// list gives the cameras in the order of the file, then of adoption.
func (g *Gateway) list() []*Camera {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*Camera(nil), g.cameras...)
}

func (g *Gateway) cameraChanged(id string) { g.changes.publish(Change{Kind: "camera", ID: id}) }

// raise raises an alarm, logs it once, and tells who listens.
func (g *Gateway) raise(a Alarm) {
	if g.alarms.raise(a) {
		g.log.Warn("alarm", "id", a.ID, "what", a.What, "means", a.Means, "do", a.Do)
		g.changes.publish(Change{Kind: "health"})
	}
}

// clear ends an alarm.
func (g *Gateway) clear(id string) {
	if g.alarms.clear(id) {
		g.log.Info("alarm over", "id", id)
		g.changes.publish(Change{Kind: "health"})
	}
}

package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"holdfast/config"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// FormerCameras tells of the cameras that are there no longer and of which there is footage: those that were removed, and those that the
// configuration file had. Who may see them is decided by their ids, as while they were there: nobody gets another camera's id.
func (g *Gateway) FormerCameras() ([]web.FormerCamera, error) { return g.former("") }

// FormerCamera tells of one; web.ErrNotFound where there is none of the id, or nothing is left of it.
func (g *Gateway) FormerCamera(id string) (web.FormerCamera, error) {
	if id == "" {
		return web.FormerCamera{}, web.ErrNotFound
	}
	list, err := g.former(id)
	if err == nil && len(list) == 0 {
		err = web.ErrNotFound
	}
	if err != nil {
		return web.FormerCamera{}, err
	}
	return list[0], nil
}

// former tells of all of them, or of one.
func (g *Gateway) former(id string) ([]web.FormerCamera, error) {
	if _, there := g.camera(id); there {
		return nil, nil
	}
	recorded, err := g.store.Recorded(id)
	if err != nil {
		return nil, fmt.Errorf("look for footage of removed cameras: %w", err)
	}
	list := []web.FormerCamera{}
	for _, r := range recorded {
		if _, there := g.camera(r.Camera); !there {
			list = append(list, g.formerOf(r))
		}
	}
	return list, nil
}

func (g *Gateway) formerOf(r storage.Recorded) web.FormerCamera {
	ages := g.store.Ages(r.Camera)
	f := web.FormerCamera{ID: r.Camera, Name: r.Camera, Streams: r.Streams, Oldest: r.Oldest, Newest: r.Newest, MaxAge: ages.Max.Seconds(), EventMaxAge: ages.Event.Seconds()}
	if a, err := g.state.adoptedOf(r.Camera); err == nil { // else it was the file's, or cannot be opened: its id is all that is known
		f.Name, f.Removed = cmp.Or(a.Name, a.ID), a.Removed
	}
	if ages.Max > 0 {
		last := r.Newest.Add(max(ages.Max, ages.Event))
		f.Until = &last
	}
	f.Says = leftOf(&f)
	return f
}

// leftOf puts into one sentence how long footage of a camera that is gone is still there.
func leftOf(f *web.FormerCamera) string {
	if f.Until == nil {
		return "Its footage is kept until space is needed, since no greatest age is set; it can be erased before."
	}
	return fmt.Sprintf("The last of its footage is deleted on %s, what is locked when its lock ends; it can be erased before.", f.Until.UTC().Format("2006-01-02 15:04 UTC"))
}

// keepAdopted has the footage of cameras that were added here kept as long as was set of each, those that were removed since among them: that a
// camera is gone is no reason to keep what it saw for longer. What the file says of a camera is known to the store already.
func (g *Gateway) keepAdopted() error {
	ever, err := g.state.everAdopted()
	if err != nil {
		return fmt.Errorf("read how long footage is kept: %w", err)
	}
	for _, a := range ever {
		if slices.ContainsFunc(g.conf.Cameras, func(c config.Camera) bool { return c.ID == a.ID }) {
			continue
		}
		spec, err := a.camera()
		if err != nil { // it is kept as the site's then
			g.log.Error("how long the footage of a camera is kept is not understood", "camera", a.ID, "error", err)
		}
		g.store.SetAges(a.ID, cameraAges(spec.Record))
	}
	return nil
}

// recordedName is what a camera is, or was, called.
func (g *Gateway) recordedName(id string) string {
	if c, ok := g.camera(id); ok {
		return cmp.Or(c.spec().Name, id)
	}
	if a, err := g.state.adoptedOf(id); err == nil {
		return cmp.Or(a.Name, id)
	} else if !errors.Is(err, web.ErrNotFound) {
		g.log.Error("read what a removed camera was called", "camera", id, "error", err)
	}
	return id
}

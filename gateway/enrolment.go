package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/gateway/statedb"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/storage"
)

// replacedEvent is the kind of the event that stands on the timeline where another device took a camera's place.
const replacedEvent = "camera-replaced"

// keptRemoved bounds how many removed cameras are remembered of which there is no footage any more.
const keptRemoved = 256

// adoptedHere gives what is kept of a camera that was added here. Caller holds enrolling.
func (g *Gateway) adoptedHere(id string) (Adopted, error) {
	c, there := g.camera(id)
	switch {
	case !there:
		return Adopted{}, web.ErrNotFound
	case c.origin == originConfig:
		return Adopted{}, web.InFile()
	}
	return g.state.adoptedOf(id)
}

// ChangeCamera changes what a camera is called and for. What needs no other connection is changed without an interruption.
func (g *Gateway) ChangeCamera(_ context.Context, id string, ch web.CameraChange) (web.Camera, error) {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	a, err := g.adoptedHere(id)
	if err != nil {
		return web.Camera{}, err
	}
	for _, x := range []struct{ to, from *string }{{&a.Name, ch.Name}, {&a.Purpose, ch.Purpose}, {&a.LegalBasis, ch.LegalBasis}} {
		if x.from != nil {
			*x.to = strings.TrimSpace(*x.from)
		}
	}
	if a.Name == "" {
		return web.Camera{}, web.Rejected("name", "A camera needs a name.")
	}
	for _, x := range []struct{ to, from *bool }{{&a.Audio, ch.Audio}, {&a.Disabled, ch.Disabled}} {
		if x.from != nil {
			*x.to = *x.from
		}
	}
	kept := wrap(g.state.adopt(a), "keep camera "+id)
	if !statedb.Counts(kept) {
		return web.Camera{}, kept
	}
	g.settle(a)
	g.log.Info("camera changed", "camera", id)
	c, _ := g.Camera(id)
	return c, kept
}

// wrap says what it was that failed; nil stays nil.
func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// settle makes the running camera what is kept of it. Caller holds enrolling.
func (g *Gateway) settle(a Adopted) {
	spec := g.specOf(a)
	if c, there := g.camera(a.ID); there && g.adapt(c, spec) {
		return
	}
	g.join(spec, true)
	g.cameraChanged(a.ID)
}

// RemoveCamera stops a camera that was added here and takes it out of the list. Who the device is stays written, without its password,
// so that its footage is its own again should it be added again, and no other camera gets its id.
func (g *Gateway) RemoveCamera(_ context.Context, id string) (web.RemovedCamera, error) {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	a, err := g.adoptedHere(id)
	if err != nil {
		return web.RemovedCamera{}, err
	}
	now := g.now().UTC()
	a.Removed, a.Username, a.Password = &now, "", ""
	kept := wrap(g.state.adoptAnew(a), "remove camera "+id)
	if !statedb.Counts(kept) {
		return web.RemovedCamera{}, kept
	}
	g.leave(id, storage.CauseDisabled)
	g.letGo([]string{id})
	for _, alarm := range []string{"camera:", "settings:"} {
		g.clear(alarm + id)
	}
	g.log.Warn("camera removed", "camera", id)
	g.cameraChanged(id)
	footage, err := g.store.KnownCamera(id)
	if err != nil {
		return web.RemovedCamera{ID: id}, errors.Join(kept, fmt.Errorf("look for footage of camera %s: %w", id, err))
	}
	g.forgetRemoved()
	return web.RemovedCamera{ID: id, Footage: footage}, kept
}

// forgetRemoved drops of the removed cameras without footage those that were removed longest ago, where there are many. Caller holds
// enrolling.
func (g *Gateway) forgetRemoved() {
	ever, err := g.state.everAdopted()
	if err != nil {
		g.log.Error("read removed cameras", "error", err)
		return
	}
	var gone []Adopted
	for _, a := range ever {
		if a.Removed == nil {
			continue
		}
		if footage, err := g.store.KnownCamera(a.ID); err == nil && !footage {
			gone = append(gone, a)
		}
	}
	slices.SortFunc(gone, func(a, b Adopted) int { return a.Removed.Compare(*b.Removed) })
	for _, a := range gone[:max(0, len(gone)-keptRemoved)] {
		if err := g.state.forget(a.ID); err != nil {
			g.log.Error("forget removed camera", "camera", a.ID, "error", err)
		}
	}
}

// ReplaceCamera puts another device in a camera's place. The new one is asked, once, who it is before anything is changed; footage goes
// on under the same id, in files of its own since the parameters of its streams are others.
func (g *Gateway) ReplaceCamera(ctx context.Context, id string, req web.ReplaceRequest) (web.ReplacedCamera, error) {
	c, there := g.camera(id)
	switch {
	case !there:
		return web.ReplacedCamera{}, web.ErrNotFound
	case c.origin == originConfig:
		return web.ReplacedCamera{}, web.InFile()
	}
	e, err := g.successor(ctx, c.spec().Name, req)
	if err != nil {
		return web.ReplacedCamera{}, adoptProblem(err)
	}
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	before, err := g.adoptedHere(id)
	if err != nil {
		return web.ReplacedCamera{}, err
	}
	if other, err := g.sameDevice(e); err != nil {
		return web.ReplacedCamera{}, adoptProblem(err)
	} else if _, runs := g.camera(other); runs && other != id {
		return web.ReplacedCamera{}, web.Rejected("address", fmt.Sprintf("This device is camera %s already. Remove that one first.", other))
	}
	after := succeed(before, e.Adopted)
	notes, err := g.suit(&after)
	if err != nil {
		return web.ReplacedCamera{}, err
	}
	kept := wrap(g.state.adoptAnew(after), "keep camera "+id)
	if !statedb.Counts(kept) {
		return web.ReplacedCamera{}, kept
	}
	g.join(g.specOf(after), true)
	g.noteReplaced(id)
	g.log.Warn("camera replaced", "camera", id, "from", before.Serial, "to", after.Serial)
	g.cameraChanged(id)
	now, _ := g.Camera(id)
	return web.ReplacedCamera{Camera: now, Before: identityOf(before), After: identityOf(after), Notes: notes}, kept
}

// successor asks the device that is to take a camera's place who it is.
func (g *Gateway) successor(ctx context.Context, name string, req web.ReplaceRequest) (enrolment, error) {
	ask := Adoption{Address: req.Address, Username: req.Username, Password: req.Password, Endpoint: req.Endpoint, Name: name, Streams: profilesOf(req.Streams)}
	if err := ask.check(); err != nil {
		return enrolment{}, err
	}
	if req.Source != "" {
		ask.Sources = []string{req.Source}
	}
	list, err := g.enrolments(ctx, ask, Adopted{Name: name, Endpoint: req.Endpoint, Username: req.Username, Password: req.Password})
	if err != nil {
		return enrolment{}, err
	}
	return list[0], nil
}

// succeed is a camera whose device is another one: what is of the device is the new one's, and all else stays.
func succeed(before, device Adopted) Adopted {
	a := before
	a.Endpoint, a.ONVIF, a.RTSP, a.Named = device.Endpoint, device.ONVIF, device.RTSP, ""
	a.Source, a.Streams, a.Profiles = device.Source, device.Streams, device.Profiles
	a.Username, a.Password = device.Username, device.Password
	a.Manufacturer, a.Model, a.Serial = device.Manufacturer, device.Model, device.Serial
	return a
}

// suit sees to it that something of the new device is recorded where something of the old one was.
func (g *Gateway) suit(a *Adopted) (notes []string, err error) {
	spec, err := a.camera()
	if err != nil {
		return nil, nil // settings that are not understood are an alarm: see specOf
	}
	has := streamIDs(spec)
	var lacks []string
	for _, id := range spec.Record.Streams {
		if !slices.Contains(has, id) {
			lacks = append(lacks, id)
		}
	}
	if len(lacks) == 0 {
		return nil, nil
	}
	notes = []string{fmt.Sprintf("The new device has no %s stream, which was recorded before.", strings.Join(lacks, " or "))}
	keep := slices.DeleteFunc(slices.Clone(spec.Record.Streams), func(id string) bool { return slices.Contains(lacks, id) })
	if len(keep) == 0 {
		keep, notes = []string{"main"}, append(notes, "Its main stream is recorded instead.")
	}
	spec.Record.Streams = keep
	a.Settings, err = json.Marshal(SettingsOf(spec.Record))
	return notes, err
}

// noteReplaced puts the change on the timeline.
func (g *Gateway) noteReplaced(id string) {
	now := g.now().UTC()
	_, err := g.store.Event(storage.Event{Camera: id, Kind: replacedEvent, Source: "gateway", Start: now, End: now.Add(time.Second)})
	if err != nil {
		g.log.Error("note on the timeline that a camera was replaced", "camera", id, "error", err)
		return
	}
	g.changes.publish(Change{Kind: "event", ID: id})
}

func identityOf(a Adopted) web.DeviceIdentity {
	where := a.RTSP
	if a.ONVIF != "" {
		where = onvif.HostPort(a.ONVIF)
	}
	return web.DeviceIdentity{Manufacturer: a.Manufacturer, Model: a.Model, Serial: a.Serial, Address: where}
}

func profilesOf(list []web.StreamChoice) (out []profileOf) {
	for _, c := range list {
		out = append(out, profileOf{Stream: c.ID, Profile: c.Profile})
	}
	return out
}

package gateway

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"holdfast/config"
	"holdfast/gateway/vault"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// Reload reads the configuration file again and takes over what can be while cameras are recorded: the cameras, how long footage
// is kept, and the certificate. Cameras about which nothing changed are not touched. A file that is not valid changes nothing, and is an alarm until
// one is.
func (g *Gateway) Reload(context.Context) (web.Reload, error) {
	if g.load == nil {
		return web.Reload{}, web.Misconfigured("This gateway was not started from a file.")
	}
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	conf, err := g.load()
	if err != nil {
		g.raise(Alarm{ID: "config:file", Severity: "alarm", What: fmt.Sprintf("The configuration file was changed, and is not valid: %s.", firstProblem(err)),
			Means: "The settings of before stay in force. At the next start the gateway would not start.", Do: "Mend the file (holdfast config tells of every mistake), then run holdfast reload."})
		return web.Reload{}, web.Misconfigured(err.Error())
	}
	g.clear("config:file")
	r := web.Reload{Pending: pending(g.conf, conf), Warnings: conf.Warnings}
	g.tellPending(r.Pending)
	if why := g.web.SetTLS(conf.TLS); why != "" {
		r.Warnings = append(r.Warnings, why)
	}
	g.store.SetSiteAges(siteAges(conf.Retention))
	g.mu.Lock()
	g.declared = conf.Cameras
	g.site = conf.Retention
	g.mu.Unlock()
	if err := g.rearrange(&r); err != nil {
		return r, fmt.Errorf("read configuration again: %w", err)
	}
	r.Says = reloaded(&r)
	g.log.Info("configuration read again", "added", len(r.Added), "removed", len(r.Removed), "restarted", len(r.Restarted), "adapted", len(r.Adapted),
		"untouched", r.Untouched, "pending", strings.Join(r.Pending, " "))
	return r, nil
}

// firstProblem is the first of what is wrong with a file, and how much more is.
func firstProblem(err error) string {
	var list config.Problems
	switch {
	case !errors.As(err, &list) || len(list) == 0:
		return err.Error()
	case len(list) == 1:
		return list[0].String()
	}
	return fmt.Sprintf("%s; and %d more mistakes", list[0], len(list)-1)
}

// pending gives the fields in which the file differs from what the gateway was started with, and that count only from a start.
func pending(was, is *config.Config) (fields []string) {
	for _, f := range []struct {
		name    string
		was, is any
	}{
		{"listen", was.Listen, is.Listen}, {"names", was.Names, is.Names}, {"time_zone", was.TimeZone, is.TimeZone}, {"data", was.Data, is.Data},
		{"volumes", was.Volumes, is.Volumes}, {"disk_health", was.DiskHealth, is.DiskHealth}, {"retention.lock_max", was.Retention.LockMax, is.Retention.LockMax},
		{"verify", was.Verify, is.Verify}, {"encryption", was.Encryption, is.Encryption}, {"audit", was.Audit, is.Audit}, {"webrtc", was.WebRTC, is.WebRTC}, {"egress", was.Egress, is.Egress},
		{"tls.loopback", was.TLS.Loopback, is.TLS.Loopback},
		{"access", was.Access, is.Access},
	} {
		if !reflect.DeepEqual(f.was, f.is) {
			fields = append(fields, f.name)
		}
	}
	return fields
}

func (g *Gateway) tellPending(fields []string) {
	g.when(len(fields) > 0, Alarm{ID: "config:pending", Severity: "warning", What: fmt.Sprintf("The configuration file was changed in %s.", strings.Join(fields, ", ")),
		Means: "That counts only from the next start of the gateway; what it was started with stays in force.", Do: "Start the gateway again when a short interruption does no harm, or take the change back."})
}

// wanted is a camera as it is declared.
type wanted struct {
	spec   config.Camera
	origin string
}

// wantedCameras are the cameras of the file, then the adopted ones. An adopted camera whose id the file has taken since is left out
// with an alarm: the file wins, and nothing is recorded twice under one name.
func (g *Gateway) wantedCameras() (list []wanted, err error) {
	g.mu.Lock()
	declared := g.declared
	g.mu.Unlock()
	taken := map[string]bool{}
	for _, spec := range declared {
		taken[spec.ID] = true
		list = append(list, wanted{spec, originConfig})
	}
	adopted, lost, err := g.state.adopted()
	if err != nil {
		return nil, err
	}
	for id, why := range lost {
		g.raise(Alarm{ID: "camera:" + id, Severity: "alarm", What: fmt.Sprintf("What is kept of the adopted camera %s cannot be opened: %v.", id, why),
			Means: "It is not recorded; the other cameras are.", Do: lostDo(why)})
	}
	for _, a := range adopted {
		if taken[a.ID] {
			g.raise(Alarm{ID: "camera:" + a.ID, Severity: "warning", What: fmt.Sprintf("Camera %s is both in the configuration file and adopted.", a.ID),
				Means: "The one in the file is used.", Do: "Give one of them another id."})
			continue
		}
		g.clear("camera:" + a.ID)
		list = append(list, wanted{g.specOf(a), originAdopted})
	}
	return list, nil
}

// lostDo is what to do about an adopted camera that cannot be opened.
func lostDo(why error) string {
	if errors.Is(why, vault.ErrLocked) {
		return "Run holdfast keys unlock on this machine with the recovery key of that time; the camera is recorded from that moment on."
	}
	return "Restore the vault directory and state.db from the same backup and start again, or add the camera again."
}

// rearrange makes the cameras that run those that are wanted. Caller holds enrolling.
func (g *Gateway) rearrange(r *web.Reload) error {
	list, err := g.wantedCameras()
	if err != nil {
		return err
	}
	order := map[string]int{}
	var stale []*Camera
	var fresh []wanted
	for i, w := range list {
		id := w.spec.ID
		order[id] = i
		c, runs := g.camera(id)
		switch {
		case !runs:
			r.Added, fresh = append(r.Added, id), append(fresh, w)
		case c.origin == w.origin && reflect.DeepEqual(*c.spec(), w.spec):
			r.Untouched++
		case c.origin == w.origin && g.adapt(c, w.spec):
			r.Adapted = append(r.Adapted, id)
		default:
			r.Restarted, fresh, stale = append(r.Restarted, id), append(fresh, w), append(stale, c)
		}
	}
	for _, c := range g.list() {
		if _, stays := order[c.spec().ID]; !stays {
			r.Removed, stale = append(r.Removed, c.spec().ID), append(stale, c)
		}
	}
	g.replace(stale, fresh, order)
	g.letGo(r.Removed)
	for _, id := range slices.Concat(r.Added, r.Restarted, r.Removed) {
		g.cameraChanged(id)
	}
	return nil
}

// replace stops cameras, all at once, and starts others; then they stand in order.
func (g *Gateway) replace(stale []*Camera, fresh []wanted, order map[string]int) {
	var ending sync.WaitGroup
	for _, c := range stale {
		why := storage.CauseDisabled
		if i := slices.IndexFunc(fresh, func(w wanted) bool { return w.spec.ID == c.spec().ID }); i >= 0 {
			why = whyReplaced(fresh[i].spec)
		}
		c.leaves.Store(&why)
		ending.Go(c.end)
	}
	ending.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cameras = slices.DeleteFunc(g.cameras, func(c *Camera) bool { return slices.Contains(stale, c) })
	for _, w := range fresh {
		c := g.newCamera(w.spec, w.origin)
		g.cameras = append(g.cameras, c)
		if g.group != nil {
			g.group.start(c)
		}
	}
	slices.SortStableFunc(g.cameras, func(a, b *Camera) int { return order[a.spec().ID] - order[b.spec().ID] })
}

// letGo says of cameras that are not declared any more why nothing follows. What the file said of their ages is gone with it: their footage is
// kept as the site's is. Those that were added here keep theirs, see keepAdopted.
func (g *Gateway) letGo(ids []string) {
	for _, id := range ids {
		if a, err := g.state.adoptedOf(id); err != nil || a.Removed == nil {
			g.store.SetAges(id, storage.Ages{})
		}
		g.store.SetPins(id, nil)
		if err := g.store.GapOfAll(id, g.now(), storage.CauseDisabled); err != nil {
			g.log.Error("note that a camera was let go", "camera", id, "error", err)
		}
	}
}

// reloaded puts what came of it into one sentence.
func reloaded(r *web.Reload) string {
	var parts []string
	for _, p := range []struct {
		ids  []string
		what string
	}{{r.Added, "added"}, {r.Removed, "removed"}, {r.Restarted, "connected anew"}, {r.Adapted, "changed without an interruption"}} {
		if len(p.ids) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", p.what, strings.Join(p.ids, ", ")))
		}
	}
	text := "Nothing changed about the cameras."
	if len(parts) > 0 {
		text = fmt.Sprintf("Cameras %s; %d untouched.", strings.Join(parts, "; "), r.Untouched)
	}
	if len(r.Pending) > 0 {
		text += fmt.Sprintf(" What was changed in %s counts only from the next start.", strings.Join(r.Pending, ", "))
	}
	return text
}

// Reloaded reads the configuration again for whoever sends the process a signal: once it is ready, and not when it ends.
func (g *Gateway) Reloaded(ctx context.Context) {
	select {
	case <-g.ready:
	case <-ctx.Done():
		return
	}
	r, err := g.Reload(ctx)
	g.auditReload(r, err)
	if err != nil && !errors.Is(err, context.Canceled) {
		g.log.Error("the configuration is not taken over; the settings of before stay in force", "error", err)
	}
}

package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/statedb"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// desk is a gateway on its files, with one of everything that state.db keeps. Nothing runs beside the test, so that it alone writes.
type desk struct {
	*Gateway
	t              *testing.T
	camera, second string
	plan, lock     string
	trust          *trust
	volume         string // path of one that was added
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// atDesk calls f with a desk of its own.
func atDesk(t *testing.T, f func(*desk)) {
	t.Helper()
	dir := t.TempDir()
	conf, err := config.Parse("test", []byte(fmt.Sprintf("data: %s/data\nvolumes:\n  - {path: %s/volume, min_free: 1MB}\n", dir, dir)))
	if err != nil {
		t.Fatal(err)
	}
	err = OnFiles(t.Context(), conf, slog.New(slog.DiscardHandler), func(g *Gateway) error {
		g.vault = testVault(t, conf.Data)
		g.state.vault = g.vault
		g.state.db.NoSync = true
		d := &desk{Gateway: g, t: t, volume: filepath.Join(dir, "more")}
		d.furnish()
		f(d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) furnish() {
	d.t.Helper()
	ctx := context.Background()
	for _, to := range []*string{&d.camera, &d.second} {
		id, err := d.Enrol(ctx, Adoption{Address: fmt.Sprintf("rtsp://127.0.0.1:9/%d", len(d.list())), Name: "Door", Username: "viewer", Password: "old"})
		d.must(err)
		*to = id
	}
	p, err := d.AddPlan(ctx, web.NewPlan{Name: "Ground floor", Kind: web.PlanFloor})
	d.must(err)
	d.plan = p.ID
	_, err = d.SetPlanPicture(ctx, p.ID, drawn(d.t, 40, 30, false))
	d.must(err)
	now := time.Now()
	l, err := d.LockFootage(ctx, "local", web.LockRequest{Camera: d.camera, From: now.Add(-time.Hour), To: now, Until: now.Add(time.Hour), Reason: "case 12"})
	d.must(err)
	d.lock = l.ID
	_, err = d.AddVolume(ctx, web.VolumeRequest{Path: d.volume, MinFree: 1 << 20})
	d.must(err)
	c, _ := d.Gateway.camera(d.camera)
	d.trust = c.trust
	d.trust.mu.Lock()
	d.trust.kept.Keys = map[string]string{"rtsps": "00"}
	d.trust.keep()
	d.trust.mu.Unlock()
	d.must(d.keepText(d.camera, "0000000000000001", new("a blue van")))
}

func (d *desk) volumeID(path string) string {
	d.t.Helper()
	for _, v := range d.store.Volumes() {
		if v.Path == path {
			return v.ID
		}
	}
	d.t.Fatalf("there is no volume at %s", path)
	return ""
}

func (d *desk) spec(id string) config.Camera {
	c, there := d.Gateway.camera(id)
	if !there {
		return config.Camera{}
	}
	return *c.spec()
}

// text is what is kept said of the event that has a text.
func (d *desk) text() (text string) {
	d.must(d.state.eachText(nil, func(k, v []byte) (bool, error) {
		kept, err := d.state.openText(k, v)
		text = kept.Text
		return true, err
	}))
	return text
}

func (d *desk) planNow() keptPlan {
	k, _ := d.state.plan(d.plan)
	return k
}

// deskWrites is each kind of write of the gateway's, and whether it is done. What has happened already is done whatever the disk says.
var deskWrites = []struct {
	name     string
	do       func(*desk) error
	done     func(*desk) bool
	happened bool
}{
	{"adopt", func(d *desk) error {
		_, err := d.Enrol(context.Background(), Adoption{Address: "rtsp://127.0.0.1:9/new", Name: "Gate"})
		return err
	}, func(d *desk) bool { return len(d.list()) == 3 }, false},
	{"adopt again", func(d *desk) error {
		_, err := d.Enrol(context.Background(), Adoption{Address: d.spec(d.camera).RTSP, Name: "Door", Password: "new", Username: "viewer"})
		return err
	}, func(d *desk) bool { return string(d.spec(d.camera).Password) == "new" }, false},
	{"name", func(d *desk) error {
		_, err := d.ChangeCamera(context.Background(), d.camera, web.CameraChange{Name: new("Gate")})
		return err
	}, func(d *desk) bool { return d.spec(d.camera).Name == "Gate" }, false},
	{"settings", func(d *desk) error {
		_, err := d.SetRecordSettings(context.Background(), d.camera, web.RecordSettings{Mode: "off"})
		return err
	}, func(d *desk) bool { return d.spec(d.camera).Record.Mode == config.Off }, false},
	{"password at the camera", func(d *desk) error { return d.rekey(d.camera, "new") },
		func(d *desk) bool { return string(d.spec(d.camera).Password) == "new" }, true},
	{"replace", func(d *desk) error {
		_, err := d.ReplaceCamera(context.Background(), d.camera, web.ReplaceRequest{Address: "rtsp://127.0.0.1:9/other"})
		return err
	}, func(d *desk) bool { return strings.HasSuffix(d.spec(d.camera).RTSP, "/other") }, false},
	{"remove", func(d *desk) error { _, err := d.RemoveCamera(context.Background(), d.camera); return err },
		func(d *desk) bool { return len(d.list()) == 1 }, false},
	{"plan", func(d *desk) error {
		_, err := d.AddPlan(context.Background(), web.NewPlan{Name: "Roof", Kind: web.PlanFloor})
		return err
	}, func(d *desk) bool { l, _ := d.Plans(); return len(l) == 2 }, false},
	{"plan renamed", func(d *desk) error { _, err := d.RenamePlan(context.Background(), d.plan, "Cellar"); return err },
		func(d *desk) bool { return d.planNow().Name == "Cellar" }, false},
	{"plan drawn", func(d *desk) error {
		_, err := d.SetPlanPicture(context.Background(), d.plan, drawn(d.t, 30, 40, true))
		return err
	}, func(d *desk) bool {
		_, picture, err := d.PlanPicture(d.plan)
		d.must(err)
		_, _, w, _, err := planPicture(picture)
		d.must(err)
		if k := d.planNow(); k.Width != w {
			d.t.Errorf("a plan is %d wide, and its picture %d", k.Width, w)
		}
		return d.planNow().Mime == "image/jpeg"
	}, false},
	{"camera on a plan", func(d *desk) error {
		_, err := d.PlaceCamera(context.Background(), d.plan, web.Placement{Camera: d.camera, X: 0.5, Y: 0.5})
		return err
	}, func(d *desk) bool { return len(d.planNow().Cameras) == 1 }, false},
	{"plan removed", func(d *desk) error { return d.RemovePlan(context.Background(), d.plan) },
		func(d *desk) bool { l, _ := d.Plans(); return len(l) == 0 }, false},
	{"lock", func(d *desk) error {
		now := time.Now()
		_, err := d.LockFootage(context.Background(), "local", web.LockRequest{Camera: d.camera, From: now.Add(-time.Hour), To: now, Until: now.Add(time.Hour), Reason: "case 13"})
		return err
	}, func(d *desk) bool { l, _ := d.FootageLocks("", time.Time{}, time.Now()); return len(l) == 2 }, false},
	{"unlock", func(d *desk) error { return d.UnlockFootage(context.Background(), d.lock) },
		func(d *desk) bool { l, _ := d.FootageLocks("", time.Time{}, time.Now()); return len(l) == 0 }, false},
	{"volume", func(d *desk) error {
		_, err := d.AddVolume(context.Background(), web.VolumeRequest{Path: d.volume + "2", MinFree: 1 << 20})
		return err
	}, func(d *desk) bool { return len(d.store.Volumes()) == 3 }, true},
	{"drain", func(d *desk) error { _, err := d.DrainVolume(context.Background(), d.volumeID(d.volume)); return err },
		func(d *desk) bool { return d.emptied(d.volume) }, true},
	{"volume removed", func(d *desk) error { return d.RemoveVolume(context.Background(), d.volumeID(d.volume), false) },
		func(d *desk) bool { return len(d.store.Volumes()) == 1 }, true},
	{"digest", func(d *desk) error { d.trust.digest(); return nil }, func(d *desk) bool { return d.trust.kept.Digest }, true},
	{"certificate forgotten", func(d *desk) error { return d.trust.forgetKeys() }, func(d *desk) bool { return len(d.trust.kept.Keys) == 0 }, false},
	{"text", func(d *desk) error { return d.keepText(d.camera, "0000000000000001", new("a red van")) },
		func(d *desk) bool { return d.text() == "a red van" }, false},
	{"text taken away", func(d *desk) error { return d.keepText(d.camera, "0000000000000001", new("")) },
		func(d *desk) bool { return d.text() == "" }, false},
}

func (d *desk) emptied(path string) bool {
	return slices.ContainsFunc(d.store.Volumes(), func(v storage.VolumeStatus) bool { return v.Path == path && v.Draining != nil })
}

// nextStart tells in what the next start would find things otherwise than they are.
func (d *desk) nextStart() (differs []string) {
	want, err := d.wantedCameras()
	d.must(err)
	is := map[string]config.Camera{}
	for _, c := range d.list() {
		is[c.spec().ID] = *c.spec()
	}
	will := map[string]config.Camera{}
	for _, w := range want {
		will[w.spec.ID] = w.spec
	}
	if !reflect.DeepEqual(is, will) {
		differs = append(differs, fmt.Sprintf("cameras: %+v instead of %+v", will, is))
	}
	volumes := map[string]bool{}
	for _, v := range d.volumesToOpen() {
		volumes[v.Path] = v.Drain
	}
	for _, v := range d.store.Volumes() {
		if drain, there := volumes[v.Path]; !there || drain != d.emptied(v.Path) {
			differs = append(differs, "volume "+v.Path)
		}
		delete(volumes, v.Path)
	}
	for path := range volumes {
		differs = append(differs, "volume "+path+" once more")
	}
	kept, err := d.state.keptLocks()
	d.must(err)
	held, err := d.store.Locks("", time.Unix(0, 0), time.Now())
	d.must(err)
	for _, l := range held {
		if _, there := kept[l.ID]; !there {
			differs = append(differs, "a lock is nobody's")
		}
		delete(kept, l.ID)
	}
	if len(kept) > 0 {
		differs = append(differs, "a lock once more")
	}
	if c, there := d.Gateway.camera(d.camera); there && c.trust == d.trust { // of one that was joined anew it has been read
		if again := d.newTrust(*c.spec(), originAdopted); !reflect.DeepEqual(again.kept, d.trust.kept) {
			differs = append(differs, fmt.Sprintf("trust: %+v instead of %+v", again.kept, d.trust.kept))
		}
	}
	return differs
}

// TestGatewayFaultTable has each transaction of each kind of the gateway's writes fail: undone as on a full disk, or standing as when its last
// sync fails; once, or with all that follow it. The answer is true, or on the safe side; and the next start finds what is.
func TestGatewayFaultTable(t *testing.T) {
	t.Parallel()
	for _, w := range deskWrites {
		t.Run(strings.ReplaceAll(w.name, " ", "_"), func(t *testing.T) {
			n := 0
			atDesk(t, func(d *desk) {
				d.state.db.Fails = func() (undone, stood error) { n++; return nil, nil }
				if err := w.do(d); err != nil || !w.done(d) || n == 0 {
					t.Fatalf("without a fault: %v, done %t, %d transactions", err, w.done(d), n)
				}
				if l := d.nextStart(); len(l) > 0 {
					t.Fatalf("without a fault: %v", l)
				}
			})
			for at := 1; at <= n; at++ {
				for _, mode := range []struct{ stands, ever bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
					atDesk(t, func(d *desk) {
						d.gatewayFault(fmt.Sprintf("transaction %d of %d, standing %t, all that follow %t", at, n, mode.stands, mode.ever), w.do, w.done, w.happened, at, mode.stands, mode.ever)
					})
				}
			}
		})
	}
}

func (d *desk) gatewayFault(what string, do func(*desk) error, done func(*desk) bool, happened bool, at int, stands, ever bool) {
	d.t.Helper()
	n := 0
	d.state.db.Fails = func() (undone, stood error) {
		n++
		switch {
		case n < at, n > at && !ever:
			return nil, nil
		case stands:
			return nil, syscall.EIO
		}
		return syscall.ENOSPC, nil
	}
	err := do(d)
	d.state.db.Fails = nil
	is := done(d)
	switch {
	case statedb.Counts(err) != is:
		d.t.Errorf("%s: it is done: %t, and the answer is %v", what, is, err)
	case happened && !is:
		d.t.Errorf("%s: it has happened, and is not done here", what)
	case stands && !ever && err != nil:
		d.t.Errorf("%s: what could be confirmed is told as %v", what, err)
	}
	if happened { // owed
		d.payVolumes()
		d.trust.digest()
		if camera := d.spec(d.camera); camera.Password == "new" && ever && !stands {
			return // it is told that a restart may undo it
		}
	}
	for _, differs := range d.nextStart() {
		d.t.Errorf("%s: after the next start: %s", what, differs)
	}
}

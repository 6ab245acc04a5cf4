package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"holdfast/scripts/rig"
)

const (
	troubleCameras = 8
	troubleRate    = 2000    // kbit/s of each
	troubleSize    = 1 << 30 // bytes of an image
	// liveLimit is the longest that live view may be without a picture while a volume fails. Pictures come every 40 ms; a
	// busy machine and a reader that jumps to the next key frame are allowed for.
	liveLimit = 2500 * time.Millisecond
	// freezeTime is how long the volume that blocks does.
	freezeTime = 60 * time.Second
	// fullTime is how long a volume is full: the space that was reserved before lasts for a minute of it.
	fullTime = 130 * time.Second
)

// trouble is one way in which a volume fails while cameras record on it.
type trouble struct {
	name   string
	causes []string      // that a gap may give
	away   time.Duration // how long it lasts; 0: as long as in the other modes
	fail   func(*ground) error
	mend   func(context.Context, *ground) error
}

// ground is the volume that fails.
type ground struct {
	*torture
	disk
	image  *rig.Image
	pool   string   // the file system that the image lies in, when it is to run out of space
	before []string // what lay on another recorder's disk that is mounted in its place
}

var troubles = []trouble{
	{name: "full", causes: []string{"disk full", "retention"}, away: fullTime, // the oldest footage goes for the newest
		fail: func(g *ground) error { return fillUp(g.disk) },
		mend: func(_ context.Context, g *ground) error { return os.Remove(filepath.Join(g.mount, "foreign")) }},
	{name: "read-only", causes: []string{"volume read-only", "volume failing"},
		fail: func(g *ground) error { return command("mount", "-o", "remount,abort", g.mount) },
		mend: remount},
	{name: "EIO", causes: []string{"volume failing", "volume read-only"}, fail: drain, mend: refill},
	{name: "vanished", causes: []string{"volume missing"},
		fail: func(g *ground) error { return command("umount", "--lazy", g.mount) },
		mend: func(_ context.Context, g *ground) error {
			if err := g.untouched(nil); err != nil {
				return err
			}
			return command("mount", g.device, g.mount)
		}},
	{name: "swapped", causes: []string{"volume missing"}, fail: swap, mend: swapBack},
	{name: "blocked", causes: []string{"disk too slow", "volume failing"}, away: freezeTime,
		fail: func(g *ground) error { return command("fsfreeze", "--freeze", g.mount) },
		mend: func(_ context.Context, g *ground) error { return command("fsfreeze", "--unfreeze", g.mount) }},
}

// trouble has every kind of trouble with one volume, and on one of two.
func (t *torture) trouble(ctx context.Context) error {
	clip, err := t.bench.Clip("trouble", 20*time.Second, killGOP, troubleRate)
	if err != nil {
		return err
	}
	known, err := t.bench.Footage(clip)
	if err != nil {
		return err
	}
	sent := t.bench.Path("sent")
	street, err := t.bench.StreetSent(clip, troubleCameras, sent)
	if err != nil {
		return err
	}
	defer street.Kill()
	for _, f := range troubles {
		for volumes := 1; volumes <= 2; volumes++ {
			if t.brief && (f.name != "vanished" || volumes == 1) || len(t.faults) > 0 && !slices.Contains(t.faults, f.name) {
				continue
			}
			r := &troubled{torture: t, trouble: f, name: fmt.Sprintf("%s, %d of %d", f.name, 1, volumes), known: known, street: street, sent: sent}
			r.attempt(ctx, fmt.Sprintf("trouble-%s-%d", f.name, volumes), volumes)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// troubled is one run of one kind of trouble.
type troubled struct {
	*torture
	trouble
	name   string
	known  *rig.Footage
	street *rig.Street
	sent   string // the account of the cameras
	daemon *rig.Daemon
	ground *ground
	mirror mirrored // of the mode mirrored
	began  time.Time
	first  map[string]time.Time // when the recording of each camera began
	said   []string             // what the API said meanwhile, each once
}

// attempt runs it, and tells what came of it.
func (r *troubled) attempt(ctx context.Context, label string, volumes int) {
	err := r.run(ctx, label, volumes)
	if errors.Is(err, errCannot) || errors.Is(err, rig.ErrCannot) {
		fmt.Printf("%s: %v\n", r.name, err)
		return
	}
	r.promise(err == nil, "%s: %v", r.name, err)
}

func (r *troubled) run(ctx context.Context, label string, volumes int) (err error) {
	if r.ground, err = r.newGround(label, r.trouble.name == "EIO"); err != nil {
		return err
	}
	if r.daemon, err = r.bench.Daemon(label, r.ground.mount, r.street.URLs, ""); err != nil {
		return err
	}
	if volumes > 1 {
		other, err := r.bench.Image(label+"-other", "ext4", troubleSize)
		if err != nil {
			return err
		}
		defer other.Detach()
		if err := r.daemon.AlsoOn(other.Mount); err != nil {
			return err
		}
		if err := r.mirrorTo(other.Mount); err != nil {
			return err
		}
	}
	r.began = time.Now()
	if err := r.daemon.Start(); err != nil {
		return err
	}
	defer r.daemon.Kill()
	if err := r.daemon.Ready(ctx); err != nil {
		return err
	}
	if err := r.daemon.Recording(ctx, backLimit, r.began); err != nil {
		return err
	}
	if r.first, err = begins(ctx, r.daemon); err != nil {
		return err
	}
	stop, err := watchAll(ctx, r.daemon)
	if err != nil {
		return err
	}
	err = r.failAndMend(ctx)
	watchers := stop()
	if err != nil {
		return err
	}
	return r.settle(ctx, watchers)
}

// failAndMend lets the volume fail for a while and come back.
func (r *troubled) failAndMend(ctx context.Context) error {
	if err := pause(ctx, calm); err != nil {
		return err
	}
	if err := r.fail(r.ground); err != nil {
		return err
	}
	away := r.trouble.away
	if away == 0 || r.brief {
		away = r.torture.away
	}
	limit, cancel := context.WithTimeout(ctx, away)
	r.listen(limit)
	cancel()
	if err := r.mend(ctx, r.ground); err != nil {
		return err
	}
	mended := time.Now()
	if err := r.daemon.Recording(ctx, backLimit, mended); err != nil {
		return err
	}
	if err := r.volumesBack(ctx); err != nil {
		return err
	}
	r.measure("trouble: "+r.name+": mended → all well", time.Since(mended))
	return pause(ctx, calm)
}

// listen notes what the API says of volumes and recordings until ctx ends.
func (r *troubled) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if h, err := r.daemon.Health(ctx); err == nil {
			for _, v := range h.Volumes {
				if v.Path == r.ground.mount && v.State != "ok" {
					r.note(fmt.Sprintf("volume %s", v.State))
				}
			}
		}
		if list, err := r.daemon.Cameras(ctx); err == nil {
			for _, c := range list {
				if c.Record.State != "recording" {
					r.note(fmt.Sprintf("recording %s (%s)", c.Record.State, c.Record.Cause))
				}
			}
		}
		pause(ctx, time.Second/4)
	}
}

func (r *troubled) note(what string) {
	if !slices.Contains(r.said, what) {
		r.said = append(r.said, what)
	}
}

// volumesBack waits until every volume is used again.
func (r *troubled) volumesBack(ctx context.Context) error {
	return rig.Await(ctx, backLimit, "every volume to be well", func() (bool, error) {
		h, err := r.daemon.Health(ctx)
		if err != nil {
			return false, err
		}
		for _, v := range h.Volumes {
			if v.State != "ok" && v.State != "slow" { // slow is judged by what was measured for minutes
				return false, fmt.Errorf("volume %s is %s (%s)", v.Path, v.State, v.Cause)
			}
		}
		return true, nil
	})
}

// settle holds what is stored against what was sent, and then has everything checked.
func (r *troubled) settle(ctx context.Context, watchers []*watcher) error {
	until := time.Now() // what comes while this reads is not looked at: the account of what was sent is read after it
	sent, err := rig.Sent(r.sent, r.began)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s; the API said: %v\n", r.name, r.said)
	fmt.Printf(tallyHead, "", "camera", "sent", "stored", "went", "twice", "lost", "reported", "gaps", "stall", "causes")
	for i, w := range watchers {
		c, err := account(ctx, r.daemon, r.known, w.camera, sent[i], r.first[w.camera], until)
		if err != nil {
			return fmt.Errorf("%s: %w", w.camera, err)
		}
		c.stall = w.stall
		c.print(r.name)
		r.judge(c, w)
	}
	if err := r.copied(ctx); err != nil {
		return err
	}
	if err := r.daemon.Stop(); err != nil {
		return err
	}
	checked := r.daemon.CheckAt(ctx, "hash")
	r.promise(checked == nil, "%s: %v", r.name, checked)
	if err := r.alike(); err != nil {
		return err
	}
	return r.ground.image.Detach()
}

// judge compares an account with what was promised.
func (r *troubled) judge(c tally, w *watcher) {
	for _, s := range c.wrong {
		r.promise(false, "%s: %s: %s", r.name, c.camera, s)
	}
	r.promise(c.went == 0 || r.trouble.name == "full", "%s: %d pictures of %s were deleted, and the volume was not full", r.name, c.went, c.camera)
	r.promise(c.twice == 0, "%s: %s has %d pictures twice", r.name, c.camera, c.twice)
	r.promise(w.ended == nil, "%s: %v", r.name, w.ended)
	r.promise(c.stall <= liveLimit, "%s: live view of %s stood still for %.3f s", r.name, c.camera, c.stall.Seconds())
	for _, cause := range c.causes {
		r.promise(slices.Contains(r.causes, cause), "%s: %s has a gap with the cause %q", r.name, c.camera, cause)
	}
	if r.mirror.cameras > 0 {
		r.promise(c.lost == 0 && c.gaps == 0, "%s: %s lost %d pictures, in %d gaps, and has two copies", r.name, c.camera, c.lost, c.gaps)
	}
	r.measure("trouble: "+r.name+": lost", time.Duration(c.lost)*r.known.Frame)
	r.measure("trouble: "+r.name+": live stood still", c.stall)
}

// untouched wants nothing in the directory but what is given, by name and size.
func (g *ground) untouched(want []string) error {
	have, err := g.list()
	if err == nil && !slices.Equal(have, want) {
		err = fmt.Errorf("while the volume was away, something was written where it should be: %v, was %v", have, want)
	}
	return err
}

// list is what lies in the mount, with sizes and times.
func (g *ground) list() (list []string, err error) {
	err = filepath.WalkDir(g.mount, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == g.mount {
			return err
		}
		info, err := d.Info()
		if err == nil {
			list = append(list, fmt.Sprint(path, " ", info.Size(), " ", info.ModTime().UnixNano()))
		}
		return err
	})
	return list, err
}

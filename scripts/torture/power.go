package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"holdfast/scripts/rig"
)

const (
	powerCameras = 6
	powerRate    = 1000     // kbit/s of each
	groundSize   = 8 << 30  // bytes of the file system with reflinks, which is sparse
	powerDisk    = 1 << 30  // bytes of the disk that loses power: none of the footage of one life has to go
	powerData    = 64 << 20 // bytes of the disk of the data directory, when it has one of its own
	// powerLife is how many power cuts one recording is for.
	powerLife = 50
	// powerPause is the most that passes between two cuts.
	powerPause = 1500 * time.Millisecond
	// verifiers look at what the cuts left, at the same time.
	verifiers  = 2
	pictureGap = time.Second / 25 // between the cameras' pictures
	// pictureJitter is how far a picture's time may be off: the times of segments are those of the first frame's arrival.
	pictureJitter = 15 * time.Millisecond
	nobody        = "rtsp://127.0.0.1:9/live" // no camera: what was recorded is looked at, and nothing added
)

// cutting is one recording of which the power is cut.
type cutting struct {
	*torture
	name   string
	daemon *rig.Daemon
	disk   *rig.Image
	data   *rig.Image // nil: on the same disk
	first  map[string]time.Time
	next   int
}

// cut is what was found at a moment.
type cut struct {
	n          int
	at         time.Time // the cut is not earlier
	disk, data string    // images; data is "" when it is on the disk
	synced     map[string]time.Time
}

// powerCuts records with the data directory beside the footage, and on a disk of its own, in turn.
func (t *torture) powerCuts(ctx context.Context) error {
	ground, err := t.bench.Image("ground", "xfs", groundSize)
	if err != nil {
		return fmt.Errorf("%w: %w", errCannot, err)
	}
	clip, err := t.bench.Clip("power", 20*time.Second, killGOP, powerRate)
	if err != nil {
		return err
	}
	street, err := t.bench.Street(clip, powerCameras)
	if err != nil {
		return err
	}
	defer street.Kill()
	life := min(powerLife, (t.cuts+1)/2) // both ways in any case
	for n := 0; n*life < t.cuts; n++ {
		c := &cutting{torture: t, name: fmt.Sprintf("%s.mount/power%d", filepath.Base(ground.Mount[:len(ground.Mount)-len(".mount")]), n), next: n * life}
		if err := c.live(ctx, street, n%2 == 1, min(life, t.cuts-n*life)); err != nil {
			return err
		}
	}
	fmt.Printf("%d power cuts\n", t.cuts)
	return nil
}

// live records until the power was cut so often, and waits until all was looked at.
func (c *cutting) live(ctx context.Context, street *rig.Street, apart bool, cuts int) (err error) {
	if c.disk, err = c.bench.Image(c.name, "ext4", powerDisk); err != nil {
		return err
	}
	defer c.disk.Detach()
	data := filepath.Join(c.disk.Mount, "data")
	if apart {
		if c.data, err = c.bench.Image(c.name+"-data", "ext4", powerData); err != nil {
			return err
		}
		defer c.data.Detach()
		data = filepath.Join(c.data.Mount, "data")
	}
	if c.daemon, err = c.bench.Daemon(filepath.Base(c.name), filepath.Join(c.disk.Mount, "footage"), street.URLs, ""); err != nil {
		return err
	}
	if err := errors.Join(c.daemon.KeepData(data), c.daemon.Start()); err != nil {
		return err
	}
	defer c.daemon.Kill()
	if err := c.daemon.Ready(ctx); err != nil {
		return err
	}
	if err := c.daemon.Recording(ctx, backLimit, c.daemon.Started); err != nil {
		return err
	}
	if c.first, err = begins(ctx, c.daemon); err != nil {
		return err
	}
	return c.cutAll(ctx, cuts)
}

// begins tells when the recording of each camera began.
func begins(ctx context.Context, d *rig.Daemon) (map[string]time.Time, error) {
	first := make(map[string]time.Time)
	list, err := d.Cameras(ctx)
	if err != nil {
		return nil, err
	}
	for _, cam := range list {
		spans, err := d.Spans(ctx, cam.ID, d.Started, time.Now())
		if err != nil {
			return nil, err
		}
		for _, s := range spans {
			if s.Kind == "recorded" && first[cam.ID].IsZero() {
				first[cam.ID] = s.Start
			}
		}
	}
	return first, nil
}

// cutAll cuts the power at random moments while what the cuts before left is looked at.
func (c *cutting) cutAll(ctx context.Context, cuts int) error {
	work := make(chan cut, verifiers)
	var group sync.WaitGroup
	for range verifiers {
		group.Go(func() {
			for x := range work {
				if err := c.verify(ctx, x); err != nil {
					c.promise(false, "power cut %d: %v", x.n, err)
				}
			}
		})
	}
	defer group.Wait()
	defer close(work)
	for range cuts {
		if err := pause(ctx, time.Duration(c.random.Int64N(int64(powerPause)))); err != nil {
			return err
		}
		c.next++
		x, err := c.cut(ctx, c.next)
		if err != nil {
			return fmt.Errorf("power cut %d: %w", c.next, err)
		}
		work <- x
	}
	return nil
}

// cut clones the disks. Two disks are cloned one after the other: the recorder is stopped meanwhile, so that nothing is
// written to the second because of what was synced to the first after it was cloned.
func (c *cutting) cut(ctx context.Context, n int) (x cut, err error) {
	list, err := c.daemon.Cameras(ctx)
	if err != nil {
		return x, err
	}
	x = cut{n: n, synced: make(map[string]time.Time)}
	for _, cam := range list {
		x.synced[cam.ID] = cam.Record.LastSynced
	}
	if c.data != nil {
		if err := syscall.Kill(c.daemon.PID(), syscall.SIGSTOP); err != nil {
			return x, err
		}
		defer syscall.Kill(c.daemon.PID(), syscall.SIGCONT)
	}
	x.at = time.Now()
	if x.disk, err = clone(c.disk, n); err != nil || c.data == nil {
		return x, err
	}
	x.data, err = clone(c.data, n)
	return x, err
}

func clone(m *rig.Image, n int) (string, error) {
	path := fmt.Sprintf("%s.%d.img", m.File[:len(m.File)-len(".img")], n)
	return path, rig.Run("cp", "--reflink=always", m.File, path)
}

// verify mounts the disks as they are found after the cut, checks them, and holds them against what the cameras sent.
func (c *cutting) verify(ctx context.Context, x cut) error {
	disk := &rig.Image{File: x.disk, Mount: x.disk + ".mount"}
	defer os.Remove(x.disk)
	if err := c.bench.Attach(disk); err != nil {
		return err
	}
	defer disk.Detach()
	data := filepath.Join(disk.Mount, "data")
	if x.data != "" {
		second := &rig.Image{File: x.data, Mount: x.data + ".mount"}
		defer os.Remove(x.data)
		if err := c.bench.Attach(second); err != nil {
			return err
		}
		defer second.Detach()
		data = filepath.Join(second.Mount, "data")
	}
	volume := filepath.Join(disk.Mount, "footage")
	d, err := c.bench.Daemon(fmt.Sprintf("cut%d", x.n), volume, []string{nobody, nobody, nobody, nobody, nobody, nobody}, "")
	if err != nil {
		return err
	}
	if err := errors.Join(d.KeepData(data), d.CheckAt(ctx, "hash")); err != nil {
		return err
	}
	if err := errors.Join(d.Start(), d.Ready(ctx)); err != nil {
		return err
	}
	defer d.Kill()
	frames, err := finished(ctx, volume)
	if err != nil {
		return err
	}
	worst := time.Duration(0)
	for camera := range c.first {
		lost, err := c.compare(ctx, d, x, camera, frames[camera])
		if err != nil {
			return err
		}
		worst = max(worst, lost)
	}
	fmt.Printf("power cut %3d: lost %5.3f s at most, %d frames of %s there\n", x.n, worst.Seconds(), len(frames["cam-1"]), "cam-1")
	return nil
}

// finished reads the frames of a volume once every segment is closed: on a slow disk the start leaves some for later.
func finished(ctx context.Context, volume string) (frames map[string][]time.Time, err error) {
	err = rig.Await(ctx, backLimit, "every segment to be finished", func() (bool, error) {
		frames, err = rig.Frames(volume)
		return err == nil, err
	})
	return frames, err
}

// compare looks at the frames of a camera and at what the API says of them, and returns how much is lost.
func (c *cutting) compare(ctx context.Context, d *rig.Daemon, x cut, camera string, frames []time.Time) (time.Duration, error) {
	if len(frames) == 0 {
		return 0, fmt.Errorf("%s: nothing is left", camera)
	}
	first, last := frames[0], frames[len(frames)-1].Add(pictureGap)
	c.promise(!first.After(c.first[camera].Add(pictureJitter)), "power cut %d: %s began at %s, and what is left at %s", x.n, camera, c.first[camera], first)
	for i := range frames[1:] {
		step := frames[i+1].Sub(frames[i])
		c.promise((step-pictureGap).Abs() <= pictureJitter, "power cut %d: %s has %s between two pictures at %s", x.n, camera, step, frames[i])
	}
	c.promise(!last.Before(x.synced[camera]), "power cut %d: %s was synced up to %s, and what is left ends at %s", x.n, camera, x.synced[camera], last)
	lost := max(0, x.at.Sub(last))
	c.measure("power: received, lost", lost)
	c.promise(lost <= mayLose, "power cut %d: %s lost %.3f s of received frames", x.n, camera, lost.Seconds())
	spans, err := d.Spans(ctx, camera, first.Add(-time.Second), time.Now())
	if err != nil {
		return 0, err
	}
	(&killing{torture: c.torture}).explained(camera, spans)
	recorded, missing := spanAt(spans, first.Add(pictureGap)), spanAt(spans, last.Add(pictureGap))
	c.promise(recorded.Kind == "recorded" && recorded.Start.Sub(first).Abs() <= pictureJitter && recorded.End.Sub(last).Abs() <= pictureGap,
		"power cut %d: %s has frames from %s to %s, and its timeline says %v", x.n, camera, first, last, spans)
	c.promise(missing.Kind == "gap", "power cut %d: nothing is said of %s after %s: %v", x.n, camera, last, spans)
	return lost, nil
}

func spanAt(spans []rig.Span, at time.Time) rig.Span {
	for _, s := range spans {
		if !s.Start.After(at) && s.End.After(at) {
			return s
		}
	}
	return rig.Span{}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/scripts/rig"
)

const (
	diskCameras = 3
	diskRate    = 8000      // kbit/s of each: space that is reserved ahead is used up soon
	diskSize    = 256 << 20 // bytes of the image
	// noticeLimit is how long the API may take to say that a volume fails. A full disk is felt when the space that was
	// reserved before is used up.
	noticeLimit = 60 * time.Second
	// ringTime is more than the memory of a stream holds: a volume that is away for longer must leave a gap.
	ringTime = 40 * time.Second
	// liveBytes are read from live view while the volume fails: more than the ring can hold ready of a fresh start.
	liveBytes = 1 << 20
)

// disk is an ext4 file system in an image on a loop device. The device stays attached while the file system is away: to
// mount it twice is then to see the same file system, as with a real disk.
type disk struct{ device, mount string }

// fault is a way in which a volume fails and comes back.
type fault struct {
	name   string
	states []string // what the API may call it
	causes []string // of the gap
	rolls  bool     // the oldest footage goes for the newest: recordings fail for moments, and there need be no gap
	fail   func(disk) error
	mend   func(context.Context, disk) error
}

func (t *torture) diskFull(ctx context.Context) error {
	return t.disk(ctx, fault{name: "disk-full", states: []string{"full"}, causes: []string{"disk full", "retention"}, rolls: true, fail: fillUp, mend: func(_ context.Context, d disk) error {
		return os.Remove(filepath.Join(d.mount, "foreign"))
	}})
}

// readOnly makes the file system go read-only the way it does by itself when it finds an error.
func (t *torture) readOnly(ctx context.Context) error {
	return t.disk(ctx, fault{name: "read-only", states: []string{"read-only", "failing"}, causes: []string{"volume read-only", "volume failing"},
		fail: func(d disk) error { return command("mount", "-o", "remount,abort", d.mount) },
		mend: func(ctx context.Context, d disk) error {
			if err := command("umount", "--lazy", d.mount); err != nil {
				return err
			}
			return d.repair(ctx)
		}})
}

// vanished takes the volume away and leaves the empty directory, as a disk that is not mounted after a restart.
func (t *torture) vanished(ctx context.Context) error {
	return t.disk(ctx, fault{name: "vanished", states: []string{"missing"}, causes: []string{"volume missing"},
		fail: func(d disk) error { return command("umount", "--lazy", d.mount) },
		mend: func(_ context.Context, d disk) error {
			entries, err := os.ReadDir(d.mount)
			if err != nil {
				return err
			}
			if len(entries) > 0 {
				return fmt.Errorf("while the volume was away, %d entries were written into the empty directory", len(entries))
			}
			return command("mount", d.device, d.mount)
		}})
}

// repair checks the file system and mounts it. It cannot be checked before the recorder has let go of the last file in it.
func (d disk) repair(ctx context.Context) error {
	err := rig.Await(ctx, noticeLimit, "the recorder to let go of the failed volume", func() (bool, error) {
		err := command("e2fsck", "-fy", d.device)
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 1 {
			err = nil // errors were corrected, as expected
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	return command("mount", d.device, d.mount)
}

// fillUp takes all the space, as another program on the same disk does.
func fillUp(d disk) error {
	f, err := os.OpenFile(filepath.Join(d.mount, "foreign"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for len(block) > 0 {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	return nil
}

func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// newDisk makes and mounts an image, or says that this machine does not let it.
func (t *torture) newDisk(name string) (disk, error) {
	image, d := t.bench.Path(name+".img"), disk{mount: t.bench.Path(name + ".mount")}
	if os.Geteuid() != 0 {
		return d, fmt.Errorf("%w: mounting an image needs root", errCannot)
	}
	if err := os.Mkdir(d.mount, 0o700); err != nil {
		return d, err
	}
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return d, err
	}
	if err := os.Truncate(image, diskSize); err != nil {
		return d, err
	}
	out, err := exec.Command("losetup", "--find", "--show", image).Output()
	if err != nil {
		return d, fmt.Errorf("%w: no loop device: %w", errCannot, err)
	}
	d.device = strings.TrimSpace(string(out))
	t.bench.Atexit(func() { command("losetup", "--detach", d.device) })
	if err := command("mkfs.ext4", "-q", "-m", "0", d.device); err != nil {
		return d, err
	}
	if err := command("mount", d.device, d.mount); err != nil {
		return d, fmt.Errorf("%w: %w", errCannot, err)
	}
	t.bench.Atexit(func() { command("umount", "--lazy", d.mount) })
	return d, nil
}

// disk records to a volume that fails, and looks at state, live view and recovery.
func (t *torture) disk(ctx context.Context, f fault) error {
	image, err := t.newDisk(f.name)
	if err != nil {
		return err
	}
	clip, err := t.bench.Clip("rate8000", 20*time.Second, killGOP, diskRate)
	if err != nil {
		return err
	}
	street, err := t.bench.Street(clip, diskCameras)
	if err != nil {
		return err
	}
	defer street.Kill()
	d, err := t.bench.Daemon(f.name, image.mount, street.URLs, "")
	if err != nil {
		return err
	}
	began := time.Now()
	if err := d.Start(); err != nil {
		return err
	}
	defer d.Kill()
	if err := d.Ready(ctx); err != nil {
		return err
	}
	if err := d.Recording(ctx, backLimit, began); err != nil {
		return err
	}
	if err := pause(ctx, calm); err != nil {
		return err
	}
	if err := t.failAndMend(ctx, d, image, f); err != nil {
		return err
	}
	return t.afterDisk(ctx, d, f, began)
}

func (t *torture) failAndMend(ctx context.Context, d *rig.Daemon, image disk, f fault) error {
	failed := time.Now()
	if err := f.fail(image); err != nil {
		return err
	}
	state, err := t.notice(ctx, d, f)
	if err != nil {
		return err
	}
	t.measure(f.name+": failed → said so", time.Since(failed))
	if err := t.liveGoesOn(ctx, d, f); err != nil {
		return err
	}
	if err := pause(ctx, t.away); err != nil {
		return err
	}
	if err := f.mend(ctx, image); err != nil {
		return err
	}
	mended := time.Now()
	if err := d.Recording(ctx, backLimit, mended); err != nil {
		return err
	}
	t.measure(f.name+": mended → recording", time.Since(mended))
	fmt.Printf("%s: the API says %s; recording again %.3f s after it was mended\n", f.name, state, time.Since(mended).Seconds())
	return nil
}

// notice waits until the volume and every camera's recording are told to fail; one recording where they fail for moments.
func (t *torture) notice(ctx context.Context, d *rig.Daemon, f fault) (said string, err error) {
	err = rig.Await(ctx, noticeLimit, "the API to say that the volume fails", func() (bool, error) {
		h, err := d.Health(ctx)
		if err != nil || len(h.Volumes) == 0 {
			return false, err
		}
		said = fmt.Sprintf("volume %s (%s), health %s", h.Volumes[0].State, h.Volumes[0].Cause, h.State)
		if !slices.Contains(f.states, h.Volumes[0].State) || len(h.Alarms) == 0 || h.State == "ok" {
			return false, errors.New(said)
		}
		list, err := d.Cameras(ctx)
		if err != nil {
			return false, err
		}
		for _, c := range list {
			fails := (c.Record.State == "failing" || c.Record.State == "waiting") && slices.Contains(f.causes, c.Record.Cause)
			if fails && f.rolls {
				return true, nil
			}
			if !fails && !f.rolls {
				return false, fmt.Errorf("%s: recording is %s (%s)", c.ID, c.Record.State, c.Record.Cause)
			}
		}
		return !f.rolls, nil
	})
	return said, err
}

// liveGoesOn reads live video of every camera while its volume fails.
func (t *torture) liveGoesOn(ctx context.Context, d *rig.Daemon, f fault) error {
	list, err := d.Cameras(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		started := time.Now()
		n, err := readLive(ctx, d, c.ID)
		t.promise(err == nil && n >= liveBytes, "%s: live view of %s gave %d bytes, %v", f.name, c.ID, n, err)
		t.measure(f.name+": reading 1 MiB of live view", time.Since(started))
	}
	return nil
}

func readLive(ctx context.Context, d *rig.Daemon, camera string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, noticeLimit)
	defer cancel()
	res, err := d.Open(ctx, http.MethodGet, "/api/v1/cameras/"+camera+"/live.mp4", "", nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return io.CopyN(io.Discard, res.Body, liveBytes)
}

// afterDisk wants the gap to say what the volume did, and the store to be clean.
func (t *torture) afterDisk(ctx context.Context, d *rig.Daemon, f fault, began time.Time) error {
	list, err := d.Cameras(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		spans, err := d.Spans(ctx, c.ID, began, time.Now())
		if err != nil {
			return err
		}
		lost := time.Duration(0)
		for _, s := range spans {
			if s.Kind == "gap" && s.Cause != "starting" {
				lost += s.End.Sub(s.Start)
				t.promise(slices.Contains(f.causes, s.Cause), "%s: %s has a gap with the cause %q", f.name, c.ID, s.Cause)
			}
		}
		t.measure(f.name+": lost", lost)
		t.promise(lost > 0 || f.rolls || t.away < ringTime, "%s: %s has no gap, and the volume was away for longer than the memory holds", f.name, c.ID)
	}
	checked := d.Check(ctx)
	t.promise(checked == nil, "%s: %v", f.name, checked)
	return d.Stop()
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/scripts/rig"
)

// newGround makes the volume that is to fail. Its image lies sparse in a file system of its own, if that is to run out of
// space: then what the volume's file system writes to places it never wrote before is answered with an I/O error by the
// device, as by a disk with bad sectors or a thin pool that is used up.
func (t *torture) newGround(label string, thin bool) (*ground, error) {
	g := &ground{torture: t}
	if thin {
		g.pool = t.bench.Path(label + "-pool")
		if err := os.Mkdir(g.pool, 0o700); err != nil {
			return nil, err
		}
		if err := command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", troubleSize), "tmpfs", g.pool); err != nil {
			return nil, fmt.Errorf("%w: %w", errCannot, err)
		}
		t.bench.Atexit(func() { command("umount", "--lazy", g.pool) })
		label = filepath.Join(label+"-pool", "volume")
	}
	m, err := t.bench.Image(label, "ext4", troubleSize)
	if err != nil {
		return nil, err
	}
	g.image, g.disk = m, disk{device: m.Device, mount: m.Mount}
	return g, nil
}

// remount takes a file system that has gone read-only away, has it checked, and mounts it again.
func remount(ctx context.Context, g *ground) error {
	if err := command("umount", "--lazy", g.mount); err != nil {
		return err
	}
	return g.repair(ctx)
}

// drain uses up the space below the image.
func drain(g *ground) error { return fillUp(disk{mount: g.pool}) }

// refill gives the space back. A file system that has given up meanwhile is checked, as an operator would.
func refill(ctx context.Context, g *ground) error {
	if err := os.Remove(filepath.Join(g.pool, "foreign")); err != nil {
		return err
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(mounts), "\n") {
		if f := strings.Fields(line); len(f) > 3 && f[1] == g.mount && !slices.ContainsFunc(strings.Split(f[3], ","), readOnlyOption) {
			return nil
		}
	}
	return remount(ctx, g)
}

// readOnlyOption tells whether a mount option says that the file system takes no writes.
func readOnlyOption(o string) bool { return o == "ro" || o == "emergency_ro" }

// swap puts the disk of another recorder where the volume was.
func swap(g *ground) error {
	foreign, err := g.foreignDisk()
	if err != nil {
		return err
	}
	if err := command("umount", "--lazy", g.mount); err != nil {
		return err
	}
	if err := command("mount", foreign, g.mount); err != nil {
		return err
	}
	g.before, err = g.list()
	return err
}

// swapBack wants the other recorder's disk to be as it was, and puts the right one back.
func swapBack(_ context.Context, g *ground) error {
	if err := g.untouched(g.before); err != nil {
		return err
	}
	if len(g.before) == 0 {
		return fmt.Errorf("the other recorder's disk is empty")
	}
	if err := command("umount", g.mount); err != nil {
		return err
	}
	return command("mount", g.device, g.mount)
}

// foreignDisk has another recorder make a volume of its own, and gives the device that it is on.
func (g *ground) foreignDisk() (device string, err error) {
	name := filepath.Base(g.mount) + "-foreign"
	m, err := g.bench.Image(name, "ext4", diskSize)
	if err != nil {
		return "", err
	}
	d, err := g.bench.Daemon(name, m.Mount, nil, "")
	if err != nil {
		return "", err
	}
	if err := d.Start(); err != nil {
		return "", err
	}
	defer d.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), backLimit)
	defer cancel()
	if err := d.Ready(ctx); err != nil {
		return "", err
	}
	if err := rig.Await(ctx, backLimit, "the other recorder's volume", func() (bool, error) {
		h, err := d.Health(ctx)
		return err == nil && len(h.Volumes) == 1 && h.Volumes[0].State == "ok", err
	}); err != nil {
		return "", err
	}
	if err := d.Stop(); err != nil {
		return "", err
	}
	return m.Device, command("umount", m.Mount)
}

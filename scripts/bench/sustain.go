package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"holdfast/scripts/rig"
)

// sustained are the numbers of streams that are tried when none are named.
var sustained = []int{128, 192, 256}

// sustain records many streams and tells whether all of it was kept: what a machine can do, cameras and all. The cameras
// send what was packetised beforehand, and are half of the work.
func sustain(ctx context.Context, b *rig.Bench, o options) error {
	clip, err := b.Clip("rate4000", clipLength, 2*time.Second, streamRate)
	if err != nil {
		return err
	}
	numbers := sustained
	if o.named {
		numbers = o.streams
	}
	fmt.Printf("every window %s; from a frame's arrival until it is safe, s, of the oldest of each batch\n", o.window)
	fmt.Printf("%-8s %-9s %-9s %-7s %-7s %-7s %-9s %-14s %-13s %s\n", "streams", "Mbit/s", "batches", "median", "p95", "most", "lost, s", "recorder, CPU", "cameras, CPU", "memory, MB")
	for _, n := range numbers {
		if err := sustainStreams(ctx, b, o, clip, n); err != nil {
			return fmt.Errorf("%d streams: %w", n, err)
		}
	}
	return nil
}

func sustainStreams(ctx context.Context, b *rig.Bench, o options, clip string, n int) error {
	info, err := os.Stat(clip)
	if err != nil {
		return err
	}
	street, err := b.Street(clip, n)
	if err != nil {
		return err
	}
	defer street.Kill()
	name := fmt.Sprintf("sustain-%d", n)
	d, err := b.Daemon(name, "", street.URLs, "")
	if err != nil {
		return err
	}
	if err := d.Start(); err != nil {
		return err
	}
	defer os.RemoveAll(b.Path(name))
	defer d.Kill()
	if err := d.Ready(ctx); err != nil {
		return err
	}
	if err := d.Recording(ctx, 2*time.Minute, d.Started); err != nil {
		return err
	}
	if err := pause(ctx, settle); err != nil {
		return err
	}
	rate := float64(n) * float64(info.Size()) * 8 / clipLength.Seconds() / 1e6
	for range o.repeat {
		line, err := sustainWindow(ctx, d, street, o.window)
		if err != nil {
			return err
		}
		fmt.Printf("%-8d %-9.0f %s\n", n, rate, line)
	}
	return d.Check(ctx)
}

// sustainWindow measures for a while. CPU is in cores.
func sustainWindow(ctx context.Context, d *rig.Daemon, street *rig.Street, window time.Duration) (string, error) {
	before, lostBefore, err := counts(ctx, d)
	if err != nil {
		return "", err
	}
	recorder, err := use([]int{d.PID()})
	if err != nil {
		return "", err
	}
	cameras, err := use([]int{street.PID()})
	if err != nil {
		return "", err
	}
	if err := pause(ctx, window); err != nil {
		return "", err
	}
	recorderNow, err := use([]int{d.PID()})
	if err != nil {
		return "", err
	}
	camerasNow, err := use([]int{street.PID()})
	if err != nil {
		return "", err
	}
	after, lost, err := counts(ctx, d)
	if err != nil {
		return "", err
	}
	lag := after.since(before)
	return fmt.Sprintf("%-9.0f %-7.2f %-7.2f %-7.2f %-9.1f %-14.2f %-13.2f %.0f", lag.count(), lag.at(0.5), lag.at(0.95), lag.at(1), lost-lostBefore,
		recorderNow.cores(recorder), camerasNow.cores(cameras), float64(recorderNow.memory)/1e6), nil
}

// cores is how many processors were used since before.
func (u usage) cores(before usage) float64 {
	return (u.cpu - before.cpu).Seconds() / u.at.Sub(before.at).Seconds()
}

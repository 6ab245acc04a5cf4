package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"holdfast/scripts/rig"
)

const (
	wallTiles  = 16
	wallFPS    = 25
	wallLength = 8 * time.Second // of the clip, which is played over and over
)

// wall has Chromium show the live page with sub streams, and counts what it shows.
func wall(ctx context.Context, b *rig.Bench, o options) error {
	clip, err := subClip(b)
	if err != nil {
		return err
	}
	d, end, err := severalCameras(ctx, b, "wall", clip, wallTiles)
	if err != nil {
		return err
	}
	defer end()
	if err := inChromium(b, d, "scripts/bench/wall.mjs", fmt.Sprint(wallTiles), fmt.Sprint(wallFPS), fmt.Sprint(int(o.window.Seconds())), fmt.Sprint(o.repeat)); err != nil {
		return err
	}
	ceiling, err := decodes(clip)
	if err != nil {
		return err
	}
	fmt.Printf("this machine decodes %.0f such frames a second at most (ffmpeg, %d threads, nothing else running but the gateway); the wall asks for %d\n", ceiling, runtime.NumCPU(), wallTiles*wallFPS)
	return nil
}

// subClip makes a picture as sub streams have it: 640×360, 25 a second, 500 kbit/s, a key frame every four seconds.
func subClip(b *rig.Bench) (string, error) {
	path := b.Path("sub.mp4")
	cmd := b.Command("ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=640x360:rate=%d:duration=%g", wallFPS, wallLength.Seconds()),
		"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-profile:v", "main", "-g", "100", "-keyint_min", "100", "-sc_threshold", "0", "-bf", "0",
		"-b:v", "500k", "-maxrate", "500k", "-bufsize", "500k", "-movflags", "+faststart", path)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("make clip: %w", err)
	}
	return path, nil
}

// severalCameras starts cameras that play a clip and a daemon that records them.
func severalCameras(ctx context.Context, b *rig.Bench, name, clip string, n int) (*rig.Daemon, func(), error) {
	street, err := b.Street(clip, n)
	if err != nil {
		return nil, nil, err
	}
	d, err := b.Daemon(name, "", street.URLs, "")
	if err != nil {
		return nil, nil, err
	}
	if err := d.Start(); err != nil {
		return nil, nil, err
	}
	if err := d.Ready(ctx); err != nil {
		return nil, nil, err
	}
	return d, func() { d.Kill(); street.Kill() }, d.Recording(ctx, time.Minute, d.Started)
}

// inChromium runs a script that drives a browser at the gateway as its process.
func inChromium(b *rig.Bench, d *rig.Daemon, script string, args ...string) error {
	address, token, _ := d.Endpoint()
	cmd := b.Command("node", append([]string{script, address}, args...)...)
	cmd.Env = append(os.Environ(), "HOLDFAST_TOKEN="+token)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

var (
	elapsed = regexp.MustCompile(`rtime=([\d.]+)s`)
	decoded = regexp.MustCompile(`frame=\s*(\d+)`)
)

// decodes tells how many frames of a clip this machine decodes in a second, as fast as it can: all of them, or what the decoder's options leave.
func decodes(clip string, options ...string) (float64, error) {
	const rounds = 20
	args := append([]string{"-nostdin", "-hide_banner", "-benchmark", "-stream_loop", fmt.Sprint(rounds - 1)}, options...)
	out, err := exec.Command("ffmpeg", append(args, "-i", clip, "-vsync", "passthrough", "-f", "null", "-")...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("decode %s: %w", clip, err)
	}
	took, frames := elapsed.FindSubmatch(out), decoded.FindAllSubmatch(out, -1)
	if took == nil || frames == nil {
		return 0, fmt.Errorf("ffmpeg told no time, or no frames: %s", out)
	}
	s, err := strconv.ParseFloat(string(took[1]), 64)
	n, bad := strconv.ParseFloat(string(frames[len(frames)-1][1]), 64)
	return n / s, errors.Join(err, bad)
}

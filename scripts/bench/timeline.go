package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"holdfast/rtsp/rtsptest"
	"holdfast/scripts/rig"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// What the bench of the timeline plays.
const (
	smallCameras  = 16
	largeCameras  = 4
	allCameras    = 32 // with those that are only named
	playedFor     = 40 * time.Second
	archiveDays   = 30
	archiveShort  = 3
	archivePeriod = 5 * time.Minute // between the beginnings of segments of the archive: as many as a real one has
)

// timeline has Chromium use the timeline of a gateway: seek into an archive of thirty days, play 16 small and 4 large pictures in step, scrub, and
// draw a year of 32 cameras.
func timeline(ctx context.Context, b *rig.Bench, o options) error {
	small, err := scaled(b, "small", "640x360", 4*time.Second, 400)
	if err != nil {
		return err
	}
	large, err := b.Clip("gop4-rate4000", clipLength, 4*time.Second, streamRate)
	if err != nil {
		return err
	}
	one, err := b.Street(small, smallCameras)
	if err != nil {
		return err
	}
	defer one.Kill()
	two, err := b.Street(large, largeCameras)
	if err != nil {
		return err
	}
	defer two.Kill()
	urls := append(append([]string{}, one.URLs...), two.URLs...)
	for len(urls) < allCameras {
		urls = append(urls, "rtsp://127.0.0.1:9/none")
	}
	d, err := b.Daemon("timeline", "", urls, "")
	if err != nil {
		return err
	}
	days := archiveDays
	if o.short {
		days = archiveShort
	}
	began := time.Now()
	moments, err := archive(ctx, b.Path("timeline"), d.Volume, small, days)
	if err != nil {
		return fmt.Errorf("make an archive of %d days: %w", days, err)
	}
	took := time.Since(began).Seconds()
	fmt.Printf("archive: %d days, %d segments, each the four seconds between two key frames, written in %.0f s, %.0f segments a second\n", days, moments, took, float64(moments)/took)
	if err := d.Start(); err != nil {
		return err
	}
	defer d.Kill()
	if err := d.Ready(ctx); err != nil {
		return err
	}
	if err := pause(ctx, playedFor); err != nil {
		return err
	}
	address, token, _ := d.Endpoint()
	cmd := b.Command("node", "scripts/bench/timeline.mjs", address, fmt.Sprint(smallCameras), fmt.Sprint(largeCameras), fmt.Sprint(days), fmt.Sprint(int(archivePeriod.Milliseconds())), d.Started.UTC().Format(time.RFC3339Nano))
	cmd.Env = append(os.Environ(), "HOLDFAST_TOKEN="+token)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	return ceilings(small, large)
}

// ceilings tells how many of the pictures that were played and scrubbed this machine decodes: no browser shows more.
func ceilings(small, large string) error {
	few, err := decodes(small)
	if err != nil {
		return err
	}
	many, err := decodes(large)
	if err != nil {
		return err
	}
	keys, err := decodes(small, "-skip_frame", "nokey")
	if err != nil {
		return err
	}
	fmt.Printf("this machine decodes at most %.0f of the small pictures a second, %.0f of the large ones, and %.0f key frames of the small ones, which scrubbing shows (ffmpeg, %d threads, while the gateway records)\n", few, many, keys, runtime.NumCPU())
	return nil
}

// scaled makes a clip as cameras send their sub streams.
func scaled(b *rig.Bench, name, size string, gop time.Duration, kbit int) (string, error) {
	const fps = 15
	path, frames := b.Path(name+".mp4"), fmt.Sprint(int(gop.Seconds()*fps))
	cmd := b.Command("ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=%d:duration=%g", size, fps, clipLength.Seconds()),
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", frames, "-keyint_min", frames, "-sc_threshold", "0", "-bf", "0",
		"-b:v", fmt.Sprintf("%dk", kbit), "-maxrate", fmt.Sprintf("%dk", kbit), "-bufsize", fmt.Sprintf("%dk", kbit), "-movflags", "+faststart", path)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("make clip %s: %w", name, err)
	}
	return path, nil
}

// archive writes as many segments of the first camera as a real archive of so many days has, each of one group of pictures, up to an
// hour ago. It gives how many.
func archive(ctx context.Context, dir, volume, clip string, days int) (n int, err error) {
	f, err := os.Open(clip)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	c, err := rtsptest.LoadClip(f)
	if err != nil {
		return 0, err
	}
	for _, p := range []string{filepath.Join(dir, "data"), volume} {
		if err := os.MkdirAll(p, 0o700); err != nil {
			return 0, err
		}
	}
	s, err := storage.Open(storage.Options{Index: filepath.Join(dir, "data", "index.db"), Volumes: []storage.VolumeOptions{{Path: volume, Adopt: true, MinFree: 1}}})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	w, err := s.Writer("cam-1", "main")
	if err != nil {
		return 0, err
	}
	track, group := groupOf(c)
	end := time.Now().Add(-time.Hour).Truncate(archivePeriod)
	for at := end.Add(-time.Duration(days) * 24 * time.Hour); at.Before(end); at = at.Add(archivePeriod) {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		n++
		if err := w.Begin(uint32(n), at, []fmp4.Track{track}); err != nil {
			return n, err
		}
		samples := make([]storage.Sample, len(group))
		for i, g := range group {
			samples[i] = storage.Sample{Sample: g, Wall: at.Add(time.Duration(g.DTS) * time.Second / 90000)}
		}
		if err := w.Write(samples); err != nil {
			return n, err
		}
		if err := w.Flush(ctx); err != nil {
			return n, err
		}
	}
	return n, w.Close(storage.CauseStopped)
}

// groupOf is the first group of pictures of a clip.
func groupOf(c *rtsptest.Clip) (fmp4.Track, []fmp4.Sample) {
	track := fmp4.Track{ID: 1, Codec: fmp4.H264, Timescale: 90000, SPS: c.SPS, PPS: c.PPS, Width: c.Width, Height: c.Height}
	step := int64(c.Duration.Seconds() * 90000 / float64(len(c.Units)))
	var group []fmp4.Sample
	for i, u := range c.Units {
		if i > 0 && u.Sync {
			break
		}
		group = append(group, fmp4.Sample{Track: 1, DTS: int64(i) * step, Dur: uint32(step), Sync: u.Sync, Data: u.NALs})
	}
	return track, group
}

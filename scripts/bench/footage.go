package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"holdfast/scripts/rig"
)

const (
	recordFor = 40 * time.Second // of footage that video.mp4 is made of
	rounds    = 20               // times that it is fetched and read
)

// video fetches a range as video.mp4 over HTTP, and reads the files it is made of with cat. Both come from memory: what is
// compared is the work, not the disk.
func video(ctx context.Context, b *rig.Bench, o options) error {
	d, end, err := oneCamera(ctx, b, "video", 2*time.Second)
	if err != nil {
		return err
	}
	defer end()
	from := time.Now()
	if err := pause(ctx, recordFor); err != nil {
		return err
	}
	to := time.Now().Add(-2 * time.Second) // up to what is on the disk for certain
	if err := d.Stop(); err != nil {       // closes the segment
		return err
	}
	if err := d.Start(); err != nil {
		return err
	}
	if err := d.Ready(ctx); err != nil {
		return err
	}
	var fetched, read series
	for range o.repeat {
		one, err := fetch(ctx, d, from, to)
		if err != nil {
			return err
		}
		two, err := cat(d.Volume)
		if err != nil {
			return err
		}
		fetched, read = append(fetched, one), append(read, two)
	}
	fmt.Printf("video.mp4 over HTTP, MB/s        %s\ncat of the files to a pipe, MB/s %s\nvideo.mp4 / cat                  %s\n", fetched, read, fetched.per(read))
	return nil
}

// fetch gives the rate at which the range comes, in MB/s.
func fetch(ctx context.Context, d *rig.Daemon, from, to time.Time) (float64, error) {
	q := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	started, total := time.Now(), int64(0)
	for range rounds {
		res, err := d.Open(ctx, http.MethodGet, "/api/v1/cameras/cam-1/video.mp4?"+q.Encode(), "", nil)
		if err != nil {
			return 0, err
		}
		n, err := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return float64(total) / 1e6 / time.Since(started).Seconds(), nil
}

// cat gives the rate at which cat hands the recorded files to a reader, in MB/s.
func cat(volume string) (float64, error) {
	files, err := filepath.Glob(filepath.Join(volume, "cam-1", "*", "*", "*.mp4"))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("no files in %s: %v", volume, err)
	}
	started, total := time.Now(), int64(0)
	for range rounds {
		cmd := exec.Command("cat", files...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			return 0, err
		}
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		n, err := io.Copy(io.Discard, out)
		if err != nil {
			return 0, err
		}
		if err := cmd.Wait(); err != nil {
			return 0, err
		}
		total += n
	}
	return float64(total) / 1e6 / time.Since(started).Seconds(), nil
}

// index runs the benchmarks that the storage package keeps of itself.
func index(ctx context.Context, _ *rig.Bench, o options) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "Year|Century|Rebuild|FirstByte", "-benchmem", "-timeout", "2h", "-count", fmt.Sprint(o.repeat), "holdfast/storage")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// retention deletes on a file system of its own, and runs the benchmarks of deletion and forecast that the storage package keeps of itself: segments deleted per second,
// files and all, and what a round costs in the index of a hundred camera-years, which is made where it is not there yet.
func retention(ctx context.Context, b *rig.Bench, o options) error {
	if err := deletions(ctx, b, o); errors.Is(err, rig.ErrCannot) {
		fmt.Println(err)
	} else if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "Retention", "-timeout", "2h", "-count", fmt.Sprint(o.repeat), "holdfast/storage")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// firstPicture has Chromium click and counts the time to the first decoded picture.
func firstPicture(ctx context.Context, b *rig.Bench, o options) error {
	clip, err := b.Clip("gop4-rate4000", clipLength, 4*time.Second, streamRate)
	if err != nil {
		return err
	}
	d, end, err := severalCameras(ctx, b, "first", clip, 2)
	if err != nil {
		return err
	}
	defer end()
	return inChromium(b, d, "scripts/bench/first.mjs", "cam-1", fmt.Sprint(10*o.repeat))
}

// Command week writes a week of footage before a gateway starts, so that its pages can be looked at as they are after a week.
//
//	week -data DIR -volume DIR [-days N] ID=FILE[:HABIT] …
//
// Of each camera it writes what the storage package would have written had it recorded the MP4 FILE at one picture in five seconds up to
// now: the groups of pictures in which most moves by day, those in which least moves at night. A HABIT is what is odd about the camera:
//
//	steady  nothing: it is recorded all the time (the default)
//	motion  only its events are recorded
//	shaky   its network fails now and then; two of those gaps were filled from its card
//	lost    it has been offline for 47 minutes
//	late    it was added two days ago, and was off last night
//	full    the disk was full for an hour, and too slow before that
//
// The gateway must not run. Events are those that cameras report; what people add (marks, locks, exports) goes through the API.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/storage"
)

func main() {
	data := flag.String("data", "", "the gateway's `DIR` of data")
	volume := flag.String("volume", "", "the `DIR` that footage is written to")
	days := flag.Int("days", 7, "how many days, 1 to 60")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *data, *volume, *days, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "week:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data, volume string, days int, cameras []string) error {
	if data == "" || volume == "" || len(cameras) == 0 || days < 1 || days > 60 {
		return fmt.Errorf("give -data, -volume, and a camera as ID=FILE; -days is 1 to 60")
	}
	for _, dir := range []string{data, volume} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	s, err := storage.Open(storage.Options{Index: filepath.Join(data, "index.db"), Volumes: []storage.VolumeOptions{{Path: volume, Adopt: true, MinFree: 1}}})
	if err != nil {
		return err
	}
	defer s.Close()
	began, end := time.Now(), time.Now().Add(-2*time.Second)
	work, ctx := errgroup.WithContext(ctx)
	for i, c := range cameras {
		id, file, ok := strings.Cut(c, "=")
		if !ok {
			return fmt.Errorf("%q is not ID=FILE", c)
		}
		file, habit, _ := strings.Cut(file, ":")
		work.Go(func() error {
			p, err := newPast(s, id, file, habit, i)
			if err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			return p.write(ctx, end.Add(-time.Duration(days)*24*time.Hour).Truncate(step), end)
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	fmt.Printf("%d cameras, %d days, written in %.0f s\n", len(cameras), days, time.Since(began).Seconds())
	return nil
}

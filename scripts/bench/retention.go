package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"holdfast/scripts/rig"
)

const (
	oldStreams  = 128
	oldSegments = 8    // of a stream
	oldRate     = 4000 // bytes a second: what is measured is the deletion, not the disk's size
	oldPictures = 1500 // of a fragment: a minute
	oldAge      = 15 * 24 * time.Hour
)

// deletions measures how fast footage that is too old is deleted: the file, the directory's entry and its sync, the journal
// and the index. The footage of 128 streams needs one deletion in two seconds.
func deletions(ctx context.Context, b *rig.Bench, o options) error {
	image, err := b.Image("retention", "ext4", 2<<30)
	if err != nil {
		return err
	}
	defer image.Detach()
	var rates, longest series
	for i := range o.repeat {
		index := b.Path(fmt.Sprintf("retention-%d.db", i))
		rate, most, err := deleteOld(ctx, index, image.Mount, i)
		if err != nil {
			return err
		}
		rates, longest = append(rates, rate), append(longest, most)
		if err := os.Remove(index); err != nil {
			return err
		}
	}
	fmt.Printf("segments deleted a second on ext4   %s\nlongest round of a volume, s        %s\n", rates, longest)
	fmt.Printf("of what %d streams of five-minute segments need  %.0f times\n", oldStreams, rates.median()*(5*time.Minute).Seconds()/oldStreams)
	return nil
}

// deleteOld records, lets all of it become too old, and deletes it. It gives segments a second, and the longest round.
func deleteOld(ctx context.Context, index, mount string, n int) (rate, longest float64, err error) {
	volume := fmt.Sprintf("%s/%d", mount, n)
	if err := os.Mkdir(volume, 0o700); err != nil {
		return 0, 0, err
	}
	a := aging{streams: oldStreams, rate: oldRate, pictures: oldPictures}
	g, err := a.open(index, volume, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return 0, 0, err
	}
	defer g.store.Close()
	for end := g.wall.Add(oldSegments * 5 * time.Minute); g.wall.Before(end); {
		if err := g.second(ctx); err != nil {
			return 0, 0, err
		}
	}
	if err := g.stop(); err != nil {
		return 0, 0, err
	}
	before, err := segmentsOf(volume)
	if err != nil {
		return 0, 0, err
	}
	g.wall = g.wall.Add(oldAge)
	left, took := len(before), time.Duration(0)
	for left > 0 {
		began := time.Now()
		g.store.Tend(ctx)
		round := time.Since(began)
		took, longest = took+round, max(longest, round.Seconds())
		files, err := segmentsOf(volume)
		if err != nil {
			return 0, 0, err
		}
		if len(files) == left {
			return 0, 0, fmt.Errorf("%d of %d segments are not deleted", left, len(before))
		}
		left = len(files)
	}
	fmt.Printf("%d segments deleted in %s\n", len(before), took.Round(time.Millisecond))
	return float64(len(before)) / took.Seconds(), longest, nil
}

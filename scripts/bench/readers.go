package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/scripts/rig"
	"holdfast/storage"
)

// crowded is a site whose volume is full of older footage, and who reads it.
type crowded struct {
	size    int64 // bytes of the volume
	streams int
	players int
}

const (
	playedRate   = streamRate * 1000 / 8 // bytes a second of a player: as fast as it shows
	playedChunk  = 64 << 10
	playedRange  = 2 * time.Minute // that a player asks for at a time
	fillPart     = 0.94            // of the volume that is filled beforehand: then it keeps 5 % free
	fillPictures = 250             // of a fragment then
)

// readers records onto a full volume, in turn with nobody reading and with everybody, and compares how long frames wait.
func readers(ctx context.Context, b *rig.Bench, o options) error {
	c := crowded{12 << 30, 32, 16}
	if o.short {
		c = crowded{3 << 30, 8, 4}
	}
	image, err := b.Image("readers", "ext4", c.size)
	if err != nil {
		return err
	}
	defer image.Detach()
	d, from, to, end, err := c.start(ctx, b, image.Mount)
	if err != nil {
		return err
	}
	defer end()
	fmt.Printf("%d streams of 4 Mbit/s onto ext4 of %.1f GB, full of %s of footage; every window %s\n", c.streams, float64(c.size)/1e9, to.Sub(from).Round(time.Second), o.window)
	fmt.Printf("from a frame's arrival until it is safe, s, of the oldest of each batch:\n%-8s %-9s %-7s %-7s %-7s %-9s %-12s %-12s %s\n", "readers", "batches", "median", "p95", "most", "lost, s", "deleted", "played MB/s", "download MB/s")
	var alone, beside [2]series
	for range o.repeat {
		for _, reads := range []bool{false, true} {
			w, err := c.watch(ctx, d, o, reads, from, to)
			if err != nil {
				return err
			}
			fmt.Println(w)
			into := &alone
			if reads {
				into = &beside
			}
			into[0], into[1] = append(into[0], w.lag.at(0.5)), append(into[1], w.lag.at(0.95))
		}
	}
	fmt.Printf("median with readers / without  %s\np95 with readers / without     %s\n", beside[0].per(alone[0]), beside[1].per(alone[1]))
	return nil
}

// start fills the volume with footage that ends a little while ago, and begins to record the same cameras.
func (c crowded) start(ctx context.Context, b *rig.Bench, mount string) (d *rig.Daemon, from, to time.Time, end func(), err error) {
	fail := func(err error) (*rig.Daemon, time.Time, time.Time, func(), error) { return nil, from, to, nil, err }
	clip, err := b.Clip("rate4000", clipLength, 2*time.Second, streamRate)
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(b.Path("readers", "data"), 0o700); err != nil {
		return fail(err)
	}
	a := aging{streams: c.streams, rate: playedRate, pictures: fillPictures}
	from = time.Now().Add(-time.Minute - time.Duration(c.size/int64(c.streams*playedRate))*time.Second)
	if to, err = a.fill(ctx, b.Path("readers", "data", "index.db"), mount, from); err != nil {
		return fail(fmt.Errorf("fill the volume: %w", err))
	}
	street, err := b.Street(clip, c.streams)
	if err != nil {
		return fail(err)
	}
	if d, err = b.Daemon("readers", mount, street.URLs, ""); err != nil {
		return fail(err)
	}
	if err := d.Keep("5%"); err != nil {
		return fail(err)
	}
	if err := d.Start(); err != nil {
		return fail(err)
	}
	end = func() { d.Kill(); street.Kill() }
	if err := errors.Join(d.Ready(ctx), d.Recording(ctx, time.Minute, d.Started), pause(ctx, settle)); err != nil {
		end()
		return fail(err)
	}
	return d, from, to, end, nil
}

// fill records until the volume is full, faster than life, and tells up to when.
func (a aging) fill(ctx context.Context, index, mount string, from time.Time) (to time.Time, err error) {
	g, err := a.open(index, mount, from)
	if err != nil {
		return to, err
	}
	defer func() { err = errors.Join(err, g.store.Close()) }()
	for used := 0.0; used < fillPart; {
		if err := g.second(ctx); err != nil {
			return to, err
		}
		if used, err = usedPart(mount); err != nil {
			return to, err
		}
	}
	return g.wall, g.stop()
}

// stop closes the segments and keeps the store open.
func (g *aged) stop() error {
	for _, w := range g.writers {
		if err := w.Close(storage.CauseStopped); err != nil {
			return err
		}
	}
	return nil
}

// crowdedWindow is what was seen in one window.
type crowdedWindow struct {
	reads            bool
	lag              waits
	lost             float64 // seconds of footage
	deleted          int     // segments
	played, download float64 // MB/s
}

func (w crowdedWindow) String() string {
	name := "none"
	if w.reads {
		name = "all"
	}
	return fmt.Sprintf("%-8s %-9.0f %-7.2f %-7.2f %-7.2f %-9.1f %-12d %-12.1f %.1f", name, w.lag.count(), w.lag.at(0.5), w.lag.at(0.95), w.lag.at(1), w.lost, w.deleted, w.played, w.download)
}

// watch measures one window.
func (c crowded) watch(ctx context.Context, d *rig.Daemon, o options, reads bool, from, to time.Time) (w crowdedWindow, err error) {
	w.reads = reads
	var played, downloaded atomic.Int64
	reading, stop := context.WithCancel(ctx)
	defer stop()
	var busy sync.WaitGroup
	if reads {
		for i := range c.players {
			busy.Go(func() { c.play(reading, d, i, from, to, &played) })
		}
		busy.Go(func() { c.download(reading, d, from, to, &downloaded) })
	}
	if err := pause(ctx, time.Second); err != nil {
		return w, err
	}
	before, lostBefore, err := counts(ctx, d)
	if err != nil {
		return w, err
	}
	files, err := segmentsOf(d.Volume)
	if err != nil {
		return w, err
	}
	playedBefore, downloadedBefore, began := played.Load(), downloaded.Load(), time.Now()
	if err := pause(ctx, o.window); err != nil {
		return w, err
	}
	passed := time.Since(began).Seconds()
	w.played, w.download = float64(played.Load()-playedBefore)/1e6/passed, float64(downloaded.Load()-downloadedBefore)/1e6/passed
	after, lostAfter, err := counts(ctx, d)
	if err != nil {
		return w, err
	}
	left, err := segmentsOf(d.Volume)
	if err != nil {
		return w, err
	}
	for f := range files {
		if !left[f] {
			w.deleted++
		}
	}
	w.lag, w.lost = after.since(before), lostAfter-lostBefore
	stop()
	busy.Wait()
	return w, nil
}

// play reads one range after the other of a camera, as fast as they are shown. The oldest third is left out: it is deleted
// meanwhile.
func (c crowded) play(ctx context.Context, d *rig.Daemon, n int, from, to time.Time, read *atomic.Int64) {
	for at := from.Add(to.Sub(from) / 3); ctx.Err() == nil; at = at.Add(playedRange) {
		if at.Add(playedRange).After(to) {
			at = from.Add(to.Sub(from) / 3)
		}
		c.read(ctx, d, n, at, at.Add(playedRange), read, playedChunk*time.Second/playedRate)
	}
}

// download reads everything of one camera after the other, as fast as it comes.
func (c crowded) download(ctx context.Context, d *rig.Daemon, from, to time.Time, read *atomic.Int64) {
	for n := 0; ctx.Err() == nil; n++ {
		c.read(ctx, d, n%c.streams, from, to, read, 0)
	}
}

// read reads a range with a rest after each chunk. What is deleted meanwhile ends it early, which is no error here.
func (c crowded) read(ctx context.Context, d *rig.Daemon, n int, from, to time.Time, read *atomic.Int64, rest time.Duration) {
	q := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	res, err := d.Open(ctx, http.MethodGet, fmt.Sprintf("/api/v1/cameras/cam-%d/video.mp4?%s", n+1, q.Encode()), "", nil)
	if err != nil {
		pause(ctx, rig.Poll) // the range is gone, or the window is over
		return
	}
	defer res.Body.Close()
	for {
		n, err := io.CopyN(io.Discard, res.Body, playedChunk)
		read.Add(n)
		if err != nil || rest > 0 && pause(ctx, rest) != nil {
			return
		}
	}
}

// segmentsOf are the names of a volume's segments.
func segmentsOf(volume string) (map[string]bool, error) {
	list, err := filepath.Glob(filepath.Join(volume, "*", "main", "*", "*.mp4"))
	names := make(map[string]bool, len(list))
	for _, f := range list {
		names[f] = true
	}
	return names, err
}

// waits are how often frames waited for at most so long, seconds, as a histogram of /metrics tells it: ascending, each
// with what is less.
type waits []struct{ most, count float64 }

// counts reads the histogram, and how much footage of all streams is lost, seconds.
func counts(ctx context.Context, d *rig.Daemon) (list waits, lost float64, err error) {
	res, err := d.Open(ctx, http.MethodGet, "/metrics", "", nil)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		n, _ := strconv.ParseFloat(value, 64) // other lines have no such name
		if strings.HasPrefix(name, "holdfast_stream_lost_seconds_last_day{") {
			lost += n
		}
		if le, ok := strings.CutPrefix(name, `holdfast_recording_lag_seconds_bucket{le="`); ok {
			most, err := strconv.ParseFloat(strings.TrimSuffix(le, `"`), 64)
			if err != nil {
				return nil, 0, err
			}
			list = append(list, struct{ most, count float64 }{most, n})
		}
	}
	if len(list) == 0 {
		return nil, 0, errors.New("/metrics has no holdfast_recording_lag_seconds")
	}
	return list, lost, nil
}

// since takes away what was counted before.
func (w waits) since(before waits) waits {
	list := append(waits(nil), w...)
	for i := range list {
		list[i].count -= before[i].count
	}
	return list
}

func (w waits) count() float64 { return w[len(w)-1].count }

// at is what a part of the waits did not exceed, seconds, taken to lie evenly between the bounds: a histogram's bounds are
// so far apart that two of them would make a ratio of nearly two. Of all of them it is the bound.
func (w waits) at(part float64) float64 {
	below, least := 0.0, 0.0
	for _, b := range w {
		if b.count > below && b.count >= part*w.count() {
			if part == 1 {
				return b.most
			}
			return least + (b.most-least)*(part*w.count()-below)/(b.count-below)
		}
		below, least = b.count, b.most
	}
	return math.NaN()
}

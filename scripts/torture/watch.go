package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"holdfast/scripts/rig"
)

// watcher reads live view of one camera without a break and notes for how long nothing came.
type watcher struct {
	camera string

	mu    sync.Mutex // guards what follows
	last  time.Time  // when something came
	stall time.Duration
	ended error // why the stream ended by itself
}

// watchAll reads live view of every camera until the returned function is called, which gives the watchers.
func watchAll(ctx context.Context, d *rig.Daemon) (func() []*watcher, error) {
	list, err := d.Cameras(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var all []*watcher
	var wg sync.WaitGroup
	for _, c := range list {
		w := &watcher{camera: c.ID}
		all = append(all, w)
		wg.Go(func() { w.run(ctx, d) })
	}
	return func() []*watcher {
		cancel()
		wg.Wait()
		return all
	}, nil
}

func (w *watcher) run(ctx context.Context, d *rig.Daemon) {
	err := w.read(ctx, d)
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() == nil {
		w.ended = fmt.Errorf("live view of %s ended: %w", w.camera, err)
		return
	}
	w.stall = max(w.stall, time.Since(w.last))
}

func (w *watcher) read(ctx context.Context, d *rig.Daemon) error {
	w.last = time.Now()
	res, err := d.Open(ctx, http.MethodGet, "/api/v1/cameras/"+w.camera+"/live.mp4", "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := res.Body.Read(buf)
		if n > 0 {
			now := time.Now()
			w.mu.Lock()
			w.stall, w.last = max(w.stall, now.Sub(w.last)), now
			w.mu.Unlock()
		}
		if err != nil {
			return err
		}
	}
}

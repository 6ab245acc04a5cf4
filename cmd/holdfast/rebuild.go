package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"holdfast/gateway"
	"holdfast/storage"
)

// rebuild makes the index again from the footage, of a gateway that is stopped.
func (c *checkCommand) rebuild(ctx context.Context, t terminal) error {
	dir, err := dataDir(c.file, c.data)
	if err != nil {
		return err
	}
	if _, err := dialLocal(ctx, dir); !errors.Is(err, errNoDaemon) {
		return errors.Join(err, errors.New("the gateway runs on the index that is to be made again: stop it first"))
	}
	conf, err := checkedConfig(c.file, c.data)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r, err := gateway.RebuildIndex(ctx, conf, log, rebuildProgress(t.err))
	if err != nil {
		return err
	}
	return printRebuild(t.out, r, c.asJSON)
}

func rebuildProgress(w io.Writer) func(storage.RebuildProgress) {
	if !isTerminal(w) {
		return nil
	}
	began, last := time.Now(), time.Time{}
	return func(p storage.RebuildProgress) {
		if time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		s := time.Since(began).Seconds()
		fmt.Fprintf(w, "\r%d segments, %.1f GB of footage; %.0f segments/s, %.1f GB/s\x1b[K", p.Segments, float64(p.Bytes)/1e9, float64(p.Segments)/s, float64(p.Bytes)/1e9/s)
	}
}

func printRebuild(w io.Writer, r storage.RebuildReport, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	s := max(r.Took, 1e-3)
	fmt.Fprintf(w, "The index was made again: %d segments of %d streams on %d volumes, %.1f GB of footage, %d gaps, %d events, %d locks, in %.1f s (%.0f segments/s, %.1f GB/s).\n",
		r.Segments, r.Streams, r.Volumes, float64(r.Bytes)/1e9, r.Gaps, r.Events, r.Locks, r.Took, float64(r.Segments)/s, float64(r.Bytes)/1e9/s)
	if r.Open > 0 {
		fmt.Fprintf(w, "%d segments were left open and are finished at the next start.\n", r.Open)
	}
	if r.Aside != "" {
		fmt.Fprintf(w, "The index of before is %s.\n", r.Aside)
	}
	fmt.Fprintln(w, "Not restored:")
	for _, what := range r.NotRestored {
		fmt.Fprintln(w, " ", what)
	}
	return nil
}

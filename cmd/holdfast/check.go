package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"holdfast/config"
	"holdfast/gateway"
	"holdfast/storage"
)

// check compares index, files and hashes: through the gateway while it runs, on the files when it does not.
func check(ctx context.Context, t terminal, args []string) error {
	fs := options(t, "check", "check --config FILE | --data DIR [--level index|files|hash] [--json]")
	file := fs.String("config", "", "the configuration `FILE`")
	data := fs.String("data", "", "the data `DIR` of a demo, instead of --config")
	level := fs.String("level", "files", "how much to prove: index, files or hash (reads all footage)")
	asJSON := fs.Bool("json", false, "print the report as JSON")
	if err := parse(fs, args); err != nil {
		return err
	}
	l, err := storage.ParseLevel(*level)
	if err != nil {
		return err
	}
	r, err := checkAnyhow(ctx, t, *file, *data, l)
	if err != nil {
		return err
	}
	if err := printReport(t.out, r, *asJSON); err != nil {
		return err
	}
	if len(r.Findings) > 0 {
		return errFindings
	}
	return nil
}

// checkAnyhow asks the running gateway, or opens the files itself.
func checkAnyhow(ctx context.Context, t terminal, file, data string, level storage.Level) (storage.Report, error) {
	var r storage.Report
	dir, err := dataDir(file, data)
	if err != nil {
		return r, err
	}
	l, err := dialLocal(ctx, dir)
	if err == nil {
		body, err := json.Marshal(map[string]string{"level": string(level)})
		if err != nil {
			return r, err
		}
		return r, l.call(ctx, "POST", "/api/v1/check", bytes.NewReader(body), &r)
	}
	if !errors.Is(err, errNoDaemon) {
		return r, err
	}
	conf, err := checkedConfig(file, dir)
	if err != nil {
		return r, err
	}
	return gateway.CheckFiles(ctx, conf, level, slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn})), progress(t.err))
}

// checkedConfig is the file's, or for a data directory alone what the demo writes.
func checkedConfig(file, dir string) (*config.Config, error) {
	if file != "" {
		return config.Load(file)
	}
	return (&demonstration{dir: dir, listen: demoListen}).config()
}

// progress prints how far a check is on a terminal.
func progress(w io.Writer) func(done, total int) {
	if !isTerminal(w) {
		return nil
	}
	var last time.Time
	return func(done, total int) {
		if done < total && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		fmt.Fprintf(w, "\r%d of %d segments", done, total)
		if done == total {
			fmt.Fprintln(w)
		}
	}
}

func printReport(w io.Writer, r storage.Report, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s %s\n  %s\n  %s\n  %s\n", f.Kind, filepath.Clean(f.Path), f.What, f.Means, f.Do)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "and %d more findings\n", r.More)
	}
	_, err := fmt.Fprintf(w, "%s: %d segments of %d streams, %d of them being recorded, %.1f MB looked at in %.1f s: %d findings\n",
		r.Level, r.Segments, r.Streams, r.Open, float64(r.Bytes)/1e6, r.Took, len(r.Findings)+r.More)
	return err
}

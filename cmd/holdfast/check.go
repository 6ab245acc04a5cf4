package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"holdfast/config"
	"holdfast/gateway"
	"holdfast/gateway/egress"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// checkCommand is what the command line of check says.
type checkCommand struct {
	file, data string
	asJSON     bool
	dryRun     bool
	renew      bool
	rate       string
	from, to   string
	req        web.CheckRequest
}

// check compares index, files and hashes, and repairs them: through the gateway while it runs, on the files when it does
// not.
func check(ctx context.Context, t terminal, args []string) error {
	var c checkCommand
	if err := parse(c.options(t), args); err != nil {
		return err
	}
	if err := c.complete(); err != nil {
		return err
	}
	if c.renew {
		return c.rebuild(ctx, t)
	}
	r, err := c.anyhow(ctx, t)
	if err != nil {
		return err
	}
	if err := printReport(t.out, r, c.asJSON, c.dryRun); err != nil {
		return err
	}
	if r.Left() > 0 {
		return errFindings
	}
	return nil
}

func (c *checkCommand) options(t terminal) *flag.FlagSet {
	fs := options(t, "check", "check --config FILE | --data DIR [--level index|files|hash|media] [--repair [--dry-run] | --rebuild] [--json]")
	fs.StringVar(&c.file, "config", "", "the configuration `FILE`; the installed one when left out")
	fs.StringVar(&c.data, "data", "", "the data `DIR` of a demo, instead of --config")
	fs.StringVar(&c.req.Level, "level", "files", "how much to prove: index, files, hash (reads all footage) or media (and holds every sample against what players need)")
	fs.StringVar(&c.req.Camera, "camera", "", "look at the footage of this camera `ID` only")
	fs.StringVar(&c.from, "from", "", "look at footage from this `TIME` on only, RFC 3339")
	fs.StringVar(&c.to, "to", "", "look at footage before this `TIME` only, RFC 3339")
	fs.StringVar(&c.req.Volume, "volume", "", "look at this volume only, an `ID` or a path")
	fs.StringVar(&c.rate, "rate", "", "read at most so much a second, such as `20MB`")
	fs.BoolVar(&c.req.Decode, "decode", false, "with --level media: have every picture decoded by ffmpeg")
	fs.BoolVar(&c.req.Repair, "repair", false, "repair what is found; nothing sound is removed")
	fs.BoolVar(&c.dryRun, "dry-run", false, "with --repair: print what would be done, and do nothing")
	fs.BoolVar(&c.renew, "rebuild", false, "make the whole index again from the footage, and keep the old one aside; the gateway must be stopped")
	fs.BoolVar(&c.asJSON, "json", false, "print the report as JSON")
	return fs
}

func (c *checkCommand) complete() (err error) {
	if _, err := storage.ParseLevel(c.req.Level); err != nil {
		return err
	}
	if c.renew && (c.req.Repair || c.dryRun) {
		return errors.New("--rebuild goes alone")
	}
	if c.dryRun {
		if !c.req.Repair {
			return errors.New("--dry-run goes with --repair")
		}
		c.req.Repair = false
	}
	for _, x := range []struct {
		name, text string
		to         *time.Time
	}{{"--from", c.from, &c.req.From}, {"--to", c.to, &c.req.To}} {
		if x.text == "" {
			continue
		}
		if *x.to, err = time.Parse(time.RFC3339, x.text); err != nil {
			return fmt.Errorf("%s: %q is no time such as 2026-03-01T08:00:00+01:00", x.name, x.text)
		}
	}
	c.req.Rate, err = parseRate(c.rate)
	return err
}

// parseRate reads bytes a second: a number with kB, MB or GB behind it. "" is 0, no bound.
func parseRate(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	digits, unit := strings.TrimSuffix(text, "/s"), 1.0
	for _, u := range []struct {
		name string
		n    float64
	}{{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}} {
		if rest, ok := strings.CutSuffix(digits, u.name); ok {
			digits, unit = rest, u.n
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || n <= 0 || n*unit > 1e12 {
		return 0, fmt.Errorf("--rate: %q is no rate such as 20MB", text)
	}
	return int64(n * unit), nil
}

// anyhow asks the running gateway, or opens the files itself.
func (c *checkCommand) anyhow(ctx context.Context, t terminal) (storage.Report, error) {
	var r storage.Report
	dir, err := dataDir(c.file, c.data)
	if err != nil {
		return r, err
	}
	show := progress(t.err)
	l, err := dialLocal(ctx, dir)
	if err == nil {
		return c.remote(ctx, l, show)
	}
	if !errors.Is(err, errNoDaemon) {
		return r, err
	}
	conf, err := checkedConfig(c.file, c.data)
	if err != nil {
		return r, err
	}
	o, err := gateway.CheckOptions(c.req, egress.New(egress.Options{}).For(egress.Children, egress.Use{}).Run)
	if err != nil {
		return r, err
	}
	o.Progress = show
	log := slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return gateway.CheckFiles(ctx, conf, storage.Level(c.req.Level), o, log)
}

// askPeriod is how often the gateway is asked how far it is.
const askPeriod = 200 * time.Millisecond

// remote has the gateway check, and follows it. Interrupted, it has it end.
func (c *checkCommand) remote(ctx context.Context, l *local, show func(storage.CheckProgress)) (r storage.Report, err error) {
	body, err := json.Marshal(c.req)
	if err != nil {
		return r, err
	}
	job := web.CheckJob{Report: &r}
	if err := l.call(ctx, "POST", "/api/v1/check", bytes.NewReader(body), &job); err != nil {
		return r, err
	}
	tick := time.NewTicker(askPeriod)
	defer tick.Stop()
	for job.State == "running" {
		select {
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			return r, errors.Join(ctx.Err(), l.call(end, "DELETE", "/api/v1/check", nil, &job))
		case <-tick.C:
		}
		job = web.CheckJob{Report: &r}
		if err := l.call(ctx, "GET", "/api/v1/check", nil, &job); err != nil && ctx.Err() == nil {
			return r, err
		}
		if show != nil && job.Of > 0 {
			show(storage.CheckProgress{Segments: job.Segments, Of: job.Of, Bytes: job.Bytes, OfBytes: job.OfBytes, Left: time.Duration(job.Left * float64(time.Second))})
		}
	}
	if job.State != "done" {
		return r, fmt.Errorf("the check was %s. %s", job.State, job.Error)
	}
	return r, nil
}

// checkedConfig is the file's, or for a data directory alone what the demo writes.
func checkedConfig(file, data string) (*config.Config, error) {
	if file == "" && data != "" {
		return (&demonstration{dir: data, listen: demoListen}).config()
	}
	return namedConfig(file)
}

// progress prints how far a check is on a terminal.
func progress(w io.Writer) func(storage.CheckProgress) {
	if !isTerminal(w) {
		return nil
	}
	var last time.Time
	return func(p storage.CheckProgress) {
		if p.Segments < p.Of && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		left := ""
		if p.Left > 0 {
			left = ", " + p.Left.Round(time.Second).String() + " left"
		}
		fmt.Fprintf(w, "\r%d of %d segments, %.1f of %.1f GB%s\x1b[K", p.Segments, p.Of, float64(p.Bytes)/1e9, float64(p.OfBytes)/1e9, left)
		if p.Segments >= p.Of {
			fmt.Fprintln(w)
		}
	}
}

func printReport(w io.Writer, r storage.Report, asJSON, plan bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s %s\n  %s\n  %s\n  %s\n", f.Kind, filepath.Clean(f.Path), f.What, f.Means, outcome(&f, plan))
	}
	if r.More > 0 {
		fmt.Fprintf(w, "and %d more findings\n", r.More)
	}
	for _, f := range r.Notes {
		fmt.Fprintf(w, "note: %s\n  %s\n  %s\n", f.What, f.Means, outcome(&f, plan))
	}
	_, err := fmt.Fprintf(w, "%s: %d segments of %d streams, %d of them being recorded, %.1f MB looked at in %.1f s: %d findings, %d repaired, %d known\n",
		r.Level, r.Segments, r.Streams, r.Open, float64(r.Bytes)/1e6, r.Took, len(r.Findings)+r.More, r.Repaired, len(r.Known))
	return err
}

// outcome says what was done about a finding, or would be, or is to be done.
func outcome(f *storage.Finding, plan bool) string {
	switch {
	case f.Done:
		return "Repaired: " + f.Repair
	case f.Error != "":
		return "Not repaired: " + f.Error + ". " + f.Do
	case plan && f.Repair != "":
		return "A repair would do this: " + f.Repair
	case plan:
		return "A repair can do nothing. " + f.Do
	}
	return f.Do
}

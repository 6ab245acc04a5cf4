package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// recordings lists the files of footage, gives their keys, and tells and shows what is recorded, through the running gateway.
func recordings(ctx context.Context, t terminal, args []string) error {
	of := func(name string) verb {
		return verb{name, func(ctx context.Context, t terminal, args []string) error { return recordingsOf(ctx, t, name, args) }}
	}
	return operate(ctx, t, "recordings", args, of("list"), of("key"), verb{"spans", recordingsSpans}, verb{"overview", recordingsOverview}, verb{"picture", recordingsPicture}, verb{"video", recordingsVideo}, verb{"sound", recordingsSound})
}

func recordingsOf(ctx context.Context, t terminal, verb string, args []string) error {
	fs := options(t, "recordings "+verb, "recordings "+verb+" --config FILE | --data DIR --camera ID [--stream ID] [--run RUN] [--from TIME] [--to TIME] [--json]")
	file := fs.String("config", "", "the configuration `FILE`; the installed one when left out")
	data := fs.String("data", "", "the data `DIR` of a demo, instead of --config")
	camera := fs.String("camera", "", "the `ID` of the camera")
	stream := fs.String("stream", "", "the `ID` of the stream; the main stream when left out")
	run := runOption(fs)
	from := fs.String("from", "", "from this `TIME` on, as 2026-03-01T08:00:00Z; an hour before --to when left out")
	to := fs.String("to", "", "before this `TIME`; now when left out")
	asJSON := fs.Bool("json", false, "print JSON")
	if err := parse(fs, args); err != nil {
		return err
	}
	a, err := askSegments(*camera, *stream, *run, *from, *to)
	if err != nil {
		return err
	}
	dir, err := dataDir(*file, *data)
	if err != nil {
		return err
	}
	l, err := dialLocal(ctx, dir)
	if err != nil {
		return err
	}
	if verb == "key" {
		return printSegmentKeys(ctx, t, l, a, *asJSON)
	}
	return printSegments(ctx, t, l, a, *asJSON)
}

// asked is which segments a command is about.
type asked struct{ path, query string }

func (a asked) url(keys string) string { return a.path + keys + "?" + a.query }

func askSegments(camera, stream, run, from, to string) (a asked, err error) {
	if camera == "" {
		return a, errors.New("--camera is missing")
	}
	end, err := timeOr("--to", to, time.Now())
	if err != nil {
		return a, err
	}
	start, err := timeOr("--from", from, end.Add(-time.Hour))
	if err != nil {
		return a, err
	}
	q := url.Values{"from": {start.UTC().Format(time.RFC3339Nano)}, "to": {end.UTC().Format(time.RFC3339Nano)}}
	if stream != "" {
		q.Set("stream", stream)
	}
	if run != "" {
		q.Set("run", run)
	}
	return asked{"/api/v1/cameras/" + url.PathEscape(camera) + "/segments", q.Encode()}, nil
}

// runOption chooses between recordings of the same times.
func runOption(fs *flag.FlagSet) *string {
	return fs.String("run", "", "only of this `RUN`, as recordings spans names it, where a clock that was set back left two recordings of the same times")
}

// recordingsSpans tells what is recorded of a camera, by which run, and why the rest is not.
func recordingsSpans(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "recordings spans", "--camera ID [--stream ID] [--from TIME] [--to TIME]")
	camera := q.fs.String("camera", "", "the `ID` of the camera (required)")
	stream := q.fs.String("stream", "", "the `ID` of the stream; the first that is recorded when left out")
	from := q.fs.String("from", "", "from this `TIME` on, as 2026-03-01T08:00:00Z; an hour before --to when left out")
	to := q.fs.String("to", "", "before this `TIME`; now when left out")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	a, err := askSegments(*camera, *stream, "", *from, *to)
	if err != nil {
		return err
	}
	var list []web.Span
	if err := q.ask(http.MethodGet, strings.TrimSuffix(a.path, "/segments")+"/spans?"+a.query, nil, &list); err != nil {
		return err
	}
	return q.print(list, func(w io.Writer) {
		fmt.Fprintln(w, "FROM\tTO\tKIND\tRUN\tCAUSE")
		for _, s := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Start.Format(time.RFC3339Nano), s.End.Format(time.RFC3339Nano), s.Kind, s.Run, s.Cause)
		}
	})
}

func timeOr(name, text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%s: %q is no time such as 2026-03-01T08:00:00+01:00", name, text)
	}
	return at, nil
}

func printSegments(ctx context.Context, t terminal, l *local, a asked, asJSON bool) error {
	var list []web.SegmentFile
	if err := l.call(ctx, "GET", a.url(""), nil, &list); err != nil {
		return err
	}
	if asJSON {
		return printJSON(t.out, list)
	}
	for _, s := range list {
		how := "clear"
		if s.Encrypted {
			how = "encrypted"
		}
		if s.Open {
			how += ", being recorded"
		}
		if s.Filled != nil {
			how += ", filled from the camera's card"
		}
		fmt.Fprintf(t.out, "%s  %8.1f s  %8.1f MB  %s  %s\n", s.Start.Format("2006-01-02T15:04:05.000Z"), s.End.Sub(s.Start).Seconds(), float64(s.Size)/1e6, s.Path, how)
	}
	return nil
}

func printSegmentKeys(ctx context.Context, t terminal, l *local, a asked, asJSON bool) error {
	var list []web.SegmentKey
	if err := l.call(ctx, "GET", a.url("/keys"), nil, &list); err != nil {
		return err
	}
	if asJSON {
		if err := printJSON(t.out, list); err != nil {
			return err
		}
	}
	missing := false
	for _, s := range list {
		switch {
		case s.Error != "":
			missing = true
			fmt.Fprintf(t.err, "%s: %s\n", s.Path, s.Error)
		case !asJSON:
			fmt.Fprintf(t.out, "%s:%s %s\n", s.KID, s.Key, s.Path)
		}
	}
	if len(list) > 0 && !asJSON {
		fmt.Fprintln(t.err, "KID:KEY and the file. Whoever has the key can see the segment. To play one: cat FILE | ffmpeg -decryption_key KEY -i - -c copy clear.mp4\n(through a pipe: from the file itself ffmpeg 5 decrypts the first fragment only)")
	}
	if missing {
		return errFindings
	}
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"holdfast/gateway/web"
)

// search looks for something in what was recorded.
func search(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "search", args, verb{"motion", searchMotion})
}

// searchMotion looks for motion in a part of a camera's picture, and prints each stretch as it is found.
func searchMotion(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "search motion", "--camera ID [--from TIME] [--to TIME] [--region L,B,R,T] [--least SHARE] [--every SECONDS] [--stream ID] [--pictures]")
	pictures := q.fs.Bool("pictures", false, "compare pictures also where the camera drew boxes")
	camera := q.fs.String("camera", "", "the `ID` of the camera (required)")
	from := q.fs.String("from", "", "from this `TIME` on, as 2026-03-01T08:00:00Z; a day before --to when left out")
	to := q.fs.String("to", "", "before this `TIME`; now when left out")
	region := q.fs.String("region", "", "the part of the picture as `L,B,R,T`: left, bottom, right and top, from -1 to 1; all of it when left out")
	least := q.fs.Float64("least", 0.01, "the `SHARE` of the region that has to change, 0.001 to 1")
	every := q.fs.Float64("every", 1, "at least so many `SECONDS` lie between two pictures that are compared, 1 to 60; key frames are often further apart")
	stream := q.fs.String("stream", "", "the `ID` of the stream whose key frames are compared; the smallest that is recorded when left out")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	if *camera == "" {
		return errors.New("say --camera ID")
	}
	end, err := timeOr("--to", *to, time.Now())
	if err != nil {
		return err
	}
	begin, err := timeOr("--from", *from, end.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	v := url.Values{"from": {begin.UTC().Format(time.RFC3339Nano)}, "to": {end.UTC().Format(time.RFC3339Nano)}, "least": {fmt.Sprint(*least)}, "every": {strconv.FormatFloat(*every, 'f', -1, 64)}}
	for name, value := range map[string]string{"region": *region, "stream": *stream} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if *pictures {
		v.Set("pictures", "1")
	}
	res, err := q.l.do(ctx, http.MethodGet, "/api/v1/cameras/"+url.PathEscape(*camera)+"/motion?"+v.Encode(), nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return printMotion(res.Body, t, *q.asJSON)
}

// printMotion prints lines as they come; how far it is goes to a terminal alone.
func printMotion(r io.Reader, t terminal, asJSON bool) error {
	var last *web.MotionProgress
	for d := json.NewDecoder(r); ; {
		var l web.MotionLine
		if err := d.Decode(&l); err != nil {
			return fmt.Errorf("the search broke off: %w", err)
		}
		if asJSON {
			if err := json.NewEncoder(t.out).Encode(l); err != nil {
				return err
			}
		}
		switch {
		case l.Error != "":
			return errors.New(l.Error)
		case l.Progress != nil:
			last = l.Progress
		case l.Hit != nil && !asJSON:
			what := l.Hit.Class
			if l.Hit.By == "pictures" {
				what = fmt.Sprintf("%.1f %% changed", l.Hit.Changed*100)
			}
			fmt.Fprintf(t.out, "%s  %6.1f s  %s\n", l.Hit.From.Format("2006-01-02T15:04:05.000Z"), l.Hit.To.Sub(l.Hit.From).Seconds(), what)
		case l.Done:
			if !asJSON && last != nil {
				how := "by the boxes that the camera drew"
				if last.Pictures > 0 {
					how = fmt.Sprintf("by %d pictures, one every %.1f s", last.Pictures, last.Every)
				}
				fmt.Fprintf(t.err, "looked %s, at %.0f times the speed of life\n", how, last.Pace)
			}
			if l.More && !asJSON {
				fmt.Fprintln(t.err, "there is more: ask on from the end of the last")
			}
			return nil
		}
	}
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"holdfast/gateway/web"
)

// siteHealth is what holdfast health prints.
type siteHealth struct {
	web.Health
	Cameras []web.CameraHealth `json:"cameras"`
}

// health tells how the gateway and its cameras do, what is missing of the last week, and what to do.
func health(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "health", "")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	var h siteHealth
	if err := q.ask(http.MethodGet, "/api/v1/health", nil, &h.Health); err != nil {
		return err
	}
	if err := q.ask(http.MethodGet, "/api/v1/health/cameras", nil, &h.Cameras); err != nil {
		return err
	}
	if err := q.print(h, func(w io.Writer) { printHealth(w, h) }); err != nil {
		return err
	}
	if h.State != "ok" {
		return errFindings
	}
	return nil
}

func printHealth(w io.Writer, h siteHealth) {
	fmt.Fprintln(w, h.Summary)
	for _, a := range h.Alarms {
		fmt.Fprintf(w, "\n%s\n  %s\n  %s\n", a.What, a.Means, a.Do)
	}
	fmt.Fprintln(w, "\nVOLUME\tSTATE\tFREE GB\tOF GB")
	for _, v := range h.Volumes {
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%.0f\n", v.Path, v.State, float64(v.Free)/1e9, float64(v.Total)/1e9)
	}
	fmt.Fprintln(w, "\nCAMERA\tSTATE\tRECORDING\tGAPS OF A WEEK\tMISSING\tLONGEST\tFPS\tKBIT/S\tLOST\tRECONNECTS\tKEY FRAMES")
	for _, c := range h.Cameras {
		gaps, missing, longest := "-", "-", "-"
		if c.Week != nil {
			gaps, missing = strconv.Itoa(c.Week.Gaps), spell(c.Week.Lost)
			if c.Week.Longest != nil {
				longest = spell(c.Week.Longest.Seconds)
			}
		}
		var s web.StreamHealth
		if len(c.Streams) > 0 {
			s = c.Streams[0]
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%.0f\t%.0f\t%d\t%d\t%.1f s\n", c.Camera, c.State, c.Recording, gaps, missing, longest, s.FPS, s.Bitrate/1000, s.Lost, s.Reconnects, s.KeyEvery)
	}
	for _, c := range h.Cameras {
		for _, f := range c.Findings {
			fmt.Fprintf(w, "\n%s: %s\n  %s\n", c.Camera, f.What, f.Do)
		}
	}
}

// spell is a time as people say it.
func spell(seconds float64) string {
	switch {
	case seconds == 0:
		return "0"
	case seconds < 120:
		return fmt.Sprintf("%.1f s", seconds)
	case seconds < 7200:
		return fmt.Sprintf("%.0f min", seconds/60)
	}
	return fmt.Sprintf("%.1f h", seconds/3600)
}

// planCommand tells what footage takes, and for how long the volumes have room.
func planCommand(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "plan", "[--days N] [--cameras N [--bitrate KBIT]] [--share PERCENT] [--mirror yes|no]")
	days := q.fs.Float64("days", 30, "`DAYS` for which footage is to be kept")
	more := q.fs.Int("cameras", 0, "so many further cameras, a `NUMBER`")
	bitrate := q.fs.Float64("bitrate", 0, "of each of those, `KBIT` a second; the mean of those that there are when left out")
	share := q.fs.Float64("share", 0, "`PERCENT` of the time that is recorded, of all; as it is when left out")
	mirror := q.fs.String("mirror", "", "`yes`: all to two volumes; no: none; as it is when left out")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	ask := url.Values{"days": {decimal(*days)}, "cameras": {strconv.Itoa(*more)}}
	if *bitrate > 0 {
		ask.Set("bitrate", decimal(*bitrate))
	}
	if *share > 0 {
		ask.Set("share", decimal(*share))
	}
	switch *mirror {
	case "":
	case "yes", "no":
		ask.Set("mirror", map[string]string{"yes": "1", "no": "0"}[*mirror])
	default:
		return fmt.Errorf("--mirror: %q is neither yes nor no", *mirror)
	}
	var p web.StoragePlan
	if err := q.ask(http.MethodGet, "/api/v1/storage-plan?"+ask.Encode(), nil, &p); err != nil {
		return err
	}
	if err := q.print(p, func(w io.Writer) { printStoragePlan(w, p) }); err != nil {
		return err
	}
	if p.Missing > 0 {
		return errFindings
	}
	return nil
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func printStoragePlan(w io.Writer, p web.StoragePlan) {
	fmt.Fprintln(w, "CAMERA\tMODE\tMIRROR\tGB A DAY\tMEASURED")
	for _, c := range p.Cameras {
		mirror := "no"
		if c.Mirror {
			mirror = "yes"
		}
		by := map[string]string{"day": "over a day", "now": "at present", "none": "not yet"}[c.By]
		fmt.Fprintf(w, "%s\t%s\t%s\t%.2f\t%s\n", c.Camera, c.Mode, mirror, c.Rate*86400/1e9, cmp.Or(by, c.By))
	}
	fmt.Fprintf(w, "\nAll\t\t\t%.2f\n\n%s\n", p.Rate*86400/1e9, p.Says)
}

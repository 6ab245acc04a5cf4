package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"holdfast/gateway/web"
)

// cardVerbs are about what cameras keep on cards of their own.
var cardVerbs = []verb{{"card", cameraCard}, {"fill", cameraFill}}

// cameraCard shows what a camera keeps itself, and how it is with filling gaps from there.
func cameraCard(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "card", "")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var c web.Card
	if err := d.ask(http.MethodGet, d.of("card"), nil, &c); err != nil {
		return err
	}
	return printCard(t, d, c)
}

// cameraFill has what was lost fetched from a camera's card, or stops that.
func cameraFill(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "fill", "[--stop]")
	stop := d.fs.Bool("stop", false, "stop fetching; what was fetched stays, and what is missing is not fetched by itself any more")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	how := http.MethodPost
	if *stop {
		how = http.MethodDelete
	}
	var c web.Card
	if err := d.ask(how, d.of("card/fill"), nil, &c); err != nil {
		return err
	}
	return printCard(t, d, c)
}

func printCard(t terminal, d *deviceInquiry, c web.Card) error {
	if *d.asJSON {
		return printJSON(t.out, c)
	}
	states := map[string]string{"off": "gaps are not filled from this camera's card", "none": "this camera has no card that can be asked", "idle": "nothing that was lost waits to be fetched",
		"waiting": "waiting", "queued": "waiting for other cameras", "filling": "fetching what was lost"}
	fmt.Fprintf(t.out, "%s", states[c.State])
	if c.Detail != "" {
		fmt.Fprintf(t.out, ": %s", c.Detail)
	}
	fmt.Fprintln(t.out)
	if c.Unasked != "" {
		fmt.Fprintf(t.out, "the camera could not be asked what it keeps: %s\n", c.Unasked)
	}
	for _, r := range c.Recordings {
		fmt.Fprintf(t.out, "on the card: %s (%s)%s\n", r.Token, r.Name, map[bool]string{false: ", of something else"}[r.Own])
		for _, s := range r.Spans {
			fmt.Fprintf(t.out, "  %s\n", between(s.From, s.To))
		}
	}
	for _, g := range c.Gaps {
		fmt.Fprintf(t.out, "lost: %s %s  %s  %s", g.Stream, between(g.From, g.To), g.Cause, map[string]string{"due": "to be fetched", "waiting": "tried again", "filling": "being fetched", "given_up": "not fetched any more"}[g.State])
		if g.Why != "" {
			fmt.Fprintf(t.out, ": %s", g.Why)
		}
		fmt.Fprintln(t.out)
	}
	if j := c.Job; j != nil {
		fmt.Fprintf(t.out, "fetching: %s up to %s, %.1f MB, about %.0f s left\n", j.Stream, j.Until.Format(time.RFC3339), float64(j.Bytes)/1e6, j.Left)
	}
	for _, f := range c.Ended {
		fmt.Fprintf(t.out, "fetched: %s %s  %.1f s, %.1f MB  begins by %s, ends by %s", f.Stream, between(f.From, f.To), f.Seconds, float64(f.Bytes)/1e6, f.Before, f.After)
		if f.Why != "" {
			fmt.Fprintf(t.out, ": %s", f.Why)
		}
		fmt.Fprintln(t.out)
	}
	return nil
}

func between(from, to time.Time) string {
	const form = "2006-01-02T15:04:05.000Z"
	return from.UTC().Format(form) + " to " + to.UTC().Format(form)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// followPeriod is how often camera events --follow asks for what is new.
const followPeriod = time.Second

// cameraEvents shows what a camera's device reported last, as it said it, and what comes.
func cameraEvents(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "events", "[--follow]")
	follow := d.fs.Bool("follow", false, "go on with what comes, until interrupted; with --json one object a line")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var c web.Camera
	if err := d.ask(http.MethodGet, strings.TrimSuffix(d.of(""), "/"), nil, &c); err != nil {
		return err
	}
	if !*d.asJSON {
		printReports(t.out, c.Events)
	}
	var after uint64
	for {
		list := []web.CameraNotification{}
		if err := d.ask(http.MethodGet, fmt.Sprintf("%s?after=%d", d.of("notifications"), after), nil, &list); err != nil {
			return err
		}
		if len(list) > 0 {
			after = list[len(list)-1].Seq
		}
		switch {
		case *d.asJSON && !*follow:
			return printJSON(t.out, list)
		default:
			for _, n := range list {
				if err := printNotification(t.out, n, *d.asJSON); err != nil {
					return err
				}
			}
		}
		if !*follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followPeriod):
		}
	}
}

func printReports(w io.Writer, r web.CameraReports) {
	fmt.Fprintf(w, "%s since %s", r.State, r.Since.Format(time.RFC3339))
	for _, s := range []string{strings.ReplaceAll(r.Delivery, "-", " "), r.Detail, r.Hint} {
		if s != "" {
			fmt.Fprintf(w, "; %s", s)
		}
	}
	fmt.Fprintln(w)
	if r.Merged > 0 {
		fmt.Fprintf(w, "%d events came faster than events are kept, and are part of one that lasts\n", r.Merged)
	}
}

func printNotification(w io.Writer, n web.CameraNotification, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(n)
	}
	var items []string
	for _, i := range n.Items {
		items = append(items, i.Name+"="+i.Value)
	}
	_, err := fmt.Fprintf(w, "%s  %s  %s  %s  %s\n", n.At.Format(time.RFC3339Nano), n.Kind, n.Topic, strings.ToLower(n.Operation), strings.Join(items, " "))
	return err
}

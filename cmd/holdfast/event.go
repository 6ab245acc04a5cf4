package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// event raises, ends and lists events of a camera, through the running gateway, and marks them as reviewed.
func event(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "event", args, verb{"raise", eventRaise}, verb{"end", eventEnd}, verb{"list", eventList}, verb{"reviewed", eventReviewed})
}

// eventTarget is which gateway and camera an event command is about.
type eventTarget struct {
	target
	camera *string
}

func eventOptions(t terminal, verb, more string) (*flag.FlagSet, eventTarget) {
	x := targetOptions(t, "event "+verb, "--camera ID "+more+"[--json]")
	return x.fs, eventTarget{target: x, camera: x.fs.String("camera", "", "the `ID` of the camera")}
}

// ask sends a request about the camera's events to the running gateway.
func (e eventTarget) ask(ctx context.Context, method, query string, body, answer any) error {
	if *e.camera == "" {
		return errors.New("--camera is missing")
	}
	dir, err := dataDir(*e.file, *e.data)
	if err != nil {
		return err
	}
	l, err := dialLocal(ctx, dir)
	if err != nil {
		return err
	}
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		text = bytes.NewReader(b)
	}
	return l.call(ctx, method, "/api/v1/cameras/"+url.PathEscape(*e.camera)+"/events"+query, text, answer)
}

func eventRaise(ctx context.Context, t terminal, args []string) error {
	fs, e := eventOptions(t, "raise", "[--kind WORD] [--source WORD] [--text TEXT] [--at TIME] [--for TIME | --lasts] [--id ID] ")
	kind := fs.String("kind", "mark", "what it is, such as motion")
	source := fs.String("source", "", "what says so; never who: it is kept in clear")
	text := fs.String("text", "", "what is said of it, at most 500 bytes; it is kept sealed")
	id := fs.String("id", "", "with --text alone: of the event of this `ID`, that was raised before")
	at := fs.String("at", "", "when, as 2026-03-01T08:00:00Z; now when left out")
	length := fs.Duration("for", 0, "how long it lasts, at most 15m")
	lasts := fs.Bool("lasts", false, "it lasts until `event end`, at most 15 minutes")
	if err := parse(fs, args); err != nil {
		return err
	}
	req := web.EventRequest{Kind: *kind, Source: *source, Duration: length.Seconds(), ID: *id}
	fs.Visit(func(f *flag.Flag) {
		if f.Name == "text" {
			req.Text = text
		}
	})
	if *id != "" && (req.Text == nil || *lasts || *length != 0 || *at != "") {
		return errors.New("--id stands beside --text alone; `event end` ends an event")
	}
	if *lasts {
		req.Active = lasts
	}
	if *at != "" {
		when, err := time.Parse(time.RFC3339Nano, *at)
		if err != nil {
			return fmt.Errorf("--at: %q is no time of RFC 3339", *at)
		}
		req.At = &when
	}
	return e.send(ctx, t, req)
}

func eventEnd(ctx context.Context, t terminal, args []string) error {
	fs, e := eventOptions(t, "end", "--id ID ")
	id := fs.String("id", "", "the `ID` that raise printed")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *id == "" {
		return errors.New("--id is missing")
	}
	over := false
	return e.send(ctx, t, web.EventRequest{ID: *id, Active: &over})
}

func (e eventTarget) send(ctx context.Context, t terminal, req web.EventRequest) error {
	var answer web.RaisedEvent
	if err := e.ask(ctx, "POST", "", req, &answer); err != nil {
		return err
	}
	if *e.asJSON {
		return printJSON(t.out, answer)
	}
	printEvent(t.out, answer.Event)
	fmt.Fprintf(t.out, "footage: %s\n", answer.Footage)
	return nil
}

func printEvent(w io.Writer, e web.Event) {
	end := "lasts"
	if e.End != nil {
		end = e.End.Format(time.RFC3339)
	}
	fmt.Fprintf(w, "%s  %s  %s  %s  %s\n", e.ID, e.Start.Format(time.RFC3339), end, e.Kind, strings.Join(strings.Fields(e.Source+" "+e.Topic+" "+e.Text), " "))
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

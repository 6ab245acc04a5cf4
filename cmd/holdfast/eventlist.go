package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// maxMarked is how many events one request marks.
const maxMarked = 500

// eventList lists events: of one camera, oldest first, or of all of them, newest first, with what of them is reviewed.
func eventList(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "event list", "[--camera ID | --cameras LIST] [--removed] [--from TIME] [--to TIME] [--kinds LIST] [--text TEXT] [--unreviewed] [--most N] [--json]")
	e := eventTarget{target: x, camera: x.fs.String("camera", "", "the `ID` of one camera, all of whose events are listed, oldest first")}
	from := x.fs.String("from", "", "begin of the range, as 2026-03-01T08:00:00Z; a day ago when left out")
	to := x.fs.String("to", "", "end of the range; now when left out")
	cameras := x.fs.String("cameras", "", "`IDS` of cameras, separated by commas; all when left out")
	kinds := x.fs.String("kinds", "", "only these `KINDS`, separated by commas, such as motion,line-crossing")
	text := x.fs.String("text", "", "only those in whose kind, source or text it is")
	removed := x.fs.Bool("removed", false, "also of the cameras that are there no longer")
	unreviewed := x.fs.Bool("unreviewed", false, "only those that the command line on this machine has not marked as reviewed")
	most := x.fs.Int("most", 1000, "how many are listed at most; not with --camera alone")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	now := time.Now().UTC()
	q := url.Values{"from": {now.AddDate(0, 0, -1).Format(time.RFC3339)}, "to": {now.Add(time.Second).Format(time.RFC3339)}}
	if *from != "" {
		q.Set("from", *from)
	}
	if *to != "" {
		q.Set("to", *to)
	}
	chosen := *cameras != "" || *kinds != "" || *text != "" || *unreviewed
	if *e.camera != "" && !chosen {
		return e.listAll(ctx, t, q)
	}
	if *e.camera != "" {
		*cameras = *e.camera
	}
	for name, value := range map[string]string{"cameras": *cameras, "kinds": *kinds, "text": *text} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, yes := range map[string]bool{"unreviewed": *unreviewed, "removed": *removed} {
		if yes {
			q.Set(name, "1")
		}
	}
	return x.listNewest(ctx, t, q, *most)
}

// listAll lists what one camera's list has.
func (e eventTarget) listAll(ctx context.Context, t terminal, q url.Values) error {
	list := []web.Event{}
	if err := e.ask(ctx, "GET", "?"+q.Encode(), nil, &list); err != nil {
		return err
	}
	if *e.asJSON {
		return printJSON(t.out, list)
	}
	for _, one := range list {
		printEvent(t.out, one)
	}
	fmt.Fprintf(t.out, "%d events\n", len(list))
	return nil
}

// listNewest asks for page after page until there are enough.
func (x target) listNewest(ctx context.Context, t terminal, q url.Values, most int) error {
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	list, next, out := []web.ListedEvent{}, "", 0
	for {
		q.Set("limit", strconv.Itoa(max(1, min(most-len(list), 200))))
		if next != "" {
			q.Set("before", next)
		}
		var page web.EventPage
		if err := l.call(ctx, "GET", "/api/v1/events?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		list, out = append(list, page.Events...), page.LeftOut
		if next = page.Next; next == "" || len(list) >= most {
			break
		}
	}
	if *x.asJSON {
		return printJSON(t.out, list)
	}
	for _, one := range list {
		seen := "new"
		if one.Reviewed {
			seen = "reviewed"
		}
		fmt.Fprintf(t.out, "%-8s  %s  ", seen, one.Camera)
		printEvent(t.out, one.Event)
	}
	fmt.Fprintf(t.out, "%d events\n", len(list))
	if out > 0 {
		fmt.Fprintf(t.out, "%d cameras are not looked at: --cameras LIST names up to 64\n", out)
	}
	if next != "" {
		fmt.Fprintln(t.out, "there are more; --most N lists more of them, --to TIME older ones")
	}
	return nil
}

// eventReviewed marks events as reviewed by the command line on this machine, or as not.
func eventReviewed(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "event reviewed", "--camera ID --ids LIST [--not] [--json]")
	camera := x.fs.String("camera", "", "the `ID` of the camera")
	ids := x.fs.String("ids", "", "the `IDS` of the events, separated by commas, as event list prints them")
	not := x.fs.Bool("not", false, "they are to be looked at again")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	switch {
	case *camera == "":
		return errors.New("--camera is missing")
	case *ids == "":
		return errors.New("--ids is missing: event list prints the ids")
	}
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	yes, all := !*not, web.Reviewed{}
	for some := range slices.Chunk(strings.Split(*ids, ","), maxMarked) {
		req := web.ReviewRequest{Reviewed: &yes}
		for _, id := range some {
			req.Events = append(req.Events, web.EventName{Camera: *camera, ID: id})
		}
		body, err := json.Marshal(req)
		if err != nil {
			return err
		}
		var done web.Reviewed
		if err := l.call(ctx, "PUT", "/api/v1/events/reviewed", bytes.NewReader(body), &done); err != nil {
			return err
		}
		all.Marked, all.Gone = all.Marked+done.Marked, all.Gone+done.Gone
	}
	if *x.asJSON {
		return printJSON(t.out, all)
	}
	fmt.Fprintf(t.out, "%d marked, %d are no more\n", all.Marked, all.Gone)
	return nil
}

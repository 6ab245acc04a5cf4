package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
)

// erasePoll is the time between two looks at an erasure that is under way.
const erasePoll = 500 * time.Millisecond

// erase erases footage, or lists what was erased: through the gateway while it runs, on the files when it does not.
func erase(ctx context.Context, t terminal, args []string) error {
	if len(args) > 0 && args[0] == "list" {
		return eraseList(ctx, t, args[1:])
	}
	k := keptOptions(t, "erase", "--camera ID --from TIME --to TIME --reason GROUND [--stream ID] [--now] [--json], or erase list")
	camera := k.fs.String("camera", "", "the `ID` of the camera")
	from := k.fs.String("from", "", "begin of what is erased, as 2026-03-01T08:00:00Z")
	to := k.fs.String("to", "", "end of what is erased")
	reason := k.fs.String("reason", "", "the `GROUND`: subject request, unlawful, breach of agreement, purpose ended, legal order or test footage")
	stream := k.fs.String("stream", "", "only the stream of this `ID`")
	now := k.fs.Bool("now", false, "destroy the keys now, instead of within the hour, and wait for the receipt")
	if err := parse(k.fs, args); err != nil {
		return err
	}
	begin, err := time.Parse(time.RFC3339Nano, *from)
	if err != nil {
		return fmt.Errorf("--from: %q is no time of RFC 3339", *from)
	}
	end, err := time.Parse(time.RFC3339Nano, *to)
	if err != nil {
		return fmt.Errorf("--to: %q is no time of RFC 3339", *to)
	}
	if _, err := storage.ParseGround(*reason); err != nil {
		return fmt.Errorf("--reason: %w", err)
	}
	req := web.ErasureRequest{Camera: *camera, From: begin, To: end, Ground: *reason}
	if *stream != "" {
		req.Streams = []string{*stream}
	}
	return k.with(ctx, t, func(g keeping) error {
		e, err := eraseAndWait(ctx, t, g, req, *now)
		if err != nil {
			return err
		}
		if *k.asJSON {
			return printJSON(t.out, e)
		}
		return printErasure(t.out, e)
	})
}

// eraseAndWait orders an erasure and waits for its end, and for the destruction of the keys when that is to be now.
func eraseAndWait(ctx context.Context, t terminal, g keeping, req web.ErasureRequest, now bool) (storage.Erasure, error) {
	e, err := g.EraseFootage(ctx, req)
	if errors.Is(err, web.ErrNotFound) {
		return e, fmt.Errorf("nothing is known of a camera %q", req.Camera)
	}
	for said := ""; err == nil && e.Done.IsZero(); {
		if e.Waiting != said {
			said = e.Waiting
			fmt.Fprintf(t.err, "erasure %s waits: %s\n", e.ID, said)
		}
		select {
		case <-ctx.Done():
			return e, fmt.Errorf("the erasure %s is under way and goes on: %w", e.ID, ctx.Err())
		case <-time.After(erasePoll):
		}
		e, err = g.FootageErasure(e.ID)
	}
	if err != nil || !now {
		return e, err
	}
	if err := g.SweepKeys(ctx); err != nil {
		return e, err
	}
	return g.FootageErasure(e.ID)
}

func eraseList(ctx context.Context, t terminal, args []string) error {
	k := keptOptions(t, "erase list", "[--camera ID] [--json]")
	camera := k.fs.String("camera", "", "only of the camera of this `ID`")
	if err := parse(k.fs, args); err != nil {
		return err
	}
	return k.with(ctx, t, func(g keeping) error {
		list, err := g.FootageErasures(*camera)
		if err != nil {
			return err
		}
		if *k.asJSON {
			return printJSON(t.out, list)
		}
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tCAMERA\tFROM\tTO\tGROUND\tORDERED\tDONE\tKEYS DESTROYED")
		for _, e := range list {
			done, keys := "under way", "no"
			if !e.Done.IsZero() {
				done = e.Done.Format(time.RFC3339)
			}
			if e.Receipt != nil {
				keys = e.Receipt.At.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.Camera, e.From.Format(time.RFC3339), e.To.Format(time.RFC3339), e.Ground, e.Requested.Format(time.RFC3339), done, keys)
		}
		return table.Flush()
	})
}

func printErasure(w io.Writer, e storage.Erasure) error {
	fmt.Fprintf(w, "Erased: %d segments as a whole, %d in part; %.1f MB. Erasure %s.\n", e.Segments, e.Rewritten, float64(e.Bytes)/1e6, e.ID)
	for _, x := range e.Erased {
		fmt.Fprintf(w, "  %s  %s to %s\n", x.Stream, x.Start.Format(time.RFC3339Nano), x.End.Format(time.RFC3339Nano))
	}
	if r := e.Receipt; r != nil {
		fmt.Fprintf(w, "Keys destroyed %s, generation %d to %d, strength %s.\n", r.At.UTC().Format(time.RFC3339), r.From, r.To, r.Strength)
		for _, a := range r.Away {
			fmt.Fprintf(w, "  Not yet on %s: %s. It is done when that is back.\n", a.Copy, a.Cause)
		}
	}
	_, err := fmt.Fprintln(w, e.Means)
	return err
}

func (r *remoteKeeping) EraseFootage(ctx context.Context, req web.ErasureRequest) (e storage.Erasure, err error) {
	b, err := json.Marshal(req)
	if err != nil {
		return e, err
	}
	err = r.l.call(ctx, "POST", "/api/v1/erasures", bytes.NewReader(b), &e)
	return e, err
}

func (r *remoteKeeping) FootageErasures(camera string) (list []storage.Erasure, err error) {
	path := "/api/v1/erasures"
	if camera != "" {
		path += "?" + url.Values{"camera": {camera}}.Encode()
	}
	err = r.l.call(r.ctx, "GET", path, nil, &list)
	return list, err
}

func (r *remoteKeeping) FootageErasure(id string) (e storage.Erasure, err error) {
	err = r.l.call(r.ctx, "GET", "/api/v1/erasures/"+url.PathEscape(id), nil, &e)
	return e, err
}

func (r *remoteKeeping) SweepKeys(ctx context.Context) error {
	return r.l.call(ctx, "POST", "/api/v1/erasures/sweep", nil, nil)
}

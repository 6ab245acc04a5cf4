package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"text/tabwriter"
	"time"

	"holdfast/gateway"
	"holdfast/gateway/web"
)

// lock makes, lists and ends locks: through the gateway while it runs, on the files when it does not.
func lock(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "lock", args, verb{"add", lockAdd}, verb{"list", lockList}, verb{"remove", lockRemove})
}

// keeping is what commands ask about what is kept.
type keeping interface {
	web.Locks
	web.Erasures
	Retention() ([]web.Kept, error)
}

// keptTarget is which gateway a command about what is kept is for.
type keptTarget struct{ target }

func keptOptions(t terminal, name, more string) keptTarget {
	return keptTarget{targetOptions(t, name, more)}
}

// with calls f with the running gateway, or with one on the files.
func (k keptTarget) with(ctx context.Context, t terminal, f func(keeping) error) error {
	l, conf, err := k.reach(ctx)
	switch {
	case err != nil:
		return err
	case l != nil:
		return f(&remoteKeeping{ctx: ctx, l: l})
	}
	return gateway.OnFiles(ctx, conf, slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelError})), func(g *gateway.Gateway) error { return f(g) })
}

// localOwner is whose a lock is that is made on the files; the running gateway knows by itself who asks.
const localOwner = "local"

func lockAdd(ctx context.Context, t terminal, args []string) error {
	k := keptOptions(t, "lock add", "--camera ID --from TIME --to TIME --until TIME --reason TEXT [--json]")
	camera := k.fs.String("camera", "", "the `ID` of the camera; all its streams are kept")
	from := k.fs.String("from", "", "begin of what is kept, as 2026-03-01T08:00:00Z")
	to := k.fs.String("to", "", "end of what is kept")
	until := k.fs.String("until", "", "when the lock ends by itself")
	reason := k.fs.String("reason", "", "why it is kept; it is kept sealed")
	if err := parse(k.fs, args); err != nil {
		return err
	}
	req := web.LockRequest{Camera: *camera, Reason: *reason}
	for _, at := range []struct {
		name, text string
		into       *time.Time
	}{{"from", *from, &req.From}, {"to", *to, &req.To}, {"until", *until, &req.Until}} {
		when, err := time.Parse(time.RFC3339Nano, at.text)
		if err != nil {
			return fmt.Errorf("--%s: %q is no time of RFC 3339", at.name, at.text)
		}
		*at.into = when
	}
	if *camera == "" || *reason == "" {
		return errors.New("--camera or --reason is missing")
	}
	return k.with(ctx, t, func(g keeping) error {
		l, err := g.LockFootage(ctx, localOwner, req)
		if err != nil {
			return err
		}
		return k.printLocks(t.out, []web.Lock{l})
	})
}

func lockList(ctx context.Context, t terminal, args []string) error {
	k := keptOptions(t, "lock list", "[--camera ID] [--from TIME] [--to TIME] [--json]")
	camera := k.fs.String("camera", "", "only of the camera of this `ID`")
	from := k.fs.String("from", "1971-01-01T00:00:00Z", "begin of the range, as 2026-03-01T08:00:00Z")
	to := k.fs.String("to", "2199-01-01T00:00:00Z", "end of the range")
	if err := parse(k.fs, args); err != nil {
		return err
	}
	begin, err := time.Parse(time.RFC3339Nano, *from)
	end, err2 := time.Parse(time.RFC3339Nano, *to)
	if err = errors.Join(err, err2); err != nil {
		return fmt.Errorf("--from or --to is no time of RFC 3339: %w", err)
	}
	return k.with(ctx, t, func(g keeping) error {
		list, err := g.FootageLocks(*camera, begin, end)
		if err != nil {
			return err
		}
		return k.printLocks(t.out, list)
	})
}

func lockRemove(ctx context.Context, t terminal, args []string) error {
	k := keptOptions(t, "lock remove", "ID")
	if err := k.fs.Parse(args); err != nil {
		return err
	}
	if k.fs.NArg() != 1 {
		return fmt.Errorf("name one lock, behind the options (holdfast %s -h lists them)", k.fs.Name())
	}
	return k.with(ctx, t, func(g keeping) error {
		err := g.UnlockFootage(ctx, k.fs.Arg(0))
		if errors.Is(err, web.ErrNotFound) {
			return fmt.Errorf("there is no lock %q that holds", k.fs.Arg(0))
		}
		return err
	})
}

func (k keptTarget) printLocks(w io.Writer, list []web.Lock) error {
	if *k.asJSON {
		return printJSON(w, list)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tCAMERA\tFROM\tTO\tUNTIL\tOWNER\tREASON")
	for _, l := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, l.Camera, l.From.Format(time.RFC3339), l.To.Format(time.RFC3339), l.Until.Format(time.RFC3339), l.Owner, l.Reason)
	}
	return table.Flush()
}

// retention prints how long the footage of each camera is kept.
func retention(ctx context.Context, t terminal, args []string) error {
	k := keptOptions(t, "retention", "[--json]")
	if err := parse(k.fs, args); err != nil {
		return err
	}
	var list []web.Kept
	err := k.with(ctx, t, func(g keeping) (err error) {
		list, err = g.Retention()
		return err
	})
	if err != nil {
		return err
	}
	if *k.asJSON {
		err = printJSON(t.out, list)
	} else {
		err = printKept(t.out, list)
	}
	for _, one := range list {
		if one.Short || one.BrokenUntil != nil {
			return errors.Join(err, errFindings)
		}
	}
	return err
}

func printKept(w io.Writer, list []web.Kept) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CAMERA\tOLDEST\tGB A DAY\t")
	for _, k := range list {
		oldest := "none"
		if k.Oldest != nil {
			oldest = k.Oldest.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%.1f\t%s\n", k.Camera, oldest, k.Rate*86400/1e9, k.Says)
	}
	return table.Flush()
}

// clock says that the machine's clock is right.
func clock(ctx context.Context, t terminal, args []string) error {
	if len(args) == 0 || args[0] != "confirm" {
		return errors.New("say confirm (holdfast clock confirm -h lists the options)")
	}
	k := keptOptions(t, "clock confirm", "")
	if err := parse(k.fs, args[1:]); err != nil {
		return err
	}
	dir, err := dataDir(*k.file, *k.data)
	if err != nil {
		return err
	}
	l, err := dialLocal(ctx, dir)
	if err != nil { // each process looks at the clock anew: without one there is nobody to tell
		return err
	}
	return l.call(ctx, "POST", "/api/v1/clock/confirm", nil, nil)
}

// remoteKeeping is the running gateway.
type remoteKeeping struct {
	ctx context.Context // of the command
	l   *local
}

func (r *remoteKeeping) LockFootage(ctx context.Context, _ string, req web.LockRequest) (l web.Lock, err error) {
	b, err := json.Marshal(req)
	if err != nil {
		return l, err
	}
	err = r.l.call(ctx, "POST", "/api/v1/locks", bytes.NewReader(b), &l)
	return l, err
}

func (r *remoteKeeping) UnlockFootage(ctx context.Context, id string) error {
	return r.l.call(ctx, "DELETE", "/api/v1/locks/"+url.PathEscape(id), nil, nil)
}

func (r *remoteKeeping) FootageLocks(camera string, from, to time.Time) (list []web.Lock, err error) {
	q := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	if camera != "" {
		q.Set("camera", camera)
	}
	err = r.l.call(r.ctx, "GET", "/api/v1/locks?"+q.Encode(), nil, &list)
	return list, err
}

func (r *remoteKeeping) Retention() (list []web.Kept, err error) {
	err = r.l.call(r.ctx, "GET", "/api/v1/retention", nil, &list)
	return list, err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast/gateway"
	"holdfast/gateway/audit"
	"holdfast/gateway/web"
)

// auditCommand shows, verifies and exports the audit log: through the gateway while it runs, on the files when it does not.
func auditCommand(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "audit", args, verb{"show", auditShow}, verb{"verify", auditVerify}, verb{"export", auditExport})
}

// auditQuery is what the command line of audit show asks for.
type auditQuery struct {
	person, camera, action, outcome, from, to, watched, at *string
	limit                                                  *int
}

func auditShow(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "audit show", "[--person ID] [--camera ID] [--action NAME] [--outcome done|refused|failed] [--from TIME] [--to TIME] [--limit N] | --watched CAMERA --at TIME [--json]")
	q := auditQuery{person: x.fs.String("person", "", "only what the person of this `ID` did"), camera: x.fs.String("camera", "", "only of the camera of this `ID`"),
		action: x.fs.String("action", "", "only this action `NAME`, or those that begin so: live finds live.start and live.end"), outcome: x.fs.String("outcome", "", "only what was done, refused or failed"),
		from: x.fs.String("from", "", "only from this `TIME` on, as 2026-03-01T08:00:00Z"), to: x.fs.String("to", "", "only before this `TIME`"), limit: x.fs.Int("limit", 100, "at most `N` entries"),
		watched: x.fs.String("watched", "", "who saw what this `CAMERA` showed at the time --at"), at: x.fs.String("at", "", "the `TIME` for --watched")}
	if err := parse(x.fs, args); err != nil {
		return err
	}
	l, conf, err := x.reach(ctx)
	if err != nil {
		return err
	}
	if l == nil {
		r, done, err := gateway.AuditFiles(conf, slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
		if err != nil {
			return err
		}
		defer done()
		return q.show(t, *x.asJSON, auditOnFiles{ctx, r})
	}
	return q.show(t, *x.asJSON, auditOfGateway{ctx, l})
}

// auditSource is where entries come from.
type auditSource interface {
	page(q url.Values) (web.AuditPage, error)
	watched(camera string, at time.Time) (web.AuditWatched, error)
}

func (q auditQuery) show(t terminal, asJSON bool, from auditSource) error {
	if *q.watched != "" {
		at, err := time.Parse(time.RFC3339Nano, *q.at)
		if err != nil {
			return fmt.Errorf("--at: %q is no time of RFC 3339", *q.at)
		}
		w, err := from.watched(*q.watched, at)
		if err != nil {
			return err
		}
		return printWatched(t.out, w, asJSON)
	}
	if *q.limit < 1 {
		return errors.New("--limit must be at least 1")
	}
	values := url.Values{}
	for name, v := range map[string]*string{"person": q.person, "camera": q.camera, "action": q.action, "outcome": q.outcome, "since": q.from, "before": q.to} {
		if *v != "" {
			values.Set(name, *v)
		}
	}
	entries := []web.AuditEntry{}
	for len(entries) < *q.limit {
		values.Set("limit", fmt.Sprint(min(*q.limit-len(entries), 500)))
		page, err := from.page(values)
		if err != nil {
			return err
		}
		entries = append(entries, page.Entries...)
		if page.Next == "" {
			break
		}
		values.Set("cursor", page.Next)
	}
	if asJSON {
		return printJSON(t.out, entries)
	}
	return printEntries(t.out, entries)
}

// auditOfGateway asks the running gateway.
type auditOfGateway struct {
	ctx context.Context
	l   *local
}

func (g auditOfGateway) page(q url.Values) (p web.AuditPage, err error) {
	return p, g.l.call(g.ctx, "GET", "/api/v1/audit?"+q.Encode(), nil, &p)
}

func (g auditOfGateway) watched(camera string, at time.Time) (w web.AuditWatched, err error) {
	q := url.Values{"camera": {camera}, "at": {at.UTC().Format(time.RFC3339Nano)}}
	return w, g.l.call(g.ctx, "GET", "/api/v1/audit/watched?"+q.Encode(), nil, &w)
}

// auditOnFiles reads the files.
type auditOnFiles struct {
	ctx context.Context
	r   *audit.Reader
}

func (f auditOnFiles) page(values url.Values) (p web.AuditPage, err error) {
	q, err := web.AuditQuery(values)
	if err != nil {
		return p, err
	}
	page, err := f.r.Search(f.ctx, q)
	if err != nil {
		return p, err
	}
	return web.AuditPageOf(page), nil
}

func (f auditOnFiles) watched(camera string, at time.Time) (web.AuditWatched, error) {
	v, err := f.r.Watched(f.ctx, camera, at)
	if err != nil {
		return web.AuditWatched{}, err
	}
	return web.AuditWatchedOf(v), nil
}

func printEntries(w io.Writer, list []web.AuditEntry) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tACTION\tOUTCOME\tWHO\tFROM\tCAMERA\tWHAT")
	for i := range list {
		e := &list[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Time.Format(time.RFC3339), e.Action, e.Outcome, whoOf(e), e.Address, e.Camera, whatOf(e))
	}
	return table.Flush()
}

func whoOf(e *web.AuditEntry) string {
	for _, name := range []string{e.Name, e.Person, e.Kind} {
		if name != "" {
			return name
		}
	}
	return "nobody"
}

func whatOf(e *web.AuditEntry) string {
	var parts []string
	if !e.From.IsZero() {
		parts = append(parts, "footage "+e.From.Format(time.RFC3339)+" to "+e.To.Format(time.RFC3339))
	}
	for _, p := range []string{e.Target, e.Subject, e.Reason} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

func printWatched(w io.Writer, v web.AuditWatched, asJSON bool) error {
	if asJSON {
		return printJSON(w, v)
	}
	fmt.Fprintf(w, "Watched live then: %d. Watched or took the recording since: %d.\n", len(v.Live), len(v.Recorded))
	if !v.Since.IsZero() {
		fmt.Fprintf(w, "Entries from before %s are deleted.\n", v.Since.Format(time.RFC3339))
	}
	var list []web.AuditEntry
	for _, viewing := range append(v.Live, v.Recorded...) {
		list = append(list, viewing.Entry)
	}
	return printEntries(w, list)
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"holdfast/gateway/egress"
	"holdfast/gateway/web"
)

// connections lists every connection that the running gateway can make, and what it refused.
func connections(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "connections", "[--json]")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	var c web.Connections
	if err := l.call(ctx, "GET", "/api/v1/connections", nil, &c); err != nil {
		return err
	}
	if *x.asJSON {
		return printJSON(t.out, c)
	}
	return printConnections(t.out, c)
}

func printConnections(w io.Writer, c web.Connections) error {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "FOR\tCAMERA\tWHERE\tOPEN\tMADE\tSENT\tRECEIVED")
	for _, x := range c.Connections {
		targets := x.Targets
		if len(targets) == 0 {
			targets = []egress.Target{{Address: "-"}}
		}
		for _, to := range targets {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", x.Name, cmp.Or(x.Camera, "-"), to.Address, to.Open, to.Opened, to.Sent, to.Received)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThere are no others: no updates, no telemetry, no time servers, no STUN. Refused since the start: %d\n", c.Refused)
	tw = tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, r := range c.Refusals {
		fmt.Fprintf(tw, "%s\t%s\t%q\t%s\t%d times\n", r.Kind, cmp.Or(r.Camera, r.Class), r.Address, r.Why, r.Count)
	}
	return tw.Flush()
}

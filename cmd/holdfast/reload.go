package main

import (
	"context"
	"fmt"

	"holdfast/gateway/web"
)

// reload has the running gateway read its configuration file again, and says what came of it.
func reload(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "reload", "[--json]")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	var r web.Reload
	if err := l.call(ctx, "POST", "/api/v1/config/reload", nil, &r); err != nil {
		return err
	}
	if *x.asJSON {
		return printJSON(t.out, r)
	}
	fmt.Fprintln(t.out, r.Says)
	for _, w := range r.Warnings {
		fmt.Fprintln(t.out, w)
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"holdfast/scripts/rig"
)

// access runs the benchmarks that the gate, the leases and the audit log keep of themselves: the same request with and without the gate,
// what is written to the log of it, and what is looked at each minute of 20 streams that run.
func access(ctx context.Context, _ *rig.Bench, o options) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "Access", "-benchmem", "-count", fmt.Sprint(o.repeat), "holdfast/gateway/web", "holdfast/gateway/auth")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

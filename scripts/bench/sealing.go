package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"holdfast/scripts/rig"
)

// encryption runs the benchmarks of what is done to every recorded byte: a fragment in clear and encrypted, and its digest.
// It says first whether the processor has instructions for them, without which they cost several times as much.
func encryption(ctx context.Context, _ *rig.Bench, o options) error {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return err
	}
	words := strings.Fields(string(data))
	for _, f := range []string{"aes", "vaes", "pclmulqdq", "sha_ni", "sha1", "sha2"} { // sha1 and sha2 are arm64's
		if slices.Contains(words, f) {
			fmt.Printf("the processor has %s\n", f)
		}
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "AppendFragment/(sealed|protected)|Leaf", "-count", fmt.Sprint(o.repeat), "holdfast/storage", "holdfast/storage/fmp4")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

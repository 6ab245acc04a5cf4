package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/scripts/rig"
)

// encryption runs the benchmarks of what is done to every recorded byte: a fragment in clear and encrypted, and its digest.
// It says first whether the processor has instructions for them, without which they cost several times as much. Then it
// records, with both and without.
func encryption(ctx context.Context, b *rig.Bench, o options) error {
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
	if err := cmd.Run(); err != nil {
		return err
	}
	return recordingSealed(ctx, b, o)
}

// inClear are the settings that switch encryption off.
const inClear = "encryption: {at_rest: false}\n"

// recordingSealed records the streams with encryption and digests, without the one, without the other, and without both,
// against the same RTSP library reading and throwing away.
func recordingSealed(ctx context.Context, b *rig.Bench, o options) error {
	if err := b.Build(ctx, "scripts/bench/discard"); err != nil {
		return err
	}
	if err := buildUnhashed(ctx, b); err != nil {
		return err
	}
	clip, err := b.Clip("rate4000", clipLength, 2*time.Second, streamRate)
	if err != nil {
		return err
	}
	list := []contender{
		{"both", holdfastWith("holdfast", "")},
		{"no encryption", holdfastWith("holdfast", inClear)},
		{"no digest", holdfastWith("unhashed", "")},
		{"neither", holdfastWith("unhashed", inClear)},
		{"library alone", startDiscard},
	}
	for _, n := range o.streams {
		if err := recordSealed(ctx, b, o, clip, list, n); err != nil {
			return err
		}
	}
	return nil
}

func recordSealed(ctx context.Context, b *rig.Bench, o options, clip string, list []contender, n int) error {
	street, err := b.Street(clip, n)
	if err != nil {
		return err
	}
	defer street.Kill()
	info, err := os.Stat(clip)
	if err != nil {
		return err
	}
	results := make([]result, len(list))
	for range o.repeat {
		for i, c := range list { // in turn, so that a busy minute of the machine hits all of them
			if err := results[i].measure(ctx, b, o, c, street.URLs, float64(info.Size())/clipLength.Seconds()); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	fmt.Printf("\n%d streams, %s each, median of %d (lowest to highest):\n%-15s %s\n", n, o.window, o.repeat, "", "CPU s per stream-minute")
	for i, c := range list {
		fmt.Printf("%-15s %s\n", c.name, results[i].cpu)
	}
	for i, what := range []string{"encryption", "digest", "both"} {
		fmt.Printf("CPU with %s / without   %s\n", what, results[0].cpu.per(results[i+1].cpu))
	}
	fmt.Printf("CPU of recording / library alone   %s\n", results[0].cpu.per(results[4].cpu))
	return nil
}

// holdfastWith starts a build of the recorder with more settings.
func holdfastWith(program, extra string) func(context.Context, *rig.Bench, []string) ([]int, func(), error) {
	return func(ctx context.Context, b *rig.Bench, urls []string) ([]int, func(), error) {
		return startRecorder(ctx, b, urls, program, extra)
	}
}

// unhashed is storage/digest.go's hasher without the hashing. The product has no setting for this.
const unhashed = `func (d *hasher) leaf(salt [16]byte, payload []byte) (leaf [32]byte) { return leaf }
`

// buildUnhashed builds a recorder whose fragments have no digest, by laying another file over the one that makes them.
func buildUnhashed(ctx context.Context, b *rig.Bench) error {
	file, err := filepath.Abs("storage/digest.go")
	if err != nil {
		return err
	}
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(source), "func (d *hasher) leaf(")
	_, after, ends := strings.Cut(rest, "\n}\n")
	if !ok || !ends {
		return fmt.Errorf("%s has no function leaf to replace", file)
	}
	replaced, overlay := b.Path("digest.go"), b.Path("overlay.json")
	if err := os.WriteFile(replaced, []byte(before+unhashed+after), 0o600); err != nil {
		return err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: replaced}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", b.Path("unhashed"), "./cmd/holdfast")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

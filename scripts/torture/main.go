// Command torture does to the recorder what the world does to it, measures what is lost, and fails when more is lost than
// was promised. It drives the real program through its public API; the cameras are processes of their own that go on.
//
//	go run ./scripts/torture [--short] [--kills N] [--cuts N] [--modes LIST] [--faults LIST] [--dir DIR] [--seed N]
//
// Modes:
//
//	kill        kill -9 at N random moments while six cameras record, and start again: at most 1 s of received frames is
//	            lost; the gap has its cause; holdfast check is clean; nothing that was on the disk before is lost
//	camera-off  a camera is gone for 2 s: what is lost beyond that is reconnecting and waiting for a key frame
//	gstreamer   the same with GStreamer's RTSP server and 4 s between key frames
//	disk-full, read-only, vanished
//	            the volume, an ext4 image on a loop device (needs root), fails and comes back: the API says so, live view
//	            goes on, recording resumes by itself. What the memory can hold meanwhile is not lost; a volume that is
//	            away for longer leaves a gap with its cause.
//	trouble     eight cameras record on one volume, and then on two, of which one is full, goes read-only, answers with
//	            I/O errors, vanishes, is swapped for another recorder's, or blocks for a minute (needs root): picture by
//	            picture, what a camera sent and is not stored is what the gaps report; live view goes on; holdfast check
//	            --level hash is clean. --faults picks some of them
//	mirrored    the same with four cameras of which both volumes have everything, and either fails: no picture is lost, there is
//	            no gap, and in the end both volumes have the same files
//	power       what lies on the disk at N random moments while six cameras record is the disk after a power cut: the ext4
//	            image lies on a file system with reflinks, and is cloned in an instant (needs root). holdfast check is clean,
//	            every frame older than the sync interval is there, and what is missing is a gap with its cause
//	card        a camera with a card of its own is off the network for 60 s, twice, and the recorder is killed while it fetches what was
//	            lost: in the end each picture is there once. It runs beside the others
//	syscalls    each system call by which footage reaches the disk fails, waits, or is the last before kill -9 (needs root
//	            and strace): nothing is lost or the gap has its cause, holdfast check is clean. --faults picks some of them
//
// Every measure is printed as it is made, and at the end as median, 95th percentile and maximum. The exit code is 1 when
// a promise was broken, 2 when the torture could not be run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"holdfast/scripts/rig"
)

// errCannot says that a mode cannot be run on this machine. It is told, and is no failure.
var errCannot = errors.New("cannot be run here")

// torture is one run.
type torture struct {
	bench   *rig.Bench
	random  *rand.Rand
	kills   int
	offs    int           // how often a camera is switched off
	away    time.Duration // how long a volume fails
	cuts    int           // of the power
	brief   bool          // --short
	faults  []string      // of the modes trouble and syscalls; empty: all
	mu      sync.Mutex    // guards what follows
	broken  []string
	reports []report
}

// mode is one kind of torture.
type mode struct {
	name  string
	short bool // part of --short
	run   func(*torture, context.Context) error
}

var modes = []mode{
	{"kill", true, (*torture).killRecorder},
	{"camera-off", true, (*torture).cameraOff},
	{"gstreamer", false, (*torture).gstreamerOff},
	{"disk-full", true, (*torture).diskFull},
	{"read-only", false, (*torture).readOnly},
	{"vanished", true, (*torture).vanished},
	{"trouble", true, (*torture).trouble},
	{"mirrored", false, (*torture).mirroredTrouble},
	{"power", true, (*torture).powerCuts},
	{"syscalls", true, (*torture).systemCalls},
}

// beside are run beside the others: they wait for a camera, and ask next to nothing of the disk, whose load decides what the others lose.
var beside = []mode{{"card", true, (*torture).card}}

func main() {
	short := flag.Bool("short", false, "a few minutes' worth of it")
	kills := flag.Int("kills", 50, "how often the recorder is killed")
	cuts := flag.Int("cuts", 500, "how often the power is cut")
	wanted := flag.String("modes", "", "comma-separated `LIST` of modes (default: all)")
	dir := flag.String("dir", "", "work in `DIR` and leave it for inspection")
	faults := flag.String("faults", "", "comma-separated `LIST` of kinds of trouble, or of system calls (default: all)")
	seed := flag.Uint64("seed", 0, "of the random moments (default: a new one, which is printed)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, *short, *kills, *cuts, *wanted, *faults, *dir, *seed)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, short bool, kills, cuts int, wanted, faults, dir string, seed uint64) int {
	if seed == 0 {
		seed = rand.Uint64()
	}
	fmt.Printf("seed %d\n", seed)
	t := &torture{random: rand.New(rand.NewPCG(seed, 0)), kills: kills, cuts: cuts, offs: 5, away: 45 * time.Second, brief: short}
	if faults != "" {
		t.faults = strings.Split(faults, ",")
	}
	if short {
		t.kills, t.cuts, t.offs, t.away = min(kills, 5), min(cuts, 6), 2, calm
	}
	var err error
	if t.bench, err = rig.New(ctx, dir); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		return 2
	}
	defer t.bench.Close()
	picked := func(m mode) bool {
		return wanted == "" && (m.short || !short) || slices.Contains(strings.Split(wanted, ","), m.name)
	}
	var waits sync.WaitGroup
	for _, m := range beside {
		if picked(m) {
			waits.Go(func() { t.mode(ctx, m) })
		}
	}
	for _, m := range modes {
		if ctx.Err() == nil && picked(m) {
			t.mode(ctx, m)
		}
	}
	waits.Wait()
	return t.finish(ctx)
}

// mode runs one.
func (t *torture) mode(ctx context.Context, m mode) {
	fmt.Printf("\n== %s\n", m.name)
	err := m.run(t, ctx)
	switch {
	case errors.Is(err, errCannot):
		fmt.Printf("%s: %v\n", m.name, err)
	case err != nil:
		t.promise(false, "%s: %v", m.name, err)
	}
}

// finish prints what was measured and which promises were broken.
func (t *torture) finish(ctx context.Context) int {
	fmt.Printf("\n%-44s %5s %9s %9s %9s\n", "seconds", "n", "median", "p95", "max")
	for _, r := range t.reports {
		fmt.Println(r.line())
	}
	if ctx.Err() != nil {
		fmt.Println("\ninterrupted")
		return 2
	}
	for _, b := range t.broken {
		fmt.Println("BROKEN:", b)
	}
	fmt.Printf("\n%d promises broken\n", len(t.broken))
	if len(t.broken) > 0 {
		return 1
	}
	return 0
}

// promise notes what was broken unless it was kept.
func (t *torture) promise(kept bool, format string, args ...any) {
	if kept {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b := fmt.Sprintf(format, args...)
	fmt.Println("BROKEN:", b)
	t.broken = append(t.broken, b)
}

// measure adds a value to the report of that name.
func (t *torture) measure(name string, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.reports {
		if t.reports[i].name == name {
			t.reports[i].values = append(t.reports[i].values, d)
			return
		}
	}
	t.reports = append(t.reports, report{name: name, values: []time.Duration{d}})
}

// report is one measure with all its values.
type report struct {
	name   string
	values []time.Duration
}

func (r report) line() string {
	v := slices.Sorted(slices.Values(r.values))
	at := func(share float64) float64 { return v[min(int(share*float64(len(v))), len(v)-1)].Seconds() }
	return fmt.Sprintf("%-44s %5d %9.3f %9.3f %9.3f", r.name, len(v), at(0.5), at(0.95), v[len(v)-1].Seconds())
}

// pause waits while something is left alone to happen, which is what torture consists of.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

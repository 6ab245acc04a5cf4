// Command bench measures Holdfast against references that run in the same minutes on the same machine, and prints ratios
// with their noise: absolute figures of one machine say little on another.
//
//	go run ./scripts/bench [--only LIST] [--streams 1,8,32] [--seconds N] [--repeat N]
//
// Benches:
//
//	record   N streams of 4 Mbit/s recorded, against the same RTSP library reading and throwing away, and against
//	         ffmpeg -c copy to disk: CPU, memory, bytes written per byte received
//	viewers  one stream to 1, 20 and 50 WHEP viewers: CPU per viewer, allocations per packet
//	revoke   20 viewers of a person by WebRTC, 20 by live.mp4 and 20 event streams, whose right is taken away in each way that there is:
//	         time to the last packet and to the end of the answer
//	access   what the gate and the audit log cost: of a request, against the route's own work, and of a streamed minute
//	first    from the click to the first decoded picture in Chromium, at 4 s between key frames: of a connection made by hand, of the
//	         viewer's own player, and of one that shows another camera
//	wall     16 sub streams (640×360) on the live page in Chromium: frames shown against frames sent, main-thread time, and how
//	         many frames this machine could decode
//	first    from the click to the first decoded picture in Chromium, at 4 s between key frames
//	timeline  in Chromium: from a click to the first picture in an archive of thirty days (--short: three), 16 small and 4 large pictures played in step
//	         and how far apart they are, scrub pictures per second beside what a bare decoder there decodes, and drawing a year of 32 cameras
//	video    video.mp4 over HTTP against cat of the recorded files
//	index    spans, seek and start in the index of a camera-year and of a camera-century, which is made once and takes
//	         half an hour and 3 GB below the temporary directory; the overview of a year, walked and by a list of spans; making
//	         an index again (the storage package's own benchmarks)
//	readers  how long frames wait until they are safe while 32 streams are recorded onto a full volume whose oldest
//	         footage is deleted: alone, and while 16 ranges are played and everything is downloaded (needs root)
//	retention  segments deleted per second, files and all on ext4 (needs root), and what rounds, forecasts and locks cost in
//	         the index of a camera-century
//	encryption  what the encryption and the digest of a recorded byte cost (the storage packages' own benchmarks),
//	         whether the processor has instructions for them, and N streams recorded with both, one, and none of them
//	sustain  whether 128 streams and more (--streams) are recorded without loss, and what limits them
//	pullpoints  what 100 idle event subscriptions cost, against 100 long polls of net/http
//	extents  of how many pieces files are on a file system that retention has kept full for ten turnovers (needs root),
//	         and how fast it is written then
//
// The cameras are a process of their own. Nothing here fails on a slow machine; a person reads the figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"holdfast/scripts/rig"
)

// options of a run.
type options struct {
	streams []int
	named   bool          // streams were asked for
	window  time.Duration // each measurement
	repeat  int
	short   bool
}

var benches = []struct {
	name string
	run  func(context.Context, *rig.Bench, options) error
}{
	{"record", recording},
	{"viewers", viewers},
	{"revoke", revoke},
	{"access", access},
	{"first", firstPicture},
	{"wall", wall},
	{"timeline", timeline},
	{"video", video},
	{"index", index},
	{"readers", readers},
	{"retention", retention},
	{"encryption", encryption},
	{"sustain", sustain},
	{"pullpoints", pullpoints},
	{"extents", extents},
}

func main() {
	only := flag.String("only", "", "comma-separated `LIST` of benches (default: all)")
	streams := flag.String("streams", "1,8,32", "numbers of streams")
	seconds := flag.Int("seconds", 20, "length of one measurement")
	repeat := flag.Int("repeat", 3, "measurements of each")
	dir := flag.String("dir", "", "work in `DIR` and leave it for inspection")
	short := flag.Bool("short", false, "less of what takes long, where a bench has a shorter form")
	flag.Parse()
	named := false
	flag.Visit(func(f *flag.Flag) { named = named || f.Name == "streams" })
	o := options{named: named, window: time.Duration(*seconds) * time.Second, repeat: *repeat, short: *short}
	for s := range strings.SplitSeq(*streams, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "bench: --streams %s: whole numbers, separated by commas\n", *streams)
			os.Exit(2)
		}
		o.streams = append(o.streams, n)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *only, *dir, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, dir string, o options) error {
	b, err := rig.New(ctx, dir)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, one := range benches {
		if only != "" && !slices.Contains(strings.Split(only, ","), one.name) {
			continue
		}
		fmt.Printf("\n== %s\n", one.name)
		if err := one.run(ctx, b, o); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

// series are the values of one measure.
type series []float64

func (s series) sorted() series { return slices.Sorted(slices.Values(s)) }

func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	v := s.sorted()
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// String is the median and the noise around it.
func (s series) String() string {
	if len(s) == 0 {
		return "none"
	}
	v := s.sorted()
	return fmt.Sprintf("%.3f (%.3f to %.3f)", s.median(), v[0], v[len(v)-1])
}

// per divides each value by the other series' value of the same round: both were measured within minutes.
func (s series) per(t series) series {
	r := make(series, 0, len(s))
	for i := range min(len(s), len(t)) {
		r = append(r, s[i]/t[i])
	}
	return r
}

// pause lets the programs run.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

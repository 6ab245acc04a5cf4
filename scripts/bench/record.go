package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"holdfast/scripts/rig"
)

const (
	streamRate = 4000 // kbit/s of a stream
	clipLength = 20 * time.Second
	// settle is how long a reader runs before it is measured.
	settle = 8 * time.Second
)

// contender reads the streams in its own way. start returns its processes and what ends them.
type contender struct {
	name  string
	start func(ctx context.Context, b *rig.Bench, urls []string) (pids []int, end func(), err error)
}

var contenders = []contender{
	{"holdfast", startHoldfast},
	{"library alone", startDiscard},
	{"ffmpeg -c copy", startFFmpeg},
}

// result is what a contender used per stream.
type result struct{ cpu, memory, written series }

func recording(ctx context.Context, b *rig.Bench, o options) error {
	if err := b.Build(ctx, "scripts/bench/discard"); err != nil {
		return err
	}
	clip, err := b.Clip("rate4000", clipLength, 2*time.Second, streamRate)
	if err != nil {
		return err
	}
	info, err := os.Stat(clip)
	if err != nil {
		return err
	}
	rate := float64(info.Size()) / clipLength.Seconds() // bytes a second; the boxes of the file are a thousandth of it
	fmt.Printf("streams of %.2f Mbit/s; each value is the median of %d (lowest to highest), %s each\n", rate*8/1e6, o.repeat, o.window)
	for _, n := range o.streams {
		if err := recordStreams(ctx, b, o, clip, rate, n); err != nil {
			return err
		}
	}
	return nil
}

func recordStreams(ctx context.Context, b *rig.Bench, o options, clip string, rate float64, n int) error {
	street, err := b.Street(clip, n)
	if err != nil {
		return err
	}
	defer street.Kill()
	results := make([]result, len(contenders))
	for range o.repeat {
		for i, c := range contenders { // in turn, so that a busy minute of the machine hits all of them
			if err := results[i].measure(ctx, b, o, c, street.URLs, rate); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	fmt.Printf("\n%d streams:\n%-15s %-32s %-32s %s\n", n, "", "CPU s per stream-minute", "MB of memory per stream", "bytes written per byte received")
	for i, c := range contenders {
		fmt.Printf("%-15s %-32s %-32s %s\n", c.name, results[i].cpu, results[i].memory, results[i].written)
	}
	fmt.Printf("CPU of holdfast / library alone   %s\n", results[0].cpu.per(results[1].cpu))
	fmt.Printf("CPU of holdfast / ffmpeg -c copy  %s\n", results[0].cpu.per(results[2].cpu))
	fmt.Printf("memory of holdfast / ffmpeg       %s\n", results[0].memory.per(results[2].memory))
	return nil
}

// measure lets the contender read for one window.
func (r *result) measure(ctx context.Context, b *rig.Bench, o options, c contender, urls []string, rate float64) error {
	pids, end, err := c.start(ctx, b, urls)
	if err != nil {
		return err
	}
	defer end()
	if err := pause(ctx, settle); err != nil {
		return err
	}
	from, err := use(pids)
	if err != nil {
		return err
	}
	if err := pause(ctx, o.window); err != nil {
		return err
	}
	to, err := use(pids)
	if err != nil {
		return err
	}
	span, n := to.at.Sub(from.at), float64(len(urls))
	r.cpu = append(r.cpu, (to.cpu-from.cpu).Seconds()/n/span.Minutes())
	r.memory = append(r.memory, float64(to.memory)/n/1e6)
	r.written = append(r.written, float64(to.written-from.written)/(rate*n*span.Seconds()))
	return nil
}

func startHoldfast(ctx context.Context, b *rig.Bench, urls []string) ([]int, func(), error) {
	return startRecorder(ctx, b, urls, "holdfast", "")
}

// startRecorder starts a build of the recorder, by its name in the bench, with more settings.
func startRecorder(ctx context.Context, b *rig.Bench, urls []string, program, extra string) ([]int, func(), error) {
	name := fmt.Sprintf("record-%d", time.Now().UnixNano())
	d, err := b.Daemon(name, "", urls, extra)
	if err != nil {
		return nil, nil, err
	}
	d.Run(program)
	if err := d.Start(); err != nil {
		return nil, nil, err
	}
	end := func() { d.Kill(); os.RemoveAll(b.Path(name)) }
	if err := d.Ready(ctx); err != nil {
		end()
		return nil, nil, err
	}
	if err := d.Recording(ctx, time.Minute, d.Started); err != nil {
		end()
		return nil, nil, err
	}
	return []int{d.PID()}, end, nil
}

func startDiscard(_ context.Context, b *rig.Bench, urls []string) ([]int, func(), error) {
	cmd := b.Command(b.Path("discard"), urls...)
	cmd.Stderr = os.Stderr
	return startAll([]*exec.Cmd{cmd})
}

// startFFmpeg runs one ffmpeg for each stream, as recorders that are built on it do. It does not sync.
func startFFmpeg(_ context.Context, b *rig.Bench, urls []string) ([]int, func(), error) {
	var cmds []*exec.Cmd
	for i, u := range urls {
		cmd := b.Command("ffmpeg", "-nostdin", "-loglevel", "fatal", "-y", "-rtsp_transport", "tcp", "-i", u, "-c", "copy",
			"-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", b.Path(fmt.Sprintf("ffmpeg-%d.mp4", i)))
		cmd.Stderr = os.Stderr
		cmds = append(cmds, cmd)
	}
	return startAll(cmds)
}

func startAll(cmds []*exec.Cmd) (pids []int, end func(), err error) {
	end = func() {
		for _, c := range cmds[:len(pids)] {
			c.Process.Kill()
			c.Wait() // it was killed: its error says so
		}
	}
	for _, c := range cmds {
		if err := c.Start(); err != nil {
			end()
			return nil, nil, err
		}
		pids = append(pids, c.Process.Pid)
	}
	return pids, end, nil
}

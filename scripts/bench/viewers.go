package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"holdfast/scripts/rig"
)

var audiences = []int{1, 20, 50}

// viewers measures what viewers of one stream cost, beside recording it.
func viewers(ctx context.Context, b *rig.Bench, o options) error {
	if err := b.Build(ctx, "scripts/bench/viewers"); err != nil {
		return err
	}
	d, end, err := oneCamera(ctx, b, "watched", 2*time.Second)
	if err != nil {
		return err
	}
	defer end()
	fmt.Printf("%-8s %-32s %-26s %s\n", "viewers", "CPU s per viewer-minute", "CPU µs per packet", "allocations per packet")
	for _, n := range audiences {
		var cpu, packet, allocs series
		for range o.repeat {
			one, err := watchFor(ctx, b, d, o, n)
			if err != nil {
				return err
			}
			cpu = append(cpu, one.cpu.Seconds()/float64(n)/o.window.Minutes())
			packet = append(packet, float64(one.cpu.Microseconds())/one.packets)
			allocs = append(allocs, one.allocs/one.packets)
		}
		fmt.Printf("%-8d %-32s %-26s %s\n", n, cpu, packet, allocs)
	}
	return nil
}

// oneCamera starts one camera and a daemon that records it.
func oneCamera(ctx context.Context, b *rig.Bench, name string, gop time.Duration) (*rig.Daemon, func(), error) {
	clip, err := b.Clip(fmt.Sprintf("gop%d-rate4000", int(gop.Seconds())), clipLength, gop, streamRate)
	if err != nil {
		return nil, nil, err
	}
	return severalCameras(ctx, b, name, clip, 1)
}

// watched is what the daemon used for its viewers in one window, and what they received.
type watched struct {
	cpu             time.Duration
	packets, allocs float64
}

// watchFor measures a window without viewers and one with them; their difference is the viewers'.
func watchFor(ctx context.Context, b *rig.Bench, d *rig.Daemon, o options, n int) (w watched, err error) {
	idle, err := window(ctx, d, o)
	if err != nil {
		return w, err
	}
	crowd, err := startCrowd(b, d, n)
	if err != nil {
		return w, err
	}
	defer crowd.end()
	if err := pause(ctx, 3*time.Second); err != nil { // what was caught up on at the start is over
		return w, err
	}
	before, err := crowd.packets()
	if err != nil {
		return w, err
	}
	busy, err := window(ctx, d, o)
	if err != nil {
		return w, err
	}
	after, err := crowd.packets()
	if err != nil {
		return w, err
	}
	return watched{cpu: max(0, busy.cpu-idle.cpu), packets: after - before, allocs: max(0, busy.allocs-idle.allocs)}, nil
}

// window measures the daemon for one window.
func window(ctx context.Context, d *rig.Daemon, o options) (w watched, err error) {
	allocs, err := mallocs(ctx, d)
	if err != nil {
		return w, err
	}
	from, err := cpuOf(d.PID())
	if err != nil {
		return w, err
	}
	if err := pause(ctx, o.window); err != nil {
		return w, err
	}
	to, err := cpuOf(d.PID())
	if err != nil {
		return w, err
	}
	now, err := mallocs(ctx, d)
	return watched{cpu: to - from, allocs: now - allocs}, err
}

// mallocs reads how many objects the daemon has allocated since its start.
func mallocs(ctx context.Context, d *rig.Daemon) (float64, error) {
	res, err := d.Open(ctx, "GET", "/metrics", "", nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "go_memstats_mallocs_total "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("/metrics has no go_memstats_mallocs_total")
}

// crowd is a running process of viewers.
type crowd struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startCrowd(b *rig.Bench, d *rig.Daemon, n int) (*crowd, error) {
	_, token, _ := d.Endpoint()
	return crowdOf(b, d, n, map[string]string{"Authorization": "Bearer " + token})
}

// crowdOf starts viewers who are whom the headers say.
func crowdOf(b *rig.Bench, d *rig.Daemon, n int, headers map[string]string) (*crowd, error) {
	url, _, ca := d.Endpoint()
	who, err := json.Marshal(headers)
	if err != nil {
		return nil, err
	}
	c := &crowd{cmd: b.Command(b.Path("viewers"), "-count", fmt.Sprint(n), "-ca", ca, url+"/api/v1/cameras/cam-1/whep")}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c.in, "%s\n", who); err != nil {
		return nil, err
	}
	if _, err := c.out.ReadString('\n'); err != nil {
		return nil, fmt.Errorf("start %d viewers: %w", n, err)
	}
	return c, nil
}

// packets asks how many packets the viewers have received.
func (c *crowd) packets() (float64, error) {
	count, _, err := c.ask()
	return count, err
}

// ask asks what the viewers have received, and when each of them last did.
func (c *crowd) ask() (packets float64, last []time.Time, err error) {
	if _, err := fmt.Fprintln(c.in); err != nil {
		return 0, nil, err
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return 0, nil, err
	}
	var told struct {
		Packets float64
		Last    []int64
	}
	if err := json.Unmarshal(line, &told); err != nil {
		return 0, nil, err
	}
	for _, at := range told.Last {
		last = append(last, time.Unix(0, at))
	}
	return told.Packets, last, nil
}

func (c *crowd) end() {
	c.cmd.Process.Kill()
	c.cmd.Wait() // it was killed: its error says so
}

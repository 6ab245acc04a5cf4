package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"holdfast/scripts/rig"
)

// idleCameras is how many cameras report nothing.
const idleCameras = 100

// leastIdle is the shortest window: a poll waits twenty seconds.
const leastIdle = time.Minute

// pullpoints measures what idle event subscriptions cost, against as many requests that wait as long with net/http alone.
func pullpoints(ctx context.Context, b *rig.Bench, o options) error {
	if err := b.Build(ctx, "scripts/bench/pullpoints"); err != nil {
		return err
	}
	cameras, err := startSide(b, "-cameras", fmt.Sprint(idleCameras))
	if err != nil {
		return err
	}
	defer cameras.end()
	where, err := cameras.out.ReadString('\n')
	if err != nil {
		return err
	}
	span := max(o.window, leastIdle)
	var ours, reference, polls series
	for range o.repeat {
		for _, one := range []struct {
			side string
			to   *series
		}{{"-listen", &ours}, {"-reference", &reference}} {
			cpu, n, err := idleFor(ctx, b, one.side, where, span)
			if err != nil {
				return err
			}
			*one.to = append(*one.to, cpu/span.Minutes())
			if one.side == "-listen" {
				polls = append(polls, n/span.Minutes())
			}
		}
	}
	fmt.Printf("%d idle subscriptions, CPU s per minute:  %s\n", idleCameras, ours)
	fmt.Printf("%d long polls of net/http, likewise:      %s\n", idleCameras, reference)
	fmt.Printf("ratio:                                     %s\n", ours.per(reference))
	fmt.Printf("connections per minute of all:             %s\n", polls)
	return nil
}

// side is a running process of one side.
type side struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startSide(b *rig.Bench, args ...string) (*side, error) {
	s := &side{cmd: b.Command(b.Path("pullpoints"), args...)}
	s.cmd.Stderr = os.Stderr
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	return s, s.cmd.Start()
}

func (s *side) end() {
	s.in.Close()
	s.cmd.Wait()
}

// ask sends a line and reads what it costs so far.
func (s *side) ask(line string) (cpu, polls float64, err error) {
	if _, err := io.WriteString(s.in, line); err != nil {
		return 0, 0, err
	}
	text, err := s.out.ReadString('\n')
	if err != nil {
		return 0, 0, err
	}
	var t struct{ CPU, Polls float64 }
	err = json.Unmarshal([]byte(text), &t)
	return t.CPU, t.Polls, err
}

// idleFor measures one side for a while, once it waits.
func idleFor(ctx context.Context, b *rig.Bench, which, where string, span time.Duration) (cpu, polls float64, err error) {
	s, err := startSide(b, which)
	if err != nil {
		return 0, 0, err
	}
	defer s.end()
	if _, _, err := s.ask(where); err != nil {
		return 0, 0, err
	}
	if err := pause(ctx, 5*time.Second); err != nil { // what starting cost is over
		return 0, 0, err
	}
	cpu, polls, err = s.ask("\n")
	if err != nil {
		return 0, 0, err
	}
	if err := pause(ctx, span); err != nil {
		return 0, 0, err
	}
	to, n, err := s.ask("\n")
	return to - cpu, n - polls, err
}

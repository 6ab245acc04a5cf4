package rig

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Street is a running process of cameras.
type Street struct {
	URLs  []string
	Since time.Time // when they could be reached
	cmd   *exec.Cmd
	stdin io.Closer
}

// Street starts a process with cameras that play the clip.
func (b *Bench) Street(clip string, cameras int) (*Street, error) {
	return b.startStreet("-clip", clip, "-cameras", fmt.Sprint(cameras))
}

// StreetSent starts a process with cameras that say in a file what they sent.
func (b *Bench) StreetSent(clip string, cameras int, sent string) (*Street, error) {
	return b.startStreet("-clip", clip, "-cameras", fmt.Sprint(cameras), "-sent", sent)
}

// StreetAt starts one camera at an address.
func (b *Bench) StreetAt(clip, listen string) (*Street, error) {
	return b.startStreet("-clip", clip, "-listen", listen)
}

func (b *Bench) startStreet(args ...string) (*Street, error) {
	s := &Street{cmd: b.Command(b.Path("street"), args...)}
	s.cmd.Stderr = os.Stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = in
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start street: %w", err)
	}
	b.Atexit(s.Kill)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("read street's addresses: %w", err)
	}
	s.Since = time.Now()
	return s, json.Unmarshal(line, &s.URLs)
}

// PID is the process's id.
func (s *Street) PID() int { return s.cmd.Process.Pid }

// Kill ends the cameras as a power cut does.
func (s *Street) Kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait() // it was killed: its error says so
	s.stdin.Close()
}

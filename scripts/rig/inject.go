package rig

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Injection is strace, attached to a daemon, that has system calls of it fail, wait, or be its last.
type Injection struct {
	cmd  *exec.Cmd
	said *bufio.Reader
	log  string
}

// Inject begins to do to a system call of the daemon what strace's inject= says, "fdatasync" and "error=EIO:when=2+" for
// example. The calls of each thread are counted by themselves. It returns once every thread is held. ErrCannot says
// that there is no strace here.
func (d *Daemon) Inject(call, what string) (*Injection, error) {
	if _, err := exec.LookPath("strace"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCannot, err)
	}
	in := &Injection{log: d.bench.Path(d.name, "strace-"+call+".log")}
	in.cmd = d.bench.Command("strace", "-f", "-o", in.log, "-e", "trace="+call, "-e", "inject="+call+":"+what, "-p", fmt.Sprint(d.PID()))
	out, err := in.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := in.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start strace: %w", err)
	}
	in.said = bufio.NewReader(out)
	line, err := in.said.ReadString('\n')
	if err != nil || !strings.Contains(line, "attached") {
		in.cmd.Process.Kill()
		in.cmd.Wait() // it was killed: its error says so
		return nil, fmt.Errorf("%w: strace says %q", ErrCannot, strings.TrimSpace(line))
	}
	go io.Copy(io.Discard, in.said) // ends with strace
	return in, nil
}

// End lets the daemon go on by itself, and tells how many calls were made and how many of them were tampered with.
func (in *Injection) End() (calls, hits int, err error) {
	if err := in.cmd.Process.Signal(syscall.SIGTERM); err != nil && in.cmd.ProcessState == nil {
		return 0, 0, fmt.Errorf("end strace: %w", err)
	}
	in.cmd.Wait() // ended by the signal, or with the daemon
	text, err := os.ReadFile(in.log)
	if err != nil {
		return 0, 0, err
	}
	calls, hits = tampered(string(text))
	return calls, hits, nil
}

// tampered counts the calls in what strace wrote, and those of them that it did something to.
func tampered(log string) (calls, hits int) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "(") && !strings.Contains(line, "resumed>") {
			calls++
		}
		if strings.Contains(line, "(INJECTED)") || strings.Contains(line, "(DELAYED)") {
			hits++
		}
	}
	return calls, hits
}

// StartInjected starts the process with an injection from its first call on. It lasts as long as the process, which ended
// when the function returned that tells what was done to it.
func (d *Daemon) StartInjected(call, what string) (told func() (calls, hits int, err error), err error) {
	if _, err := exec.LookPath("strace"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCannot, err)
	}
	log := d.bench.Path(d.name, "strace-start-"+call+".log")
	d.under = []string{"strace", "-D", "-f", "-o", log, "-e", "trace=" + call, "-e", "inject=" + call + ":" + what} // the process is the daemon, not strace
	err = d.Start()
	d.under = nil
	return func() (calls, hits int, err error) {
		if d.alive() == nil {
			d.Kill()
		}
		text, err := os.ReadFile(log)
		calls, hits = tampered(string(text))
		return calls, hits, err
	}, err
}

// Ended tells whether the process has ended, and how.
func (d *Daemon) Ended() (bool, error) {
	if d.alive() == nil {
		return false, nil
	}
	return true, d.ended
}

package rig

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Bench is a workbench: a scratch directory with the built programs, and what runs.
type Bench struct {
	Dir  string
	own  bool // the directory is ours to remove
	mu   sync.Mutex
	ends []func() // guarded by mu
}

// New makes a bench in dir, or in a new directory that Close removes when dir is empty, and builds the programs.
func New(ctx context.Context, dir string) (*Bench, error) {
	b := &Bench{Dir: dir}
	if dir == "" {
		made, err := os.MkdirTemp("", "holdfast-rig-")
		if err != nil {
			return nil, err
		}
		b.Dir, b.own = made, true
	}
	if err := b.Build(ctx, "cmd/holdfast", "scripts/street"); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Build builds commands of this repository; they lie in the bench's directory under their last name.
func (b *Bench) Build(ctx context.Context, commands ...string) error {
	for _, c := range commands {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", b.Path(filepath.Base(c)), "holdfast/"+c)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build %s: %w", c, err)
		}
	}
	return nil
}

// Path names a file of the bench.
func (b *Bench) Path(elem ...string) string {
	return filepath.Join(append([]string{b.Dir}, elem...)...)
}

// Atexit has Close call f, last first.
func (b *Bench) Atexit(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ends = append(b.ends, f)
}

// Close ends what runs and removes the scratch directory.
func (b *Bench) Close() {
	for i := len(b.ends) - 1; i >= 0; i-- {
		b.ends[i]()
	}
	b.ends = nil
	if b.own {
		os.RemoveAll(b.Dir)
	}
}

// Command prepares a process that does not outlive this one.
func (b *Bench) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Clip makes a test picture with ffmpeg: 25 pictures a second, no B-frames, every key frame gop apart, at a constant
// rate of kbit/s.
func (b *Bench) Clip(name string, length, gop time.Duration, kbit int) (string, error) {
	const fps = 25
	path := b.Path(name + ".mp4")
	frames := fmt.Sprint(int(gop.Seconds() * fps))
	rate := fmt.Sprintf("%dk", kbit)
	// Noise makes the encoder spend the rate; without it a test picture needs a tenth.
	picture := fmt.Sprintf("testsrc2=size=1280x720:rate=%d:duration=%g,noise=alls=40:allf=t", fps, length.Seconds())
	cmd := b.Command("ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast",
		"-tune", "zerolatency", "-pix_fmt", "yuv420p", "-profile:v", "high", "-g", frames, "-keyint_min", frames, "-sc_threshold", "0", "-bf", "0",
		"-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, "-movflags", "+faststart", path)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("make clip %s: %w", name, err)
	}
	return path, nil
}

// logFile opens a file of the bench for what a process says.
func (b *Bench) logFile(name string) (io.WriteCloser, error) {
	return os.OpenFile(b.Path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

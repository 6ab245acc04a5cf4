package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
)

// checks runs checks of the footage in the background, one at a time.
type checks struct {
	store *storage.Store        // constant
	child func(*exec.Cmd) error // constant: runs a decoder
	log   *slog.Logger          // constant

	mu      sync.Mutex // guards what follows
	job     *web.CheckJob
	cancel  context.CancelFunc // of the one that runs
	ended   chan struct{}      // closed when it has ended
	stopped bool
}

func newChecks(store *storage.Store, run func(*exec.Cmd) error, log *slog.Logger) *checks {
	return &checks{store: store, child: run, log: log}
}

// StartCheck begins a check.
func (c *checks) StartCheck(req web.CheckRequest) (web.CheckJob, error) {
	level, err := storage.ParseLevel(req.Level)
	if err != nil {
		return web.CheckJob{}, web.Rejected("level", err.Error())
	}
	o, err := CheckOptions(req, c.child)
	if err != nil {
		return web.CheckJob{}, err
	}
	if !c.store.HasVolume(o.Volume) {
		return web.CheckJob{}, web.Rejected("volume", "There is no such volume.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped || c.job != nil && c.job.State == "running" {
		return web.CheckJob{}, web.Running("A check is running already.")
	}
	ctx, cancel := context.WithCancel(context.Background())
	job := &web.CheckJob{State: "running", Started: time.Now().UTC()}
	c.job, c.cancel, c.ended = job, cancel, make(chan struct{})
	o.Progress = c.progress(job)
	go c.run(ctx, cancel, c.ended, job, level, o)
	return *job, nil
}

// CheckOptions are the options that a request asks for. run runs a decoder, where one is asked for, without a network.
func CheckOptions(req web.CheckRequest, run func(*exec.Cmd) error) (*storage.CheckOptions, error) {
	o := &storage.CheckOptions{Camera: req.Camera, From: req.From, To: req.To, Volume: req.Volume, Rate: req.Rate, Repair: req.Repair}
	switch {
	case req.Rate < 0:
		return nil, web.Rejected("rate", "The rate must not be negative.")
	case !req.From.IsZero() && !req.To.IsZero() && !req.From.Before(req.To):
		return nil, web.Rejected("to", "The range is empty: from must be before to.")
	case req.Decode && req.Level != string(storage.LevelMedia):
		return nil, web.Rejected("decode", "Decoding is part of level media.")
	}
	if req.Decode {
		path := ffmpeg()
		if path == "" {
			return nil, web.Rejected("decode", "No decoder is installed: install ffmpeg, or check without decoding.")
		}
		o.Decode = decoder(path, run)
	}
	return o, nil
}

// progressPeriod is how often a job's progress is renewed: storage tells of every segment.
const progressPeriod = 100 * time.Millisecond

func (c *checks) progress(job *web.CheckJob) func(storage.CheckProgress) {
	var last time.Time
	return func(p storage.CheckProgress) {
		if p.Segments < p.Of && time.Since(last) < progressPeriod {
			return
		}
		last = time.Now()
		c.mu.Lock()
		defer c.mu.Unlock()
		job.Segments, job.Of, job.Bytes, job.OfBytes, job.Left = p.Segments, p.Of, p.Bytes, p.OfBytes, p.Left.Seconds()
	}
}

func (c *checks) run(ctx context.Context, cancel context.CancelFunc, ended chan struct{}, job *web.CheckJob, level storage.Level, o *storage.CheckOptions) {
	defer close(ended)
	defer cancel()
	report, err := c.store.Check(ctx, level, o)
	c.mu.Lock()
	defer c.mu.Unlock()
	job.Report, job.Left = report, 0
	switch {
	case err == nil:
		job.State = "done"
	case ctx.Err() != nil:
		job.State = "cancelled"
	default:
		job.State, job.Error = "failed", err.Error()
		c.log.Error("check", "error", err)
	}
}

// Check gives the check that runs, or that ran last.
func (c *checks) Check() (web.CheckJob, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.job == nil {
		return web.CheckJob{}, false
	}
	return *c.job, true
}

// CancelCheck ends the check that runs.
func (c *checks) CancelCheck() (web.CheckJob, bool) {
	c.mu.Lock()
	cancel, ended := c.cancel, c.ended
	c.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
	return c.Check()
}

// stop ends what runs, for good.
func (c *checks) stop() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.CancelCheck()
}

const (
	decoderTime  = 10 * time.Minute // for one segment: a machine that decodes at half the speed of its cameras
	decoderWords = 4 << 10          // bytes kept of what a decoder says
)

// decoder has ffmpeg decode a segment, one process at a time, fed through a pipe and without a network. What it complains of is the error.
func decoder(ffmpeg string, run func(*exec.Cmd) error) func(context.Context, *storage.Media) error {
	return func(ctx context.Context, m *storage.Media) error {
		ctx, cancel := context.WithTimeout(ctx, decoderTime)
		defer cancel()
		words := &firstWords{max: decoderWords}
		cmd := exec.CommandContext(ctx, ffmpeg, "-nostdin", "-v", "error", "-protocol_whitelist", "pipe", "-f", "mp4", "-i", "pipe:0", "-map", "0:v?", "-map", "0:a?", "-f", "null", "-")
		cmd.Stdin, cmd.Stderr = io.NewSectionReader(m, 0, m.Size()), words
		err := run(cmd)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case words.b.Len() > 0:
			return errors.New(words.String())
		case err != nil:
			return fmt.Errorf("run decoder: %w", err)
		}
		return nil
	}
}

// firstWords keeps the beginning of what is written.
type firstWords struct {
	b   bytes.Buffer
	max int
}

func (w *firstWords) Write(p []byte) (int, error) {
	w.b.Write(p[:min(len(p), max(0, w.max-w.b.Len()))])
	return len(p), nil
}

// String is the first line.
func (w *firstWords) String() string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(w.b.Bytes()), []byte{'\n'})
	return string(line)
}

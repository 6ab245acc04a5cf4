package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"holdfast/gateway/stream"
)

// What the gateway makes of a stream for browsers that cannot play it: H.264 without reordered frames, and Opus.
const (
	madeWidth, madeHeight = 1280, 720 // pixels at most; the sides keep their proportion
	madeFPS               = 30        // frames a second at most
	madeRate              = 1_500_000 // bit/s at most
	madeSound             = 32_000    // bit/s
	madeKeys              = 60        // frames from one key frame to the next, at most
	madeCodecs            = "avc1.42c01f"

	// firstMade is how long a viewer waits for the first frame that is made.
	firstMade = 10 * time.Second
	// madeLinger is how long what nobody watches any more is still made: a page that is loaded again finds it.
	madeLinger = 5 * time.Second
	// madeRing bounds what is held of what is made, bytes: two groups of pictures and to spare.
	madeRing = 4 << 20

	// DefaultMostTranscoded bounds the streams that are transcoded at once.
	DefaultMostTranscoded = 2
)

// Transcoding says whether and how much the gateway transcodes live pictures.
type Transcoding struct {
	Allow bool
	Most  int // streams at once; 0: DefaultMostTranscoded
}

// transcoders make streams of other streams with ffmpeg, one process for each, whoever watches.
type transcoders struct {
	ffmpeg string                // constant; "": not installed
	run    func(*exec.Cmd) error // constant
	allow  bool                  // constant
	most   int                   // constant
	linger time.Duration         // constant: madeLinger, less in tests
	log    *slog.Logger          // constant

	mu      sync.Mutex // guards what follows, and makes "is there one, else is there room, then begin" one operation
	running map[*stream.Stream]*transcoder
	closed  bool
	all     sync.WaitGroup
}

func newTranscoders(o *Options) *transcoders {
	t := &transcoders{ffmpeg: o.FFmpeg, run: o.Run, allow: o.Transcode.Allow, most: o.Transcode.Most, linger: madeLinger, log: o.Log, running: map[*stream.Stream]*transcoder{}}
	if t.most <= 0 {
		t.most = DefaultMostTranscoded
	}
	if t.run == nil {
		t.ffmpeg = ""
	}
	return t
}

// refuses says why nothing is transcoded, one plain sentence, or "".
func (t *transcoders) refuses() string {
	switch {
	case !t.allow:
		return "The operator has not allowed the gateway to transcode: live.transcode.allow in the configuration."
	case t.ffmpeg == "":
		return "ffmpeg is not installed on the gateway."
	}
	return ""
}

// transcoder is one stream that is being made.
type transcoder struct {
	out    *stream.Stream     // constant
	cancel context.CancelFunc // constant
	ready  chan struct{}      // closed with the first key frame
	ended  chan struct{}      // closed when it has ended, after err was set
	err    error

	// Guarded by transcoders.mu.
	viewers int
	end     *time.Timer // when nobody watches
}

// use gives what is made of a stream, once it has a picture, and what gives it back. It begins when the first viewer comes and
// ends madeLinger after the last has gone. Errors: ErrNotTranscoded, ErrOffline, ctx's.
func (t *transcoders) use(ctx context.Context, src *stream.Stream) (*stream.Stream, func(), error) {
	one, err := t.claim(src)
	if err != nil {
		return nil, nil, err
	}
	release := sync.OnceFunc(func() { t.release(one) })
	late := time.NewTimer(firstMade)
	defer late.Stop()
	select {
	case <-one.ready:
		return one.out, release, nil
	case <-one.ended:
		err = one.err
	case <-late.C:
		err = &NotTranscoded{fmt.Sprintf("ffmpeg made no picture of it within %s.", firstMade)}
	case <-ctx.Done():
		err = ctx.Err()
	}
	release()
	return nil, nil, err
}

func (t *transcoders) claim(src *stream.Stream) (*transcoder, error) {
	if why := t.refuses(); why != "" {
		return nil, &NotTranscoded{why}
	}
	if info := src.Info(); !info.Online || info.Video() == nil {
		return nil, fmt.Errorf("%w: %s", ErrOffline, info.Cause)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.running[src]
	switch {
	case t.closed:
		return nil, ErrDisabled
	case one != nil:
		if one.end != nil {
			one.end.Stop()
			one.end = nil
		}
	case len(t.running) >= t.most:
		return nil, &NotTranscoded{fmt.Sprintf("As many streams are being transcoded already as may be at once: %d (live.transcode.most in the configuration).", t.most)}
	default:
		one = t.begin(src)
	}
	one.viewers++
	return one, nil
}

// begin starts to make a stream. Caller holds mu.
func (t *transcoders) begin(src *stream.Stream) *transcoder {
	ctx, cancel := context.WithCancel(context.Background())
	one := &transcoder{out: stream.New(stream.Options{MaxBytes: madeRing, Log: t.log}), cancel: cancel, ready: make(chan struct{}), ended: make(chan struct{})}
	t.running[src] = one
	t.all.Go(func() {
		defer cancel()
		one.err = t.transcode(ctx, src, one)
		t.mu.Lock()
		delete(t.running, src)
		t.mu.Unlock()
		one.out.Close()
		close(one.ended)
	})
	return one
}

func (t *transcoders) release(one *transcoder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.viewers--; one.viewers == 0 {
		one.end = time.AfterFunc(t.linger, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			if one.viewers == 0 {
				one.cancel()
			}
		})
	}
}

// close ends all that is made and waits for it.
func (t *transcoders) close() {
	t.mu.Lock()
	t.closed = true
	for _, one := range t.running {
		one.cancel()
	}
	t.mu.Unlock()
	t.all.Wait()
}

// transcode runs ffmpeg between a reader of the stream and the stream that is made, until ctx ends, the camera goes, or its
// parameters change. The frames come from a camera and may be hostile: ffmpeg is another process, with one input format, no
// protocol but pipes, and no network; what it writes is read within bounds.
func (t *transcoders) transcode(ctx context.Context, src *stream.Stream, one *transcoder) error {
	began := time.Now()
	in, feed := io.Pipe()
	made, out := io.Pipe()
	m := &movie{ask: Ask{Stream: src, Audio: true}, w: feed, reader: src.Lossy(), once: true}
	defer m.reader.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { _ = feed.CloseWithError(m.serve(ctx)) })
	var wrong error
	both.Go(func() {
		wrong = (&maker{stream: one.out, wall: m.began, ready: sync.OnceFunc(func() { close(one.ready) })}).read(made)
		_ = made.CloseWithError(wrong)
		cancel()
	})
	words := &bounded{left: 2 << 10}
	cmd := exec.CommandContext(ctx, t.ffmpeg, arguments()...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = []string{}, in, out, words
	cmd.WaitDelay = time.Second
	err := t.run(cmd)
	_ = in.CloseWithError(io.ErrClosedPipe)
	_ = out.Close()
	cancel()
	both.Wait()
	first, _, _ := bytes.Cut(bytes.TrimSpace(words.buf.Bytes()), []byte("\n"))
	t.log.Info("transcoded", "for", time.Since(began).Round(time.Millisecond), "error", errors.Join(err, wrong), "words", string(first))
	return &NotTranscoded{"ffmpeg could not go on with it; the gateway's log says more."}
}

// arguments are what ffmpeg is started with.
func arguments() []string {
	// No frame is kept back, neither in the demuxer nor in the decoder nor for a filter's look ahead: what is late is of no use.
	scale := fmt.Sprintf("select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,%g)',scale=w='min(iw,%d)':h='min(ih,%d)':force_original_aspect_ratio=decrease:force_divisible_by=2",
		0.95/madeFPS, madeWidth, madeHeight)
	return []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "pipe",
		"-fflags", "nobuffer", "-flags", "low_delay", "-analyzeduration", "0", "-probesize", "32768", "-threads", "1", "-f", "mp4", "-i", "pipe:0",
		"-copyts", "-map", "0:v:0", "-map", "0:a:0?", "-vf", scale, "-fps_mode", "passthrough",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-threads", "1",
		"-g", strconv.Itoa(madeKeys), "-b:v", strconv.Itoa(madeRate), "-maxrate", strconv.Itoa(madeRate), "-bufsize", strconv.Itoa(madeRate / 2),
		"-c:a", "libopus", "-b:a", strconv.Itoa(madeSound), "-ac", "1", "-application", "lowdelay", "-frame_duration", "20",
		"-f", "mp4", "-movflags", "empty_moov+default_base_moof+frag_every_frame", "-video_track_timescale", "90000", "-max_interleave_delta", "200000", "-flush_packets", "1", "pipe:1"}
}

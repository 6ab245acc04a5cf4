package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"time"
	"weak"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
	"holdfast/storage/fmp4"
)

const (
	maxDecoders = 2               // ffmpeg processes at once
	decodeTime  = 5 * time.Second // for one of them
	maxJPEG     = 8 << 20         // bytes of one picture; a 4K picture of noise is under 6 MB

	// A picture is kept for its key frame, so that a page that polls costs one decode for each group of pictures.
	// Kept are at most keptPictures, each no longer than keptFor.
	keptPictures = 64
	keptFor      = 30 * time.Second
)

// snapshots turns key frames into pictures.
type snapshots struct {
	ffmpeg string                // constant; "": no decoder
	run    func(*exec.Cmd) error // constant; runs the decoder
	log    *slog.Logger          // constant
	slots  chan struct{}         // holds a value for each decoder at work

	mu   sync.Mutex
	kept map[weak.Pointer[stream.Stream]]*picture // weak: a camera that was removed must not be kept alive by its picture
}

// picture is one decoded key frame, or one being decoded.
type picture struct {
	seq  uint64
	made time.Time
	done chan struct{} // closed when jpeg and err are set
	jpeg []byte
	err  error
}

func newSnapshots(ffmpeg string, run func(*exec.Cmd) error, log *slog.Logger) *snapshots {
	if run == nil {
		ffmpeg = ""
	}
	return &snapshots{
		ffmpeg: ffmpeg, run: run, log: log, slots: make(chan struct{}, maxDecoders), kept: map[weak.Pointer[stream.Stream]]*picture{},
	}
}

// Snapshot gives the newest key frame of a stream as a JPEG where a decoder is installed and can read it, else as an
// MP4 of one frame, which a browser decodes. Errors: ErrOffline, ctx's.
func (s *Server) Snapshot(ctx context.Context, st *stream.Stream) (mime string, body []byte, err error) {
	key, ok := st.KeyFrame()
	if !ok {
		return "", nil, fmt.Errorf("%w: no key frame", ErrOffline)
	}
	if s.pictures.ffmpeg != "" {
		jpeg, err := s.pictures.jpeg(ctx, st, key)
		if err == nil {
			return "image/jpeg", jpeg, nil
		}
		if ctx.Err() != nil {
			return "", nil, ctx.Err()
		}
		s.log.Warn("snapshot not decoded", "error", err)
	}
	return stillMP4(key)
}

// SnapshotMP4 gives the newest key frame of a stream as an MP4 of one frame. Error: ErrOffline.
func (s *Server) SnapshotMP4(st *stream.Stream) (mime string, body []byte, err error) {
	key, ok := st.KeyFrame()
	if !ok {
		return "", nil, fmt.Errorf("%w: no key frame", ErrOffline)
	}
	return stillMP4(key)
}

// JPEG gives a recorded key frame as a picture; nil where no decoder is installed, or it cannot read it.
func (s *Server) JPEG(ctx context.Context, t *fmp4.Track, units [][]byte) []byte {
	codec, ok := map[fmp4.Codec]rtsp.Codec{fmp4.H264: rtsp.H264, fmp4.H265: rtsp.H265}[t.Codec]
	if !ok || s.pictures.ffmpeg == "" {
		return nil
	}
	jpeg, err := s.pictures.decode(ctx, &rtsp.Frame{Track: &rtsp.Track{Codec: codec, VPS: t.VPS, SPS: t.SPS, PPS: t.PPS}, Payload: units})
	if err != nil {
		s.log.Warn("recorded picture not decoded", "error", err)
	}
	return jpeg
}

// jpeg gives the picture of a key frame, decoding it unless somebody did or does.
func (p *snapshots) jpeg(ctx context.Context, st *stream.Stream, key *stream.Item) ([]byte, error) {
	pic, mine := p.claim(st, key.Seq, time.Now())
	if mine {
		pic.jpeg, pic.err = p.decode(ctx, key.Frame)
		if pic.err != nil {
			p.forget(st, pic)
		}
		close(pic.done)
	}
	select {
	case <-pic.done:
		return pic.jpeg, pic.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// claim gives the picture of a key frame and whether the caller must make it.
func (p *snapshots) claim(st *stream.Stream, seq uint64, now time.Time) (pic *picture, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if have := p.kept[weak.Make(st)]; have != nil && have.seq == seq {
		return have, false
	}
	for other, have := range p.kept {
		if now.Sub(have.made) > keptFor || len(p.kept) >= keptPictures {
			delete(p.kept, other)
		}
	}
	pic = &picture{seq: seq, made: now, done: make(chan struct{})}
	p.kept[weak.Make(st)] = pic
	return pic, true
}

func (p *snapshots) forget(st *stream.Stream, pic *picture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept[weak.Make(st)] == pic {
		delete(p.kept, weak.Make(st))
	}
}

// decode runs ffmpeg on one key frame, over pipes. The frame comes from a camera and may be hostile: the decoder is
// another process, with one input format, no protocol but pipes, no network, bounded time and bounded output.
func (p *snapshots) decode(ctx context.Context, f *rtsp.Frame) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), decodeTime) // others may wait for this picture
	defer cancel()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("decode snapshot: all decoders busy: %w", ctx.Err())
	}
	format := "h264"
	if f.Track.Codec == rtsp.H265 {
		format = "hevc"
	}
	cmd := exec.CommandContext(ctx, p.ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error",
		"-protocol_whitelist", "pipe", "-threads", "1", "-f", format, "-i", "pipe:0",
		"-frames:v", "1", "-an", "-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "pipe:1")
	cmd.Env = []string{}
	cmd.Stdin = bytes.NewReader(annexB(f))
	cmd.WaitDelay = time.Second
	out := &bounded{left: maxJPEG}
	cmd.Stdout = out
	err := p.run(cmd)
	if out.over {
		return nil, fmt.Errorf("decode snapshot: %w", errTooLarge)
	}
	if err != nil {
		return nil, fmt.Errorf("decode snapshot: %w", err)
	}
	if out.buf.Len() == 0 {
		return nil, errors.New("decode snapshot: no picture")
	}
	return out.buf.Bytes(), nil
}

// annexB writes a key frame and its parameter sets as a byte stream (H.264, annex B).
func annexB(f *rtsp.Frame) []byte {
	var b []byte
	add := func(nal []byte) {
		if len(nal) > 0 {
			b = append(append(b, 0, 0, 0, 1), nal...)
		}
	}
	for _, set := range [][]byte{f.Track.VPS, f.Track.SPS, f.Track.PPS} {
		add(set)
	}
	for _, nal := range f.Payload {
		add(nal)
	}
	return b
}

var errTooLarge = errors.New("picture too large")

// bounded is a buffer that takes only so much. It does not embed the buffer, whose ReadFrom would take everything.
type bounded struct {
	buf  bytes.Buffer
	left int
	over bool // more came
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		b.over = true
		return 0, errTooLarge
	}
	b.left -= len(p)
	return b.buf.Write(p)
}

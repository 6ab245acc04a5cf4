package exports

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"holdfast/gateway/evidence"
	"holdfast/gateway/playback"
	"holdfast/storage/fmp4"
)

// redact makes a file of a clip by decoding what is recorded of the part's range, covering and encoding it.
func (m *clipWork) redact(p *partWork) error {
	from, to := p.part.Shown, p.part.To
	if to.After(m.req.To) {
		to = m.req.To
	}
	out, err := m.create(p.part.Path)
	if err != nil {
		return err
	}
	p.part.From, p.part.To = from, to
	made := &remade{out: out, unit: m.unit(), source: m.source(), start: from}
	err = m.film(m.req, m.req.Stream, p.part.Run, from, to, m.r.Order.BurnTime, m.clip.Muted, encoding, made)
	if err == nil {
		err = made.end()
	}
	if err != nil {
		out.w.f.Close()
		return err
	}
	f, err := out.close()
	if err != nil {
		return err
	}
	p.part.Frames = made.frames
	m.clip.Parts = append(m.clip.Parts, p.part)
	m.files = append(m.files, f)
	return nil
}

// What ffmpeg makes: a fragmented MP4, or one picture.
var (
	encoding = []string{"-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac", "-b:a", "64k",
		"-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1"}
	picture = []string{"-an", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "2", "-f", "image2pipe", "pipe:1"}
)

// ffmpegWords are kept of what ffmpeg complains of, bytes.
const ffmpegWords = 2 << 10

// film has ffmpeg decode a range, cover what the clip's masks say, and write what args make of it. ffmpeg gets the footage, the masks and
// the time as pictures through pipes, and reaches nothing else. run is the one that is filmed alone, 0: whichever there is.
func (w *work) film(c *ClipOrder, stream string, run uint32, from, to time.Time, burn, mute bool, args []string, out io.Writer) error {
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	clip, err := w.e.o.Playback.Clip(ctx, c.Camera, stream, from, to, playback.Options{NoAudio: mute, Run: run})
	if err != nil {
		return fmt.Errorf("read footage: %w", err)
	}
	defer clip.Close()
	width, height := clip.Dimensions()
	if width <= 0 || height <= 0 {
		return errors.New("the camera does not say how large its picture is: it cannot be redacted")
	}
	feeds := []*feed{}
	if len(c.Masks) > 0 {
		feeds = append(feeds, newMaskFeed(c.Masks, width, height))
	}
	if burn {
		feeds = append(feeds, newTimeFeed(width))
	}
	full := append([]string{"-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", "pipe", "-f", "mp4", "-i", "pipe:0"}, inputs(feeds)...)
	full = append(full, "-filter_complex", filter(c, feeds, width, height), "-map", "[out]")
	if !mute {
		full = append(full, "-map", "0:a?")
	}
	full = append(full, "-fps_mode", "passthrough", "-t", fmt.Sprintf("%.6f", clip.Duration().Seconds())) // pictures behind the range were read for those before
	cmd := exec.CommandContext(ctx, w.e.o.FFmpeg, append(full, args...)...)
	cmd.Env = []string{}
	cmd.WaitDelay = 5 * time.Second
	words := &limited{left: ffmpegWords}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &reading{r: clip, w: w}, out, words
	done, err := pour(cmd, feeds, clip.Map(), clip.Duration())
	if err != nil {
		return err
	}
	err = w.e.o.Run(cmd)
	cancel()
	done()
	switch {
	case w.ctx.Err() != nil:
		return w.ctx.Err()
	case err != nil:
		return fmt.Errorf("ffmpeg did not make the clip: %s", strings.Join(strings.Fields(fmt.Sprintf("%v %s", err, words.b.Bytes())), " "))
	}
	return nil
}

// reading tells how far the footage is read.
type reading struct {
	r io.Reader
	w *work
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.w.read(int64(n))
	return n, err
}

// limited keeps the beginning of what is written.
type limited struct {
	b    bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.b.Write(p[:n])
	return len(p), nil
}

// inputs are ffmpeg's options for the pictures that are fed to it, from pipe 3 on.
func inputs(feeds []*feed) (args []string) {
	for i, f := range feeds {
		args = append(args, "-f", "rawvideo", "-pix_fmt", "gray", "-video_size", fmt.Sprintf("%dx%d", f.width, f.height), "-framerate", fmt.Sprint(f.rate), "-i", fmt.Sprintf("pipe:%d", 3+i))
	}
	return args
}

// filter covers what the masks' pictures show white, then lays the time over the lower left corner.
func filter(c *ClipOrder, feeds []*feed, width, height int) string {
	const even = "scale=trunc(iw/2)*2:trunc(ih/2)*2"
	text, last := fmt.Sprintf("[0:v:0]scale=%d:%d,format=yuv420p[v0];", width, height), "v0"
	for i, f := range feeds {
		next := fmt.Sprintf("v%d", i+1)
		switch {
		case f.time:
			text += fmt.Sprintf("[%s][%d:v]overlay=x=0:y=main_h-overlay_h[%s];", last, i+1, next)
		default:
			cover := "drawbox=x=0:y=0:w=iw:h=ih:color=black:t=fill"
			if c.Cover != "fill" {
				// One colour for each block of a twenty-fourth of the picture's height, made soft: nothing of what was there comes back.
				block := max(16, height/24)
				cover = fmt.Sprintf("scale=%d:%d:flags=area,scale=%d:%d:flags=bilinear", max(2, width/block), max(2, height/block), width, height)
			}
			text += fmt.Sprintf("[%s]split[a%d][b%d];[b%d]%s,format=yuva420p[c%d];[%d:v]scale=%d:%d:flags=neighbor,format=gray[m%d];[c%d][m%d]alphamerge[d%d];[a%d][d%d]overlay=x=0:y=0[%s];",
				last, i, i, i, cover, i, i+1, width, height, i, i, i, i, i, i, next)
		}
		last = next
	}
	return text + fmt.Sprintf("[%s]%s[out]", last, even)
}

// pour opens a pipe for each feed, and fills it for as long as the clip lasts. done waits for that.
func pour(cmd *exec.Cmd, feeds []*feed, times *playback.Map, lasts time.Duration) (done func(), err error) {
	var ends []*os.File
	finished := make(chan struct{}, len(feeds))
	for _, f := range feeds {
		r, w, err := os.Pipe()
		if err != nil {
			for _, e := range ends {
				e.Close()
			}
			return nil, fmt.Errorf("feed the encoder: %w", err)
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, r)
		ends = append(ends, r)
		go func() {
			defer func() { w.Close(); finished <- struct{}{} }()
			buf := make([]byte, f.width*f.height)
			for k := 0; k <= int(lasts.Seconds()*float64(f.rate))+1; k++ {
				at := float64(k) / float64(f.rate)
				f.draw(buf, times.WallAt(at), times.WallAt(at+1/float64(f.rate)))
				if _, err := w.Write(buf); err != nil {
					return
				}
			}
		}()
	}
	return func() {
		for _, e := range ends {
			e.Close() // ours: the encoder has ended, and whoever writes to it sees that
		}
		for range feeds {
			<-finished
		}
	}, nil
}

// remade passes on the MP4 that ffmpeg writes, with meta behind ftyp, and counts the pictures.
type remade struct {
	out    io.Writer
	unit   fmp4.ExportUnit
	source fmp4.ExportSource
	start  time.Time
	buf    []byte // of the box that is not whole yet
	pass   int64  // bytes of the present box that are passed on as they come
	video  uint32
	frames int
	begun  bool
	moved  int // bytes that meta has
}

const maxHeld = 16 << 20 // bytes of a box that is looked into

func (r *remade) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if r.pass > 0 {
			k := min(int64(len(p)), r.pass)
			if _, err := r.out.Write(p[:k]); err != nil {
				return 0, err
			}
			r.pass -= k
			p = p[k:]
			continue
		}
		r.buf = append(r.buf, p[0])
		p = p[1:]
		if len(r.buf) >= 8 {
			size := int64(binary.BigEndian.Uint32(r.buf))
			switch {
			case size < 8:
				return 0, errors.New("the encoder does not write an MP4")
			case string(r.buf[4:8]) == "mdat":
				if _, err := r.out.Write(r.buf); err != nil {
					return 0, err
				}
				r.pass, r.buf = size-8, r.buf[:0]
			case size > maxHeld:
				return 0, errors.New("the encoder writes a box that is too large")
			default:
				k := min(int64(len(p)), size-int64(len(r.buf)))
				r.buf = append(r.buf, p[:k]...)
				p = p[k:]
				if int64(len(r.buf)) == size {
					if err := r.box(); err != nil {
						return 0, err
					}
					r.buf = r.buf[:0]
				}
			}
		}
	}
	return n, nil
}

// box passes a whole box on.
func (r *remade) box() error {
	switch string(r.buf[4:8]) {
	case "moof":
		r.frames += evidence.Pictures(r.buf[8:], r.video)
	case "moov":
		ids, video := evidence.Tracks(r.buf[8:])
		r.video, r.begun = video, true
		meta := fmp4.AppendExportMeta(nil, r.unit, r.source, r.start, ids)
		r.moved = len(meta)
		if _, err := r.out.Write(meta); err != nil {
			return err
		}
	case "mfra":
		fmp4.MoveFragments(r.buf, r.moved)
	}
	_, err := r.out.Write(r.buf)
	return err
}

func (r *remade) end() error {
	if !r.begun || r.frames == 0 || len(r.buf) > 0 || r.pass > 0 {
		return errors.New("the encoder ended before its file was whole")
	}
	return nil
}

// still makes still i.
func (w *work) still(i int) error {
	req := &w.r.Order.Stills[i]
	w.step("Still %d of %d", i+1, len(w.r.Order.Stills))
	c := ClipOrder{Camera: req.Camera, Stream: req.Stream}
	burn := false
	if with := w.r.Order.clipOf(req); with != nil && w.r.Order.Form == evidence.Redacted {
		c, burn = *with, w.r.Order.BurnTime
	}
	picked := &limited{left: maxStill}
	run := runOf(cmp.Or(req.Run, c.Run))
	err := w.film(&c, req.Stream, run, req.At, req.At.Add(stillRange), burn, true, picture, picked)
	if errors.Is(err, playback.ErrNoFootage) {
		return fmt.Errorf("still %d: nothing is recorded of %s at %s", i+1, w.e.o.Camera(req.Camera).Name, req.At.Format(time.RFC3339))
	}
	if err == nil && (picked.b.Len() == 0 || picked.left == 0) {
		err = errors.New("the decoder gave no picture")
	}
	if err != nil {
		return fmt.Errorf("still %d: %w", i+1, err)
	}
	name := fmt.Sprintf("stills/%03d-%s-%s.jpg", i+1, plainName(req.Camera), req.At.Format("20060102T150405.000Z"))
	f, err := w.whole(name, picked.b.Bytes())
	if err != nil {
		return err
	}
	return w.keep(func() {
		w.r.Stills = append(w.r.Stills, still{evidence.Still{Camera: w.e.o.Camera(req.Camera), At: req.At, Run: run, Path: name}, f})
	})
}

const (
	maxStill   = 32 << 20        // bytes of a JPEG
	stillRange = 5 * time.Second // in which a still has its picture
)

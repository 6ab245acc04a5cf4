package playback

import (
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Clip is a range as one MP4: an io.ReadSeekCloser and io.ReaderAt as http.ServeContent likes it.
// Read, Seek and Close are for one goroutine, ReadAt for any number.
type Clip struct {
	*io.SectionReader // over the movie
	out               *laidOut
	log               *slog.Logger
	closed            bool
}

func newClip(out *laidOut, log *slog.Logger) *Clip {
	return &Clip{SectionReader: io.NewSectionReader(out.movie, 0, out.movie.Size()), out: out, log: log}
}

// Read reads on (io.Reader).
func (c *Clip) Read(p []byte) (int, error) {
	if c.closed {
		return 0, fs.ErrClosed
	}
	return c.SectionReader.Read(p)
}

// Close ends the clip. Files it had read are kept for a while by the Playback.
func (c *Clip) Close() error {
	c.closed = true
	return nil
}

// ETag is the strong entity tag with its quotes (RFC 9110, 8.8.3): two clips have the same only if
// they are the same bytes.
func (c *Clip) ETag() string {
	sum := c.out.movie.Sum()
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
}

// ModTime is when the last picture of the clip was taken.
func (c *Clip) ModTime() time.Time { return c.out.times.To.Truncate(time.Second) }

// ContentType is the media type with codecs (RFC 6381).
func (c *Clip) ContentType() string { return c.out.movie.MediaType() }

// Duration is how long the clip plays.
func (c *Clip) Duration() time.Duration { return c.out.movie.Duration() }

// Map says which wall time the media is. It is shared: read-only.
func (c *Clip) Map() *Map { return c.out.times }

// ServeHTTP answers a GET or HEAD with the clip or the ranges of it that are asked for. When footage
// goes missing on the way the answer is shorter than its Content-Length, and net/http cuts the
// connection, so that it cannot be taken for whole.
func (c *Clip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", c.ContentType())
	h.Set("ETag", c.ETag())
	h.Set("Cache-Control", "private, no-cache")
	watched := &watch{Clip: c}
	http.ServeContent(w, r, "", c.ModTime(), watched)
	if watched.err != nil {
		c.log.Warn("clip cut short", "error", watched.err)
	}
}

// watch remembers a failed read, which http.ServeContent hides.
type watch struct {
	*Clip
	err error
}

func (w *watch) Read(p []byte) (int, error) {
	n, err := w.Clip.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// Continues tells whether a request asks for a later part of a clip, for Options.Continue.
func Continues(r *http.Request) bool {
	spec, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	return ok && !strings.HasPrefix(spec, "0-")
}

// Dimensions are the width and height of the picture in pixels, 0 where the camera did not say.
func (c *Clip) Dimensions() (width, height int) { return c.out.movie.Dimensions() }

package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
	"holdfast/storage/fmp4"
)

const (
	// writeTime bounds one fragment's write to an MSE viewer. One that takes longer has gone, or is too slow by far.
	writeTime = 10 * time.Second
	// firstTime is how long an MSE viewer waits for the first key frame when the stream holds none.
	firstTime = 10 * time.Second
	// maxStep is the longest a frame is said to last: beyond it the timeline has a hole instead.
	maxStep = 2 * time.Second
)

// ServeMP4 answers with an endless fragmented MP4 for Media Source Extensions: an initialisation segment and the
// current group of pictures at once, then a fragment for what has come since the last. With ask.Audio also sound: AAC and
// Opus as they come, G.711 as FLAC, which loses nothing and browsers play. The Content-Type names the codecs, X-Live-View is
// the id for View, and X-Wall-Time the moment of media time zero. Media time starts there with the first frame and goes
// on from run to run; changed parameters send a new initialisation segment; frames that a slow viewer missed are a
// hole, as is all between the key frames for one whose connection carries nothing else. It ends when the client goes, when the session with the camera ends, or when the codec changes.
//
// A connection that does not take what is written is broken off (http.ErrAbortHandler). An error is returned only when nothing was written: ErrOffline, ErrTooMany, ErrNotTranscoded.
func (s *Server) ServeMP4(w http.ResponseWriter, r *http.Request, ask Ask) error {
	if ask.Transcode {
		made, release, err := s.transcoders.use(r.Context(), ask.Stream)
		if err != nil {
			return err
		}
		defer release()
		ask.Stream = made
	}
	info := ask.Stream.Info()
	if !info.Online || info.Video() == nil {
		return fmt.Errorf("%w: %s", ErrOffline, info.Cause)
	}
	m := &movie{id: newID(), ask: ask, since: time.Now().UTC(), writes: s.writes, w: w, out: http.NewResponseController(w)}
	if err := s.reserveMovie(m); err != nil {
		return err
	}
	defer s.removeMovie(m)
	m.reader = ask.Stream.Lossy()
	defer m.reader.Close()
	if err := m.serve(r.Context()); !errors.Is(err, errGone) {
		return err
	}
	panic(http.ErrAbortHandler) // or the server would wait for the next request of a client that reads nothing
}

func (s *Server) reserveMovie(m *movie) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrDisabled
	}
	if err := s.room(m.ask.Owner); err != nil {
		return err
	}
	s.movies[m.id] = m
	return nil
}

func (s *Server) removeMovie(m *movie) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.movies, m.id)
}

// movie is one MSE viewer. It belongs to the goroutine of its request, but for what is constant and its counts.
type movie struct {
	id     string        // constant
	ask    Ask           // constant
	since  time.Time     // constant
	writes time.Duration // constant: for one write
	counts counts

	w      io.Writer
	out    *http.ResponseController // nil: w is not an answer
	reader *stream.Reader
	once   bool // the parameters may not change
	thin   thinner

	parts   []*part      // tracks, in the order of the movie
	tracks  []fmp4.Track // of parts
	samples []fmp4.Sample
	buf     []byte
	coder   *fmp4.Coder // turns G.711 into what browsers play; nil: no such sound
	seq     uint32
	begun   bool
	start   rtsp.Mono // arrival of the first frame
	wall    time.Time // of media time zero; others read it by began
}

// began is the moment of media time zero, from any goroutine; zero before the first frame.
func (m *movie) began() time.Time {
	if c := m.counts.clock.Load(); c != nil {
		return c.Wall
	}
	return time.Time{}
}

func (m *movie) status() SessionStatus {
	st := SessionStatus{ID: m.id, Owner: m.ask.Owner, Camera: m.ask.Camera, Stream: m.ask.Name, Kind: MP4, Since: m.since, Connected: true}
	m.counts.into(&st)
	return st
}

// part is a track of a movie on the movie's time.
type part struct {
	track  *rtsp.Track // newest description
	run    *rtsp.Run
	offset int64 // decode time minus DTS, in this run, ticks
	last   int64 // decode time of the newest sample, ticks; -1: none
	step   uint32
}

var (
	errEnd  = errors.New("stream ended")         // in good order
	errGone = errors.New("viewer takes nothing") // what is written does not go out
)

func (m *movie) serve(ctx context.Context) error {
	items, err := m.first(ctx)
	if err != nil {
		return err
	}
	for n := 1; ; n = m.thin.portion() { // the key frame goes first, alone: on a slow line the rest takes its time
		for rest := items; len(rest) > 0; n = m.thin.portion() {
			n = min(n, len(rest))
			if err := m.write(rest[:n]); err == errEnd {
				return nil
			} else if err != nil {
				return fmt.Errorf("%w: %w", errGone, err)
			}
			rest = rest[n:]
		}
		if m.reader.Wait(ctx) != nil {
			return nil
		}
		if items, err = m.reader.Take(items[:0], m.thin.portion()); err != nil {
			return nil
		}
	}
}

// first waits for the key frame that the movie begins with and gives what is there then.
func (m *movie) first(ctx context.Context) ([]*stream.Item, error) {
	ctx, cancel := context.WithTimeout(ctx, firstTime)
	defer cancel()
	for {
		items, err := m.reader.Take(nil, 0)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOffline, err)
		}
		for i, it := range items {
			if it.KeyFrame() {
				return items[i:], nil
			}
		}
		if err := m.reader.Wait(ctx); err != nil {
			return nil, fmt.Errorf("%w: no key frame yet", ErrOffline)
		}
	}
}

// write sends items as fragments, cut where the parameters change.
func (m *movie) write(items []*stream.Item) error {
	m.samples = m.samples[:0]
	for _, it := range items {
		if it.End != "" {
			_ = m.flush()
			return errEnd
		}
		if m.out != nil {
			m.thin.judge(it, m.ask.Stream, m.counts.bytes.Load(), time.Now())
		}
		if it.Frame == nil || !m.thin.wants(it, time.Now()) {
			continue
		}
		if err := m.describe(it); err != nil {
			return err
		}
		m.add(it.Frame)
	}
	return m.flush()
}

// describe sends an initialisation segment before the first frame and where a key frame brings new parameters.
func (m *movie) describe(it *stream.Item) error {
	if !it.KeyFrame() {
		return nil
	}
	if m.begun && same(m.parts[0].track, it.Frame.Track) {
		m.parts[0].track = it.Frame.Track
		return nil
	}
	if m.begun && (m.once || m.parts[0].track.Codec != it.Frame.Track.Codec) {
		_ = m.flush()
		return errEnd
	}
	if err := m.flush(); err != nil {
		return err
	}
	if !m.begun {
		m.begin(it)
	}
	m.parts[0].track = it.Frame.Track
	m.tracks[0] = movieTrack(1, it.Frame.Track)
	m.buf = fmp4.AppendInit(m.buf[:0], nil, m.tracks)
	return m.send()
}

// begin decides on the tracks and sends the header.
func (m *movie) begin(it *stream.Item) {
	f := it.Frame
	m.begun, m.start = true, f.Arrival
	m.wall = f.Wall.Add(-seconds(int64(f.PTS-f.DTS), int64(f.Track.ClockRate)))
	m.parts = []*part{{track: it.Frame.Track, last: -1}}
	for _, t := range it.Run.Tracks {
		if m.ask.Audio && t.Codec.Audio() && len(m.parts) == 1 {
			m.parts = append(m.parts, &part{track: t, last: -1})
		}
	}
	var names []string
	for i, p := range m.parts {
		t := movieTrack(uint32(i+1), p.track)
		if t.Codec.G711() {
			m.coder, t = fmp4.NewCoder(t)
		}
		m.tracks = append(m.tracks, t)
		names = append(names, fmp4.CodecString(t))
	}
	m.counts.clock.Store(&Clock{Wall: m.wall.UTC()})
	if answer, ok := m.w.(http.ResponseWriter); ok {
		m.head(answer.Header(), names)
	}
}

// head says in an answer's header what comes.
func (m *movie) head(h http.Header, codecs []string) {
	h.Set("Content-Type", fmt.Sprintf("video/mp4; codecs=%q", strings.Join(codecs, ",")))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Live-View", m.id)
	h.Set("X-Wall-Time", m.wall.Format(time.RFC3339Nano)) // of media time zero
}

// add makes a sample of a frame of one of the movie's tracks.
func (m *movie) add(f *rtsp.Frame) {
	for i, p := range m.parts {
		if p.track.ID != f.Track.ID || p.track.Codec != f.Track.Codec || (i > 0 && m.parts[0].last < 0) {
			continue
		}
		dts, ok := p.place(f, m)
		if !ok {
			return
		}
		m.samples = append(m.samples, fmp4.Sample{
			Track: uint32(i + 1), DTS: dts, CTO: int32(f.PTS - f.DTS), Dur: p.step, Sync: f.Key, Data: m.coded(i, f),
		})
		return
	}
}

// coded is a frame's data as a browser plays it.
func (m *movie) coded(part int, f *rtsp.Frame) [][]byte {
	if part == 0 || m.coder == nil || len(f.Payload) == 0 {
		return f.Payload
	}
	return [][]byte{m.coder.Append(nil, f.Payload[0])}
}

// place gives a frame's decode time on the movie's time and corrects how long its track's frames last. In a track's
// first run it counts from the movie's first frame, by wall time, so that sound and picture agree; a new run goes on
// as much later as its first frame arrived.
func (p *part) place(f *rtsp.Frame, m *movie) (dts int64, ok bool) {
	rate := int64(f.Track.ClockRate)
	if f.Run != p.run {
		from := time.Duration(f.Arrival - m.start)
		if p.last < 0 {
			from = f.Wall.Sub(m.wall) - seconds(int64(f.PTS-f.DTS), rate)
		}
		if p.last < 0 && p == m.parts[0] {
			from = 0
		}
		p.run = f.Run
		p.offset = max(ticks(from, rate), p.last+1) - int64(f.DTS)
		if p.last < 0 {
			p.offset = ticks(from, rate) - int64(f.DTS)
		}
	}
	dts = int64(f.DTS) + p.offset
	if dts < 0 || (p.last >= 0 && dts <= p.last) {
		return 0, false // sound from before the first picture
	}
	if d := dts - p.last; p.last >= 0 && d < ticks(maxStep, rate) {
		p.step = uint32(d)
	} else if p.step == 0 {
		p.step = uint32(rate / 25)
	}
	p.last = dts
	return dts, true
}

func ticks(d time.Duration, rate int64) int64 { return int64(d.Seconds() * float64(rate)) }

func seconds(n, rate int64) time.Duration {
	return time.Duration(float64(n) / float64(rate) * float64(time.Second))
}

// flush sends the samples gathered as one fragment.
func (m *movie) flush() error {
	if len(m.samples) == 0 {
		return nil
	}
	// Only the last sample of a track needs its estimated length: the others last until the next.
	var later [2]bool
	for i := len(m.samples) - 1; i >= 0; i-- {
		if track := m.samples[i].Track - 1; later[track] {
			m.samples[i].Dur = 0
		} else {
			later[track] = true
		}
	}
	m.seq++
	var err error
	m.buf, err = fmp4.AppendFragment(m.buf[:0], m.seq, m.tracks, m.samples)
	clear(m.samples)
	m.samples = m.samples[:0]
	if err != nil {
		return err
	}
	return m.send()
}

func (m *movie) send() error {
	begun := time.Now()
	if m.out != nil {
		_ = m.out.SetWriteDeadline(begun.Add(m.writes)) // not supported by a test's recorder
	}
	if _, err := m.w.Write(m.buf); err != nil {
		return err
	}
	m.counts.bytes.Add(uint64(len(m.buf)))
	m.counts.skipped.Store(m.reader.Skipped())
	if m.out == nil {
		return nil
	}
	err := m.out.Flush()
	m.thin.sent(len(m.buf), begun, time.Now())
	m.counts.thin.Store(m.thin.on)
	m.counts.carries.Store(uint64(m.thin.carries()))
	return err
}

// same tells whether two descriptions of a track need the same initialisation segment.
func same(a, b *rtsp.Track) bool {
	return a == b || a.Codec == b.Codec && a.Width == b.Width && a.Height == b.Height &&
		bytes.Equal(a.VPS, b.VPS) && bytes.Equal(a.SPS, b.SPS) && bytes.Equal(a.PPS, b.PPS)
}

func movieTrack(id uint32, t *rtsp.Track) fmp4.Track {
	return fmp4.Track{
		ID: id, Codec: fmp4.Codec(t.Codec), Timescale: uint32(t.ClockRate), VPS: t.VPS, SPS: t.SPS, PPS: t.PPS,
		Width: t.Width, Height: t.Height, ASC: t.ASC, Channels: t.Channels, SampleRate: t.SampleRate,
	}
}

// stillMP4 makes an MP4 of one key frame, which a player shows for a second.
func stillMP4(key *stream.Item) (mime string, body []byte, err error) {
	t := movieTrack(1, key.Frame.Track)
	tracks := []fmp4.Track{t}
	body, err = fmp4.AppendFragment(fmp4.AppendInit(nil, nil, tracks), 1, tracks,
		[]fmp4.Sample{{Track: 1, Dur: t.Timescale, Sync: true, Data: key.Frame.Payload}})
	if err != nil {
		return "", nil, fmt.Errorf("write snapshot: %w", err)
	}
	return fmt.Sprintf("video/mp4; codecs=%q", fmp4.CodecString(t)), body, nil
}

package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/playback"
	"holdfast/storage"
)

// Clip is footage of a range as one file. *playback.Clip is one.
type Clip interface {
	io.ReadSeekCloser
	ETag() string // strong, in quotes
	ModTime() time.Time
	ContentType() string
	Map() VideoMap
}

// VideoMap tells what times the frames of a clip are of.
type VideoMap struct {
	From     time.Time  `json:"from" doc:"Begin of the range as asked for."`
	To       time.Time  `json:"to" doc:"End of the range as asked for, or of what is safely on disk."`
	Duration float64    `json:"duration" doc:"Of the clip, seconds."`
	Map      []MapPoint `json:"map" doc:"From each point on, media time and wall time go on together until the next."`
	Gaps     []MapGap   `json:"gaps" doc:"What of the range the clip leaves out."`
}

// MapPoint joins media time to wall time.
type MapPoint struct {
	Media float64   `json:"media" doc:"Seconds from the begin of the clip."`
	Wall  time.Time `json:"wall"`
}

// MapGap is a stretch of the range that a clip jumps over.
type MapGap struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Cause string    `json:"cause" people:"read" doc:"Why nothing is recorded."`
	Media float64   `json:"media" doc:"Where the clip jumps over it, seconds."`
}

// Span is a stretch of time that is recorded, or is not.
type Span struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Kind  string    `json:"kind" enum:"recorded,gap"`
	Cause string    `json:"cause" people:"read" doc:"Why nothing is recorded; of what was filled, why nothing had been; empty for what was recorded as it came."`
	Class string    `json:"class" enum:",lost,unwanted,deleted" doc:"What a gap means: it was to be recorded, it was not to be, or it was deleted on purpose; empty for what is recorded."`
	Run   string    `json:"run,omitempty" doc:"Of what is recorded: the run that it is of, one unbroken recording by one clock. Where the recorder's clock was set back two are of the same times; run= asks for one of them alone."`
	Early bool      `json:"early,omitempty" doc:"Of a gap that was deleted: sooner than its promised age, because space was needed."`

	Filled *Filled `json:"filled,omitempty" doc:"Of footage that was put into a gap afterwards: where it came from."`
}

// Filled says of footage that it was put into a gap afterwards.
type Filled struct {
	From   string  `json:"from" enum:"card" doc:"The camera's own card."`
	Before string  `json:"before" enum:"pictures,clock" doc:"How its beginning was placed: by the last picture recorded before the gap, which was found on the card, or by the camera's clock."`
	After  string  `json:"after" enum:"pictures,clock" doc:"The same of its end."`
	Within float64 `json:"within,omitempty" doc:"By how many seconds its times may be off, where an end was placed by the clock."`
}

func describeFilled(f storage.Filled) *Filled {
	if f == (storage.Filled{}) {
		return nil
	}
	by := map[bool]string{true: "pictures", false: "clock"}
	return &Filled{From: "card", Before: by[f.Before], After: by[f.After], Within: f.Within.Seconds()}
}

// maxSpansRange bounds how much time spans are given for at once.
const maxSpansRange = 400 * 24 * time.Hour

// asked is what a request for footage asks for.
type asked struct {
	camera, stream string
	from, to       time.Time
	run            uint32 // alone; 0: all that there are
	sound          bool   // with sound: whoever asks may hear the camera
}

// headerSound says of footage that sound was left out of it, if there was any.
const headerSound = "X-Sound"

func (s *Server) askedFootage(r *request) (a asked, err error) {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return a, err
	}
	c, err := s.recordedCamera(r.PathValue("id"))
	if err != nil {
		return a, err
	}
	a.camera = c.ID
	if a.stream, err = recordedStream(c, q); err != nil {
		return a, err
	}
	if a.run, err = parseRun(q); err != nil {
		return a, err
	}
	a.from, a.to, err = parseRange(q)
	a.sound = r.who.MayOn(auth.Audio, c.ID)
	return a, err
}

// parseRun reads the name of a run, 0 when none is named.
func parseRun(q url.Values) (run uint32, err error) {
	text := q.Get("run")
	if text == "" {
		return 0, nil
	}
	if run, err = storage.ParseRun(text); err != nil {
		return 0, field(kindRequest.with("It is not the name of a run: eight hexadecimal digits, as spans has them."), "run")
	}
	return run, nil
}

// note has the entry of the audit log say what footage is asked for.
func (a *asked) note(r *request) {
	r.entry.Stream, r.entry.From, r.entry.To = a.stream, a.from, a.to
	if a.run != 0 {
		r.entry.Target = storage.RunName(a.run)
	}
}

// recordedStream is the stream that is asked for, or the first that the camera records, or its main one.
func recordedStream(c Camera, q url.Values) (string, error) {
	id, err := parseStream(q)
	if err != nil || id != "" {
		return id, err
	}
	if len(c.Record.Streams) > 0 {
		return c.Record.Streams[0], nil
	}
	return "main", nil
}

func (s *Server) getSpans(w http.ResponseWriter, r *request) error {
	a, err := s.askedFootage(r)
	if err != nil {
		return err
	}
	if a.to.Sub(a.from) > maxSpansRange {
		return field(kindRange.with(fmt.Sprintf("Spans are given for at most %d days.", maxSpansRange/(24*time.Hour))), "to")
	}
	spans, err := s.o.Archive.Spans(a.camera, a.stream, a.from, a.to)
	if err != nil {
		return err
	}
	list := make([]Span, 0, len(spans))
	for _, sp := range spans {
		kind, class, run := "recorded", "", storage.RunName(sp.Run)
		if sp.Gap {
			kind, class, run = "gap", string(sp.Cause.Class()), ""
		}
		list = append(list, Span{Start: sp.Start.UTC(), End: sp.End.UTC(), Kind: kind, Cause: string(sp.Cause), Class: class, Run: run, Early: sp.Early, Filled: describeFilled(sp.Filled)})
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) getVideo(w http.ResponseWriter, r *request) error {
	a, err := s.askedFootage(r)
	if err != nil {
		return err
	}
	release, err := s.holdFootage(w, r, a)
	if err != nil {
		return err
	}
	defer release()
	clip, err := s.o.Footage.Clip(r.Context(), a.camera, a.stream, a.from, a.to, playback.Options{Continue: asksMore(r), NoAudio: !a.sound, Run: a.run})
	if err != nil {
		return err
	}
	defer clip.Close()
	s.played(r, a)
	h := w.Header()
	if !a.sound {
		h.Set(headerSound, "withheld")
	}
	h.Set("Content-Type", clip.ContentType())
	h.Set("ETag", clip.ETag())
	h.Set("Cache-Control", "private, no-store") // footage is not left behind on the disk of whoever watched it
	h.Set("Content-Disposition", fmt.Sprintf(`inline; filename="%s-%s.mp4"`, plainName(a.camera), a.from.Format("20060102T150405Z")))
	read := &readError{Clip: clip}
	http.ServeContent(w, r.Request, "", clip.ModTime(), read)
	return read.err
}

// holdFootage takes the right to footage for as long as it is sent; another person's approval is part of it where the site asks
// for that.
func (s *Server) holdFootage(w http.ResponseWriter, r *request, a asked) (release func(), err error) {
	if err := s.o.Auth.MayShow(r.who, auth.Playback, a.camera, a.from, a.to); err != nil {
		return nil, err
	}
	out := w.(*paced)
	need := auth.Need{Permission: auth.Playback, Camera: a.camera, Footage: true, From: a.from, To: a.to}
	if a.sound {
		need.Also = auth.Audio
	}
	release, ok := s.o.Auth.Hold(r.who, need, out.cutOff)
	if !ok {
		return nil, kindNotFound.with("")
	}
	return release, nil
}

// playedAgain is how long the same range played by the same session is one entry of the audit log: a player asks for it in many pieces.
const playedAgain = 5 * time.Minute

func (s *Server) played(r *request, a asked) {
	a.note(r)
	key := strings.Join([]string{"playback", r.who.Owner(), a.camera, a.stream, r.entry.Target, a.from.String(), a.to.String()}, "\x00")
	if !s.seen.first(key, playedAgain) {
		r.entry.Action = ""
	}
}

// asksMore tells whether a request is for a later part of what its sender has begun to read.
func asksMore(r *request) bool {
	spec, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	return ok && !strings.HasPrefix(spec, "0-")
}

// readError remembers a failed read, which http.ServeContent hides: the answer must then be broken off, so that nobody
// takes it for whole.
type readError struct {
	Clip
	err error
}

func (r *readError) Read(p []byte) (int, error) {
	n, err := r.Clip.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// plainName keeps of an id what a file name in a header may hold.
func plainName(id string) string {
	b := []byte(id)
	n := 0
	for _, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b[n] = c
			n++
		}
	}
	return cmp.Or(string(b[:n]), "video")
}

func (s *Server) getVideoMap(w http.ResponseWriter, r *request) error {
	a, err := s.askedFootage(r)
	if err != nil {
		return err
	}
	if err := s.o.Auth.MayShow(r.who, auth.Playback, a.camera, a.from, a.to); err != nil {
		return err
	}
	clip, err := s.o.Footage.Clip(r.Context(), a.camera, a.stream, a.from, a.to, playback.Options{NoAudio: !a.sound, Run: a.run})
	if err != nil {
		return err
	}
	defer clip.Close()
	m := clip.Map()
	if m.Map == nil {
		m.Map = []MapPoint{}
	}
	if m.Gaps == nil {
		m.Gaps = []MapGap{}
	}
	return reply(w, http.StatusOK, m)
}

package web

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/playback"
)

// Reel is footage of a range for a player that keeps its own clock. *playback.Reel is one.
type Reel interface {
	ContentType() string
	Write(ctx context.Context, w io.Writer) error // once
}

// What is watched in pieces is in the audit log by rounded ranges, so that an hour of it is six entries, not hundreds.
const (
	watchedStep   = 10 * time.Minute
	glancedStep   = time.Hour // of single pictures, while somebody looks for a moment
	picturesAhead = time.Millisecond
)

func reelRoutes() []route {
	const camera = "/api/v1/cameras/{id}"
	at := param{"at", "query", true, "date-time", "The moment, RFC 3339. A plus sign in it must be written %2B."}
	keys := param{"keys", "query", false, "string", "At most so many key frames, spread evenly over the range, instead of every picture: 1 to 600. The range may then be as long as 32 days."}
	return []route{
		{method: "GET", pattern: camera + "/video.fmp4", does: audit.ActionPlayback, needs: auth.Playback, serve: (*Server).getReel, streams: true,
			summary: "Pictures of a range of at most ten minutes as fragmented MP4 whose times are wall times, for players that show several cameras in step; gaps take the time that they took",
			params:  []param{paramCamera, paramFrom, paramTo, paramStream, paramRun, keys}, answers: sends("video/mp4", "Init segment and fragments, from the key frame at or before the begin. Decode times count from 1970 UTC in 1/90000 s. It ends early where the camera's codec changes.")},
		{method: "GET", pattern: camera + "/audio.fmp4", does: audit.ActionPlayback, needs: auth.Playback, serve: (*Server).getSound, streams: true,
			summary: "Sound of a range of at most ten minutes as fragmented MP4 whose times are wall times: as it was recorded, G.711 as FLAC, which loses nothing; for whoever has the right audio too",
			params:  []param{paramCamera, paramFrom, paramTo, paramStream, paramRun}, answers: sends("audio/mp4", "Init segment and fragments. Decode times count from 1970 UTC in 1/90000 s. It ends early where the codec changes.")},
		{method: "GET", pattern: camera + "/picture.mp4", does: audit.ActionPlayback, needs: auth.Playback, serve: (*Server).getStill,
			summary: "The key frame that was shown at a moment, as it was recorded", params: []param{paramCamera, at, paramStream, paramRun}, answers: sends("video/mp4", "An MP4 of the one frame, as video.fmp4 has it; it lasts until the next.")},
		{method: "GET", pattern: camera + "/picture.jpg", does: audit.ActionPlayback, needs: auth.Playback, serve: (*Server).getStill,
			summary: "The key frame that was shown at a moment, as a picture", params: []param{paramCamera, at, paramStream, paramRun},
			answers: append(sends("image/jpeg", "The picture; Last-Modified and X-Picture-Time tell of when it is."), answer{status: 200, mime: "video/mp4", doc: "An MP4 of the one frame, where no decoder is installed."})},
	}
}

func (s *Server) getReel(w http.ResponseWriter, r *request) error {
	a, err := s.askedFootage(r)
	if err != nil {
		return err
	}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	keys, err := parseCount(q, "keys", 0, playback.MaxKeys)
	if err != nil {
		return err
	}
	step := watchedStep
	if keys > 0 {
		step = glancedStep
	}
	a.sound = false // it has none
	return s.sendReel(w, r, a, playback.ReelOptions{Keys: keys, Run: a.run}, step)
}

func (s *Server) getSound(w http.ResponseWriter, r *request) error {
	a, err := s.askedFootage(r)
	if err != nil {
		return err
	}
	if !a.sound {
		return kindSound.with("")
	}
	return s.sendReel(w, r, a, playback.ReelOptions{Sound: true, Run: a.run}, watchedStep)
}

// sendReel answers with a reel, which the audit log tells of in steps.
func (s *Server) sendReel(w http.ResponseWriter, r *request, a asked, o playback.ReelOptions, step time.Duration) error {
	release, err := s.holdFootage(w, r, a)
	if err != nil {
		return err
	}
	defer release()
	reel, err := s.o.Footage.Reel(r.Context(), a.camera, a.stream, a.from, a.to, o)
	if err != nil {
		return err
	}
	s.glanced(r, a, step)
	h := w.Header()
	h.Set("Content-Type", reel.ContentType())
	h.Set("Cache-Control", "private, no-store")
	return reel.Write(r.Context(), w)
}

func (s *Server) getStill(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	c, err := s.recordedCamera(r.PathValue("id"))
	if err != nil {
		return err
	}
	a := asked{camera: c.ID}
	if a.stream, err = recordedStream(c, q); err != nil {
		return err
	}
	if a.from, err = parseTime(q, "at"); err != nil {
		return err
	}
	if a.run, err = parseRun(q); err != nil {
		return err
	}
	a.to = a.from.Add(picturesAhead)
	release, err := s.holdFootage(w, r, a)
	if err != nil {
		return err
	}
	defer release()
	still, err := s.o.Footage.Still(r.Context(), a.camera, a.stream, a.from, a.run)
	if err != nil {
		return err
	}
	s.glanced(r, a, glancedStep)
	mime, body := still.ContentType(), still.MP4()
	if strings.HasSuffix(r.URL.Path, ".jpg") {
		if jpeg := s.o.Live.JPEG(r.Context(), &still.Track, still.Units); jpeg != nil {
			mime, body = "image/jpeg", jpeg
		}
	}
	h := w.Header()
	h.Set("Content-Type", mime)
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Last-Modified", still.At.UTC().Format(http.TimeFormat))
	h.Set("X-Picture-Time", still.At.UTC().Format(time.RFC3339Nano))
	_, err = w.Write(body)
	return err
}

// glanced writes what is watched in pieces to the log: the rounded range of each piece once in a while.
func (s *Server) glanced(r *request, a asked, step time.Duration) {
	a.from = a.from.Truncate(step)
	if end := a.to.Truncate(step); end.Before(a.to) {
		a.to = end.Add(step)
	}
	if now := s.o.Now().UTC(); a.to.After(now) && now.After(a.from) {
		a.to = now.Truncate(time.Second).Add(time.Second)
	}
	a.note(r)
	key := strings.Join([]string{"glanced", r.who.Owner(), a.camera, a.stream, r.entry.Target, a.from.String(), step.String()}, "\x00")
	if !s.seen.first(key, playedAgain) {
		r.entry.Action = ""
	}
}

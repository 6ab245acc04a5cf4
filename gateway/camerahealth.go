package gateway

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
)

const (
	// healthWeek is how far back health looks, and weekKept for how long what was found is not looked up again: a week of a camera is
	// thousands of segments.
	healthWeek = 7 * 24 * time.Hour
	weekKept   = 30 * time.Second
	// weekSettles is how long after a change of a camera's state its gap may not be told of yet, and weekHasty for how long what is found then
	// is kept.
	weekSettles, weekHasty = 15 * time.Second, 2 * time.Second
	// weekGrain is how finely what is held is told: a point of a screen that shows a week. It bounds how much is told.
	weekGrain = 10 * time.Minute
	// weekGaps bounds the gaps that are listed.
	weekGaps = 200

	// longKeys is from how far apart key frames make seeking slow and cut recordings late; stale from how long ago the newest frame of a
	// stream that is online is worth a word.
	longKeys = 10 * time.Second
	stale    = 3 * time.Second
	// manyReconnects is from how many of them a stream is unsteady.
	manyReconnects = 10
	// lossy is from how many lost packets of a stream on a word is said.
	lossy = 100
)

// weeks keeps for a moment what the weeks of cameras were like. The zero value is ready.
type weeks struct {
	mu   sync.Mutex // guards what follows
	kept map[string]keptWeek
}

type keptWeek struct {
	at   time.Time
	was  time.Time // since when the camera's state was as it was then: a gap that has begun shows at once
	week *web.WeekHealth
}

// lasts is for how long it is not looked up again.
func (k keptWeek) lasts() time.Duration {
	if k.at.Sub(k.was).Abs() < weekSettles {
		return weekHasty
	}
	return weekKept
}

// CameraHealth tells how a camera does, and what to do.
func (g *Gateway) CameraHealth(id string, week bool) (h web.CameraHealth, err error) {
	c, ok := g.camera(id)
	if !ok {
		return h, web.ErrNotFound
	}
	w := c.describe()
	h = web.CameraHealth{Camera: id, Name: w.Name, State: w.State, Since: w.Since, Recording: w.Record.State}
	for _, f := range c.feeds {
		h.Streams = append(h.Streams, f.health())
	}
	if week && len(c.recorded) > 0 {
		if h.Week, err = g.weekOf(id, c.recorded[0], w.Since); err != nil {
			return h, fmt.Errorf("look at a week of camera %s: %w", id, err)
		}
	}
	h.Findings = amiss(w, h)
	return h, nil
}

// health tells how the stream comes.
func (f *feed) health() web.StreamHealth {
	i := f.stream.Info()
	s := web.StreamHealth{ID: f.id, State: string(f.State().State), Recorded: f.cam.records(f.id), FPS: i.FPS, Bitrate: i.Bitrate, Lost: i.Lost, Reconnects: max(0, i.Sessions-1), KeyEvery: i.KeyEvery.Seconds()}
	if f.cam.spec().Disabled {
		s.State = string(Disabled)
	}
	if i.Run != nil {
		s.Transport = i.Run.Transport
	}
	if i.Newest > 0 {
		age := i.Newest.Seconds()
		s.LastFrame = &age
	}
	return s
}

// weekOf looks at a week of a stream's footage.
func (g *Gateway) weekOf(camera, stream string, since time.Time) (*web.WeekHealth, error) {
	g.weeks.mu.Lock()
	defer g.weeks.mu.Unlock() // one look at a time: several people look at the same page
	now := g.now().UTC()
	if k, ok := g.weeks.kept[camera]; ok && now.Sub(k.at).Abs() < k.lasts() && k.was.Equal(since) {
		return k.week, nil
	}
	spans, err := g.store.Spans(camera, stream, now.Add(-healthWeek), now)
	if err != nil {
		return nil, err
	}
	w := sumWeek(spans, now)
	if g.weeks.kept == nil || len(g.weeks.kept) > maxCameras {
		g.weeks.kept = make(map[string]keptWeek)
	}
	g.weeks.kept[camera] = keptWeek{now, since, w}
	return w, nil
}

// sumWeek sums up the spans of a week.
func sumWeek(spans []storage.Span, now time.Time) *web.WeekHealth {
	w := &web.WeekHealth{From: now.Add(-healthWeek), To: now}
	causes := make(map[string]*web.GapCause)
	for _, s := range spans {
		long := s.End.Sub(s.Start).Seconds()
		switch {
		case !s.Gap:
			w.Recorded += long
			if n := len(w.Held); n > 0 && s.Start.Sub(w.Held[n-1].End) < weekGrain {
				w.Held[n-1].End = s.End.UTC()
			} else {
				w.Held = append(w.Held, web.Stretch{Start: s.Start.UTC(), End: s.End.UTC()})
			}
		case s.Cause.Class() == storage.Unwanted:
			w.Unwanted += long
		case s.Lost():
			m := web.Missing{Start: s.Start.UTC(), End: s.End.UTC(), Seconds: long, Cause: string(s.Cause)}
			w.Lost, w.Gaps, w.List = w.Lost+long, w.Gaps+1, append(w.List, m)
			if w.Longest == nil || long > w.Longest.Seconds {
				w.Longest = &m
			}
			of := causes[m.Cause]
			if of == nil {
				of = &web.GapCause{Cause: m.Cause}
				causes[m.Cause] = of
			}
			of.Gaps, of.Seconds = of.Gaps+1, of.Seconds+long
		}
	}
	for _, c := range causes {
		w.Causes = append(w.Causes, *c)
	}
	slices.SortFunc(w.Causes, func(a, b web.GapCause) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.Cause, b.Cause))
	})
	slices.Reverse(w.List)
	w.List = w.List[:min(len(w.List), weekGaps)]
	return w
}

// amiss says what is not as it should be with a camera, the worst first, and what to do.
func amiss(c web.Camera, h web.CameraHealth) (list []web.Amiss) {
	add := func(severity, what, do string) {
		list = append(list, web.Amiss{Severity: severity, What: what, Do: do})
	}
	if c.State == string(Disabled) {
		return nil
	}
	switch c.State {
	case string(Offline):
		what := "It cannot be reached."
		if c.Cause == string(storage.CauseRefused) { // it answers, and gives nothing that can be recorded, such as only MJPEG
			what = "It answers and nothing of it is recorded: " + c.Detail + "."
		}
		add("alarm", what, c.Hint)
	case string(Unauthorized):
		add("alarm", "It refuses its password.", c.Hint)
	}
	if c.Record.State == "failing" {
		add("alarm", "It cannot be recorded: "+c.Record.Cause+".", "See the volumes.")
	}
	if c.Record.Mirror == "not_mirrored" {
		add("warning", "It is recorded to one volume only: "+c.Record.MirrorWhy, "See the volumes.")
	}
	for _, s := range h.Streams {
		if s.State != string(Online) {
			continue
		}
		if s.LastFrame != nil && *s.LastFrame > stale.Seconds() {
			add("warning", fmt.Sprintf("The newest frame of its %s stream is %.0f s old.", s.ID, *s.LastFrame), "Check the camera's network; restart it if this goes on.")
		}
		if s.Lost >= lossy {
			add("warning", fmt.Sprintf("%d packets of its %s stream were lost.", s.Lost, s.ID), lossDo(s.Transport))
		}
		if s.Reconnects >= manyReconnects {
			add("warning", fmt.Sprintf("Its %s stream was connected again %d times.", s.ID, s.Reconnects), "Look at the causes below: a loose cable, a switch that is restarted, or a camera that restarts itself.")
		}
		if s.KeyEvery > longKeys.Seconds() {
			add("warning", fmt.Sprintf("Key frames of its %s stream come every %.0f s.", s.ID, s.KeyEvery), "Set the encoder to a key frame every 2 to 4 s: pictures begin sooner, and less is lost at an interruption.")
		}
	}
	if w := h.Week; w != nil && w.Gaps > 0 {
		add("warning", fmt.Sprintf("%s of the last week is missing, in %s; most for: %s.", inWords(w.Lost), gapsInWords(w.Gaps), w.Causes[0].Cause), gapDo(storage.Cause(w.Causes[0].Cause)))
	}
	slices.SortStableFunc(list, func(a, b web.Amiss) int { return cmp.Compare(a.Severity, b.Severity) }) // "alarm" before "warning"
	return list
}

// inWords is a time as people say it, in the form that the viewer gives to times beside it (duration in words.js).
func inWords(seconds float64) string {
	if seconds < 120 {
		return fmt.Sprintf("%.0f s", max(1, seconds))
	}
	minutes := int(math.Round(seconds / 60))
	switch hours, rest := minutes/60, minutes%60; {
	case hours == 0:
		return fmt.Sprintf("%d min", rest)
	case rest == 0:
		return fmt.Sprintf("%d h", hours)
	default:
		return fmt.Sprintf("%d h %d min", hours, rest)
	}
}

// gapsInWords is a number of gaps as people say it.
func gapsInWords(n int) string {
	if n == 1 {
		return "1 gap"
	}
	return fmt.Sprintf("%d gaps", n)
}

func lossDo(transport string) string {
	if transport == "tcp" {
		return "The camera drops them itself: lower its bit rate, or the number of its viewers."
	}
	return "Check cable and switch; over TCP nothing is lost on the way (transport: tcp)."
}

// gapDo is what to do about gaps of a cause.
func gapDo(c storage.Cause) string {
	switch c {
	case storage.CauseOffline:
		return "Check the camera's power and its way through the network; power over Ethernet that is short restarts cameras at night, when their lamps come on."
	case storage.CauseRestart, storage.CauseStopped, storage.CauseStarting:
		return "The gateway itself was not running. A supply that outlasts a power cut keeps it up."
	case storage.CauseLost:
		return "Files of footage are gone: check the footage, and the disks below the volume."
	}
	return "The gaps on the camera's timeline say more."
}

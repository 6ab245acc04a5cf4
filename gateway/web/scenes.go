package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Scenes is what cameras see beside their pictures, as their metadata tracks tell it. *gateway.Gateway implements it.
type Scenes interface {
	// WatchScene gives what a camera sees until ctx ends, the newest alone: what comes faster than it is taken is left out. ErrNotFound
	// when there is no such camera.
	WatchScene(ctx context.Context, camera string) (<-chan Scene, error)
	// RecordedScenes reads what was recorded of a range, oldest first, until each returns false.
	RecordedScenes(ctx context.Context, camera, stream string, from, to time.Time, each func(Scene) bool) error
}

// Scene is what a camera sees at a moment: objects, temperatures and where it looks.
type Scene struct {
	Camera       string        `json:"camera,omitempty" doc:"Its id; left out of recorded ones."`
	At           time.Time     `json:"at" doc:"When it was, by the clock of the footage."`
	Objects      []SceneObject `json:"objects"`
	Temperatures []Reading     `json:"temperatures,omitempty"`
	PTZ          *ScenePTZ     `json:"ptz,omitempty"`
}

// SceneObject is something that a camera's analytics see.
type SceneObject struct {
	ID         string     `json:"id" doc:"The same for as long as the camera follows it."`
	Class      string     `json:"class,omitempty" doc:"As the camera says: Human, Vehicle, Face and others."`
	Likelihood float64    `json:"likelihood,omitempty" doc:"Of the class, 0 to 1."`
	Box        [4]float64 `json:"box" doc:"Left, bottom, right and top: -1 is left and bottom of the picture, 1 right and top (ONVIF's normalised coordinates)."`
	Idle       bool       `json:"idle,omitempty" doc:"It stands still."`
}

// ScenePTZ is where a camera looks.
type ScenePTZ struct {
	Pan    *float64 `json:"pan,omitempty"`
	Tilt   *float64 `json:"tilt,omitempty"`
	Zoom   *float64 `json:"zoom,omitempty"`
	Moving *bool    `json:"moving,omitempty"`
}

// SceneLine is a scene, or the word that there are more.
type SceneLine struct {
	Scene *Scene     `json:"scene,omitempty"`
	Next  *time.Time `json:"next,omitempty" doc:"Alone on the last line, where there are more: ask on from here."`
}

const (
	// maxSceneCameras bounds the cameras of one stream of scenes.
	maxSceneCameras = 64
	// sceneEvery is how often a stream of scenes tells at most of each camera.
	sceneEvery = 100 * time.Millisecond
	// maxSceneLines bounds the scenes of one answer.
	maxSceneLines = 20000
)

func sceneRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "GET", pattern: v1 + "/scenes/stream", does: audit.ActionScene, filters: "cameras that may not be watched live are left out", needs: auth.Live, serve: (*Server).getScenes, streams: true,
			summary: "What cameras see beside their pictures, as it comes: boxes of objects, temperatures, where they look; at most ten times a second of each", params: []param{{"cameras", "query", true, "string", "Ids, divided by commas; at most 64."}},
			answers: sends("text/event-stream", "event: scene with a scene, of which the temperatures and the position stay good until they are told anew. A comment every fifteen seconds.")},
		{method: "GET", pattern: v1 + "/cameras/{id}/scenes", does: audit.ActionScene, needs: auth.Playback, serve: (*Server).getRecordedScenes, streams: true,
			summary: "What a camera saw beside its pictures in a range of at most a day, as it was recorded with them", params: []param{paramCamera, paramFrom, paramTo, paramStream,
				{"every", "query", false, "number", "Seconds that lie between two scenes at least; 0 for all, which is the default."},
				{"region", "query", false, "string", "Only what touches this part of the picture: left, bottom, right and top, from -1 to 1, divided by commas."}},
			answers: tells[SceneLine]("A scene on each line, oldest first; at most 20000, and then the word that there are more.")},
	}
}

// getScenes sends what cameras see until the client goes, the right ends or the gateway stops.
func (s *Server) getScenes(w http.ResponseWriter, r *request) error {
	ids, err := s.sceneCameras(r)
	if err != nil {
		return err
	}
	select {
	case s.events <- struct{}{}:
		defer func() { <-s.events }()
	default:
		return kindBusy.with(fmt.Sprintf("%d event streams are open.", maxEvents))
	}
	all := make(chan Scene)
	for _, id := range ids {
		scenes, err := s.o.Cameras.WatchScene(r.Context(), id)
		if err != nil {
			return err
		}
		go gatherScenes(r.Context(), scenes, all)
		s.sceneWatched(r, id)
	}
	r.entry.Action = "" // each camera has an entry of its own
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	sendScenes(r.Context(), &eventStream{server: s, who: r.who, w: w, out: http.NewResponseController(w)}, all)
	return nil
}

// sceneCameras are those that are asked for and may be watched. One that is not is answered as if it were not there.
func (s *Server) sceneCameras(r *request) (ids []string, err error) {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	for _, id := range strings.Split(q.Get("cameras"), ",") {
		if c, there := s.o.Cameras.Camera(id); there && r.who.MayOn(auth.Live, c.ID) {
			ids = append(ids, c.ID)
		}
	}
	switch {
	case len(ids) == 0:
		return nil, kindNotFound.with("")
	case len(ids) > maxSceneCameras:
		return nil, field(kindRequest.with(fmt.Sprintf("It names more than %d cameras.", maxSceneCameras)), "cameras")
	}
	return ids, nil
}

// sceneWatched writes to the audit log that somebody is told what a camera sees; once in a while, since a viewer asks anew with each
// camera that it shows.
func (s *Server) sceneWatched(r *request, camera string) {
	if !s.seen.first(strings.Join([]string{"scene", r.who.Owner(), camera}, "\x00"), playedAgain) {
		return
	}
	e := r.entry
	e.Camera, e.Time = camera, s.o.Now()
	s.o.Audit.Add(e)
}

// gatherScenes hands one camera's scenes on, no faster than they are wanted.
func gatherScenes(ctx context.Context, from <-chan Scene, to chan<- Scene) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return
		case scene, ok := <-from:
			if !ok {
				return
			}
			select {
			case to <- scene:
			case <-ctx.Done():
				return
			}
		}
		pause.Reset(sceneEvery)
	}
}

func sendScenes(ctx context.Context, e *eventStream, scenes <-chan Scene) {
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	err := e.comment() // the client sees that it is connected
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case scene := <-scenes:
			if err = e.add("scene", scene); err == nil {
				err = e.send()
			}
		case <-tick.C:
			e.server.o.Auth.Keep(e.who)
			err = e.comment()
		}
	}
}

func (s *Server) getRecordedScenes(w http.ResponseWriter, r *request) error {
	a, err := s.askedFootage(r)
	if err != nil {
		return err
	}
	l, err := readSceneLines(r)
	if err != nil {
		return err
	}
	release, err := s.holdFootage(w, r, a)
	if err != nil {
		return err
	}
	defer release()
	s.scenesRead(r, a)
	l.w, l.out = w, http.NewResponseController(w)
	err = s.o.Cameras.RecordedScenes(r.Context(), a.camera, a.stream, a.from, a.to, l.take)
	if err != nil && !l.begun {
		return err
	}
	if err == nil {
		err = l.flush()
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (s *Server) scenesRead(r *request, a asked) {
	r.entry.Stream, r.entry.From, r.entry.To = a.stream, a.from, a.to
	if !s.seen.first(strings.Join([]string{"scenes", r.who.Owner(), a.camera, a.stream, a.from.String(), a.to.String()}, "\x00"), playedAgain) {
		r.entry.Action = ""
	}
}

// sceneLines writes recorded scenes, those that are wanted.
type sceneLines struct {
	w      http.ResponseWriter
	out    *http.ResponseController
	buf    bytes.Buffer
	every  time.Duration
	region *[4]float64
	last   time.Time
	sent   int
	begun  bool
}

// sceneBatch is how many bytes of lines are gathered before they are sent.
const sceneBatch = 16 << 10

func readSceneLines(r *request) (l *sceneLines, err error) {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	l = &sceneLines{}
	if text := q.Get("every"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || !(seconds >= 0 && seconds <= 86400) {
			return nil, field(kindRequest.with("It is a number of seconds from 0 to a day."), "every")
		}
		l.every = time.Duration(seconds * float64(time.Second))
	}
	l.region, err = parseRegion(q)
	return l, err
}

func parseRegion(q url.Values) (*[4]float64, error) {
	text := q.Get("region")
	if text == "" {
		return nil, nil
	}
	var b [4]float64
	parts := strings.Split(text, ",")
	for i, p := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || i >= len(b) || !(v >= -1 && v <= 1) {
			parts = nil
			break
		}
		b[i] = v
	}
	if len(parts) != len(b) || b[0] >= b[2] || b[1] >= b[3] {
		return nil, field(kindRequest.with("It is left, bottom, right and top, each from -1 to 1, divided by commas."), "region")
	}
	return &b, nil
}

// take writes a scene, unless it is not wanted; false when it was the last that may be written, or nobody reads.
func (l *sceneLines) take(scene Scene) bool {
	if l.sent > 0 && scene.At.Sub(l.last) < l.every && !scene.At.Before(l.last) || l.region != nil && !scene.touches(*l.region) {
		return true
	}
	line := SceneLine{Scene: &scene}
	if l.sent == maxSceneLines {
		line = SceneLine{Next: &scene.At}
	}
	data, err := json.Marshal(line)
	if err != nil {
		return false
	}
	l.buf.Write(data)
	l.buf.WriteByte('\n')
	l.sent, l.last = l.sent+1, scene.At
	if l.buf.Len() >= sceneBatch && l.flush() != nil {
		return false
	}
	return l.sent <= maxSceneLines
}

// touches tells whether an object of the scene is, at least in part, in a region.
func (s *Scene) touches(region [4]float64) bool {
	for _, o := range s.Objects {
		if o.Box[0] < region[2] && o.Box[2] > region[0] && o.Box[1] < region[3] && o.Box[3] > region[1] {
			return true
		}
	}
	return false
}

func (l *sceneLines) flush() error {
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.w.Header().Set("Cache-Control", "private, no-store")
		l.w.WriteHeader(http.StatusOK)
	}
	_, err := l.w.Write(l.buf.Bytes())
	l.buf.Reset()
	if err != nil {
		return err
	}
	return l.out.Flush()
}

package gateway

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/rtsp"
)

const (
	// maxDocuments bounds the metadata documents of a camera that wait to be read; what comes beyond them is left out, and counted.
	maxDocuments = 32
	// otherTrack is how long the better of two metadata tracks of a camera must be silent for the other to be read.
	otherTrack = 5 * time.Second
	// idleObject is how long something that stands still is shown without being told again.
	idleObject = 10 * time.Minute
	// oldReading is how old a temperature may be that is shown with the picture.
	oldReading = time.Minute
	// maxStill bounds the objects of a camera that stand still.
	maxStill = 64
)

// scene is what a camera sees beside its pictures, as its metadata track tells it: events go to reports, the rest to whoever watches.
// Documents are read one after the other by a goroutine of their own, so that a large one holds up no picture; without watchers
// only those that hold events or temperatures are.
type scene struct {
	cam     *Camera       // constant
	waiting chan document // constant

	still map[string]standingObject // owned by run: objects that stand still, by source and id
	last  web.Scene                 // owned by run

	looks atomic.Pointer[web.ScenePTZ] // where the camera looked last; nil: it did not tell

	mu       sync.Mutex // guards what follows
	watchers map[chan web.Scene]struct{}
	feed     int       // place of the feed whose track is read
	heard    rtsp.Mono // when that last gave a document; 0: never
	read     uint64
	dropped  uint64
	spoilt   uint64 // documents that are no XML
}

// document is one document of a metadata track; without text it says that the track has ended.
type document struct {
	at   time.Time
	text []byte
}

type standingObject struct {
	web.SceneObject
	since time.Time
}

func newScene(c *Camera) *scene {
	return &scene{cam: c, waiting: make(chan document, maxDocuments), still: make(map[string]standingObject), watchers: make(map[chan web.Scene]struct{})}
}

// take takes a frame of a metadata track. It never blocks. A camera that sends the same beside several streams is read from its best.
func (s *scene) take(feed int, f *rtsp.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard != 0 && feed > s.feed && f.Arrival-s.heard < rtsp.Mono(otherTrack) {
		return
	}
	s.feed, s.heard = feed, f.Arrival
	text := f.Payload[0]
	if len(s.watchers) == 0 && !bytes.Contains(text, []byte("NotificationMessage")) && !bytes.Contains(text, []byte("Temperature=")) {
		return
	}
	select {
	case s.waiting <- document{f.Wall, text}:
	default:
		s.dropped++
	}
}

// ended notes that the connection whose track is read has ended.
func (s *scene) ended(feed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard == 0 || feed != s.feed {
		return
	}
	s.heard = 0
	select {
	case s.waiting <- document{at: s.cam.now()}:
	default:
		s.dropped++
	}
}

// run reads documents until ctx ends.
func (s *scene) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case d := <-s.waiting:
			s.understand(ctx, d)
		}
	}
}

func (s *scene) understand(ctx context.Context, d document) {
	if d.text == nil {
		clear(s.still)
		s.cam.reports.trackEnded(ctx)
		s.hand(s.compose(&onvif.Scene{Frames: []onvif.SceneFrame{{}}}, d.at.UTC()))
		return
	}
	told, err := onvif.ReadScene(bytes.NewReader(d.text))
	s.mu.Lock()
	s.read++
	if err != nil {
		s.spoilt++
	}
	watched := len(s.watchers) > 0
	s.mu.Unlock()
	if err != nil {
		s.cam.log.Debug("metadata of the camera cannot be read", "error", err)
		return
	}
	for _, n := range told.Notifications {
		n.At = d.at.UTC()
		s.cam.reports.streamed(ctx, n)
	}
	s.cam.steering.warm(told.Temperatures, d.at)
	if watched {
		s.hand(s.compose(&told, d.at.UTC()))
	}
}

// compose is what is seen now: what the newest picture holds, and what has stood still since it was told. Temperatures and the position
// stay what they were.
func (s *scene) compose(told *onvif.Scene, at time.Time) web.Scene {
	next := web.Scene{Camera: s.cam.spec().ID, At: at, Objects: []web.SceneObject{}, PTZ: cmp.Or(describeScenePTZ(told.PTZ), s.last.PTZ)}
	seen := make(map[string]bool)
	for i := range told.Frames {
		next.Objects = append(next.Objects, s.frame(&told.Frames[i], at, seen)...)
	}
	if len(told.Frames) == 0 {
		next.Objects = slices.DeleteFunc(slices.Clone(s.last.Objects), func(o web.SceneObject) bool { return o.Idle })
	}
	for _, key := range slices.Sorted(maps.Keys(s.still)) {
		if o := s.still[key]; at.Sub(o.since) > idleObject {
			delete(s.still, key)
		} else if !seen[key] {
			next.Objects = append(next.Objects, o.SceneObject)
		}
	}
	s.looks.Store(next.PTZ)
	next.Temperatures = s.cam.readings(next.PTZ)
	s.last = next
	return next
}

// frame gives the objects of one picture, and notes those that stand still.
func (s *scene) frame(f *onvif.SceneFrame, at time.Time, seen map[string]bool) (list []web.SceneObject) {
	for _, id := range f.Deleted {
		delete(s.still, f.Source+"\x00"+id)
	}
	for i := range f.Objects {
		o, ok := describeObject(&f.Objects[i])
		key := f.Source + "\x00" + f.Objects[i].ID
		delete(s.still, key)
		if !ok {
			continue
		}
		seen[key] = true
		list = append(list, o)
		if o.Idle && len(s.still) < maxStill {
			s.still[key] = standingObject{o, at}
		}
	}
	return list
}

// describeObject gives an object as the API tells it; ok is false for one that cannot be seen.
func describeObject(o *onvif.SceneObject) (w web.SceneObject, ok bool) {
	if o.Box == nil || o.Removed {
		return w, false
	}
	return web.SceneObject{ID: o.ID, Class: o.Class, Likelihood: o.Likelihood, Idle: o.Idle, Box: [4]float64{o.Box.Left, o.Box.Bottom, o.Box.Right, o.Box.Top}}, true
}

func describeScenePTZ(p *onvif.PTZStatus) *web.ScenePTZ {
	if p == nil {
		return nil
	}
	w := &web.ScenePTZ{}
	if at := p.Position.PanTilt; at != nil {
		w.Pan, w.Tilt = &at.X, &at.Y
	}
	if at := p.Position.Zoom; at != nil {
		w.Zoom = &at.X
	}
	if p.PanTiltMove != "" || p.ZoomMove != "" {
		moving := p.PanTiltMove == "MOVING" || p.ZoomMove == "MOVING"
		w.Moving = &moving
	}
	return w
}

// readings are the temperatures that the camera told last, and where.
func (c *Camera) readings(looks *web.ScenePTZ) (list []web.Reading) {
	now := c.now()
	for _, r := range c.steering.warmth() {
		if now.Sub(r.At) < oldReading {
			list = append(list, r)
		}
	}
	c.places.put(list, looks)
	return list
}

// hand gives watchers the newest scene, in place of one that they did not take yet.
func (s *scene) hand(now web.Scene) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.watchers {
		select {
		case <-w:
		default:
		}
		w <- now // there is room: nobody else writes
	}
}

// WatchScene gives what a camera sees until ctx ends, the newest alone.
func (g *Gateway) WatchScene(ctx context.Context, camera string) (<-chan web.Scene, error) {
	c, ok := g.camera(camera)
	if !ok {
		return nil, web.ErrNotFound
	}
	w := make(chan web.Scene, 1)
	s := c.scene
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[w] = struct{}{}
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, w)
	})
	return w, nil
}

// RecordedScenes reads what was recorded of a range, oldest first, until each returns false.
func (g *Gateway) RecordedScenes(ctx context.Context, camera, stream string, from, to time.Time, each func(web.Scene) bool) error {
	c, ok := g.camera(camera)
	if !ok {
		return web.ErrNotFound
	}
	return g.playback.Documents(ctx, camera, stream, from, to, func(at time.Time, text []byte) bool {
		told, err := onvif.ReadScene(bytes.NewReader(text))
		if err != nil || len(told.Frames) == 0 && len(told.Temperatures) == 0 && told.PTZ == nil { // events are told as events
			return true
		}
		w := recordedScene(&told, at)
		c.places.put(w.Temperatures, w.PTZ)
		return each(w)
	})
}

func recordedScene(told *onvif.Scene, at time.Time) web.Scene {
	w := web.Scene{At: at, Objects: []web.SceneObject{}, PTZ: describeScenePTZ(told.PTZ)}
	for i := range told.Frames {
		for k := range told.Frames[i].Objects {
			if o, ok := describeObject(&told.Frames[i].Objects[k]); ok {
				w.Objects = append(w.Objects, o)
			}
		}
	}
	for _, t := range told.Temperatures {
		w.Temperatures = append(w.Temperatures, readingOf(t, at))
	}
	return w
}

func (s *scene) writeMetrics(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard == 0 {
		return
	}
	id := s.cam.spec().ID
	for _, c := range []struct {
		outcome string
		n       uint64
	}{{"read", s.read}, {"dropped", s.dropped}, {"damaged", s.spoilt}} {
		fmt.Fprintf(w, "holdfast_camera_metadata_documents_total{camera=%q,outcome=%q} %d\n", id, strings.ToLower(c.outcome), c.n)
	}
}

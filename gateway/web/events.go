package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/exports"
)

// keepAlive is how often a silent event stream sends a comment, so that a browser notices when the gateway has gone, and
// the gateway when the browser has.
const keepAlive = 15 * time.Second

// getEvents sends what is known, and then what changes, until the client goes, the session ends or the gateway stops.
func (s *Server) getEvents(w http.ResponseWriter, r *request) error {
	select {
	case s.events <- struct{}{}:
		defer func() { <-s.events }()
	default:
		return kindBusy.with(fmt.Sprintf("%d event streams are open.", maxEvents))
	}
	e := &eventStream{server: s, who: r.who, w: w, out: http.NewResponseController(w)}
	changes := s.o.Cameras.Subscribe(r.Context()) // before what is known is read, so that nothing falls in between
	approvals, stop := s.o.Auth.WatchApprovals(r.who)
	defer stop()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if e.all() != nil {
		return nil // the client has gone
	}
	s.follow(r, e, changes, approvals)
	return nil
}

func (s *Server) follow(r *request, e *eventStream, changes <-chan Change, approvals <-chan struct{}) {
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case c, ok := <-changes:
			if !ok {
				return
			}
			err = e.change(c)
		case <-approvals:
			err = e.approvals()
		case <-tick.C:
			s.o.Auth.Keep(r.who)
			err = e.comment()
		}
		if err != nil {
			return
		}
	}
}

// eventStream writes server-sent events (WHATWG HTML section 9.2).
type eventStream struct {
	server *Server
	who    auth.Identity // what they may do does not change while the stream goes on: it ends then
	w      http.ResponseWriter
	out    *http.ResponseController
	buf    bytes.Buffer
}

func (e *eventStream) all() error {
	for _, c := range e.server.o.Cameras.Cameras() {
		if !e.who.MayOn(auth.See, c.ID) {
			continue
		}
		if err := e.add("camera", c.shownTo(e.who)); err != nil {
			return err
		}
	}
	if err := e.add("health", e.server.o.Cameras.Health().shownTo(e.who)); err != nil {
		return err
	}
	if err := e.add("ready", struct{}{}); err != nil {
		return err
	}
	return e.send()
}

// gone names a camera: one that is no more, or one whose events or movement are to be asked for again.
type gone struct {
	ID string `json:"id"`
}

func (e *eventStream) change(c Change) error {
	var err error
	if c.Kind == "export" {
		return e.export(c.ID)
	}
	if c.Kind != "health" && !e.who.MayOn(auth.See, c.ID) {
		return nil
	}
	switch c.Kind {
	case "camera":
		err = e.camera(c.ID)
	case "event":
		if err = e.camera(c.ID); err == nil && e.who.MayOn(auth.Playback, c.ID) {
			err = e.add("events", gone{c.ID})
		}
	case "ptz":
		if !e.who.MayOn(auth.PTZ, c.ID) {
			return nil
		}
		err = e.add("ptz", gone{c.ID})
	case "health":
		err = e.add("health", e.server.o.Cameras.Health().shownTo(e.who))
	}
	if err != nil {
		return err
	}
	return e.send()
}

// camera tells of a camera as it is now, with what happens before it.
func (e *eventStream) camera(id string) error {
	c, ok := e.server.o.Cameras.Camera(id)
	if !ok {
		return e.add("camera-removed", gone{id})
	}
	return e.add("camera", c.shownTo(e.who))
}

// ExportProgress is how far an export is, as the event stream tells it: what was ordered is asked for once.
type ExportProgress struct {
	ID       string  `json:"id"`
	State    string  `json:"state"`
	Step     string  `json:"step" people:"read"`
	Progress float64 `json:"progress"`
	Left     float64 `json:"left"`
	Bytes    int64   `json:"bytes"`
}

// export tells how far an export is that whoever listens may take away. One that is gone has lost what says whose it was: its id, which is
// known to nobody who could not see it, is all that is told then.
func (e *eventStream) export(id string) error {
	if e.server.o.Exports == nil || !e.who.May(auth.Export) {
		return nil
	}
	x, err := e.server.o.Exports.Get(id)
	switch {
	case errors.Is(err, exports.ErrNone):
		err = e.add("export-removed", gone{id})
	case err != nil || !maySeeExport(e.who, &x.Order):
		return nil
	default:
		err = e.add("export", ExportProgress{x.ID, x.State, x.Step, x.Progress, x.Left, x.Bytes})
	}
	if err != nil {
		return err
	}
	return e.send()
}

// approvals tells that there is something to be asked for anew.
func (e *eventStream) approvals() error {
	if err := e.add("approvals", struct{}{}); err != nil {
		return err
	}
	return e.send()
}

func (e *eventStream) add(name string, value any) error {
	data, err := json.Marshal(inLanguageOf(e.w, value)) // one line: JSON escapes what would break it
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	fmt.Fprintf(&e.buf, "event: %s\ndata: %s\n\n", name, data)
	return nil
}

func (e *eventStream) comment() error {
	e.buf.WriteString(":\n\n")
	return e.send()
}

func (e *eventStream) send() error {
	_, err := e.w.Write(e.buf.Bytes())
	e.buf.Reset()
	if err != nil {
		return err
	}
	return e.out.Flush()
}

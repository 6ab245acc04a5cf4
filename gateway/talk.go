package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"holdfast/gateway/web"
	"holdfast/rtsp"
)

const (
	// sayPiece is how much sound is handed on at once.
	sayPiece = 20 * time.Millisecond
	// sayTail is how long the connection stays after the last piece: cameras buffer what they play, GStreamer's for 200 ms, and an end of
	// the connection throws away what is buffered.
	sayTail = time.Second
)

// talks are the cameras that somebody speaks through now.
type talks struct {
	mu  sync.Mutex // guards now
	now map[string]bool
}

func (t *talks) begin(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now[id] {
		return false
	}
	if t.now == nil {
		t.now = make(map[string]bool)
	}
	t.now[id] = true
	return true
}

func (t *talks) end(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.now, id)
}

// Say plays a clip through a camera's loudspeaker, on a connection of its own beside those that are recorded. It ends early with ctx.
func (g *Gateway) Say(ctx context.Context, camera string, clip web.Speech) error {
	c, ok := g.camera(camera)
	if !ok {
		return web.ErrNotFound
	}
	if !g.talking.begin(camera) {
		return web.Refused("Somebody speaks through this camera already.", "Wait until they have ended.")
	}
	defer g.talking.end(camera)
	p, err := c.speaker(ctx)
	if err != nil {
		return speakerProblem(err)
	}
	defer p.Close()
	return speakerProblem(say(ctx, p, clip))
}

// speaker connects to the camera's loudspeaker, within the tries that its credentials have.
func (c *Camera) speaker(ctx context.Context) (*rtsp.Speaker, error) {
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	leave, err := c.gate.enter(waiting, func() { stop(errRefused) })
	if err != nil {
		return nil, context.Cause(waiting)
	}
	defer leave.release()
	src, err := c.source(ctx, c.feeds[0].id)
	if err != nil {
		return nil, err
	}
	p, err := rtsp.OpenSpeaker(ctx, c.sessionOptions(src, c.log))
	if classOf(err) == rtsp.Unauthorized && err != nil {
		leave.refused()
	}
	return p, err
}

// say hands a clip on at the pace at which it is heard.
func say(ctx context.Context, p *rtsp.Speaker, clip web.Speech) error {
	sound := p.Encode(clip)
	piece := int(len(sound) * int(sayPiece) / max(int(clip.Duration()), 1))
	tick := time.NewTicker(sayPiece)
	defer tick.Stop()
	for len(sound) > 0 {
		n := min(max(piece, 1), len(sound))
		if _, err := p.Write(sound[:n]); err != nil {
			return err
		}
		sound = sound[n:]
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
			return errSpeakerGone
		case <-tick.C:
		}
	}
	select {
	case <-ctx.Done():
	case <-p.Done():
	case <-time.After(sayTail):
	}
	return nil
}

var errSpeakerGone = &rtsp.Error{Class: rtsp.Offline, Hint: rtsp.Offline.Hint(), Err: errors.New("the camera ended the connection to its loudspeaker")}

// speakerProblem gives why a camera does not speak the form that the web shows.
func speakerProblem(err error) error {
	var re *rtsp.Error
	switch {
	case errors.Is(err, rtsp.ErrNoSpeaker):
		return web.Refused("The camera has no loudspeaker that can be reached.", "It must offer the ONVIF back channel with G.711; some cameras have it switched off.")
	case errors.As(err, &re):
		return web.Refused(re.Error(), re.Hint)
	}
	return deviceProblem(err)
}

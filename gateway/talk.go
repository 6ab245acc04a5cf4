package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
	"holdfast/rtsp"
)

const (
	// sayPiece is how much sound is handed on at once.
	sayPiece = 20 * time.Millisecond
	// sayTail is how long the connection stays after the last piece: cameras buffer what they play, GStreamer's for 200 ms, and an end of
	// the connection throws away what is buffered.
	sayTail = time.Second
	// speakTime bounds how long the connection to a loudspeaker may take while somebody waits to speak.
	speakTime = 10 * time.Second
)

// talks are the cameras that somebody speaks through now.
type talks struct {
	mu  sync.Mutex // guards now
	now map[string]*web.Talker
}

// begin makes somebody the one who speaks; it gives who does already instead.
func (t *talks) begin(id string, who *web.Talker) (other *web.Talker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if other := t.now[id]; other != nil {
		return other
	}
	if t.now == nil {
		t.now = make(map[string]*web.Talker)
	}
	t.now[id] = who
	return nil
}

func (t *talks) end(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.now, id)
}

// of is who speaks through a camera; nil for nobody.
func (t *talks) of(id string) *web.Talker {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now[id]
}

// Say plays a clip through a camera's loudspeaker, on a connection of its own beside those that are recorded. It ends early with ctx.
func (g *Gateway) Say(ctx context.Context, camera string, who auth.Identity, clip web.Speech) error {
	p, done, err := g.speaker(ctx, camera, who)
	if err != nil {
		return err
	}
	defer done()
	return speakerProblem(say(ctx, p, clip))
}

// Speak gives somebody a camera's loudspeaker until they close it.
func (g *Gateway) Speak(ctx context.Context, camera string, who auth.Identity) (l web.Loudspeaker, err error) {
	ctx, cancel := context.WithTimeout(ctx, speakTime)
	defer cancel()
	p, done, err := g.speaker(ctx, camera, who)
	if err != nil {
		return l, err
	}
	write := func(sound []byte) error {
		_, err := p.Write(sound)
		return err
	}
	return web.Loudspeaker{Codec: p.Codec, Write: write, Gone: p.Done(), Close: sync.OnceFunc(done)}, nil
}

// speaker takes a camera's loudspeaker for somebody, and tells the others.
func (g *Gateway) speaker(ctx context.Context, camera string, who auth.Identity) (*rtsp.Speaker, func(), error) {
	c, ok := g.camera(camera)
	if !ok {
		return nil, nil, web.ErrNotFound
	}
	if other := g.talking.begin(camera, web.NewTalker(who, g.now())); other != nil {
		return nil, nil, other.Speaking()
	}
	p, err := c.speaker(ctx)
	if err != nil {
		g.talking.end(camera)
		return nil, nil, speakerProblem(err)
	}
	c.changed()
	return p, func() {
		p.Close()
		g.talking.end(camera)
		c.changed()
	}, nil
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

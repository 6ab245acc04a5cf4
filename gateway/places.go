package gateway

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"time"

	"holdfast/gateway/web"
	"holdfast/onvif"
)

const (
	// placesEvery is how often a camera that tells temperatures is asked where it measures them: some do not say when it was changed.
	placesEvery = 15 * time.Minute
	// placesPause is the least time between two questions, whatever the camera says of changes.
	placesPause = 10 * time.Second
	// placesRetry is the same after a question that was not answered.
	placesRetry = time.Minute
	// placesTime bounds one question.
	placesTime = 30 * time.Second
	// sameLook is how far a camera may look from where a place is tied to, of the generic spaces, for the place to be in the picture there.
	sameLook = 0.01
)

// places is where in its picture a camera measures temperatures. It is asked when there are readings, never without.
type places struct {
	cam  *Camera       // constant
	wake chan struct{} // holds one wish that the camera be asked

	mu    sync.Mutex // guards what follows
	list  []knownPlace
	asked time.Time // zero: not yet, or what was told counts no more
	why   string    // nothing is known, in plain words; "" otherwise
}

// knownPlace is a place, and since when it is known to be that: what was measured before may have been elsewhere.
type knownPlace struct {
	onvif.MeasuringPlace
	since time.Time
}

func newPlaces(c *Camera) *places { return &places{cam: c, wake: make(chan struct{}, 1)} }

// wanted has the camera asked, if what it told is old.
func (p *places) wanted() {
	p.mu.Lock()
	old := p.asked.IsZero() || p.cam.now().Sub(p.asked) >= placesEvery
	p.mu.Unlock()
	if !old {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// changed notes that the camera's configuration was changed. It is asked with the next reading.
func (p *places) changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = time.Time{}
}

// run asks until ctx ends.
func (p *places) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		}
		p.mu.Lock()
		p.asked = p.cam.now()
		p.mu.Unlock()
		wait := placesPause
		if err := p.learn(ctx); err != nil {
			p.cam.log.Debug("the camera was not asked where it measures", "error", err)
			p.changed()
			wait = placesRetry
		}
		pause := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
	}
}

// learn asks the camera. An error says that it did not answer.
func (p *places) learn(ctx context.Context) error {
	if p.cam.spec().ONVIF == "" {
		p.note(nil, "This camera is reached by RTSP only, which does not tell where temperatures are measured.")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, placesTime)
	defer cancel()
	var list []onvif.MeasuringPlace
	err := p.cam.ask(ctx, func(ctx context.Context, c *onvif.Client) error {
		source, err := p.cam.lookingSource(ctx)
		if err != nil {
			return err
		}
		list, err = c.MeasuringPlaces(ctx, source)
		return err
	})
	var e *onvif.Error
	switch {
	case errors.As(err, &e) && e.Class == onvif.Refused, err == nil && len(list) == 0:
		p.note(nil, "This camera does not tell where in the picture it measures.")
	case err != nil:
		return err
	default:
		p.note(list, "")
	}
	return nil
}

// note keeps what a camera told; a place that stays what it was is known as long as it was.
func (p *places) note(list []onvif.MeasuringPlace, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was, since := p.list, p.cam.now()
	if len(was) == 0 {
		since = since.Add(-oldReading) // the readings for which it was asked
	}
	p.list, p.why = nil, why
	for _, n := range list {
		k := knownPlace{n, since}
		for _, o := range was {
			if o.Item == n.Item && o.Box == n.Box {
				k.since = o.since
			}
		}
		p.list = append(p.list, k)
	}
}

// put adds to readings where they were measured, as far as that is known of their moment. looks is where the camera looked; nil: unknown.
func (p *places) put(list []web.Reading, looks *web.ScenePTZ) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range list {
		for k := range p.list {
			at := &p.list[k]
			if at.Of(list[i].Item) && !list[i].At.Before(at.since) && seenFrom(at.Looks, looks) {
				list[i].Box, list[i].Frame = &[4]float64{at.Box.Left, at.Box.Bottom, at.Box.Right, at.Box.Top}, at.Frame
				break
			}
		}
	}
}

// seenFrom tells whether a place that is tied to where the camera looks is in the picture at its coordinates.
func seenFrom(tied *onvif.PTZVector, looks *web.ScenePTZ) bool {
	if tied == nil || tied.PanTilt == nil {
		return true
	}
	if strings.Contains(tied.PanTilt.Space, "Spherical") || looks == nil || looks.Pan == nil || looks.Tilt == nil {
		return false
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= sameLook }
	return near(tied.PanTilt.X, *looks.Pan) && near(tied.PanTilt.Y, *looks.Tilt) && (tied.Zoom == nil || looks.Zoom == nil || near(tied.Zoom.X, *looks.Zoom))
}

// unknown tells why it is not known where a camera measures; "" when it is, or nobody has asked yet.
func (p *places) unknown() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.why
}

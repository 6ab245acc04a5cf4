package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
	"holdfast/onvif"
)

// Bounds of steering. They are shown in the API where somebody has to keep them.
const (
	renewTime     = 700 * time.Millisecond // a continuous movement that is not renewed for so long is stopped
	cameraTime    = 4 * time.Second        // after which the camera stops one by itself, should the gateway be gone
	haltTime      = 10 * time.Second       // for which a camera is told to stop, until it confirms
	driveTime     = 10 * time.Second       // for which who moved a camera has it for themselves
	steerTime     = 8 * time.Second        // of one command, with waiting for those before it
	cameraActs    = 1200                   // commands and renewals in a minute, of one camera
	cameraChanges = 120                    // changes of picture, relays and the like in a minute, of one camera
)

// steering is who steers a camera, and what it is doing. One command at a time goes to the camera. Each continuous movement
// is a hold: it lasts for as long as whoever began it renews it, and not longer than their right to it, the camera in the set
// or the gateway; then the camera is stopped, and that is made sure of.
type steering struct {
	c       *Camera    // constant
	auth    *auth.Auth // constant
	tell    func()     // constant: tells listeners that somebody began or ceased to steer
	acts    allowance
	changes allowance
	turn    chan struct{} // holds one while a command is under way

	mu      sync.Mutex // guards what follows
	ptz     *onvif.PTZ
	of      *onvif.Client // that ptz was learned by
	driver  driver
	hold    *hold
	trouble string                 // why the camera could not be stopped
	over    bool                   // nothing is begun any more
	relays  map[string]pin         // as they were switched last from here
	told    map[string]pin         // inputs and relays as the camera told them last, at most maxPins
	heat    map[string]web.Reading // by what reads, at most maxReadings
	focused *time.Timer            // ends a movement of the focus
}

// driver is who has a camera for themselves.
type driver struct {
	owner, name string
	rank        int
	until       time.Time
	keep        time.Duration // beyond the last movement
}

// hold is one continuous movement.
type hold struct {
	id, owner string
	motion    [3]float64
	unit      string
	sent      time.Time     // when the camera was told last; zero until it was
	deadline  time.Time     // when it ends, unless it is renewed
	why       string        // it has ended; "" while it goes on
	before    *hold         // whose Stop has to come first; nil for none
	end       chan struct{} // closed with that
	done      chan struct{} // closed once the camera has been stopped, or could not be
	confirmed error         // valid after done
}

func newSteering(c *Camera, a *auth.Auth, tell func()) *steering {
	return &steering{c: c, auth: a, tell: tell, turn: make(chan struct{}, 1), relays: make(map[string]pin), told: make(map[string]pin), heat: make(map[string]web.Reading)}
}

var errSteeringOver = web.Refused("The camera, or the gateway, is being stopped.", "Try again in a moment.")

// rankOf is how much somebody may about who steers: who may configure cameras may take one from who may not.
func rankOf(who auth.Identity) int {
	if who.May(auth.Configure) {
		return 1
	}
	return 0
}

// admit makes somebody the driver, or extends that, unless somebody else is.
func (s *steering) admit(who auth.Identity, keep time.Duration, takeOver bool) (driver, error) {
	if s.c.spec().ONVIF == "" {
		return driver{}, deviceProblem(ErrNoDevice)
	}
	if !s.acts.take(s.c.now(), cameraActs) {
		return driver{}, web.TooMany(fmt.Sprintf("Taken are %d commands a minute of one camera.", cameraActs), "Renew a movement a few times a second at most.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return driver{}, errSteeringOver
	}
	now, d := time.Now(), s.driver
	mine := d.owner == who.Owner()
	if !mine && now.Before(d.until) && !(takeOver && rankOf(who) > d.rank) {
		return d, web.Driven(d.name, d.until)
	}
	if !mine {
		if s.hold != nil {
			s.finish(s.hold, "somebody else took the camera over")
		}
		d = driver{owner: who.Owner(), name: cmp.Or(who.Display, who.User), rank: rankOf(who)}
	}
	d.keep = max(cmp.Or(keep, d.keep), driveTime)
	if keep > 0 {
		d.keep = keep
	}
	d.until = now.Add(d.keep)
	fresh := !mine || now.After(s.driver.until)
	s.driver = d
	if fresh {
		s.tell()
	}
	return d, nil
}

// shown is the driver as somebody may see it.
func (d driver) shown(who auth.Identity) web.Driver {
	return web.Driver{Name: d.name, You: d.owner == who.Owner(), Until: d.until.UTC()}
}

// take waits until no other command is under way.
func (s *steering) take(ctx context.Context) (release func(), err error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, web.Refused("The camera is busy with another command.", "Try again in a moment.")
	}
}

// command sends one command. What was begun is not broken off when whoever asked has gone: it must be known what the camera
// does.
func (s *steering) command(ctx context.Context, do func(context.Context, *onvif.PTZ) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), steerTime)
	defer cancel()
	release, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	return controlProblem(s.c.ask(ctx, func(ctx context.Context, client *onvif.Client) error {
		p, err := s.learned(ctx, client)
		if err != nil {
			return err
		}
		return do(ctx, p)
	}))
}

// learned gives what is known of how the camera is steered, and asks for it the first time.
func (s *steering) learned(ctx context.Context, client *onvif.Client) (*onvif.PTZ, error) {
	s.mu.Lock()
	p, of := s.ptz, s.of
	s.mu.Unlock()
	if p != nil && of == client {
		return p, nil
	}
	dev, err := s.c.probe(ctx)
	if err != nil {
		return nil, err
	}
	profile := s.c.steered(dev)
	if profile == "" {
		return nil, onvif.ErrNoPTZ
	}
	if p, err = client.PTZ(ctx, profile); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.ptz, s.of = p, client
	s.mu.Unlock()
	return p, nil
}

// steered is the token of the profile that turns the camera's picture; "" when none does.
func (c *Camera) steered(dev *onvif.Device) string {
	shown := c.pictured(dev)
	if shown != nil && shown.PTZ {
		return shown.Token
	}
	for _, p := range dev.Profiles {
		if p.PTZ && (shown == nil || p.Source == shown.Source) {
			return p.Token
		}
	}
	return ""
}

// pictured is the profile of the camera's main picture; nil when there is none.
func (c *Camera) pictured(dev *onvif.Device) *onvif.Profile {
	id := c.feeds[0].id
	_, token := c.declared(id)
	return pickProfile(dev, c.spec().Source, id, token)
}

// controlProblem gives an error of control the form that the web shows.
func controlProblem(err error) error {
	var bad *onvif.InvalidError
	switch {
	case errors.As(err, &bad):
		return web.Rejected(bad.Field, bad.Why)
	case errors.Is(err, onvif.ErrNoPTZ):
		return web.Refused("This camera cannot be turned or zoomed.", "Where it can, give its profile a PTZ configuration in its own web page.")
	case errors.Is(err, onvif.ErrNoSpace):
		return web.Refused("This camera does not move that way.", "What it can is told by its ptz.")
	}
	return deviceProblem(err)
}

// move is a movement that ends by itself.
func (s *steering) move(ctx context.Context, do func(context.Context, *onvif.PTZ) error) error {
	s.mu.Lock()
	h := s.hold
	if h != nil {
		s.finish(h, "another movement was asked for")
	}
	s.mu.Unlock()
	if h != nil {
		select {
		case <-h.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.command(ctx, do)
}

// stop ends all movement, and tells whether the camera confirms it.
func (s *steering) stop(ctx context.Context) error {
	s.mu.Lock()
	h := s.hold
	over := h == nil || h.isDone()
	if !over {
		s.finish(h, "it was stopped")
	}
	s.mu.Unlock()
	if over {
		return s.halt(ctx)
	}
	select {
	case <-h.done:
		return h.confirmed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// halt stops the camera, and makes sure for as long as haltTime. Where it cannot, that is an alarm until it can.
func (s *steering) halt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), haltTime)
	defer cancel()
	err := func() error {
		release, err := s.take(ctx)
		if err != nil {
			return err
		}
		defer release()
		return s.c.ask(ctx, func(ctx context.Context, client *onvif.Client) error {
			p, err := s.learned(ctx, client)
			if err != nil {
				return err
			}
			return p.Halt(ctx)
		})
	}()
	s.mu.Lock()
	s.trouble = ""
	if err != nil {
		s.trouble = err.Error()
	}
	s.mu.Unlock()
	id := "ptz:" + s.c.spec().ID
	if err == nil {
		s.c.calm(id)
		return nil
	}
	s.c.log.Error("the camera could not be stopped", "error", err)
	s.c.alarm(Alarm{ID: id, Severity: "warning", What: fmt.Sprintf("Camera %s was told to stop moving and does not confirm it.", s.c.spec().Name),
		Means: fmt.Sprintf("It may still be turning. Most cameras stop by themselves after some seconds: it was asked to after %v.", cameraTime),
		Do:    "Look at its picture, and stop it again, or in its own web page. The alarm ends once it confirms."})
	return controlProblem(err)
}

// shut ends what is going on, for good: the camera is let go, or the gateway stops. It waits until the camera stands, haltTime
// at most.
func (s *steering) shut() {
	s.mu.Lock()
	s.over = true
	h, focused := s.hold, s.focused
	if h != nil {
		s.finish(h, "the gateway stopped, or let the camera go")
	}
	s.mu.Unlock()
	if focused != nil && focused.Stop() {
		s.stopFocus()
	}
	if h != nil {
		<-h.done
	}
}

// steer is the stage that stops what moves when the gateway does.
func (g *Gateway) steer(ctx context.Context) error {
	<-ctx.Done()
	var all sync.WaitGroup
	for _, c := range g.list() {
		all.Go(c.steering.shut)
	}
	all.Wait()
	return ctx.Err()
}

package gateway

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/rtsp"
)

const (
	// proofTime is how long the streams may take to show that the credentials are good, before events are asked for with them.
	proofTime = 30 * time.Second
	proofTick = 200 * time.Millisecond
	// noEventsPeriod is how often a camera is asked again that has no events: it may get other firmware.
	noEventsPeriod = time.Hour
	// lastRefusal is the longest pause after ONVIF alone has refused the credentials.
	lastRefusal = time.Hour
)

// ask listens to the device whenever no other of its cameras does, until ctx ends.
func (r *reports) ask(ctx context.Context) {
	pause := refusedPeriod
	for ctx.Err() == nil {
		if state, why := r.off(); state != "" {
			r.say(ctx, heard{off: true})
			r.set(web.CameraReports{State: state, Detail: why})
			r.await(ctx, 0)
			continue
		}
		r.set(r.sibling())
		select {
		case r.cam.unit.listening <- struct{}{}:
		case <-r.wake:
			continue
		case <-ctx.Done():
			return
		}
		wait := r.listened(r.listen(ctx), &pause)
		if ctx.Err() == nil && wait > 0 { // nobody else listens meanwhile: it would be refused like this one
			r.await(ctx, wait)
		}
		<-r.cam.unit.listening
	}
}

// sibling is how it is with the subscription that another camera of the device has.
func (r *reports) sibling() web.CameraReports {
	for _, x := range r.cam.unit.siblings() {
		if x == r.cam {
			continue
		}
		if s := x.reports.describe(); s.State == "subscribed" {
			return web.CameraReports{State: s.State, Delivery: s.Delivery}
		}
	}
	return web.CameraReports{State: "subscribing"}
}

// listened tells of the end of listening, and how long to wait before it is tried again.
func (r *reports) listened(err error, pause *time.Duration) (wait time.Duration) {
	switch {
	case errors.Is(err, errReconsidered) || errors.Is(err, context.Canceled):
		*pause = refusedPeriod
	case errors.Is(err, onvif.ErrNoService) || errors.Is(err, onvif.ErrNoEvents):
		wait = noEventsPeriod
		r.tell(web.CameraReports{State: "none", Detail: "The camera reports no events over ONVIF: " + err.Error() + "."})
	case classOf(err) == rtsp.Unauthorized:
		wait = *pause
		r.tell(r.failed(err, "unauthorized", r.cam.now().Add(wait)))
		*pause = min(2**pause, lastRefusal)
	default:
		wait = refusedPeriod
		r.tell(r.failed(err, "waiting", r.cam.now().Add(wait)))
	}
	return wait
}

// await waits for d, 0 being for ever, unless the declaration has changed.
func (r *reports) await(ctx context.Context, d time.Duration) {
	var over <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-over:
	}
}

var errReconsidered = errors.New("the camera is declared otherwise, or its device is asked by another of its cameras now")

// listen follows the device's events until that fails, ctx ends, or this camera's are not wanted any more.
func (r *reports) listen(ctx context.Context) error {
	if err := r.proof(ctx); err != nil {
		return err
	}
	client, err := r.cam.client()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-ctx.Done():
				return
			case <-r.wake:
				if state, _ := r.off(); state != "" {
					stop(errReconsidered)
				}
			}
		}
	}()
	err = r.follow(ctx, stop, client)
	if errors.Is(context.Cause(ctx), errReconsidered) {
		err = errReconsidered
	}
	stop(nil)
	<-watched
	return err
}

// proof waits a while for the streams to show that the credentials are good: recording comes first, and one try at unknown
// credentials is under way at a time.
func (r *reports) proof(ctx context.Context) error {
	tick := time.NewTicker(proofTick)
	defer tick.Stop()
	for end := time.Now().Add(proofTime); !r.cam.gate.isProven() && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// follow asks the device, each time within the tries that its credentials have.
func (r *reports) follow(ctx context.Context, stop context.CancelCauseFunc, client *onvif.Client) error {
	var leave *pass
	o := onvif.EventOptions{Listen: r.open,
		Before: func(ctx context.Context) (err error) {
			leave, err = r.cam.gate.enter(ctx, func() { r.tell(r.failed(errRefused, "unauthorized", r.cam.gate.opens())) })
			return err
		},
		State: func(s onvif.Subscription) {
			switch s.State {
			case onvif.Subscribed:
				leave.accepted()
			case onvif.Waiting:
				leave.release()
				if now, err := r.cam.client(); err == nil && now != client { // its connections were another camera's, which has left
					stop(errReconsidered)
				}
			}
			r.spread(ctx, heard{state: s})
		}}
	err := client.Events(ctx, o, func(n onvif.Notification) { r.spread(ctx, heard{note: &n}) })
	if leave == nil {
		return err
	}
	if classOf(err) == rtsp.Unauthorized && r.cam.leading().State != Online { // else it is ONVIF's own refusal: many cameras have users of their own for it
		leave.refused()
	}
	leave.release()
	return err
}

// say hands something to run.
func (r *reports) say(ctx context.Context, h heard) {
	select {
	case r.from <- h:
	case <-r.gone:
	case <-ctx.Done():
	}
}

// spread hands what was heard to the cameras of the device that it concerns.
func (r *reports) spread(ctx context.Context, h heard) {
	for _, x := range r.cam.unit.concerned(h.note) {
		if state, _ := x.reports.off(); state == "" && !x.spec().Disabled {
			x.reports.say(ctx, h)
		}
	}
}

// tell has every camera of the device that listens say how it is going.
func (r *reports) tell(s web.CameraReports) {
	for _, x := range r.cam.unit.siblings() {
		if state, _ := x.reports.off(); state == "" && !x.spec().Disabled {
			x.reports.set(s)
		}
	}
}

// concerned are the cameras that a notification is about: those of its video source. What is about none, such as an input, and about
// a source that nobody knows, is the first camera's; what is about a source that is not recorded here is nobody's. All of them for no
// notification.
func (d *unit) concerned(n *onvif.Notification) []*Camera {
	all := d.siblings()
	if n == nil || len(all) == 0 {
		return all
	}
	d.mu.Lock()
	device := d.device
	d.mu.Unlock()
	if device == nil || len(device.Sources) < 2 {
		return all[:1]
	}
	source, known := sourceOfDevice(device, n.VideoSource())
	if !known {
		return all[:1]
	}
	var list []*Camera
	for _, c := range all {
		if s, ok := device.Source(c.spec().Source); ok && s.Token == source {
			list = append(list, c)
		}
	}
	return list
}

// sourceOfDevice finds the video source that a notification names by its token, or by that of a configuration of it.
func sourceOfDevice(device *onvif.Device, named string) (token string, known bool) {
	if named == "" {
		return "", false
	}
	if s, ok := device.Source(named); ok {
		return s.Token, true
	}
	for _, p := range device.Profiles {
		if p.SourceConfiguration == named {
			return p.Source, true
		}
	}
	return "", false
}

// open opens the port that a device without pull points delivers to, on the address by which it is reached.
func (r *reports) open(ctx context.Context, ours netip.Addr) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", netip.AddrPortFrom(ours, 0).String())
}

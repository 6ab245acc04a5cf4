package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/config"
	"holdfast/gateway/egress"
	"holdfast/gateway/record"
	"holdfast/gateway/stream"
	"holdfast/onvif"
	"holdfast/rtsp"
	"holdfast/storage"
)

// Camera is one video source under supervision: its feeds, and the recorders that read them.
type Camera struct {
	told     atomic.Pointer[config.Camera] // as it is declared; adapt changes what needs no new connection
	leaves   atomic.Pointer[storage.Cause] // why it is ended while the gateway goes on; nil: it is not
	origin   string                        // "config" or "adopted": constant
	log      *slog.Logger                  // constant
	gate     *gate                         // constant: of its unit
	unit     *unit                         // constant: the device that it is a video source of
	apart    func()                        // takes it out of its unit
	feeds    []*feed                       // constant, in the order of the streams' importance: main first
	recs     []*record.Recorder            // constant, one per recorded stream
	recorded []string                      // ids of their streams
	store    *storage.Store                // constant
	plan     *record.Plan                  // constant: what of it is wanted; nil: everything
	zone     *time.Location                // constant: of schedules
	raised   allowance
	reports  *reports // constant: what its device reports
	scene    *scene   // constant: what it sees beside its pictures
	places   *places  // constant
	made     time.Time
	now      func() time.Time
	way      *egress.Purpose // constant: of every connection to it
	trust    *trust          // constant: how far it is trusted
	alarm    func(Alarm)     // constant
	calm     func(id string) // constant: ends an alarm
	notify   func(id string) // tells the gateway that the state changed
	idle     time.Duration   // how long an on-demand stream stays open without a reader

	steering *steering // constant
	card     *card     // constant: fetches what was lost from the camera's own

	stop context.CancelFunc // set when it is started
	done chan struct{}      // closed when it has stopped

	mu      sync.Mutex               // guards what follows
	bye     time.Time                // when it last said goodbye; zero once it was heard of again
	lasting map[string]storage.Event // by id
	newest  []storage.Event          // those that are told with the camera's state, at most maxHappening
}

// source is where and how a stream is had.
type source struct {
	url       string
	transport rtsp.Transport
}

func (g *Gateway) newCamera(spec config.Camera, origin string) *Camera {
	c := &Camera{
		origin: origin, now: g.now, way: g.guard.For(egress.Cameras, egress.Use{Camera: spec.ID, Targets: targets(spec), Only: true}), notify: g.cameraChanged, alarm: g.raise, calm: g.clear,
		log: g.log.With("camera", spec.ID), store: g.store, made: g.now().UTC(),
		idle: g.idle, plan: newPlan(spec.Record, g.conf.Location()), lasting: make(map[string]storage.Event), zone: g.conf.Location(),
	}
	c.told.Store(&spec)
	c.unit = g.units.of(spec)
	c.gate, c.apart = c.unit.gate, func() { g.units.leave(c) }
	c.reports = g.newReports(c)
	c.scene = newScene(c)
	c.places = newPlaces(c)
	c.card = newCard(c, g)
	c.trust = g.newTrust(spec, origin)
	c.trust.tell = func(kind egress.Kind, where, why string) { c.refused(string(kind), where, why) }
	c.steering = newSteering(c, g.auth, func() { g.changes.publish(Change{Kind: "ptz", ID: spec.ID}) })
	g.keepAs(spec)
	if !spec.Disabled {
		c.recallEvents()
	}
	for _, id := range streamIDs(spec) {
		ring := stream.New(c.ringOptions(id))
		f := newFeed(c, id, ring)
		c.feeds = append(c.feeds, f)
		if c.records(id) {
			c.recorded = append(c.recorded, id)
			c.recs = append(c.recs, record.New(record.Options{Camera: spec.ID, Stream: id, From: ring, Plan: c.plan, Store: g.store, Synced: g.lag.told, Parting: c.parting, Log: f.log}))
		}
	}
	c.unit.join(c)
	return c
}

// spec is how the camera is declared. Nobody changes what it points to.
func (c *Camera) spec() *config.Camera { return c.told.Load() }

// preRollBytes is what a second of pre-roll may take beside what a ring holds anyhow: 8 Mbit/s.
const preRollBytes = 1 << 20

// ringOptions are those of a stream's ring. One that holds a pre-roll is larger by that.
func (c *Camera) ringOptions(id string) stream.Options {
	o := stream.Options{Log: c.log}
	if c.plan != nil && c.records(id) {
		pre := time.Duration(c.spec().Record.PreRoll)
		o.MaxTime = stream.DefaultMaxTime + pre
		o.MaxBytes = stream.DefaultMaxBytes + int(pre.Seconds()*preRollBytes)
	}
	return o
}

// streamIDs lists the streams to open, main first. An ONVIF camera without declared streams has main and sub: which
// profiles they are is learned from the device.
func streamIDs(spec config.Camera) []string {
	if len(spec.Streams) == 0 && spec.ONVIF != "" {
		return []string{"main", "sub"}
	}
	if len(spec.Streams) == 0 {
		return []string{"main"}
	}
	ids := make([]string, len(spec.Streams))
	for i, s := range spec.Streams {
		ids[i] = s.ID
	}
	return ids
}

// records tells whether the stream is to be recorded.
func (c *Camera) records(streamID string) bool {
	if c.spec().Disabled || c.spec().Record.Mode == config.Off {
		return false
	}
	return slices.Contains(c.spec().Record.Streams, streamID)
}

// offCause is why nothing of the camera is recorded.
func (c *Camera) offCause() storage.Cause {
	if c.spec().Disabled {
		return storage.CauseDisabled
	}
	return storage.CauseOff
}

// noteOff says of streams that were recorded and are not to be any more why nothing follows.
func (c *Camera) noteOff() {
	for _, f := range c.feeds {
		id := f.id
		if c.records(id) {
			continue
		}
		known, err := c.store.Known(c.spec().ID, id)
		if err == nil && known {
			err = c.store.Gap(c.spec().ID, id, c.now(), c.offCause())
		}
		if err != nil {
			c.log.Error("note that recording is off", "stream", id, "error", err)
		}
	}
}

// run supervises the camera until ctx ends: recorders first, so that no frame is missed; they are told to end after
// the feeds have stated why.
func (c *Camera) run(ctx context.Context) error {
	c.noteOff()
	if c.spec().Disabled {
		<-ctx.Done()
		return nil
	}
	recording, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	var recorders, feeds errgroup.Group
	for _, r := range c.recs {
		recorders.Go(func() error { return r.Run(recording) })
	}
	for _, f := range c.feeds {
		feeds.Go(func() error { return f.run(ctx) })
	}
	feeds.Go(func() error { return c.reports.run(ctx) })
	feeds.Go(func() error { return c.scene.run(ctx) })
	feeds.Go(func() error { return c.places.run(ctx) })
	feeds.Go(func() error { return c.card.run(ctx) })
	feeds.Wait()
	for _, f := range c.feeds {
		f.stream.Close()
	}
	return c.finish(&recorders, stopRecording)
}

// finishTime bounds how long a recorder may take to close its segment at shutdown: a volume that blocks for ever
// must not keep the process from ending. What was not closed is finished at the next start. abandonTime is how long one
// then has to say why what it still holds is missing.
const (
	finishTime  = 15 * time.Second
	abandonTime = 5 * time.Second
)

func (c *Camera) finish(recorders *errgroup.Group, stop context.CancelFunc) error {
	done := make(chan struct{})
	go func() { recorders.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-time.After(finishTime):
	}
	stop()
	c.log.Error("recorder did not close its segment in time; the next start finishes it", "limit", finishTime)
	select {
	case <-done:
	case <-time.After(abandonTime):
	}
	return nil
}

func (c *Camera) feed(id string) (*feed, bool) {
	if id == "" && len(c.feeds) > 0 {
		return c.feeds[0], true
	}
	for _, f := range c.feeds {
		if f.id == id {
			return f, true
		}
	}
	return nil, false
}

func (c *Camera) changed() { c.notify(c.spec().ID) }

// sessionOptions are those of a connection to src.
func (c *Camera) sessionOptions(src source, log *slog.Logger) rtsp.Options {
	return rtsp.Options{
		URL: src.url, Username: c.spec().Username, Password: c.spec().Password.Reveal(),
		Transport: src.transport, Audio: c.spec().Audio, Metadata: true, TLS: c.trust.tls("rtsps"),
		Dial: c.way.DialContext, ListenPacket: c.way.ListenUDP, Group: c.way.Group, Now: c.now, Log: log,
		Basic: c.trust.basic, Digest: c.trust.digest, Refused: c.refused,
	}
}

// source finds the address of a stream: from the file, or from the device.
func (c *Camera) source(ctx context.Context, id string) (source, error) {
	s := source{transport: rtsp.Transport(c.spec().Transport)}
	declared, profile := c.declared(id)
	if declared != "" {
		s.url = declared
		return s, nil
	}
	dev, err := c.probe(ctx)
	if err != nil {
		return s, err
	}
	of := c.spec().Source
	if _, there := dev.Source(of); !there {
		return s, &rtsp.Error{Class: rtsp.Refused, Err: fmt.Errorf("the device has no video source %q", of),
			Hint: "Look which it has (holdfast camera probe), and declare or add the camera with one of those."}
	}
	p := pickProfile(dev, of, id, profile)
	if p == nil || p.StreamURI == "" {
		return s, &rtsp.Error{Class: rtsp.Refused, Err: fmt.Errorf("the camera has no %s stream", id),
			Hint: "The camera's ONVIF answer lists fewer profiles. Add a profile at the camera, or leave this stream out of the configuration."}
	}
	s.url = p.StreamURI
	if by := onvif.Transport(s.transport); by == onvif.Unicast || by == onvif.Multicast {
		c.addressFor(ctx, p, by, &s)
	}
	return s, nil
}

// addressFor takes the address that the device has for a transport, where it has another: one that was chosen is asked for by name.
func (c *Camera) addressFor(ctx context.Context, p *onvif.Profile, by onvif.Transport, s *source) {
	client, err := c.client()
	if err != nil {
		return
	}
	uri, err := client.StreamURI(ctx, p, by)
	switch {
	case err != nil:
		c.log.Debug("the device has no address for the transport", "transport", string(by), "error", err)
	case uri != "":
		s.url = uri
	}
}

// declared gives the RTSP address or ONVIF profile that the configuration names for a stream.
func (c *Camera) declared(id string) (rtspURL, profile string) {
	for _, s := range c.spec().Streams {
		if s.ID == id {
			return resolveRTSP(c.spec().RTSP, s.RTSP), s.Profile
		}
	}
	if id == "main" {
		return c.spec().RTSP, ""
	}
	return "", ""
}

// resolveRTSP gives the address of a stream that is declared whole, as a path on the camera's address, or not at all.
func resolveRTSP(camera, s string) string {
	if s == "" || camera == "" {
		return s
	}
	base, err := url.Parse(camera)
	if err != nil {
		return s
	}
	ref, err := url.Parse(s)
	if err != nil {
		return s
	}
	return base.ResolveReference(ref).String()
}

// pickProfile is the profile of a token, or of the role that a stream's id names, of a video source.
func pickProfile(dev *onvif.Device, source, id, token string) *onvif.Profile {
	if token != "" {
		p, _ := dev.Profile(token)
		return p
	}
	return dev.Stream(source, onvif.Role(id))
}

// probeTimeout bounds one try of the camera's port.
const probeTimeout = time.Second

// answers tells whether the camera's port takes a connection.
func (c *Camera) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := c.way.DialContext(ctx, "tcp", c.hostPort())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// hostPort is the address of the camera without path or credentials, for people and for the port probe.
func (c *Camera) hostPort() string {
	if c.spec().ONVIF != "" {
		return onvif.HostPort(c.spec().ONVIF)
	}
	u, err := url.Parse(c.spec().RTSP)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "554")
}

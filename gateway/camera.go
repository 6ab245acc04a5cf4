package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/config"
	"holdfast/gateway/record"
	"holdfast/gateway/stream"
	"holdfast/onvif"
	"holdfast/rtsp"
	"holdfast/storage"
)

// Camera is one video source under supervision: its feeds, and the recorders that read them.
type Camera struct {
	spec     config.Camera      // constant
	origin   string             // "config" or "adopted": constant
	log      *slog.Logger       // constant
	gate     *gate              // constant
	feeds    []*feed            // constant, in the order of the streams' importance: main first
	recs     []*record.Recorder // constant, one per recorded stream
	recorded []string           // ids of their streams
	store    *storage.Store     // constant
	plan     *record.Plan       // what of it is wanted; nil: everything
	raised   allowance
	made     time.Time
	now      func() time.Time
	dial     dialFunc
	notify   func(id string) // tells the gateway that the state changed
	idle     time.Duration   // how long an on-demand stream stays open without a reader

	stop context.CancelFunc // set when it is started
	done chan struct{}      // closed when it has stopped

	mu      sync.Mutex               // guards what follows
	device  *onvif.Device            // nil until probed
	lasting map[string]storage.Event // by id
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// source is where and how a stream is had.
type source struct {
	url       string
	transport rtsp.Transport
}

func (g *Gateway) newCamera(spec config.Camera, origin string) *Camera {
	c := &Camera{
		spec: spec, origin: origin, now: g.now, dial: g.guard.DialContext, notify: g.cameraChanged,
		log: g.log.With("camera", spec.ID), store: g.store, gate: newGate(time.Now), made: g.now().UTC(),
		idle: g.idle, plan: newPlan(spec.Record, g.conf.Location()), lasting: make(map[string]storage.Event),
	}
	g.store.SetAges(spec.ID, cameraAges(spec.Record))
	if !spec.Disabled {
		c.recallEvents()
	}
	for _, id := range streamIDs(spec) {
		ring := stream.New(c.ringOptions(id))
		f := newFeed(c, id, ring)
		c.feeds = append(c.feeds, f)
		if c.records(id) {
			c.recorded = append(c.recorded, id)
			c.recs = append(c.recs, record.New(record.Options{Camera: spec.ID, Stream: id, From: ring, Plan: c.plan, Store: g.store, Synced: g.lag.told, Log: f.log}))
		}
	}
	return c
}

// preRollBytes is what a second of pre-roll may take beside what a ring holds anyhow: 8 Mbit/s.
const preRollBytes = 1 << 20

// ringOptions are those of a stream's ring. One that holds a pre-roll is larger by that.
func (c *Camera) ringOptions(id string) stream.Options {
	o := stream.Options{Log: c.log}
	if c.plan != nil && c.records(id) {
		pre := time.Duration(c.spec.Record.PreRoll)
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
	if c.spec.Disabled || c.spec.Record.Mode == config.Off {
		return false
	}
	return slices.Contains(c.spec.Record.Streams, streamID)
}

// offCause is why nothing of the camera is recorded.
func (c *Camera) offCause() storage.Cause {
	if c.spec.Disabled {
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
		known, err := c.store.Known(c.spec.ID, id)
		if err == nil && known {
			err = c.store.Gap(c.spec.ID, id, c.now(), c.offCause())
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
	if c.spec.Disabled {
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

func (c *Camera) changed() { c.notify(c.spec.ID) }

// sessionOptions are those of a connection to src.
func (c *Camera) sessionOptions(src source, log *slog.Logger) rtsp.Options {
	return rtsp.Options{
		URL: src.url, Username: c.spec.Username, Password: c.spec.Password.Reveal(),
		Transport: src.transport, Audio: c.spec.Audio, Metadata: true,
		Dial: c.dial, Now: c.now, Log: log,
	}
}

// source finds the address of a stream: from the file, or from the device.
func (c *Camera) source(ctx context.Context, id string) (source, error) {
	s := source{transport: rtsp.Transport(c.spec.Transport)}
	declared, profile := c.declared(id)
	if declared != "" {
		s.url = declared
		return s, nil
	}
	dev, err := c.probe(ctx)
	if err != nil {
		return s, err
	}
	p := pickProfile(dev, id, profile)
	if p == nil || p.StreamURI == "" {
		return s, &rtsp.Error{Class: rtsp.Refused, Err: fmt.Errorf("the camera has no %s stream", id),
			Hint: "The camera's ONVIF answer lists fewer profiles. Add a profile at the camera, or leave this stream out of the configuration."}
	}
	s.url = p.StreamURI
	return s, nil
}

// declared gives the RTSP address or ONVIF profile that the configuration names for a stream.
func (c *Camera) declared(id string) (rtspURL, profile string) {
	for _, s := range c.spec.Streams {
		if s.ID == id {
			return resolveRTSP(c.spec.RTSP, s.RTSP), s.Profile
		}
	}
	if id == "main" {
		return c.spec.RTSP, ""
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

func pickProfile(dev *onvif.Device, id, token string) *onvif.Profile {
	if token != "" {
		for i := range dev.Profiles {
			if dev.Profiles[i].Token == token {
				return &dev.Profiles[i]
			}
		}
		return nil
	}
	main, sub := dev.Streams()
	if id == "main" {
		return main
	}
	return sub
}

// probe asks the device what it is, once; forgetSource makes it ask again.
func (c *Camera) probe(ctx context.Context) (*onvif.Device, error) {
	if d := c.Device(); d != nil {
		return d, nil
	}
	client, err := onvif.New(onvif.Options{Address: c.spec.ONVIF, Username: c.spec.Username,
		Password: c.spec.Password.Reveal(), Dial: c.dial, Log: c.log, Now: c.now})
	if err != nil {
		return nil, err
	}
	d, err := client.Probe(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.device = d
	c.mu.Unlock()
	c.changed()
	return d, nil
}

// Device is what the ONVIF probe found; nil before, and for cameras without ONVIF.
func (c *Camera) Device() *onvif.Device {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.device
}

func (c *Camera) forgetSource() {
	c.mu.Lock()
	c.device = nil
	c.mu.Unlock()
}

// probeTimeout bounds one try of the camera's port.
const probeTimeout = time.Second

// answers tells whether the camera's port takes a connection.
func (c *Camera) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := c.dial(ctx, "tcp", c.hostPort())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// hostPort is the address of the camera without path or credentials, for people and for the port probe.
func (c *Camera) hostPort() string {
	if c.spec.ONVIF != "" {
		return onvif.HostPort(c.spec.ONVIF)
	}
	u, err := url.Parse(c.spec.RTSP)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "554")
}

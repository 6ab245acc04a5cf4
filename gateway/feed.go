package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"holdfast/gateway/stream"
	"holdfast/onvif"
	"holdfast/rtsp"
	"holdfast/storage"
)

const (
	// settled is how long a session must have lasted for the next failure to count as a new outage. A camera that
	// accepts and drops each session at once is otherwise retried without end at the shortest interval.
	settled = 10 * time.Second
	// probePeriod is how often the camera's port is tried during a long wait; an answer ends the wait.
	probePeriod = 2 * time.Second
	// idleStream is how long an on-demand stream stays open without a reader.
	idleStream = 30 * time.Second
	// idleLooks is how often in that time it is looked for a reader.
	idleLooks = 10
	// lookPeriod is how often it is looked whether somebody waits for an on-demand stream that could not be opened.
	lookPeriod = time.Second
)

// errUnwatched ends an on-demand session. It is not a failure.
var errUnwatched = errors.New("this stream is opened only while somebody watches it: it is a further one, or the camera allows few")

// FeedState says how a stream, or the camera it belongs to, is doing.
type FeedState string

// The states of a feed.
const (
	Starting     FeedState = "starting"
	Online       FeedState = "online"
	Offline      FeedState = "offline"
	Unauthorized FeedState = "unauthorized"
	OnDemand     FeedState = "on-demand" // the camera allows too few sessions; opened while somebody watches
	Disabled     FeedState = "disabled"
)

// feedStatus is what a feed says of itself.
type feedStatus struct {
	State   FeedState
	Since   time.Time // UTC
	Cause   storage.Cause
	Detail  string // what happened, in plain words
	Hint    string // what to do
	RetryAt time.Time
}

// feed keeps one stream of one camera flowing into its ring.
type feed struct {
	id     string         // "main", "sub": constant
	place  int            // among the camera's: constant, 0 is the most important
	cam    *Camera        // constant
	stream *stream.Stream // constant
	log    *slog.Logger   // constant
	wake   chan struct{}  // a Hello, new credentials, or a viewer ends a wait

	mu      sync.Mutex // guards what follows
	status  feedStatus
	session *rtsp.Session // nil while not connected
	began   rtsp.Mono     // when this connection, or the last one, began to deliver; 0 when it never did

	scarce bool // owned by run: the camera has refused this stream because of others, or nobody needs it always, so it is opened on demand
}

func newFeed(cam *Camera, id string, ring *stream.Stream) *feed {
	f := &feed{id: id, place: len(cam.feeds), cam: cam, stream: ring, wake: make(chan struct{}, 1), log: cam.log.With("stream", id)}
	f.scarce = id == string(onvif.Third) && !cam.records(id)
	f.status = feedStatus{State: Starting, Since: cam.now().UTC(), Cause: storage.CauseStarting, Detail: "Connecting for the first time."}
	return f
}

// run connects again and again until ctx ends.
func (f *feed) run(ctx context.Context) error {
	var retry rtsp.Retry
	if f.scarce {
		f.pause(ctx, &retry, errUnwatched)
	}
	for {
		err := f.connect(ctx)
		if ctx.Err() != nil {
			f.stream.End(string(f.cam.parting()))
			return ctx.Err()
		}
		if f.lasted() >= settled {
			retry.Reset()
		}
		f.pause(ctx, &retry, err)
	}
}

// connect makes one connection and returns why it ended.
func (f *feed) connect(ctx context.Context) error {
	f.mu.Lock()
	f.began = 0
	f.mu.Unlock()
	leave, err := f.cam.gate.enter(ctx, f.refused)
	if err != nil {
		return err
	}
	defer leave.release()
	err = f.play(ctx, leave)
	if classOf(err) == rtsp.Unauthorized {
		leave.refused()
	}
	return err
}

func (f *feed) play(ctx context.Context, leave *pass) error {
	src, err := f.cam.source(ctx, f.id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s, err := rtsp.NewSession(f.cam.sessionOptions(src, f.log), &sink{feed: f, leave: leave})
	if err != nil {
		return err
	}
	f.setSession(s)
	defer f.setSession(nil)
	if f.scarce {
		go f.endWhenUnwatched(ctx, cancel)
	}
	err = s.Run(ctx)
	f.cam.scene.ended(f.place)
	if errors.Is(context.Cause(ctx), errUnwatched) {
		return errUnwatched
	}
	if classOf(err) == rtsp.Refused {
		f.cam.forgetSource() // the camera may have moved its stream: ask it anew
	}
	return err
}

// sink hands a session's frames to the ring and notes that the camera is there.
type sink struct {
	feed  *feed
	leave *pass
}

func (s *sink) Begin(run *rtsp.Run) {
	s.leave.accepted()
	s.feed.cam.proven()
	s.feed.up(run)
	s.feed.stream.Begin(run)
}

func (s *sink) Frame(f *rtsp.Frame) {
	s.feed.stream.Frame(f)
	if f.Track.Codec == rtsp.Metadata {
		s.feed.cam.scene.take(s.feed.place, f)
	}
}

func (f *feed) setSession(s *rtsp.Session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.session = s
}

// up notes that a run began. Whoever asked for the stream until now has got it.
func (f *feed) up(run *rtsp.Run) {
	f.mu.Lock()
	was := f.status.State
	if f.began == 0 {
		f.began = rtsp.MonoNow()
	}
	select {
	case <-f.wake:
	default:
	}
	if was != Online {
		f.status = feedStatus{State: Online, Since: run.Start}
	}
	f.mu.Unlock()
	if was != Online {
		f.log.Info("stream is up", "transport", run.Transport)
		f.cam.card.streamCame()
		f.cam.changed()
	}
}

// lasted is how long the connection that just ended had delivered, whatever the wall clock did meanwhile. It is 0 when it
// never did.
func (f *feed) lasted() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.began == 0 {
		return 0
	}
	return time.Duration(rtsp.MonoNow() - f.began)
}

// pause states the failure and waits as its class asks.
func (f *feed) pause(ctx context.Context, retry *rtsp.Retry, err error) {
	if errors.Is(err, errUnwatched) {
		retry.Reset()
		f.down(errUnwatched, OnDemand, time.Time{})
		f.awaitViewer(ctx, lookPeriod)
		return
	}
	class := classOf(err)
	f.scarce = f.scarce || class == rtsp.Limit && !f.cam.records(f.id)
	wait := retry.Next(err)
	if f.scarce && class != rtsp.Unauthorized {
		if class == rtsp.Limit {
			err = errUnwatched
		}
		f.down(err, OnDemand, time.Time{})
		f.awaitViewer(ctx, max(wait, lookPeriod))
		return
	}
	f.down(err, stateOf(class), f.retryAt(wait))
	f.await(ctx, wait, class)
}

// errRefused is what a stream says whose camera refused the credentials of another stream, or of ONVIF.
var errRefused = &rtsp.Error{Class: rtsp.Unauthorized, Hint: rtsp.Unauthorized.Hint(), Err: errors.New("the camera refused the credentials")}

// refused states that the stream waits because the camera's credentials were refused.
func (f *feed) refused() { f.down(errRefused, Unauthorized, f.retryAt(0)) }

func (f *feed) retryAt(wait time.Duration) time.Time {
	at := f.cam.now().Add(wait)
	if opens := f.cam.gate.opens(); opens.After(at) {
		at = opens
	}
	return at.UTC()
}

// down notes that the stream is not there, logs a change of state once, and states the cause of the gap.
func (f *feed) down(err error, state FeedState, retryAt time.Time) {
	next := feedStatus{State: state, Since: f.cam.now().UTC(), Cause: causeOf(err), RetryAt: retryAt}
	next.Detail, next.Hint = explain(err)
	f.mu.Lock()
	was := f.status
	if was.State == next.State {
		next.Since = was.Since
	}
	f.status = next
	f.mu.Unlock()
	if was.State != next.State || was.Cause != next.Cause {
		f.log.Warn("stream is down", "cause", string(next.Cause), "error", err)
		f.stream.End(string(next.Cause))
	}
	f.cam.changed()
}

// await waits for d. During a long wait for a camera that is not there its port is tried, and an answer ends the wait.
func (f *feed) await(ctx context.Context, d time.Duration, class rtsp.Class) {
	wait, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for {
		select {
		case <-wait.Done():
			return
		case <-f.wake:
			return
		case <-time.After(probePeriod):
			if class == rtsp.Offline && f.cam.answers(wait) {
				return
			}
		}
	}
}

// awaitViewer waits until somebody asks for the stream, or, looking every period, until somebody has been waiting for it
// since before.
func (f *feed) awaitViewer(ctx context.Context, period time.Duration) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
			return
		case <-tick.C:
			if f.stream.Info().Readers > 0 {
				return
			}
		}
	}
}

// want asks for a stream that is opened on demand; any other comes by itself.
func (f *feed) want() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.status.State == OnDemand {
		f.poke()
	}
}

// poke ends a wait: a Hello was heard, or somebody wants to see the stream.
func (f *feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// endWhenUnwatched ends an on-demand session that nobody has read for the camera's idle time.
func (f *feed) endWhenUnwatched(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(f.cam.idle / idleLooks)
	defer tick.Stop()
	for unread := 0; unread < idleLooks; unread++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if f.stream.Info().Readers > 0 {
				unread = -1
			}
		}
	}
	end(errUnwatched)
}

// State gives the feed's present state.
func (f *feed) State() feedStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// stats gives the running session's counters; ok is false while there is none.
func (f *feed) stats() (rtsp.Stats, bool) {
	f.mu.Lock()
	s := f.session
	f.mu.Unlock()
	if s == nil {
		return rtsp.Stats{}, false
	}
	return s.Stats(), true
}

// classOf sorts any error of a connection into the classes that decide how to go on.
func classOf(err error) rtsp.Class {
	var re *rtsp.Error
	if errors.As(err, &re) {
		return re.Class
	}
	var oe *onvif.Error
	if errors.As(err, &oe) {
		return classOfONVIF(oe.Class)
	}
	var ne net.Error
	if errors.As(err, &ne) {
		return rtsp.Offline
	}
	return rtsp.Protocol
}

func classOfONVIF(c onvif.Class) rtsp.Class {
	switch c {
	case onvif.Offline:
		return rtsp.Offline
	case onvif.Unauthorized:
		return rtsp.Unauthorized
	case onvif.Refused:
		return rtsp.Refused
	}
	return rtsp.Protocol
}

func stateOf(c rtsp.Class) FeedState {
	if c == rtsp.Unauthorized {
		return Unauthorized
	}
	return Offline
}

// causeOf is the cause of the gap that the failure makes.
func causeOf(err error) storage.Cause {
	switch classOf(err) {
	case rtsp.Unauthorized:
		return storage.CauseAuth
	case rtsp.Stalled:
		return storage.CauseStalled
	case rtsp.Offline:
		return storage.CauseOffline
	}
	return storage.CauseRefused
}

// explain gives the plain words of an error: what happened, and what to do.
func explain(err error) (detail, hint string) {
	var re *rtsp.Error
	if errors.As(err, &re) {
		return re.Error(), re.Hint
	}
	var oe *onvif.Error
	if errors.As(err, &oe) {
		return oe.Error(), oe.Hint
	}
	return err.Error(), ""
}

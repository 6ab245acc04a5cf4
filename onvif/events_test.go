package onvif_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// listening is a simulated camera and a client that listens to its events.
type listening struct {
	t      *testing.T
	device *onviftest.Device
	server *server.Server
	notes  chan onvif.Notification
	states chan onvif.Subscription
	end    context.CancelFunc
	ended  chan error
}

// camera starts a simulated camera with quirks of its event service.
func camera(t *testing.T, o onviftest.Options, so server.Options) (*onviftest.Device, *server.Server) {
	t.Helper()
	o.Kind, o.Name = onviftest.Fixed, "Camera of "+t.Name()+" "+rand.Text()
	d := onviftest.New(o)
	so.Device = d
	s, err := server.New(so)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return d, s
}

func listen(t *testing.T, d *onviftest.Device, s *server.Server, address string, o onvif.EventOptions) *listening {
	t.Helper()
	c, err := onvif.New(onvif.Options{Address: address, Username: "user", Password: oddPassword, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	l := &listening{t: t, device: d, server: s, notes: make(chan onvif.Notification, 1000), states: make(chan onvif.Subscription, 1000), ended: make(chan error, 1)}
	o.State = func(s onvif.Subscription) { l.states <- s }
	if o.Wait == 0 {
		o.Wait = 2 * time.Second
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.end = cancel
	go func() { l.ended <- c.Events(ctx, o, func(n onvif.Notification) { l.notes <- n }) }()
	t.Cleanup(func() { l.end(); l.stopped() })
	return l
}

// stopped waits for the end of Events.
func (l *listening) stopped() error {
	select {
	case err := <-l.ended:
		l.ended <- err
		return err
	case <-time.After(10 * time.Second):
		l.t.Error("it does not end")
		return nil
	}
}

// state waits for a state of the subscription.
func (l *listening) state(want onvif.SubscriptionState) onvif.Subscription {
	l.t.Helper()
	for {
		select {
		case s := <-l.states:
			if s.State == want {
				return s
			}
		case <-time.After(10 * time.Second):
			l.t.Fatalf("no %s", want)
		}
	}
}

// motion waits for a message that it moves, or does not.
func (l *listening) motion(on string) onvif.Notification {
	l.t.Helper()
	for {
		select {
		case n := <-l.notes:
			if n.Operation == onvif.Changed && n.Topic == "VideoSource/MotionAlarm" && n.Get("State") == on {
				return n
			}
		case <-time.After(10 * time.Second):
			l.t.Fatalf("no motion %s", on)
		}
	}
}

// moves has something move and waits until that is told, once the subscription is there.
func (l *listening) moves() onvif.Notification {
	l.t.Helper()
	l.device.Motion(true)
	n := l.motion("true")
	l.device.Motion(false)
	l.motion("false")
	return n
}

// TestEventsComeWhateverTheDeviceDiffersIn is the table of quirks: with each of them an event is told, and again after the
// subscription has been renewed or made anew.
func TestEventsComeWhateverTheDeviceDiffersIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quirks server.EventQuirks
		skew   time.Duration
		topics []string
		host   string
	}{
		"as specified":                  {},
		"absolute times only":           {quirks: server.EventQuirks{AbsoluteOnly: true}},
		"absolute times, clock is off":  {quirks: server.EventQuirks{AbsoluteOnly: true}, skew: -5 * 365 * 24 * time.Hour},
		"no time of termination":        {quirks: server.EventQuirks{NoTermination: true}},
		"refuses Renew":                 {quirks: server.EventQuirks{RefusesRenew: true, Term: 2 * time.Second}},
		"short life, polls do not help": {quirks: server.EventQuirks{KeepsTerm: true, Term: 3 * time.Second}},
		"refuses filters":               {quirks: server.EventQuirks{RefusesFilter: true}, topics: []string{"tns1:VideoSource//."}},
		"takes filters":                 {topics: []string{"tns1:VideoSource//.", "tns1:RuleEngine/CellMotionDetector/Motion"}},
		"no synchronisation point":      {quirks: server.EventQuirks{RefusesSync: true}},
		"answers at once":               {quirks: server.EventQuirks{AnswersAtOnce: true}},
		"refuses long polls":            {quirks: server.EventQuirks{ShortPolls: time.Second}},
		"reference parameters":          {quirks: server.EventQuirks{Parameters: "http://www.axis.com/2009/event"}},
		"reference parameters, bare":    {quirks: server.EventQuirks{BareParameters: true}},
		"names another address":         {host: "192.0.2.1:80"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, s := camera(t, onviftest.Options{Events: c.quirks, Skew: c.skew}, server.Options{Username: "user", Password: oddPassword, Host: c.host})
			l := listen(t, d, s, s.Addr(), onvif.EventOptions{Topics: c.topics})
			if got := l.state(onvif.Subscribed); got.Delivery != onvif.PullPoint {
				t.Errorf("%+v", got)
			}
			before := time.Now()
			if n := l.moves(); n.At.Before(before.Add(-2*time.Second)) || n.At.After(time.Now()) {
				t.Errorf("it was at %s by our clock", n.At)
			}
			if c.quirks.Term > 0 { // beyond the time that the subscription would have lived
				for end := time.Now().Add(c.quirks.Term + time.Second); time.Now().Before(end); {
					l.moves()
					<-time.After(300 * time.Millisecond) // the camera's scene, not ours
				}
			}
			l.end()
			if err := l.stopped(); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if n, _ := d.Events().Subscriptions(); n != 0 {
				t.Errorf("%d subscriptions are left at the device", n)
			}
		})
	}
}

func TestDeviceThatAnswersAtOnceIsNotAskedInALoop(t *testing.T) {
	t.Parallel()
	d, s := camera(t, onviftest.Options{Events: server.EventQuirks{AnswersAtOnce: true}}, server.Options{Username: "user", Password: oddPassword})
	l := listen(t, d, s, s.Addr(), onvif.EventOptions{Wait: 20 * time.Second})
	l.state(onvif.Synchronised)
	_, before := d.Events().Subscriptions()
	began := time.Now()
	for range 3 { // each takes until the next poll
		l.moves()
	}
	_, after := d.Events().Subscriptions()
	if asked, most := after-before, 10*int(time.Since(began).Seconds()+1); asked > most {
		t.Errorf("asked %d times in %s", asked, time.Since(began))
	}
}

// TestSubscriptionIsMadeAnew covers what loses one: each ends with events that come again.
func TestSubscriptionIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quirks server.EventQuirks
		lose   func(*onviftest.Device)
		state  onvif.SubscriptionState
	}{
		"the device forgot it":               {lose: func(d *onviftest.Device) { d.Events().Forget() }, state: onvif.Waiting},
		"it is not found any more":           {quirks: server.EventQuirks{NotFound: true}, lose: func(d *onviftest.Device) { d.Events().Forget() }, state: onvif.Waiting},
		"the device has restarted":           {lose: func(d *onviftest.Device) { d.Restart(0) }, state: onvif.Waiting},
		"the device's clock went back":       {lose: func(d *onviftest.Device) { d.SetSkew(-time.Hour) }, state: onvif.Restarted},
		"it lives, and tells nothing":        {lose: func(d *onviftest.Device) { d.Events().Mute(true) }, state: onvif.Waiting},
		"its parameter's subscription ended": {quirks: server.EventQuirks{Parameters: "urn:x"}, lose: func(d *onviftest.Device) { d.Events().Forget() }, state: onvif.Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, s := camera(t, onviftest.Options{Events: c.quirks}, server.Options{Username: "user", Password: oddPassword})
			l := listen(t, d, s, s.Addr(), onvif.EventOptions{Wait: 200 * time.Millisecond, Silence: 500 * time.Millisecond})
			l.state(onvif.Synchronised)
			l.moves()
			c.lose(d)
			if w := l.state(c.state); c.state == onvif.Waiting && (w.Err == nil || w.RetryAt.IsZero()) {
				t.Errorf("%+v", w)
			}
			d.Events().Mute(false)
			l.state(onvif.Subscribed)
			l.moves()
		})
	}
}

func TestCameraThatIsGoneForAWhileIsSubscribedToAgain(t *testing.T) {
	t.Parallel()
	d, s := camera(t, onviftest.Options{}, server.Options{Username: "user", Password: oddPassword})
	w := newWire(t, s.Addr())
	l := listen(t, d, s, w.addr(), onvif.EventOptions{Wait: 500 * time.Millisecond})
	l.state(onvif.Synchronised)
	l.moves()
	w.cut(true)
	if got := l.state(onvif.Waiting); got.Err == nil {
		t.Errorf("%+v", got)
	}
	w.cut(false)
	l.state(onvif.Subscribed)
	l.moves()
}

func TestDeviceWithTooManySubscriptionsSaysSo(t *testing.T) {
	t.Parallel()
	d, s := camera(t, onviftest.Options{MaxPullPoints: 1}, server.Options{Username: "user", Password: oddPassword})
	first := listen(t, d, s, s.Addr(), onvif.EventOptions{})
	first.state(onvif.Synchronised)
	second := listen(t, d, s, s.Addr(), onvif.EventOptions{})
	got := second.state(onvif.Waiting)
	var own *onvif.Error
	if !errors.Is(got.Err, onvif.ErrTooManySubscriptions) || !strings.Contains(got.Err.Error(), "(1)") || !errors.As(got.Err, &own) || !strings.Contains(own.Hint, "Other programs") {
		t.Errorf("%v", got.Err)
	}
	first.end()
	first.stopped()
	second.state(onvif.Subscribed)
	second.moves()
}

func TestEventsEndWithWhatWaitingDoesNotMend(t *testing.T) {
	t.Parallel()
	d, s := camera(t, onviftest.Options{}, server.Options{Username: "user", Password: "another"})
	l := listen(t, d, s, s.Addr(), onvif.EventOptions{})
	var own *onvif.Error
	if err := l.stopped(); !errors.As(err, &own) || own.Class != onvif.Unauthorized {
		t.Error(err)
	}
	d, s = camera(t, onviftest.Options{Events: server.EventQuirks{NoPullPoint: true}}, server.Options{Username: "user", Password: oddPassword})
	l = listen(t, d, s, s.Addr(), onvif.EventOptions{})
	if err := l.stopped(); !errors.Is(err, onvif.ErrNoEvents) {
		t.Error(err)
	}
}

func TestDeviceWithoutPullPointsDeliversToUs(t *testing.T) {
	t.Parallel()
	d, s := camera(t, onviftest.Options{Events: server.EventQuirks{NoPullPoint: true, Term: 2 * time.Second}}, server.Options{Username: "user", Password: oddPassword})
	ports := make(chan net.Addr, 10)
	l := listen(t, d, s, s.Addr(), onvif.EventOptions{Listen: func(_ context.Context, a netip.Addr) (net.Listener, error) {
		p, err := net.Listen("tcp", netip.AddrPortFrom(a, 0).String())
		if err == nil {
			ports <- p.Addr()
		}
		return p, err
	}})
	if got := l.state(onvif.Subscribed); got.Delivery != onvif.BaseNotification {
		t.Errorf("%+v", got)
	}
	port := (<-ports).String()
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); { // beyond its life: it is renewed
		l.moves()
		<-time.After(300 * time.Millisecond) // the camera's scene, not ours
	}
	for _, path := range []string{"/", "/" + strings.Repeat("A", 32)} {
		res, err := http.Post("http://"+port+path, "application/soap+xml", strings.NewReader(`<NotificationMessage/>`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	d.Events().Forget() // it notices when it renews
	l.state(onvif.Waiting)
	l.state(onvif.Subscribed)
	l.moves()
	l.end()
	l.stopped()
	if c, err := net.Dial("tcp", port); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

// TestRequestsForEventsAreValid checks everything that is sent for them against the official schemas.
func TestRequestsForEventsAreValid(t *testing.T) {
	t.Parallel()
	var sent requests
	var all []*listening
	for _, q := range []server.EventQuirks{{AbsoluteOnly: true, Term: 2 * time.Second}, {RefusesFilter: true, Parameters: "http://www.axis.com/2009/event"}, {NoPullPoint: true, Term: 2 * time.Second}} {
		d, s := camera(t, onviftest.Options{Events: q}, server.Options{Username: "user", Password: oddPassword})
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.Addr()})
		proxy.ErrorLog = log.New(io.Discard, "", 0)
		tap := httptest.NewServer(sent.record(proxy))
		t.Cleanup(tap.Close)
		l := listen(t, d, s, tap.Listener.Addr().String(), onvif.EventOptions{Topics: []string{"tns1:VideoSource//."}, Wait: 500 * time.Millisecond,
			Listen: func(_ context.Context, a netip.Addr) (net.Listener, error) {
				return net.Listen("tcp", netip.AddrPortFrom(a, 0).String())
			}})
		l.state(onvif.Subscribed)
		all = append(all, l)
	}
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); <-time.After(100 * time.Millisecond) { // the camera's scene, not ours
		for _, l := range all {
			l.moves()
		}
	}
	for _, l := range all {
		l.end()
		l.stopped()
	}
	for _, o := range []string{"CreatePullPointSubscription", "PullMessages", "Renew", "SetSynchronizationPoint", "Unsubscribe", "Subscribe"} {
		if sent.sent(":"+o) == 0 {
			t.Errorf("%s was not sent", o)
		}
	}
	sent.validate(t)
}

// wire is a way to a camera that can be cut.
type wire struct {
	l    net.Listener
	to   string
	mu   sync.Mutex // guards what follows
	off  bool
	open map[net.Conn]bool
	done sync.WaitGroup
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l, to: to, open: make(map[net.Conn]bool)}
	w.done.Go(w.run)
	t.Cleanup(func() { l.Close(); w.cut(true); w.done.Wait() })
	return w
}

func (w *wire) addr() string { return w.l.Addr().String() }

// cut breaks every connection and takes no more, or takes them again.
func (w *wire) cut(off bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = off
	for c := range w.open {
		c.Close()
	}
}

func (w *wire) run() {
	for {
		c, err := w.l.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		off := w.off
		w.open[c] = true
		w.mu.Unlock()
		if off {
			c.Close()
			continue
		}
		w.done.Go(func() { w.carry(c) })
	}
}

func (w *wire) carry(c net.Conn) {
	defer c.Close()
	d, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer d.Close()
	w.mu.Lock()
	w.open[d] = true
	w.mu.Unlock()
	back := make(chan struct{})
	go func() { defer close(back); io.Copy(c, d); c.Close() }()
	io.Copy(d, c)
	d.Close()
	<-back
}

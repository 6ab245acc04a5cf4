package onvif

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"holdfast/onvif/internal/soap"
)

// Bounds of the port that a device delivers to.
const (
	maxNotify     = 256 << 10 // bytes of a message
	maxNotifyHead = 16 << 10  // bytes of its header
	notifyTime    = 5 * time.Second
	notifyRate    = 50 // messages a second
	notifyQueue   = 64 // messages that wait to be taken
	tokenSize     = 24 // bytes of the secret in the address
	notifyIdle    = time.Minute
)

// createSubscription asks for base notification (WS-BaseNotification 1.3, section 4.2), which profile S has.
func createSubscription(consumer string) creation {
	return creation{actionSubscribe, BaseNotification, func(filter, term string) string {
		if term != "" {
			term = "<wsnt:InitialTerminationTime>" + term + "</wsnt:InitialTerminationTime>"
		}
		if filter != "" {
			filter = "<wsnt:Filter>" + filter + "</wsnt:Filter>"
		}
		return "<wsnt:Subscribe><wsnt:ConsumerReference><wsa:Address>" + soap.Escape(consumer) + "</wsa:Address></wsnt:ConsumerReference>" + filter + term + "</wsnt:Subscribe>"
	}}
}

// listen has the device deliver to a port of ours, until the subscription is lost.
func (e *subscriber) listen(ctx context.Context, at *url.URL) error {
	ours, theirs, err := e.ends(ctx)
	if err != nil {
		return fail(Offline, "find the way that the device would deliver on", err)
	}
	l, err := e.o.Listen(ctx, ours)
	if err != nil {
		return fmt.Errorf("open a port for the device's events: %w", err)
	}
	r := newReceiver(theirs)
	srv := &http.Server{Handler: r, ReadTimeout: notifyTime, WriteTimeout: notifyTime, IdleTimeout: notifyIdle, MaxHeaderBytes: maxNotifyHead}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	defer func() { srv.Close(); <-done }()
	s, err := e.create(ctx, at, createSubscription("http://"+l.Addr().String()+r.path))
	if err != nil {
		if unsupported(err) {
			err = fail(Refused, "subscribe to events", fmt.Errorf("%w (%w)", ErrNoEvents, err))
		}
		return err
	}
	return e.receive(ctx, s, r)
}

// ends finds the addresses of both ends of a connection to the device.
func (e *subscriber) ends(ctx context.Context) (ours, theirs netip.Addr, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	conn, err := e.client.o.Dial(ctx, "tcp", HostPort(e.client.device.String()))
	if err != nil {
		return ours, theirs, plain(err)
	}
	defer conn.Close()
	if ours, err = addrOf(conn.LocalAddr()); err == nil {
		theirs, err = addrOf(conn.RemoteAddr())
	}
	return ours, theirs, err
}

func addrOf(a net.Addr) (netip.Addr, error) {
	at, err := netip.ParseAddrPort(a.String())
	return at.Addr().Unmap(), err
}

// receive takes what the device delivers.
func (e *subscriber) receive(ctx context.Context, s *subscription, r *receiver) error {
	defer e.leave(ctx, s)
	e.tell(Subscription{State: Subscribed, Delivery: BaseNotification})
	if err := e.synchronise(ctx, s); err != nil {
		return err
	}
	heard := time.Now()
	for {
		if err := e.keep(ctx, s); err != nil {
			return err
		}
		wake := time.NewTimer(max(minPullWait, min(s.left()-min(e.wait+renewSlack, s.life*2/3), e.o.Silence)))
		select {
		case <-ctx.Done():
			wake.Stop()
			return ctx.Err()
		case list := <-r.messages:
			heard = time.Now()
			for i := range list {
				e.deliver(&list[i])
			}
		case <-wake.C:
		}
		wake.Stop()
		if time.Since(heard) >= deadSilence*e.o.Silence {
			return errSilent
		}
	}
}

// receiver is the consumer of base notification: it takes messages for one subscription, from one device.
type receiver struct {
	path     string // with a secret that only the device is told: constant
	from     netip.Addr
	messages chan []Notification
	second   atomic.Int64 // the present one
	taken    atomic.Int64 // messages in it
}

func newReceiver(from netip.Addr) *receiver {
	b := make([]byte, tokenSize)
	rand.Read(b)
	return &receiver{path: "/" + base64.RawURLEncoding.EncodeToString(b), from: from, messages: make(chan []Notification, notifyQueue)}
}

// ServeHTTP takes one message. Who is not the device learns nothing, not even that there is something.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	at, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil || at.Addr().Unmap().WithZone("") != r.from.WithZone("") || req.URL.Path != r.path || req.Method != http.MethodPost {
		http.NotFound(w, req)
		return
	}
	if !r.rate(time.Now().Unix()) {
		http.Error(w, "too many messages", http.StatusTooManyRequests)
		return
	}
	list, err := ReadNotifications(http.MaxBytesReader(w, req.Body, maxNotify))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "message too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "no message", http.StatusBadRequest)
		return
	}
	select {
	case r.messages <- list:
		w.WriteHeader(http.StatusAccepted)
	default:
		http.Error(w, "busy", http.StatusServiceUnavailable)
	}
}

// rate counts the messages of the present second. Requests that come at once may share a second's last place.
func (r *receiver) rate(second int64) bool {
	if r.second.Swap(second) != second {
		r.taken.Store(0)
	}
	return r.taken.Add(1) <= notifyRate
}

package onvif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// Bounds of a subscription.
const (
	pullWait     = 20 * time.Second       // of a long poll, where the device takes it
	minPullWait  = time.Second            // the shortest that is asked for
	pullSlack    = 10 * time.Second       // beyond the long poll, until a device counts as silent
	pullLimit    = 100                    // notifications of one answer
	emptyGap     = time.Second            // between polls that a device answers at once with nothing
	fullGap      = 100 * time.Millisecond // between polls that bring something
	termination  = time.Minute            // that a subscription is asked to live without us
	renewSlack   = 15 * time.Second       // that it must live beyond the next poll
	maxLife      = time.Hour              // that a device's word for its life is believed
	leaveTime    = 2 * time.Second        // for Unsubscribe
	settledTime  = 30 * time.Second       // that a subscription lived for the next failure to be a new one
	firstRetry   = time.Second
	lastRetry    = time.Minute
	silence      = 5 * time.Minute // without a notification, until the device is asked to tell its states again
	deadSilence  = 12              // as many of them, until a device that tells no states is subscribed to anew
	clockJump    = 30 * time.Second
	oldest       = 10 * time.Minute // that a notification may be late
	earliest     = 2 * time.Second  // that it may be early
	maxMisses    = 2                // polls without an answer, until the subscription counts as lost
	maxInitially = 3                // polls in which the states are told that were asked for
)

// ErrNoEvents says that the device reports no events in a way that we can take.
var ErrNoEvents = errors.New("the device offers neither pull points nor base notification")

// ErrTooManySubscriptions says that the device has as many subscriptions as it takes.
var ErrTooManySubscriptions = errors.New("the device has as many event subscriptions as it takes")

// Delivery is how a device's events come.
type Delivery string

// The ways.
const (
	PullPoint        Delivery = "pull-point"        // we ask, and the device answers when there is something (Core specification, section 9.1)
	BaseNotification Delivery = "base-notification" // the device connects to us (Core specification, section 9.2)
)

// SubscriptionState says how a subscription is doing.
type SubscriptionState string

// The states of a subscription.
const (
	Subscribing  SubscriptionState = "subscribing"
	Subscribed   SubscriptionState = "subscribed"   // what happens from now on comes; states that are so are told soon
	Synchronised SubscriptionState = "synchronised" // the states that are so have been told; never for a device that tells none
	Restarted    SubscriptionState = "restarted"    // the device has begun anew: what lasted is over
	Waiting      SubscriptionState = "waiting"      // it failed, and is tried again
)

// Subscription is how a subscription is doing, and why.
type Subscription struct {
	State    SubscriptionState
	Delivery Delivery  // once subscribed
	Err      error     // why it waits
	RetryAt  time.Time // when it is tried again
}

// EventOptions say which events are wanted, and how.
type EventOptions struct {
	Topics  []string      // expressions of the dialect ConcreteSet, such as tns1:RuleEngine//. with the prefix tns1; nil: everything. A device that refuses them tells everything
	Wait    time.Duration // of a long poll; 0: pullWait
	Silence time.Duration // 0: silence

	// Listen opens a port on an address of ours for a device that has no pull points and delivers by connecting; nil: such
	// devices are not listened to.
	Listen func(context.Context, netip.Addr) (net.Listener, error)

	// Before is called before each try to subscribe; an error ends Events. It is where tries at credentials wait for their turn.
	// nil: nothing is waited for.
	Before func(context.Context) error

	State func(Subscription) // told of each change, by the goroutine that runs Events; may be nil
}

// Events subscribes to what the device reports and calls take for each notification, in the order in which they come, until ctx
// ends. It subscribes again, with growing pauses, after whatever goes wrong, and returns only what waiting does not mend: that
// the credentials are refused, that the device has no event service (ErrNoService), or none that we understand (ErrNoEvents).
func (c *Client) Events(ctx context.Context, o EventOptions, take func(Notification)) error {
	o.Wait, o.Silence = cmp.Or(o.Wait, pullWait), cmp.Or(o.Silence, silence)
	e := &subscriber{client: c, o: o, take: take, wait: o.Wait, renews: true, filter: len(o.Topics) > 0}
	return e.run(ctx)
}

// subscriber is who subscribes, with what was learned of the device. It belongs to the goroutine that runs Events.
type subscriber struct {
	client *Client
	o      EventOptions
	take   func(Notification)

	wait   time.Duration // of a long poll: less than asked for where the device cannot
	term   int           // index in terms: what it took last
	filter bool          // it takes topic expressions
	renews bool          // it takes Renew
	states bool          // it tells states when asked to
	deaf   int           // how often in a row it did not: some tell them only to who subscribes

	clock   time.Duration // how far its clock is ahead of ours
	clocked bool
}

func (e *subscriber) tell(s Subscription) {
	if e.o.State != nil {
		e.o.State(s)
	}
}

func (e *subscriber) run(ctx context.Context) error {
	pause := firstRetry
	for {
		if e.o.Before != nil {
			if err := e.o.Before(ctx); err != nil {
				return err
			}
		}
		e.tell(Subscription{State: Subscribing})
		began := time.Now()
		err := e.subscribe(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if final(err) {
			return err
		}
		if time.Since(began) >= settledTime {
			pause = firstRetry
		}
		wait := pause*3/4 + rand.N(pause/2) // so that cameras that lost power together do not come back together
		pause = min(2*pause, lastRetry)
		e.tell(Subscription{State: Waiting, Err: err, RetryAt: e.client.o.Now().Add(wait).UTC()})
		if !rest(ctx, wait) {
			return ctx.Err()
		}
	}
}

// final tells whether waiting does not mend an error.
func final(err error) bool {
	var own *Error
	return errors.As(err, &own) && own.Class == Unauthorized || errors.Is(err, ErrNoService) || errors.Is(err, ErrNoEvents)
}

// rest waits, unless ctx ends before.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// subscribe makes one subscription and follows it until it is lost.
func (e *subscriber) subscribe(ctx context.Context) error {
	at, err := e.client.service(ctx, soap.NSEvents)
	if err != nil {
		return err
	}
	s, err := e.create(ctx, at, createPullPoint)
	if err == nil {
		return e.follow(ctx, s)
	}
	if !unsupported(err) {
		return err
	}
	if e.o.Listen == nil {
		return fail(Refused, "subscribe to events", fmt.Errorf("%w: it has no pull points, and nothing listens here for what it would send (%w)", ErrNoEvents, err))
	}
	return e.listen(ctx, at)
}

// unsupported tells whether a device does not know an operation, rather than refusing it now.
func unsupported(err error) bool {
	var f *soap.Fault
	if errors.As(err, &f) {
		for _, c := range f.Codes {
			switch c {
			case "ActionNotSupported", "OptionalActionNotImplemented", "NotSupported", "ActionNotImplemented":
				return true
			}
		}
		r := strings.ToLower(f.Reason)
		return strings.Contains(r, "not implemented") || strings.Contains(r, "not supported") || strings.Contains(r, "no such method") || strings.Contains(r, "not recognized")
	}
	var s *statusError
	return errors.As(err, &s) && (s.status == 404 || s.status == 405 || s.status == 501)
}

// subscription is one that a device made for us.
type subscription struct {
	at       *url.URL
	header   string        // reference parameters, as they go out
	life     time.Duration // that the device gives it at most
	until    time.Time     // by our clock; when it ends without us
	delivery Delivery
	gone     bool // the device does not know it any more
}

func (s *subscription) left() time.Duration { return time.Until(s.until) }

// terms are the ways of saying when a subscription ends: for how long, until when by the device's clock, and not at all. The
// specification asks for the first two; devices take one of the three.
var terms = []func(e *subscriber) string{
	func(*subscriber) string { return soap.FormatDuration(termination) },
	func(e *subscriber) string { return soap.FormatTime(e.deviceNow().Add(termination)) },
	func(*subscriber) string { return "" },
}

// deviceNow is the time by the device's clock.
func (e *subscriber) deviceNow() time.Time {
	if e.clocked {
		return e.client.o.Now().Add(e.clock)
	}
	return e.client.deviceNow()
}

// creation is how a subscription is asked for.
type creation struct {
	action   string
	delivery Delivery
	body     func(filter, term string) string
}

const (
	actionCreate      = soap.NSEvents + "/EventPortType/CreatePullPointSubscriptionRequest"
	actionPull        = soap.NSEvents + "/PullPointSubscription/PullMessagesRequest"
	actionSynchronise = soap.NSEvents + "/PullPointSubscription/SetSynchronizationPointRequest"
	actionRenew       = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest"
	actionUnsubscribe = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest"
	actionSubscribe   = "http://docs.oasis-open.org/wsn/bw-2/NotificationProducer/SubscribeRequest"
	dialectSet        = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
)

// createPullPoint is written here, since what use-go/onvif makes of it is not valid.
var createPullPoint = creation{actionCreate, PullPoint, func(filter, term string) string {
	if term != "" {
		term = "<tev:InitialTerminationTime>" + term + "</tev:InitialTerminationTime>"
	}
	if filter != "" {
		filter = "<tev:Filter>" + filter + "</tev:Filter>"
	}
	return "<tev:CreatePullPointSubscription>" + filter + term + "</tev:CreatePullPointSubscription>"
}}

// create asks for a subscription in each way that devices take, beginning with the one that worked last.
func (e *subscriber) create(ctx context.Context, at *url.URL, c creation) (*subscription, error) {
	var last error
	for tried := 0; tried < len(terms); {
		n, err := e.client.do(ctx, request{to: at, doing: "subscribe to events", action: c.action, body: c.body(e.expression(), terms[e.term](e))})
		if err == nil {
			return e.made(n, at, c.delivery), nil
		}
		if !negotiable(err) {
			return nil, err
		}
		if e.filter && refusedFilter(err) {
			e.filter = false
			continue
		}
		last = err
		e.term = (e.term + 1) % len(terms)
		tried++
	}
	if full(last) {
		return nil, e.tooMany(ctx, last)
	}
	if e.filter {
		e.filter = false
		return e.create(ctx, at, c)
	}
	return nil, last
}

// expression is the filter that goes out.
func (e *subscriber) expression() string {
	if !e.filter {
		return ""
	}
	return `<wsnt:TopicExpression Dialect="` + dialectSet + `">` + soap.Escape(strings.Join(e.o.Topics, "|")) + "</wsnt:TopicExpression>"
}

// negotiable tells whether the device refused this request, and may take another.
func negotiable(err error) bool {
	var own *Error
	return errors.As(err, &own) && own.Class == Refused && !unsupported(err)
}

func faultOf(err error) *soap.Fault {
	var f *soap.Fault
	errors.As(err, &f)
	return f
}

func refusedFilter(err error) bool {
	f := faultOf(err)
	if f == nil {
		return false
	}
	switch f.Detail {
	case "InvalidFilterFault", "TopicExpressionDialectUnknownFault", "InvalidTopicExpressionFault", "TopicNotSupportedFault", "InvalidMessageContentExpressionFault":
		return true
	}
	return strings.Contains(strings.ToLower(f.Reason+" "+strings.Join(f.Codes, " ")), "filter")
}

// full tells whether the device says that it has too many subscriptions. It says so with SubscribeCreationFailedFault, which it
// also uses for other things: every other way of asking has been tried by then.
func full(err error) bool {
	f := faultOf(err)
	if f == nil {
		return false
	}
	if f.Detail == "SubscribeCreationFailedFault" || f.Find("SubscribeCreationFailedFault") != nil {
		return true
	}
	said := strings.ToLower(f.Reason + " " + strings.Join(f.Codes, " "))
	return strings.Contains(said, "subscribecreationfailed") || strings.Contains(said, "too many") || strings.Contains(said, "maximum") || strings.Contains(said, "max number")
}

func (e *subscriber) tooMany(ctx context.Context, err error) error {
	many := ""
	n, asked := e.client.ask(ctx, soap.NSEvents, "ask what events there are", "<tev:GetServiceCapabilities/>")
	if asked == nil {
		if v, bad := strconv.Atoi(n.Find("Capabilities").Attribute("MaxPullPoints")); bad == nil && v > 0 {
			many = fmt.Sprintf(" (%d)", v)
		}
	}
	r := fail(Refused, "subscribe to events", fmt.Errorf("%w%s: %w", ErrTooManySubscriptions, many, err))
	r.Hint = "Other programs listen to this camera's events, or did until a moment ago: subscriptions that nobody uses end by themselves after some minutes. Switch off what needs none, or restart the camera."
	return r
}

// made reads what the device says of a subscription.
func (e *subscriber) made(n *soap.Node, at *url.URL, d Delivery) *subscription {
	s := &subscription{at: at, delivery: d}
	ref := n.Find("SubscriptionReference")
	if own := e.client.own(ref.Get("Address")); own != nil {
		s.at = own
	}
	for _, name := range []string{"ReferenceParameters", "ReferenceProperties"} { // the latter of WS-Addressing of 2004
		if params := ref.Find(name); params != nil {
			for _, p := range params.Kids[:min(len(params.Kids), maxItems)] {
				s.header += p.XML(`wsa:IsReferenceParameter="true"`)
			}
		}
	}
	s.life = 0
	e.lives(s, n)
	return s
}

// lives reads when a subscription ends, from the answer to whatever asked. Both times are by the device's clock. It gives
// whether that clock went back.
func (e *subscriber) lives(s *subscription, n *soap.Node) (back bool) {
	now := e.client.o.Now()
	current, err := soap.Time(n.Get("CurrentTime"))
	if err == nil {
		clock := current.Sub(now)
		back = e.clocked && clock < e.clock-clockJump
		e.clock, e.clocked = clock, true
	}
	left := termination
	if end, bad := soap.Time(n.Get("TerminationTime")); bad == nil && err == nil && end.After(current) { // some count it from elsewhere (home-assistant/core #90916)
		left = min(end.Sub(current), maxLife)
	}
	s.life = max(s.life, left)
	s.until = time.Now().Add(left)
	return back
}

package onvif

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/onvif/internal/soap"
)

// Why a subscription is given up, beside what the device says.
var (
	errSilent  = errors.New("the device tells its states no more, although it was asked to: the subscription is dead")
	errRestart = errors.New("the device's clock went back: it has restarted, or was set")
)

// pulls is how a pull point has answered so far.
type pulls struct {
	rounds    int       // since the states were asked for
	told      bool      // that they have been told
	initially bool      // a state has been told in this subscription
	heard     time.Time // the last notification, or when it was asked for something to be told
	probed    bool      // it was, because of silence
	misses    int       // polls in a row without an answer
	lowered   int       // how often the long poll was made shorter because the device said so
}

// follow pulls from a pull point until it is lost, and then ends it.
func (e *subscriber) follow(ctx context.Context, s *subscription) error {
	defer e.leave(ctx, s)
	e.tell(Subscription{State: Subscribed, Delivery: PullPoint})
	if err := e.synchronise(ctx, s); err != nil {
		return err
	}
	p := &pulls{heard: time.Now()}
	for {
		if err := e.keep(ctx, s); err != nil {
			return err
		}
		wait := min(e.wait, max(minPullWait, s.life/2))
		asked := time.Now()
		n, err := e.client.do(ctx, request{to: s.at, doing: "ask for events", action: actionPull, header: s.header, limit: wait + pullSlack, apart: true,
			body: "<tev:PullMessages><tev:Timeout>" + soap.FormatDuration(wait) + fmt.Sprintf("</tev:Timeout><tev:MessageLimit>%d</tev:MessageLimit></tev:PullMessages>", pullLimit)})
		if err != nil {
			n, err = e.missed(ctx, s, p, err, time.Since(asked), wait)
		}
		if err != nil {
			return err
		}
		list := ParseNotifications(n)
		if err := e.answered(ctx, s, p, n, list); err != nil {
			return err
		}
		if !rest(ctx, gap(len(list), time.Since(asked), wait)) {
			return ctx.Err()
		}
	}
}

// gap is how long to wait before the next poll. A device that answers with nothing before the time that it was given does not
// know long polls: it is asked about once a second, not in a loop.
func gap(count int, took, wait time.Duration) time.Duration {
	switch {
	case count > 0:
		return max(0, fullGap-took)
	case took < wait/2:
		return max(0, emptyGap-took) + rand.N(emptyGap/4)
	}
	return 0
}

// answered takes an answer to PullMessages; a nil answer is an empty one.
func (e *subscriber) answered(ctx context.Context, s *subscription, p *pulls, n *soap.Node, list []Notification) error {
	if n != nil {
		p.misses = 0
		if e.lives(s, n) {
			e.tell(Subscription{State: Restarted})
			return errRestart
		}
	}
	for i := range list {
		e.deliver(&list[i])
		if list[i].Operation == Initialized {
			e.states, p.initially = true, true
		}
	}
	if p.rounds++; !p.told && p.initially && (len(list) == 0 || p.rounds >= maxInitially) {
		p.told = true
		e.tell(Subscription{State: Synchronised, Delivery: PullPoint})
	}
	if len(list) > 0 {
		if p.probed {
			e.deaf = 0
		}
		p.heard, p.probed = time.Now(), false
		return nil
	}
	return e.probe(ctx, s, p)
}

// probe finds out, after a long silence, whether the subscription is alive: a device that tells states when it is asked to must
// tell them again. Some devices lose subscriptions and go on answering with nothing.
func (e *subscriber) probe(ctx context.Context, s *subscription, p *pulls) error {
	quiet := time.Since(p.heard)
	switch {
	case p.probed && e.states && e.deaf < maxMisses && p.rounds >= maxInitially:
		e.deaf++
		return errSilent
	case p.probed || quiet < e.o.Silence:
		if quiet >= deadSilence*e.o.Silence {
			return errSilent
		}
		return nil
	}
	p.probed, p.rounds = true, 0
	return e.synchronise(ctx, s)
}

// missed decides what a poll means that had no answer, or a refusal. Without an error it counts as an empty answer.
func (e *subscriber) missed(ctx context.Context, s *subscription, p *pulls, err error, took, wait time.Duration) (*soap.Node, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var own *Error
	if !errors.As(err, &own) || own.Class == Unauthorized {
		return nil, err
	}
	if own.Class != Offline {
		if e.shorter(p, err) {
			return nil, nil
		}
		s.gone = lost(err) || unsupported(err)
		return nil, err
	}
	if p.misses++; p.misses > maxMisses {
		return nil, err
	}
	if took >= wait { // it, or something on the way, cannot wait that long
		e.wait = max(minPullWait, e.wait/2)
	}
	if !rest(ctx, emptyGap) {
		return nil, ctx.Err()
	}
	return nil, nil
}

// shorter makes the long poll as short as the device says that it must be; ok is false when it refuses for another reason.
func (e *subscriber) shorter(p *pulls, err error) (ok bool) {
	f := faultOf(err)
	if f == nil || p.lowered >= maxMisses {
		return false
	}
	p.lowered++
	if n := f.Find("MaxTimeout"); n != nil {
		if d, bad := soap.Duration(n.Text); bad == nil && d > 0 && d < e.wait {
			e.wait = max(minPullWait, d)
			return true
		}
	}
	return f.Detail == "UnableToGetMessagesFault" // the poll before is still being answered
}

// deliver gives a notification to whoever asked, with the time by our clock.
func (e *subscriber) deliver(n *Notification) {
	now := e.client.o.Now()
	n.At = now
	if !n.UTC.IsZero() {
		at := n.UTC
		if e.clocked {
			at = at.Add(-e.clock)
		}
		if late := now.Sub(at); late <= oldest && late >= -earliest { // else it is another clock's, or local time that calls itself UTC
			n.At = at
		}
	}
	if n.At.After(now) {
		n.At = now
	}
	n.At = n.At.UTC()
	e.take(*n)
}

// keep prolongs a subscription that would end during the next poll. Devices that know no Renew prolong with each poll, as the
// specification has it.
func (e *subscriber) keep(ctx context.Context, s *subscription) error {
	if !e.renews || s.left() > min(e.wait+renewSlack, s.life*2/3) {
		return nil
	}
	var last error
	for _, term := range []int{0, 1} {
		n, err := e.client.do(ctx, request{to: s.at, doing: "renew the subscription to events", action: actionRenew, header: s.header,
			body: "<wsnt:Renew><wsnt:TerminationTime>" + terms[(term+e.term)%2](e) + "</wsnt:TerminationTime></wsnt:Renew>"})
		if err == nil {
			s.life = 0 // it may have become shorter
			e.lives(s, n)
			return nil
		}
		last = err
		if unknown := lost(err); unknown || !negotiable(err) && !unsupported(err) {
			s.gone = unknown
			return err
		}
	}
	if s.delivery == BaseNotification {
		return last
	}
	e.renews = false
	return nil
}

// lost tells whether the device says that it does not know the subscription.
func lost(err error) bool {
	f := faultOf(err)
	if f == nil {
		return false
	}
	for _, c := range append(f.Codes, f.Detail) {
		if c == "ResourceUnknown" || c == "ResourceUnknownFault" || c == "NoSubscription" {
			return true
		}
	}
	return f.Find("ResourceUnknownFault") != nil
}

// synchronise asks the device to tell all its states. Not every device can.
func (e *subscriber) synchronise(ctx context.Context, s *subscription) error {
	_, err := e.client.do(ctx, request{to: s.at, doing: "ask for the present states", action: actionSynchronise, header: s.header, body: "<tev:SetSynchronizationPoint/>"})
	if err == nil {
		return nil
	}
	var own *Error
	if lost(err) {
		s.gone = true
		return err
	}
	if ctx.Err() != nil || errors.As(err, &own) && (own.Class == Unauthorized || own.Class == Offline) {
		return err
	}
	return nil
}

// leave ends a subscription at the device, which has few: it does so also when ctx has ended.
func (e *subscriber) leave(ctx context.Context, s *subscription) {
	if s.gone {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	e.client.do(ctx, request{to: s.at, doing: "end the subscription to events", action: actionUnsubscribe, header: s.header, body: "<wsnt:Unsubscribe/>"})
}

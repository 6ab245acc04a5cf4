package onvif

import (
	"context"
	"errors"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// pace is what was learned of how a device serves.
type pace struct {
	waiting map[*waiter]struct{} // questions that wait at the device
	single  bool                 // it has one worker: what waits there keeps it from everything else
	slow    bool                 // the last answer took longer than a call may, or never came
}

// waiter is a question that waits at the device.
type waiter struct {
	cancel context.CancelCauseFunc
	left   chan struct{} // closed once its connection is
}

// errMakeWay ends a question that waits at a device for one that does not.
var errMakeWay = errors.New("the question made way for another, as the device serves one at a time")

// Single tells whether the device was found to serve one question at a time. Questions that wait there should wait briefly then.
func (c *Client) Single() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pace.single
}

// limitOf is how long a call may take.
func (c *Client) limitOf(r request) time.Duration {
	if r.limit > 0 {
		return r.limit
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pace.slow {
		return slowTries * c.limits.slow
	}
	return c.limits.call
}

// tryLimit is how long one try may take; 0: as long as the call.
func (c *Client) tryLimit(r request) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pace.slow && r.limit == 0 && !r.apart {
		return c.limits.slow
	}
	return 0
}

// noteSpeed learns from an answer whether the device is slow.
func (c *Client) noteSpeed(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pace.slow = took > c.limits.call
}

// noteSilence learns from a call that ended without an answer: the device is slow, unless it was already given the longer time, since
// what hangs must not be waited for that long each time.
func (c *Client) noteSilence() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pace.slow = !c.pace.slow
}

// alone asks the device something that does not wait there. On a device with one worker, what waits there makes way first; whether it
// has one is learned by that: the answer comes once the other has made way.
func (c *Client) alone(ctx context.Context, r request, ask func() (*soap.Node, error)) (*soap.Node, error) {
	if c.Single() {
		if c.makeWay(ctx) {
			return soon(ctx, r, ask)
		}
		return ask()
	}
	c.mu.Lock()
	patience := c.limits.patience
	c.mu.Unlock()
	made := make(chan bool, 1)
	timer := time.AfterFunc(patience, func() { made <- c.makeWay(ctx) })
	n, err := ask()
	switch {
	case !timer.Stop():
		if <-made && err == nil {
			c.foundSingle()
		}
	case isOffline(err) && mayRepeat(r) && ctx.Err() == nil && c.makeWay(ctx):
		if n, err = soon(ctx, r, ask); err == nil { // it refuses a second connection
			c.foundSingle()
		}
	}
	return n, err
}

// A device takes a moment to see that a connection was closed, and refuses others until then.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 800 * time.Millisecond
)

// soon asks something once what waited at the device has hung up.
func soon(ctx context.Context, r request, ask func() (*soap.Node, error)) (*soap.Node, error) {
	n, err := ask()
	for pause := firstPause; isOffline(err) && mayRepeat(r) && pause <= lastPause; pause *= 2 {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return n, err
		}
		n, err = ask()
	}
	return n, err
}

// mayRepeat tells whether it does no harm to ask something twice, where it is not known whether it was heard.
func mayRepeat(r request) bool {
	name := askedBy(r)
	for _, once := range [...]string{"Create", "Add", "Relative", "Send", "System", "Start", "Subscribe", "Restore", "Upgrade"} {
		if strings.HasPrefix(name, once) {
			return false
		}
	}
	return true
}

func (c *Client) foundSingle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.pace.single && c.o.Log != nil {
		c.o.Log.Info("device serves one question at a time", "address", c.device.Host)
	}
	c.pace.single = true
}

// makeWay ends what waits at the device, and tells whether anything did.
func (c *Client) makeWay(ctx context.Context) bool {
	c.mu.Lock()
	var all []*waiter
	for w := range c.pace.waiting {
		all = append(all, w)
	}
	c.mu.Unlock()
	for _, w := range all {
		w.cancel(errMakeWay)
	}
	for _, w := range all {
		select {
		case <-w.left:
		case <-ctx.Done():
		}
	}
	return len(all) > 0
}

// wait asks something that waits at the device. Each time that it had to make way it is asked again, with all its time.
func (c *Client) wait(ctx context.Context, r request) (*soap.Node, error) {
	for made := false; ; made = true {
		each, cancel := context.WithCancelCause(ctx)
		w := &waiter{cancel: cancel, left: make(chan struct{})}
		n, err := c.waitOnce(each, w, r, made || c.Single()) // not before that is answered which it made way for
		c.mu.Lock()
		delete(c.pace.waiting, w)
		c.mu.Unlock()
		close(w.left)
		cancel(nil)
		switch {
		case !errors.Is(err, errMakeWay):
			return n, err
		case ctx.Err() != nil:
			return nil, fail(Offline, r.doing, ctx.Err())
		}
	}
}

func (c *Client) waitOnce(ctx context.Context, w *waiter, r request, inTurn bool) (*soap.Node, error) {
	// It is known to wait before anything else has its turn, and so makes way for that.
	if err := c.within(ctx, inTurn, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pace.waiting[w] = struct{}{}
		return nil
	}); err != nil {
		return nil, err
	}
	limited, stop := context.WithTimeout(ctx, c.limitOf(r))
	defer stop()
	return c.settled(limited, r)
}

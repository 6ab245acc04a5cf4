package onvif

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/use-go/onvif/device"

	"holdfast/onvif/internal/soap"
)

// clockStep is how far a device's clock must be from where we believed it to be to have been set. Clocks are told in whole seconds.
const clockStep = 2 * time.Second

// clock is the device's. Time goes on by our monotonic clock, so that it does not matter when ours is set.
type clock struct {
	asked  bool
	told   bool      // device and here are what they say
	keeps  bool      // it tells its time only to who has an account
	device time.Time // by the device
	here   time.Time // by our monotonic clock, at the same moment
}

// deviceNow is the time by the device's clock; by ours where it did not tell.
func (c *Client) deviceNow() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.clock.told {
		return c.o.Now()
	}
	return c.clock.device.Add(time.Since(c.clock.here))
}

// skewed is how far the device's clock is ahead of ours; 0 when it did not tell.
func (c *Client) skewed() time.Duration { return c.deviceNow().Round(0).Sub(c.o.Now().Round(0)) }

// firstClock asks for the device's clock unless it was asked before: tokens are made by it.
func (c *Client) firstClock(ctx context.Context, apart bool) error {
	c.mu.Lock()
	asked := c.clock.asked
	c.mu.Unlock()
	if asked {
		return nil
	}
	return c.within(ctx, apart, func() error { return c.askClock(ctx, credentials{}) })
}

// askClock asks for the device's clock (Core specification section 8.2.5), which needs no credentials by the specification. A device
// that insists on them mostly tells the time in the header of its refusal. The error is one of a device that does not answer at all.
func (c *Client) askClock(ctx context.Context, how credentials) error {
	r := request{to: c.device, doing: "ask for the clock", body: marshalled(device.GetSystemDateAndTime{})}
	began := time.Now()
	n, err := c.try(ctx, r, how)
	if isOffline(err) {
		return err
	}
	here := time.Now().Add(-time.Since(began) / 2)
	at, told := deviceTime(n)
	var s *statusError
	if !told && errors.As(err, &s) && !s.at.IsZero() {
		at, told = s.at, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock.asked = true
	c.clock.keeps = refusedCredentials(err)
	if told {
		c.clock.told, c.clock.device, c.clock.here = true, at, here
	}
	return nil
}

// insistedClock asks a device again that told its time to nobody, once it accepted the credentials.
func (c *Client) insistedClock(ctx context.Context, how credentials) {
	c.mu.Lock()
	keeps := c.clock.keeps
	c.mu.Unlock()
	if keeps {
		c.askClock(ctx, how) // if it does not tell now either, tokens are made as the one that it accepted
	}
}

// relearnClock asks for the clock again after a token was refused, and tells whether it was set meanwhile.
func (c *Client) relearnClock(ctx context.Context) bool {
	before := c.skewed()
	if c.askClock(ctx, credentials{}) != nil {
		return false
	}
	return (c.skewed() - before).Abs() > clockStep
}

// deviceTime reads the answer: the time in UTC, or where that is missing the local time and its zone.
func deviceTime(n *soap.Node) (time.Time, bool) {
	n = n.Find("SystemDateAndTime")
	if at, ok := partsOf(n.Find("UTCDateTime")); ok {
		return at, true
	}
	at, ok := partsOf(n.Find("LocalDateTime"))
	if !ok {
		return at, false
	}
	ahead, ok := zone(n.Get("TimeZone", "TZ"))
	return at.Add(-ahead), ok
}

func partsOf(n *soap.Node) (time.Time, bool) {
	var v [6]int
	for i, path := range [][]string{{"Date", "Year"}, {"Date", "Month"}, {"Date", "Day"}, {"Time", "Hour"}, {"Time", "Minute"}, {"Time", "Second"}} {
		if _, err := fmt.Sscanf(n.Get(path...), "%d", &v[i]); err != nil || v[i] < 0 || v[i] > 9999 {
			return time.Time{}, false
		}
	}
	return time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, time.UTC), true
}

// zone is how far local time is ahead of UTC by a POSIX time zone such as CST-8 or <+0530>-05:30, without daylight saving.
func zone(tz string) (time.Duration, bool) {
	if _, after, quoted := strings.Cut(tz, ">"); quoted {
		tz = after
	}
	tz = strings.TrimLeft(tz, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
	sign := -time.Second
	if rest, west := strings.CutPrefix(tz, "-"); west {
		sign, tz = time.Second, rest
	}
	var h, m int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(tz, "+"), "%d:%d", &h, &m); n == 0 || h < 0 || h > 24 || m < 0 || m > 59 {
		return 0, false
	}
	return time.Duration(h*3600+m*60) * sign, true
}

// marshalled is a request of use-go/onvif that always marshals.
func marshalled(q any) string {
	b, err := xml.Marshal(q)
	if err != nil {
		panic(err) // a type of that module that is none
	}
	return string(b)
}

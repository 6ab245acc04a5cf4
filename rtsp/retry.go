package rtsp

import (
	"errors"
	"math/rand/v2"
	"time"
)

// The waiting times between tries.
const (
	retryFirst   = 100 * time.Millisecond // a camera that only dropped the connection is back at once
	retryShort   = time.Second            // at most this far apart at the beginning of an outage
	retryLong    = 10 * time.Second       // and this far after that
	retryEager   = 2 * time.Minute        // how long the beginning lasts
	authTries    = 2                      // before the long wait
	authInterval = 5 * time.Minute        // cameras lock accounts after three to five refusals
)

// Retry says how long to wait after a failure. The zero value is ready; it belongs to one goroutine.
type Retry struct {
	since   time.Time // when the outage began, zero when there is none
	last    time.Duration
	refused int
}

// Next gives the wait that follows err. Errors that are not an *Error wait like Offline.
func (r *Retry) Next(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) && e.Class == Unauthorized {
		return r.afterRefusal()
	}
	r.refused = 0
	now := time.Now()
	if r.since.IsZero() {
		r.since, r.last = now, 0
	}
	r.last = min(max(2*r.last, retryFirst), r.limit(now))
	return r.last - time.Duration(rand.Int64N(int64(r.last)/4+1)) // jitter, so that cameras behind one switch do not come together
}

func (r *Retry) limit(now time.Time) time.Duration {
	if now.Sub(r.since) < retryEager {
		return retryShort
	}
	return retryLong
}

func (r *Retry) afterRefusal() time.Duration {
	r.refused++
	if r.refused < authTries {
		return retryShort
	}
	return authInterval
}

// Reset ends the outage: the next failure is the first of a new one.
func (r *Retry) Reset() { *r = Retry{} }

// CredentialsChanged lets new credentials be tried at once.
func (r *Retry) CredentialsChanged() { r.refused = 0 }

package storage

import (
	"context"
	"sync"
	"time"
)

// pace holds reading to a rate. Owned by one goroutine.
type pace struct {
	rate int64 // bytes a second; 0: as fast as the disk
	next time.Time
}

// burst is how much may be read at once after a rest.
const burst = 250 * time.Millisecond

// took waits until n bytes that were read are within the rate.
func (p *pace) took(ctx context.Context, n int64) error {
	return sleep(ctx, p.due(n))
}

// due counts n bytes, and gives how long to wait until they are within the rate.
func (p *pace) due(n int64) time.Duration {
	if p.rate <= 0 {
		return 0
	}
	if rested := time.Now().Add(-burst); p.next.Before(rested) {
		p.next = rested
	}
	p.next = p.next.Add(time.Duration(float64(n) / float64(p.rate) * float64(time.Second)))
	return time.Until(p.next)
}

// sleep waits for a time, or until ctx ends.
func sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// sharedPace holds several goroutines together to a rate.
type sharedPace struct {
	mu   sync.Mutex // guards pace; not held while waiting
	pace pace
}

// took waits until n bytes, beside those that the others counted, are within the rate.
func (p *sharedPace) took(ctx context.Context, n int64) error {
	p.mu.Lock()
	wait := p.pace.due(n)
	p.mu.Unlock()
	return sleep(ctx, wait)
}

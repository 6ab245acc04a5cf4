package storage

import (
	"context"
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
	if p.rate <= 0 {
		return ctx.Err()
	}
	if rested := time.Now().Add(-burst); p.next.Before(rested) {
		p.next = rested
	}
	p.next = p.next.Add(time.Duration(float64(n) / float64(p.rate) * float64(time.Second)))
	wait := time.Until(p.next)
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

package gateway

import (
	"context"
	"sync"
	"time"
)

// Bounds of the authentication class. Cameras commonly lock an account after three to five refusals.
const (
	freeRefusals  = 2               // tries before the long wait
	refusedPeriod = 5 * time.Minute // between tries after that
)

// gate keeps the tries at one camera's credentials few, whoever makes them: RTSP sessions and ONVIF calls of a
// camera share one gate, so that a wrong password never locks an account. Until the credentials are known to be
// good, one try is under way at a time.
type gate struct {
	now func() time.Time // constant; monotonic reading is used
	try chan struct{}    // holds one token while nobody tries

	mu       sync.Mutex // guards what follows
	proven   bool
	refusals int
	until    time.Time
	shut     chan struct{} // closed once refusals have shut the gate, replaced when it is open again
}

func newGate(now func() time.Time) *gate {
	g := &gate{now: now, try: make(chan struct{}, 1), shut: make(chan struct{})}
	g.try <- struct{}{}
	return g
}

// enter waits for leave to try the credentials. The pass must be given back by exactly one of its methods. refused, if
// set, is called when the wait is a long one because the credentials were refused, whoever tried them.
func (g *gate) enter(ctx context.Context, refused func()) (*pass, error) {
	if g.isProven() {
		return &pass{gate: g}, nil
	}
	if err := g.take(ctx, refused); err != nil {
		return nil, err
	}
	p := &pass{gate: g, token: true}
	if refused != nil && !g.opens().IsZero() {
		refused()
	}
	if err := sleep(ctx, g.wait()); err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

// take waits for the token. Who holds it may be waiting for five minutes.
func (g *gate) take(ctx context.Context, refused func()) error {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	for {
		select {
		case <-g.try:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-shut:
			shut = nil
			if refused != nil {
				refused()
			}
		}
	}
}

func (g *gate) isProven() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.proven
}

func (g *gate) wait() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusals < freeRefusals {
		return 0
	}
	return g.until.Sub(g.now())
}

// opens tells when the next try is allowed; zero when it is now.
func (g *gate) opens() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusals < freeRefusals || !g.until.After(g.now()) {
		return time.Time{}
	}
	return g.until
}

// pass is leave for one try.
type pass struct {
	gate  *gate
	token bool
	once  sync.Once
}

// accepted says that the camera took the credentials.
func (p *pass) accepted() {
	p.gate.mu.Lock()
	if p.gate.refusals >= freeRefusals {
		p.gate.shut = make(chan struct{})
	}
	p.gate.proven, p.gate.refusals = true, 0
	p.gate.mu.Unlock()
	p.release()
}

// refused says that the camera refused the credentials.
func (p *pass) refused() {
	p.gate.mu.Lock()
	p.gate.proven = false
	if p.gate.refusals++; p.gate.refusals == freeRefusals {
		close(p.gate.shut)
	}
	p.gate.until = p.gate.now().Add(refusedPeriod)
	p.gate.mu.Unlock()
	p.release()
}

// release gives the pass back without a verdict. It may be called after a verdict.
func (p *pass) release() {
	p.once.Do(func() {
		if p.token {
			p.gate.try <- struct{}{}
		}
	})
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

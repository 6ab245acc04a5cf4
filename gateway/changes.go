package gateway

import (
	"context"
	"sync"
)

// Change names one thing whose state changed. It carries no state: whoever is told asks for the present one, so that
// a slow listener gets the newest and never a backlog.
type Change struct {
	Kind string // "camera", "event", "ptz", "export" or "health"
	ID   string // of the camera, or of the export
}

// changes tells listeners what changed. What a listener has not taken yet is kept once each, so that its memory is
// bounded by the number of cameras.
type changes struct {
	mu        sync.Mutex
	listeners map[*listener]struct{}
}

// listener is one subscription: a set of changes that wait, and a signal that it is not empty.
type listener struct {
	waiting map[Change]struct{} // guarded by changes.mu
	order   []Change            // guarded by changes.mu
	signal  chan struct{}
}

func newChanges() *changes { return &changes{listeners: make(map[*listener]struct{})} }

// publish notes a change for every listener. It never blocks.
func (c *changes) publish(ch Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.listeners {
		if _, there := l.waiting[ch]; there {
			continue
		}
		l.waiting[ch] = struct{}{}
		l.order = append(l.order, ch)
		select {
		case l.signal <- struct{}{}:
		default:
		}
	}
}

// subscribe gives a channel of changes that is closed when ctx ends.
func (c *changes) subscribe(ctx context.Context) <-chan Change {
	l := &listener{waiting: make(map[Change]struct{}), signal: make(chan struct{}, 1)}
	c.mu.Lock()
	c.listeners[l] = struct{}{}
	c.mu.Unlock()
	out := make(chan Change)
	go func() {
		defer close(out)
		defer c.leave(l)
		c.pump(ctx, l, out)
	}()
	return out
}

func (c *changes) leave(l *listener) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.listeners, l)
}

func (c *changes) pump(ctx context.Context, l *listener, out chan<- Change) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.signal:
		}
		for ch, ok := c.take(l); ok; ch, ok = c.take(l) {
			select {
			case out <- ch:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (c *changes) take(l *listener) (Change, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.order) == 0 {
		return Change{}, false
	}
	ch := l.order[0]
	l.order = l.order[1:]
	delete(l.waiting, ch)
	return ch, true
}

package gateway

import (
	"context"
	"fmt"
)

// stage is one part of the daemon that runs until it is told to stop.
type stage struct {
	name string
	stop context.CancelFunc
	done chan struct{}
	err  error // valid after done is closed
}

// begin runs a part. A part that ends by itself is reported on failed, once, so that the daemon ends with it.
// The part's context is not ctx's child: stages are stopped one by one, in the reverse order of their start.
func begin(ctx context.Context, name string, failed chan<- error, run func(context.Context) error) *stage {
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &stage{name: name, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		err := run(own)
		if own.Err() != nil {
			return
		}
		s.err = fmt.Errorf("%s ended: %w", name, err)
		select {
		case failed <- s.err:
		default:
		}
	}()
	return s
}

// end stops the part and waits for it.
func (s *stage) end() {
	s.stop()
	<-s.done
}

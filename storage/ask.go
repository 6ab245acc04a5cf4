package storage

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// callPatience is how long a recorder waits for a volume that does not answer when another one would take its footage.
	// It is less than the ring of a stream holds, and more than an ordinary disk takes for anything but spinning up.
	callPatience = 5 * time.Second
	// lookElsewhere is the time between two looks for another volume after that.
	lookElsewhere = time.Second
)

// stuck says that a call to a volume was left to itself. It may still take effect, at any time: what it writes must not be
// looked at before done is closed.
type stuck struct{ done <-chan struct{} }

func (*stuck) Error() string { return fmt.Sprintf("it has not answered for %v", callPatience) }

// Who gets the outcome of a call: the caller, or after the caller left whatever cleans up behind it.
const (
	callRuns = iota
	callOver
	callLeft
)

// ask makes a call to a volume for a recorder, and waits for it. A call that takes longer than callPatience while another
// volume is usable is left to itself, in a goroutine of its own: the error is then a *stuck, and after the call has returned
// at last, late is called with its outcome. f must not touch what the caller goes on using.
func (s *Store) ask(v *volume, f func() error, late func(error)) error {
	return s.askUntil(v, f, late, func() bool { return s.elsewhere(v) })
}

// askUntil is ask, where leave tells from callPatience on whether the call may be left to itself.
func (s *Store) askUntil(v *volume, f func() error, late func(error), leave func() bool) error {
	var state atomic.Int32
	var err error
	done := make(chan struct{})
	go func() {
		call := v.asks()
		err = f()
		v.answered(call)
		if !state.CompareAndSwap(callRuns, callOver) {
			late(err)
		}
		close(done)
	}()
	wait := time.NewTimer(callPatience)
	defer wait.Stop()
	for {
		select {
		case <-done:
			return err
		case <-wait.C:
		}
		if leave() && state.CompareAndSwap(callRuns, callLeft) {
			s.log.Warn("volume does not answer; recording goes on elsewhere", "volume", v.o.Path)
			return &stuck{done}
		}
		wait.Reset(lookElsewhere)
	}
}

// elsewhere tells whether a volume other than these would take footage now.
func (s *Store) elsewhere(but ...*volume) bool {
	for _, x := range s.list() {
		if !slices.Contains(but, x) && x.takes() && !x.draining() {
			return true
		}
	}
	return false
}

// isStuck gives what is to be waited for before a file is looked at again; nil when the call returned.
func isStuck(err error) <-chan struct{} {
	var st *stuck
	if errors.As(err, &st) {
		return st.done
	}
	return nil
}

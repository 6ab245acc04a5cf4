package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web/locale"
)

const (
	writeTime  = 30 * time.Second // for one write to make progress
	rearmEvery = time.Second      // how stale a write deadline may be
	keepEvery  = time.Minute      // how often a stream counts as use of its session
)

// paced is the ResponseWriter of every request. There is no time limit on an answer, since some go on for days; there
// is one on each write. One goroutine writes at a time; another may cut the answer off.
type paced struct {
	http.ResponseWriter
	out    *http.ResponseController
	ctx    context.Context // ends with the request, and with the session of a stream
	status int             // sent, 0 before
	speaks locale.Language // constant
	armed  time.Time       // when the deadline was last set
	kept   time.Time       // when the session was last kept
	keep   func()          // counts as use of the session; nil when the answer is no stream

	answering func() // called once, before the answer begins; may be nil

	mu  sync.Mutex // makes looking at cut and setting the deadline one operation
	cut bool       // no deadline is set any more: the last one is over
}

func newPaced(w http.ResponseWriter, r *http.Request) *paced {
	return &paced{ResponseWriter: w, out: http.NewResponseController(w), ctx: r.Context(), speaks: locale.Of(r)}
}

// endWith has the answer end when the right to it does: the context ends, and a write that waits fails. The
// caller calls stop when the answer is complete. ok is false when the right is gone already.
func (p *paced) endWith(who auth.Identity, a *auth.Auth, need auth.Need) (stop func(), ok bool) {
	ctx, cancel := context.WithCancel(p.ctx)
	lost := make(chan struct{})
	release, ok := a.Hold(who, need, func() { close(lost) })
	if !ok {
		cancel()
		return func() {}, false
	}
	p.ctx = ctx
	p.kept, p.keep = time.Now(), func() { a.Keep(who) }
	complete, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		select {
		case <-complete:
			return
		case <-lost:
		case <-ctx.Done():
		}
		cancel()
		p.cutOff()
	}()
	return func() { close(complete); <-done; release() }, true
}

// cutOff wakes a write that waits for a slow client.
func (p *paced) cutOff() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	p.out.SetWriteDeadline(time.Now())
}

// deadline sets the time of the next write.
func (p *paced) deadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return context.Canceled
	}
	return p.out.SetWriteDeadline(t)
}

// arm gives the next write its time.
func (p *paced) arm() {
	now := time.Now()
	if now.Sub(p.armed) < rearmEvery {
		return
	}
	p.armed = now
	p.deadline(now.Add(writeTime))
	if p.keep != nil && now.Sub(p.kept) >= keepEvery {
		p.kept = now
		p.keep()
	}
}

// WriteHeader sends the status.
func (p *paced) WriteHeader(status int) {
	if p.status == 0 {
		p.answer()
		p.status = status
		p.arm()
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *paced) Write(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	p.begin()
	return p.ResponseWriter.Write(b)
}

// answer tells once that the answer is about to begin.
func (p *paced) answer() {
	if f := p.answering; f != nil {
		p.answering = nil
		f()
	}
}

func (p *paced) begin() {
	if p.status == 0 {
		p.answer()
		p.status = http.StatusOK
	}
	p.arm()
}

// FlushError sends what is buffered, for http.ResponseController.
func (p *paced) FlushError() error {
	p.begin()
	return p.out.Flush()
}

// SetWriteDeadline sets a time of the route's own, for http.ResponseController. It lasts until the next write that is
// rearmEvery later.
func (p *paced) SetWriteDeadline(t time.Time) error {
	p.armed = time.Now()
	return p.deadline(t)
}

// Unwrap gives the writer below, for http.ResponseController.
func (p *paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }

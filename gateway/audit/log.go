package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Log is an open log. Its methods may be called from any goroutine; Run and Close by whoever owns it.
type Log struct {
	Reader // what is read of it

	o    Options       // constant
	key  *key          // constant: signs
	wake chan struct{} // holds one wish that what waits be written now
	some chan struct{} // holds one word that something waits
	ends chan struct{} // closed by Close

	signs chan chan error // asks for a checkpoint now

	witnesses  []*witness // constant
	witnessing sync.Mutex // makes reading and replacing the list of witnesses one act

	mu      sync.Mutex // guards what follows: what waits, and what is told about the log
	queue   queue
	closed  bool
	failing error     // why entries cannot be written; nil: they can
	since   time.Time // of failing
	busy    time.Time // since when a write has been under way; zero: none is
	lost    int64     // entries, since Open
	note    error     // why the last checkpoint could not be written
	dropped int64     // entries without what is personal, for want of a key
	damage  []string  // what Open found, and what a witness says

	// Owned by the goroutine that writes: Run's, then Close's.
	active  file // of the last extent; nil: the next entry begins another file
	offset  int64
	hashes  hashes
	unsaved []chunkPart
	notes   series
	signed  time.Time // when the last checkpoint was tried
	former  *key      // signs the next checkpoint too; nil: no key has changed
	retry   time.Time // not before then, while failing
	backoff time.Duration
	looked  time.Time // when pruning was looked at last
}

// chunkPart is leaves of a chunk that have to be written to its file, from the n-th on.
type chunkPart struct {
	chunk  int64
	leaves []tlogHash
	n      int
}

// Times of the log.
const (
	checkpointEvery = 1000             // entries
	checkpointTime  = time.Minute      // or so long after the last, when something was added
	gatherTime      = time.Second / 4  // for which entries that nobody waits for are gathered
	patience        = 5 * time.Second  // after which a write that does not return counts as failing
	retryFirst      = time.Second      // after a failure
	retryLast       = 15 * time.Second // doubling up to
	pruneTime       = time.Hour
)

// Errors of the log.
var (
	ErrFailing = errors.New("the audit log cannot be written")
	ErrClosed  = errors.New("the audit log is closed")
)

// Add hands an entry over and never waits. What finds no room is counted; an entry of the log says how many were lost, and when.
func (l *Log) Add(e Entry) {
	l.stamp(&e)
	l.mu.Lock()
	kept := !l.closed && l.queue.put(item{entry: e})
	if !kept {
		l.lost++
	}
	first := l.lost == 1 && !kept
	l.mu.Unlock()
	if kept {
		wish(l.some)
	} else if first {
		l.tell()
	}
}

// Write hands an entry over and returns nil once it is durable. While the log fails, or does not answer within five seconds,
// the policy says what comes of it: under Refuse the error is ErrFailing, and the entry may or may not be in the log; under GoOn
// the entry is kept as Add keeps it and there is no error. An error of ctx leaves open what comes of the entry.
func (l *Log) Write(ctx context.Context, e Entry) error {
	l.stamp(&e)
	i := item{entry: e, done: make(chan error, 1)}
	if wait, err := l.hand(i); !wait {
		return err
	}
	wish(l.wake)
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case err := <-i.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ends:
		return l.afterEnd(i.done)
	case <-limit.C:
		l.tell()
		return l.refusal(errors.New("the disk does not answer"))
	}
}

// afterEnd is what came of an entry that was waited for when the log was closed.
func (l *Log) afterEnd(done chan error) error {
	select {
	case err := <-done:
		return err
	default:
		return ErrClosed
	}
}

// hand puts an item where it waits, and tells whether waiting for it makes sense.
func (l *Log) hand(i item) (wait bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, ErrClosed
	}
	cause := l.failing
	if cause == nil && l.stalled() {
		cause = errors.New("the disk does not answer")
	}
	if cause != nil {
		i.done = nil
		if l.o.Policy != Refuse && !l.queue.put(i) {
			l.lost++
		}
		return false, l.refusal(cause)
	}
	if !l.queue.put(i) {
		l.lost++
		return false, l.refusal(errors.New("more is to be written than it can write"))
	}
	return true, nil
}

// refusal is what Write returns when the entry is not durable.
func (l *Log) refusal(cause error) error {
	if l.o.Policy == Refuse {
		return fmt.Errorf("%w: %w", ErrFailing, cause)
	}
	return nil
}

// stalled tells whether a write takes longer than a disk that is well. Caller holds mu.
func (l *Log) stalled() bool { return !l.busy.IsZero() && time.Since(l.busy) > patience }

func (l *Log) stamp(e *Entry) {
	e.Seq = 0
	if e.Time.IsZero() {
		e.Time = l.o.Now()
	}
}

// wish leaves one word in a channel that has room for one.
func wish(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run writes what is handed over until ctx ends, and then what waits. It returns ctx's error.
func (l *Log) Run(ctx context.Context) error {
	end := l.beginWitnesses(ctx)
	defer end()
	timer := time.NewTimer(l.next())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			l.retry = time.Time{}
			l.pass()
			return ctx.Err()
		case <-l.some:
			if !l.gather(ctx) {
				continue
			}
		case <-l.wake:
		case asked := <-l.signs:
			asked <- l.signNow()
		case <-timer.C:
		}
		l.pass()
		timer.Reset(l.next())
	}
}

// gather waits for more entries, unless somebody waits for one; false: ctx ended.
func (l *Log) gather(ctx context.Context) bool {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.wake:
	case <-ctx.Done():
		return false
	}
	return true
}

// next is how long until something has to be done that nobody asks for.
func (l *Log) next() time.Duration {
	now := time.Now()
	wait := l.looked.Add(pruneTime).Sub(now)
	if l.unsigned() > 0 {
		wait = min(wait, l.signed.Add(checkpointTime).Sub(now))
	}
	if !l.retry.IsZero() {
		wait = l.retry.Sub(now)
	}
	return max(wait, 10*time.Millisecond)
}

// pass does all that is due.
func (l *Log) pass() {
	if time.Now().Before(l.retry) {
		return
	}
	for l.commit() {
		if l.due() {
			l.checkpoint()
		}
	}
	if l.due() {
		l.checkpoint()
	}
	if time.Since(l.looked) >= pruneTime {
		l.prune()
	}
}

// Close writes what waits, signs a last checkpoint and closes the files. Run has returned before, or was never called. What
// cannot be written is lost, and the error says so.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	for l.commit() {
		continue
	}
	if l.unsigned() > 0 {
		l.checkpoint()
	}
	close(l.ends)
	l.writeLastWitness()
	l.notes.close()
	l.hashes.drop()
	if l.active != nil {
		l.active.Close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.queue.items); n > 0 {
		return fmt.Errorf("close audit log: %d entries are lost: %w", n, l.failing)
	}
	if l.note != nil {
		return fmt.Errorf("close audit log: the last checkpoint is missing: %w", l.note)
	}
	return nil
}

package record

import (
	"context"
	"errors"
	"time"

	"holdfast/gateway/stream"
	"holdfast/storage"
)

const (
	// slack is how much more than the pre-roll is held: an event is told of a moment after it happened, and the recorder
	// looks once per batch.
	slack = 3 * time.Second
	// lookBack is how far back a recorder looks for what it learned too late to be wanted.
	lookBack = time.Minute
	// maxTail is how long after the end of what is wanted the next key frame is waited for before footage ends anyhow.
	maxTail = 10 * time.Second
	// silence is how long nothing may come after the end of what is wanted before that end is noted without a frame.
	silence = 2 * time.Second
)

// standing is what a recorder knows while nothing is wanted. Owned by Run's goroutine.
type standing struct {
	open    bool          // what comes is wanted: it is written
	since   time.Time     // up to when it is decided what is wanted: where footage ended, or when the recorder was made
	ended   string        // why the session ended in what was passed over
	cause   storage.Cause // of the gap that was noted last
	noted   time.Time     // where that gap begins
	kept    time.Time     // while open: a moment that was wanted, not long ago
	edge    time.Time     // while open: where what is wanted ends; zero while it does not
	want    Want          // cached
	version uint64        // of the plan that want is of
	first   bool          // nothing was decided yet
}

// pause waits until there is something to do: frames, a change of the plan, or the end of ctx.
func (r *Recorder) pause(ctx context.Context) error {
	if r.o.Plan == nil {
		return r.reader.Wait(ctx)
	}
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-r.reader.Wake():
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// at gives what the plan says of a moment. Frames come in order, so most times it is what it said before.
func (r *Recorder) at(t time.Time) Want {
	n := &r.now
	if v := r.o.Plan.version(); n.version != v || n.want.Mode == "" || t.Before(n.since) || !n.want.Until.IsZero() && !t.Before(n.want.Until) {
		n.want, n.version = r.o.Plan.At(t), v
	}
	return n.want
}

// stand is one round while nothing is wanted: the reader stays behind by the pre-roll, and goes on when something is.
func (r *Recorder) stand() error {
	n, now := &r.now, time.Now()
	ended, err := r.reader.Trail(now.Add(-r.o.Plan.reach - slack))
	if err != nil {
		return err
	}
	if ended != "" {
		n.ended = ended
	}
	if n.first {
		r.catchUp(now)
	}
	from := n.since
	if back := now.Add(-lookBack); from.Before(back) {
		from = back
	}
	for t := from; !t.After(now); {
		w := r.o.Plan.At(t)
		if w.Keep {
			return r.proceed(t, w)
		}
		if err := r.unwanted(w, t); err != nil {
			return err
		}
		if w.Until.IsZero() {
			break
		}
		t = w.Until
	}
	n.first = false
	r.explain(r.o.Plan.At(now))
	return nil
}

// unwanted notes why nothing is recorded from t on, unless that is what was noted.
func (r *Recorder) unwanted(w Want, t time.Time) error {
	n := &r.now
	if w.Cause == n.cause && !n.first || t.Before(n.noted) {
		return nil
	}
	if err := r.writer.Gap(w.Cause, t); err != nil {
		return err
	}
	n.cause, n.noted = w.Cause, t
	r.say(Idle, w.Cause)
	return nil
}

// proceed begins to write what is wanted from t on. What of it is not held any more is a gap with its cause.
func (r *Recorder) proceed(t time.Time, w Want) error {
	n := &r.now
	got := r.reader.Go(t)
	cause := r.missing(got)
	if late := got.First.IsZero() || got.First.After(t.Add(silence/10)); late && !n.first {
		if err := r.writer.Gap(cause, t); err != nil {
			return err
		}
	}
	r.run = nil
	*n = standing{open: true, since: t, kept: t}
	r.say(Waiting, cause)
	r.explain(w)
	return nil
}

// missing says why the beginning of what is wanted is not held.
func (r *Recorder) missing(got stream.Wanted) storage.Cause {
	info := r.o.From.Info()
	switch {
	case got.Ended != "":
		return storage.Cause(got.Ended)
	case !info.Online && info.Cause != "":
		return storage.Cause(info.Cause)
	case !info.Online:
		return storage.CauseStarting
	case info.Since.After(time.Now().Add(-r.o.Plan.reach-slack)) && r.now.ended != "":
		return storage.Cause(r.now.ended) // it came back meanwhile
	}
	return storage.CausePreRoll
}

// over tells whether footage ends before an item: nothing is wanted any more, and it is a point where that can be.
func (r *Recorder) over(it *stream.Item) bool {
	n := &r.now
	if r.o.Plan == nil || it.Begins() || it.Wall.Before(n.since) { // from the key frame on, which may be earlier
		return false
	}
	w := r.at(it.Wall)
	if w.Keep {
		n.kept, n.edge = it.Wall, time.Time{}
		return false
	}
	if n.edge.IsZero() {
		n.edge = r.edgeBefore(it.Wall)
	}
	return it.KeyFrame() || it.End != "" || it.Wall.Sub(n.edge) > maxTail
}

// edgeBefore finds where what was wanted ended, at or before t.
func (r *Recorder) edgeBefore(t time.Time) time.Time {
	edge := r.now.kept
	for range maxEvents { // as many stretches as there may be events
		w := r.o.Plan.At(edge)
		if !w.Keep || w.Until.IsZero() || w.Until.After(t) {
			break
		}
		edge = w.Until
	}
	return edge
}

// stop ends footage before an item, which may yet be wanted by an event that comes.
func (r *Recorder) stop(it *stream.Item) error {
	if err := r.flush(); err != nil {
		return err
	}
	if err := r.leave(it.Wall); err != nil {
		return err
	}
	r.reader.Confirm(it.Seq - 1)
	r.reader.Rewind()
	return nil
}

// leave notes that nothing is wanted since the edge. at is where footage ends.
func (r *Recorder) leave(at time.Time) error {
	n := &r.now
	w := r.o.Plan.At(at)
	if err := r.writer.Gap(w.Cause, n.edge); err != nil {
		return err
	}
	*n = standing{since: at, cause: w.Cause, noted: n.edge}
	r.run, r.cause = nil, ""
	r.say(Idle, w.Cause)
	r.explain(w)
	return nil
}

// quiet is a round in which nothing came: what is wanted may end while the camera is away.
func (r *Recorder) quiet() error {
	now := time.Now().Add(-silence)
	if r.o.Plan == nil || !r.now.open || r.run != nil {
		return nil
	}
	if r.at(now).Keep {
		r.now.kept = now
		return nil
	}
	r.now.edge = r.edgeBefore(now)
	return r.leave(r.now.edge)
}

// catchUp tells what was wanted while nobody recorded: before this recorder began the gateway was not running, or the
// camera was switched off.
func (r *Recorder) catchUp(now time.Time) {
	gap, ok, err := r.o.Store.OpenGap(r.o.Camera, r.o.Stream)
	if err != nil || !ok {
		return
	}
	down := gap.Cause
	if down == storage.CauseSchedule || down == storage.CauseOff || down == storage.CauseDisabled {
		down = storage.CauseRestart
	}
	last := gap.Cause
	if alive := r.o.Store.LastAlive(); down == storage.CauseNoEvent && !alive.IsZero() { // nobody would have noticed one since
		gap.Start, down = later(gap.Start, alive), storage.CauseRestart
	}
	for t := gap.Start; t.Before(now); {
		w := r.o.Plan.At(t)
		cause := down
		if w.Mode == Off {
			cause = storage.CauseSchedule
		}
		if cause != last {
			if err := r.writer.Gap(cause, t); err != nil {
				r.log.Error("note what was not recorded", "error", err)
				return
			}
			last = cause
		}
		if w.Until.IsZero() {
			return
		}
		t = w.Until
	}
}

// parting is why nothing follows when recording is ended: outside of a schedule nothing would have followed anyhow.
func (r *Recorder) parting() storage.Cause {
	if r.o.Plan != nil && !r.now.open && r.now.cause == storage.CauseSchedule {
		return storage.CauseSchedule
	}
	if r.o.Parting != nil {
		return r.o.Parting()
	}
	return storage.CauseStopped
}

// explain shows what the plan says.
func (r *Recorder) explain(w Want) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Mode, r.status.Why, r.status.Until = w.Mode, w.Why, w.Until
}

// Held is the wall time of the oldest key frame that could still be written; zero when there is none.
func (r *Recorder) Held() time.Time { return r.reader.Held() }

// idleRound is a round of a recorder that writes nothing at present.
func (r *Recorder) idleRound(ctx context.Context) error {
	if err := r.gather(ctx, r.interval()); err != nil {
		return err
	}
	err := r.stand()
	if err == nil || errors.Is(err, stream.ErrClosed) {
		return err
	}
	r.log.Error("note what is wanted; it is tried again", "error", err)
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

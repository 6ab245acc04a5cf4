// Package record writes a stream to storage: it turns frames into samples, in batches, and says of every interruption
// why it was.
//
// # Contract
//
// A Recorder reads its stream with a lossless cursor once per interval (storage.BatchTime, longer on a volume that syncs slowly), writes the batch as one fragment, and confirms
// it to the stream when it is synced. So what was received is safe at most an interval and one sync later, and a fragment
// that a volume did not take is written again from the ring, elsewhere or when the volume is back. A volume that stays
// away longer than the ring holds overruns the cursor; the loss is a gap with the volume's cause.
//
// With a Plan it writes what the plan wants: from the key frame at or before the beginning of that to the first key frame
// at or after its end. In between its cursor stays behind the stream by the pre-roll, so that what came before an event is
// there when the event is told; the ring is the only place that holds it. A gap says why nothing was wanted, and if the
// ring did not reach back far enough, that.
//
// The stream is never held up: a disk that blocks blocks this recorder alone.
//
// # What it does not do
//
// It does not connect, does not decide what to record, and never touches a file.
package record

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

const (
	// againTime is how long to wait after a volume did not take a fragment.
	againTime = time.Second
	// stuckTime is how long a volume may take for one fragment before the recorder says that it does not record. A disk
	// that has to spin up needs ten seconds.
	stuckTime = 15 * time.Second
)

// Options of a recorder.
type Options struct {
	Camera, Stream string
	From           *stream.Stream
	Plan           *Plan // what is wanted; nil: everything
	Store          *storage.Store
	Synced         func(lag time.Duration) // told of each batch how long its oldest frame waited, from its arrival until it was safe; nil: nobody is
	Parting        func() storage.Cause    // why nothing follows once Run's context ends; nil: the gateway is stopped
	Mono           func() rtsp.Mono        // monotonic clock, that of the frames' arrival; nil: rtsp.MonoNow
	Log            *slog.Logger            // nil: silent
}

// State says what a recorder is doing.
type State string

// The states.
const (
	Recording State = "recording"
	Waiting   State = "waiting" // nothing comes from the camera
	Idle      State = "idle"    // nothing is wanted at present
	Failing   State = "failing" // what comes is kept in memory alone: the volume does not take it
)

// Status is what a recorder says of itself.
type Status struct {
	State      State
	Cause      storage.Cause // why it is waiting or failing
	Since      time.Time     // UTC
	LastSynced time.Time     // wall time of the newest frame that is safe; zero before the first
	Interval   time.Duration // for which frames are gathered before they are synced
	Unsynced   int           // bytes taken from the stream and not yet safe
	Mode       Mode          // how the present moment is recorded
	Why        string        // why so, in words
	Until      time.Time     // up to when, as far as is known; zero: until an event comes, or for ever
}

// Recorder records one stream.
type Recorder struct {
	o   Options
	log *slog.Logger

	reader *stream.Reader
	writer *storage.Writer
	run    *rtsp.Run
	tracks []*rtsp.Track // as the writer has them
	items  []*stream.Item
	batch  []storage.Sample
	seqs   []uint64 // of the batch's samples
	bytes  int
	oldest rtsp.Mono     // arrival of the batch's first frame
	cause  storage.Cause // of the volume's failure, for the gap should the ring be overrun
	owed   *gap          // what could not be stated yet
	now    standing      // with a plan

	mu      sync.Mutex // guards what follows
	status  Status
	writing time.Time // since when a fragment is being written; zero while none is
}

// New makes a recorder. Its cursor is placed now: what comes from here on is recorded once Run runs.
func New(o Options) *Recorder {
	r := &Recorder{o: o, log: o.Log, reader: o.From.Lossless(0)}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.o.Mono == nil {
		r.o.Mono = rtsp.MonoNow
	}
	r.status = Status{State: Waiting, Cause: storage.CauseStarting, Since: time.Now().UTC(), Mode: Continuous, Why: "always"}
	r.now = standing{since: time.Now(), first: true}
	if o.Plan != nil {
		r.explain(o.Plan.At(r.now.since))
	}
	return r
}

// Run records until the stream is closed and everything in it is written, or ctx ends. It returns nil in the first case.
func (r *Recorder) Run(ctx context.Context) error {
	defer r.reader.Close()
	if err := r.open(ctx); err != nil {
		return err
	}
	for {
		if err := r.round(ctx); err != nil {
			return r.finish(ctx, err)
		}
	}
}

// open gets the stream's writer. A recorder that is still stopping, because its volume hangs, may have it; what comes
// meanwhile waits in the ring.
func (r *Recorder) open(ctx context.Context) (err error) {
	for {
		if r.writer, err = r.o.Store.Writer(r.o.Camera, r.o.Stream); err == nil {
			return nil
		}
		if r.Status().State != Failing {
			r.log.Error("recording cannot begin; it is tried again", "error", err)
		}
		r.say(Failing, storage.CauseFailing)
		if err := r.gather(ctx, againTime); err != nil {
			return err
		}
	}
}

// finish closes the segment. What follows is missing because the gateway stops; what the volume did not take before that
// is missing because of the volume.
func (r *Recorder) finish(ctx context.Context, err error) error {
	if gerr := r.settle(); gerr != nil {
		r.log.Error("note what was lost", "error", gerr)
	}
	if r.cause != "" {
		if gerr := r.writer.Gap(r.cause, time.Now()); gerr != nil {
			r.log.Error("note what the volume did not take", "error", gerr)
		}
	}
	if cerr := r.writer.Close(r.parting()); cerr != nil {
		r.log.Error("close recording", "error", cerr)
	}
	if errors.Is(err, stream.ErrClosed) {
		return nil
	}
	return ctx.Err()
}

// round waits for frames, lets a batch gather, and writes it.
func (r *Recorder) round(ctx context.Context) error {
	if r.o.Plan != nil && !r.now.open {
		return r.idleRound(ctx)
	}
	if err := r.pause(ctx); err != nil && !errors.Is(err, stream.ErrOverrun) && !errors.Is(err, stream.ErrClosed) {
		return err
	}
	wait := r.interval()
	if r.Status().State == Failing {
		wait = againTime
	}
	if err := r.gather(ctx, wait); err != nil {
		return err
	}
	items, err := r.reader.Take(r.items[:0], 0)
	if over := (*stream.Overrun)(nil); errors.As(err, &over) {
		r.overrun(over)
		// At once: the oldest picture that is held now is not held any more after another wait.
		items, err = r.reader.Take(r.items[:0], 0)
	}
	r.items = items
	switch {
	case errors.Is(err, stream.ErrOverrun):
		return nil // again, in the blink between; the next round states it
	case err != nil && len(items) == 0:
		return err
	case len(items) == 0:
		if err := r.quiet(); err != nil {
			r.failed(err)
		}
		return nil
	}
	r.write(items)
	clear(r.items)
	return nil
}

// interval is how long frames are gathered for one fragment, as the volume's latency asks. One wake-up per batch instead of
// one per frame is a fifth of the cost of recording.
func (r *Recorder) interval() time.Duration {
	d := r.writer.Interval()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Interval = d
	return d
}

// gather lets time pass, unless the recorder is to end.
func (r *Recorder) gather(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write hands items to the writer. After a failure the reader goes back to the first item that is not safe.
func (r *Recorder) write(items []*stream.Item) {
	for _, it := range items {
		if r.over(it) {
			if err := r.stop(it); err != nil {
				r.failed(err)
			}
			return
		}
		if err := r.item(it); err != nil {
			r.failed(err)
			return
		}
	}
	if err := r.flush(); err != nil {
		r.failed(err)
		return
	}
	r.reader.Confirm(items[len(items)-1].Seq)
}

func (r *Recorder) item(it *stream.Item) error {
	switch {
	case it.End != "":
		return r.end(it)
	case it.Begins():
		return r.begin(it)
	}
	f := it.Frame
	if r.run != it.Run {
		if err := r.begin(it); err != nil {
			return err
		}
	}
	if f.Track.Codec.Video() && r.changed(f.Track) {
		if err := r.flush(); err != nil {
			return err
		}
		r.adopt(f.Track)
		if err := r.describe(); err != nil {
			return err
		}
	}
	if !r.ready() {
		return nil // no picture can be described yet: a few frames before the first key frame
	}
	r.add(it)
	return nil
}

// begin starts a run. The run before, when no End came, ended with the clock step that this one is anchored after.
func (r *Recorder) begin(it *stream.Item) error {
	if r.run == it.Run {
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	if err := r.settle(); err != nil {
		return err
	}
	if r.run != nil && it.Run.After != "" {
		if err := r.writer.Gap(storage.Cause(it.Run.After), it.Wall); err != nil {
			return err
		}
	}
	r.run = it.Run
	r.tracks = append(r.tracks[:0:0], it.Run.Tracks...)
	return r.describe()
}

// end states why the session ended.
func (r *Recorder) end(it *stream.Item) error {
	if err := r.flush(); err != nil {
		return err
	}
	if err := r.settle(); err != nil {
		return err
	}
	if err := r.writer.Gap(storage.Cause(it.End), it.Wall); err != nil {
		return err
	}
	r.run = nil
	r.reader.Confirm(it.Seq)
	r.say(Waiting, storage.Cause(it.End))
	return nil
}

// changed tells whether a track is described anew in a way that a file must know.
func (r *Recorder) changed(t *rtsp.Track) bool {
	for _, have := range r.tracks {
		if have.ID == t.ID {
			return have != t && !(bytes.Equal(have.SPS, t.SPS) && bytes.Equal(have.PPS, t.PPS) && bytes.Equal(have.VPS, t.VPS))
		}
	}
	return true
}

func (r *Recorder) adopt(t *rtsp.Track) {
	for i, have := range r.tracks {
		if have.ID == t.ID {
			r.tracks[i] = t
			return
		}
	}
	r.tracks = append(r.tracks, t)
}

// ready tells whether the picture can be described in a file.
func (r *Recorder) ready() bool {
	return len(r.tracks) > 0 && r.tracks[0].Codec.Video() && len(r.tracks[0].SPS) > 0
}

// describe tells the writer of the run and its tracks, as soon as they are known.
func (r *Recorder) describe() error {
	if !r.ready() {
		return nil
	}
	tracks := make([]fmp4.Track, len(r.tracks))
	for i, t := range r.tracks {
		tracks[i] = fmp4.Track{ID: uint32(t.ID + 1), Codec: fmp4.Codec(t.Codec), Timescale: uint32(t.ClockRate),
			VPS: t.VPS, SPS: t.SPS, PPS: t.PPS, Width: t.Width, Height: t.Height,
			ASC: t.ASC, Channels: t.Channels, SampleRate: t.SampleRate}
	}
	return r.writer.Begin(r.run.ID, r.run.Start, tracks)
}

func (r *Recorder) add(it *stream.Item) {
	f := it.Frame
	s := storage.Sample{Wall: f.Wall, Lost: f.Lost}
	s.Sample = fmp4.Sample{Track: uint32(f.Track.ID + 1), DTS: int64(f.DTS), CTO: int32(f.PTS - f.DTS), Sync: f.Key, Data: f.Payload}
	if len(r.batch) == 0 {
		r.oldest = f.Arrival
	}
	r.batch = append(r.batch, s)
	r.seqs = append(r.seqs, it.Seq)
	r.bytes += f.Size
}

// flush writes the batch. What became safe before an error is confirmed.
func (r *Recorder) flush() error {
	if len(r.batch) == 0 {
		return nil
	}
	r.busy(r.bytes)
	defer r.idle()
	err := r.writer.Write(r.batch)
	if err == nil {
		err = r.writer.Flush(context.Background()) // stopping must not leave half a batch
		if n := r.writer.Taken(); n > 0 {
			r.reader.Confirm(r.seqs[n-1])
			if r.writer.Recording() {
				r.synced(r.batch[n-1].Wall)
				r.tellLag()
			} else {
				r.unsynced(0)
			}
		}
	}
	clear(r.batch)
	r.batch, r.seqs, r.bytes = r.batch[:0], r.seqs[:0], 0
	return err
}

// tellLag tells how long the batch waited. That of a recorder with a plan has also waited for what is wanted: a pre-roll
// that is written half a minute late is no sign of a slow disk.
func (r *Recorder) tellLag() {
	if r.o.Synced != nil && r.o.Plan == nil {
		r.o.Synced(time.Duration(r.o.Mono() - r.oldest))
	}
}

// failed goes back to what is not safe.
func (r *Recorder) failed(err error) {
	cause := storage.CauseFailing
	var ve *storage.VolumeError
	if errors.As(err, &ve) {
		cause = ve.Cause
	}
	clear(r.batch)
	r.batch, r.seqs, r.bytes = r.batch[:0], r.seqs[:0], 0
	r.cause = cause
	if r.Status().State != Failing {
		r.log.Error("volume does not take footage; it is kept in memory and written again", "error", err)
	}
	r.say(Failing, cause)
	r.reader.Rewind()
}

// overrun states what was lost and goes on with the oldest picture that is still held.
func (r *Recorder) overrun(over *stream.Overrun) {
	cause := storage.CauseSlow
	if r.cause != "" {
		cause = r.cause
	}
	from := over.Wall
	if from.IsZero() { // confirmed after it had left the ring: what is known is where safety ends
		if from = r.Status().LastSynced; from.IsZero() {
			from = over.Next
		}
	}
	r.log.Error("footage is lost", "cause", string(cause), "frames", over.Lost, "from", from)
	if r.owed == nil { // else that one began earlier, and has not ended
		r.owed = &gap{cause, from}
	}
	if err := r.settle(); err != nil {
		r.failed(err)
	}
	r.run = nil // the next item begins anew, whatever its run
	r.reader.Resume()
}

// gap is what is missing from a moment on, and why.
type gap struct {
	cause storage.Cause
	from  time.Time
}

// settle states the gap that is owed. Where the index lies on the disk that fails it takes no gaps either, for as long: without
// this the cause would be forgotten by the time that it does.
func (r *Recorder) settle() error {
	if r.owed == nil {
		return nil
	}
	if err := r.writer.Gap(r.owed.cause, r.owed.from); err != nil {
		return err
	}
	r.owed = nil
	return nil
}

// Status gives the recorder's present state. It may be called from any goroutine.
func (r *Recorder) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.status
	if st.State == Recording && !r.writing.IsZero() && time.Since(r.writing) > stuckTime {
		st.State, st.Cause, st.Since = Failing, storage.CauseSlow, r.writing.UTC()
	}
	return st
}

func (r *Recorder) say(s State, cause storage.Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status.State != s {
		r.status.Since = time.Now().UTC()
	}
	r.status.State, r.status.Cause = s, cause
}

// busy notes that bytes are being written from now on; idle, that nothing is.
func (r *Recorder) busy(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Unsynced, r.writing = n, time.Now()
}

func (r *Recorder) idle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writing = time.Time{}
}

func (r *Recorder) unsynced(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Unsynced = n
}

func (r *Recorder) synced(wall time.Time) {
	r.cause = ""
	r.say(Recording, "")
	if r.o.Plan != nil {
		r.explain(r.at(wall))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.LastSynced, r.status.Unsynced = wall, 0
}

package storage

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/storage/fmp4"
)

const (
	// MaxSegmentTime bounds a segment of a camera that sends no key frame: it is cut where it stands, and the next one
	// goes on in the middle of the group of pictures, which playback joins.
	MaxSegmentTime = 30 * time.Minute
	// soundRoom is how much earlier than the first picture sound may be and still be in its segment.
	soundRoom = 2 * time.Second
	// lossGap is the least hole in decode times that is a gap of its own when packets were lost.
	lossGap = time.Second
)

// Sample is a sample and when it was taken.
type Sample struct {
	fmp4.Sample
	Wall time.Time // of presentation, UTC
	Lost uint32    // packets lost before it
}

// Writer records one stream. It is used by one goroutine; readers meet it in snapshot and describe.
type Writer struct {
	s              *Store // constant
	camera, stream string // constant
	stagger        time.Duration
	hash           *hasher

	taken   int // samples of the last Flush that are synced, or belong to no segment
	run     uint32
	tracks  []fmp4.Track // as given by Begin
	pending []Sample     // not yet written
	rotate  bool         // the next picture at which decoding can start begins a segment
	fresh   bool         // the next segment does not continue the one before
	resume  bool         // the segment before was given up in its middle
	ended   time.Time    // where the footage of a segment that was given up ends
	rate    float64      // bytes a second of the newest segment that told, 0 before
	buf     []byte
	shaped  []fmp4.Sample // scratch of a fragment

	seg   *open        // the segment being written, nil between segments
	asked atomic.Int32 // whether somebody else wants it to end: cutNot, cutAtSync, cutAnywhere

	mu   sync.Mutex // guards what readers see
	view view
	sole alone
}

// What ask may ask for.
const (
	cutNot      = iota
	cutAtSync   // the segment ends at the next picture at which decoding can start
	cutAnywhere // at the next picture; the segment that follows goes on in the middle
)

// ask asks the writer to end its segment soon. It may be called from any goroutine.
func (w *Writer) ask(where int32) {
	if where > w.asked.Load() {
		w.asked.Store(where)
	}
}

// view is what readers see of the open segment.
type view struct {
	path   string
	twin   string // path of the second file, "" without one
	table  *fmp4.Table
	end    time.Time
	size   int64
	tracks []fmp4.Track
	behind bool // the segment is over; end is where its footage ends, and what follows is not told yet
}

// of tells whether it is of the segment with a file at a path.
func (v *view) of(path string) bool { return path != "" && (v.path == path || v.twin == path) }

func newWriter(s *Store, camera, stream string) *Writer {
	h := fnv.New32a()
	h.Write(streamKey(camera, stream))
	return &Writer{s: s, camera: camera, stream: stream, hash: newHasher(), fresh: true,
		stagger: time.Duration(h.Sum32()) % SegmentTime}
}

// Begin says that the samples that follow are of this run and these tracks, the picture's track first. Changed
// parameters within a run start a segment that continues the one before without a gap.
func (w *Writer) Begin(run uint32, start time.Time, tracks []fmp4.Track) error {
	if len(tracks) == 0 || !tracks[0].Codec.Video() {
		return errors.New("begin run: the first track must be video")
	}
	if len(w.pending) > 0 {
		return errors.New("begin run: samples of the run before are not flushed")
	}
	if w.seg != nil && run != w.run {
		if err := w.finish(w.seg.ends); err != nil {
			return err
		}
		w.fresh = true
	}
	w.run, w.tracks, w.rotate = run, tracks, true
	return nil
}

// Write takes samples in the order of arrival. They are kept until Flush; their data is not copied and must not change.
func (w *Writer) Write(samples []Sample) error {
	if w.tracks == nil {
		return errors.New("write: no run has begun")
	}
	w.pending = append(w.pending, samples...)
	return nil
}

// Flush writes what was given to Write and syncs it. When it returns nil everything survives a power cut. A
// *VolumeError means that the volume did not take it: the segment is given up, and the caller gives what Taken does not
// count again when it tries again. What then follows continues the recording without a gap.
func (w *Writer) Flush(ctx context.Context) error {
	w.taken = 0
	if w.seg != nil && w.seg.mustLeave(w.s) {
		w.rotate = true // the volume is to become empty
	}
	for len(w.pending) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := w.step()
		if err != nil {
			w.abandon()
			w.drop(len(w.pending))
			return err
		}
		w.taken += n
		w.drop(n)
	}
	return nil
}

// Taken is how many of the samples of the last Flush are done with, counted from the first: after an error those
// need not be given again.
func (w *Writer) Taken() int { return w.taken }

// Interval is how long samples should be gathered for a Flush: BatchTime, or more where the volume that the stream is
// recorded on syncs slowly, at most MaxBatchTime. It is for the goroutine that uses the writer.
func (w *Writer) Interval() time.Duration {
	if w.seg == nil {
		return BatchTime
	}
	interval := w.seg.vol.status().Interval
	if w.seg.twin != nil {
		interval = max(interval, w.seg.twin.vol.status().Interval)
	}
	return interval
}

// Recording tells whether a segment is open that has footage: not before the first picture at which decoding can start.
func (w *Writer) Recording() bool { return w.seg != nil && w.seg.seq > 0 }

// drop forgets the first n pending samples, and lets go of their frames.
func (w *Writer) drop(n int) {
	rest := copy(w.pending, w.pending[n:])
	clear(w.pending[rest:])
	w.pending = w.pending[:rest]
}

// step writes one fragment, up to the next point where a segment must begin, and tells how many samples it took.
func (w *Writer) step() (int, error) {
	if w.seg == nil || w.cutHere(0) {
		return w.start()
	}
	n := 1
	for n < len(w.pending) && !w.cutHere(n) {
		n++
	}
	var next *Sample
	if n < len(w.pending) {
		next = &w.pending[n]
	}
	if err := w.fragment(w.pending[:n], next); err != nil {
		return 0, err
	}
	return n, nil
}

// cutHere tells whether a segment begins with pending sample i.
func (w *Writer) cutHere(i int) bool {
	p := &w.pending[i]
	if p.Track != w.tracks[0].ID || w.seg == nil {
		return false
	}
	if w.lossBefore(i) {
		return true
	}
	asked := w.asked.Load()
	if !p.Sync {
		return !w.rotate && (asked == cutAnywhere || p.Wall.Sub(w.seg.Start) >= MaxSegmentTime)
	}
	return w.rotate || asked != cutNot || !p.Wall.Before(w.due())
}

// lossBefore tells whether pictures are missing before pending sample i for so long that it is a gap.
func (w *Writer) lossBefore(i int) bool {
	p := &w.pending[i]
	last := w.seg.last
	for j := i - 1; j >= 0; j-- {
		if w.pending[j].Track == p.Track {
			last = lastPicture{some: true, dts: w.pending[j].DTS}
			break
		}
	}
	hole := time.Duration(p.DTS-last.dts) * time.Second / time.Duration(w.tracks[0].Timescale)
	return last.some && p.Lost > 0 && hole > lossGap
}

// due is when the open segment should end. Starts are staggered between streams, so that a site does not open and close
// all its files at once.
func (w *Writer) due() time.Time { return w.dueOf(w.seg.Start) }

// dueOf is when a segment that begins at start should end.
func (w *Writer) dueOf(start time.Time) time.Time {
	edge := start.Truncate(SegmentTime).Add(w.stagger)
	for edge.Sub(start) < SegmentTime/2 {
		edge = edge.Add(SegmentTime)
	}
	return edge
}

// start closes the open segment, if there is one, and opens the next with the first picture that can begin it. Samples
// that come before that picture belong to no segment; only the beginning of a run has such.
func (w *Writer) start() (int, error) {
	first := w.firstPicture()
	if first < 0 {
		return len(w.pending), nil
	}
	p := &w.pending[first]
	joined := !w.fresh && (w.seg != nil || w.resume)
	if w.seg != nil {
		end := p.Wall
		if w.lossBefore(first) {
			end, joined = w.seg.ends, false
		}
		if err := w.finish(end); err != nil {
			return 0, err
		}
		if !joined {
			if err := w.s.gap(w.camera, w.stream, end, CauseNetwork); err != nil {
				return 0, err
			}
		}
	}
	if err := w.create(p, joined); err != nil {
		return 0, err
	}
	w.rotate, w.fresh, w.resume = false, false, false
	w.asked.Store(cutNot)
	return first, nil
}

// firstPicture finds the pending sample that a new segment can begin with, or -1.
func (w *Writer) firstPicture() int {
	for i := range w.pending {
		p := &w.pending[i]
		if p.Track == w.tracks[0].ID && (p.Sync || !w.fresh) {
			return i
		}
	}
	return -1
}

// fragment writes samples as one fragment and syncs it. next is the sample that follows in the same run, nil when it is not
// known yet.
func (w *Writer) fragment(samples []Sample, next *Sample) error {
	o := w.seg
	w.shape(samples, next)
	if len(w.shaped) == 0 {
		return nil
	}
	wall := samples[0].Wall
	for i := range samples {
		if samples[i].Track == w.tracks[0].ID {
			wall = samples[i].Wall
			break
		}
	}
	f := fmp4.Fragment{Wall: wall}
	newSalt(&f)
	b, err := o.table.AppendSealed(w.buf[:0], o.seq+1, wall, w.shaped, func(payload []byte) { f.Leaf = w.hash.leaf(f.Salt, payload) })
	w.buf = b
	if err != nil {
		return fmt.Errorf("write fragment: %w", err)
	}
	if err := w.put(b); err != nil {
		return err
	}
	f.Length = int64(len(b))
	return w.entered(b, f)
}

// put appends bytes and syncs them: the hot path, one write and one fdatasync for all of a fragment. Its pages are then
// given back: a profile of 32 streams showed a quarter of all time in copying to page cache that nobody had touched for
// long, and handing the same warm pages round took a third off the whole. Who plays the newest minutes reads the disk.
func (w *Writer) put(b []byte) error {
	o := w.seg
	if o.twin != nil {
		return w.putBoth(b)
	}
	err := w.s.ask(o.vol, func() error { return o.put(b) }, o.leave)
	if o.late = isStuck(err); o.late != nil {
		w.buf = nil // the call has it
	}
	if err != nil {
		return o.vol.fail(err)
	}
	return nil
}

// leave closes the file of a segment that was given up, once the call that it was given up for has returned.
func (o *open) leave(error) { o.file.Close() }

func (o *open) put(b []byte) error {
	o.grow(o.off + int64(len(b)))
	if _, err := o.file.WriteAt(b, o.off); err != nil {
		return err
	}
	began := time.Now()
	if err := o.file.SyncData(); err != nil {
		return err
	}
	o.vol.wrote(len(b), time.Since(began))
	o.file.Forget(o.off, int64(len(b)))
	return o.there()
}

// there tells whether the file still has its name. A directory that was removed or moved away takes writes without a
// word, and they would be lost.
func (o *open) there() error {
	named, err := o.file.Named(o.Path)
	if err == nil && !named {
		err = fmt.Errorf("%s was removed while it was recorded: %w", o.Path, fs.ErrNotExist)
	}
	return err
}

// entered makes a synced fragment visible.
func (w *Writer) entered(b []byte, f fmp4.Fragment) error {
	o := w.seg
	w.mu.Lock()
	err := o.table.Append(f, w.shaped)
	w.mu.Unlock()
	if err != nil {
		w.rotate = true // full: the next picture begins another segment
		return fmt.Errorf("write fragment: %w", err)
	}
	o.seq++
	o.off += int64(len(b))
	o.leaves = append(o.leaves, f.Leaf)
	o.crc = crcUpdate(o.crc, b)
	w.publish()
	return nil
}

// finish closes the open segment: table and mfra, fsync, index. The segment ends at a wall time.
func (w *Writer) finish(end time.Time) error {
	o := w.seg
	if o.seq == 0 {
		return w.discard()
	}
	o.End = end.UTC().Round(0)
	if r := rateOf(o.off, o.ends.Sub(o.Start)); r > 0 {
		w.rate = r
	}
	if err := w.s.closeFile(o); err != nil {
		w.abandon()
		return err
	}
	w.forget(view{end: o.End, behind: true}) // until the next segment, or the word why there is none
	return nil
}

// discard drops a segment that never got a fragment.
func (w *Writer) discard() error {
	o := w.seg
	w.forget(view{end: o.Start, behind: true})
	return errors.Join(o.close(), w.s.scrap(&o.Segment))
}

// forget ends the writer's hold on its segment. left is what readers see until the next.
func (w *Writer) forget(left view) {
	files := w.seg.files()
	for _, f := range files {
		f.vol.ends()
		f.vol.forgetAppetite(f.plan.stream)
	}
	w.seg = nil
	w.mu.Lock()
	w.view = left
	w.mu.Unlock()
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for _, f := range files {
		delete(w.s.live, f.Path)
	}
}

// abandon gives the open segment up: its volume failed. What was synced is kept and finished when the volume is back;
// nothing is written to the file again.
func (w *Writer) abandon() {
	if w.seg == nil {
		return
	}
	o := w.seg
	o.close() // what was not synced is written again elsewhere
	o.Size, o.End = o.off, w.synced()
	if o.seq == 0 {
		if err := w.s.scrap(&o.Segment); err != nil {
			w.s.log.Error("drop segment without footage", "path", o.Path, "error", err)
		}
	} else {
		w.s.abandoned(o)
	}
	w.forget(view{end: o.End, behind: true})
	w.rotate, w.resume, w.ended = true, true, o.End
}

// synced is the end of what readers may see.
func (w *Writer) synced() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view.end
}

// publish shows readers what is synced.
func (w *Writer) publish() {
	o := w.seg
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view = view{path: o.Path, table: o.table.Snapshot(), end: o.ends, size: o.off, tracks: o.table.Tracks()}
	if o.twin != nil {
		w.view.twin = o.twin.Path
	}
	if o.seq == 0 {
		w.view.end = o.Start
	}
}

func (w *Writer) snapshot(path string) (*fmp4.Table, time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.view.of(path) {
		return nil, time.Time{}
	}
	return w.view.table, w.view.end
}

// describe completes an open segment for readers; false when the writer has left it.
func (w *Writer) describe(seg *Segment) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.view.of(seg.Path) {
		return false
	}
	seg.End, seg.Size, seg.Tracks = w.view.end, w.view.size, w.view.tracks
	return true
}

// known is up to when it is known what is recorded, when that is not now: what came since is in memory, and may yet be
// written.
func (w *Writer) known() (end time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view.end, w.view.path != "" || w.view.behind
}

// Gap closes the segment: what follows its last picture is missing for a cause. at is when the cause was known; a gap that
// is open already for another cause ends there. Samples that are not flushed are dropped.
func (w *Writer) Gap(cause Cause, at time.Time) error {
	w.drop(len(w.pending))
	if w.seg == nil && w.resume {
		at = w.ended
	}
	if w.seg != nil {
		at = w.seg.ends
		if w.seg.seq == 0 {
			at = w.seg.Start
		}
		if err := w.finish(at); err != nil {
			return errors.Join(err, w.s.gap(w.camera, w.stream, at, cause))
		}
	}
	w.fresh, w.rotate, w.resume = true, true, false
	if err := w.s.gap(w.camera, w.stream, at.UTC().Round(0), cause); err != nil {
		return err
	}
	w.mu.Lock()
	w.view = view{}
	w.mu.Unlock()
	return nil
}

// Close closes the segment and lets another writer have the stream. What follows is missing for the cause.
func (w *Writer) Close(cause Cause) error {
	err := w.Gap(cause, w.s.now())
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	delete(w.s.writers, string(streamKey(w.camera, w.stream)))
	return err
}

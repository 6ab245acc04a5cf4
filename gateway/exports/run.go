package exports

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"path"
	"path/filepath"
	"strings"
	"time"

	"crypto/sha256"
	"encoding/hex"

	"holdfast/gateway/evidence"
	"holdfast/storage"
)

// next makes the oldest job that waits; false: there is none, or ctx has ended.
func (e *Exports) next(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	own, stop := context.WithCancel(ctx)
	defer stop()
	e.mu.Lock()
	var r *record
	for _, x := range e.jobs {
		if x.State == Waiting {
			r = x
		}
	}
	if r == nil {
		e.mu.Unlock()
		return false
	}
	r.State, e.stop, e.now = Running, stop, r.ID
	err := e.keep(r)
	e.mu.Unlock()
	if err == nil {
		w := &work{e: e, r: r, ctx: own, began: time.Now()}
		err = w.run()
	}
	e.settle(ctx, r, err)
	return true
}

// settle notes what came of a job that ran.
func (e *Exports) settle(ctx context.Context, r *record, err error) {
	e.mu.Lock()
	e.stop, e.now = nil, ""
	var locks []string
	switch {
	case r.State == Cancelled: // and what there was of it is gone
		e.tidyIfThere(r)
	case ctx.Err() != nil:
		r.State = Waiting // the next start goes on with it
	case err != nil:
		e.o.Log.Error("export", "export", r.ID, "error", err)
		locks = e.end(r, Failed, whyFailed(err))
		if fault := e.keep(r); fault != nil {
			e.o.Log.Error("what became of an export is not kept", "export", r.ID, "error", fault)
		}
		e.tidy(r)
	default:
		locks = e.end(r, Done, "")
		r.Progress = 1
		if fault := e.keep(r); fault != nil {
			e.o.Log.Error("what became of an export is not kept", "export", r.ID, "error", fault)
		}
	}
	e.mu.Unlock()
	e.unlock(locks)
	e.o.Changed(r.ID)
}

// tidyIfThere removes what a job wrote after it was cancelled.
func (e *Exports) tidyIfThere(r *record) {
	if e.find(r.ID) != nil {
		e.tidy(r)
	}
}

// whyFailed says it to people.
func whyFailed(err error) string {
	switch {
	case errors.Is(err, storage.ErrErased):
		return "Footage in the range was erased while it was exported. Order the export again: it then says what is missing."
	case errors.Is(err, storage.ErrLocked):
		return "The footage was recorded under a root key that is not here. Run holdfast keys unlock with the recovery key of that time, and order it again."
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// work is a job that runs.
type work struct {
	e     *Exports
	r     *record
	ctx   context.Context
	began time.Time
	told  time.Time
	done  int64 // bytes of footage that were read, of r.Bytes
	was   int64 // of that, what was done before this start
}

func (w *work) run() error {
	if err := w.lock(); err != nil {
		return err
	}
	clips, stills := w.made()
	for _, c := range clips {
		for _, f := range c.Files {
			w.done += f.Bytes
		}
	}
	w.was = w.done
	for i := len(clips); i < len(w.r.Order.Clips); i++ {
		if err := w.clip(i); err != nil {
			return err
		}
	}
	for i := len(stills); i < len(w.r.Order.Stills); i++ {
		if err := w.still(i); err != nil {
			return err
		}
	}
	return w.finish()
}

// made is what is whole of the job: a cancellation, which may come at any time, takes it away.
func (w *work) made() ([]made, []still) {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	return w.r.Clips, w.r.Stills
}

// lock keeps the footage from retention while it is copied.
func (w *work) lock() error {
	w.e.mu.Lock()
	locked := len(w.r.Locks) > 0
	w.e.mu.Unlock()
	if locked {
		return nil
	}
	for _, x := range w.r.Order.Ranges() {
		id, err := w.e.o.Lock(w.r.Person, x, w.e.o.Now().Add(lockTime))
		if err != nil {
			return err
		}
		w.e.mu.Lock()
		w.r.Locks = append(w.r.Locks, id)
		w.e.mu.Unlock()
	}
	return w.keep(func() {})
}

// keep changes the record and makes that durable, unless the job was cancelled meanwhile.
func (w *work) keep(change func()) error {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if w.r.State != Running {
		return context.Canceled
	}
	change()
	return w.e.keep(w.r)
}

// step says what is done now.
func (w *work) step(text string, args ...any) {
	w.e.mu.Lock()
	w.r.Step = fmt.Sprintf(text, args...)
	w.e.mu.Unlock()
	w.e.o.Changed(w.r.ID)
}

// read says that so many bytes of footage are behind.
func (w *work) read(n int64) {
	w.done += n
	w.wait()
	if time.Since(w.told) < tellTime {
		return
	}
	w.told = time.Now()
	w.e.mu.Lock()
	w.r.Progress = min(0.99, float64(w.done)/float64(max(w.r.Bytes, 1)))
	if spent := time.Since(w.began).Seconds(); spent > 1 && w.done > w.was {
		w.r.Left = max(0, spent*float64(w.r.Bytes-w.done)/float64(w.done-w.was))
	}
	w.e.mu.Unlock()
	w.e.o.Changed(w.r.ID)
}

// wait lets reading go no faster than the rate.
func (w *work) wait() {
	early := time.Duration(float64(w.done-w.was)/float64(w.e.rate)*float64(time.Second)) - time.Since(w.began)
	if early < 20*time.Millisecond {
		return
	}
	timer := time.NewTimer(early)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ctx.Done(): // whoever reads on sees it
	}
}

// clip makes clip i, and keeps that it is whole.
func (w *work) clip(i int) error {
	req := &w.r.Order.Clips[i]
	w.step("Clip %d of %d", i+1, len(w.r.Order.Clips))
	c := evidence.Clip{Camera: w.e.o.Camera(req.Camera), Stream: req.Stream, Run: runOf(req.Run), Form: w.r.Order.Form, From: req.From, To: req.To, Parts: []evidence.Part{}, Gaps: []evidence.Gap{}}
	c.Muted = req.Mute || w.r.Order.Mute
	m := &clipWork{work: w, n: i, req: req, clip: &c}
	if err := m.copy(); err != nil {
		return err
	}
	if c.Form == evidence.Redacted {
		c.Masks, c.Burned = len(req.Masks), w.r.Order.BurnTime
	}
	if err := m.gaps(); err != nil {
		return err
	}
	return w.keep(func() {
		w.r.Clips = append(w.r.Clips, made{c, m.files})
		w.r.Heard = w.r.Heard || m.heard
		w.r.Parts += len(c.Parts)
		w.r.Gaps += len(c.Gaps)
	})
}

// output is a file of the package that is being written.
type output struct {
	w    *sealedWriter
	sum  hashes
	file kept
}

// hashes are what is noted of a file.
type hashes struct {
	sha interface {
		Write([]byte) (int, error)
		Sum([]byte) []byte
	}
	crc uint32
}

// create begins a file of the package.
func (w *work) create(name string) (*output, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	w.e.mu.Lock()
	w.r.Next++
	own := fmt.Sprintf("f%06d", w.r.Next)
	w.e.mu.Unlock()
	s, err := createSealed(filepath.Join(w.e.dirOf(w.r.ID), own), w.r.Key)
	if err != nil {
		return nil, fmt.Errorf("write export: %w", err)
	}
	return &output{w: s, sum: hashes{sha: sha256.New()}, file: kept{File: evidence.File{Path: path.Clean(name)}, Name: own}}, nil
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.sum.sha.Write(p[:n])
	o.sum.crc = crc32.Update(o.sum.crc, crc32.IEEETable, p[:n])
	if err != nil {
		err = fmt.Errorf("write export: %w", err)
	}
	return n, err
}

// close makes the file durable and gives what is noted of it.
func (o *output) close() (kept, error) {
	if err := o.w.close(); err != nil {
		return kept{}, fmt.Errorf("write export: %w", err)
	}
	o.file.Bytes, o.file.CRC, o.file.SHA256 = o.w.n, o.sum.crc, hex.EncodeToString(o.sum.sha.Sum(nil))
	return o.file, nil
}

// whole writes a small file of the package.
func (w *work) whole(name string, data []byte) (kept, error) {
	o, err := w.create(name)
	if err != nil {
		return kept{}, err
	}
	if _, err := o.Write(data); err != nil {
		o.w.f.Close()
		return kept{}, err
	}
	return o.close()
}

package exports

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"holdfast/gateway/audit"
	"holdfast/gateway/evidence"
	"holdfast/gateway/playback"
	"holdfast/storage"
)

// Options of Exports.
type Options struct {
	Dir   string        // made when missing
	Keep  time.Duration // how long a finished export is kept
	Quota int64         // bytes that exports may have on the disk; 0: as many as there is room for

	Store    *storage.Store
	Playback *playback.Playback
	Audit    *audit.Log
	Signer   *evidence.Signer
	Seal     func(plain, bound []byte) []byte
	Open     func(sealed, bound []byte) ([]byte, error)

	// Lock keeps footage from retention until a moment, or until Unlock ends it; person is who ordered the export.
	Lock   func(person string, x Range, until time.Time) (id string, err error)
	Unlock func(id string) error

	// Camera tells what is known of a camera, and Stream which of its streams is meant when none is named.
	Camera func(id string) evidence.Camera
	Stream func(camera string) string

	FFmpeg string                // "": nothing can be redacted
	Run    func(*exec.Cmd) error // runs it, without a network
	// Changed is called when a job is ordered, begins, goes on, ends or goes; it must not block. nil: nobody is told.
	Changed func(id string)

	Site, Program string
	Log           *slog.Logger
	Now           func() time.Time
}

// Exports are the jobs. Its methods may be called from any goroutine.
type Exports struct {
	o    Options
	most time.Duration // of a file: maxPart, but in tests
	rate int64         // bytes read in a second: maxRate, but in tests
	wake chan struct{} // holds one wish that a job be looked for

	mu   sync.Mutex // guards what follows, and each record
	jobs []*record  // the newest first
	stop func()     // ends the job that runs; nil: none does
	now  string     // id of the job that runs
}

// Open opens the directory of exports, and takes up what was under way.
func Open(o Options) (*Exports, error) {
	e := &Exports{o: o, most: maxPart, rate: maxRate, wake: make(chan struct{}, 1)}
	if e.o.Changed == nil {
		e.o.Changed = func(string) {}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open exports: %w", err)
	}
	if err := e.load(); err != nil {
		return nil, fmt.Errorf("open exports: %w", err)
	}
	return e, nil
}

// By is who orders an export.
type By struct {
	Person, Name, Address, Kind string
}

// Create orders an export. Errors: *RuleError, ErrFull, ErrNoRoom.
func (e *Exports) Create(who By, req Order) (Export, error) {
	now := e.o.Now().UTC()
	req.Clips, req.Stills = slices.Clone(req.Clips), slices.Clone(req.Stills) // what is left out is filled in here
	if err := req.check(now, e.o.FFmpeg != ""); err != nil {
		return Export{}, err
	}
	for i := range req.Clips {
		c := &req.Clips[i]
		c.Stream = cmp.Or(c.Stream, e.o.Stream(c.Camera))
	}
	for i := range req.Stills {
		s := &req.Stills[i]
		s.Stream = cmp.Or(s.Stream, e.o.Stream(s.Camera))
	}
	size, err := e.expected(&req)
	if err != nil {
		return Export{}, err
	}
	if err := e.room(size); err != nil {
		return Export{}, err
	}
	var id [6]byte
	rand.Read(id[:])
	r := &record{Export: Export{ID: "x-" + hex.EncodeToString(id[:]), State: Waiting, Order: req, Person: who.Person, By: who.Name, Created: now.Truncate(time.Millisecond), Bytes: size},
		Address: who.Address, Kind: who.Kind, Key: make([]byte, 32)}
	rand.Read(r.Key)
	e.mu.Lock()
	defer e.mu.Unlock()
	waiting := 0
	for _, j := range e.jobs {
		if j.State == Waiting {
			waiting++
		}
	}
	if len(e.jobs) >= MaxJobs || waiting >= MaxWaiting {
		return Export{}, fmt.Errorf("%w: %d are kept and %d wait; at most %d and %d. Remove some", ErrFull, len(e.jobs), waiting, MaxJobs, MaxWaiting)
	}
	if err := os.Mkdir(e.dirOf(r.ID), 0o700); err != nil {
		return Export{}, fmt.Errorf("order export: %w", err)
	}
	if err := errors.Join(syncDir(e.o.Dir), e.keep(r)); err != nil {
		os.RemoveAll(e.dirOf(r.ID))
		return Export{}, err
	}
	e.jobs = append(e.jobs, r)
	sortJobs(e.jobs)
	e.hurry()
	e.o.Changed(r.ID)
	return r.Export, nil
}

// expected is about how many bytes a request takes: what is stored of its ranges.
func (e *Exports) expected(req *Order) (size int64, err error) {
	for i, c := range req.Clips {
		segments, err := e.o.Store.Segments(c.Camera, c.Stream, c.From, c.To)
		if err != nil {
			return 0, &RuleError{fmt.Sprintf("clips[%d].from", i), err.Error()}
		}
		if segments = storage.OfRun(segments, runOf(c.Run)); len(segments) == 0 {
			return 0, &RuleError{fmt.Sprintf("clips[%d].from", i), "Nothing is recorded in this range: every second of it is a gap."}
		}
		for _, s := range segments {
			lasts := s.End.Sub(s.Start)
			part := min(c.To.Sub(c.From), lasts)
			if from := c.From.Sub(s.Start); from > 0 {
				part = min(part, lasts-from)
			}
			if to := c.To.Sub(s.Start); to > 0 {
				part = min(part, to)
			}
			if lasts > 0 {
				size += int64(float64(s.Size) * min(1, max(0, float64(part)/float64(lasts))+2/lasts.Seconds()))
			}
		}
	}
	return size + int64(len(req.Stills))<<20, nil
}

// room tells whether there is room for so many bytes.
func (e *Exports) room(size int64) error {
	e.mu.Lock()
	var used int64
	for _, j := range e.jobs {
		if j.State == Waiting || j.State == Running {
			used += max(j.Bytes, j.used())
		} else {
			used += j.used()
		}
	}
	e.mu.Unlock()
	if e.o.Quota > 0 && used+size > e.o.Quota {
		return fmt.Errorf("%w: it would have about %s, and exports have %s of the %s that they may have; remove some, or raise exports.quota", ErrNoRoom, bytesOf(size), bytesOf(used), bytesOf(e.o.Quota))
	}
	free, err := freeSpace(e.o.Dir)
	if err != nil {
		return fmt.Errorf("look for room: %w", err)
	}
	if size+spare > free {
		return fmt.Errorf("%w: it would have about %s, and the disk of %s has %s free, of which %s stay free; remove some exports, or name another directory under exports", ErrNoRoom, bytesOf(size), e.o.Dir, bytesOf(free), bytesOf(spare))
	}
	return nil
}

func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

func bytesOf(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	default:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
}

func sortJobs(list []*record) {
	slices.SortStableFunc(list, func(a, b *record) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
}

var idForm = regexp.MustCompile(`^x-[0-9a-f]{12}$`)

func validID(id string) bool { return idForm.MatchString(id) }

// List gives all jobs, the newest first.
func (e *Exports) List() []Export {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]Export, 0, len(e.jobs))
	for _, r := range e.jobs {
		list = append(list, r.Export)
	}
	return list
}

// Get gives a job. Error: ErrNone.
func (e *Exports) Get(id string) (Export, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.find(id); r != nil {
		return r.Export, nil
	}
	return Export{}, ErrNone
}

// find finds a record; the caller holds mu.
func (e *Exports) find(id string) *record {
	for _, r := range e.jobs {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Cancel ends a job that waits or runs; what there is of it goes. Errors: ErrNone, ErrOver.
func (e *Exports) Cancel(id string) (Export, error) {
	e.mu.Lock()
	r := e.find(id)
	if r == nil {
		e.mu.Unlock()
		return Export{}, ErrNone
	}
	if r.State != Waiting && r.State != Running {
		e.mu.Unlock()
		return r.Export, ErrOver
	}
	stop := e.stop
	if e.now != id {
		stop = nil
	}
	locks := e.end(r, Cancelled, "")
	job := r.Export
	err := e.keep(r)
	e.tidy(r)
	e.mu.Unlock()
	if stop != nil {
		stop()
	}
	e.unlock(locks)
	e.o.Changed(r.ID)
	return job, err
}

// end notes what became of a job, of which nothing is kept but its record; it gives the locks to end. The caller holds mu.
func (e *Exports) end(r *record, state, why string) (locks []string) {
	now := e.o.Now().UTC()
	r.State, r.Error, r.Step, r.Left, r.Ended = state, why[:min(len(why), maxFailures)], "", 0, now
	r.Expires = now.Add(e.o.Keep)
	if state != Done {
		r.Clips, r.Stills, r.Files, r.Bytes, r.Progress, r.Parts, r.Gaps = nil, nil, nil, 0, 0, 0, 0
	}
	locks, r.Locks = r.Locks, nil
	return locks
}

// Remove takes an export away for good. Errors: ErrNone; ErrOver of one that waits or runs, which is cancelled first.
func (e *Exports) Remove(id string) (Export, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.find(id)
	switch {
	case r == nil:
		return Export{}, ErrNone
	case r.State == Waiting || r.State == Running:
		return r.Export, ErrOver
	}
	return r.Export, e.drop(r)
}

// drop removes a job: its record, which alone has the key, then its files. The caller holds mu.
func (e *Exports) drop(r *record) error {
	dir := e.dirOf(r.ID)
	if err := os.Remove(filepath.Join(dir, recordFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove export: %w", err)
	}
	e.jobs = slices.DeleteFunc(e.jobs, func(x *record) bool { return x == r })
	e.o.Changed(r.ID)
	return errors.Join(syncDir(dir), os.RemoveAll(dir), syncDir(e.o.Dir))
}

// Erase removes every export that has footage of a range of a camera, or is to have some: erased footage is nowhere.
func (e *Exports) Erase(camera string, from, to time.Time) (gone []Export, err error) {
	e.mu.Lock()
	var stop func()
	var locks []string
	for _, r := range slices.Clone(e.jobs) {
		if !slices.ContainsFunc(r.Order.Ranges(), func(x Range) bool { return x.Camera == camera && x.From.Before(to) && from.Before(x.To) }) {
			continue
		}
		if e.now == r.ID {
			stop = e.stop
		}
		locks = append(locks, r.Locks...)
		r.State = Cancelled
		gone = append(gone, r.Export)
		err = errors.Join(err, e.drop(r))
	}
	e.mu.Unlock()
	if stop != nil {
		stop()
	}
	e.unlock(locks)
	return gone, err
}

// Holds tells whether a lock is one of an export that is being made.
func (e *Exports) Holds(lock string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.jobs, func(r *record) bool { return slices.Contains(r.Locks, lock) })
}

func (e *Exports) unlock(ids []string) {
	for _, id := range ids {
		if err := e.o.Unlock(id); err != nil {
			e.o.Log.Error("footage of an export stays locked for up to two days", "lock", id, "error", err)
		}
	}
}

// hurry leaves the wish that a job be looked for.
func (e *Exports) hurry() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run makes what is ordered, one after the other, until ctx ends. What is under way then goes on at the next start.
func (e *Exports) Run(ctx context.Context) error {
	tick := time.NewTimer(sweepTime)
	defer tick.Stop()
	for {
		e.expire()
		for e.next(ctx) {
			e.expire()
		}
		tick.Reset(e.untilSweep())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.wake:
		case <-tick.C:
		}
	}
}

// untilSweep is how long nothing becomes too old; at most sweepTime, since the clock may be set meanwhile. What is too old already and could
// not be removed waits that long for the next try.
func (e *Exports) untilSweep() time.Duration {
	now, rest := e.o.Now(), sweepTime
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.jobs {
		if left := r.Expires.Sub(now); left > 0 {
			rest = min(rest, left)
		}
	}
	return rest
}

// expire removes what is too old.
func (e *Exports) expire() {
	now := e.o.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range slices.Clone(e.jobs) {
		if r.Expires.IsZero() || now.Before(r.Expires) || r.State == Waiting || r.State == Running {
			continue
		}
		if err := e.drop(r); err != nil {
			e.o.Log.Error("an export that is too old is not removed", "export", r.ID, "error", err)
			continue
		}
		e.o.Audit.Add(audit.Entry{Action: audit.ActionExportDrop, Kind: audit.ByProcess, Target: r.ID, Session: r.ID, Reason: "too-old"})
	}
}

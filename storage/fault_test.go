package storage

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"holdfast/storage/storagetest"
)

// maxAgeOfFaults is how old footage gets in the fault table.
const maxAgeOfFaults = time.Hour

var faultAges = Ages{Max: maxAgeOfFaults, Event: 3 * maxAgeOfFaults}

// life is what a store goes through in the fault table: a new volume, a recording in several segments, a lock, an outage, an
// event, a deletion by age that spares both, the end of the lock, a shutdown in order.
func (r *rig) life() error {
	if err := r.recordAll(); err != nil || r.disk.Crashed() {
		return err
	}
	if err := r.shut(); err != nil && !r.disk.Crashed() {
		return err
	}
	return nil
}

// recordAll is the life but for the shutdown.
func (r *rig) recordAll() error {
	steps := []func() error{
		func() error { return r.again(r.open) },
		func() (err error) { r.tend(); r.w, err = r.store.Writer("door", "main"); return err },
		func() error { return r.begin(1) },
		func() error { return r.flush(r.batch()) },
		func() error { return r.flush(r.batch()) },
		r.lock,
		func() error { return r.begin(1) }, // changed parameters begin a segment
		func() error { return r.flush(r.batch()) },
		func() error { return r.again(func() error { return r.w.Gap(CauseOffline, r.wall) }) },
		func() error { r.wall = r.wall.Add(3 * time.Second); return r.begin(2) },
		func() error { return r.flush(r.batch()) },
		r.event,
		r.deletion,
		func() error { return r.flush(r.batch()) },
		r.unlock,
		func() error { r.tend(); return r.flush(r.batch()) },
		r.stop,
	}
	for _, step := range steps {
		err := step()
		if r.disk.Crashed() {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) begin(run uint32) error {
	return r.again(func() error { return r.w.Begin(run, r.wall, testTracks()) })
}

// deletion lets an hour pass and has what is then too old deleted. The camera was away meanwhile.
func (r *rig) deletion() error {
	if err := r.again(func() error { return r.w.Gap(CauseNetwork, r.wall) }); err != nil {
		return err
	}
	r.now = began.Add(maxAgeOfFaults + 6*time.Second)
	r.wall = r.now
	r.tend()
	r.tend() // again, should a fault have stopped it
	return r.begin(3)
}

// stop ends recording. A segment that its volume does not let close is finished when the volume is back.
func (r *rig) stop() error {
	err := r.w.Close(CauseStopped)
	r.w = nil
	if ve := (*VolumeError)(nil); errors.As(err, &ve) {
		return nil
	}
	return err
}

func (r *rig) shut() error {
	err := r.store.Close()
	r.store = nil
	return err
}

// lock locks the first segment.
func (r *rig) lock() error {
	l, err := r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(frameTime), Until: began.Add(100 * 24 * time.Hour)})
	if err == nil && !r.disk.Crashed() {
		r.locked = l.ID
	}
	return err
}

// unlock ends the lock and has the segment deleted.
func (r *rig) unlock() error {
	id := r.locked
	r.locked = ""
	_, err := r.store.Unlock(id)
	r.tend()
	return err
}

// event marks the segment that is being recorded.
func (r *rig) event() error {
	_, err := r.store.Event(Event{Camera: "door", Start: r.wall.Add(-frameTime), End: r.wall, Kind: "motion", Post: time.Second})
	r.marked = err == nil && !r.disk.Crashed()
	return err
}

// aged tells whether retention may have removed a frame.
func (r *rig) aged(f frame) bool {
	switch at := f.wall.Sub(began); {
	case at < time.Second:
		return r.locked == ""
	case at < 3*time.Second:
		return true
	default:
		return at < 6*time.Second && !r.marked
	}
}

// faultRig is of encrypted footage, or of footage in clear.
func faultRig(tb testing.TB, clear bool) *rig {
	r := newRig(tb)
	if !clear {
		r.protected()
	}
	r.opts.Ages = faultAges
	return r
}

// countOperations is how many operations on the disk the life takes without a fault.
func countOperations(t *testing.T, clear bool) int {
	r := faultRig(t, clear)
	if err := r.life(); err != nil {
		t.Fatal(err)
	}
	ops := r.disk.Ops()
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if err := r.whole(r.aged); err != nil {
		t.Fatal(err)
	}
	kept, err := r.kept()
	if err != nil || len(kept) == 0 || len(kept) >= len(r.acked) {
		t.Fatalf("%d frames of %d are kept (%v): the life does not delete some and keep some", len(kept), len(r.acked), err)
	}
	if first := kept[0].wall.Sub(began); first < 3*time.Second || first > 6*time.Second {
		t.Fatalf("the oldest that is kept is of %v: not the footage of the event", first)
	}
	if !sorted(kept) {
		t.Fatal("frames are not stored in their order")
	}
	return ops
}

// TestFaultTable lets every operation on the disk fail, fail after it took effect, and be the last before a crash, over the
// life of a store. Afterwards nothing that was said to be safe is lost, nothing is there twice, every moment is recorded
// or has a cause, a check finds nothing, and recording goes on.
func TestFaultTable(t *testing.T) { faultTable(t, false, 1) }

// TestFaultTableInClear is the same with encryption switched off, at some of the operations.
func TestFaultTableInClear(t *testing.T) { faultTable(t, true, 5) }

func faultTable(t *testing.T, clear bool, stride int) {
	t.Parallel()
	ops := countOperations(t, clear)
	var cases atomic.Int64
	spread(t, every(stride, ops), func(t *testing.T, at int) {
		for _, f := range faultsAt(at) {
			cases.Add(1)
			if changes := failing(t, clear, f); !changes {
				break // the other ways to fail are the same
			}
		}
	})
	r := faultRig(t, clear)
	moments, err := r.moments(r.life)
	if err != nil {
		t.Fatal(err)
	}
	survivals := []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed, storagetest.Mixed}
	crashes := crashTable(t, every(stride, len(moments)), moments, survivals, (*rig).survivor)
	t.Logf("%d operations, %d faults, %d different states that crashes leave", ops, cases.Load(), crashes)
}

// faultsAt are the ways in which an operation fails; when it changes nothing the first is all of them.
func faultsAt(at int) (list []storagetest.Fault) {
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter} {
			list = append(list, storagetest.Fault{At: at, Mode: mode, Err: errno})
		}
	}
	return list
}

// failing runs the life with an operation that fails once. It tells whether that is an operation that changes something.
func failing(t *testing.T, clear bool, f storagetest.Fault) (changes bool) {
	t.Helper()
	r := faultRig(t, clear)
	defer r.discard()
	r.disk.Inject(f)
	err := r.life()
	changes = r.disk.Changes(f.At)
	if r.store != nil {
		r.close() // a shutdown that failed
	}
	if err == nil || r.disk.Ops() > 0 {
		r.disk.Inject(storagetest.Fault{})
		if oerr := r.open(); oerr != nil {
			err = oerr
		} else {
			r.tend()
			err = errors.Join(r.whole(r.aged), r.goOn())
		}
	}
	if err != nil {
		t.Errorf("%s %s with %v: %v\n%s", r.disk.Op(f.At), f.Mode, f.Err, err, r.disk)
	}
	return changes
}

// survivor opens the store after a crash.
func (r *rig) survivor() error {
	if err := r.open(); err != nil {
		return err
	}
	r.tend()
	if err := r.whole(r.aged); err != nil {
		return err
	}
	return r.goOn()
}

// goOn records more, and looks again.
func (r *rig) goOn() error {
	if err := r.recordMore(); err != nil {
		return err
	}
	return r.whole(r.aged)
}

// recordMore records a batch as a run of its own.
func (r *rig) recordMore() (err error) {
	if r.w, err = r.store.Writer("door", "main"); err != nil {
		return err
	}
	r.wall = later(r.wall, r.now).Add(time.Second)
	before := len(r.acked)
	if err := r.begin(9); err != nil {
		return err
	}
	if err := r.flush(r.batch()); err != nil {
		return fmt.Errorf("go on recording: %w", err)
	}
	if err := r.w.Close(CauseStopped); err != nil {
		return fmt.Errorf("go on recording: %w", err)
	}
	if len(r.acked) != before+batchSize {
		return errors.New("go on recording: not every frame was taken")
	}
	return nil
}

// TestRecoveryItselfMayFail crashes a store, and then lets every operation of finding that again fail, or be the last
// before another crash.
func TestRecoveryItselfMayFail(t *testing.T) {
	t.Parallel()
	r := faultRig(t, false)
	moments, err := r.moments(r.life)
	if err != nil {
		t.Fatal(err)
	}
	var cases atomic.Int64
	starts, seen := newStates(), newStates()
	spread(t, every(9, len(moments)), func(t *testing.T, n int) {
		for seed, index := range []bool{true, false} {
			start := moments[n-1].found(t, [...]storagetest.Survival{storagetest.Synced, storagetest.Mixed}[seed], uint64(seed), index)
			if starts.first(start, moments[n-1].kept(index)) {
				cases.Add(recovering(t, &moment{op: moments[n-1].op, rig: *start, index: moments[n-1].kept(index)}, n/9+seed, seen))
			}
			start.discard()
		}
	})
	t.Logf("%d cases", cases.Load())
}

// recovering takes what a crash left, crashes the recovery from it at each operation, and lets every third fail, others than of the
// start before: recoveries from crashes that lie beside each other are much the same.
func recovering(t *testing.T, start *moment, nth int, seen *states) (cases int64) {
	t.Helper()
	begin := func(r *rig) error {
		err := r.open()
		if err == nil {
			r.tend()
		}
		return err
	}
	r := start.found(t, storagetest.All, 0, true)
	moments, err := r.moments(func() error { return begin(r) })
	r.discard()
	if err != nil {
		t.Errorf("crash at %s (index %t): %v", start.op, start.index != nil, err)
	}
	for k := range moments {
		moments[k].op = start.op + " crash, then " + moments[k].op
		cases += int64(seen.crash(t, &moments[k], storagetest.Mixed, uint64(k), true, (*rig).survivor))
	}
	first, step := 1+nth%3, 3
	if wholeTables {
		first, step = 1, 1
	}
	for k := first; k <= len(moments) && !t.Failed(); k += step {
		cases++
		r := start.found(t, storagetest.All, 0, true)
		mode := storagetest.Mode(k % 2)
		r.disk.Inject(storagetest.Fault{At: k, Mode: mode})
		begin(r) // may fail: that is what is tried
		op := r.disk.Op(k)
		r.close()
		r.disk.Inject(storagetest.Fault{})
		if err := r.survivor(); err != nil {
			t.Errorf("%s crash, then %s %s (index %t): %v\n%s", start.op, op, mode, start.index != nil, err, r.disk)
		}
		r.discard()
	}
	return cases
}

package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"holdfast/storage/storagetest"
)

// maxAgeOfFaults is how old footage gets in the fault table.
const maxAgeOfFaults = time.Hour

// life is what a store goes through in the fault table: a new volume, a recording in several segments, a lock, an outage, an
// event, a deletion by age that spares both, the end of the lock, a shutdown in order.
func (r *rig) life() error {
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
		func() error { err := r.w.Close(CauseStopped); r.w = nil; return err },
		r.shut,
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
	r.opts.Ages = Ages{Max: maxAgeOfFaults, Event: 3 * maxAgeOfFaults}
	return r
}

// countOperations is how many operations on the disk the life takes without a fault.
func countOperations(t *testing.T, clear bool) int {
	r := faultRig(t, clear)
	if err := r.life(); err != nil {
		t.Fatal(err)
	}
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
	return r.disk.Ops()
}

// TestFaultTable lets every operation on the disk fail, fail after it took effect, and be the last before a crash, over the
// life of a store. Afterwards nothing that was said to be safe is lost, nothing is there twice, every moment is recorded
// or has a cause, a check finds nothing, and recording goes on.
func TestFaultTable(t *testing.T) { faultTable(t, false, 1) }

// TestFaultTableInClear is the same with encryption switched off, at some of the operations.
func TestFaultTableInClear(t *testing.T) { faultTable(t, true, 5) }

func faultTable(t *testing.T, clear bool, stride int) {
	ops := countOperations(t, clear)
	cases := 0
	for at := 1; at <= ops; at += stride {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter} {
			for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
				cases++
				failing(t, clear, storagetest.Fault{At: at, Mode: mode, Err: errno})
			}
		}
		cases += crashing(t, clear, at)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d operations, %d cases", ops, cases)
}

// failing runs the life with an operation that fails once.
func failing(t *testing.T, clear bool, f storagetest.Fault) {
	t.Helper()
	r := faultRig(t, clear)
	r.disk.Inject(f)
	err := r.life()
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
		r.close()
	}
	if err != nil {
		t.Errorf("%s %s with %v: %v\n%s", r.disk.Op(f.At), f.Mode, f.Err, err, r.disk)
	}
}

// crashing runs the life up to a crash, once, and looks at what is found under every survival, with the index and without.
func crashing(t *testing.T, clear bool, at int) (cases int) {
	t.Helper()
	r := faultRig(t, clear)
	saved := filepath.Join(filepath.Dir(r.index), "saved.db")
	r.disk.OnCrash(func() {
		if err := copyIndex(r.index, saved); err != nil {
			t.Error(err)
		}
	})
	r.disk.Inject(storagetest.Fault{At: at, Mode: storagetest.Crashes})
	err := r.life()
	op := r.disk.Op(at)
	r.close()
	if err != nil {
		t.Errorf("%s crash: %v", op, err)
		return 1
	}
	for seed := range uint64(4) {
		survival := [...]storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed, storagetest.Mixed}[seed]
		for _, index := range []string{saved, ""} {
			cases++
			after := r.after(survival, seed, index)
			err := after.survivor()
			if err != nil {
				t.Errorf("%s crash (%s, seed %d, index %q): %v\n%s", op, survival, seed, filepath.Base(index), err, after.disk)
			}
			after.close()
		}
	}
	return cases
}

// after is the rig as it is found after the crash; without an index when that is "".
func (r *rig) after(s storagetest.Survival, seed uint64, index string) *rig {
	after := *r
	after.store, after.w, after.lost = nil, nil, index == ""
	after.disk = r.disk.After(s, rand.New(rand.NewPCG(seed, uint64(r.disk.Ops()))))
	after.index = filepath.Join(filepath.Dir(r.index), fmt.Sprintf("after-%d-%t.db", seed, index == ""))
	os.Remove(after.index) // of the fault before
	if index != "" {
		if err := copyIndex(index, after.index); err != nil {
			r.tb.Fatal(err)
		}
	}
	r.tb.Cleanup(func() { os.Remove(after.index) })
	return &after
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
func (r *rig) goOn() (err error) {
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
	return r.whole(r.aged)
}

// TestRecoveryItselfMayFail crashes a store, and then lets every operation of finding that again fail, or be the last
// before another crash.
func TestRecoveryItselfMayFail(t *testing.T) {
	first := faultRig(t, false)
	if err := first.life(); err != nil {
		t.Fatal(err)
	}
	first.close()
	cases := 0
	for at := 5; at <= first.disk.Ops() && !t.Failed(); at += 9 {
		for seed, index := range []string{"saved.db", ""} {
			cases += recovering(t, at, uint64(2*seed), index)
		}
	}
	t.Logf("%d cases", cases)
}

// recovering crashes at an operation, and then at each operation of the recovery.
func recovering(t *testing.T, at int, seed uint64, index string) (cases int) {
	t.Helper()
	r := faultRig(t, false)
	saved := filepath.Join(filepath.Dir(r.index), "saved.db")
	r.disk.OnCrash(func() { copyIndex(r.index, saved) })
	r.disk.Inject(storagetest.Fault{At: at, Mode: storagetest.Crashes})
	r.life()
	r.close()
	if index != "" {
		index = saved
	}
	survival := [...]storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}[seed%3]
	for k := 1; ; k++ {
		again := r.after(survival, seed, index)
		second := filepath.Join(filepath.Dir(r.index), "second.db")
		os.Remove(second)
		again.disk.OnCrash(func() { copyIndex(again.index, second) })
		mode := storagetest.Mode(k % 3)
		again.disk.Inject(storagetest.Fault{At: k, Mode: mode})
		err := again.open()
		if err == nil {
			again.tend()
		}
		reached := again.disk.Ops()
		op := again.disk.Op(k)
		last := again
		if again.disk.Crashed() {
			last = again.after(storagetest.Mixed, uint64(k), second)
			last.lost = again.lost
			err = nil
		}
		again.close()
		last.disk.Inject(storagetest.Fault{})
		if err = last.survivor(); err != nil {
			t.Errorf("crash at %s, then %s %s (index %q): %v\n%s", r.disk.Op(at), op, mode, filepath.Base(index), err, last.disk)
		}
		last.close()
		cases++
		if reached < k || t.Failed() {
			return cases
		}
	}
}

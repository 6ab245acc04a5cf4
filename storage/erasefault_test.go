package storage

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"holdfast/storage/storagetest"
)

// erasing records two segments and erases what lies in the middle of the first and all of the second but its end.
func (r *rig) erasing() error {
	steps := []func() error{
		func() error { return r.again(r.open) },
		func() (err error) { r.tend(); r.w, err = r.store.Writer("door", "main"); return err },
		func() error { return r.begin(1) },
		func() error { return errors.Join(r.flush(r.batch()), r.flush(r.batch()), r.flush(r.batch())) },
		func() error { return r.begin(1) },
		func() error { return errors.Join(r.flush(r.batch()), r.flush(r.batch())) },
		func() error { err := r.w.Close(CauseStopped); r.w = nil; return err },
		r.eraseTwice,
		func() error { return r.store.Sweep(r.tb.Context()) },
		r.shut,
	}
	for _, step := range steps {
		if err := step(); r.disk.Crashed() || err != nil {
			return err
		}
	}
	return nil
}

// eraseTwice orders two erasures, and carries them out as Run does.
func (r *rig) eraseTwice() error {
	for _, x := range [][2]float64{{0.6, 0.8}, {1.5, 1.8}} {
		e := Erasure{Camera: "door", From: at(x[0]), To: at(x[1]), Ground: GroundTest, Requested: r.now, Erased: []Erased{}, ID: newErasureID(r.now)}
		if err := r.store.orderErasure(&e); err != nil || r.disk.Crashed() {
			return err
		}
		r.ordered++
		if err := r.again(func() error { return r.carriedOut(e.ID) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) carriedOut(id string) error {
	e, err := r.store.carryOut(r.tb.Context(), id)
	if err == nil && e.Done.IsZero() {
		err = errors.New(e.Waiting)
	}
	return err
}

// goneOrKept tells what is wrong with what an erasure left: frames that are still there though the order was given, and
// frames that went without one.
func (r *rig) goneOrKept() error { return r.goneOr(func() func(frame) bool { return never }) }

// goneOr is goneOrKept of a store that may have deleted something.
func (r *rig) goneOr(deleted func() func(frame) bool) error {
	r.tend()
	list, err := r.store.Erasures("door")
	if err != nil {
		return err
	}
	if len(list) < r.ordered && !r.lost {
		return fmt.Errorf("of %d orders %d are known", r.ordered, len(list))
	}
	for _, e := range list {
		if e.Done.IsZero() {
			return fmt.Errorf("an erasure is not done: %s", e.Waiting)
		}
		r.drop(e)
	}
	kept, err := r.kept()
	if err != nil {
		return err
	}
	for _, f := range kept {
		for _, e := range list {
			if !f.wall.Before(e.From) && f.wall.Before(e.To) {
				return fmt.Errorf("frame %d of %s is there after its erasure", f.id, f.wall.Format("15:04:05.0"))
			}
		}
	}
	if n := len(r.store.making); n > 0 {
		return fmt.Errorf("%d keys are taken to be in the making for ever", n)
	}
	return r.whole(deleted())
}

func eraseRig(tb testing.TB) *rig {
	r := newRig(tb).protected()
	r.opts.copyRate = -1
	return r
}

// TestErasureSurvivesEveryFault lets every operation of two erasures fail, fail after it took effect, and be the last before a
// crash. Afterwards what was ordered is done, the rest is there once and whole, and its digest stands.
func TestErasureSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	r := eraseRig(t)
	if err := r.erasing(); err != nil {
		t.Fatal(err)
	}
	var cases atomic.Int64
	spread(t, every(1, r.disk.Ops()), func(t *testing.T, at int) {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter} {
			cases.Add(1)
			if changes := failingErasure(t, storagetest.Fault{At: at, Mode: mode}); !changes {
				break
			}
		}
	})
	r = eraseRig(t)
	moments, err := r.moments(r.erasing)
	if err != nil {
		t.Fatal(err)
	}
	survivals := []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}
	crashes := crashTable(t, every(1, len(moments)), moments, survivals, func(r *rig) error {
		if err := r.open(); err != nil {
			return err
		}
		return r.goneOrKept()
	})
	t.Logf("%d operations, %d faults, %d different states that crashes leave", len(moments), cases.Load(), crashes)
}

func failingErasure(t *testing.T, f storagetest.Fault) (changes bool) {
	t.Helper()
	r := eraseRig(t)
	defer r.discard()
	r.disk.Inject(f)
	r.erasing() // may be stopped by the fault; what was ordered by then is carried out all the same
	changes = r.disk.Changes(f.At)
	r.close()
	r.disk.Inject(storagetest.Fault{})
	err := r.open()
	if err == nil {
		err = r.goneOrKept()
	}
	if err != nil {
		t.Errorf("%s %s: %v\n%s", r.disk.Op(f.At), f.Mode, err, r.disk)
	}
	return changes
}

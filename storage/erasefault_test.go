package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
func (r *rig) goneOrKept() error {
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
	return r.whole(never)
}

func eraseRig(tb testing.TB) *rig {
	r := newRig(tb).protected()
	r.opts.copyRate = -1
	return r
}

// TestErasureSurvivesEveryFault lets every operation of two erasures fail, fail after it took effect, and be the last before a
// crash. Afterwards what was ordered is done, the rest is there once and whole, and its digest stands.
func TestErasureSurvivesEveryFault(t *testing.T) {
	r := eraseRig(t)
	if err := r.erasing(); err != nil {
		t.Fatal(err)
	}
	ops, cases := r.disk.Ops(), 0
	for at := 1; at <= ops && !t.Failed(); at++ {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter} {
			cases++
			failingErasure(t, storagetest.Fault{At: at, Mode: mode})
		}
		cases += crashingErasure(t, at)
	}
	t.Logf("%d operations, %d cases", ops, cases)
}

func failingErasure(t *testing.T, f storagetest.Fault) {
	t.Helper()
	r := eraseRig(t)
	r.disk.Inject(f)
	r.erasing() // may be stopped by the fault; what was ordered by then is carried out all the same
	r.close()
	r.disk.Inject(storagetest.Fault{})
	err := r.open()
	if err == nil {
		err = r.goneOrKept()
	}
	r.close()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", r.disk.Op(f.At), f.Mode, err, r.disk)
	}
}

func crashingErasure(t *testing.T, at int) (cases int) {
	t.Helper()
	r := eraseRig(t)
	saved := filepath.Join(filepath.Dir(r.index), "saved.db")
	r.disk.OnCrash(func() {
		if err := copyIndex(r.index, saved); err != nil {
			t.Error(err)
		}
	})
	r.disk.Inject(storagetest.Fault{At: at, Mode: storagetest.Crashes})
	err := r.erasing()
	op := r.disk.Op(at)
	r.close()
	if err != nil && !r.disk.Crashed() {
		t.Errorf("%s crash: %v", op, err)
		return 1
	}
	for seed := range uint64(3) {
		survival := [...]storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}[seed]
		for _, index := range []string{saved, ""} {
			cases++
			after := r.after(survival, seed, index)
			after.disk.Inject(storagetest.Fault{})
			err := after.open()
			if err == nil {
				err = after.goneOrKept()
			}
			if err != nil {
				t.Errorf("%s crash (%s, index %q): %v\n%s", op, survival, filepath.Base(index), err, after.disk)
			}
			after.close()
			os.Remove(after.index)
		}
	}
	return cases
}

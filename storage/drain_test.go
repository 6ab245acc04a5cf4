package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"holdfast/storage/storagetest"
)

const otherMount = "/other/footage"

// drainRig is a rig with two volumes on a disk each, the footage of which is all on the first.
func drainRig(tb testing.TB) *rig {
	r := newRig(tb)
	r.runOn(storagetest.NewMounts(64<<20, mount, otherMount))
	r.opts.copyRate = -1
	return r
}

// drainLife records two streams' worth of segments on one volume, adds another, and empties the first while recording goes
// on.
func (r *rig) drainLife() error {
	steps := []func() error{
		func() error { return r.again(r.open) },
		func() (err error) { r.tend(); r.w, err = r.store.Writer("door", "main"); return err },
		func() error { return r.begin(1) },
		func() error { return r.flush(r.batch()) },
		func() error { return r.begin(1) },
		func() error { return r.flush(r.batch()) },
		func() error { return r.again(func() error { return r.w.Gap(CauseOffline, r.wall) }) },
		r.addOther,
		func() error { return r.begin(2) },
		func() error { return r.again(func() error { return r.store.Drain(r.first()) }) },
		r.drainAll,
		func() error { return r.flush(r.batch()) },
		r.stop,
		r.drainAll,
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

func (r *rig) first() string { return r.store.list()[0].status().Path }

func (r *rig) addOther() error {
	o := VolumeOptions{Path: otherMount, MinFree: 1}
	err := r.again(func() error {
		_, err := r.store.AddVolume(o)
		return err
	})
	if err == nil {
		r.opts.Volumes = []VolumeOptions{{Path: mount, MinFree: 1, Drain: true}, o}
	}
	return err
}

// drainAll empties the first volume as far as it goes, as Run would.
func (r *rig) drainAll() error {
	for range 8 {
		r.tend()
		v := r.store.list()[0]
		for r.store.drainSome(r.tb.Context(), v) {
			if r.disk.Crashed() {
				return nil
			}
		}
		if st := r.store.statusOf(v); st.Held == 0 {
			return nil
		}
		v.mu.Lock()
		clear(v.drain.damaged) // an operator looked, and tries again
		v.mu.Unlock()
	}
	return errors.New("the volume does not become empty")
}

// drained tells whether nothing is left on the first volume.
func (r *rig) emptied() error {
	for _, path := range r.mounts().Files() {
		if strings.HasPrefix(path, mount) && strings.HasSuffix(path, ".mp4") {
			return fmt.Errorf("%s is left on the drained volume", path)
		}
	}
	return nil
}

// TestDrainFaultTable has either disk fail in every way at every operation while one is emptied to the other, and crashes the
// machine at each.
func TestDrainFaultTable(t *testing.T) {
	t.Parallel()
	r := drainRig(t)
	moments, err := r.moments(r.drainLife)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.emptied(); err != nil {
		t.Fatal(err)
	}
	var faults, crashes atomic.Int64
	for _, path := range []string{mount, otherMount} {
		second := volumesFrom(moments, path)
		spread(t, every(1, r.mounts().At(path).Ops()), func(t *testing.T, at int) {
			for _, x := range troublesAt(at) {
				if x.Mode == storagetest.Fails || x.Mode == storagetest.FailsAfter || at > second {
					faults.Add(1)
					drainFails(t, path, x)
				}
			}
		})
	}
	seen := newStates()
	survivals := []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}
	spread(t, every(1, len(moments)), func(t *testing.T, at int) {
		m := &moments[at-1]
		if len(m.rig.opts.Volumes) < 2 {
			return // before there was a second volume: the fault table has these
		}
		for n, survival := range survivals {
			for i, index := range []bool{true, false} {
				if wholeTables || (at+i)%len(survivals) == n {
					crashes.Add(int64(seen.crash(t, m, survival, uint64(at), index, (*rig).drainedAfter)))
				}
			}
		}
	})
	t.Logf("%d operations, %d faults, %d different states that crashes leave", len(moments), faults.Load(), crashes.Load())
}

// volumesFrom is how many operations there were on a disk when there were two volumes: a trouble that lasts needs another volume
// to go on with.
func volumesFrom(moments []moment, path string) int {
	for i := range moments {
		if len(moments[i].rig.opts.Volumes) == 2 {
			return moments[i].rig.mounts().At(path).Ops()
		}
	}
	return 0
}

// drainFails runs the life with a disk that gets into trouble, and is well again before it is looked at.
func drainFails(t *testing.T, path string, x trouble) {
	t.Helper()
	r := drainRig(t)
	defer r.discard()
	d := r.mounts().At(path)
	d.Inject(x.Fault)
	err := r.drainLife() // may be stopped by the trouble
	if len(r.acked) != int(r.made) {
		err = errors.Join(err, fmt.Errorf("%d pictures of %d were recorded", len(r.acked), r.made))
	} else if len(r.opts.Volumes) == 2 {
		err = nil
	}
	d.Inject(storagetest.Fault{})
	x.back(d, rand.New(rand.NewPCG(uint64(x.At), 1)))
	r.close()
	if err == nil && x.Mode == storagetest.Fills {
		err = r.drainedBut(r.deletedForSpace)
	} else if err == nil {
		err = r.drainedAfter()
	}
	if err != nil {
		t.Errorf("%s %s: %v\n%s", d.Op(x.At), x, err, r.mounts())
	}
}

// drainedAfter opens the store again, goes on emptying, and looks.
func (r *rig) drainedAfter() error { return r.drainedBut(func() func(frame) bool { return never }) }

// drainedBut is drainedAfter of a store that may have deleted something.
func (r *rig) drainedBut(deleted func() func(frame) bool) error {
	if err := r.open(); err != nil {
		return err
	}
	defer r.close()
	r.tend()
	if err := r.whole(deleted()); err != nil {
		return fmt.Errorf("before going on: %w", err)
	}
	if err := r.recordMore(); err != nil {
		return err
	}
	if err := r.drainAll(); err != nil {
		return err
	}
	r.tend() // the garbage
	if err := r.whole(deleted()); err != nil {
		return fmt.Errorf("drained: %w", err)
	}
	return r.emptied()
}

package storage

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"holdfast/storage/storagetest"
)

// TestRepairItselfMayFail lets each operation of a repair fail, fail after it took effect, or be the last before a crash.
// Run again it finishes, and what was sound is there.
func TestRepairItselfMayFail(t *testing.T) {
	cases, stride := 0, 1
	if testing.Short() {
		stride = 7
	}
	for _, h := range harms() {
		for at := 1; !t.Failed(); at += stride {
			reached := 0
			for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter, storagetest.Crashes} {
				cases++
				reached = max(reached, repairFailing(t, h, at, mode))
			}
			if reached < at {
				break
			}
		}
	}
	t.Logf("%d cases", cases)
}

// repairFailing repairs a harm while an operation goes wrong, and again. It gives how many operations the repair took.
func repairFailing(t *testing.T, h harm, at int, mode storagetest.Mode) (reached int) {
	t.Helper()
	r := closedRig(t)
	defer func() { r.close() }()
	before := len(r.mp4s())
	h.do(r)
	saved := filepath.Join(filepath.Dir(r.index), "saved.db")
	os.Remove(saved)
	r.disk.OnCrash(func() { r.must(copyIndex(r.index, saved)) })
	first := r.disk.Ops()
	r.disk.Inject(storagetest.Fault{At: first + at, Mode: mode})
	r.store.Check(context.Background(), LevelHash, &CheckOptions{Repair: true}) // may fail: that is what is tried
	reached, op := r.disk.Ops()-first, r.disk.Op(first+at)
	if r.disk.Crashed() {
		for seed, survival := range []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed} {
			after := *r
			after.store, after.disk = nil, r.disk.After(survival, rand.New(rand.NewPCG(uint64(seed), uint64(at))))
			after.index = filepath.Join(filepath.Dir(r.index), "after.db")
			os.Remove(after.index)
			r.must(copyIndex(saved, after.index))
			r.must(after.open())
			repairAgain(t, &after, h, before, op+" crash ("+survival.String()+")")
			after.close()
		}
		return reached
	}
	r.disk.Inject(storagetest.Fault{})
	r.tend()
	repairAgain(t, r, h, before, op+" "+mode.String())
	return reached
}

func repairAgain(t *testing.T, r *rig, h harm, before int, what string) {
	t.Helper()
	r.tend()
	if done := r.check(LevelHash, &CheckOptions{Repair: true}); done.Left() != 0 {
		t.Errorf("%s, %s: left %+v", h.name, what, done.Findings)
		return
	}
	r.sure(h, before)
	if t.Failed() {
		t.Fatalf("%s, %s\n%s", h.name, what, r.disk)
	}
}

package storage

import (
	"context"
	"sync/atomic"
	"testing"

	"holdfast/storage/storagetest"
)

// TestRepairItselfMayFail lets each operation of a repair fail, fail after it took effect, or be the last before a crash.
// Run again it finishes, and what was sound is there.
func TestRepairItselfMayFail(t *testing.T) {
	t.Parallel()
	r := closedRig(t)
	before := len(r.mp4s())
	r.close()
	sound, list := moment{rig: *r, index: r.indexNow()}, harms()
	var faults, crashes atomic.Int64
	spread(t, every(1, len(list)), func(t *testing.T, n int) {
		h := list[n-1]
		moments := repairCrashing(t, &sound, h)
		seen := newStates()
		for at := range moments {
			for _, survival := range []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed} {
				crashes.Add(int64(seen.crash(t, &moments[at], survival, uint64(at), true, func(r *rig) error {
					r.must(r.open())
					repairAgain(r, h, before, moments[at].op+" crash ("+survival.String()+")")
					return nil
				})))
			}
		}
		for at := 1; at <= len(moments); at++ {
			for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter} {
				faults.Add(1)
				if changes := repairFailing(t, &sound, h, before, at, mode); !changes {
					break
				}
			}
		}
	})
	t.Logf("%d faults, %d different states that crashes leave", faults.Load(), crashes.Load())
}

// harmed is a store whose footage was sound until just now.
func harmed(t *testing.T, sound *moment, h harm) *rig {
	t.Helper()
	r := sound.found(t, storagetest.All, 0, true)
	r.must(r.open())
	r.tend()
	h.do(r)
	return r
}

// repairCrashing gives what crashes of a repair leave.
func repairCrashing(t *testing.T, sound *moment, h harm) []moment {
	t.Helper()
	r := harmed(t, sound, h)
	defer r.discard()
	moments, err := r.moments(func() error {
		_, err := r.store.Check(context.Background(), LevelHash, &CheckOptions{Repair: true})
		return err
	})
	r.must(err)
	return moments
}

// repairFailing repairs a harm while an operation goes wrong, and again. It tells whether that changes something.
func repairFailing(t *testing.T, sound *moment, h harm, before, at int, mode storagetest.Mode) (changes bool) {
	t.Helper()
	r := harmed(t, sound, h)
	defer r.discard()
	at += r.disk.Ops()
	r.disk.Inject(storagetest.Fault{At: at, Mode: mode})
	r.store.Check(context.Background(), LevelHash, &CheckOptions{Repair: true}) // may fail: that is what is tried
	op := r.disk.Op(at)
	r.disk.Inject(storagetest.Fault{})
	r.tend()
	repairAgain(r, h, before, op+" "+mode.String())
	return r.disk.Changes(at)
}

func repairAgain(r *rig, h harm, before int, what string) {
	r.tb.Helper()
	r.tend()
	if done := r.check(LevelHash, &CheckOptions{Repair: true}); done.Left() != 0 {
		r.tb.Errorf("%s, %s: left %+v", h.name, what, done.Findings)
		return
	}
	r.sure(h, before)
	if r.tb.Failed() {
		r.tb.Fatalf("%s, %s\n%s", h.name, what, r.disk)
	}
}

package storage

import (
	"fmt"
	"testing"

	"holdfast/storage/storagetest"
)

// mirroredErasable is a mirrored recording of three segments of four seconds, the last of which is open.
func mirroredErasable(t *testing.T, clear bool) *rig {
	t.Helper()
	r := mirrorRig(t)
	if clear {
		r.root = newRig(t).root
	}
	r.must(r.open())
	t.Cleanup(r.close)
	r.newWriter()
	for range 3 {
		r.must(r.begin(1))
		r.record(8)
	}
	return r
}

func TestErasureTakesBothCopies(t *testing.T) {
	for _, clear := range []bool{false, true} {
		for name, x := range map[string][2]float64{"one whole segment": {4, 8}, "the middle of one": {1.2, 1.7}, "from one to the next": {3.7, 4.2},
			"the one being recorded": {11, 12}, "everything until now": {-100, 12}} {
			t.Run(fmt.Sprintf("%s, clear %v", name, clear), func(t *testing.T) {
				r := mirroredErasable(t, clear)
				if x[1] > 8 {
					r.must(r.w.Close(CauseStopped))
				}
				e := r.erase(x[0], x[1])
				r.must(r.whole(never))
				r.tend()
				r.recopyAll()
				r.nothingIn(e)
				r.must(r.whole(never))
				if x[1] > 8 {
					r.must(r.pairs())
				}
				r.must(r.reopened(true))
				r.must(r.reopened(false))
			})
		}
	}
}

// TestErasureOfPartWithTheFirstVolumeAway writes what is left from the copy that is there.
func TestErasureOfPartWithTheFirstVolumeAway(t *testing.T) {
	for _, away := range []string{mount, otherMount} {
		r := mirroredErasable(t, false)
		r.must(r.w.Close(CauseStopped))
		r.disk.Unmount(away)
		r.tend()
		e := r.erase(1.2, 1.7)
		r.disk.Mount(away)
		r.tend()
		r.tend()
		r.nothingIn(e)
		r.must(r.whole(never))
		r.recopyAll()
		r.must(r.pairs())
		r.must(r.whole(never))
	}
}

// TestErasedCopyThatComesBackGoesAgain erases footage in clear while a volume with its second copy is away, and loses the index, which
// alone had a note of that.
func TestErasedCopyThatComesBackGoesAgain(t *testing.T) {
	for _, x := range [][2]float64{{4, 8}, {1.2, 1.7}, {4, 4.1}} {
		for _, away := range []string{mount, otherMount} {
			r := mirroredErasable(t, true)
			r.must(r.w.Close(CauseStopped))
			r.disk.Unmount(away)
			r.tend()
			e := r.erase(x[0], x[1])
			r.close()
			r.disk.Mount(away)
			r.index += ".new"
			r.lost = true
			back, err := r.openWithout(away)
			r.must(err)
			r.must(back())
			r.tend()
			r.tend()
			r.nothingIn(e)
			r.must(r.whole(never))
		}
	}
}

// TestErasureOfBothCopiesSurvivesCrashes crashes two erasures of mirrored footage at some of their operations.
func TestErasureOfBothCopiesSurvivesCrashes(t *testing.T) {
	t.Parallel()
	stride := 17
	if testing.Short() {
		stride = 61
	}
	r := mirrorRig(t)
	moments, err := r.moments(r.erasing)
	r.must(err)
	survivals := []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}
	crashes := crashTable(t, every(stride, len(moments)), moments, survivals, func(r *rig) error {
		if err := r.open(); err != nil {
			return err
		}
		return r.goneOrKept()
	})
	t.Logf("%d operations, %d different states that crashes leave", len(moments), crashes)
}

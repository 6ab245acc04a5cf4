package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/storage/storagetest"
)

// mirroredDisks is twoDisks with the camera mirrored.
func mirroredDisks(tb testing.TB) *rig {
	r := twoDisks(tb)
	r.opts.Mirrored = []string{"door"}
	return r
}

// TestAFailingDiskOfAMirroredCameraLosesNothing has either disk of two fail in every way at operations of a life that is recorded on
// both. All that was said to be safe can be read all the time, not a moment is missing, and once the disk is back a check finds
// nothing and every segment gets its second copy, of the same bytes.
func TestAFailingDiskOfAMirroredCameraLosesNothing(t *testing.T) {
	t.Parallel()
	calm := mirroredDisks(t)
	before := calm.machine.At(mount).Ops()
	if err := calm.recordAll(); err != nil {
		t.Fatal(err)
	}
	ops := calm.machine.At(mount).Ops()
	calm.close()
	stride := 7
	switch {
	case wholeTables:
		stride = 1
	case testing.Short():
		stride = 29
	}
	var cases atomic.Int64
	for _, ill := range []string{mount, otherMount} {
		spread(t, every(stride, ops-before), func(t *testing.T, at int) {
			for _, x := range troublesAt(before + at) {
				cases.Add(1)
				mirroredDiskFails(t, ill, x)
			}
		})
	}
	t.Logf("%d operations of each disk, %d cases", ops-before, cases.Load())
}

func mirroredDiskFails(t *testing.T, ill string, x trouble) {
	t.Helper()
	r := mirroredDisks(t)
	defer r.discard()
	d := r.machine.At(ill)
	d.Inject(x.Fault)
	err := errors.Join(r.lives(), r.unbroken(x))
	if err == nil {
		d.Inject(storagetest.Fault{})
		x.back(d, rand.New(rand.NewPCG(uint64(x.At), 1)))
		r.settle()
		err = errors.Join(r.whole(r.mayBeGone(x)), r.recordMore())
	}
	if err == nil { // a disk that came and went unseen is noticed by its journal
		r.settle()
		err = r.twiceAgain(x)
	}
	for _, index := range []bool{true, false} {
		if err == nil {
			err = errors.Join(r.shut(), r.openedAgain(index), r.twiceAgain(x))
		}
	}
	if err != nil {
		t.Errorf("%s %s: %v\n%s", d.Op(x.At), x, err, r.machine)
	}
}

// unbroken tells whether footage cannot be read, or is missing, while a disk is in trouble: the other one has it. Of a full disk
// retention may have made room.
func (r *rig) unbroken(x trouble) error {
	if x.Mode == storagetest.Fills {
		return nil
	}
	return errors.Join(r.readable(), r.onlyTheCamera())
}

// onlyTheCamera tells whether nothing is missing but what the camera did not send, twice in its life, and what got too old.
func (r *rig) onlyTheCamera() error {
	spans, err := r.store.Spans("door", "main", began.Add(-time.Hour), r.now)
	for _, s := range spans {
		switch {
		case !s.Gap, s.Cause == CauseRetention:
		case s.Cause == CauseOffline && s.Start.Equal(at(1.5)) && s.End.Equal(at(4.5)):
		case s.Cause == CauseNetwork && s.Start.Equal(at(5)) && s.End.Equal(at(maxAgeOfFaults.Seconds()+6)):
		default:
			err = errors.Join(err, fmt.Errorf("%v is missing", s))
		}
	}
	return err
}

// openedAgain opens the store again, with its index or without.
func (r *rig) openedAgain(index bool) error {
	if !index {
		r.index, r.lost = filepath.Join(filepath.Dir(r.index), "none.db"), true
	}
	if err := r.open(); err != nil {
		return err
	}
	r.settle()
	return nil
}

// twiceAgain has second copies made, and tells which is lacking then.
func (r *rig) twiceAgain(x trouble) error {
	if err := r.whole(r.mayBeGone(x)); err != nil {
		return err
	}
	r.recopyAll()
	r.tend()
	if n := r.store.Recopying(); n.Waiting > 0 {
		return fmt.Errorf("second copies are lacking: %+v", n)
	}
	return errors.Join(r.whole(r.mayBeGone(x)), r.pairs())
}

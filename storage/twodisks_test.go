package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"holdfast/storage/storagetest"
)

// twoDisks is a rig whose system, first volume and second volume have a disk each. Both are volumes already: an empty directory
// that never was one becomes one, whatever disk it is on. The camera is pinned to the first.
func twoDisks(tb testing.TB) *rig {
	r := newRig(tb)
	r.runOn(storagetest.NewMounts(64<<20, mount, otherMount))
	r.protected()
	r.opts.Volumes = []VolumeOptions{{Path: mount, MinFree: 1}, {Path: otherMount, MinFree: 1}}
	r.opts.Pins = map[string][]string{"door": {mount}}
	r.opts.Ages = faultAges
	r.opts.copyRate = -1
	r.must(r.open())
	r.tend()
	r.close()
	return r
}

// trouble is what befalls a disk, and how it gets well again.
type trouble struct {
	storagetest.Fault
	back func(d *storagetest.Disk, random *rand.Rand)
	how  string
}

func (x trouble) String() string {
	return fmt.Sprintf("(%d) %s (%v), then %s", x.At, x.Mode, x.Err, x.how)
}

// troubles are all that may befall a disk at an operation.
func troubles() (list []trouble) {
	mended := func(d *storagetest.Disk, _ *rand.Rand) { d.Mend() }
	anew := func(s storagetest.Survival) func(*storagetest.Disk, *rand.Rand) {
		return func(d *storagetest.Disk, random *rand.Rand) { d.Return(s, random) }
	}
	add := func(m storagetest.Mode, err error, how string, back func(*storagetest.Disk, *rand.Rand)) {
		list = append(list, trouble{storagetest.Fault{Mode: m, Err: err}, back, how})
	}
	add(storagetest.Fails, syscall.EIO, "well", mended)
	add(storagetest.Fails, syscall.ENOSPC, "well", mended)
	add(storagetest.FailsAfter, syscall.EIO, "well", mended)
	add(storagetest.Fills, nil, "larger", mended)
	for _, m := range []storagetest.Mode{storagetest.Dies, storagetest.Vanishes, storagetest.Protects} {
		add(m, nil, "as it was", mended)
		add(m, nil, "with what was synced", anew(storagetest.Synced))
		add(m, nil, "with what had been written back", anew(storagetest.Mixed))
	}
	return list
}

// wholeTables asks for every case of the tables, which takes minutes. Otherwise each operation of those of two disks has one of the
// troubles, another than those beside it.
var wholeTables = os.Getenv("HOLDFAST_FAULTS") == "all"

// troublesAt are those that are tried at an operation.
func troublesAt(at int) (list []trouble) {
	all := troubles()
	for n, x := range all {
		if x.At = at; wholeTables || (at*5+n)%len(all) == 0 {
			list = append(list, x)
		}
	}
	return list
}

// TestAFailingDiskLosesNothing has a disk of two fail in every way at every operation of a life that is recorded on it. Nothing
// that was said to be safe is lost, recording goes on on the other disk and returns by itself, every moment is recorded or has
// a cause, and once the disk is back a check finds nothing.
func TestAFailingDiskLosesNothing(t *testing.T) {
	t.Parallel()
	calm := twoDisks(t)
	before := calm.machine.At(mount).Ops()
	if err := calm.recordAll(); err != nil {
		t.Fatal(err)
	}
	ops := calm.machine.At(mount).Ops()
	if text := calm.machine.At(otherMount).String(); strings.Contains(text, ".mp4") {
		t.Fatalf("without a fault it is recorded on the second disk:\n%s", text)
	}
	calm.close()
	var cases atomic.Int64
	spread(t, every(1, ops-before), func(t *testing.T, at int) {
		for _, x := range troublesAt(before + at) {
			cases.Add(1)
			diskFails(t, x)
		}
	})
	t.Logf("%d operations, %d cases", ops, cases.Load())
}

func diskFails(t *testing.T, x trouble) {
	t.Helper()
	r := twoDisks(t)
	defer r.discard()
	d := r.machine.At(mount)
	d.Inject(x.Fault)
	if err := errors.Join(r.lives(), r.returns(d, x)); err != nil {
		t.Errorf("%s %s: %v\n%s", d.Op(x.At), x, err, r.machine)
	}
}

// lives lives through the trouble of a disk.
func (r *rig) lives() error {
	if err := r.recordAll(); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	if len(r.acked) != int(r.made) {
		return fmt.Errorf("%d pictures of %d were recorded", len(r.acked), r.made)
	}
	if err := r.timeline(); err != nil {
		return fmt.Errorf("while the disk is in trouble: %w", err)
	}
	for _, path := range r.disk.Files() {
		if !strings.HasPrefix(path, ringDir) {
			return fmt.Errorf("%s lies on the system's disk", path)
		}
	}
	return nil
}

// returns has the disk get well, and looks.
func (r *rig) returns(d *storagetest.Disk, x trouble) error {
	d.Inject(storagetest.Fault{})
	x.back(d, rand.New(rand.NewPCG(uint64(x.At), 1)))
	return r.looksWell(x)
}

// looksWell looks at everything: in the running store, after a restart, and without the index.
func (r *rig) looksWell(x trouble) error {
	r.settle()
	if err := r.whole(r.mayBeGone(x)); err != nil {
		return fmt.Errorf("when the disk is back: %w", err)
	}
	if err := errors.Join(r.recordMore(), r.whole(r.mayBeGone(x))); err != nil {
		return err
	}
	if err := r.returned(); err != nil {
		return err
	}
	if err := r.shut(); err != nil {
		return err
	}
	for _, index := range []bool{true, false} {
		if !index {
			r.index, r.lost = filepath.Join(filepath.Dir(r.index), "none.db"), true
		}
		if err := r.open(); err != nil {
			return err
		}
		r.settle()
		err := r.whole(r.mayBeGone(x))
		r.close()
		if err != nil {
			return fmt.Errorf("after a restart (index %t): %w", index, err)
		}
	}
	return nil
}

// settle lets the volumes do what they do over the next hour.
func (r *rig) settle() {
	for range 3 {
		r.store.mu.Lock()
		for _, t := range r.store.torn {
			t.next = time.Time{}
		}
		r.store.mu.Unlock()
		r.tend()
	}
}

// returned tells whether the newest footage is on the first volume.
func (r *rig) returned() error {
	list, err := r.store.Segments("door", "main", began, r.now)
	if err != nil {
		return err
	}
	if n := len(list); n == 0 || !strings.HasPrefix(list[n-1].Path, mount+"/") {
		return errors.New("recording did not return to the first volume")
	}
	return nil
}

// mayBeGone tells whether retention may have removed a frame: because of its age or, of a disk that was full, for space.
func (r *rig) mayBeGone(x trouble) func(frame) bool {
	if x.Mode == storagetest.Fills {
		return r.deletedForSpace()
	}
	return r.aged
}

// deletedForSpace tells whether the timeline says of a frame that retention removed it. Before the oldest footage nothing is said.
func (r *rig) deletedForSpace() func(frame) bool {
	spans, err := r.store.Spans("door", "main", began.Add(-time.Hour), r.now)
	r.must(err)
	return func(f frame) bool {
		said := true
		for _, s := range spans {
			if !s.Start.After(f.wall) {
				said = s.Gap && s.Cause == CauseRetention
			}
		}
		return said
	}
}

package storage

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"holdfast/storage/fmp4"
	"holdfast/storage/storagetest"
)

// mirrorFaultRig is a mirrored rig whose footage gets old.
func mirrorFaultRig(tb testing.TB) *rig {
	r := mirrorRig(tb)
	r.opts.Ages = Ages{Max: maxAgeOfFaults, Event: 3 * maxAgeOfFaults}
	return r
}

// TestMirrorFaultTable lets operations on the disk fail, fail after they took effect, and be the last before a crash, over the life of
// a store that records to two volumes at once. After a crash both volumes are there, or one of them comes later.
func TestMirrorFaultTable(t *testing.T) {
	t.Parallel()
	stride := 23
	if testing.Short() {
		stride = 41
	}
	r := mirrorFaultRig(t)
	moments, err := r.moments(r.life)
	if err != nil {
		t.Fatal(err)
	}
	r.must(r.open())
	r.must(errors.Join(r.whole(r.aged), r.pairs()))
	r.close()
	var faults atomic.Int64
	spread(t, every(stride, len(moments)), func(t *testing.T, at int) {
		for _, f := range faultsAt(at) {
			faults.Add(1)
			if changes := mirrorFails(t, f); !changes {
				break
			}
		}
	})
	survivals := []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}
	crashes := int64(0)
	for _, away := range []string{"", mount, otherMount} {
		crashes += crashTable(t, every(stride, len(moments)), moments, survivals, func(r *rig) error { return r.survivorWithout(away) })
	}
	t.Logf("%d operations, %d faults, %d different states that crashes leave", len(moments), faults.Load(), crashes)
}

// mirrorFails runs the life with an operation that fails once. It tells whether that is an operation that changes something.
func mirrorFails(t *testing.T, f storagetest.Fault) (changes bool) {
	t.Helper()
	r := mirrorFaultRig(t)
	defer r.discard()
	r.disk.Inject(f)
	r.life() // a shutdown may fail
	changes = r.disk.Changes(f.At)
	r.close()
	r.disk.Inject(storagetest.Fault{})
	err := r.open()
	if err == nil {
		r.tend()
		err = errors.Join(r.whole(r.aged), r.goOn())
	}
	if err != nil {
		t.Errorf("%s %s with %v: %v\n%s", r.disk.Op(f.At), f.Mode, f.Err, err, r.disk)
	}
	return changes
}

// survivorWithout opens the store after a crash with a volume away, goes on, and has the volume back.
func (r *rig) survivorWithout(away string) error {
	if away == "" || !r.bothMade() {
		return r.survivor()
	}
	if r.lost { // an event is told by one journal
		r.marked = false
	}
	back, err := r.openWithout(away)
	if err != nil {
		return err
	}
	if err := r.readable(); err != nil {
		return err
	}
	if err := back(); err != nil {
		return err
	}
	r.tend()
	r.tend()
	if err := r.whole(r.aged); err != nil {
		return err
	}
	return r.goOn()
}

// openWithout opens the store with a volume away, and gives what brings it back. Without its index the store has not heard of the
// volume: an empty directory there would become one.
func (r *rig) openWithout(away string) (back func() error, err error) {
	all := r.opts.Volumes
	r.disk.Unmount(away)
	if r.lost {
		r.opts.Volumes = slices.DeleteFunc(slices.Clone(all), func(o VolumeOptions) bool { return o.Path == away })
	}
	err = r.open()
	r.opts.Volumes = all
	if err != nil {
		return nil, err
	}
	r.tend()
	return func() (err error) {
		r.disk.Mount(away)
		if r.lost {
			_, err = r.store.AddVolume(VolumeOptions{Path: away, MinFree: 1})
		}
		r.tend()
		return err
	}, nil
}

// bothMade tells whether both volumes have segments; before, a volume that is away may be one that never was.
func (r *rig) bothMade() bool { return r.files(mount) > 0 && r.files(otherMount) > 0 }

// readable tells whether every frame that was safe can be read.
func (r *rig) readable() error {
	kept, err := r.kept()
	if err != nil {
		return err
	}
	there := map[uint32]bool{}
	for _, f := range kept {
		there[f.id] = true
	}
	for _, f := range r.acked {
		if !there[f.id] && !r.aged(f) {
			return errors.New("a frame that was safe cannot be read: " + f.wall.String())
		}
	}
	return nil
}

// TestLongerCopyComesBackAfterTheIndexWasLost loses copy A midway, then the index, while the volume of the longer copy B is away.
// When B is back nothing of it is dropped, whether it was closed or not.
func TestLongerCopyComesBackAfterTheIndexWasLost(t *testing.T) {
	for _, how := range []string{"closed", "torn"} {
		for _, short := range []string{mount, otherMount} {
			t.Run(how+" "+strings.Trim(short, "/"), func(t *testing.T) { longerComesBack(t, how == "closed", short) })
		}
	}
}

func longerComesBack(t *testing.T, closed bool, short string) {
	long := map[string]string{mount: otherMount, otherMount: mount}[short]
	r := mirrorRig(t)
	r.must(r.recording())
	r.must(r.flush(r.batch()))
	r.disk.Unmount(short)
	r.must(r.flush(r.batch()))
	r.must(r.flush(r.batch()))
	if closed {
		r.must(r.w.Close(CauseStopped))
	}
	r.close()
	r.disk.Mount(short)
	r.index += ".new" // the old one is lost
	r.lost = true
	back, err := r.openWithout(long)
	r.must(err)
	if kept, err := r.kept(); err != nil || len(kept) != 2*batchSize {
		t.Fatalf("%d frames of the shorter copy (the second batch was written and not confirmed): %v", len(kept), err)
	}
	r.must(back())
	r.tend()
	r.tend()
	r.must(r.whole(never))
	if len(r.footage()) != 1 {
		t.Errorf("segments: %+v", r.footage())
	}
	r.must(r.goOn())
}

// TestMirrorRecoveryItselfMayFail crashes a mirrored store, and then lets every operation of finding that again fail, or be the
// last before another crash.
func TestMirrorRecoveryItselfMayFail(t *testing.T) {
	t.Parallel()
	stride := 197
	if testing.Short() {
		stride = 300
	}
	r := mirrorFaultRig(t)
	moments, err := r.moments(r.life)
	r.must(err)
	var cases atomic.Int64
	starts, seen := newStates(), newStates()
	spread(t, every(stride, len(moments)), func(t *testing.T, n int) {
		m := &moments[n-1]
		if !m.rig.bothMade() {
			return // a new volume, and no index, and one that cannot be read: whose site it is nobody knows
		}
		for seed, index := range []bool{true, false} {
			start := m.found(t, [...]storagetest.Survival{storagetest.Synced, storagetest.Mixed}[seed], uint64(seed), index)
			if starts.first(start, m.kept(index)) {
				cases.Add(recovering(t, &moment{op: m.op, rig: *start, index: m.kept(index)}, n+seed, seen))
			}
			start.discard()
		}
	})
	t.Logf("%d cases", cases.Load())
}

// TestEmptyCopyLeavesTheKeyToTheOther loses copy A before its first fragment, then the index, while the volume of copy B is away.
// Recovery removes A; the key is B's as well.
func TestEmptyCopyLeavesTheKeyToTheOther(t *testing.T) {
	for _, empty := range []string{mount, otherMount} {
		away := map[string]string{mount: otherMount, otherMount: mount}[empty]
		r := mirrorRig(t)
		r.must(r.recording())
		r.must(r.flush(r.batch()))
		r.must(r.flush(r.batch()))
		r.close()
		for _, path := range r.disk.Files() {
			if strings.HasPrefix(path, empty) && strings.HasSuffix(path, ".mp4") {
				r.cutToHeader(path)
			}
		}
		r.index += ".new"
		r.lost = true
		back, err := r.openWithout(away)
		r.must(err)
		r.must(r.store.forgetOutlived())
		if n := r.files(empty); n != 0 {
			t.Errorf("%d files without footage are left", n)
		}
		r.must(back())
		r.tend()
		r.tend()
		r.must(r.whole(never))
		r.must(r.goOn())
	}
}

// cutToHeader leaves of a segment's file what a crash does before the first fragment.
func (r *rig) cutToHeader(path string) {
	r.tb.Helper()
	f, err := r.disk.Open(path)
	r.must(err)
	size, err := f.Size()
	r.must(err)
	_, _, from, err := fmp4.ReadHeader(f, size)
	r.must(err)
	r.must(errors.Join(f.Truncate(from), f.Sync(), f.Close()))
}

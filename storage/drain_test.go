package storage

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holdfast/storage/storagetest"
)

const otherMount = "/other/footage"

// drainRig is a rig with two volumes on one disk, the footage of which is all on the first.
func drainRig(tb testing.TB) *rig {
	r := newRig(tb)
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
		func() error { err := r.w.Close(CauseStopped); r.w = nil; return err },
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
	for _, path := range r.disk.Files() {
		if strings.HasPrefix(path, mount) && strings.HasSuffix(path, ".mp4") {
			return fmt.Errorf("%s is left on the drained volume", path)
		}
	}
	return nil
}

// TestDrainFaultTable lets every operation on the disk fail, fail after it took effect, and be the last before a crash,
// while a volume is emptied.
func TestDrainFaultTable(t *testing.T) {
	r := drainRig(t)
	if err := r.drainLife(); err != nil {
		t.Fatal(err)
	}
	if err := r.emptied(); err != nil {
		t.Fatal(err)
	}
	ops := r.disk.Ops()
	for at := 20; at <= ops && !t.Failed(); at++ {
		errno := []syscall.Errno{syscall.EIO, syscall.ENOSPC}[at%2]
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter} {
			drainFails(t, storagetest.Fault{At: at, Mode: mode, Err: errno})
		}
		drainCrashes(t, at)
	}
	t.Logf("%d operations", ops)
}

func drainFails(t *testing.T, f storagetest.Fault) {
	t.Helper()
	r := drainRig(t)
	r.disk.Inject(f)
	err := r.drainLife()
	r.disk.Inject(storagetest.Fault{})
	r.close()
	if err == nil || len(r.opts.Volumes) == 2 {
		err = r.drainedAfter()
	}
	if err != nil {
		t.Errorf("%s %s with %v: %v\n%s", r.disk.Op(f.At), f.Mode, f.Err, err, r.disk)
	}
}

func drainCrashes(t *testing.T, at int) {
	t.Helper()
	r := drainRig(t)
	saved := filepath.Join(filepath.Dir(r.index), "saved.db")
	r.disk.OnCrash(func() {
		if err := copyIndex(r.index, saved); err != nil {
			t.Error(err)
		}
	})
	r.disk.Inject(storagetest.Fault{At: at, Mode: storagetest.Crashes})
	err := r.drainLife()
	op := r.disk.Op(at)
	r.close()
	if err != nil {
		t.Errorf("%s crash: %v", op, err)
		return
	}
	if len(r.opts.Volumes) < 2 {
		return // before there was a second volume: the fault table has these
	}
	survivals := []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}
	for i, index := range []string{saved, ""} {
		survival := survivals[(at+i)%len(survivals)]
		after := r.after(survival, uint64(at), index)
		if err := after.drainedAfter(); err != nil {
			t.Errorf("%s crash (%s, index %q): %v\n%s", op, survival, filepath.Base(index), err, after.disk)
		}
	}
}

// drainedAfter opens the store again, goes on emptying, and looks.
func (r *rig) drainedAfter() error {
	if err := r.open(); err != nil {
		return err
	}
	defer r.close()
	r.tend()
	if err := r.whole(never); err != nil {
		return fmt.Errorf("before going on: %w", err)
	}
	if err := r.goOn(); err != nil {
		return err
	}
	if err := r.drainAll(); err != nil {
		return err
	}
	r.tend() // the garbage
	if err := r.whole(never); err != nil {
		return fmt.Errorf("drained: %w", err)
	}
	return r.emptied()
}

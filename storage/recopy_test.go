package storage

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/storage/storagetest"
)

// recopyAll makes the second copies that are lacking, as Run would.
func (r *rig) recopyAll() {
	for r.store.recopySome(r.tb.Context()) {
	}
}

// singly records three segments. The other volume is away from the middle of the first to the end of the second.
func singly(t *testing.T) *rig {
	r := mirrorRig(t)
	r.must(r.recording())
	r.must(r.flush(r.batch()))
	r.disk.Unmount(otherMount)
	r.must(r.flush(r.batch()))
	r.must(r.begin(1))
	r.must(r.flush(r.batch()))
	r.disk.Mount(otherMount)
	r.tend()
	r.must(r.begin(1))
	r.must(r.flush(r.batch()))
	r.must(r.w.Close(CauseStopped))
	r.tend()
	return r
}

func TestSecondCopiesAreMadeAgain(t *testing.T) {
	r := singly(t)
	if n := r.store.Recopying().Waiting; n != 2 {
		t.Fatalf("%d segments lack their second copy, want the one that lost it and the one that never had one", n)
	}
	r.must(r.whole(never))
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open()) // the journals say what is wanted
	r.tend()
	if n := r.store.Recopying().Waiting; n != 2 {
		t.Errorf("after the index was lost: %d", n)
	}
	r.recopyAll()
	if st := r.store.Recopying(); st.Waiting != 0 || st.Copied != 2 || st.Bytes == 0 || st.Waits != "" {
		t.Errorf("then: %+v", st)
	}
	r.must(r.pairs())
	r.must(r.whole(never))
}

func TestSecondCopyWaitsForRoomAndForAnotherVolume(t *testing.T) {
	r := singly(t)
	r.store.list()[1].o.MinFree = 64 << 20
	r.recopyAll()
	if st := r.store.Recopying(); st.Waiting != 2 || !strings.Contains(st.Waits, "no room") {
		t.Errorf("without room: %+v", st)
	}
	r.store.SetMirror("door", false)
	r.recopyAll()
	if st := r.store.Recopying(); st.Waiting != 0 || st.Copied != 0 {
		t.Errorf("no longer wanted: %+v", st)
	}
	r.must(r.whole(never))
}

// TestSecondCopyTakesTheRoomOfOlderFootage has a volume that retention keeps full: a copy goes there only when what retention would
// delete for it is older.
func TestSecondCopyTakesTheRoomOfOlderFootage(t *testing.T) {
	r := singly(t)
	list, err := r.store.lacking(nil, 10)
	r.must(err)
	v := r.store.list()[1]
	v.mu.Lock()
	v.o.MinFree = v.free
	v.mu.Unlock()
	older, younger := list[0], list[1]
	younger.Start = r.now
	if why := r.store.roomForCopy(v, &younger); why != "" {
		t.Errorf("the younger: %s", why)
	}
	if older.Start = began.Add(-time.Hour); r.store.roomForCopy(v, &older) == "" {
		t.Error("what is older than everything there takes its room")
	}
}

func TestDrainedCopyIsMadeOnAThirdVolume(t *testing.T) {
	r := mirrorRig(t)
	r.must(r.recording())
	r.must(r.flush(r.batch()))
	r.must(r.w.Close(CauseStopped))
	r.must(r.store.Drain(mount))
	r.must(r.drainAll())
	r.recopyAll()
	if st := r.store.Recopying(); st.Waiting != 1 || st.Waits == "" {
		t.Errorf("without a third volume: %+v", st)
	}
	_, err := r.store.AddVolume(VolumeOptions{Path: "/third/footage", MinFree: 1})
	r.must(err)
	r.tend()
	r.recopyAll()
	if n := r.files("/third/footage"); n != 1 {
		t.Errorf("%d files on the third volume", n)
	}
	r.must(errors.Join(r.pairs(), r.emptied(), r.whole(never)))
}

// TestCopiesOnALostDiskAreMadeAgain takes a volume out of use for good, adds another, and has the first back after all.
func TestCopiesOnALostDiskAreMadeAgain(t *testing.T) {
	for _, lost := range []string{mount, otherMount} {
		r := mirrorRig(t)
		r.must(r.recording())
		r.must(r.flush(r.batch()))
		r.must(r.begin(1))
		r.must(r.flush(r.batch()))
		r.must(r.w.Close(CauseStopped))
		r.must(r.store.RemoveVolume(lost, true))
		r.recopyAll()
		if st := r.store.Recopying(); st.Waiting != 2 || st.Waits == "" {
			t.Errorf("without another volume: %+v", st)
		}
		_, err := r.store.AddVolume(VolumeOptions{Path: "/third/footage", MinFree: 1})
		r.must(err)
		r.tend()
		r.recopyAll()
		if st := r.store.Recopying(); st.Waiting != 0 || st.Copied != 2 || r.files("/third/footage") != 2 {
			t.Errorf("with one: %+v", st)
		}
		r.must(errors.Join(r.pairs(), r.whole(never)))
		_, err = r.store.AddVolume(VolumeOptions{Path: lost, MinFree: 1})
		r.must(err)
		r.tend()
		if n := r.files(lost); n != 0 {
			t.Errorf("%d files are left on the volume that came back", n)
		}
		r.must(errors.Join(r.pairs(), r.whole(never)))
	}
}

func TestVolumeThatComesBackInTimeKeepsItsCopies(t *testing.T) {
	r := mirrorRig(t)
	r.must(r.recording())
	r.must(r.flush(r.batch()))
	r.must(r.w.Close(CauseStopped))
	r.must(r.store.RemoveVolume(otherMount, true))
	r.recopyAll()
	r.must(r.whole(never))
	_, err := r.store.AddVolume(VolumeOptions{Path: otherMount, MinFree: 1})
	r.must(err)
	r.recopyAll()
	if st := r.store.Recopying(); st.Waiting != 0 || st.Copied != 0 {
		t.Errorf("then: %+v", st)
	}
	r.must(errors.Join(r.pairs(), r.whole(never)))
}

func TestRottenSegmentIsNotCopied(t *testing.T) {
	r := singly(t)
	for _, seg := range r.footage() {
		if seg.mirror.volume == 0 {
			r.disk.Rot(seg.Path, seg.Size/2)
		}
	}
	r.recopyAll()
	if st := r.store.Recopying(); st.Waiting != 2 || st.Damaged != 2 || st.Copied != 0 {
		t.Errorf("then: %+v", st)
	}
}

func TestStateSaysWhyACameraIsNotMirrored(t *testing.T) {
	r := mirrorRig(t)
	r.must(r.recording())
	r.must(r.flush(r.batch()))
	if m := r.store.Mirroring("door"); !m.Mirrored() || m.OneDisk {
		t.Errorf("at first: %+v", m)
	}
	r.disk.Unmount(otherMount)
	r.must(r.flush(r.batch()))
	m := r.store.Mirroring("door")
	if m.Mirrored() || !strings.Contains(m.Why, otherMount) {
		t.Errorf("when a copy failed: %+v", m)
	}
	about := func(a Alarm) bool { return a.ID == "mirror:door" && strings.Contains(a.What, "not mirrored") }
	if slices.ContainsFunc(r.store.Alarms(), about) {
		t.Error("an alarm at once")
	}
	r.now = r.now.Add(2 * aloneTime)
	if !slices.ContainsFunc(r.store.Alarms(), about) {
		t.Errorf("no alarm after two minutes: %+v", r.store.Alarms())
	}
	r.disk.Mount(otherMount)
	r.tend()
	r.must(r.begin(1))
	r.must(r.flush(r.batch()))
	if m := r.store.Mirroring("door"); !m.Mirrored() {
		t.Errorf("with the next segment: %+v", m)
	}
	for i, v := range r.store.list() {
		v.device = uint64(7 * (1 + i/2))
	}
	if m := r.store.Mirroring("door"); !m.OneDisk || len(r.store.unmirrored()) != 1 {
		t.Errorf("on one disk: %+v", m)
	}
}

func TestSecondCopyGoesToAnotherDiskAndAPinnedVolume(t *testing.T) {
	r := mirrorRig(t)
	for i := range 3 {
		r.opts.Volumes = append(r.opts.Volumes, VolumeOptions{Path: fmt.Sprintf("/more%d/footage", i), MinFree: 1})
	}
	r.must(r.open())
	r.tend()
	list := r.store.list()
	for i, device := range []uint64{1, 1, 1, 2, 2} {
		list[i].device = device
	}
	any := func(*volume) string { return "" }
	if v, why := r.store.chooseSecond("door", list[0], any); v != list[3] && v != list[4] {
		t.Errorf("%v is chosen: %s", v, why)
	}
	r.store.o.Pins = map[string][]string{"door": {mount, list[4].o.Path}}
	if v, why := r.store.chooseSecond("door", list[0], any); v != list[4] {
		t.Errorf("%v is chosen: %s", v, why)
	}
	first, second, _, err := r.store.places("door")
	r.must(err)
	if !slices.Contains([]*volume{list[0], list[4]}, first) || !slices.Contains([]*volume{list[0], list[4]}, second) || first == second {
		t.Errorf("pinned to %s and %s: %s and %s are chosen", mount, list[4].o.Path, first.o.Path, second.o.Path)
	}
}

// lateMirror records two segments on the only volume, adds another, and has the second copies made while a third is recorded.
func (r *rig) lateMirror() error {
	steps := []func() error{
		r.recording,
		func() error { return r.flush(r.batch()) },
		func() error { return r.begin(1) },
		func() error { return r.flush(r.batch()) },
		r.addOther,
		func() error { r.tend(); return r.begin(1) },
		func() error { return r.flush(r.batch()) },
		func() error { r.recopyAll(); return r.flush(r.batch()) },
		func() error { err := r.w.Close(CauseStopped); r.w = nil; return err },
		r.shut,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// TestMakingSecondCopiesSurvivesCrashes crashes at some of the operations, and looks whether the copies are made then.
func TestMakingSecondCopiesSurvivesCrashes(t *testing.T) {
	t.Parallel()
	stride := 13
	if testing.Short() {
		stride = 61
	}
	r := mirrorRig(t)
	r.opts.Volumes = r.opts.Volumes[:1]
	moments, err := r.moments(r.lateMirror)
	r.must(err)
	survivals := []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}
	crashes := crashTable(t, every(stride, len(moments)), moments, survivals, func(r *rig) error {
		if len(r.opts.Volumes) < 2 {
			return nil // before there was a second volume: the fault table has these
		}
		r.opts.Volumes[0].Drain = false
		if err := r.open(); err != nil {
			return err
		}
		r.tend()
		if err := r.whole(never); err != nil {
			return err
		}
		r.recopyAll()
		r.tend()
		if err := r.whole(never); err != nil {
			return fmt.Errorf("with second copies: %w", err)
		}
		if r.store.Recopying().Waiting > 0 {
			return fmt.Errorf("%+v", r.store.Recopying())
		}
		return nil
	})
	t.Logf("%d operations, %d different states that crashes leave", len(moments), crashes)
}

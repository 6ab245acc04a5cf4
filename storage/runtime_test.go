package storage

import (
	"errors"
	"strings"
	"testing"

	"holdfast/storage/storagetest"
)

// drainable is a store with four closed segments on its first volume and an empty second one.
func drainable(t *testing.T) *rig {
	r := drainRig(t)
	r.must(r.open())
	t.Cleanup(r.close)
	r.newWriter()
	for run := range uint32(4) {
		r.must(r.begin(run + 1))
		r.record(1)
	}
	r.must(r.w.Close(CauseStopped))
	r.must(r.addOther())
	return r
}

func TestDrainMovesEverySegmentOnceAndSaysHowFarItIs(t *testing.T) {
	r := drainable(t)
	v := r.store.list()[0]
	before := r.spans()
	if st := r.store.statusOf(v); st.Held != 4 || st.Used <= 0 || st.Draining != nil {
		t.Fatalf("%+v", st)
	}
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	r.must(r.store.Drain(v.status().ID))
	if vol, err := r.store.pick("door"); err != nil || vol == v {
		t.Errorf("a volume that is emptied is recorded on: %v", err)
	}
	r.must(r.drainAll())
	r.store.drainSome(t.Context(), v)
	st := r.store.statusOf(v)
	if st.Held != 0 || st.Used != 0 || !st.Draining.Done || st.Draining.Moved != 4 || st.Draining.Segments != 0 || st.Draining.Waits != "" {
		t.Errorf("%+v %+v", st, st.Draining)
	}
	if other := r.store.statusOf(r.store.list()[1]); other.Held != 4 {
		t.Errorf("the other volume has %d segments", other.Held)
	}
	m, err := r.store.Media(segments[0]) // as it was looked up before it was moved
	r.must(err)
	r.must(m.Close())
	r.expect(before)
	r.must(r.whole(never))
	r.must(r.store.RemoveVolume(v.status().ID, false))
	r.expect(before)
	r.must(r.whole(never))
}

func TestDrainWaitsForRoomAndCanBeCancelled(t *testing.T) {
	r := drainable(t)
	v, other := r.store.list()[0], r.store.list()[1]
	other.o.MinFree = 1 << 40
	r.must(r.store.Drain(mount))
	if r.store.drainSome(t.Context(), v) {
		t.Error("footage is moved to a volume without room")
	}
	alarms := r.store.Alarms()
	if len(alarms) != 1 || alarms[0].ID != "drain:"+mount || !strings.Contains(alarms[0].What, "room") {
		t.Errorf("alarms %+v", alarms)
	}
	r.must(r.store.CancelDrain(mount))
	if st := r.store.statusOf(v); st.Draining != nil || st.Held != 4 || len(r.store.Alarms()) != 0 {
		t.Errorf("%+v", st)
	}
	r.must(r.whole(never))
}

func TestDrainLeavesAndNamesWhatIsRotten(t *testing.T) {
	r := drainable(t)
	v := r.store.list()[0]
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	f, err := r.mounts().Open(segments[1].Path)
	r.must(err)
	_, err = f.WriteAt([]byte{0xff}, 5000)
	r.must(err)
	r.must(r.store.Drain(mount))
	for r.store.drainSome(t.Context(), v) {
	}
	st := r.store.statusOf(v)
	if st.Held != 1 || st.Draining.Damaged != 1 || st.Draining.Done || len(r.store.Alarms()) != 1 {
		t.Errorf("%+v %+v", st, st.Draining)
	}
}

func TestVolumeWithFootageIsRemovedOnlyWhenItIsSaid(t *testing.T) {
	r := drainable(t)
	err := r.store.RemoveVolume(mount, false)
	if use := (*InUse)(nil); !errors.As(err, &use) || use.Segments != 4 || !use.Oldest.Equal(began) || use.Bytes <= 0 {
		t.Errorf("removing a volume with footage: %v", err)
	}
	before := r.spans()
	r.must(r.store.RemoveVolume(mount, true))
	if kept, err := r.kept(); err != nil || len(kept) != 0 {
		t.Errorf("%d frames of a volume that was removed, %v", len(kept), err)
	}
	if err := r.store.RemoveVolume(otherMount, true); err == nil {
		t.Error("the last volume can be removed")
	}
	_, err = r.store.AddVolume(VolumeOptions{Path: mount, MinFree: 1})
	r.must(err)
	r.expect(before)
	r.must(r.whole(never))
}

func TestDirectoriesThatAreRefusedNameTheCommandThatAdoptsThem(t *testing.T) {
	r := drainable(t)
	r.must(r.disk.Mkdir("/used"))
	f, err := r.disk.Create("/used/it's")
	r.must(err)
	r.must(f.Close())
	_, err = r.store.AddVolume(VolumeOptions{Path: "/used", MinFree: 1})
	if err == nil || len(r.store.Volumes()) != 2 {
		t.Fatal(err)
	}
	if do := Advice(err); !strings.Contains(do, "holdfast volume add --config FILE --adopt /used") {
		t.Errorf("what to do: %q", do)
	}
	if _, twice := r.store.AddVolume(VolumeOptions{Path: r.store.Volumes()[0].Path, MinFree: 1}); !Adoptable(err) || Adoptable(twice) {
		t.Errorf("a directory with files, and one that is a volume: %v, %v", Adoptable(err), Adoptable(twice))
	}
	st, err := r.store.AddVolume(VolumeOptions{Path: "/used", MinFree: 1, Adopt: true})
	if err != nil || st.State != VolumeOK || len(r.store.Volumes()) != 3 {
		t.Errorf("%+v, %v", st, err)
	}
	for _, path := range []string{"/used", "/used/below", "/"} {
		if _, err := r.store.AddVolume(VolumeOptions{Path: path, MinFree: 1, Adopt: true}); err == nil {
			t.Errorf("%s is taken twice", path)
		}
	}
	if q := shellQuoted("/a b/it's"); q != `'/a b/it'\''s'` {
		t.Error(q)
	}
}

// A disk whose identity is gone is refused while it is in use; saying so has it begin anew.
func TestVolumeInUseCanBeAdopted(t *testing.T) {
	r := drainable(t)
	r.mounts().At(mount).Befall(storagetest.Vanishes)
	r.tend()
	if st := r.store.Volumes()[0]; st.State != VolumeMissing || !strings.Contains(st.Do, "--adopt "+mount) {
		t.Fatalf("%+v", st)
	}
	st, err := r.store.AddVolume(VolumeOptions{Path: mount, Adopt: true})
	if err != nil || st.State != VolumeOK || len(r.store.Volumes()) != 2 || st.Held != 0 {
		t.Fatalf("%+v, %v", st, err)
	}
	r.must(r.goOn())
}

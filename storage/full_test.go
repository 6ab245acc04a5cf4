package storage

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/storagetest"
)

// heavy records closed segments of a MiB each, of which nothing is reserved any more.
func (r *rig) heavy(segments int) {
	r.tb.Helper()
	for range segments {
		r.must(r.begin(1))
		r.made++
		r.must(r.flush([]Sample{{Wall: r.wall, Sample: fmp4.Sample{Track: 1, DTS: int64(r.wall.Sub(began) * 90000 / time.Second), Sync: true,
			Data: [][]byte{bytes.Repeat([]byte{0x65}, 1<<20)}}}}))
		r.wall = r.wall.Add(time.Second)
		r.now = r.wall
	}
	r.must(r.w.Gap(CauseOffline, r.wall))
}

// fill leaves no room beside what is there, reserved space included.
func (r *rig) fill() {
	space, err := r.disk.Space(mount)
	r.must(err)
	r.disk.Resize(space.Total - space.Free)
}

func (r *rig) expectState(want State) {
	r.tb.Helper()
	if st := r.store.Volumes()[0]; st.State != want {
		r.tb.Errorf("the volume is %s (%s), with %d bytes free", st.State, st.Cause, st.Free)
	}
}

// A volume that is full of footage, of which next to nothing is to stay free, is used again after the room was made that a full
// volume is to have before it is.
func TestVolumeFullOfFootageMakesTheRoomToBeUsedAgain(t *testing.T) {
	r := recording(t)
	r.heavy(12)
	r.fill()
	r.must(r.begin(2))
	r.must(r.w.Write(r.batch()))
	full := (*VolumeError)(nil)
	if err := r.w.Flush(t.Context()); !errors.As(err, &full) || full.Cause != CauseFull {
		t.Fatalf("flush: %v", err)
	}
	r.tend()
	r.tend()
	r.expectState(VolumeOK)
	if left := r.store.Volumes()[0].Held; left < 3 {
		t.Errorf("%d segments of 12 are left where room for 8 was needed", left)
	}
}

// A crash in the middle of a deletion leaves files that nobody knows. They go although the volume is full.
func TestFilesOfAnInterruptedDeletionGoFromAFullVolume(t *testing.T) {
	deleting := func(at int) *rig {
		r := recording(t)
		r.heavy(12)
		r.store.vols[0].o.MinFree = 1 << 40 // all of it is to go
		r.disk.Inject(storagetest.Fault{At: at, Mode: storagetest.Crashes})
		r.tend()
		return r
	}
	at := 1
	for once := deleting(0).disk; !strings.HasPrefix(once.Op(at), "remove "+mount+"/door/"); at++ {
		if at > once.Ops() {
			t.Fatal("nothing is deleted")
		}
	}
	r := deleting(at)
	r.close()
	r.disk = r.disk.After(storagetest.All, nil)
	r.fill()
	r.must(r.open())
	r.expectState(VolumeFull)
	r.tend()
	r.tend()
	r.expectState(VolumeOK)
	for _, file := range r.disk.Files() {
		if strings.HasSuffix(file, ".mp4") {
			t.Errorf("%s is still there", file)
		}
	}
}

// What a segment reserved and was given up with is given back although the volume is full.
func TestSegmentGivenUpGivesItsSpaceBackOnAFullVolume(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.disk.Break(syscall.ENOSPC)
	r.must(r.w.Write(r.batch()))
	if r.w.Flush(t.Context()) == nil {
		t.Fatal("the disk took it")
	}
	r.disk.Mend()
	r.fill()
	r.tend()
	r.tend()
	r.expectState(VolumeOK)
	r.must(r.w.Gap(CauseFull, r.now))
	r.must(r.whole(never))
}

// A segment that could not be finished for want of room does not wait once there is room.
func TestSegmentGivenUpIsFinishedAsSoonAsThereIsRoom(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.disk.Break(syscall.ENOSPC)
	r.must(r.w.Write(r.batch()))
	if r.w.Flush(t.Context()) == nil {
		t.Fatal("the disk took it")
	}
	r.must(r.w.Gap(CauseFull, r.now))
	for range 3 {
		r.tend() // it is tried, in vain
	}
	r.disk.Mend()
	r.tend()
	r.expectState(VolumeOK)
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	if len(segments) != 1 || segments[0].Open {
		t.Errorf("it is still open: %v", segments)
	}
}

// Where the only footage of a stream is deleted its history begins behind that, not with why there was none before.
func TestHistoryBeginsBehindTheOnlyFootageThatIsDeleted(t *testing.T) {
	r := recording(t)
	r.must(r.w.Gap(CauseStarting, r.wall))
	r.wall = r.wall.Add(2 * time.Second)
	r.now = r.wall
	r.must(r.begin(1))
	r.record(2)
	r.must(r.w.Gap(CauseOffline, r.wall))
	r.store.vols[0].o.MinFree = 1 << 40
	r.tend()
	r.store.vols[0].o.MinFree = 1
	r.wall = r.wall.Add(time.Second)
	r.now = r.wall
	r.expect("3-4 camera offline")
	r.must(r.begin(2))
	r.record(1)
	r.expect("3-4 camera offline, 4-4.5 recorded")
}

// Other files fill a volume, and there is no footage that could make room: that is said before recording fails, and no more once
// there is room.
func TestVolumeThatOtherFilesFillIsAnAlarmBeforeItIsFull(t *testing.T) {
	r := recording(t)
	r.store.vols[0].o.MinFree = 4 << 20
	r.tend()
	if _, ok := r.alarm("crowded:" + mount); ok {
		t.Fatal("there is an alarm while there is room")
	}
	space, err := r.disk.Space(mount)
	r.must(err)
	r.disk.Resize(space.Total - space.Free + 2<<20)
	r.tend()
	r.expectState(VolumeOK)
	a, ok := r.alarm("crowded:" + mount)
	if !ok || !strings.Contains(a.What, "2.1 MB") || !strings.Contains(a.Means, "disk full") || a.Since.IsZero() {
		t.Errorf("alarm %t: %+v", ok, a)
	}
	r.fill()
	r.must(r.begin(2))
	r.must(r.w.Write(r.batch()))
	if r.w.Flush(t.Context()) == nil {
		t.Fatal("the disk took it")
	}
	r.must(r.w.Gap(CauseFull, r.now))
	r.tend()
	r.expectState(VolumeFull)
	if _, ok := r.alarm("crowded:" + mount); ok {
		t.Error("it is said twice that the volume is full")
	}
	r.disk.Resize(space.Total)
	r.tend()
	r.tend()
	r.expectState(VolumeOK)
	if _, ok := r.alarm("crowded:" + mount); ok {
		t.Error("the alarm stays")
	}
}

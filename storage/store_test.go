package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"holdfast/storage/storagetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(year.dir) // of the benchmarks
		os.Exit(code)
	}))
}

// recording is a rig with a store and a writer whose run has begun.
func recording(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.must(r.open())
	t.Cleanup(r.close)
	r.newWriter()
	r.must(r.begin(1))
	return r
}

func (r *rig) newWriter() {
	r.tb.Helper()
	w, err := r.store.Writer("door", "main")
	r.must(err)
	r.w = w
}

func (r *rig) must(err error) {
	r.tb.Helper()
	if err != nil {
		r.tb.Fatal(err)
	}
}

// record flushes n batches.
func (r *rig) record(n int) {
	r.tb.Helper()
	for range n {
		r.must(r.flush(r.batch()))
	}
}

// spans is the timeline in words: seconds since began, and the cause of a gap.
func (r *rig) spans() string {
	r.tb.Helper()
	list, err := r.store.Spans("door", "main", began.Add(-time.Hour), r.now)
	r.must(err)
	var words []string
	for _, s := range list {
		what := "recorded"
		if s.Gap {
			what = string(s.Cause)
		}
		words = append(words, fmt.Sprintf("%g-%g %s", s.Start.Sub(began).Seconds(), s.End.Sub(began).Seconds(), what))
	}
	return strings.Join(words, ", ")
}

func (r *rig) expect(want string) {
	r.tb.Helper()
	if got := r.spans(); got != want {
		r.tb.Errorf("the timeline is\n%s\nnot\n%s", got, want)
	}
}

// used is how many bytes the files on the disk have.
func (r *rig) used() (sum int64) {
	for _, f := range r.disk.Files() {
		sum += int64(len(r.disk.Content(f)))
	}
	return sum
}

func TestTimelineNamesEveryGap(t *testing.T) {
	r := recording(t)
	r.record(4)
	r.must(r.w.Gap(CauseOffline, r.wall))
	r.wall = r.wall.Add(3 * time.Second)
	r.must(r.w.Gap(CauseAuth, r.wall)) // the camera is back, and refuses
	r.wall = r.wall.Add(2 * time.Second)
	r.must(r.begin(2))
	r.record(2)
	r.expect("0-2 recorded, 2-5 camera offline, 5-7 authentication refused, 7-8 recorded")
	r.must(r.w.Close(CauseStopped))
	r.now = r.now.Add(time.Second)
	r.expect("0-2 recorded, 2-5 camera offline, 5-7 authentication refused, 7-8 recorded, 8-9 gateway stopped")
	r.must(r.whole(never))
}

func TestChangedParametersLeaveNoGap(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.must(r.begin(1))
	r.record(2)
	r.expect("0-2 recorded")
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	if len(segments) != 2 || segments[0].Joined || !segments[1].Joined {
		t.Errorf("segments: %+v", segments)
	}
}

func TestLostPacketsAreAGapWhenASecondIsMissing(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.wall = r.wall.Add(1500 * time.Millisecond)
	list := r.batch()
	list[0].Lost = 40
	r.must(r.flush(list))
	r.expect("0-1 recorded, 1-2.5 network loss, 2.5-3 recorded")
}

// TestRotationIsNeverAGapWithoutACause stops a rotation at each of its operations and looks at the timeline in between.
func TestRotationIsNeverAGapWithoutACause(t *testing.T) {
	for at := 1; ; at++ {
		r := recording(t)
		r.record(2)
		r.must(r.begin(1))
		list := r.batch()
		before := r.disk.Ops()
		r.disk.Inject(storagetest.Fault{At: before + at, Mode: storagetest.Fails})
		r.now = r.wall.Add(time.Second)
		r.must(r.w.Write(list))
		err := r.w.Flush(t.Context())
		if terr := r.timeline(); terr != nil {
			t.Fatalf("after %s: %v", r.disk.Op(before+at), terr)
		}
		r.close()
		if err == nil && r.disk.Ops() < before+at {
			return
		}
	}
}

func TestASlowCameraIsNoGap(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.wall = r.wall.Add(1500 * time.Millisecond) // nothing was lost: it sent nothing
	r.record(1)
	r.expect("0-3 recorded")
}

func TestClockThatStepsBackKeepsBothRecordings(t *testing.T) {
	r := recording(t)
	r.record(10)
	r.must(r.w.Gap(CauseClock, r.wall))
	r.wall = began.Add(2 * time.Second)
	r.must(r.begin(2))
	r.record(2)
	r.must(r.w.Close(CauseStopped))
	kept, err := r.kept()
	r.must(err)
	if len(kept) != 60 {
		t.Errorf("%d frames are kept of 60", len(kept))
	}
	r.must(r.timeline())
}

func TestAWriterHasItsStreamAlone(t *testing.T) {
	r := recording(t)
	if _, err := r.store.Writer("door", "main"); err == nil {
		t.Error("a second writer was let in")
	}
	r.must(r.w.Close(CauseStopped))
	r.newWriter()
	for _, bad := range []string{"", ".", "..", "a/b", "a\x00b", strings.Repeat("x", 65)} {
		if _, err := r.store.Writer(bad, "main"); err == nil {
			t.Errorf("camera %q was taken", bad)
		}
	}
}

func TestWhatIsNotSyncedIsNotShown(t *testing.T) {
	r := recording(t)
	r.record(1)
	r.must(r.w.Write(r.batch()))
	r.now = r.wall
	r.expect("0-0.5 recorded")
	r.must(r.w.Flush(t.Context()))
	r.expect("0-1 recorded")
}

func TestVanishedVolumeLosesNothingThatIsInMemory(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.disk.Unmount(mount)
	list := r.batch()
	r.must(r.w.Write(list))
	err := r.w.Flush(t.Context())
	var ve *VolumeError
	if !errors.As(err, &ve) || ve.Cause != CauseMissing || r.w.Taken() != 0 {
		t.Fatalf("flush: %v, %d taken", err, r.w.Taken())
	}
	r.tend()
	st := r.store.Volumes()[0]
	if st.State != VolumeMissing || st.Cause == "" || st.Do == "" {
		t.Errorf("the volume is %+v", st)
	}
	alarms := r.store.Alarms()
	if len(alarms) != 1 || !alarms[0].Loses {
		t.Errorf("alarms: %+v", alarms)
	}
	for _, f := range r.disk.Files() {
		t.Errorf("%s was written into the empty mount point", f)
	}
	r.disk.Mount(mount)
	r.tend()
	if alarms := r.store.Alarms(); len(alarms) != 0 {
		t.Errorf("alarms: %+v", alarms)
	}
	r.must(r.flush(list))
	r.record(1)
	r.expect("0-2 recorded")
	r.tend()
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(never))
}

func TestVolumeThatStaysAwayLeavesAGapWithItsCause(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.disk.Break(syscall.EIO)
	r.must(r.w.Write(r.batch()))
	if r.w.Flush(t.Context()) == nil {
		t.Fatal("the disk took it")
	}
	r.now = r.now.Add(time.Minute)
	r.expect("0-1 recorded") // what follows is still in memory, for all that storage knows
	r.must(r.w.Gap(CauseFailing, r.now))
	r.expect("0-1 recorded, 1-61.5 volume failing")
	r.disk.Mend()
	r.tend()
	r.wall = r.now
	r.must(r.begin(1))
	r.record(1)
	r.expect("0-1 recorded, 1-61.5 volume failing, 61.5-62 recorded")
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(never))
}

func TestFullVolumeTakesFootageAgainWhenThereIsRoom(t *testing.T) {
	r := recording(t)
	r.store.vols[0].o.MinFree = 1 << 30 // no room to reserve, in which the footage would still fit
	r.record(2)
	r.store.vols[0].o.MinFree = 1
	r.disk.Resize(r.used() + 1000)
	list := r.batch()
	r.must(r.w.Write(list))
	var ve *VolumeError
	if err := r.w.Flush(t.Context()); !errors.As(err, &ve) || ve.Cause != CauseFull {
		t.Fatalf("flush: %v", err)
	}
	r.tend()
	if st := r.store.Volumes()[0].State; st != VolumeFull {
		t.Errorf("the volume is %s", st)
	}
	r.disk.Resize(64 << 20)
	r.tend()
	r.must(r.flush(list))
	r.expect("0-1.5 recorded")
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(never))
}

func TestSpaceIsFreedOldestFirst(t *testing.T) {
	r := recording(t)
	r.store.vols[0].o.MinFree = 1 << 30 // nothing is reserved
	for range 6 {
		r.record(2)
		r.must(r.begin(1))
	}
	r.must(r.w.Gap(CauseOffline, r.wall)) // no segment is open, for whose successor room would be made
	r.disk.Resize(r.used() + 4<<20)
	r.store.vols[0].o.MinFree = 4<<20 + 20<<10 // two segments too much
	r.tend()
	r.must(r.begin(2))
	r.record(1)
	kept, err := r.kept()
	r.must(err)
	if first := kept[0].id; first != 21 || len(kept) != 45 {
		t.Errorf("%d frames are kept, from frame %d", len(kept), first)
	}
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(func(f frame) bool { return f.id < 21 }))
}

func TestAgeGuardHoldsDeletionBackWhileTheClockIsInDoubt(t *testing.T) {
	r := newRig(t)
	r.opts.Ages.Max = time.Hour
	synchronised, mono := false, time.Duration(0)
	r.opts.Synchronised = func() bool { return synchronised }
	r.opts.Mono = func() time.Duration { return mono }
	r.must(r.open())
	defer r.close()
	r.newWriter()
	r.must(r.begin(1))
	r.record(4)
	r.must(r.w.Gap(CauseOffline, r.wall))
	r.tend()
	if n := len(r.store.Alarms()); n != 0 {
		t.Errorf("%d alarms without a deletion that is due", n)
	}
	r.now = r.now.Add(400 * 24 * time.Hour) // the battery is empty
	r.tend()
	if kept, _ := r.kept(); len(kept) != 20 {
		t.Fatal("a clock that leapt deleted footage")
	}
	alarms := r.store.Alarms()
	if len(alarms) != 1 || alarms[0].ID != "clock" || !strings.Contains(alarms[0].What, "stepped") {
		t.Errorf("alarms: %+v", alarms)
	}
	synchronised = true
	r.tend()
	if kept, _ := r.kept(); len(kept) != 0 {
		t.Error("a synchronised clock deletes nothing")
	}
	if n := len(r.store.Alarms()); n != 0 {
		t.Errorf("%d alarms remain", n)
	}
}

func TestForeignVolumesAreRefused(t *testing.T) {
	here, there := newRig(t), newRig(t)
	r := recording(t)
	r.record(1)
	r.must(r.w.Close(CauseStopped))
	r.close()
	here.must(here.open())
	here.close()

	there.disk = r.disk // a disk of another site
	there.index = here.index
	there.opts.Volumes = []VolumeOptions{{Path: mount, MinFree: 1}}
	there.must(there.open())
	defer there.close()
	there.tend()
	st := there.store.Volumes()[0]
	if st.State != VolumeMissing || !strings.Contains(st.Cause, "another") {
		t.Errorf("the volume is %+v", st)
	}
	if n := len(r.disk.Files()); n != 3 {
		t.Errorf("%d files are on it, 3 were", n)
	}
}

func TestDirectoryWithOtherFilesIsNoVolume(t *testing.T) {
	r := newRig(t)
	r.must(r.disk.Mkdir("/disk"))
	r.must(r.disk.Mkdir(mount))
	f, err := r.disk.Create(mount + "/holiday.jpg")
	r.must(err)
	r.must(f.Close())
	r.must(r.open())
	defer r.close()
	if st := r.store.Volumes()[0]; st.State == VolumeOK || !strings.Contains(st.Cause, "not empty") {
		t.Errorf("the volume is %+v", st)
	}
}

func TestJournalForgetsWhatIsGone(t *testing.T) {
	r := recording(t)
	r.tend() // the first look: nothing is there yet
	j := r.store.vols[0].journal
	j.limit = 1000
	outage := func() {
		r.record(1)
		r.must(r.w.Gap(CauseOffline, r.wall))
		r.store.say(r.store.vols[0])
		r.wall = r.wall.Add(time.Second)
		r.must(r.begin(1))
	}
	for range 20 {
		outage()
	}
	names, err := j.names()
	r.must(err)
	compact := func() {
		for range 4 * len(names) {
			r.must(r.store.compactNext(j, 1))
		}
	}
	before := r.used()
	compact()
	if r.used() != before {
		t.Error("records of footage that is there were dropped")
	}
	r.store.o.Ages.Max = 12 * time.Second
	r.tend()
	compact()
	left, err := j.names()
	r.must(err)
	if len(left) > len(names)*2/3 { // of 20 outages 8 are left
		t.Errorf("%d files of %d are left", len(left), len(names))
	}
	r.must(r.w.Close(CauseStopped))
	timeline := r.spans()
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open())
	r.expect(timeline)
	r.must(r.timeline())
}

func TestSegmentsThatAreFinishedLateLoseNothing(t *testing.T) {
	r := recording(t)
	r.record(4)
	r.close() // killed
	r.now = r.now.Add(2 * time.Second)
	r.must(r.openWithoutFinishing())
	r.expect("0-4 gateway restart")
	r.newWriter()
	r.wall = r.now
	r.must(r.begin(2))
	r.record(2)
	r.expect("0-4 gateway restart, 4-5 recorded")
	r.tend()
	r.expect("0-2 recorded, 2-4 gateway restart, 4-5 recorded")
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(never))
}

// openWithoutFinishing opens the store as if there were more open segments than can be finished at once.
func (r *rig) openWithoutFinishing() error {
	r.opts.finishTime = -1
	return r.open()
}

func TestLostIndexIsMadeAgain(t *testing.T) {
	r := recording(t)
	r.record(4)
	r.must(r.w.Gap(CauseOffline, r.wall))
	r.wall = r.wall.Add(3 * time.Second)
	r.must(r.begin(2))
	r.record(2)
	r.must(r.w.Close(CauseStopped))
	before := r.spans()
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open())
	if !r.store.Recovery().Rebuilt {
		t.Error("nothing says that the index was made again")
	}
	r.expect(before)
	r.must(r.whole(never))
}

func TestTornIndexIsMovedAsideAndMadeAgain(t *testing.T) {
	for _, keep := range []func(size int) int{
		func(int) int { return 100 },
		func(int) int { return os.Getpagesize() + 20 },
		func(size int) int { return size / 3 },
	} {
		r := recording(t)
		r.record(3)
		r.must(r.w.Close(CauseStopped))
		before := r.spans()
		r.must(r.shut())
		data, err := os.ReadFile(r.index)
		r.must(err)
		r.must(os.WriteFile(r.index, data[:keep(len(data))], 0o600))
		r.must(r.open())
		if got := r.store.Recovery(); got.TornIndex == "" || !got.Rebuilt {
			t.Errorf("of %d bytes %d: recovery %+v", len(data), keep(len(data)), got)
		} else if moved, err := os.ReadFile(got.TornIndex); err != nil || len(moved) != keep(len(data)) {
			t.Errorf("the torn index was not kept: %v", err)
		}
		r.expect(before)
		r.must(r.whole(never))
		r.close()
	}
}

func TestIndexOfANewerProgramIsRefused(t *testing.T) {
	r := newRig(t)
	r.must(r.open())
	r.must(r.store.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bMeta).Put(kSchema, []byte{indexSchema + 1}) }))
	r.close()
	if err := r.open(); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("open: %v", err)
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	r := recording(t)
	second := newRig(t)
	second.index, second.disk = r.index, r.disk
	if err := second.open(); err == nil || !strings.Contains(err.Error(), "another holdfast process") {
		t.Errorf("open: %v", err)
	}
}

func TestLongKeyFrameIntervalIsCutAndJoined(t *testing.T) {
	r := recording(t)
	r.record(1)
	for r.wall.Sub(began) < MaxSegmentTime+10*time.Second {
		list := r.batch()
		list[0].Sync = false
		r.wall = list[len(list)-1].Wall.Add(5 * time.Second) // a slow camera keeps the test short
		r.must(r.flush(list))
	}
	segments, err := r.store.Segments("door", "main", began, r.now.Add(time.Hour))
	r.must(err)
	if len(segments) != 2 || !segments[1].Joined {
		t.Fatalf("%d segments", len(segments))
	}
	if n := len(strings.Split(r.spans(), ",")); n != 1 {
		t.Errorf("the timeline has gaps: %s", r.spans())
	}
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(never))
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	first := func(r *rig) string {
		for _, f := range r.disk.Files() {
			if strings.HasSuffix(f, ".mp4") {
				return f
			}
		}
		return ""
	}
	for _, c := range []struct {
		kind string
		do   func(*rig)
	}{
		{"missing", func(r *rig) { r.must(r.disk.Remove(first(r))) }},
		{"size", func(r *rig) {
			f, err := r.disk.Open(first(r))
			r.must(err)
			r.must(errors.Join(f.Truncate(5000), f.Sync(), f.Close()))
		}},
		{"checksum", func(r *rig) { r.disk.Rot(first(r), 2500) }},
		{"orphan", func(r *rig) {
			name := filepath.Join(filepath.Dir(first(r)), "20261025T010000.000Z-00000001.mp4")
			f, err := r.disk.Create(name)
			r.must(err)
			_, err = f.WriteAt([]byte("moof"), 0)
			r.must(errors.Join(err, f.Sync(), f.Close()))
		}},
		{"journal", func(r *rig) { r.disk.Rot(mount+"/holdfast-journal/00000000.jsonl", 20) }},
		{"volume", func(r *rig) { r.disk.Unmount(mount); r.tend() }},
	} {
		t.Run(c.kind, func(t *testing.T) {
			r := recording(t)
			r.record(3)
			r.must(r.w.Close(CauseStopped))
			r.tend()
			c.do(r)
			report, err := r.store.Check(t.Context(), LevelHash, nil)
			r.must(err)
			if len(report.Findings) == 0 {
				t.Fatal("nothing is found")
			}
			for _, f := range report.Findings {
				if f.What == "" || f.Means == "" || f.Do == "" {
					t.Errorf("a finding without words: %+v", f)
				}
			}
			kinds := map[string]bool{}
			for _, f := range report.Findings {
				kinds[f.Kind] = true
			}
			if !kinds[c.kind] && !(c.kind == "checksum" && kinds["digest"]) {
				t.Errorf("found %v", kinds)
			}
		})
	}
}

func TestRangesAreBounded(t *testing.T) {
	r := recording(t)
	for _, to := range []time.Time{began, began.Add(-time.Second), began.Add(MaxRange + time.Second)} {
		if _, err := r.store.Spans("door", "main", began, to); err == nil {
			t.Errorf("spans to %s were given", to)
		}
		if _, err := r.store.Segments("door", "main", began, to); err == nil {
			t.Errorf("segments to %s were given", to)
		}
	}
	if list, err := r.store.Spans("nobody", "main", began, began.Add(time.Hour)); err != nil || len(list) != 0 {
		t.Errorf("of an unknown camera: %v, %v", list, err)
	}
}

// TestRealFileSystem is the life of the fault table on the operating system's files.
func TestRealFileSystem(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Index: filepath.Join(dir, "index.db"), Volumes: []VolumeOptions{{Path: filepath.Join(dir, "volume")}}, Synchronised: func() bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{tb: t, store: s, now: time.Now(), wall: time.Now(), disk: storagetest.New(0)}
	defer r.close()
	r.newWriter()
	r.must(r.w.Begin(1, r.wall, testTracks()))
	from := r.wall
	r.record(3)
	r.must(os.Rename(filepath.Join(dir, "volume"), filepath.Join(dir, "elsewhere")))
	list := r.batch()
	r.must(r.w.Write(list))
	var ve *VolumeError
	if err := r.w.Flush(t.Context()); !errors.As(err, &ve) || ve.Cause != CauseMissing {
		t.Fatalf("a directory that was moved away takes footage: %v", err)
	}
	r.must(os.Rename(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "volume")))
	r.tend()
	r.must(r.flush(list))
	r.must(r.w.Close(CauseStopped))
	report, err := s.Check(t.Context(), LevelHash, nil)
	if err != nil || len(report.Findings) > 0 || report.Segments != 2 {
		t.Errorf("check: %+v, %v", report, err)
	}
	spans, err := s.Spans("door", "main", from.Add(-time.Minute), r.wall)
	r.must(err)
	if len(spans) != 1 || spans[0].Gap {
		t.Errorf("spans: %v", spans)
	}
	r.must(s.Close())
}

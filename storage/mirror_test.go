package storage

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/storage/internal/durable"
)

// mirrorRig is a rig of encrypted footage that is mirrored, on two volumes.
func mirrorRig(tb testing.TB) *rig {
	r := newRig(tb).protected()
	r.opts.copyRate = -1
	r.opts.Mirrored = []string{"door"}
	r.opts.Volumes = []VolumeOptions{{Path: mount, MinFree: 1}, {Path: otherMount, MinFree: 1}}
	return r
}

// recording opens the store and begins to record.
func (r *rig) recording() (err error) {
	if err = r.again(r.open); err != nil {
		return err
	}
	r.tend()
	if r.w, err = r.store.Writer("door", "main"); err != nil {
		return err
	}
	return r.begin(1)
}

// footage gives what is stored of the stream.
func (r *rig) footage() []Segment {
	r.tb.Helper()
	list, err := r.store.Segments("door", "main", began.Add(-time.Hour), r.now.Add(time.Hour))
	r.must(err)
	return list
}

// pairs tells what is wrong with the files of segments that are closed: each must have two, with the same bytes.
func (r *rig) pairs() error {
	for _, seg := range r.footage() {
		if seg.mirror.volume == 0 {
			return errors.New(seg.Path + " has no second copy")
		}
		other, ok := r.store.otherCopy(seg)
		if !ok || !bytes.Equal(r.mounts().Content(seg.Path), r.mounts().Content(other.Path)) || len(r.mounts().Content(seg.Path)) == 0 {
			return errors.New(seg.Path + " and its second copy differ")
		}
	}
	return nil
}

// files counts the segments' files below a mount.
func (r *rig) files(below string) (n int) {
	for _, path := range r.mounts().Files() {
		if strings.HasPrefix(path, below+"/") && strings.HasSuffix(path, ".mp4") {
			n++
		}
	}
	return n
}

// sick is a file system of which some operations below a path fail.
type sick struct {
	durable.FS
	below string
	op    string // create, write, sync or close (the sync of a file that is being closed); "" is none
	err   error
	hang  chan struct{} // they wait for it first; nil: they do not
}

func (s *sick) fails(op, path string) error {
	if s.op == op && strings.HasPrefix(path, s.below+"/door/") {
		if s.hang != nil {
			<-s.hang
			return nil
		}
		return &fs.PathError{Op: op, Path: path, Err: s.err}
	}
	return nil
}

func (s *sick) Create(path string) (durable.File, error) {
	if err := s.fails("create", path); err != nil {
		return nil, err
	}
	f, err := s.FS.Create(path)
	return &sickFile{f, s, path}, err
}

type sickFile struct {
	durable.File
	s    *sick
	path string
}

func (f *sickFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.s.fails("write", f.path); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *sickFile) SyncData() error {
	return errors.Join(f.s.fails("sync", f.path), f.File.SyncData())
}

func (f *sickFile) Sync() error { return errors.Join(f.s.fails("close", f.path), f.File.Sync()) }

func TestMirroredFootageHasTheSameBytesOnTwoVolumes(t *testing.T) {
	r := mirrorRig(t)
	r.must(r.recording())
	r.must(r.flush(r.batch()))
	if st := r.store.Volumes(); st[0].Streams != 1 || st[1].Streams != 1 || st[0].Writes < 6000 || st[1].Writes < 6000 {
		t.Errorf("volumes: %+v", st)
	}
	if open := r.footage()[0]; !open.Open || open.mirror.volume == 0 {
		t.Errorf("open segment: %+v", open)
	}
	if where := r.store.Whereabouts("door", "main"); len(where.Volumes) != 2 {
		t.Errorf("recorded on %v", where.Volumes)
	}
	r.must(r.flush(r.batch()))
	r.must(r.begin(1))
	r.must(r.flush(r.batch()))
	r.must(r.w.Close(CauseStopped))
	r.must(r.pairs())
	r.must(r.whole(never))
	report, err := r.store.Check(t.Context(), LevelMedia, nil)
	r.must(err)
	if len(report.Findings) > 0 {
		t.Errorf("check finds %+v", report.Findings)
	}
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open())
	r.must(r.pairs())
	r.must(r.whole(never))
}

// TestOneCopyFailsAndRecordingGoesOn breaks one of both volumes in the middle of a segment. The segment goes on in the other
// without a gap, and before anything that the broken one lacks is confirmed the index has let go of its file.
func TestOneCopyFailsAndRecordingGoesOn(t *testing.T) {
	for _, below := range []string{mount, otherMount} {
		for _, c := range []struct {
			op  string
			err error
		}{{"create", syscall.EIO}, {"write", syscall.EIO}, {"write", syscall.ENOSPC}, {"write", syscall.EROFS}, {"sync", syscall.EIO}, {"close", syscall.EIO}} {
			t.Run(strings.ReplaceAll(below, "/", "")+" "+c.op+" "+c.err.Error(), func(t *testing.T) {
				r := mirrorRig(t)
				r.must(r.open())
				ill := &sick{FS: r.store.fs, below: below, err: c.err}
				r.store.fs = ill
				r.tend()
				var err error
				r.w, err = r.store.Writer("door", "main")
				r.must(err)
				r.must(r.begin(1))
				if c.op == "create" {
					ill.op = c.op
				}
				r.must(r.flush(r.batch()))
				before := r.files(below)
				ill.op = c.op
				r.must(r.w.Write(r.batch()))
				r.must(r.w.Flush(t.Context()))
				if c.op == "close" {
					r.must(r.w.Close(CauseStopped))
				} else if seg := r.footage()[0]; !seg.Open || seg.mirror.volume != 0 || strings.HasPrefix(seg.Path, below+"/") || seg.Size == 0 {
					t.Errorf("the open segment: %+v", seg)
				}
				if kept, err := r.kept(); err != nil || len(kept) != 2*batchSize {
					t.Errorf("%d frames are stored: %v", len(kept), err)
				}
				if list := r.footage(); len(list) != 1 {
					t.Errorf("%d segments", len(list))
				}
				if c.op != "create" && before != 1 {
					t.Errorf("%d files before", before)
				}
				if c.op != "close" {
					r.must(r.w.Close(CauseStopped))
				}
				ill.op = ""
				r.tend()
				r.tend()
				if n := r.files(below); n != 0 {
					t.Errorf("%d files are left on the volume that failed", n)
				}
				r.must(r.whole(never))
				r.acked = nil // both batches were given by hand
				r.must(r.goOn())
				if n := r.files(below); n != 1 {
					t.Errorf("%d files on the volume that is back", n)
				}
			})
		}
	}
}

func TestVolumeThatVanishesLeavesTheOtherCopy(t *testing.T) {
	for _, gone := range []string{mount, otherMount} {
		r := mirrorRig(t)
		r.must(r.recording())
		r.must(r.flush(r.batch()))
		r.disk.Unmount(gone)
		r.must(r.flush(r.batch()))
		r.must(r.w.Close(CauseStopped))
		if list := r.footage(); len(list) != 1 || list[0].mirror.volume != 0 {
			t.Errorf("segments: %+v", list)
		}
		r.disk.Mount(gone)
		r.tend()
		r.tend()
		if n := r.files(gone); n != 0 {
			t.Errorf("%d files are left", n)
		}
		r.must(r.whole(never))
	}
}

// TestVolumeThatHangsIsLeftForTheOtherCopy takes as long as a recorder is patient.
func TestVolumeThatHangsIsLeftForTheOtherCopy(t *testing.T) {
	r := mirrorRig(t)
	r.must(r.open())
	ill := &sick{FS: r.store.fs, below: mount, hang: make(chan struct{})}
	r.store.fs = ill
	r.tend()
	var err error
	r.w, err = r.store.Writer("door", "main")
	r.must(err)
	r.must(r.begin(1))
	r.must(r.flush(r.batch()))
	ill.op = "write"
	start := time.Now()
	r.must(r.flush(r.batch()))
	if took := time.Since(start); took < callPatience || took > 2*callPatience {
		t.Errorf("it took %v", took)
	}
	if seg := r.footage()[0]; seg.mirror.volume != 0 || !strings.HasPrefix(seg.Path, otherMount) {
		t.Errorf("segment: %+v", seg)
	}
	r.must(r.flush(r.batch()))
	close(ill.hang)
	r.must(r.w.Close(CauseStopped))
	r.tend()
	r.must(r.whole(never))
}

func TestVolumeThatIsDrainedIsLeftForTheOtherCopy(t *testing.T) {
	r := mirrorRig(t)
	r.must(r.recording())
	r.must(r.flush(r.batch()))
	r.must(r.store.Drain(mount))
	r.must(r.flush(r.batch()))
	r.must(r.flush(r.batch()))
	r.must(r.w.Close(CauseStopped))
	list := r.footage()
	if len(list) != 2 || list[0].mirror.volume == 0 || list[1].mirror.volume != 0 || filepath.Dir(filepath.Dir(filepath.Dir(list[1].Path))) != otherMount+"/door" {
		t.Errorf("segments: %+v", list)
	}
	r.must(r.drainAll())
	r.must(r.emptied())
	r.must(r.whole(never))
}

func TestMirroringThatIsAskedForBeginsAtTheNextKeyFrame(t *testing.T) {
	r := mirrorRig(t)
	r.opts.Mirrored = nil
	t.Cleanup(r.close)
	r.must(r.recording())
	r.record(1)
	if w := r.store.Whereabouts("door", "main"); len(w.Volumes) != 1 {
		t.Fatalf("recorded to %v", w.Volumes)
	}
	r.store.SetMirror("door", true)
	if m := r.store.Mirroring("door"); m.Mirrored() || m.Why != justWanted {
		t.Errorf("before the next key frame: %+v", m)
	}
	r.record(2)
	if m, w := r.store.Mirroring("door"), r.store.Whereabouts("door", "main"); !m.Mirrored() || len(w.Volumes) != 2 {
		t.Errorf("after it: %+v, recorded to %v", m, w.Volumes)
	}
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(never))
}

// TestForecastOfAMirroredCameraCountsBothCopies has a large volume and a small one: what is mirrored fits as often as on the small one.
func TestForecastOfAMirroredCameraCountsBothCopies(t *testing.T) {
	r := mirrorRig(t)
	r.must(r.open())
	large, small := r.store.list()[0], r.store.list()[1]
	for _, c := range []struct {
		room  map[*volume]int64
		pins  []string
		keeps time.Duration
	}{
		{map[*volume]int64{large: 100_000, small: 100_000}, nil, 1000 * time.Second},
		{map[*volume]int64{large: 900_000, small: 100_000}, nil, 1000 * time.Second},
		{map[*volume]int64{large: 900_000, small: 100_000}, []string{otherMount}, 1000 * time.Second},
		{map[*volume]int64{large: 900_000}, nil, 4500 * time.Second}, // the other is away
	} {
		r.store.o.Pins = map[string][]string{"door": c.pins}
		list := []Forecast{{Camera: "door", Rate: 200}} // 100 to each
		if r.store.foretell(list, c.room); list[0].Keeps != c.keeps {
			t.Errorf("%v, pinned to %v: kept for %v", c.room, c.pins, list[0].Keeps)
		}
	}
}

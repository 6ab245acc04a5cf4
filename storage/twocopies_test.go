package storage

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/internal/durable"
	"holdfast/storage/storagetest"
)

// twice is a store whose four segments lie on both of its volumes.
func twice(t *testing.T) *rig {
	r := drainable(t)
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	for i := range segments {
		r.must(r.store.copySegment(t.Context(), &segments[i], r.store.list()[1], func(tx *bbolt.Tx, now *Segment, at place) error {
			now.mirror = at
			return putSegment(tx, now)
		}))
	}
	r.must(r.whole(never))
	return r
}

// badSectors is a disk of which one path cannot be read behind its beginning.
type badSectors struct {
	durable.FS
	below string
}

func (b badSectors) OpenRead(path string) (durable.File, error) {
	f, err := b.FS.OpenRead(path)
	if rel, rerr := filepath.Rel(b.below, path); err == nil && rerr == nil && filepath.IsLocal(rel) {
		return unreadableFile{f}, nil
	}
	return f, err
}

type unreadableFile struct{ durable.File }

func (u unreadableFile) ReadAt(p []byte, off int64) (int, error) {
	if size, err := u.Size(); err == nil && off+int64(len(p)) < size/2 && off > 0 {
		return 0, syscall.EIO
	}
	return u.File.ReadAt(p, off)
}

func TestReadingTakesTheOtherCopyAlsoMidway(t *testing.T) {
	for name, breakIt := range map[string]func(*rig){
		"bad sectors": func(r *rig) { r.store.fs = badSectors{r.store.fs, mount} },
		"no such file": func(r *rig) {
			for _, path := range r.mounts().Files() {
				if rel, err := filepath.Rel(mount, path); err == nil && filepath.IsLocal(rel) && filepath.Ext(path) == ".mp4" {
					r.must(r.mounts().Remove(path))
				}
			}
		},
		"volume gone":       func(r *rig) { r.mounts().At(mount).Befall(storagetest.Vanishes); r.tend() },
		"volume out of use": func(r *rig) { r.must(r.store.RemoveVolume(mount, true)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := twice(t)
			want, err := r.kept()
			r.must(err)
			breakIt(r)
			got, err := r.kept()
			if err != nil || len(got) != len(want) || len(got) == 0 {
				t.Errorf("%d frames of %d can be read: %v", len(got), len(want), err)
			}
		})
	}
}

func TestNeitherCopyCanBeRead(t *testing.T) {
	r := twice(t)
	r.store.fs = badSectors{badSectors{r.store.fs, mount}, otherMount}
	if _, err := r.kept(); err == nil {
		t.Error("footage that cannot be read is read")
	}
}

func TestDeletingRemovesBothCopiesAndRebuildFindsBoth(t *testing.T) {
	r := twice(t)
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open())
	again, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	if len(again) != len(segments) || again[0].mirror.volume == 0 || again[3].Digest != segments[3].Digest {
		t.Fatalf("rebuilt: %+v", again)
	}
	r.must(r.whole(never))
	v := r.store.list()[1]
	_, err = r.store.removeSome(&turn{v: v, number: r.store.numberOf(v), now: r.now, until: time.Now().Add(time.Minute), deletes: len(again)}, again, CauseRetention)
	r.must(err)
	r.tend()
	for _, path := range r.mounts().Files() {
		if filepath.Ext(path) == ".mp4" {
			t.Errorf("%s is left", path)
		}
	}
}

func TestPinnedCameraReturnsToItsVolume(t *testing.T) {
	r := drainable(t)
	v, other := r.store.list()[0], r.store.list()[1]
	r.store.o.Pins = map[string][]string{"door": {otherMount}}
	choose := func(want *volume, alarms int) {
		t.Helper()
		if got, err := r.store.pick("door"); err != nil || got != want {
			t.Errorf("%v is chosen, %v", got, err)
		}
		if n := len(r.store.Alarms()); n != alarms {
			t.Errorf("%d alarms: %+v", n, r.store.Alarms())
		}
	}
	choose(other, 0)
	r.mounts().At(otherMount).Befall(storagetest.Vanishes)
	r.tend()
	choose(v, 2) // the volume, and that the camera is not where it should be
	r.mounts().At(otherMount).Mend()
	r.tend()
	choose(other, 0)
}

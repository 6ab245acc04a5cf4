package storage

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"holdfast/storage/internal/durable"
)

// mirrored is a rig whose second segment has a copy on a second volume. It gives both files.
func mirrored(t testing.TB) (r *rig, one, other string) {
	r = newRig(t)
	r.opts.Volumes = []VolumeOptions{{Path: mount, MinFree: 1}}
	r.must(r.open())
	r.tend()
	r.live(1)
	r.must(r.store.Close())
	r.store = nil
	r.opts.Volumes = append(r.opts.Volumes, VolumeOptions{Path: "/disk/second", MinFree: 1})
	r.must(r.open())
	r.tend()
	second := r.store.numberOf(r.store.list()[1])
	r.put(func(tx *bbolt.Tx) error {
		seg, _ := firstSegment(tx)
		one, other = filepath.Join(mount, seg.relative()), filepath.Join("/disk/second", seg.relative())
		f, err := durable.Create(r.disk, "/disk/second", other)
		r.must(err)
		_, err = f.WriteAt(r.disk.Content(one), 0)
		r.must(errors.Join(err, durable.Commit(r.disk, f, "/disk/second", other), f.Close()))
		if err := unorder(tx, tx.Bucket(bSegments).Bucket(streamKey("door", "main")), &seg); err != nil {
			return err
		}
		v := seg
		v.mirror = place{volume: second}
		if err := tx.Bucket(bSegments).Bucket(streamKey("door", "main")).Put(v.key(), v.marshal()); err != nil {
			return err
		}
		return orderAgain(tx, &v)
	})
	return r, one, other
}

// TestRepairTakesTheOtherCopy damages one file of a segment that is stored twice: the repair makes it again from the
// other, whichever it is. With both damaged, both are kept.
func TestRepairTakesTheOtherCopy(t *testing.T) {
	gone := func(r *rig, path string) {
		r.must(errors.Join(r.disk.Remove(path), r.disk.SyncDir(filepath.Dir(path))))
	}
	for name, damage := range map[string]func(*rig, string){
		"gone":    gone,
		"header":  func(r *rig, path string) { r.rot(path, "header") },
		"payload": func(r *rig, path string) { r.rot(path, "payload") },
		"table":   func(r *rig, path string) { r.rot(path, "table") },
		"short":   func(r *rig, path string) { r.rewrite(path, func(b []byte) []byte { return b[:len(b)/2] }) },
	} {
		for i := range 2 {
			r, one, other := mirrored(t)
			if report := r.check(LevelHash, nil); len(report.Findings) > 0 {
				t.Fatalf("before: %+v", report.Findings)
			}
			bad, good := one, other
			if i == 1 {
				bad, good = other, one
			}
			damage(r, bad)
			plan := r.check(LevelHash, nil)
			if len(plan.Findings) != 1 || plan.Findings[0].Path != bad || !strings.Contains(plan.Findings[0].Repair, "other volume") {
				t.Fatalf("%s: %+v", name, plan.Findings)
			}
			if done := r.check(LevelHash, &CheckOptions{Repair: true}); done.Left() != 0 {
				t.Fatalf("%s: %+v", name, done.Findings)
			}
			if !bytes.Equal(r.disk.Content(bad), r.disk.Content(good)) {
				t.Errorf("%s: the copies differ", name)
			}
			if report := r.check(LevelHash, nil); len(report.Findings)+len(report.Known) > 0 {
				t.Errorf("%s after: %+v, %+v", name, report.Findings, report.Known)
			}
			r.close()
		}
	}
	r, one, other := mirrored(t)
	defer r.close()
	r.rot(one, "payload")
	r.rot(other, "payload")
	if done := r.check(LevelHash, &CheckOptions{Repair: true}); done.Left() != 0 || done.Repaired != 2 {
		t.Fatalf("both damaged: %+v", done.Findings)
	}
	if report := r.check(LevelHash, nil); len(report.Findings) > 0 || len(report.Known) != 2 {
		t.Errorf("both damaged, after: %+v, %+v", report.Findings, report.Known)
	}
}

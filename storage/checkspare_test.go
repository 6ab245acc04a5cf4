package storage

import (
	"errors"
	"os"
	"strings"
	"testing"

	"holdfast/storage/keyring"
	"holdfast/storage/storagetest"
)

// spareNote is what a check says of keys without footage, nil when it says nothing.
func spareNote(r *Report) *Finding {
	for i := range r.Notes {
		if r.Notes[i].Kind == KindSpare {
			return &r.Notes[i]
		}
	}
	return nil
}

// spare makes a key that nothing is recorded under.
func (r *rig) spare() keyring.ID {
	r.tb.Helper()
	id, _, err := r.store.o.Keys.Make("door", began, r.store.list()[0].status().ID)
	r.must(err)
	return id
}

func TestCheckTellsOfKeysWithoutFootageAndARepairForgetsThem(t *testing.T) {
	r := protectedClosed(t)
	if report := r.check(LevelFiles, nil); len(report.Notes) > 0 {
		t.Fatalf("before: %+v", report.Notes)
	}
	id := r.spare()
	report := r.check(LevelFiles, nil)
	if f := spareNote(&report); f == nil || f.Done || !strings.Contains(f.What, "1 keys") || len(report.Findings) > 0 {
		t.Fatalf("%+v", report)
	}
	report = r.check(LevelFiles, &CheckOptions{Repair: true})
	if f := spareNote(&report); f == nil || !f.Done {
		t.Fatalf("%+v", report)
	}
	if _, err := r.store.o.Keys.Find("door", began, id); !errors.Is(err, ErrErased) {
		t.Errorf("the key after the repair: %v", err)
	}
	r.must(r.whole(never))
	if report := r.check(LevelFiles, nil); len(report.Notes) > 0 {
		t.Errorf("after the repair: %+v", report.Notes)
	}
}

// TestAVolumeThatWasRemovedEmptyDoesNotKeepKeysWithoutFootage drains one, and takes it out of use.
func TestAVolumeThatWasRemovedEmptyDoesNotKeepKeysWithoutFootage(t *testing.T) {
	r := protectedClosed(t)
	r.must(r.addOther())
	r.must(r.store.Drain(r.first()))
	r.must(r.drainAll())
	r.must(r.store.RemoveVolume(r.first(), false))
	r.tend()
	id := r.spare()
	report := r.check(LevelFiles, &CheckOptions{Repair: true})
	if f := spareNote(&report); f == nil || !f.Done {
		t.Errorf("%+v", report)
	}
	if _, err := r.store.o.Keys.Find("door", began, id); !errors.Is(err, ErrErased) {
		t.Errorf("the key after the repair: %v", err)
	}
	r.must(r.whole(never))
}

// TestKeysWithoutFootageStayWhileFootageMayBeElsewhere has a volume that is away, a finding, a file that was lost, and a key whose footage
// is about to be in the index.
func TestKeysWithoutFootageStayWhileFootageMayBeElsewhere(t *testing.T) {
	for name, hide := range map[string]func(r *rig){
		"a copy of the keyring is away": func(r *rig) {
			r.must(r.disk.Mkdir("/away"))
			r.must(r.store.o.Keys.Attach("gone", "/away/keys"))
			r.store.o.Keys.Tend(r.tb.Context())
			r.store.o.Keys.Detach("gone")
		},
		"a file is unknown": func(r *rig) { r.plant(mount+"/door/main/2026-10-25/unknown.mp4", []byte("what is it?")) },
		"a file was lost": func(r *rig) {
			r.lose(mount + "/door")
			r.check(LevelFiles, &CheckOptions{Repair: true})
		},
		"a key is being made": func(r *rig) { r.store.keyBegins("door", began) },
	} {
		r := protectedClosed(t)
		id := r.spare()
		hide(r)
		report := r.check(LevelFiles, &CheckOptions{Repair: true})
		if f := spareNote(&report); f != nil && (f.Done || f.Error == "") {
			t.Errorf("%s: %+v", name, f)
		}
		if _, err := r.store.o.Keys.Find("door", began, id); err != nil {
			t.Errorf("%s: the key is gone: %v", name, err)
		}
		r.close()
	}
}

// TestKeysOfWhatWasNeverRecordedAreForgotten lets every call to the disk fail, fail after it took effect, and be the last before a crash,
// while a segment is created and gets its first fragment. No key is left that no footage needs, but where the keyring's own files are
// written, or a crash comes between a key and the note of it.
func TestKeysOfWhatWasNeverRecordedAreForgotten(t *testing.T) {
	begins := func(r *rig) error {
		r.must(r.open())
		r.newWriter()
		r.tend()
		return errors.Join(r.begin(1), r.flush(r.batch()))
	}
	r := newRig(t).protected()
	r.must(r.open())
	from := r.disk.Ops() + 1
	r.close()
	r = newRig(t).protected()
	r.must(begins(r))
	to := r.disk.Ops()
	r.close()
	left := 0
	for at := from; at <= to; at++ {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter, storagetest.Crashes} {
			r := newRig(t).protected()
			r.disk.Inject(storagetest.Fault{At: at, Mode: mode})
			begins(r)
			if mode == storagetest.Crashes {
				r.close()
				index, err := os.ReadFile(r.index)
				r.must(err)
				r = r.after(storagetest.All, 1, index)
				r.must(r.open())
			}
			r.disk.Inject(storagetest.Fault{})
			r.tend()
			r.tend()
			if n := len(r.store.making); n > 0 {
				t.Errorf("%s %v: %d keys are taken to be in the making for ever", r.disk.Op(at), mode, n)
			}
			report := r.check(LevelFiles, nil)
			if f := spareNote(&report); f != nil {
				making := strings.Contains(r.disk.Op(at), keysDir) // a key that could not be made may be there all the same
				if left++; mode != storagetest.Crashes && !making || !strings.Contains(f.What, "1 keys") {
					t.Errorf("%s %v: %s", r.disk.Op(at), mode, f.What)
				}
			}
			r.close()
			os.Remove(r.index)
		}
	}
	t.Logf("%d operations, %d faults left a key", to-from+1, left)
}

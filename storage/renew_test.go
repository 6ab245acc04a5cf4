package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// richRig has lived: two volumes, two cameras, outages, runs that overlap, events, locks, deletions, damage, a restart,
// over the end of summer time and of a day.
func richRig(t testing.TB) *rig {
	r := newRig(t)
	r.opts.Volumes = append(r.opts.Volumes, VolumeOptions{Path: "/disk/second", MinFree: 1})
	r.opts.Ages = Ages{Max: 2 * time.Hour}
	r.must(r.open())
	r.tend()
	r.live(1)
	lock, err := r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(time.Second), Until: r.now.Add(30 * time.Hour)})
	r.must(err)
	_, err = r.store.Lock(Lock{Camera: "hall", From: began, To: began.Add(time.Second), Until: r.now.Add(30 * time.Hour)})
	r.must(err)
	r.tend()
	r.now = r.now.Add(90 * time.Minute)
	r.wall = r.now
	_, err = r.store.Event(Event{Camera: "door", Start: r.now, End: r.now.Add(time.Second), Kind: "motion", Source: "camera"})
	r.must(err)
	r.live(20)
	r.close() // the power goes
	r.now = r.now.Add(time.Minute)
	r.must(r.open())
	r.tend()
	_, err = r.store.Unlock(lock.ID)
	r.must(err)
	r.wall = r.now.Add(-20 * time.Second) // the clock went back
	r.live(40)
	r.now = r.now.Add(70 * time.Minute) // the first recordings are too old now
	for range 4 {
		r.tend()
	}
	files := r.mp4s()
	r.rot(files[len(files)-1], "payload")
	if done := r.check(LevelHash, &CheckOptions{Repair: true}); done.Repaired == 0 || done.Left() > 0 {
		t.Fatalf("%+v", done)
	}
	r.tend()
	return r
}

// live records two cameras for a while, with outages.
func (r *rig) live(run uint32) {
	r.tb.Helper()
	for i, camera := range []string{"door", "hall", "door"} {
		w, err := r.store.Writer(camera, "main")
		r.must(err)
		r.w = w
		for n := range uint32(3) {
			r.must(r.begin(run + 3*uint32(i) + n))
			r.must(r.flush(r.batch()))
			r.must(r.flush(r.batch()))
			r.must(w.Gap([]Cause{CauseOffline, CauseNetwork, CauseAuth}[n], r.wall))
			r.wall = r.wall.Add(1500 * time.Millisecond)
		}
		r.must(w.Close(CauseDisabled))
		r.w = nil
	}
	r.now = later(r.now, r.wall)
	r.tend()
}

// contents are the buckets of an index, line by line. Streams have numbers, and places in the order of deletion classes,
// that are given anew; they are named and left out.
func contents(t testing.TB, path string) map[string][]string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := map[string][]string{}
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			lines := linesOf(tx, string(name), "", b)
			slices.Sort(lines)
			all[string(name)] = lines
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func linesOf(tx *bbolt.Tx, name, in string, b *bbolt.Bucket) (lines []string) {
	b.ForEach(func(k, v []byte) error {
		if inner := b.Bucket(k); inner != nil {
			lines = append(lines, linesOf(tx, name, in+fmt.Sprintf("%q/", k), inner)...)
			return nil
		}
		switch name {
		case "streams":
			var e streamEntry
			json.Unmarshal(v, &e)
			lines = append(lines, fmt.Sprintf("%q longest %v gap %d", k, e.Longest, e.Gap))
		case "numbers":
			lines = append(lines, string(v))
		case "order":
			lines = append(lines, fmt.Sprintf("%s %x %q", in[:10], k[:segmentKey], tx.Bucket(bNumbers).Get(k[segmentKey:])))
		case "held":
			lines = append(lines, fmt.Sprint("bytes and segments ", binary.BigEndian.Uint64(v) > 0))
		case "later", "meta":
		case "segments":
			seg, _ := unmarshalSegment(k, v)
			lines = append(lines, fmt.Sprintf("%s%x %+v", in, k, seg))
		case "gaps":
			if g, err := readGap(k, v); err != nil || !overlapped(tx, in, g) {
				lines = append(lines, fmt.Sprintf("%s%q = %q", in, k, v))
			}
		default:
			lines = append(lines, fmt.Sprintf("%s%q = %q", in, k, v))
		}
		return nil
	})
	return lines
}

// overlapped tells whether footage begins within a gap: the clock went back, and was recorded under once more. Where such a
// gap ends, its journal does not say; a rebuild's report does.
func overlapped(tx *bbolt.Tx, in string, g gapEntry) bool {
	name, _ := strconv.Unquote(strings.TrimSuffix(in, "/"))
	camera, stream := splitKey([]byte(name))
	next, ok := nextStart(tx, camera, stream, g.start)
	return ok && !g.end.IsZero() && next.Before(g.end)
}

// TestRebuiltIndexIsTheOneThatWasLost makes an index again with the old one beside it, and without, and compares them
// bucket by bucket.
func TestRebuiltIndexIsTheOneThatWasLost(t *testing.T) {
	for _, lost := range []bool{false, true} {
		r := richRig(t)
		r.must(r.store.Close())
		r.store = nil
		old := contents(t, r.index)
		for _, bucket := range []string{"segments", "gaps", "events", "locks", "damaged", "order", "volumes"} {
			if len(old[bucket]) == 0 {
				t.Fatalf("the life left nothing in %s", bucket)
			}
		}
		if lost {
			r.must(os.Remove(r.index))
		}
		report, err := r.rebuild()
		r.must(err)
		if report.Segments != len(old["segments"]) || report.Locks == 0 || report.Events == 0 || report.Gaps == 0 || report.Damaged != 1 || report.Streams != 2 || report.Volumes != 2 || (report.Aside == "") != lost {
			t.Errorf("%+v", report)
		}
		compare(t, old, contents(t, r.index), 1)
		r.must(r.open())
		r.tend()
		if report := r.check(LevelHash, nil); len(report.Findings) > 0 || len(report.Known) != 1 {
			t.Errorf("check finds %+v", report)
		}
		r.must(r.goOnWith())
		r.close()
	}
}

func (r *rig) rebuild() (RebuildReport, error) {
	o, err := r.options()
	if err != nil {
		return RebuildReport{}, err
	}
	return Rebuild(r.tb.Context(), o, func(RebuildProgress) {})
}

// goOnWith records more after a rebuild.
func (r *rig) goOnWith() (err error) {
	r.wall = r.now
	if r.w, err = r.store.Writer("door", "main"); err != nil {
		return err
	}
	if err := r.begin(99); err != nil {
		return err
	}
	if err := r.flush(r.batch()); err != nil {
		return err
	}
	return r.w.Close(CauseStopped)
}

// compare tells what differs. Of gaps that were recorded under once more, of which the old ones are left out, so many may
// be new.
func compare(t *testing.T, old, now map[string][]string, overlapped int) {
	t.Helper()
	for bucket, want := range old {
		got := now[bucket]
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s lost %s", bucket, line)
			}
		}
		for _, line := range got {
			if !slices.Contains(want, line) {
				if bucket == "gaps" && overlapped > 0 {
					overlapped--
					continue
				}
				t.Errorf("%s has new %s", bucket, line)
			}
		}
	}
}

// TestRebuildRefusesWhatWouldLoseFootage keeps the old index when a volume is not there, and when it is broken off.
func TestRebuildRefusesWhatWouldLoseFootage(t *testing.T) {
	r := richRig(t)
	r.must(r.store.Close())
	r.store = nil
	before, err := os.ReadFile(r.index)
	r.must(err)
	r.disk.Unmount("/disk/second")
	if _, err := r.rebuild(); err == nil || !strings.Contains(err.Error(), "/disk/second") {
		t.Errorf("rebuilt without a volume: %v", err)
	}
	r.disk.Mount("/disk/second")
	after, err := os.ReadFile(r.index)
	r.must(err)
	if !bytes.Equal(before, after) {
		t.Error("the old index is not as it was")
	}
	if _, err := os.Stat(r.index + ".rebuild"); err == nil {
		t.Error("the half of a new index is left")
	}
}

// TestRebuildReadsTheFirstFormat makes the index of what the first version wrote again; it agrees with the one that was
// migrated, and with a check.
func TestRebuildReadsTheFirstFormat(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	r.must(os.CopyFS(dir, os.DirFS(v1)))
	r.must(copyIndex(dir+"/index.db", r.index))
	r.now = began.Add(90 * time.Second)
	forgetPath(r, dir+"/volume")
	o := Options{Index: r.index, Volumes: []VolumeOptions{{Path: dir + "/volume", MinFree: 1}}, Now: func() time.Time { return r.now }, Synchronised: r.opts.Synchronised}
	once := func() {
		s, err := Open(o)
		r.must(err)
		r.store = s
		r.tend()
		if report := r.check(LevelMedia, nil); len(report.Findings) > 0 || report.Segments < 3 {
			t.Errorf("check finds %+v", report)
		}
		r.must(s.Close())
		r.store = nil
	}
	once()
	old := contents(t, r.index)
	_, err := Rebuild(t.Context(), o, nil)
	r.must(err)
	compare(t, old, contents(t, r.index), 0)
	once()
}

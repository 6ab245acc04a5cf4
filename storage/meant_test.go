package storage

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/storage/internal/durable"
)

// senseless are records whose checksum is right and which say nothing.
func senseless() []record {
	start, end := began, began.Add(time.Second)
	never := time.Time{}
	return []record{
		{Type: "event", Camera: "door", ID: "no id", Kind: "motion"},
		{Type: "event", Camera: "", ID: newEventID(began), Kind: "motion"},
		{Type: "event", Camera: "door", ID: newEventID(began)},
		{Type: "lock", Camera: "door", ID: newLockID(), Start: &end, End: &start, Until: &end},
		{Type: "lock", Camera: "door", ID: newLockID(), Start: &start, End: &end},
		{Type: "lock", Camera: "door", ID: newLockID(), Start: &start, End: &end, Until: &never},
		{Type: "unlock", Camera: "a/b", ID: newLockID(), Start: &start, End: &end, Until: &end},
		{Type: "gap", Camera: strings.Repeat("x", 40_000), Stream: "main", At: start, Cause: CauseOffline},
		{Type: "gap", Camera: "door", Stream: "main", Cause: CauseOffline},
		{Type: "deleted", Camera: "door", Stream: "", Path: "x", Start: &start, End: &end},
		{Type: "closed", Camera: "door", Stream: "main", Path: "x", End: &end},
		{Type: "erased", Camera: "door", Stream: "main", Start: &start},
		{Type: "erasure", Camera: "door", ID: "x"},
		{Type: "erasure", Camera: "door", ID: "x", Erasure: json.RawMessage(`{"id":7}`)},
	}
}

// TestSenselessRecordsOfAJournalAreToldAndStopNothing puts them among good ones: an index that is made again has what the good
// ones tell, a check names the others, and a repair sets them aside.
func TestSenselessRecordsOfAJournalAreToldAndStopNothing(t *testing.T) {
	r := closedRig(t)
	bad := senseless()
	for i := range bad {
		r.must(r.store.journalTo(r.store.list()[0], bad[i], record{Type: "of a newer program", Camera: "door", At: r.now}))
	}
	_, err := r.store.Event(Event{Camera: "door", Start: began, End: began.Add(time.Second), Kind: "motion"})
	r.must(err)
	_, err = r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(time.Second), Until: r.now.Add(time.Hour)})
	r.must(err)
	r.tend()
	r.must(r.store.Close())
	r.store = nil
	report, err := r.rebuild()
	r.must(err)
	if told := strings.Join(report.NotRestored, "\n"); report.Events != 1 || report.Locks != 1 || report.Segments != 3 || !strings.Contains(told, "14 lines") {
		t.Errorf("%+v", report)
	}
	r.must(r.open())
	defer func() { r.close() }()
	if found := r.check(LevelFiles, &CheckOptions{Repair: true}); len(found.Findings) != 1 || found.Findings[0].Kind != KindJournal || found.Left() != 0 {
		t.Errorf("%+v", found.Findings)
	}
	r.must(r.whole(never))
	n := 0
	_, err = replay(r.disk, mount, func(x record) {
		if x.Type == "event" || x.Type == "lock" {
			n++
		}
	})
	if r.must(err); n != 2 {
		t.Errorf("%d events and locks are told after the repair", n)
	}
}

// TestErasedFootageDoesNotComeBackWithANewIndex makes the index again after an erasure, where a copy of what went is left on
// another volume, and while one is under way.
func TestErasedFootageDoesNotComeBackWithANewIndex(t *testing.T) {
	for _, done := range []bool{true, false} {
		for _, clear := range []bool{true, false} {
			r := erasable(t, clear)
			r.must(r.w.Close(CauseStopped))
			other := VolumeOptions{Path: otherMount, MinFree: 1}
			_, err := r.store.AddVolume(other)
			r.must(err)
			r.opts.Volumes = append(r.opts.Volumes, other)
			path := r.mp4s()[1]
			whole := r.disk.Content(path)
			if done {
				r.erase(3, 9)
				r.plant(strings.Replace(path, mount, otherMount, 1), whole)
			} else {
				r.must(r.store.orderErasure(&Erasure{Camera: "door", From: at(3), To: at(9), Ground: GroundTest, Requested: r.now, Erased: []Erased{}, ID: newErasureID(r.now)}))
			}
			r.must(r.store.Close())
			r.store = nil
			report, err := r.rebuild()
			r.must(err)
			if done && report.Segments != 2 || !done && report.Segments != 3 {
				t.Errorf("done %v, clear %v: %d segments", done, clear, report.Segments)
			}
			r.must(r.open())
			r.tend()
			list, err := r.store.Erasures("door")
			r.must(err)
			if len(list) != 1 || list[0].Done.IsZero() {
				t.Fatalf("done %v, clear %v: %+v", done, clear, list)
			}
			r.drop(list[0])
			r.nothingIn(list[0])
			r.must(r.whole(never))
			r.close()
		}
	}
}

// plant puts a file on the disk.
func (r *rig) plant(path string, data []byte) {
	r.tb.Helper()
	r.must(durable.MkdirAll(r.disk, filepath.Dir(path)))
	r.must(durable.WriteFile(r.disk, path, data))
}

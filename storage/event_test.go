package storage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/storagetest"
)

// recorded is a rig with some seconds of footage in two segments and a writer that goes on.
func recorded(t testing.TB) *rig {
	t.Helper()
	r := newRig(t)
	r.must(r.open())
	r.tend()
	var err error
	r.w, err = r.store.Writer("door", "main")
	r.must(err)
	for range 2 {
		r.must(r.begin(1))
		r.must(r.flush(r.batch()))
		r.must(r.flush(r.batch()))
	}
	return r
}

// marks writes out every event and lock of the index.
func (r *rig) marks() string {
	var b strings.Builder
	r.must(r.store.index.db.View(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bEvents, bLocks} {
			err := tx.Bucket(name).ForEach(func(k, v []byte) error {
				if v != nil {
					fmt.Fprintf(&b, "%s %x %x\n", name, k, v)
					return nil
				}
				return tx.Bucket(name).Bucket(k).ForEach(func(kk, vv []byte) error {
					fmt.Fprintf(&b, "%s %s %x %x\n", name, k, kk, vv)
					return nil
				})
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return b.String()
}

func TestEventIsRaisedExtendedEndedAndListed(t *testing.T) {
	r := recorded(t)
	raised, err := r.store.Event(Event{Camera: "door", Start: began.Add(time.Second), Kind: "motion", Source: "rule 1", Pre: 5 * time.Second, Post: 10 * time.Second})
	r.must(err)
	if len(raised.ID) != 16 || !raised.End.IsZero() {
		t.Fatalf("raised %+v", raised)
	}
	list, err := r.store.Events("door", began, began.Add(time.Hour), 0)
	r.must(err)
	if len(list) != 1 || list[0] != raised {
		t.Fatalf("events are %+v", list)
	}
	raised.End = began.Add(1500 * time.Millisecond)
	ended, err := r.store.Event(Event{ID: raised.ID, Camera: "door", End: raised.End, Post: 10 * time.Second})
	r.must(err)
	if ended != raised {
		t.Errorf("ended %+v, not %+v", ended, raised)
	}
	point, err := r.store.Event(Event{Camera: "door", Start: began.Add(2 * time.Second), End: began.Add(2 * time.Second), Kind: "Mark"})
	r.must(err)
	for _, c := range []struct {
		from, to time.Duration
		limit    int
		want     []Event
	}{
		{0, time.Hour, 0, []Event{ended, point}},
		{0, time.Hour, 1, []Event{ended}},
		{1500 * time.Millisecond, 2 * time.Second, 0, []Event{}},
		{2 * time.Second, 3 * time.Second, 0, []Event{point}},
		{0, 1100 * time.Millisecond, 0, []Event{ended}},
	} {
		got, err := r.store.Events("door", began.Add(c.from), began.Add(c.to), c.limit)
		r.must(err)
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v to %v, %d: %+v, want %+v", c.from, c.to, c.limit, got, c.want)
		}
	}
	if _, err := r.store.Event(Event{ID: newEventID(began), Camera: "door", End: began}); !errors.Is(err, ErrNoEvent) {
		t.Errorf("an event that nobody raised: %v", err)
	}
	if _, err := r.store.Event(Event{ID: ended.ID, Camera: "yard", End: began}); !errors.Is(err, ErrNoEvent) {
		t.Errorf("another camera's event: %v", err)
	}
}

func TestEventThatCannotBeIsRefused(t *testing.T) {
	r := recorded(t)
	good := Event{Camera: "door", Start: began, End: began, Kind: "motion"}
	for name, change := range map[string]func(*Event){
		"no camera":      func(e *Event) { e.Camera = "a/b" },
		"no kind":        func(e *Event) { e.Kind = "" },
		"long kind":      func(e *Event) { e.Kind = strings.Repeat("x", 65) },
		"two lines":      func(e *Event) { e.Source = "a\nb" },
		"no text":        func(e *Event) { e.Source = "\xff" },
		"no time":        func(e *Event) { e.Start, e.End = time.Time{}, time.Time{} },
		"far future":     func(e *Event) { e.Start, e.End = e.Start.AddDate(400, 0, 0), time.Time{} },
		"ends before":    func(e *Event) { e.End = e.Start.Add(-1) },
		"lasts too long": func(e *Event) { e.End = e.Start.Add(MaxEventTime + 1) },
		"long roll":      func(e *Event) { e.Pre = MaxEventRoll + 1 },
		"negative roll":  func(e *Event) { e.Post = -1 },
	} {
		e := good
		change(&e)
		if _, err := r.store.Event(e); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if got := r.marks(); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestEventCostsLessThanAHundredBytes(t *testing.T) {
	r := newRig(t)
	r.must(r.open())
	defer r.close()
	size := func() (n int) {
		r.must(r.store.index.db.View(func(tx *bbolt.Tx) error {
			if b := tx.Bucket(bEvents).Bucket([]byte("door")); b != nil {
				s := b.Stats()
				n = (s.LeafPageN + s.BranchPageN) * os.Getpagesize()
			}
			return nil
		}))
		return n
	}
	const events, each = 100 * 365, 365
	for from := 0; from < events; from += each {
		r.must(r.store.index.db.Update(func(tx *bbolt.Tx) error {
			for i := from; i < from+each; i++ {
				start := began.Add(time.Duration(i) * 864 * time.Second)
				err := putEvent(tx, &Event{ID: newEventID(start), Camera: "door", Start: start, End: start.Add(20 * time.Second), Kind: "line crossing", Source: "tns1:RuleEngine", Pre: 5 * time.Second})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	per := float64(size()) / events
	t.Logf("%.1f bytes an event, %.2f MB a camera-year at 100 a day", per, float64(size())/1e6)
	if per > 100 {
		t.Errorf("an event costs %.1f bytes of the index", per)
	}
}

func TestLockIsMadeChangedEndedAndListed(t *testing.T) {
	r := recorded(t)
	until := r.now.Add(30 * 24 * time.Hour)
	l, err := r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(time.Second), Until: until})
	r.must(err)
	all := func() []Lock {
		list, err := r.store.Locks("", began.Add(-time.Hour), began.Add(time.Hour))
		r.must(err)
		return list
	}
	if list := all(); len(list) != 1 || list[0] != l || !l.Created.Equal(r.now) {
		t.Fatalf("locks are %+v", list)
	}
	l.To = began.Add(time.Minute)
	if l, err = r.store.Lock(l); err != nil || len(all()) != 1 || all()[0] != l {
		t.Fatalf("changed: %+v, %v", all(), err)
	}
	if list, err := r.store.Locks("yard", began, began.Add(time.Hour)); err != nil || len(list) != 0 {
		t.Errorf("of another camera: %+v, %v", list, err)
	}
	if ended, err := r.store.Unlock(l.ID); err != nil || ended != l || len(all()) != 0 {
		t.Errorf("ended %+v, %v; left %+v", ended, err, all())
	}
	if _, err := r.store.Unlock(l.ID); !errors.Is(err, ErrNoLock) {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := r.store.Lock(l); err == nil {
		t.Error("a lock that ended came back under its id")
	}
}

func TestLockThatCannotBeIsRefused(t *testing.T) {
	r := recorded(t)
	r.store.o.LockMax = 10 * 24 * time.Hour
	good := Lock{Camera: "door", From: began, To: began.Add(time.Second), Until: r.now.Add(time.Hour)}
	for name, change := range map[string]func(*Lock){
		"no camera":    func(l *Lock) { l.Camera = "" },
		"no range":     func(l *Lock) { l.To = l.From },
		"long range":   func(l *Lock) { l.To = l.From.Add(MaxRange + 1) },
		"no time":      func(l *Lock) { l.From = time.Time{} },
		"no end":       func(l *Lock) { l.Until = time.Time{} },
		"over":         func(l *Lock) { l.Until = r.now },
		"too long":     func(l *Lock) { l.Until = r.now.Add(10*24*time.Hour + 1) },
		"id of a path": func(l *Lock) { l.ID = "../../etc/passwd" },
	} {
		l := good
		change(&l)
		if _, err := r.store.Lock(l); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for range MaxLocks {
		_, err := r.store.Lock(good)
		r.must(err)
	}
	if _, err := r.store.Lock(good); err == nil {
		t.Error("a lock beyond the bound was taken")
	}
}

// What the journals tell makes the same events and locks again, also after compaction.
func TestEventsAndLocksOutliveTheIndex(t *testing.T) {
	for _, compacted := range []bool{false, true} {
		r := recorded(t)
		for i := range 3 {
			e, err := r.store.Event(Event{Camera: "door", Start: began.Add(time.Duration(i) * 500 * time.Millisecond), Kind: "motion", Post: time.Second})
			r.must(err)
			if i > 0 {
				_, err = r.store.Event(Event{ID: e.ID, Camera: "door", End: e.Start.Add(time.Second), Post: time.Second})
				r.must(err)
			}
			if i > 1 { // it was ended too late
				_, err = r.store.Event(Event{ID: e.ID, Camera: "door", End: e.Start.Add(time.Millisecond)})
				r.must(err)
			}
		}
		var locks []Lock
		for i := range 3 {
			l, err := r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(time.Duration(i+1) * time.Second), Until: r.now.Add(time.Hour)})
			r.must(err)
			locks = append(locks, l)
		}
		_, err := r.store.Unlock(locks[1].ID)
		r.must(err)
		locks[2].To = began.Add(time.Hour)
		_, err = r.store.Lock(locks[2])
		r.must(err)
		before := r.marks()
		r.must(r.w.Close(CauseStopped))
		r.w = nil
		if compacted {
			compactAll(r)
		}
		r.must(r.shut())
		r.must(os.Remove(r.index))
		r.must(r.open())
		if after := r.marks(); after != before {
			t.Errorf("compacted %t: made again is\n%s, was\n%s", compacted, after, before)
		}
		r.close()
	}
}

// compactAll rewrites every journal file of a rig's volume without what is not needed.
func compactAll(r *rig) {
	v := r.store.list()[0]
	v.journal.mu.Lock()
	v.journal.abandon() // the next record begins a file
	v.journal.mu.Unlock()
	r.must(r.store.journalTo(v, record{Type: "gap", At: r.now, Camera: "none", Stream: "none", Cause: CauseOffline}))
	names, err := v.journal.names()
	r.must(err)
	for range names {
		r.must(r.store.compactNext(v.journal, r.store.numberOf(v)))
	}
}

// A volume that does not take the note does not keep a lock from holding.
func TestEventsAndLocksHoldWhereNoJournalTakesThem(t *testing.T) {
	r := recorded(t)
	r.disk.Inject(storagetest.Fault{At: r.disk.Ops() + 1, Mode: storagetest.Fails, Err: errors.New("broken")})
	l, err := r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(time.Second), Until: r.now.Add(time.Hour)})
	r.must(err)
	if list, _ := r.store.Locks("door", began, began.Add(time.Hour)); len(list) != 1 {
		t.Fatalf("locks are %+v", list)
	}
	r.disk.Inject(storagetest.Fault{})
	r.tend()
	r.tend()
	var said bytes.Buffer
	for _, f := range r.disk.Files() {
		if strings.Contains(f, journalDir) {
			said.Write(r.disk.Content(f))
		}
	}
	if !strings.Contains(said.String(), l.ID) {
		t.Error("the lock never came into a journal")
	}
}

// A journal that lost lines is written again with what it told of events and locks.
func TestMendedJournalTellsOfEventsAndLocksAgain(t *testing.T) {
	r := recorded(t)
	_, err := r.store.Event(Event{Camera: "door", Start: began, End: began.Add(time.Second), Kind: "motion"})
	r.must(err)
	for range 2 {
		l, err := r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(time.Second), Until: r.now.Add(time.Hour)})
		r.must(err)
		if r.marks() != "" && strings.Count(r.marks(), "locks") == 2 {
			_, err = r.store.Unlock(l.ID)
			r.must(err)
		}
	}
	r.must(r.w.Close(CauseStopped))
	r.w = nil
	before := r.marks()
	v := r.store.list()[0]
	r.must(v.journal.close())
	for _, f := range r.disk.Files() {
		if strings.Contains(f, journalDir) {
			r.must(r.disk.Remove(f))
		}
	}
	r.must(r.store.mendJournal(v))
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open())
	defer r.close()
	if after := r.marks(); after != before {
		t.Errorf("made again is\n%s, was\n%s", after, before)
	}
}

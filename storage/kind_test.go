package storage

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// orderly tells whether the order of deletion agrees with the segments: each closed one stands in one class, is due where that
// says so, and is counted.
func (r *rig) orderly() error {
	return r.store.index.db.View(func(tx *bbolt.Tx) error {
		want, due, sums := map[string]bool{}, map[string]bool{}, map[string]held{}
		err := tx.Bucket(bSegments).ForEachBucket(func(k []byte) error {
			e, err := streamOf(tx, k)
			if err != nil || string(tx.Bucket(bNumbers).Get([]byte{byte(e.Number >> 24), byte(e.Number >> 16), byte(e.Number >> 8), byte(e.Number)})) != string(k) {
				return fmt.Errorf("stream %q has number %d: %w", k, e.Number, err)
			}
			return tx.Bucket(bSegments).Bucket(k).ForEach(func(key, v []byte) error {
				seg, err := unmarshalSegment(key, v)
				if err != nil || seg.Open {
					return err
				}
				at, ok := standingOf(tx, &seg, e.Number)
				if !ok {
					return fmt.Errorf("the segment of %s of %q is in no order", seg.Start, k)
				}
				for _, volume := range seg.volumes() {
					ck := string(classKey(volume, at.class))
					want[ck+string(orderKey(&seg, e.Number))] = true
					sums[ck] = held{sums[ck].bytes + seg.Size, sums[ck].segments + 1}
				}
				if at.due != 0 {
					due[string(volumeKey(seg.volume))+string(laterKey(at.due, orderKey(&seg, e.Number)))] = true
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		return disorder(tx, want, due, sums)
	})
}

// disorder names what is in the order and should not be, or not be so often.
func disorder(tx *bbolt.Tx, want, due map[string]bool, sums map[string]held) error {
	for _, c := range []struct {
		bucket []byte
		want   map[string]bool
	}{{bOrder, want}, {bLater, due}} {
		n := 0
		err := tx.Bucket(c.bucket).ForEachBucket(func(k []byte) error {
			return tx.Bucket(c.bucket).Bucket(k).ForEach(func(kk, _ []byte) error {
				n++
				if !c.want[string(k)+string(kk)] {
					return fmt.Errorf("%s has %x %x, of no segment", c.bucket, k, kk)
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		if n != len(c.want) {
			return fmt.Errorf("%s has %d entries, should have %d", c.bucket, n, len(c.want))
		}
	}
	return tx.Bucket(bHeld).ForEach(func(k, _ []byte) error {
		if h := heldOn(tx, uint16(k[0])<<8|uint16(k[1]), class(k[2])); h != sums[string(k)] {
			return fmt.Errorf("held %x is %+v, should be %+v", k, h, sums[string(k)])
		}
		return nil
	})
}

// pieces records n segments of half a second each, one behind the other.
func (r *rig) pieces(n int) {
	r.tb.Helper()
	for range n {
		r.must(r.begin(1))
		r.record(1)
	}
}

// left tells in tenths of seconds since began which segments there are, such as "0 5 10".
func (r *rig) left() string {
	r.tb.Helper()
	segments, err := r.store.Segments("door", "main", began.Add(-time.Hour), began.Add(300*24*time.Hour))
	r.must(err)
	var words []string
	for _, s := range segments {
		words = append(words, fmt.Sprint(int(s.Start.Sub(began)/(100*time.Millisecond))))
	}
	return strings.Join(words, " ")
}

func (r *rig) expectLeft(want string) {
	r.tb.Helper()
	r.tend()
	if got := r.left(); got != want {
		r.tb.Errorf("at %v: segments %q are left, should be %q", r.now.Sub(began), got, want)
	}
	r.must(r.orderly())
}

// kinds is a rig with ten segments of which 10 and 15 are of an event, 15 and 20 locked, and one that is open.
func kinds(t *testing.T, a Ages) (r *rig, l Lock) {
	t.Helper()
	r = newRig(t)
	r.opts.Ages = a
	r.must(r.open())
	t.Cleanup(r.close)
	r.tend()
	r.newWriter()
	r.pieces(10)
	at := func(tenths int) time.Time { return began.Add(time.Duration(tenths) * 100 * time.Millisecond) }
	_, err := r.store.Event(Event{Camera: "door", Start: at(14), End: at(16), Kind: "motion", Pre: 100 * time.Millisecond})
	r.must(err)
	l, err = r.store.Lock(Lock{Camera: "door", From: at(19), To: at(21), Until: began.Add(10 * 24 * time.Hour)})
	r.must(err)
	return r, l
}

func TestFootageIsKeptByItsKind(t *testing.T) {
	const day = 24 * time.Hour
	r, l := kinds(t, Ages{Max: day, Event: 3 * day})
	r.expectLeft("0 5 10 15 20 25 30 35 40 45")
	r.now = began.Add(day + 3200*time.Millisecond)
	r.expectLeft("10 15 20 30 35 40 45")
	r.now = began.Add(day + time.Hour)
	r.expectLeft("10 15 20 45")
	r.now = began.Add(3*day + time.Hour)
	r.expectLeft("15 20 45")
	if list, err := r.store.Events("door", began, began.Add(time.Hour), 0); err != nil || len(list) != 1 {
		t.Errorf("the event went before its footage: %+v, %v", list, err)
	}
	r.now = l.Until
	r.expectLeft("45")
	if list, err := r.store.Locks("", began, began.Add(time.Hour)); err != nil || len(list) != 0 {
		t.Errorf("a lock holds after its end: %+v, %v", list, err)
	}
	if list, err := r.store.Events("door", began, began.Add(time.Hour), 0); err != nil || len(list) != 0 {
		t.Errorf("the event outlives its footage: %+v, %v", list, err)
	}
	r.must(r.whole(func(f frame) bool { return true }))
}

func TestEndOfALockFreesItsFootageAtOnce(t *testing.T) {
	const day = 24 * time.Hour
	r, l := kinds(t, Ages{Max: day, Event: 3 * day})
	r.now = began.Add(2 * day)
	r.expectLeft("10 15 20 45")
	_, err := r.store.Unlock(l.ID)
	r.must(err)
	r.must(r.orderly())
	r.expectLeft("10 15 45") // 15 is still of an event
	r.now = began.Add(4 * day)
	r.expectLeft("45")
}

func TestLockAndEventOfFootageThatWasLookedAtHold(t *testing.T) {
	const day = 24 * time.Hour
	r, _ := kinds(t, Ages{Max: day, Event: 3 * day})
	r.now = began.Add(2 * day)
	r.expectLeft("10 15 20 45")
	_, err := r.store.Lock(Lock{Camera: "door", From: began.Add(time.Second), To: began.Add(1100 * time.Millisecond), Until: began.Add(20 * day)})
	r.must(err)
	r.now = began.Add(19 * day)
	r.expectLeft("10 45") // the first lock ended
	r.now = began.Add(20 * day)
	r.expectLeft("45")
}

func TestNeedOfSpaceTakesContinuousThenEventsAndNeverLocked(t *testing.T) {
	r, l := kinds(t, Ages{Max: 100 * 24 * time.Hour})
	v := r.store.list()[0]
	take := func(segments int64) { // as if so much were missing
		st, err := r.disk.Space(mount)
		r.must(err)
		r.store.list()[0].o.MinFree = st.Free + (segments-1)*7200 + 1
		v.pace = writeRate{}
	}
	take(1)
	r.expectLeft("5 10 15 20 25 30 35 40 45")
	take(3)
	r.expectLeft("10 15 20 35 40 45")
	take(3)
	r.expectLeft("15 20 45") // 10 is of the event
	if r.store.list()[0].stuck {
		t.Error("it counts as stuck before it is")
	}
	take(3)
	r.expectLeft("15 20 45")
	if !r.store.list()[0].stuck {
		t.Error("nobody says that only locked footage is left")
	}
	_, err := r.store.Unlock(l.ID)
	r.must(err)
	r.expectLeft("45")
	if r.store.list()[0].stuck {
		t.Error("it is stuck on")
	}
	r.must(r.whole(func(f frame) bool { return true }))
}

func TestChangedAgesHoldForFootageThatIsThere(t *testing.T) {
	const day = 24 * time.Hour
	r, _ := kinds(t, Ages{Max: day, Event: 3 * day})
	r.now = began.Add(2 * day)
	r.expectLeft("10 15 20 45")
	r.store.SetAges("door", Ages{Event: 9 * day})
	r.now = began.Add(4 * day)
	r.expectLeft("10 15 20 45")
	r.store.SetAges("door", Ages{Max: 3 * day})
	r.expectLeft("15 20 45")
	r.must(r.w.Close(CauseStopped))
	r.w = nil
	r.must(r.shut())
	r.opts.Ages = Ages{Max: 3 * day}
	r.must(r.open())
	r.now = began.Add(9 * day)
	r.expectLeft("15 20")
	r.now = began.Add(11 * day)
	r.expectLeft("")
}

func TestFootageThatComesLateIsLookedAt(t *testing.T) {
	const day = 24 * time.Hour
	r, _ := kinds(t, Ages{Max: day, Event: 3 * day})
	r.close() // killed: the last segment is open
	r.now = began.Add(4 * day)
	r.must(r.openWithoutFinishing())
	r.must(r.orderly())
	r.must(r.store.examine(r.now)) // passes the open one
	if got := r.left(); got != "0 5 10 15 20 25 30 35 40 45" {
		t.Errorf("looking deleted: %s", got)
	}
	r.expectLeft("15 20")
}

func TestLockHoldsWhileTheClockIsInDoubt(t *testing.T) {
	synchronised, mono := true, time.Duration(0)
	r, l := kinds(t, Ages{Max: 24 * time.Hour})
	r.store.guard.synchronised, r.store.guard.mono = func() bool { return synchronised }, func() time.Duration { return mono }
	synchronised = false
	r.now = l.Until.Add(time.Hour)
	r.expectLeft("0 5 10 15 20 25 30 35 40 45")
	r.store.list()[0].o.MinFree = 64 << 20 // all of the disk is to be free
	r.expectLeft("15 20 45")
	synchronised = true
	r.expectLeft("45")
}

func TestDeletionBeforeThePromisedAgeIsNoted(t *testing.T) {
	r, _ := kinds(t, Ages{Max: 100 * 24 * time.Hour, Min: 10 * 24 * time.Hour})
	r.now = began.Add(24 * time.Hour)
	r.store.list()[0].o.MinFree = 64 << 20
	r.expectLeft("15 20 45")
	r.must(r.timeline())
	check := func() {
		t.Helper()
		spans, err := r.store.Spans("door", "main", began, began.Add(5*time.Second))
		r.must(err)
		early := 0
		for _, s := range spans {
			if s.Early && s.Cause == CauseRetention && s.Start.Equal(began.Add(2500*time.Millisecond)) && s.End.Equal(began.Add(4500*time.Millisecond)) {
				early++
			}
		}
		if early != 1 {
			t.Errorf("spans are %+v", spans)
		}
		r.must(r.store.index.db.View(func(tx *bbolt.Tx) error {
			if e, err := streamOf(tx, streamKey("door", "main")); err != nil || e.Broken != began.Add(4500*time.Millisecond).UnixNano() {
				t.Errorf("the stream is %+v, %v", e, err)
			}
			return nil
		}))
	}
	check()
	r.must(r.w.Close(CauseStopped))
	r.w = nil
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open())
	check()
}

func TestFirstSchemaIsBroughtToThePresentOne(t *testing.T) {
	r, _ := kinds(t, Ages{})
	r.must(r.orderly())
	dump := func() string {
		var b bytes.Buffer
		r.must(r.store.index.db.View(func(tx *bbolt.Tx) error {
			for _, name := range [][]byte{bOrder, bLater} {
				err := tx.Bucket(name).ForEachBucket(func(k []byte) error {
					return tx.Bucket(name).Bucket(k).ForEach(func(kk, v []byte) error {
						fmt.Fprintf(&b, "%s %x %x %x\n", name, k, kk, v)
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
	before := dump()
	r.must(r.store.index.db.Update(func(tx *bbolt.Tx) error { // as an older program had left it
		for _, name := range [][]byte{bEvents, bLocks, bNumbers, bOrder, bLater, bHeld} {
			r.must(tx.DeleteBucket(name))
		}
		r.must(tx.Bucket(bStreams).Put(streamKey("door", "main"), []byte(`{"longest":300000000000}`)))
		return tx.Bucket(bMeta).Put(kSchema, []byte{1})
	}))
	r.close()
	r.must(r.openWithoutFinishing())
	r.must(r.orderly())
	if after := dump(); after != before {
		t.Errorf("the order is\n%s, was\n%s", after, before)
	}
}

// A record that cannot be read, which a check names, does not keep what is behind it.
func TestMalformedRecordHoldsNoDeletionUp(t *testing.T) {
	r, l := kinds(t, Ages{Max: time.Hour})
	_, err := r.store.Unlock(l.ID)
	r.must(err)
	r.must(r.store.index.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bSegments).Bucket(streamKey("door", "main"))
		k, _ := b.Cursor().First()
		return b.Put(bytes.Clone(k), []byte("?"))
	}))
	r.now = began.Add(2 * time.Hour)
	r.tend()
	r.must(r.store.index.db.View(func(tx *bbolt.Tx) error {
		n := 0
		err := tx.Bucket(bSegments).Bucket(streamKey("door", "main")).ForEach(func(_, v []byte) error {
			n++
			return nil
		})
		if n != 2 { // the malformed one, and the open one
			t.Errorf("%d records are left", n)
		}
		return err
	}))
}

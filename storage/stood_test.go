package storage

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestSegmentIsGivenUpAfterItsClosingStood has the index say that it could not take a closing that it took. The writer gives the
// segment up then, and what is closed already is opened again: the order of deletion and what it adds up to must stay true, at once
// and when it is finished anew.
func TestSegmentIsGivenUpAfterItsClosingStood(t *testing.T) {
	r := protectedRecording(t)
	r.record(2)
	o := r.w.seg
	r.must(r.store.closeFile(o))
	r.w.abandon()
	r.must(r.sound())
	r.record(2)
	r.tend()
	r.must(r.sound())
	r.must(r.w.Close(CauseStopped))
	r.must(r.sound())
	r.must(r.whole(never))
}

// TestASegmentThatIsOpenedAgainIsCountedOnce: what a stream writes decides how long its footage is said to be kept.
func TestASegmentThatIsOpenedAgainIsCountedOnce(t *testing.T) {
	r := protectedRecording(t)
	r.record(2)
	o := r.w.seg
	r.must(r.store.closeFile(o))
	key := streamKey(o.Camera, o.Stream)
	bytes := func() (n float64) {
		r.must(r.store.index.db.View(func(tx *bbolt.Tx) error {
			e, err := streamOf(tx, key)
			n = e.Bytes
			return err
		}))
		return n
	}
	put := func(open bool) {
		r.must(r.store.index.db.Update(func(tx *bbolt.Tx) error {
			seg, ok, err := segmentOf(tx, o.Camera, o.Stream, o.key())
			if !ok {
				t.Fatal("the segment is not there")
			}
			seg.Open = open
			return errors.Join(err, putSegment(tx, &seg))
		}))
	}
	once := bytes()
	if once == 0 {
		t.Fatal("a closed segment is not counted")
	}
	put(true)
	if n := bytes(); n > once/1e6 {
		t.Errorf("opened again it counts for %g of %g bytes", n, once)
	}
	put(false)
	if n := bytes(); n < once*0.999 || n > once*1.001 {
		t.Errorf("closed again it counts for %g bytes, and for %g before", n, once)
	}
	r.w.abandon()
	r.tend()
	r.must(r.w.Close(CauseStopped))
}

// TestSegmentThatTheIndexTookTooLateMeetsTheNext has the index fail as a segment is closed and as it is given up, so that only the
// file says where it ends after a crash: a guess, of how long the last picture lasts, and too long here.
func TestSegmentThatTheIndexTookTooLateMeetsTheNext(t *testing.T) {
	for _, off := range []time.Duration{-30 * time.Millisecond, 30 * time.Millisecond} {
		r := protectedRecording(t)
		r.record(2)
		r.wall = r.wall.Add(off)
		n := 0
		r.store.index.db.fails = func() (undone, stood error) {
			if n++; n <= 2 { // closed, given up
				return syscall.EIO, nil
			}
			return nil, nil
		}
		r.w.rotate = true
		r.record(2)
		if n < 3 {
			t.Fatalf("%d transactions: the segment was not given up", n)
		}
		r.must(r.w.Close(CauseStopped))
		until := r.wall
		want := fmt.Sprintf("0-%g recorded", until.Sub(began).Seconds())
		for _, when := range []string{"crash", "end"} {
			r.close()
			r.must(r.open())
			r.tend()
			r.now = until
			if got := r.spans(); got != want {
				t.Errorf("%v off, after the %s: %s, want %s", off, when, got, want)
			}
			r.must(r.sound())
		}
		r.must(r.whole(never))
		r.close()
	}
}

// indexLives are what the index goes through, and what a store must be afterwards.
var indexLives = []struct {
	name string
	rig  func(testing.TB) *rig
	life func(*rig) error
	look func(*rig) error // of an open store
}{
	{"recording", func(tb testing.TB) *rig { return faultRig(tb, false) }, (*rig).life, func(r *rig) error { return errors.Join(r.whole(r.aged), r.sound(), r.goOn()) }},
	{"recording to two volumes", mirrorFaultRig, (*rig).life, func(r *rig) error { return errors.Join(r.whole(r.aged), r.goOn()) }},
	{"erasing", eraseRig, (*rig).erasing, (*rig).goneOrKept},
	{"erasing both copies", mirrorRig, (*rig).erasing, (*rig).goneOrKept},
	{"filling", fillRig, (*rig).filling, func(r *rig) error { return r.whole(never) }},
	{"emptying a volume", drainRig, (*rig).drainLife, func(r *rig) error { r.close(); return r.drainedAfter() }},
}

// TestIndexFaultTable has every transaction of some lives fail, undone as on a full disk, or standing all the same as when its last
// sync fails. Afterwards nothing that was said to be safe is lost, nothing is there twice, a check finds nothing, and recording goes on.
func TestIndexFaultTable(t *testing.T) {
	t.Parallel()
	for _, l := range indexLives {
		count := 0
		r := l.rig(t)
		r.openedWith(func() (undone, stood error) { count++; return nil, nil })
		if err := l.life(r); err != nil || count < 10 {
			t.Fatalf("%s: %d transactions: %v", l.name, count, err)
		}
		var cases atomic.Int64
		spread(t, every(1, count), func(t *testing.T, at int) {
			for _, stands := range []bool{false, true} {
				cases.Add(1)
				r := l.rig(t)
				err := r.indexFails(l.life, l.look, at, stands)
				r.discard()
				if err != nil {
					t.Errorf("%s, transaction %d of %d, standing %v: %v", l.name, at, count, stands, err)
				}
			}
		})
		t.Logf("%s: %d transactions, %d faults", l.name, count, cases.Load())
	}
}

// indexFails lives with a transaction that fails. What is told of that is a fault is no failure; what the store is afterwards may be.
func (r *rig) indexFails(life, look func(*rig) error, at int, stands bool) error {
	n := 0
	r.openedWith(func() (undone, stood error) {
		switch n++; {
		case n != at:
			return nil, nil
		case stands:
			return nil, syscall.EIO
		}
		return syscall.EIO, nil
	})
	life(r)
	r.close()
	r.opened = nil
	if err := r.open(); err != nil {
		return err
	}
	r.tend()
	if err := look(r); err != nil {
		return err
	}
	if r.store == nil { // it looked at it from the outside
		if err := r.open(); err != nil {
			return err
		}
	}
	return r.sound()
}

// openedWith has the transactions of every store that the rig opens fail as f says.
func (r *rig) openedWith(f func() (undone, stood error)) {
	r.opened = func(s *Store) { s.index.db.fails = f }
}

// sound gives what a check finds wrong.
func (r *rig) sound() (err error) {
	for _, f := range r.check(LevelHash, nil).Findings {
		err = errors.Join(err, errors.New(f.Kind+" "+f.Path+": "+f.What))
	}
	return err
}

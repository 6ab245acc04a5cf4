package storage

import (
	"testing"
	"time"
)

// TestWhatAnEmptiedVolumeToldOfItsFilesIsNotOfTheOthers has parts of an erasure, and footage that a lock kept from its deletion, move
// to another volume, where they get the names that went. An index that is made of that volume has them.
func TestWhatAnEmptiedVolumeToldOfItsFilesIsNotOfTheOthers(t *testing.T) {
	r := erasable(t, false)
	r.must(r.w.Close(CauseStopped))
	r.w = nil
	r.erase(1.2, 1.7)
	v := r.store.list()[0]
	chosen, err := r.store.oldestOn(v, 10)
	r.must(err)
	last := chosen[len(chosen)-1]
	_, err = r.store.Lock(Lock{Camera: "door", From: last.Start, To: last.End, Until: r.now.Add(time.Hour)})
	r.must(err)
	_, err = r.store.removeSome(&turn{v: v, number: r.store.numberOf(v), now: r.now, until: time.Now().Add(time.Minute), deletes: 1}, []Segment{last}, CauseRetention)
	r.must(err)
	r.must(r.addOther())
	r.must(r.store.Drain(r.first()))
	r.must(r.drainAll())
	r.tend()
	r.must(r.emptied())
	r.must(r.whole(never))
	r.close()
	r.opts.Volumes = r.opts.Volumes[1:]
	r.index += ".lost"
	r.lost = true
	r.must(r.open())
	r.tend()
	r.must(r.whole(never))
}

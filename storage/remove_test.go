package storage

import (
	"testing"
	"time"
)

// TestFootageThatIsLockedAsItIsDeletedStaysAlsoWithoutItsIndex makes a lock between the choice of a segment and its deletion: the
// journal has the deletion already.
func TestFootageThatIsLockedAsItIsDeletedStaysAlsoWithoutItsIndex(t *testing.T) {
	r := closedRig(t)
	defer func() { r.close() }()
	v := r.store.list()[0]
	chosen, err := r.store.oldestOn(v, 2)
	r.must(err)
	_, err = r.store.Lock(Lock{Camera: "door", From: chosen[0].Start, To: chosen[0].End, Until: r.now.Add(time.Hour)})
	r.must(err)
	_, err = r.store.removeSome(&turn{v: v, number: r.store.numberOf(v), now: r.now, until: time.Now().Add(time.Minute), deletes: 2}, chosen, CauseRetention)
	r.must(err)
	r.tend()
	deleted := func(f frame) bool { return !f.wall.Before(chosen[1].Start) && f.wall.Before(chosen[1].End) }
	r.must(r.whole(deleted))
	r.close()
	r.index += ".lost"
	r.lost = true
	r.must(r.open())
	r.tend()
	r.must(r.whole(deleted))
}

package storage

import (
	"strings"
	"testing"
	"time"
)

// reserved is how much of a disk is used beyond the bytes of its files.
func (r *rig) reserved() int64 {
	space, err := r.disk.Space(mount)
	if err != nil {
		r.tb.Fatal(err)
	}
	used := space.Total - space.Free
	for _, path := range r.disk.Files() {
		used -= int64(len(r.disk.Content(path)))
	}
	return used
}

// allocations counts the calls that reserved space.
func (r *rig) allocations() (n int) {
	for i := range r.disk.Ops() {
		if strings.HasPrefix(r.disk.Op(i+1), "fallocate ") {
			n++
		}
	}
	return n
}

// minutes records footage of a stream that is due after some minutes, a second at a time.
func (r *rig) minutes(n int) {
	for range n * 60 {
		for range 2 {
			if err := r.flush(r.batch()); err != nil {
				r.tb.Fatal(err)
			}
		}
	}
}

func reservingRig(t *testing.T, total int64) *rig {
	r := newRig(t)
	r.disk.Resize(total)
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	r.tend()
	var err error
	if r.w, err = r.store.Writer("door", "main"); err != nil {
		t.Fatal(err)
	}
	r.w.stagger = 0
	if err := r.begin(1); err != nil {
		t.Fatal(err)
	}
	return r
}

// A stream whose rate is known reserves all that a segment needs in one call when the segment is created, and gives back
// what it did not need.
func TestSegmentIsReservedWholeAndLeavesNothingReserved(t *testing.T) {
	r := reservingRig(t, 1<<30)
	r.minutes(6) // one segment tells the rate
	if err := r.w.Gap(CauseOffline, r.wall); err != nil {
		t.Fatal(err)
	}
	if left := r.reserved(); left != 0 {
		t.Fatalf("%d bytes are reserved while nothing is written", left)
	}
	r.w.rate *= 8 // a segment of some steps
	need := int64(r.w.rate * SegmentTime.Seconds())
	before := r.allocations()
	if err := r.begin(2); err != nil {
		t.Fatal(err)
	}
	if err := r.flush(r.batch()); err != nil {
		t.Fatal(err)
	}
	if got := r.reserved(); got < max(need/2, allocateStep) || got > max(2*need, allocateStep)+allocateStep {
		t.Fatalf("%d bytes are reserved for a segment of about %d", got, need)
	}
	r.minutes(2)
	if n := r.allocations() - before; n != 1 {
		t.Fatalf("space was reserved %d times for one segment", n)
	}
}

// A volume that is nearly full keeps what is to stay free; retention then makes room for the segment that is about to
// begin, ahead of need.
func TestRetentionMakesRoomForTheNextSegment(t *testing.T) {
	r := reservingRig(t, 1<<30)
	v := r.store.vols[0]
	v.o.MinFree = 256 << 20
	r.minutes(6)
	seg := r.w.seg
	if seg == nil {
		t.Fatal("no segment is open")
	}
	v.mu.Lock()
	v.free = v.o.MinFree + 40<<20
	v.mu.Unlock()
	if v.reserve(50 << 20) {
		t.Error("a reservation ate into what is to stay free")
	}
	if !v.reserve(allocateStep) {
		t.Error("not even a step is reserved where there is room")
	}
	v.expect("x", appetite{bytes: 60 << 20, at: r.now.Add(aheadTime / 2)})
	if need := v.need(); need != 36<<20 {
		t.Errorf("retention is to free %d bytes for a segment of 60 MiB, where 24 MiB are free beyond the headroom", need)
	}
	v.expect("x", appetite{bytes: 60 << 20, at: r.now.Add(time.Minute)})
	if need := v.need(); need != 0 {
		t.Errorf("retention is to free %d bytes for a segment that is not due", need)
	}
	v.expect("x", appetite{bytes: 1 << 40})
	if need := v.need(); need > v.total/aheadPart {
		t.Errorf("retention is to empty the volume of %d bytes for a segment that it cannot hold", need)
	}
}

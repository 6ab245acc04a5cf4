package storage

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestEachSpanTellsWhatSpansTells makes histories of every kind of trouble at random and compares both ways to read them, of ranges at random.
func TestEachSpanTellsWhatSpansTells(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 7))
	seen := map[Cause]bool{}
	for range 8 {
		r := newRig(t)
		r.must(r.open())
		number := r.store.numberOf(r.store.list()[0])
		end := began
		r.put(func(tx *bbolt.Tx) (err error) { end, err = putRandomHistory(tx, number, random); return err })
		r.now = end.Add(time.Duration(random.Int64N(int64(time.Hour))) - 20*time.Minute)
		long := end.Sub(began) + 2*time.Hour
		for range 200 {
			from := began.Add(time.Duration(random.Int64N(int64(long))) - time.Hour)
			compareSpans(t, r.store, from, from.Add(1+time.Duration(random.Int64N(int64(long)))), seen)
		}
		r.close()
	}
	for _, c := range []Cause{"", CauseOffline, CauseRetention, CauseUnknown, CauseDisabled} {
		if !seen[c] {
			t.Errorf("no history had %q: nothing is proven of it", c)
		}
	}
}

func compareSpans(t *testing.T, s *Store, from, to time.Time, seen map[Cause]bool) {
	t.Helper()
	want, err := s.Spans("door", "main", from, to)
	if err != nil {
		t.Fatal(err)
	}
	var recorded, gaps []Span
	if err := s.EachSpan("door", "main", from, to, func(sp Span) {
		if sp.Gap {
			gaps = append(gaps, sp)
		} else {
			recorded = append(recorded, sp)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if seen[want[i].Cause] = true; !want[i].Gap {
			want[i].Cause = ""
		}
	}
	if got := interleave(recorded, gaps); !slices.Equal(got, want) {
		t.Fatalf("%v to %v\nEachSpan %v\nSpans    %v", from, to, got, want)
	}
}

// putRandomHistory writes a few hours of segments that follow each other, nearly do, overlap, are missing, lie on a volume that is not in use,
// or were filled, and of gaps with and without reason beside them.
func putRandomHistory(tx *bbolt.Tx, volume uint16, random *rand.Rand) (time.Time, error) {
	at, run := began, uint32(1)
	causes := []Cause{CauseOffline, CauseRetention, CauseDisabled, CauseOffline}
	for range 40 {
		seg := &Segment{Camera: "door", Stream: "main", Start: at, End: at.Add(time.Duration(1+random.IntN(300)) * time.Second), Run: run, place: place{volume: volume}, crc: 1}
		switch random.IntN(12) {
		case 0:
			seg.Filled = Filled{Card: true}
		case 1:
			seg.volume = 77 // of which nothing is known
		case 2:
			seg.volume, seg.mirror = 77, place{volume: volume}
		}
		if err := putSegment(tx, seg); err != nil {
			return at, err
		}
		at = seg.End
		switch random.IntN(6) {
		case 0:
			at = at.Add(time.Duration(random.IntN(30)-15) * time.Millisecond)
		case 1:
			run, at = run+1, at.Add(-time.Duration(random.IntN(60))*time.Second)
		case 2, 3:
			run++
			begin, hole := at.Add(time.Duration(random.IntN(4))*time.Second), time.Duration(1+random.IntN(900))*time.Second
			if random.IntN(4) > 0 {
				g := gapEntry{start: begin, end: begin.Add(time.Duration(random.Int64N(int64(2 * hole)))), cause: causes[random.IntN(len(causes))], early: random.IntN(5) == 0}
				if err := putGap(tx, "door", "main", g); err != nil {
					return at, err
				}
			}
			at = at.Add(hole)
		}
	}
	if random.IntN(2) == 0 {
		return at.Add(time.Hour), putGap(tx, "door", "main", gapEntry{start: at, cause: CauseOffline})
	}
	return at, nil
}

// TestEachEventCountsWhatEventsGives compares both ways to read events, of ranges at random.
func TestEachEventCountsWhatEventsGives(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 11))
	r := newRig(t)
	defer r.close()
	r.must(r.open())
	r.put(func(tx *bbolt.Tx) error {
		for range 300 {
			at := began.Add(time.Duration(random.Int64N(int64(48 * time.Hour))))
			e := Event{ID: newEventID(at), Camera: "door", Start: at, Kind: []string{"motion", "mark"}[random.IntN(2)]}
			if random.IntN(20) > 0 {
				e.End = at.Add(time.Duration(random.IntN(3)) * 10 * time.Minute)
			}
			if err := putEvent(tx, &e); err != nil {
				return err
			}
		}
		return nil
	})
	for range 200 {
		from := began.Add(time.Duration(random.Int64N(int64(50 * time.Hour))))
		to := from.Add(1 + time.Duration(random.Int64N(int64(20*time.Hour))))
		list, err := r.store.Events("door", from, to, 0)
		r.must(err)
		n := 0
		r.must(r.store.EachEvent("door", from, to, func(start time.Time, kind string) bool {
			if n == len(list) || !list[n].Start.Equal(start) || list[n].Kind != kind {
				t.Fatalf("event %d of %d is %v %s", n, len(list), start, kind)
			}
			n++
			return true
		}))
		if n != len(list) {
			t.Fatalf("%d events, want %d", n, len(list))
		}
	}
}

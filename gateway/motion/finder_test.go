package motion

import (
	"testing"
	"time"
)

// picture is grey with a square of another brightness at a place.
func picture(x, y, size int, grey, square byte) []byte {
	p := make([]byte, Width*Height)
	for i := range p {
		p[i] = grey
	}
	for dy := range size {
		for dx := range size {
			p[(y+dy)*Width+x+dx] = square
		}
	}
	return p
}

func TestFinderSeesWhatMovesInItsRegionAlone(t *testing.T) {
	left := NewFinder(Region{-1, -1, 0, 1}, 0.005)
	for i, c := range []struct {
		picture []byte
		moved   bool
	}{
		{picture(10, 10, 8, 90, 90), false},    // the first is compared with none
		{picture(10, 10, 8, 90, 200), true},    // something came
		{picture(120, 10, 8, 90, 200), false},  // it went: less and less of it stands there
		{picture(120, 40, 8, 90, 200), false},  // on the right is not in the region
		{picture(120, 40, 8, 140, 200), false}, // a lamp was switched on
		{picture(20, 60, 8, 140, 20), true},
	} {
		if i == 3 { // what had stood on the left has faded
			for range 10 {
				left.Look(picture(120, 10, 8, 90, 200))
			}
		}
		changed, moved := left.Look(c.picture)
		if i != 2 && moved != c.moved {
			t.Errorf("picture %d: changed %.3f, moved %v", i, changed, moved)
		}
	}
}

func TestRegionIsNeverEmptyNorOutside(t *testing.T) {
	for _, r := range []Region{Whole, {-1, -1, -0.999, -0.999}, {0.999, 0.999, 1, 1}, {0, 0, 0.001, 0.001}} {
		x0, y0, x1, y1 := r.pixels()
		if x0 < 0 || y0 < 0 || x1 > Width || y1 > Height || x0 >= x1 || y0 >= y1 {
			t.Errorf("%v is [%d, %d) × [%d, %d)", r, x0, x1, y0, y1)
		}
	}
	if x0, y0, x1, y1 := (Region{-1, 0, 0, 1}).pixels(); x0 != 0 || y0 != 0 || x1 != Width/2 || y1 != Height/2 {
		t.Errorf("the upper left quarter is [%d, %d) × [%d, %d)", x0, x1, y0, y1)
	}
}

func TestHitsJoinWhatIsClose(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	h := Hits{Join: 5 * time.Second}
	var got []Hit
	take := func(x *Hit) {
		if x != nil {
			got = append(got, *x)
		}
	}
	take(h.Add(at(10), 2*time.Second, 0.1))
	take(h.Add(at(14), 2*time.Second, 0.3))
	take(h.Passed(at(18)))
	take(h.Add(at(30), 2*time.Second, 0.2))
	take(h.Passed(at(60)))
	take(h.End())
	if len(got) != 2 || got[0] != (Hit{at(10), at(16), 0.3, at(14)}) || got[1].From != at(30) {
		t.Errorf("%v", got)
	}
}

package motion

import (
	"slices"
	"testing"
	"time"
)

// scene is five minutes of 25 pictures a second, of which those of [busyFrom, busyTo) are larger by a factor.
func scene(begin time.Time, p, key int, busyFrom, busyTo time.Duration, factor int) []Picture {
	var list []Picture
	for i := range 25 * 300 {
		at := time.Duration(i) * 40 * time.Millisecond
		size := p
		if at >= busyFrom && at < busyTo {
			size *= factor
		}
		x := Picture{At: begin.Add(at), Size: size}
		if i%50 == 0 {
			x.Key, x.Size = true, key
		}
		list = append(list, x)
	}
	return list
}

func TestCurveRisesWhereSomethingMoves(t *testing.T) {
	begin := time.Date(2026, 3, 1, 8, 0, 2, 0, time.UTC)
	curve := Curve(begin, begin.Add(5*time.Minute), slices.Values(scene(begin, 900, 40_000, time.Minute, 90*time.Second, 6)))
	if len(curve) != 61 {
		t.Fatalf("%d values", len(curve))
	}
	for i, v := range curve {
		at := begin.Truncate(Step).Add(time.Duration(i) * Step).Sub(begin)
		switch {
		case at >= time.Minute && at+Step <= 90*time.Second:
			if v < 70 {
				t.Errorf("%d at %v, where something moves", v, at)
			}
		case at+Step <= time.Minute || at >= 90*time.Second:
			if v > 5 {
				t.Errorf("%d at %v, where nothing moves", v, at)
			}
		}
	}
}

func TestCurveOfAPlaceThatIsNeverQuietIsNotFlat(t *testing.T) {
	begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	curve := Curve(begin, begin.Add(5*time.Minute), slices.Values(scene(begin, 20_000, 40_000, 0, 0, 1)))
	if slices.Min(curve) < 50 {
		t.Errorf("%d, where pictures are half as large as key frames", slices.Min(curve))
	}
}

func TestCurveSaysWhereNoPicturesAre(t *testing.T) {
	begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	curve := Curve(begin, begin.Add(10*time.Minute), slices.Values(scene(begin, 900, 40_000, 0, 0, 1)))
	if curve[0] != 0 || curve[60] != None || len(Curve(begin, begin, nil)) != 0 {
		t.Errorf("%v", curve)
	}
}

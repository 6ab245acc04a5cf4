package motion

import (
	"iter"
	"math"
	"slices"
	"time"
)

// Step is what one value of a curve covers. Steps begin at multiples of it since 1970 UTC.
const Step = 5 * time.Second

// Most is the value of the greatest activity, None where no picture was.
const (
	Most = 100
	None = 255
)

const (
	octaves  = 3.0    // the quiet doubled so often is Most
	quietest = 0.2    // this share of the steps is taken for quiet
	busy     = 1. / 8 // of a key frame: pictures larger than this are not quiet, however many there are
)

// Picture is one picture as it is stored.
type Picture struct {
	At   time.Time // when it was taken
	Size int       // bytes
	Key  bool      // decoding can start here
}

// Curve gives the activity of pictures that were taken in [from, to), 0 to Most or None, one value for each Step that begins with
// the one that holds from.
func Curve(from, to time.Time, pictures iter.Seq[Picture]) []byte {
	first := from.Truncate(Step)
	if !to.After(first) {
		return nil
	}
	n := int((to.Sub(first) + Step - 1) / Step)
	sums, counts := make([]float64, n), make([]float64, n)
	var keys, keyBytes float64
	for p := range pictures {
		i := int(p.At.Sub(first) / Step)
		switch {
		case p.Key:
			keys++
			keyBytes += float64(p.Size)
		case p.At.Before(first) || i >= n:
		default:
			sums[i] += float64(p.Size)
			counts[i]++
		}
	}
	means := make([]float64, 0, n)
	for i := range sums {
		if counts[i] > 0 {
			means = append(means, sums[i]/counts[i])
		}
	}
	return scale(sums, counts, quiet(means, keyBytes/math.Max(keys, 1)))
}

// quiet is the mean size of a picture when nothing moves.
func quiet(means []float64, key float64) float64 {
	if len(means) == 0 {
		return 1
	}
	slices.Sort(means)
	q := means[int(quietest*float64(len(means)-1))]
	if key > 0 {
		q = math.Min(q, key*busy)
	}
	return math.Max(q, 1)
}

func scale(sums, counts []float64, quiet float64) []byte {
	curve := make([]byte, len(sums))
	for i := range curve {
		if curve[i] = None; counts[i] > 0 {
			above := math.Log2(math.Max(sums[i]/counts[i]/quiet, 1)) / octaves
			curve[i] = byte(math.Round(math.Min(above, 1) * Most))
		}
	}
	return curve
}

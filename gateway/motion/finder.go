package motion

import (
	"math"
	"time"
)

// The size of the pictures that a Finder compares, whatever the camera's: small enough that noise and grain vanish.
const (
	Width  = 160
	Height = 90
)

const (
	lighter = 22   // of 255: a pixel that differs by more than this from what stood there has changed
	learns  = 0.25 // share of a new picture in what stands there
	fewest  = 4    // pixels: less is noise
)

// Region is a part of a picture: left, bottom, right and top, from -1 to 1 (ONVIF's normalised coordinates).
type Region [4]float64

// Whole is all of a picture.
var Whole = Region{-1, -1, 1, 1}

// pixels is the region in pixels from the upper left: columns [x0, x1), rows [y0, y1).
func (r Region) pixels() (x0, y0, x1, y1 int) {
	at := func(v float64, size int) int { return min(max(int(math.Round((v+1)/2*float64(size))), 0), size) }
	x0, x1 = at(r[0], Width), at(r[2], Width)
	y0, y1 = Height-at(r[3], Height), Height-at(r[1], Height)
	return min(x0, Width-1), min(y0, Height-1), max(x1, min(x0, Width-1)+1), max(y1, min(y0, Height-1)+1)
}

// Finder finds where a region of pictures changes, by comparing each with what stood there before. It allows for light that changes
// the whole picture at once. It is for one goroutine.
type Finder struct {
	region    Region
	threshold float64 // share of the region
	standing  []float64
}

// NewFinder makes a Finder. least is the share of the region that has to change, 0 to 1.
func NewFinder(region Region, least float64) *Finder {
	return &Finder{region: region, threshold: least}
}

// Forget has the next picture be compared with none: time has passed.
func (f *Finder) Forget() { f.standing = nil }

// Look compares a picture, of Width × Height pixels of brightness, and tells what share of the region changed and whether that is enough.
func (f *Finder) Look(picture []byte) (changed float64, moved bool) {
	x0, y0, x1, y1 := f.region.pixels()
	size := (x1 - x0) * (y1 - y0)
	if f.standing == nil {
		f.standing = make([]float64, 0, size)
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				f.standing = append(f.standing, float64(picture[y*Width+x]))
			}
		}
		return 0, false
	}
	light, i := 0., 0
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			light += float64(picture[y*Width+x]) - f.standing[i]
			i++
		}
	}
	light /= float64(size)
	n := 0
	i = 0
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			d := float64(picture[y*Width+x]) - f.standing[i]
			if math.Abs(d-light) > lighter {
				n++
			}
			f.standing[i] += d * learns
			i++
		}
	}
	changed = float64(n) / float64(size)
	return changed, n >= fewest && changed >= f.threshold
}

// Hit is a stretch of time in which something moved.
type Hit struct {
	From, To time.Time
	Most     float64 // the greatest share of the region that changed
	Peak     time.Time
}

// Hits joins moments that are close to each other. The zero value is ready once Join is set.
type Hits struct {
	Join time.Duration // moments no further apart than this are one hit
	open *Hit
}

// Add takes a moment, later than those before, and gives the hit that it ends, if it does.
func (h *Hits) Add(at time.Time, lasts time.Duration, changed float64) (over *Hit) {
	if o := h.open; o != nil && at.Sub(o.To) <= h.Join {
		o.To = at.Add(lasts)
		if changed > o.Most {
			o.Most, o.Peak = changed, at
		}
		return nil
	}
	over = h.open
	h.open = &Hit{From: at, To: at.Add(lasts), Most: changed, Peak: at}
	return over
}

// Passed gives the hit that is over when nothing moved until a moment.
func (h *Hits) Passed(until time.Time) (over *Hit) {
	if h.open == nil || until.Sub(h.open.To) <= h.Join {
		return nil
	}
	return h.End()
}

// End gives the last hit.
func (h *Hits) End() (over *Hit) {
	over, h.open = h.open, nil
	return over
}

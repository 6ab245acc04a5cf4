package exports

import (
	"math"
	"slices"
	"time"
)

// feed is pictures, of one byte a pixel, that are fed to the encoder beside the footage.
type feed struct {
	width, height int
	rate          int // pictures a second
	time          bool
	// draw fills a picture that is shown from one wall time to another.
	draw func(buf []byte, from, to time.Time)
}

const (
	maskRate = 25 // pictures of masks a second: between two of them a mask covers where it is at both
	maskCell = 4  // pixels of the footage for one of a mask's picture, each way
	timeRate = 10
)

// newMaskFeed draws where masks are: 255 is covered. A cell counts as covered when the shape comes near it, so that a mask covers rather
// more than less.
func newMaskFeed(masks []ClipMask, width, height int) *feed {
	f := &feed{width: (width + maskCell - 1) / maskCell, height: (height + maskCell - 1) / maskCell, rate: maskRate}
	f.draw = func(buf []byte, from, to time.Time) {
		clear(buf)
		for i := range masks {
			// What moves covers its way, in steps.
			const steps = 4
			for k := range steps + 1 {
				at := from.Add(to.Sub(from) * time.Duration(k) / steps)
				if points := masks[i].at(at); points != nil {
					fillPolygon(buf, f.width, f.height, points)
				}
				if len(masks[i].Keys) == 1 && masks[i].From.IsZero() && masks[i].To.IsZero() {
					break // it stands still
				}
			}
		}
	}
	return f
}

// at is the shape at a wall time; nil: there is none.
func (m *ClipMask) at(t time.Time) [][2]float64 {
	if !m.From.IsZero() && t.Before(m.From) || !m.To.IsZero() && t.After(m.To) {
		return nil
	}
	keys := m.Keys
	i, _ := slices.BinarySearchFunc(keys, t, func(k MaskKey, t time.Time) int { return k.At.Compare(t) })
	switch {
	case i == 0 || len(keys) == 1:
		return keys[0].Points
	case i == len(keys):
		return keys[i-1].Points
	}
	a, b := keys[i-1], keys[i]
	share := float64(t.Sub(a.At)) / float64(b.At.Sub(a.At))
	points := make([][2]float64, len(a.Points))
	for k := range points {
		for d := range 2 {
			points[k][d] = a.Points[k][d] + share*(b.Points[k][d]-a.Points[k][d])
		}
	}
	return points
}

// fillPolygon covers each cell that the polygon touches, and those beside.
func fillPolygon(buf []byte, width, height int, points [][2]float64) {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		top, bottom = min(top, p[1]*float64(height)), max(bottom, p[1]*float64(height))
	}
	for y := max(0, int(top)-1); y <= min(height-1, int(bottom)+1); y++ {
		// A row is crossed at three heights: what lies between them is covered by the cells that are added at each side.
		for _, at := range []float64{float64(y), float64(y) + 0.5, float64(y) + 1} {
			at = min(max(at, top), bottom)
			fillRow(buf[y*width:(y+1)*width], crossings(points, width, height, at))
		}
	}
	for k := range points { // edges that lie along a row
		a, b := points[k], points[(k+1)%len(points)]
		if y := int(a[1] * float64(height)); a[1] == b[1] {
			for _, row := range []int{y - 1, y} {
				if row >= 0 && row < height {
					fillRow(buf[row*width:(row+1)*width], []float64{min(a[0], b[0]) * float64(width), max(a[0], b[0]) * float64(width)})
				}
			}
		}
	}
}

// crossings are where edges cross a row, in order.
func crossings(points [][2]float64, width, height int, y float64) (xs []float64) {
	for k := range points {
		x0, y0 := points[k][0]*float64(width), points[k][1]*float64(height)
		next := points[(k+1)%len(points)]
		x1, y1 := next[0]*float64(width), next[1]*float64(height)
		if (y0 <= y) != (y1 <= y) {
			xs = append(xs, x0+(y-y0)/(y1-y0)*(x1-x0))
		}
	}
	slices.Sort(xs)
	return xs
}

func fillRow(row []byte, xs []float64) {
	for k := 0; k+1 < len(xs); k += 2 {
		for x := max(0, int(xs[k])-1); x <= min(len(row)-1, int(xs[k+1])+1); x++ {
			row[x] = 255
		}
	}
}

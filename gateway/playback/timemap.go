package playback

import (
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// Map says which wall time every second of a clip is. Between two points wall time is linear in media
// time; two points of the same media time are a jump over a gap.
type Map struct {
	From     time.Time `json:"from"`     // wall time of the first picture shown
	To       time.Time `json:"to"`       // wall time of the end, clamped to what is synced
	Duration float64   `json:"duration"` // seconds of media
	Points   []Point   `json:"map"`
	Gaps     []Gap     `json:"gaps"` // of the range asked for, ordered
}

// Point is one point of a Map.
type Point struct {
	Media float64   `json:"media"` // seconds from the clip's start
	Wall  time.Time `json:"wall"`
}

// Gap is a stretch of the range without footage.
type Gap struct {
	Start time.Time     `json:"start"`
	End   time.Time     `json:"end"`
	Cause storage.Cause `json:"cause" people:"read"`
	Media float64       `json:"media"` // where the clip jumps over it, seconds
}

// samePoint is how near two points are one: less than a tick of 90 kHz in media, a millisecond of wall.
const (
	sameMedia = 1e-5
	sameWall  = time.Millisecond
)

// newMap builds the map of a movie from its parts.
func newMap(movie *fmp4.Movie, parts []part, spans []storage.Span) *Map {
	m := &Map{Duration: movie.Duration().Seconds(), Points: []Point{}, Gaps: []Gap{}}
	for _, placed := range movie.Placed() {
		x := &parts[placed.Part]
		end := placed.From + placed.End - placed.Start
		m.add(Point{placed.Start.Seconds(), x.wallAt(placed.From)})
		m.add(Point{placed.End.Seconds(), x.wallAt(end)})
	}
	m.From, m.To = m.Points[0].Wall, m.Points[0].Wall
	for _, p := range m.Points {
		if p.Wall.After(m.To) {
			m.To = p.Wall
		}
	}
	for _, s := range spans {
		if s.Gap {
			m.Gaps = append(m.Gaps, Gap{Start: s.Start, End: s.End, Cause: s.Cause, Media: m.mediaAt(s.Start)})
		}
	}
	return m
}

// add appends a point unless it is the last one again, to the nanosecond that matters: where two
// segments of a run join.
func (m *Map) add(p Point) {
	if k := len(m.Points) - 1; k >= 0 {
		last := m.Points[k]
		if p.Media-last.Media < sameMedia && p.Wall.Sub(last.Wall).Abs() < sameWall {
			return
		}
	}
	m.Points = append(m.Points, p)
}

// mediaAt is where the clip shows a wall time, or jumps over it.
func (m *Map) mediaAt(wall time.Time) float64 {
	at := 0.0
	for i, p := range m.Points {
		if p.Wall.After(wall) {
			if i == 0 {
				return p.Media
			}
			last := m.Points[i-1]
			share := float64(wall.Sub(last.Wall)) / float64(p.Wall.Sub(last.Wall))
			return last.Media + share*(p.Media-last.Media)
		}
		at = p.Media
	}
	return at
}

// WallAt is the wall time of a media time in seconds; before and after the clip it is the clip's ends.
func (m *Map) WallAt(media float64) time.Time {
	last := m.Points[0]
	for _, p := range m.Points[1:] {
		if media < p.Media {
			share := max(media-last.Media, 0) / (p.Media - last.Media)
			return last.Wall.Add(time.Duration(share * float64(p.Wall.Sub(last.Wall))))
		}
		last = p
	}
	return last.Wall
}

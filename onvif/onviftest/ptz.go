package onviftest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"holdfast/onvif/internal/tt"
	"holdfast/onvif/server"
)

// Mechanics is the moving part of a simulated camera: pan and tilt of the whole sphere's upper and lower half, a zoom, a home
// position, presets and tours. Moves to a position are done at once; continuous ones take their time.
type Mechanics struct {
	quirks server.PTZQuirks // constant
	place  func() *tt.GeoLocation

	mu      sync.Mutex // guards what follows
	from    position   // where the present movement began
	moved   time.Time  // when
	until   time.Time  // when it ends by itself
	speed   position   // of a continuous movement, per second
	home    position
	presets []preset
	tours   []tt.PresetTour
	made    int
	ignored int // Stops that were answered and not done
	stops   int // Stops that came
	drives  int // ContinuousMoves that came
	last    string
}

type position struct{ pan, tilt, zoom float64 }

type preset struct {
	token, name string
	at          position
}

const (
	fullSpeed  = 0.5 // how much of its range a camera covers in a second at velocity 1
	fullView   = 0.15
	maxPresets = 32 // as the node says
	maxTours   = 8
)

func newMechanics(q server.PTZQuirks, place func() *tt.GeoLocation) *Mechanics {
	return &Mechanics{quirks: q, place: place, moved: time.Now(), made: 2, presets: []preset{
		{"1", "Entrance", position{pan: -0.4, tilt: 0.1}}, {"2", "Road", position{pan: 0.5, tilt: -0.1, zoom: 0.3}}}}
}

// PTZ gives the mechanics of a camera that moves.
func (d *Device) PTZ() server.PTZ {
	if d.mechanics == nil {
		return nil
	}
	return d.mechanics
}

// Mechanics gives what moves, for tests that look at it; nil of a camera that does not.
func (d *Device) Mechanics() *Mechanics { return d.mechanics }

var (
	unity   = tt.Range{Min: -1, Max: 1}
	part    = tt.Range{Min: 0, Max: 1}
	around  = tt.Range{Min: -180, Max: 180}
	upright = tt.Range{Min: -90, Max: 90}
)

// Node is what it can do.
func (m *Mechanics) Node() tt.PTZNode {
	s := tt.Spaces{
		AbsolutePanTilt: []tt.Space{{URI: tt.PositionGeneric, X: unity, Y: unity}, {URI: tt.PositionDegrees, X: around, Y: upright}},
		AbsoluteZoom:    []tt.Space{{URI: tt.ZoomPositionGeneric, X: part}},
		RelativePanTilt: []tt.Space{{URI: tt.TranslationGeneric, X: unity, Y: unity}, {URI: tt.TranslationDegrees, X: around, Y: upright},
			{URI: tt.TranslationFOV, X: unity, Y: unity}},
		RelativeZoom:      []tt.Space{{URI: tt.ZoomTranslationGeneric, X: unity}},
		ContinuousPanTilt: []tt.Space{{URI: tt.VelocityGeneric, X: unity, Y: unity}, {URI: tt.VelocityDegrees, X: around, Y: upright}},
		ContinuousZoom:    []tt.Space{{URI: tt.ZoomVelocityGeneric, X: unity}},
		PanTiltSpeed:      []tt.Space{{URI: tt.SpeedGeneric, X: part}},
		ZoomSpeed:         []tt.Space{{URI: tt.ZoomSpeedGeneric, X: part}},
	}
	if m.quirks.DegreesOnly {
		s.AbsolutePanTilt, s.RelativePanTilt, s.ContinuousPanTilt = s.AbsolutePanTilt[1:], s.RelativePanTilt[1:2], s.ContinuousPanTilt[1:]
	}
	return tt.PTZNode{Token: "node", Name: "node", Spaces: s, MaxPresets: maxPresets, Home: true, GeoMove: true, Auxiliary: []string{"tt:Wiper|On", "tt:Wiper|Off"},
		MaxTours: maxTours, TourOperations: []string{"Start", "Stop", "Pause"}}
}

// Quirks are how it departs from the specification.
func (m *Mechanics) Quirks() server.PTZQuirks { return m.quirks }

// Position is where the camera looks now, and whether it moves.
func (m *Mechanics) Position() (pan, tilt, zoom float64, moving bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.now()
	return p.pan, p.tilt, p.zoom, m.speed != position{} && time.Now().Before(m.until)
}

// now is the position at this moment. Caller holds mu.
func (m *Mechanics) now() position {
	at := time.Now()
	if at.After(m.until) {
		at = m.until
	}
	t := max(at.Sub(m.moved), 0).Seconds()
	return position{pan: limit(m.from.pan+t*m.speed.pan, -1), tilt: limit(m.from.tilt+t*m.speed.tilt, -1), zoom: limit(m.from.zoom+t*m.speed.zoom, 0)}
}

func limit(v, low float64) float64 { return math.Min(math.Max(v, low), 1) }

// Counts are how many Stops and ContinuousMoves came.
func (m *Mechanics) Counts() (stops, drives int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stops, m.drives
}

// View is half of what is seen, which the zoom narrows.
func (m *Mechanics) View() (pan, tilt float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := fullView * (1 - 0.9*m.now().zoom)
	return w, w
}

// Drive starts a continuous movement; what is nil goes on as it is.
func (m *Mechanics) Drive(pan, tilt, zoom *float64, timeout time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drives++
	m.rest()
	for _, x := range []struct {
		to *float64
		v  *float64
	}{{&m.speed.pan, pan}, {&m.speed.tilt, tilt}, {&m.speed.zoom, zoom}} {
		if x.v != nil {
			*x.to = *x.v * fullSpeed
		}
	}
	m.until = m.moved.Add(timeout)
}

// rest makes the present position the beginning of what comes. Caller holds mu.
func (m *Mechanics) rest() {
	if time.Now().After(m.until) {
		m.from, m.speed = m.now(), position{}
	} else {
		m.from = m.now()
	}
	m.moved = time.Now()
}

// Stop ends a continuous movement.
func (m *Mechanics) Stop(panTilt, zoom bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stops++
	if m.ignored < m.quirks.IgnoredStops {
		m.ignored++
		return
	}
	m.rest()
	if panTilt {
		m.speed.pan, m.speed.tilt = 0, 0
	}
	if zoom {
		m.speed.zoom = 0
	}
}

// Move goes to a position, at once.
func (m *Mechanics) Move(pan, tilt, zoom *float64, relative bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.now()
	for _, x := range []struct {
		to  *float64
		v   *float64
		low float64
	}{{&at.pan, pan, -1}, {&at.tilt, tilt, -1}, {&at.zoom, zoom, 0}} {
		switch {
		case x.v == nil:
		case relative:
			*x.to = limit(*x.to+*x.v, x.low)
		default:
			*x.to = limit(*x.v, x.low)
		}
	}
	m.stand(at)
}

// stand puts the camera at a position. Caller holds mu.
func (m *Mechanics) stand(at position) { m.from, m.moved, m.speed = at, time.Now(), position{} }

// Presets are the kept positions.
func (m *Mechanics) Presets() (list []tt.PTZPreset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.presets {
		list = append(list, tt.PTZPreset{Token: p.token, Name: p.name,
			Position: tt.PTZVector{PanTilt: &tt.Vector2D{X: p.at.pan, Y: p.at.tilt, Space: tt.PositionGeneric}, Zoom: &tt.Vector1D{X: p.at.zoom, Space: tt.ZoomPositionGeneric}}})
	}
	return list
}

func (m *Mechanics) find(token string) int {
	return slices.IndexFunc(m.presets, func(p preset) bool { return p.token == token })
}

// SavePreset keeps the present position.
func (m *Mechanics) SavePreset(token, name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.find(token); i >= 0 {
		m.presets[i].at = m.now()
		if name != "" {
			m.presets[i].name = name
		}
		return token
	}
	if token != "" || len(m.presets) >= maxPresets {
		return ""
	}
	m.made++
	token = fmt.Sprint(m.made)
	m.presets = append(m.presets, preset{token, name, m.now()})
	return token
}

// RemovePreset forgets a position.
func (m *Mechanics) RemovePreset(token string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(token)
	if i < 0 {
		return false
	}
	m.presets = slices.Delete(m.presets, i, i+1)
	return true
}

// GotoPreset goes to a kept position.
func (m *Mechanics) GotoPreset(token string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(token)
	if i < 0 {
		return false
	}
	m.stand(m.presets[i].at)
	return true
}

// GotoHome goes to the home position.
func (m *Mechanics) GotoHome() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stand(m.home)
}

// SetHome makes the present position the home position.
func (m *Mechanics) SetHome() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.home = m.now()
}

// metresOfDegree is how long a degree of latitude is.
const metresOfDegree = 111_320

// GeoMove looks at a place: pan by its bearing from north, which the camera faces at pan 0, tilt by its distance below.
func (m *Mechanics) GeoMove(to tt.GeoLocation, _, _ float64) error {
	at := m.place()
	if at == nil {
		return errors.New("it is not known where the device is")
	}
	north := (to.Lat - at.Lat) * metresOfDegree
	east := (to.Lon - at.Lon) * metresOfDegree * math.Cos(at.Lat*math.Pi/180)
	pan := math.Atan2(east, north) / math.Pi
	tilt := 0.0
	if to.Elevation != nil && at.Elevation != nil {
		tilt = math.Atan2(*to.Elevation-*at.Elevation, math.Hypot(north, east)) / (math.Pi / 2)
	}
	m.Move(&pan, &tilt, nil, false)
	return nil
}

// Tours are the rounds of presets.
func (m *Mechanics) Tours() []tt.PresetTour {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.tours)
}

// CreateTour makes an empty tour.
func (m *Mechanics) CreateTour() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tours) >= maxTours {
		return ""
	}
	m.made++
	m.tours = append(m.tours, tt.PresetTour{Token: fmt.Sprint("tour", m.made), State: "Idle"})
	return m.tours[len(m.tours)-1].Token
}

// tour finds a tour; nil when there is none. Caller holds mu.
func (m *Mechanics) tour(token string) *tt.PresetTour {
	if i := slices.IndexFunc(m.tours, func(t tt.PresetTour) bool { return t.Token == token }); i >= 0 {
		return &m.tours[i]
	}
	return nil
}

// ModifyTour changes a tour, if every preset of it is there.
func (m *Mechanics) ModifyTour(t tt.PresetTour) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	is := m.tour(t.Token)
	if is == nil || slices.ContainsFunc(t.Spots, func(s tt.TourSpot) bool { return s.Preset != "" && m.find(s.Preset) < 0 }) {
		return false
	}
	t.State = is.State
	*is = t
	return true
}

// OperateTour starts a tour, which looks at its first spot, or stops or pauses one.
func (m *Mechanics) OperateTour(token, operation string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tour(token)
	if t == nil {
		return false
	}
	switch operation {
	case "Start":
		if len(t.Spots) == 0 {
			return false
		}
		if i := m.find(t.Spots[0].Preset); i >= 0 {
			m.stand(m.presets[i].at)
		} else {
			m.stand(m.home)
		}
		t.State = "Touring"
	case "Stop":
		t.State = "Idle"
	case "Pause":
		t.State = "Paused"
	default:
		return false
	}
	return true
}

// RemoveTour removes a tour.
func (m *Mechanics) RemoveTour(token string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := len(m.tours)
	m.tours = slices.DeleteFunc(m.tours, func(t tt.PresetTour) bool { return t.Token == token })
	return len(m.tours) < was
}

// Auxiliary takes a command that the node names.
func (m *Mechanics) Auxiliary(command string) bool {
	if !slices.Contains(m.Node().Auxiliary, command) {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = command
	return true
}

// LastAuxiliary is the command that came last.
func (m *Mechanics) LastAuxiliary() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

package simcam

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/onvif/onviftest"
)

const (
	// sightEvery is how often a lively camera tells what it sees, as often as cameras do.
	sightEvery = 200 * time.Millisecond
	// statesEvery is how often it tells how things are, so that who begins to listen learns it.
	statesEvery = 10 * time.Second
	// planTick is how often it is looked whether something is to be reported.
	planTick = 200 * time.Millisecond
	// maxNotes bounds the events that wait for the next document.
	maxNotes = 64
)

// sight is what a lively camera sees on one of its paths. The clips are drawn by formulas (scripts/clips); the boxes follow the same ones, so
// that they lie on what moves in the picture.
type sight struct {
	kind   onviftest.Kind                   // constant
	device atomic.Pointer[onviftest.Device] // nil before the camera runs
	states time.Time                        // when it told them; owned by the path's goroutine

	mu    sync.Mutex // guards what follows; held by nobody who asks the device
	notes []string   // NotificationMessages that wait for the next document
}

// thing is a box of a clip, in pixels from the upper left corner.
type thing struct {
	id                       int
	class                    string
	likely                   float64
	left, top, width, height float64
}

// wave is a sine of a period of seconds, at a position in the minute.
func wave(t, period, phase float64) float64 { return math.Sin(2*math.Pi*t/period + phase) }

// things are what moves in a kind's clip at a position in the minute, and how large its picture is.
func things(k onviftest.Kind, t float64) (width, height float64, list []thing) {
	switch k {
	case onviftest.PTZ:
		pan := 640 + 620*wave(t, 60, 0)
		return 1280, 720, []thing{
			{11, "Vehicle", 0.94, -320 + 2900*math.Mod(t, 30)/30 - pan, 520, 300, 92},
			{12, "Human", 0.81, 1280 + 560*wave(t, 60, 0) - pan, 330 + 5*wave(t, 1.25, 0), 54, 180},
		}
	case onviftest.Thermal:
		return 640, 480, []thing{
			{21, "Human", 0.88, 320 + 210*wave(t, 30, 0) - 24, 252, 48, 134},
			{22, "Human", 0.76, 180 - 110*wave(t, 20, math.Pi/2) - 20, 186, 40, 110},
		}
	}
	return 1920, 1080, []thing{
		{1, "Human", 0.93, 960 + 720*wave(t, 30, 0) - 60, 560 + 18*wave(t, 1.25, 0), 120, 430},
		{2, "Human", 0.9, 760 - 620*wave(t, 20, 1) - 65, 610 + 16*wave(t, 1.2, 0), 130, 460},
		{3, "Human", 0.72, 1610 + 14*wave(t, 12, 0), 420 + 3*wave(t, 4, 0), 110, 400},
	}
}

// moving tells whether a kind reports motion at a position in the minute: once in each.
func moving(k onviftest.Kind, t float64) bool {
	switch k {
	case onviftest.PTZ:
		return t >= 6 && t < 17 // the car passes
	case onviftest.Thermal:
		return t >= 40 && t < 50
	}
	return t >= 22 && t < 30
}

// live reports motion by plan, and that a line was crossed, until ctx ends.
func (c *Camera) live(ctx context.Context) error {
	d, kind := c.device, c.o.Kind
	for _, s := range c.sights {
		s.device.Store(d)
	}
	d.Events().Tap(func(message string) {
		for _, s := range c.sights {
			s.note(message)
		}
	})
	tick := time.NewTicker(planTick)
	defer tick.Stop()
	was, crossed := false, true
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		t := minute().Seconds()
		if now := moving(kind, t); now != was {
			d.Motion(now)
			was = now
		}
		if past := kind == onviftest.PTZ && t >= 12 && t < 30; past != crossed {
			if crossed = past; past {
				d.Crossed("Drive")
			}
		}
	}
}

func (s *sight) note(message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.notes) < maxNotes {
		s.notes = append(s.notes, message)
	}
}

// document is what the camera tells at a moment, as its metadata configuration says.
func (s *sight) document(at time.Time) string {
	d := s.device.Load()
	if d == nil {
		return ""
	}
	carries, _ := d.Metadata()
	t := at.Sub(at.Truncate(time.Minute)).Seconds()
	clock := d.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	var b strings.Builder
	if carries.Analytics {
		b.WriteString("<tt:VideoAnalytics>" + frame(s.kind, t, clock) + "</tt:VideoAnalytics>")
	}
	if p := position(d, carries.Status, carries.Position, clock); p != "" {
		b.WriteString("<tt:PTZ>" + p + "</tt:PTZ>")
	}
	if carries.Events {
		b.WriteString(s.events(d, at, t, clock))
	}
	if b.Len() == 0 {
		return ""
	}
	return `<?xml version="1.0" encoding="UTF-8"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:ttr="http://www.onvif.org/ver20/analytics/radiometry">` +
		b.String() + `</tt:MetadataStream>`
}

// frame is what moves, in pixels with a transformation, as many cameras have it; what is out of the picture is not in it.
func frame(k onviftest.Kind, t float64, clock string) string {
	width, height, list := things(k, t)
	var b strings.Builder
	fmt.Fprintf(&b, `<tt:Frame UtcTime="%s"><tt:Transformation><tt:Translate x="-1" y="1"/><tt:Scale x="%g" y="%g"/></tt:Transformation>`, clock, 2/width, -2/height)
	for _, o := range list {
		right, bottom := o.left+o.width, o.top+o.height
		if right <= 0 || o.left >= width {
			continue
		}
		fmt.Fprintf(&b, `<tt:Object ObjectId="%d"><tt:Appearance><tt:Shape><tt:BoundingBox left="%.1f" top="%.1f" right="%.1f" bottom="%.1f"/><tt:CenterOfGravity x="%.1f" y="%.1f"/></tt:Shape><tt:Class><tt:Type Likelihood="%.2f">%s</tt:Type></tt:Class></tt:Appearance></tt:Object>`,
			o.id, o.left, o.top, right, bottom, o.left+o.width/2, o.top+o.height/2, o.likely, o.class)
	}
	b.WriteString("</tt:Frame>")
	return b.String()
}

// position is where the camera stands, if it moves and tells.
func position(d *onviftest.Device, status, position bool, clock string) string {
	m := d.Mechanics()
	if m == nil || !status && !position {
		return ""
	}
	pan, tilt, zoom, moving := m.Position()
	var b strings.Builder
	b.WriteString("<tt:PTZStatus>")
	if position {
		fmt.Fprintf(&b, `<tt:Position><tt:PanTilt x="%.4f" y="%.4f"/><tt:Zoom x="%.4f"/></tt:Position>`, pan, tilt, zoom)
	}
	if status {
		does := map[bool]string{true: "MOVING", false: "IDLE"}[moving]
		b.WriteString("<tt:MoveStatus><tt:PanTilt>" + does + "</tt:PanTilt><tt:Zoom>" + does + "</tt:Zoom></tt:MoveStatus>")
	}
	return b.String() + "<tt:UtcTime>" + clock + "</tt:UtcTime></tt:PTZStatus>"
}

// events are those that wait, how things are every now and then, and of a thermal camera what its box and its spot read.
func (s *sight) events(d *onviftest.Device, at time.Time, t float64, clock string) string {
	s.mu.Lock()
	list := s.notes
	s.notes = nil
	s.mu.Unlock()
	if at.Sub(s.states) >= statesEvery {
		s.states = at
		list = append(list, d.Events().States()...)
	}
	if s.kind == onviftest.Thermal {
		hot := 331.5 + 8*wave(t, 6, 0)
		list = append(list, reading("BoxTemperatureReading", "Machine", clock, fmt.Sprintf(`<ttr:BoxTemperatureReading ItemID="Machine" MaxTemperature="%.2f" MinTemperature="287.40" AverageTemperature="%.2f"/>`, hot, hot-21)),
			reading("SpotTemperatureReading", "Bearing", clock, fmt.Sprintf(`<ttr:SpotTemperatureReading ItemID="Bearing" SpotTemperature="%.2f"/>`, hot-1.2)))
	}
	if len(list) == 0 {
		return ""
	}
	return "<tt:Event>" + strings.Join(list, "") + "</tt:Event>"
}

func reading(what, module, clock, element string) string {
	return `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:VideoAnalytics/Radiometry/` + what + `</wsnt:Topic><wsnt:Message><tt:Message UtcTime="` + clock +
		`"><tt:Source><tt:SimpleItem Name="VideoSourceToken" Value="` + onviftest.SourceToken + `"/><tt:SimpleItem Name="AnalyticsModuleName" Value="` + module +
		`"/></tt:Source><tt:Data><tt:ElementItem Name="Reading">` + element + `</tt:ElementItem></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`
}

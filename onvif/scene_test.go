package onvif_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"holdfast/onvif"
)

const sceneHead = `<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:ttr="http://www.onvif.org/ver20/analytics/radiometry">`

func TestAMetadataDocumentIsUnderstoodWhole(t *testing.T) {
	s, err := onvif.ReadScene(strings.NewReader(sceneHead + `<tt:VideoAnalytics>
<tt:Frame UtcTime="2026-03-01T08:00:00.2Z" Source="Objects"><tt:Transformation><tt:Translate x="-1" y="1"/><tt:Scale x="0.003125" y="-0.00416667"/></tt:Transformation>
<tt:Object ObjectId="12"><tt:Appearance><tt:Shape><tt:BoundingBox left="160" top="120" right="320" bottom="480"/><tt:CenterOfGravity x="1" y="1"/></tt:Shape>
<tt:Class><tt:ClassCandidate><tt:Type>Other</tt:Type><tt:Likelihood>0.9</tt:Likelihood></tt:ClassCandidate><tt:Extension><tt:OtherTypes><tt:Type>Forklift</tt:Type><tt:Likelihood>0.6</tt:Likelihood></tt:OtherTypes></tt:Extension></tt:Class></tt:Appearance></tt:Object>
<tt:Object ObjectId="13" Parent="12"><tt:Appearance><tt:Transformation><tt:Translate x="320" y="240"/><tt:Scale x="2" y="2"/></tt:Transformation><tt:Shape><tt:BoundingBox left="0" top="0" right="80" bottom="60"/></tt:Shape>
<tt:Class><tt:Type Likelihood="0.4">Human</tt:Type><tt:Type Likelihood="81">Vehicle</tt:Type></tt:Class></tt:Appearance><tt:Behaviour><tt:Idle/></tt:Behaviour></tt:Object>
<tt:Object ObjectId="14"/><tt:ObjectTree><tt:Delete ObjectId="9"/></tt:ObjectTree></tt:Frame></tt:VideoAnalytics>
<tt:PTZ><tt:PTZStatus><tt:Position><tt:PanTilt x="0.5" y="-0.25"/><tt:Zoom x="0.1"/></tt:Position><tt:MoveStatus><tt:PanTilt>MOVING</tt:PanTilt></tt:MoveStatus><tt:UtcTime>2026-03-01T08:00:00Z</tt:UtcTime></tt:PTZStatus></tt:PTZ>
<tt:Event><wsnt:NotificationMessage><wsnt:Topic>tns1:VideoAnalytics/Radiometry/SpotTemperatureReading</wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-03-01T08:00:00Z"><tt:Data><tt:ElementItem Name="Reading"><ttr:SpotTemperatureReading ItemID="kiln" SpotTemperature="400.5"/></tt:ElementItem></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage></tt:Event>
</tt:MetadataStream>`))
	if err != nil || len(s.Frames) != 1 || len(s.Frames[0].Objects) != 3 || len(s.Notifications) != 1 || len(s.Temperatures) != 1 || s.PTZ == nil {
		t.Fatalf("%+v, %v", s, err)
	}
	f := s.Frames[0]
	if f.Source != "Objects" || f.UTC.Nanosecond() != 2e8 || len(f.Deleted) != 1 || f.Deleted[0] != "9" {
		t.Errorf("%+v", f)
	}
	if o := f.Objects[0]; o.ID != "12" || o.Class != "Forklift" || o.Likelihood != 0.6 || o.Idle || !near(o.Box, -0.5, -1, 0, 0.5) {
		t.Errorf("%+v %+v", o, o.Box)
	}
	if o := f.Objects[1]; o.Parent != "12" || o.Class != "Vehicle" || o.Likelihood != 0.81 || !o.Idle || !near(o.Box, 0, -0.5, 0.5, 0) {
		t.Errorf("%+v %+v", o, o.Box)
	}
	if f.Objects[2].Box != nil || s.Temperatures[0].Item != "kiln" || *s.Temperatures[0].Spot != 400.5 || s.PTZ.PanTiltMove != "MOVING" || s.PTZ.Position.PanTilt.X != 0.5 {
		t.Errorf("%+v", s)
	}
}

func near(b *onvif.SceneBox, left, bottom, right, top float64) bool {
	const off = 1e-4
	return b != nil && math.Abs(b.Left-left) < off && math.Abs(b.Bottom-bottom) < off && math.Abs(b.Right-right) < off && math.Abs(b.Top-top) < off
}

func TestBoxesThatCannotBeAreLeftOut(t *testing.T) {
	for shape, there := range map[string]bool{
		`left="-1" top="1" right="1" bottom="-1"`:     true,
		`left="-3" top="0.5" right="0" bottom="0"`:    true, // in part
		`left="0" top="-0.5" right="0.5" bottom="0"`:  true, // upside down
		`left="2" top="0.5" right="3" bottom="0"`:     false,
		`left="NaN" top="0.5" right="1" bottom="0"`:   false,
		`left="0" top="+Inf" right="1" bottom="0"`:    false,
		`left="0" top="0.5" bottom="0"`:               false,
		`left="0,1" top="0.5" right="1" bottom="0.1"`: false,
	} {
		s, err := onvif.ReadScene(strings.NewReader(`<MetadataStream><VideoAnalytics><Frame><Object><Appearance><Shape><BoundingBox ` + shape + `/></Shape></Appearance></Object></Frame></VideoAnalytics></MetadataStream>`))
		if err != nil || len(s.Frames) != 1 || len(s.Frames[0].Objects) != 1 {
			t.Fatal(shape, err)
		}
		b := s.Frames[0].Objects[0].Box
		if (b != nil) != there || b != nil && (b.Left < -1 || b.Right > 1 || b.Bottom < -1 || b.Top > 1 || b.Left > b.Right || b.Bottom > b.Top) {
			t.Errorf("%s: %+v", shape, b)
		}
	}
}

func TestALongSceneIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("<MetadataStream><VideoAnalytics>")
	for range 100 {
		b.WriteString("<Frame>")
		for i := range 200 {
			fmt.Fprintf(&b, `<Object ObjectId="%d"/>`, i)
		}
		b.WriteString("</Frame>")
	}
	b.WriteString("</VideoAnalytics></MetadataStream>")
	s, err := onvif.ReadScene(strings.NewReader(b.String()))
	if err != nil || len(s.Frames) != 32 || len(s.Frames[0].Objects) != 128 {
		t.Errorf("%d frames, %v", len(s.Frames), err)
	}
}

func FuzzReadScene(f *testing.F) {
	f.Add(sceneHead + `<tt:VideoAnalytics><tt:Frame UtcTime="x"><tt:Object ObjectId="1"><tt:Appearance><tt:Shape><tt:BoundingBox left="1e300" top="-1e300" right="0" bottom="0"/></tt:Shape></tt:Appearance></tt:Object></tt:Frame></tt:VideoAnalytics></tt:MetadataStream>`)
	f.Add(`<a><Frame><Transformation><Scale x="1e308" y="1e308"/></Transformation><Object><Appearance><Transformation><Scale x="1e308"/></Transformation><Shape><BoundingBox left="1" top="1" right="2" bottom="2"/></Shape></Appearance></Object></Frame></a>`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := onvif.ReadScene(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, fr := range s.Frames {
			for _, o := range fr.Objects {
				if b := o.Box; b != nil && !(b.Left >= -1 && b.Left <= b.Right && b.Right <= 1 && b.Bottom >= -1 && b.Bottom <= b.Top && b.Top <= 1) {
					t.Errorf("%+v", *b)
				}
			}
		}
	})
}

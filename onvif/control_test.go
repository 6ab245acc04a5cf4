package onvif_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// controlled is a simulated camera, and a client that speaks to it through a recorder.
func controlled(t *testing.T, sent *requests, o onviftest.Options) (*onviftest.Device, *onvif.Client) {
	t.Helper()
	o.Name = "Camera " + rand.Text()
	o.Profiles = []server.Profile{{Token: "main", Name: "Main", Codec: "H264", Width: 1920, Height: 1080, FPS: 25, Kbps: 4000, GOP: 50, StreamURI: "rtsp://127.0.0.1/main"}}
	d := onviftest.New(o)
	s, err := server.New(server.Options{Device: d, Username: "u", Password: oddPassword})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	front := httptest.NewServer(sent.record(s))
	t.Cleanup(func() { front.Close(); cancel(); <-done })
	c, err := onvif.New(onvif.Options{Address: front.URL, Username: "u", Password: oddPassword, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	return d, c
}

func num(v float64) *float64 { return &v }

// at compares where a simulated camera looks.
func at(t *testing.T, d *onviftest.Device, pan, tilt, zoom float64) {
	t.Helper()
	p, q, z, moving := d.Mechanics().Position()
	if math.Abs(p-pan) > 1e-4 || math.Abs(q-tilt) > 1e-4 || math.Abs(z-zoom) > 1e-4 || moving {
		t.Errorf("it looks at %g %g %g (moving: %t), not at %g %g %g", p, q, z, moving, pan, tilt, zoom)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestControlActsOnTheCameraAndIsValid(t *testing.T) {
	sent := &requests{}
	t.Run("moves", func(t *testing.T) { moves(t, sent) })
	t.Run("presets, home and tours", func(t *testing.T) { keeps(t, sent) })
	t.Run("imaging", func(t *testing.T) { pictures(t, sent) })
	t.Run("relays", func(t *testing.T) { switches(t, sent, false) })
	t.Run("relays of an older device", func(t *testing.T) { switches(t, sent, true) })
	t.Run("thermal", func(t *testing.T) { temperatures(t, sent) })
	t.Run("position", func(t *testing.T) { places(t, sent) })
	sent.validate(t)
}

func moves(t *testing.T, sent *requests) {
	d, c := controlled(t, sent, onviftest.Options{Kind: onviftest.PTZ})
	ctx := t.Context()
	p, err := c.PTZ(ctx, "main")
	must(t, err)
	if !p.MoveStatus || !p.StatusPosition || p.MinTimeout != time.Second || p.Node.MaxTours == 0 || len(p.Node.Spaces.AbsolutePanTilt) != 2 {
		t.Errorf("it is %+v", p)
	}
	_, err = p.Absolute(ctx, onvif.Motion{Unit: onvif.Generic, Pan: num(0.25), Tilt: num(-0.5), Zoom: num(0.75), Speed: num(0.5)})
	must(t, err)
	at(t, d, 0.25, -0.5, 0.75)
	_, err = p.Absolute(ctx, onvif.Motion{Unit: onvif.Degrees, Pan: num(90)}) // tilt stays
	must(t, err)
	at(t, d, 0.5, -0.5, 0.75)
	m, err := p.Relative(ctx, onvif.Motion{Unit: onvif.Generic, Pan: num(-5), Zoom: num(-0.25)})
	must(t, err)
	if len(m.Clamped) != 1 || !strings.Contains(m.Clamped[0], "pan -5 was cut to -1") {
		t.Errorf("what was cut: %q", m.Clamped)
	}
	at(t, d, -0.5, -0.5, 0.5)
	_, err = p.Relative(ctx, onvif.Motion{Unit: onvif.Degrees, Pan: num(18), Tilt: num(9)})
	must(t, err)
	at(t, d, -0.4, -0.4, 0.5)
	wide, _ := d.Mechanics().View()
	_, err = p.Relative(ctx, onvif.Motion{Unit: onvif.FieldOfView, Pan: num(1), Tilt: num(-1), Zoom: num(0)})
	must(t, err)
	at(t, d, -0.4+wide, -0.4-wide, 0.5)
	s, err := p.Status(ctx)
	must(t, err)
	if g := p.In(onvif.Degrees, s.Position); g.PanTilt == nil || math.Abs(g.PanTilt.X-180*(-0.4+wide)) > 0.01 || s.PanTiltMove != "IDLE" {
		t.Errorf("the status is %+v, in degrees %+v", s, g)
	}
	_, err = p.Continuous(ctx, onvif.Motion{Unit: onvif.Generic, Pan: num(1)}, 3*time.Second)
	must(t, err)
	if _, _, _, moving := d.Mechanics().Position(); !moving {
		t.Error("it does not move")
	}
	must(t, p.Halt(ctx))
	if _, _, _, moving := d.Mechanics().Position(); moving {
		t.Error("it moves still")
	}
	if err = p.GeoMove(ctx, onvif.GeoLocation{Lat: 48, Lon: 11}, 0, 0, nil); err == nil {
		t.Error("it found a place without knowing where it is")
	}
	_, err = c.SetLocation(ctx, onvif.Location{Entity: "VideoSource", Token: "source", Location: &onvif.GeoLocation{Lat: 48, Lon: 11}, Yaw: num(0)})
	must(t, err)
	must(t, p.GeoMove(ctx, onvif.GeoLocation{Lat: 48, Lon: 11.1}, 20, 10, num(1)))
	at(t, d, 0.5, 0, 0.5)
	must(t, p.Auxiliary(ctx, "tt:Wiper|On"))
	if d.Mechanics().LastAuxiliary() != "tt:Wiper|On" {
		t.Error("the wiper did not hear it")
	}
	var bad *onvif.InvalidError
	if _, err := p.Absolute(ctx, onvif.Motion{Unit: onvif.Generic, Pan: num(math.NaN()), Tilt: num(0)}); !errors.As(err, &bad) {
		t.Errorf("no number: %v", err)
	}
}

func keeps(t *testing.T, sent *requests) {
	d, c := controlled(t, sent, onviftest.Options{Kind: onviftest.PTZ})
	ctx := t.Context()
	p, err := c.PTZ(ctx, "main")
	must(t, err)
	list, err := p.Presets(ctx)
	must(t, err)
	if len(list) != 2 || list[0].Name != "Entrance" || list[1].Position.PanTilt.X != 0.5 {
		t.Errorf("presets %+v", list)
	}
	must(t, p.GotoPreset(ctx, "2", num(0.2)))
	at(t, d, 0.5, -0.1, 0.3)
	token, err := p.SetPreset(ctx, "", "Loading <bay>")
	must(t, err)
	_, err = p.SetPreset(ctx, "1", "")
	must(t, err)
	must(t, p.SetHome(ctx))
	must(t, p.RemovePreset(ctx, "2"))
	if list, err = p.Presets(ctx); err != nil || len(list) != 2 || list[1].Token != token || list[1].Name != "Loading <bay>" || list[0].Position.PanTilt.X != 0.5 {
		t.Errorf("presets %+v, %v", list, err)
	}
	_, err = p.Absolute(ctx, onvif.Motion{Unit: onvif.Generic, Pan: num(0), Tilt: num(0), Zoom: num(0)})
	must(t, err)
	must(t, p.GotoHome(ctx, nil))
	at(t, d, 0.5, -0.1, 0.3)

	tour, err := p.CreateTour(ctx)
	must(t, err)
	o, err := p.TourOptions(ctx, tour)
	must(t, err)
	if !slices.Contains(o.Presets, token) || o.MaxStay != time.Hour {
		t.Errorf("options %+v", o)
	}
	want := onvif.PresetTour{Token: tour, Name: "Round", AutoStart: true, Times: 3, Duration: time.Minute, Direction: "Backward", Random: true,
		Spots: []onvif.TourSpot{{Preset: token, Stay: 10 * time.Second}, {Home: true}}}
	must(t, p.ModifyTour(ctx, want))
	must(t, p.OperateTour(ctx, tour, "Start"))
	tours, err := p.Tours(ctx)
	must(t, err)
	want.State = "Touring"
	if len(tours) != 1 || fmt.Sprintf("%+v", tours[0]) != fmt.Sprintf("%+v", want) {
		t.Errorf("tours %+v, want %+v", tours, want)
	}
	must(t, p.OperateTour(ctx, tour, "Stop"))
	must(t, p.RemoveTour(ctx, tour))
	if tours, err = p.Tours(ctx); err != nil || len(tours) != 0 {
		t.Errorf("tours %+v, %v", tours, err)
	}
}

func pictures(t *testing.T, sent *requests) {
	_, c := controlled(t, sent, onviftest.Options{Kind: onviftest.Fixed})
	ctx := t.Context()
	got, err := c.SetImagingSettings(ctx, "source", onvif.ImagingSettings{Brightness: num(61), IrCutFilter: "OFF", Exposure: &onvif.Exposure{Mode: "MANUAL", ExposureTime: num(10_000), Gain: num(12)},
		WideDynamicRange: &onvif.Level{Mode: "ON"}, WhiteBalance: &onvif.WhiteBalance{Mode: "MANUAL", CrGain: num(9), CbGain: num(10)}, Defogging: &onvif.Level{Mode: "AUTO", Level: num(0.5)}})
	must(t, err)
	if *got.Brightness != 60 || *got.Contrast != 50 || got.IrCutFilter != "OFF" || got.Exposure.Mode != "MANUAL" || *got.Exposure.ExposureTime != 10_000 || got.Exposure.Priority != "LowNoise" ||
		got.WideDynamicRange.Mode != "ON" || *got.WideDynamicRange.Level != 50 || *got.WhiteBalance.CrGain != 9 || *got.Defogging.Level != 0.5 {
		t.Errorf("the camera made of it %+v", got)
	}
	before := sent.sent("SetImagingSettings")
	for name, s := range map[string]onvif.ImagingSettings{"brightness": {Brightness: num(101)}, "ir_cut_filter": {IrCutFilter: "NIGHT"}, "noise_reduction": {NoiseReduction: num(0.1)},
		"exposure": {Exposure: &onvif.Exposure{Mode: "MANUAL", Gain: num(99)}}, "backlight_compensation": {BacklightCompensation: &onvif.Level{Mode: "ON", Level: num(1)}}} {
		var bad *onvif.InvalidError
		if _, err := c.SetImagingSettings(ctx, "source", s); !errors.As(err, &bad) || bad.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent.sent("SetImagingSettings") != before {
		t.Error("the camera was asked for what it cannot do")
	}
	must(t, c.MoveFocus(ctx, "source", onvif.FocusMove{Position: num(0.25), Speed: num(1)}))
	must(t, c.MoveFocus(ctx, "source", onvif.FocusMove{Distance: num(0.5)}))
	f, err := c.FocusStatus(ctx, "source")
	if err != nil || *f.Position != 0.75 || f.Move != "IDLE" {
		t.Errorf("focus %+v, %v", f, err)
	}
	must(t, c.MoveFocus(ctx, "source", onvif.FocusMove{Velocity: num(-1)}))
	if f, err = c.FocusStatus(ctx, "source"); err != nil || f.Move != "MOVING" {
		t.Errorf("focus %+v, %v", f, err)
	}
	must(t, c.StopFocus(ctx, "source"))
	if f, err = c.FocusStatus(ctx, "source"); err != nil || f.Move != "IDLE" {
		t.Errorf("focus %+v, %v", f, err)
	}
	must(t, c.SetImagingPreset(ctx, "source", "fog"))
	if list, now, err := c.ImagingPresets(ctx, "source"); err != nil || now != "fog" || len(list) != 2 {
		t.Errorf("presets %+v, %s, %v", list, now, err)
	}
	if _, err := c.PTZ(ctx, "main"); !errors.Is(err, onvif.ErrNoService) {
		t.Errorf("a fixed camera is steered: %v", err)
	}
}

func switches(t *testing.T, sent *requests, older bool) {
	d, c := controlled(t, sent, onviftest.Options{Kind: onviftest.Fixed, OlderIO: older})
	ctx := t.Context()
	list, err := c.Relays(ctx)
	must(t, err)
	if len(list) != 2 || list[1].Mode != "Monostable" || list[1].Delay != time.Second {
		t.Errorf("relays %+v", list)
	}
	must(t, c.SetRelayState(ctx, "relay1", true))
	if !d.Active()["relay1"] || d.Active()["relay2"] {
		t.Errorf("switched are %v", d.Active())
	}
	if err := c.SetRelayState(ctx, "relay9", true); err == nil {
		t.Error("there is a ninth relay")
	}
	r, err := c.SetRelay(ctx, onvif.Relay{Token: "relay2", Mode: "Monostable", Delay: 5 * time.Second, Idle: "closed"})
	if err != nil || r.Delay != 5*time.Second || r.Idle != "closed" {
		t.Errorf("relay %+v, %v", r, err)
	}
	_, err = c.SetRelay(ctx, onvif.Relay{Token: "relay2", Mode: "Monostable", Delay: 2 * time.Second, Idle: "closed"})
	var bad *onvif.InvalidError
	if errors.As(err, &bad) == older || err == nil { // an older device does not tell what it takes, and refuses
		t.Errorf("a delay that it does not have: %v", err)
	}
	inputs, err := c.Inputs(ctx)
	if older != (err != nil) || !older && (len(inputs) != 2 || inputs[1].Idle != "closed") {
		t.Errorf("inputs %+v, %v", inputs, err)
	}
	aux, err := c.AuxiliaryCommands(ctx)
	if err != nil || len(aux) != 3 || aux[2] != "tt:IRLamp|Auto" {
		t.Errorf("auxiliary commands %q, %v", aux, err)
	}
	must(t, c.Auxiliary(ctx, "tt:IRLamp|Auto"))
	if d.LastAuxiliary() != "tt:IRLamp|Auto" {
		t.Error("the lamp did not hear it")
	}
}

func temperatures(t *testing.T, sent *requests) {
	_, c := controlled(t, sent, onviftest.Options{Kind: onviftest.Thermal})
	ctx := t.Context()
	sources, err := c.ThermalSources(ctx)
	if err != nil || len(sources) != 1 || sources[0] != "source" {
		t.Fatalf("sources %q, %v", sources, err)
	}
	on := true
	got, err := c.SetThermal(ctx, "source", onvif.ThermalChange{Palette: "iron", NUC: "high", Polarity: "BlackHot", Cooler: &on})
	must(t, err)
	if got.Palette.Type != "Iron" || got.Polarity != "BlackHot" || *got.NUC.HighTemperature != 923 || !*got.Cooler {
		t.Errorf("the camera made of it %+v", got)
	}
	var bad *onvif.InvalidError
	if _, err := c.SetThermal(ctx, "source", onvif.ThermalChange{Palette: "none"}); !errors.As(err, &bad) {
		t.Errorf("a palette that there is not: %v", err)
	}
	r, err := c.SetRadiometry(ctx, "source", onvif.Radiometry{Emissivity: num(0.8)})
	must(t, err)
	if *r.Emissivity != 0.8 || *r.DistanceToObject != 10 || math.Abs(*r.ReflectedAmbientTemperature-293.15) > 1e-9 {
		t.Errorf("radiometry %+v", r)
	}
	if _, err := c.SetRadiometry(ctx, "source", onvif.Radiometry{Emissivity: num(2)}); !errors.As(err, &bad) {
		t.Errorf("an emissivity of 2: %v", err)
	}
}

func places(t *testing.T, sent *requests) {
	_, c := controlled(t, sent, onviftest.Options{Kind: onviftest.Fixed})
	ctx := t.Context()
	want := onvif.Location{Entity: "VideoSource", Token: "source", Location: &onvif.GeoLocation{Lat: 48.1371234, Lon: -11.5753999, Elevation: num(519)}, Yaw: num(270), Pitch: num(-15), X: num(3), Y: num(4), Pan: num(5)}
	list, err := c.SetLocation(ctx, want)
	must(t, err)
	if len(list) != 1 || *list[0].Location.Elevation != 519 || math.Abs(list[0].Location.Lat-48.1371234) > 1e-9 || *list[0].Yaw != 270 || list[0].Roll != nil || *list[0].Y != 4 || *list[0].Pan != 5 {
		t.Errorf("it is at %+v", list)
	}
	var bad *onvif.InvalidError
	if _, err := c.SetLocation(ctx, onvif.Location{Location: &onvif.GeoLocation{Lat: 91}}); !errors.As(err, &bad) {
		t.Errorf("beyond the pole: %v", err)
	}
	must(t, c.DeleteLocation(ctx, want))
	if list, err = c.Locations(ctx); err != nil || len(list) != 0 {
		t.Errorf("it is at %+v, %v", list, err)
	}
}

// TestMovementOfCamerasThatDepart is the table of what cameras in the field do differently.
func TestMovementOfCamerasThatDepart(t *testing.T) {
	for _, x := range []struct {
		name   string
		quirks server.PTZQuirks
		check  func(t *testing.T, p *onvif.PTZ, d *onviftest.Device, sent *requests)
	}{
		{"refuses a timeout", server.PTZQuirks{RefusesTimeout: true}, func(t *testing.T, _ *onvif.PTZ, _ *onviftest.Device, sent *requests) {
			if n := sent.sent("<tptz:Timeout>"); n != 1 {
				t.Errorf("a timeout was said %d times; once is enough to learn", n)
			}
		}},
		{"insists on a timeout", server.PTZQuirks{InsistsOnTimeout: true}, func(t *testing.T, _ *onvif.PTZ, _ *onviftest.Device, sent *requests) {
			if n := sent.sent("<tptz:ContinuousMove>"); n != 2 {
				t.Errorf("%d movements were asked for, not 2", n)
			}
		}},
		{"ignores two Stops", server.PTZQuirks{IgnoredStops: 2}, func(t *testing.T, _ *onvif.PTZ, d *onviftest.Device, _ *requests) {
			if stops, _ := d.Mechanics().Counts(); stops < 3 {
				t.Errorf("%d Stops", stops)
			}
		}},
		{"tells no position", server.PTZQuirks{NoPosition: true, IgnoredStops: 1}, nil},
		{"tells no status", server.PTZQuirks{NoStatus: true}, nil},
		{"tells only positions", server.PTZQuirks{NoMoveStatus: true, IgnoredStops: 1}, nil},
		{"has nodes one by one", server.PTZQuirks{NoNodes: true}, func(t *testing.T, p *onvif.PTZ, _ *onviftest.Device, _ *requests) {
			if p.Node.Spaces.Empty() {
				t.Error("its spaces are not known")
			}
		}},
		{"has degrees only", server.PTZQuirks{DegreesOnly: true}, func(t *testing.T, p *onvif.PTZ, d *onviftest.Device, sent *requests) {
			_, err := p.Absolute(t.Context(), onvif.Motion{Unit: onvif.Generic, Pan: num(0.5), Tilt: num(-0.5)})
			must(t, err)
			at(t, d, 0.5, -0.5, 0)
			if sent.sent(`x="90" y="-45" space="http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees"`) != 1 {
				t.Error("it was not asked in degrees")
			}
			s, err := p.Status(t.Context())
			must(t, err)
			if g := p.In(onvif.Generic, s.Position); g.PanTilt == nil || g.PanTilt.X != 0.5 {
				t.Errorf("it looks at %+v", s)
			}
			if _, err := p.Relative(t.Context(), onvif.Motion{Unit: onvif.FieldOfView, Pan: num(1), Tilt: num(0)}); !errors.Is(err, onvif.ErrNoSpace) {
				t.Errorf("it centres a point: %v", err)
			}
		}},
		{"has presets without names", server.PTZQuirks{UnnamedPresets: true}, func(t *testing.T, p *onvif.PTZ, _ *onviftest.Device, _ *requests) {
			if list, err := p.Presets(t.Context()); err != nil || len(list) != 2 || list[0].Name != "" || list[0].Token != "1" {
				t.Errorf("presets %+v, %v", list, err)
			}
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			sent := &requests{}
			d, c := controlled(t, sent, onviftest.Options{Kind: onviftest.PTZ, PTZ: x.quirks})
			p, err := c.PTZ(t.Context(), "main")
			must(t, err)
			for range 2 {
				_, err = p.Continuous(t.Context(), onvif.Motion{Unit: onvif.Generic, Pan: num(-0.1), Tilt: num(0), Zoom: num(0)}, 30*time.Second)
				must(t, err)
			}
			must(t, p.Halt(t.Context()))
			if _, _, _, moving := d.Mechanics().Position(); moving {
				t.Error("it still moves")
			}
			if x.check != nil {
				x.check(t, p, d, sent)
			}
		})
	}
}

// It hears neither Stop nor a velocity of zero.
func TestACameraThatDoesNotStopIsNamed(t *testing.T) {
	d, c := controlled(t, &requests{}, onviftest.Options{Kind: onviftest.PTZ, PTZ: server.PTZQuirks{IgnoredStops: 1 << 30, RefusesTimeout: true, InsistsOnTimeout: true}})
	p, err := c.PTZ(t.Context(), "main")
	must(t, err)
	d.Mechanics().Drive(num(0.1), num(0), nil, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	if err := p.Halt(ctx); err == nil || !strings.Contains(err.Error(), "does not confirm") {
		t.Errorf("it is said to stand: %v", err)
	}
	if stops, _ := d.Mechanics().Counts(); stops < 2 {
		t.Errorf("it was told to stop %d times", stops)
	}
}

func TestReadingsOfTemperature(t *testing.T) {
	for name, x := range map[string]struct {
		document string
		want     string
	}{
		"spot of an event": {`<tt:Message xmlns:tt="http://www.onvif.org/ver10/schema"><tt:Source><tt:SimpleItem Name="AnalyticsModuleName" Value="Oven"/></tt:Source><tt:Data><tt:ElementItem Name="Reading">` +
			`<ttr:SpotTemperatureReading xmlns:ttr="http://www.onvif.org/ver20/analytics/radiometry" SpotTemperature="310.15"/></tt:ElementItem></tt:Data></tt:Message>`, "Oven 310.15"},
		"box, with https and attributes of the vendor's": {`<r:BoxTemperatureReading xmlns:r="https://www.onvif.org/ver20/analytics/radiometry" ItemID="3" MaxTemperature="400" MinTemperature="280" AverageTemperature="300" Extra="x"/>`, "3 400 280 300"},
		"nothing":   {`<a><b MaxTemperature="hot"/></a>`, ""},
		"no number": {`<a SpotTemperature="NaN"/>`, ""},
	} {
		list, err := onvif.ReadTemperatures(strings.NewReader(x.document))
		got := ""
		for _, r := range list {
			got = r.Item
			for _, v := range []*float64{r.Spot, r.Max, r.Min, r.Average, r.Median} {
				if v != nil {
					got += fmt.Sprint(" ", *v)
				}
			}
		}
		if err != nil || got != x.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// What a camera reports as an event is read, too.
func TestReadingsOfTemperatureInANotification(t *testing.T) {
	list, err := onvif.ReadNotifications(strings.NewReader(`<wsnt:NotificationMessage xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ttr="http://www.onvif.org/ver20/analytics/radiometry">` +
		`<wsnt:Topic>tns1:VideoAnalytics/Radiometry/SpotTemperatureReading</wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-01-01T00:00:00Z"><tt:Source><tt:SimpleItem Name="AnalyticsModuleName" Value="Oven"/></tt:Source>` +
		`<tt:Data><tt:ElementItem Name="Reading"><ttr:SpotTemperatureReading SpotTemperature="310.15"/></tt:ElementItem></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`))
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	if got := list[0].Temperatures(); len(got) != 1 || got[0].Item != "Oven" || *got[0].Spot != 310.15 {
		t.Errorf("readings %+v of %+v", got, list[0])
	}
}

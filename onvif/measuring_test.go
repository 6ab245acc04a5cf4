package onvif_test

import (
	"context"
	"fmt"
	"testing"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

func TestPlacesOfMeasuring(t *testing.T) {
	d := onviftest.New(onviftest.Options{Name: "Yard of places", Kind: onviftest.Thermal,
		Profiles: []server.Profile{{Token: "main", Name: "Main", Codec: "H264", Width: 640, Height: 480, FPS: 25, Kbps: 1000, GOP: 50, StreamURI: "rtsp://127.0.0.1/main"}}})
	s, err := server.New(server.Options{Device: d})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	c, err := onvif.New(onvif.Options{Address: s.Addr(), Dial: dial})
	must(t, err)
	list, err := c.MeasuringPlaces(context.Background(), onviftest.SourceToken)
	must(t, err)
	if got := fmt.Sprint(list); got != "[{Machine Machine {0.3125 0.375 0.625 -0.125} normalised <nil>} {Bearing Bearing {0.46875 0.141667 0.46875 0.141667} normalised <nil>}]" {
		t.Error(got)
	}
	if list, err := c.MeasuringPlaces(context.Background(), "another"); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	if !list[0].Of("Machine") || list[0].Of("Bearing") || list[0].Of("") {
		t.Error("readings are of a module by its item")
	}
	d.SetMeasuring(server.MeasuringModule{Item: "Oven", Box: [4]float64{160, 360, 320, 120}}, server.MeasuringModule{Item: "Out", Spot: true, Box: [4]float64{9000, 10}})
	list, err = c.MeasuringPlaces(context.Background(), "")
	must(t, err)
	if got := fmt.Sprint(list); got != "[{Oven Oven {-0.5 0.5 0 -0.5} pixels <nil>}]" {
		t.Error(got)
	}
}

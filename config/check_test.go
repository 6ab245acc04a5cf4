package config

import (
	"strings"
	"testing"
)

func TestCheckHoldsTheRulesOfTheFile(t *testing.T) {
	good := Camera{ID: "a", Name: "A", ONVIF: "10.0.0.1:80", Transport: "auto", Record: Record{Mode: Continuous, Streams: []string{"main"}}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Camera){
		"id":             func(c *Camera) { c.ID = "../a" },
		"name":           func(c *Camera) { c.Name = "" },
		"rtsp":           func(c *Camera) { c.RTSP = "rtsp://u:p@10.0.0.1/" },
		"onvif":          func(c *Camera) { c.ONVIF = "http://10.0.0.1/" },
		"transport":      func(c *Camera) { c.Transport = "pigeon" },
		"record.mode":    func(c *Camera) { c.Record.Mode = "pigeon" },
		"record.streams": func(c *Camera) { c.Record.Streams = nil },
		"record.max_age": func(c *Camera) { c.Record.MaxAge = 1 },
	} {
		c := good
		change(&c)
		if err := c.Check(); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStreamsOfAnRTSPCameraHaveWholeAddresses(t *testing.T) {
	c := mustParse(t, "testdata/v1/full.yaml")
	want := []Stream{
		{ID: "main", RTSP: "rtsp://192.168.10.20:554/Streaming/Channels/101?transportmode=unicast"},
		{ID: "sub", RTSP: "rtsp://192.168.10.20:554/Streaming/Channels/102"},
	}
	for i, s := range c.Cameras[0].Streams {
		if s != want[i] {
			t.Errorf("stream %d is %+v", i, s)
		}
	}
}

func TestNearestWordIsFound(t *testing.T) {
	known := []string{"password", "password_file", "username", "rtsp", "id", "name"}
	for word, want := range map[string]string{"pasword": "password", "passwrod": "password", "Username": "username", "rstp": "rtsp", "user": "username", "nmae": "name", "zebra": "", "x": ""} {
		if got := nearest(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

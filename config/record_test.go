package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRecordIsReadAloneAsInAFile(t *testing.T) {
	const day = Duration(24 * time.Hour)
	for _, text := range []string{
		"mode: schedule\nschedule: {otherwise: event, rules: [{days: [mon-fri], from: \"08:00\", to: \"18:00\", mode: continuous}]}\nmax_age: 3d\nvolumes: [a]\n",
		`{"mode":"schedule","schedule":{"otherwise":"event","rules":[{"days":["mon-fri"],"from":"08:00","to":"18:00","mode":"continuous"}]},"max_age":"3d","volumes":["a"]}`,
	} {
		r, err := ParseRecord("settings", []byte(text))
		if err != nil || r.Mode != Scheduled || r.MaxAge != 3*day || r.MinAge != 0 || r.PreRoll != Duration(5*time.Second) || len(r.Schedule.Rules) != 1 || r.Streams[0] != "main" || r.Volumes[0] != "a" {
			t.Errorf("%s: %+v, %v", text, r, err)
		}
	}
	var list Problems
	if _, err := ParseRecord("settings", []byte(`{"max_age":"soon","moed":"off"}`)); !errors.As(err, &list) || len(list) != 2 {
		t.Errorf("wrong settings: %v", err)
	}
	site := Retention{MaxAge: 10 * day, EventMaxAge: 20 * day}
	for text, says := range map[string]string{
		"max_age: 3d": "", "min_age: 10d": "", "mode: off": "",
		"min_age: 11d":                               "min_age",
		"event_max_age: 5d":                          "event_max_age",
		"streams: [third]":                           "third",
		"mode: schedule":                             "no schedule",
		"schedule: {otherwise: event}":               "would not be used",
		"{mode: event, pre_roll: 0s, post_roll: 0s}": "neither",
	} {
		r, err := ParseRecord("settings", []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		c := Camera{ID: "door", RTSP: "rtsp://h/a", Record: r}
		if err := c.CheckRecord(site); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

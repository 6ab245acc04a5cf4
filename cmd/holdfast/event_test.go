package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/gateway/web"
)

func TestEventsAreRaisedEndedAndListedByTheCommandLine(t *testing.T) {
	dir, file := site(t, "cameras:\n  - {id: door, rtsp: \"rtsp://127.0.0.1:9/none\", record: {mode: event}}\n")
	if code, _, errs := invoke(t, "event", "list", "--config", file, "--camera", "door"); code != exitFailed || !strings.Contains(errs, "no gateway is running") {
		t.Errorf("without a gateway: exit %d, %s", code, errs)
	}
	background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	var raised web.RaisedEvent
	code, out, errs := invoke(t, "event", "raise", "--config", file, "--camera", "door", "--kind", "motion", "--source", "test", "--lasts", "--json")
	if err := json.Unmarshal([]byte(out), &raised); code != exitDone || err != nil || raised.End != nil || raised.Kind != "motion" || raised.Footage != "none yet: nothing comes from the camera" {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	if code, out, errs := invoke(t, "event", "end", "--config", file, "--camera", "door", "--id", raised.ID); code != exitDone || !strings.Contains(out, raised.ID) {
		t.Errorf("end: exit %d\n%s%s", code, out, errs)
	}
	var list []web.Event
	code, out, errs = invoke(t, "event", "list", "--config", file, "--camera", "door", "--json")
	if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil || len(list) != 1 || list[0].ID != raised.ID || list[0].End == nil {
		t.Errorf("list: exit %d, %v\n%s%s", code, err, out, errs)
	}
	if code, out, errs := invoke(t, "camera", "events", "--config", file, "--camera", "door"); code != exitDone || !strings.HasPrefix(out, "none since ") || !strings.Contains(out, "RTSP only") {
		t.Errorf("camera events: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := invoke(t, "camera", "events", "--config", file, "--camera", "door", "--json"); code != exitDone || strings.TrimSpace(out) != "[]" {
		t.Errorf("camera events as JSON: exit %d\n%s%s", code, out, errs)
	}
	for _, args := range [][]string{{"event"}, {"event", "burn"}, {"camera", "events", "--config", file}, {"camera", "events", "--config", file, "--camera", "none"}, {"event", "raise", "--config", file}, {"event", "end", "--config", file, "--camera", "door"},
		{"event", "raise", "--config", file, "--camera", "none"}, {"event", "raise", "--config", file, "--camera", "door", "--at", "noon"},
		{"event", "raise", "--config", file, "--camera", "door", "--for", "1h"}} {
		if code, _, errs := invoke(t, args...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
}

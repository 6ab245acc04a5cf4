package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
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

// What the command line on a machine has looked at is marked, and is no more among what it has not; --not takes that back.
func TestEventsAreMarkedAsReviewedByTheCommandLine(t *testing.T) {
	dir, file := site(t, "cameras:\n  - {id: door, rtsp: \"rtsp://127.0.0.1:9/none\", record: {mode: event}}\n")
	background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	var ids []string
	for range 3 {
		var raised web.RaisedEvent
		code, out, errs := invoke(t, "event", "raise", "--config", file, "--camera", "door", "--kind", "motion", "--json")
		if err := json.Unmarshal([]byte(out), &raised); code != exitDone || err != nil {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
		}
		ids = append(ids, raised.ID)
	}
	unreviewed := func() (list []string) {
		t.Helper()
		var page []web.ListedEvent
		code, out, errs := invoke(t, "event", "list", "--config", file, "--unreviewed", "--json")
		if err := json.Unmarshal([]byte(out), &page); code != exitDone || err != nil {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
		}
		for _, e := range page {
			list = append(list, e.ID)
		}
		slices.Sort(list)
		return list
	}
	slices.Sort(ids)
	if got := unreviewed(); !slices.Equal(got, ids) {
		t.Fatalf("not reviewed at first are %v, and %v were raised", got, ids)
	}
	mark := func(list []string, more ...string) (done web.Reviewed) {
		t.Helper()
		code, out, errs := invoke(t, append([]string{"event", "reviewed", "--config", file, "--camera", "door", "--ids", strings.Join(list, ","), "--json"}, more...)...)
		if err := json.Unmarshal([]byte(out), &done); code != exitDone || err != nil {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
		}
		return done
	}
	if done := mark([]string{ids[0], ids[2], "0000000000000000"}); done.Marked != 2 || done.Gone != 1 {
		t.Errorf("two and one that is no more: %+v", done)
	}
	if got := unreviewed(); !slices.Equal(got, ids[1:2]) {
		t.Errorf("not reviewed are %v, want %v", got, ids[1:2])
	}
	if done := mark(ids[2:], "--not"); done.Marked != 1 || done.Gone != 0 {
		t.Errorf("one taken back: %+v", done)
	}
	if got := unreviewed(); !slices.Equal(got, ids[1:]) {
		t.Errorf("not reviewed are %v, want %v", got, ids[1:])
	}
	if code, out, errs := invoke(t, "event", "reviewed", "--config", file, "--camera", "none", "--ids", ids[0]); code != exitDone || out != "0 marked, 1 are no more\n" {
		t.Errorf("of a camera that there is not: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := invoke(t, "event", "reviewed", "--config", file, "--camera", "door", "--ids", ids[1]); code != exitDone || out != "1 marked, 0 are no more\n" {
		t.Errorf("in words: exit %d\n%s%s", code, out, errs)
	}
	for _, args := range [][]string{{}, {"--camera", "door"}, {"--ids", ids[0]}} {
		if code, _, errs := invoke(t, append([]string{"event", "reviewed", "--config", file}, args...)...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
}
